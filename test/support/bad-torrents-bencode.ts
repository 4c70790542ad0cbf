/** Bad torrents, layer B: the bytes are not sound bencode, or only just. */
import {
  accepted,
  hashesOf,
  PIECE_BYTES,
  refused,
  single,
  torrent,
  type BadTorrent,
} from './bad-torrent-case.ts'
import { encodeRaw, pairs, raw } from './bencode-raw.ts'

function nested(open: string, depth: number, close: string): string {
  return open.repeat(depth) + close.repeat(depth)
}

/** Top-level fields sort before `info` when their key starts with "a". */
function beside(key: string, value: string): Buffer {
  return torrent(single(), { [key]: raw(value) })
}

const soundInfo = pairs(
  ['length', 20_000],
  ['name', 'f'],
  ['piece length', PIECE_BYTES],
  ['pieces', hashesOf(20_000)],
)

export const BAD_BENCODE: readonly BadTorrent[] = [
  refused(['B01', 'an empty file'], 'BENCODE_EMPTY', ['no bytes'], () => Buffer.alloc(0)),
  refused(['B02', 'a web page'], 'BENCODE_SYNTAX', ['"<!doctype html>', 'byte 0'], () =>
    Buffer.from('<!doctype html><title>404</title>'),
  ),
  refused(['B03', 'a string at the top'], 'TORRENT_NOT_DICTIONARY', ['a string of 10 bytes'], () =>
    Buffer.from('10:libtorrent'),
  ),
  refused(['B04', 'cut inside pieces'], 'BENCODE_TRUNCATED', ['info.pieces', '40 bytes', 'only 9'], () => {
    const bytes = torrent(single())
    return bytes.subarray(0, bytes.length - 33)
  }),
  refused(['B05', '200,000 lists inside one another'], 'BENCODE_TOO_DEEP', ['a: ', 'more than 64'], () =>
    beside('a', nested('l', 200_000, 'e')),
  ),
  refused(
    ['B06', '5,000 dictionaries inside info'],
    'BENCODE_TOO_DEEP',
    ['info.zz.a.a.a.a', 'more than 64'],
    () => torrent(single({ zz: raw(`${'d1:a'.repeat(5000)}i1e${'e'.repeat(5000)}`) })),
  ),
  refused(['B07', 'string length -3'], 'BENCODE_STRING_LENGTH', ['"-3:"', 'byte 1'], () =>
    Buffer.from('l-3:e'),
  ),
  refused(['B08', 'a key of length -3'], 'BENCODE_STRING_LENGTH', ['"-3:"'], () =>
    Buffer.from('d-3:infoi1ee'),
  ),
  refused(['B09', 'string length 10^30'], 'BENCODE_STRING_LENGTH', ['info', '"10000000000'], () =>
    Buffer.from(`d4:info1${'0'.repeat(30)}:aee`),
  ),
  refused(
    ['B10', 'a string longer than the file'],
    'BENCODE_TRUNCATED',
    ['info.pieces', '2147483647 bytes'],
    () => Buffer.from('d4:infod6:pieces2147483647:aaee'),
  ),
  refused(['B11', 'a string length with a leading zero'], 'BENCODE_STRING_LENGTH', ['"04:"'], () =>
    Buffer.from('d04:infod6:lengthi1eee'),
  ),
  refused(
    ['B12', 'an integer with a leading zero'],
    'BENCODE_INTEGER',
    ['info.piece length', '"i016384e"'],
    () => torrent(single({ 'piece length': raw('i016384e') })),
  ),
  refused(['B13', 'minus zero'], 'BENCODE_INTEGER', ['info.private', '"i-0e"'], () =>
    torrent(single({ private: raw('i-0e') })),
  ),
  refused(['B14', 'an integer without digits'], 'BENCODE_INTEGER', ['info.private', '"ie"'], () =>
    torrent(single({ private: raw('ie') })),
  ),
  refused(['B15', 'an integer with a plus'], 'BENCODE_INTEGER', ['info.private', '"i+1e"'], () =>
    torrent(single({ private: raw('i+1e') })),
  ),
  refused(['B16', 'a fraction'], 'BENCODE_INTEGER', ['info.private', '"i1.5e"'], () =>
    torrent(single({ private: raw('i1.5e') })),
  ),
  refused(['B17', 'the integer 2^64'], 'BENCODE_INTEGER_RANGE', ['info.length', '18446744073709551616'], () =>
    torrent(single({ length: raw('i18446744073709551616e') })),
  ),
  accepted(['B18', 'keys of info out of order'], { paths: ['f'] }, () =>
    torrent(
      pairs(['name', 'f'], ['length', 20_000], ['pieces', hashesOf(20_000)], ['piece length', PIECE_BYTES]),
    ),
  ),
  refused(['B19', 'a key of info twice'], 'BENCODE_DUPLICATE_KEY', ['"name"'], () =>
    torrent(pairs(['name', 'a'], ['name', 'b'], ...soundInfo.pairs)),
  ),
  refused(['B20', 'info twice'], 'BENCODE_DUPLICATE_KEY', ['"info"'], () =>
    encodeRaw(pairs(['info', soundInfo], ['info', soundInfo])),
  ),
  accepted(['B21', 'a line break after the end'], { paths: ['f'] }, () =>
    Buffer.concat([torrent(single()), Buffer.from('\r\n')]),
  ),
  accepted(
    ['B22', '1 KiB of garbage after the end'],
    { paths: ['f'], notices: ['1024 bytes after the end'] },
    () => Buffer.concat([torrent(single()), Buffer.alloc(1024, 0xff)]),
  ),
  refused(['B23', 'an integer as key'], 'BENCODE_KEY', ['"i"', 'byte 1'], () =>
    Buffer.from('di1ei2e4:infod4:name1:fee'),
  ),
  accepted(['B24', 'keys that name parts of JavaScript objects'], { paths: ['f'] }, () =>
    torrent(single({ constructor: 1, hasOwnProperty: 1, __proto__x: 1 }), { toString: 'x', valueOf: [1] }),
  ),
  refused(['B25', '3,000,001 empty strings'], 'BENCODE_TOO_MANY_VALUES', ['a: ', 'more than 3000000'], () =>
    beside('a', `l${'0:'.repeat(3_000_001)}e`),
  ),
  accepted(['B26', 'the key __proto__ in info and at the top'], { paths: ['f'] }, () =>
    encodeRaw(
      pairs(
        ['__proto__', { info: 1, announce: 'http://127.0.0.1/' }],
        ['info', pairs(['__proto__', { length: 7, files: [] }], ...soundInfo.pairs)],
      ),
    ),
  ),
  refused(['B27', 'a key without a value'], 'BENCODE_KEY', ['info', 'no value'], () =>
    Buffer.from('d4:infoe'),
  ),
  refused(['B28', 'cut inside an integer'], 'BENCODE_TRUNCATED', ['info.length', 'integer'], () =>
    Buffer.from('d4:infod6:lengthi12'),
  ),
  refused(['B29', 'cut inside a string length'], 'BENCODE_TRUNCATED', ['string length'], () =>
    Buffer.from('d12'),
  ),
  refused(['B30', '10,001 keys in info'], 'BENCODE_TOO_MANY_KEYS', ['more than 10000 keys'], () =>
    torrent(Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`k${index}`, 0]))),
  ),
  refused(['B31', 'more than 64 MiB'], 'TORRENT_TOO_LARGE', ['67108865 bytes', '67108864'], () =>
    Buffer.alloc(64 * 1024 * 1024 + 1),
  ),
]
