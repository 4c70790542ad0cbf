/**
 * Every way we know in which a .torrent can be bad or odd, with the outcome we promise. Made here, byte for byte;
 * used by the unit tests and wherever a hostile torrent is needed.
 */
import type { BadTorrent } from './bad-torrent-case.ts'
import { BAD_BENCODE } from './bad-torrents-bencode.ts'
import { BAD_METAINFO } from './bad-torrents-metainfo.ts'
import { BAD_PATHS } from './bad-torrents-paths.ts'

export type { Accepted, BadTorrent, Refused } from './bad-torrent-case.ts'

export const BAD_TORRENTS: readonly BadTorrent[] = [...BAD_BENCODE, ...BAD_METAINFO, ...BAD_PATHS]
