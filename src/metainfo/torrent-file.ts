/**
 * .torrent bytes to Metainfo (BEP 3, 12, 19, 27, 47). The gate: whatever the bytes, the outcome is a checked torrent
 * or one InputError whose message names the field and what it holds. The info-hash is taken of the bytes as they
 * stand in the file. BEP 52 hybrids load as v1; v2-only torrents are refused.
 */
import { InputError } from '../common/errors.ts'
import { BencodeError, checkBencode } from '../bencode/check.ts'
import type { BencodeView } from '../bencode/view.ts'
import { hashInfo } from './info-hash.ts'
import { readInfoDict, type Fields } from './info-dict.ts'
import type { Metainfo } from './metainfo.ts'
import { Notices } from './notices.ts'
import { readTrackerTiers, readWebSeeds } from './tracker-list.ts'

/** Larger files are refused before they are read. */
export const MAX_TORRENT_BYTES = 64 * 1024 * 1024

/**
 * Pure. The result holds views of `bytes` (pieceHashes): they must not change afterwards.
 * @throws InputError TORRENT_..., or BENCODE_... with the BencodeError as cause
 */
export function readTorrentFile(bytes: Buffer): Metainfo {
  if (bytes.length > MAX_TORRENT_BYTES) {
    throw new InputError(
      'TORRENT_TOO_LARGE',
      `the torrent file has ${bytes.length} bytes (must be at most ${MAX_TORRENT_BYTES})`,
    )
  }
  try {
    return readChecked(bytes)
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error
    throw new InputError(error.code, `not a valid torrent file: ${error.message}`, { cause: error })
  }
}

function readChecked(bytes: Buffer): Metainfo {
  const notices = new Notices()
  const root = checkBencode(bytes, { allowTrailing: true })
  const top = root.fields()
  if (top === undefined) {
    throw new InputError(
      'TORRENT_NOT_DICTIONARY',
      `the torrent file is ${root.describe()} (must be a dictionary)`,
    )
  }
  noticeTrailing(bytes.subarray(root.end), notices)
  const infoView = top.get('info')
  if (infoView === undefined) throw new InputError('TORRENT_INFO_MISSING', 'info is missing')
  const infoHash = hashInfo(infoView.raw)
  const info = readInfoDict(infoView, infoHash, notices)
  return {
    infoHash,
    ...info,
    trackerTiers: readTrackerTiers(top, notices),
    webSeeds: readWebSeeds(top, notices),
    comment: textOf(top, 'comment.utf-8') ?? textOf(top, 'comment'),
    createdBy: textOf(top, 'created by'),
    creationDateSeconds: dateOf(top.get('creation date')),
    notices: notices.list(),
  }
}

/** Some tools end the file with a line break; anything more is worth a word. */
function noticeTrailing(rest: Buffer, notices: Notices): void {
  if (rest.every((byte) => byte === 0x0a || byte === 0x0d)) return
  notices.add(`${rest.length} bytes after the end of the torrent ignored`)
}

function textOf(top: Fields, key: string): string | undefined {
  return top.get(key)?.asText()
}

function dateOf(view: BencodeView | undefined): number | undefined {
  const seconds = view?.asInteger()
  return seconds !== undefined && seconds >= 0 ? seconds : undefined
}
