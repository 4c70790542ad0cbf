/** What is wrong with bencoded bytes. Whoever asked (torrent file, tracker, peer) wraps it into its own class. */
import { KnownError } from '../common/errors.ts'

/** Every `code` a BencodeError can have. */
export type BencodeErrorCode =
  | 'BENCODE_EMPTY'
  | 'BENCODE_SYNTAX'
  | 'BENCODE_TRUNCATED'
  | 'BENCODE_TRAILING'
  | 'BENCODE_INTEGER'
  | 'BENCODE_INTEGER_RANGE'
  | 'BENCODE_STRING_LENGTH'
  | 'BENCODE_KEY'
  | 'BENCODE_DUPLICATE_KEY'
  | 'BENCODE_TOO_DEEP'
  | 'BENCODE_TOO_MANY_VALUES'
  | 'BENCODE_TOO_MANY_KEYS'

/** Bytes that are not bencode, or more of it than the caller allows. Messages name the field and the byte. */
export class BencodeError extends KnownError {}
