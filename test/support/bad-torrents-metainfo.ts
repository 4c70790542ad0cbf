/** Bad torrents, layer M: sound bencode, but not a sound torrent. */
import { createHash } from 'node:crypto'
import {
  accepted,
  FILE_BYTES,
  hashesOf,
  multi,
  PIECE_BYTES,
  refused,
  single,
  torrent,
  withFiles,
  type BadTorrent,
} from './bad-torrent-case.ts'
import { encodeRaw } from './bencode-raw.ts'

/** A torrent without a name is named by its info-hash. */
const NAMELESS_HASH = createHash('sha1')
  .update(encodeRaw(single({ name: '' })))
  .digest('hex')

const manyTrackers = Array.from({ length: 10_000 }, (_, index) => [`http://127.0.0.1:1/${index}`])

export const BAD_METAINFO: readonly BadTorrent[] = [
  refused(['M01', 'no info'], 'TORRENT_INFO_MISSING', ['info is missing'], () =>
    torrent(undefined, { announce: 'http://127.0.0.1:1/announce' }),
  ),
  refused(['M02', 'info is a string'], 'TORRENT_INFO_TYPE', ['info is a string of 5 bytes'], () =>
    torrent('files'),
  ),
  refused(['M03', 'no piece length'], 'TORRENT_PIECE_LENGTH_MISSING', ['info.piece length'], () =>
    torrent(single({ 'piece length': undefined })),
  ),
  refused(['M04', 'piece length 0'], 'TORRENT_PIECE_LENGTH_RANGE', ['info.piece length is 0', '1024'], () =>
    torrent(single({ 'piece length': 0 })),
  ),
  refused(['M05', 'piece length -16384'], 'TORRENT_PIECE_LENGTH_RANGE', ['info.piece length is -16384'], () =>
    torrent(single({ 'piece length': -16_384 })),
  ),
  refused(
    ['M06', 'piece length as text'],
    'TORRENT_PIECE_LENGTH_TYPE',
    ['info.piece length', 'a string of 5'],
    () => torrent(single({ 'piece length': '16384' })),
  ),
  refused(['M07', 'piece length 1'], 'TORRENT_PIECE_LENGTH_RANGE', ['info.piece length is 1 '], () =>
    torrent(single({ 'piece length': 1, pieces: Buffer.alloc(20 * FILE_BYTES, 1) })),
  ),
  refused(['M08', 'piece length 2^31'], 'TORRENT_PIECE_LENGTH_RANGE', ['is 2147483648', '536870912'], () =>
    torrent(single({ 'piece length': 2 ** 31, pieces: Buffer.alloc(20, 1) })),
  ),
  refused(['M09', 'piece length 2^32 + 16384'], 'TORRENT_PIECE_LENGTH_RANGE', ['is 4294983680'], () =>
    torrent(single({ 'piece length': 2 ** 32 + PIECE_BYTES })),
  ),
  accepted(['M10', 'piece length 30000, no power of two'], { paths: ['f'] }, () =>
    torrent(single({ 'piece length': 30_000, pieces: hashesOf(FILE_BYTES, 30_000) })),
  ),
  refused(['M11', 'no pieces'], 'TORRENT_PIECES_MISSING', ['info.pieces is missing'], () =>
    torrent(single({ pieces: undefined })),
  ),
  refused(['M12', 'pieces is an integer'], 'TORRENT_PIECES_TYPE', ['info.pieces is -23'], () =>
    torrent(single({ pieces: -23 })),
  ),
  refused(['M13', 'pieces of 24 bytes'], 'TORRENT_PIECES_UNALIGNED', ['info.pieces has 24 bytes'], () =>
    torrent(single({ pieces: Buffer.alloc(24, 1) })),
  ),
  refused(['M14', 'one hash too few'], 'TORRENT_PIECES_COUNT', ['info.pieces', '1 hashes', 'must be 2'], () =>
    torrent(single({ pieces: Buffer.alloc(20, 1) })),
  ),
  refused(
    ['M15', 'one hash too many'],
    'TORRENT_PIECES_COUNT',
    ['info.pieces', '3 hashes', 'must be 2'],
    () => torrent(single({ pieces: Buffer.alloc(60, 1) })),
  ),
  refused(['M16', 'no hashes'], 'TORRENT_PIECES_COUNT', ['info.pieces', '0 hashes', 'must be 2'], () =>
    torrent(single({ pieces: '' })),
  ),
  refused(['M17', 'length -1'], 'TORRENT_LENGTH_RANGE', ['info.length is -1 '], () =>
    torrent(single({ length: -1 })),
  ),
  refused(['M18', 'length 2^53 + 2'], 'TORRENT_LENGTH_RANGE', ['info.length is 9007199254740994'], () =>
    torrent(single({ length: 9_007_199_254_740_994n, pieces: Buffer.alloc(20, 1) })),
  ),
  refused(['M19', 'length 2^63 - 1'], 'TORRENT_LENGTH_RANGE', ['info.length is 9223372036854775807'], () =>
    torrent(single({ length: 2n ** 63n - 1n, pieces: Buffer.alloc(20, 1) })),
  ),
  refused(
    ['M20', 'three files of 2^62'],
    'TORRENT_LENGTH_RANGE',
    ['files[0].length is 4611686018427387904'],
    () =>
      torrent(
        withFiles(
          ['a', 'b', 'c'].map((name) => ({ length: 2n ** 62n, path: [name] })),
          0,
        ),
      ),
  ),
  refused(
    ['M21', 'a negative file that makes the sum fit'],
    'TORRENT_LENGTH_RANGE',
    ['files[1].length is -20000'],
    () =>
      torrent(
        withFiles(
          [
            { length: 40_000, path: ['a'] },
            { length: -20_000, path: ['b'] },
          ],
          20_000,
        ),
      ),
  ),
  refused(
    ['M22', 'both length and files'],
    'TORRENT_LENGTH_AND_FILES',
    ['length (20000)', 'files (a list)'],
    () => torrent(multi([['a']], { length: FILE_BYTES })),
  ),
  refused(['M23', 'neither length nor files'], 'TORRENT_LENGTH_MISSING', ['info.length', 'info.files'], () =>
    torrent(single({ length: undefined })),
  ),
  refused(['M24', 'files is empty'], 'TORRENT_FILES_EMPTY', ['info.files'], () => torrent(withFiles([], 0))),
  refused(['M25', 'files is a dictionary'], 'TORRENT_FILES_TYPE', ['info.files is a dictionary'], () =>
    torrent(withFiles({ a: 1 }, 0)),
  ),
  accepted(['M26', 'only empty files'], { paths: ['root/a', 'root/b'] }, () =>
    torrent(
      withFiles(
        [
          { length: 0, path: ['a'] },
          { length: 0, path: ['b'] },
        ],
        0,
      ),
    ),
  ),
  accepted(['M27', 'empty files first, middle and last'], { paths: ['root/z1', 'root/d', 'root/z2'] }, () =>
    torrent(
      withFiles(
        [
          { length: 0, path: ['z1'] },
          { length: FILE_BYTES, path: ['d'] },
          { length: 0, path: ['z2'] },
        ],
        FILE_BYTES,
      ),
    ),
  ),
  refused(['M28', 'no name'], 'TORRENT_NAME_MISSING', ['info.name is missing'], () =>
    torrent(single({ name: undefined })),
  ),
  refused(['M29', 'name is an integer'], 'TORRENT_NAME_TYPE', ['info.name is 1348'], () =>
    torrent(single({ name: 1348 })),
  ),
  accepted(['M30', 'name is empty'], { paths: [NAMELESS_HASH], renames: [['', NAMELESS_HASH]] }, () =>
    torrent(single({ name: '' })),
  ),
  refused(['M31', 'a file without path'], 'TORRENT_PATH_MISSING', ['info.files[0].path is missing'], () =>
    torrent(withFiles([{ length: FILE_BYTES }], FILE_BYTES)),
  ),
  refused(
    ['M32', 'path is an empty list'],
    'TORRENT_PATH_EMPTY',
    ['info.files[0].path is an empty list'],
    () => torrent(multi([[]])),
  ),
  refused(['M33', 'an integer in a path'], 'TORRENT_PATH_TYPE', ['info.files[0].path holds 1242'], () =>
    torrent(withFiles([{ length: FILE_BYTES, path: [1242, 'x'] }], FILE_BYTES)),
  ),
  refused(['M34', 'meta version 3'], 'TORRENT_META_VERSION', ['info.meta version is 3'], () =>
    torrent(single({ 'meta version': 3 })),
  ),
  accepted(
    ['M35', 'trackers of mixed types'],
    {
      paths: ['f'],
      trackerTiers: [['http://127.0.0.1:1/announce']],
      notices: ['tracker left out, its address is no text', 'only http, https, udp addresses are used: x'],
    },
    () =>
      torrent(single(), {
        announce: 5,
        'announce-list': [['http://127.0.0.1:1/announce', 7], 'x', [['y']]],
      }),
  ),
  accepted(
    ['M36', 'trackers that are no trackers'],
    {
      paths: ['f'],
      trackerTiers: [],
      notices: ['file:///etc/passwd, ftp://127.0.0.1/, gopher://127.0.0.1/ and 1 more'],
    },
    () =>
      torrent(single(), {
        'announce-list': [
          ['file:///etc/passwd', 'ftp://127.0.0.1/', 'gopher://127.0.0.1/', 'javascript:alert(1)'],
        ],
      }),
  ),
  accepted(
    ['M37', 'a local file as web seed'],
    {
      paths: ['f'],
      webSeeds: [],
      notices: ['web seed left out, only http, https addresses are used: file:///etc'],
    },
    () => torrent(single(), { 'url-list': ['file:///etc/passwd'] }),
  ),
  accepted(
    ['M38', '10,000 trackers'],
    { paths: ['f'], trackerCount: 200, notices: ['more than 200 are there: http://127.0.0.1:1/200'] },
    () => torrent(single(), { 'announce-list': manyTrackers }),
  ),
  refused(
    ['M39', 'lengths that add up to more than 2^53 - 1'],
    'TORRENT_TOTAL_RANGE',
    ['9007199254740991'],
    () =>
      torrent(
        withFiles(
          ['a', 'b', 'c'].map((name) => ({ length: 2 ** 52, path: [name] })),
          0,
        ),
      ),
  ),
  refused(['M40', '2,097,153 pieces'], 'TORRENT_TOO_MANY_PIECES', ['2097153 pieces', '2097152'], () =>
    torrent(single({ length: 2_097_153 * 1024, 'piece length': 1024 })),
  ),
  refused(['M41', 'length is a list'], 'TORRENT_LENGTH_TYPE', ['info.length is a list'], () =>
    torrent(single({ length: [1] })),
  ),
  refused(
    ['M42', 'a file without length'],
    'TORRENT_LENGTH_MISSING',
    ['info.files[0].length is missing'],
    () => torrent(withFiles([{ path: ['a'] }], 0)),
  ),
  refused(['M43', 'a file that is an integer'], 'TORRENT_FILES_TYPE', ['info.files[0] is 7'], () =>
    torrent(withFiles([7], 0)),
  ),
  refused(['M44', 'a v2 torrent'], 'TORRENT_V2_UNSUPPORTED', ['v2 not supported yet', 'info.pieces'], () =>
    torrent({ 'file tree': {}, 'meta version': 2, name: 'f', 'piece length': PIECE_BYTES }),
  ),
  accepted(['M45', 'a hybrid whose v2 side is nonsense'], { paths: ['f'] }, () =>
    torrent(single({ 'file tree': 7, 'meta version': 2 }), { 'piece layers': [] }),
  ),
  refused(['M46', 'a key twice in one file of the list'], 'BENCODE_DUPLICATE_KEY', ['"length"'], () => {
    const bytes = torrent(multi([['a']])).toString('latin1')
    return Buffer.from(bytes.replace('d6:lengthi20000e', 'd6:lengthi20000e6:lengthi1e'), 'latin1')
  }),
]
