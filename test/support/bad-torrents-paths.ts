/** Bad torrents, layer P: sound torrents whose names are hostile, awkward or just unusual. */
import {
  accepted,
  FILE_BYTES,
  multi,
  PIECE_BYTES,
  refused,
  single,
  torrent,
  withFiles,
  type Accepted,
  type BadTorrent,
} from './bad-torrent-case.ts'
import { hashPieces } from './make-torrent.ts'

const ESCAPES = 'x\x1b[2J\x1b]0;pwned\x07\r'

/** Many files below `root`, each of which keeps its name. */
function kept(id: string, what: string, ...paths: string[][]): BadTorrent {
  return accepted([id, what], { paths: paths.map((path) => ['root', ...path].join('/')) }, () =>
    torrent(multi(paths)),
  )
}

/** One file below `root` whose path changes. */
function renamed(
  id: string,
  what: string,
  path: readonly (string | Buffer)[],
  [from, to]: readonly [string, string],
): BadTorrent {
  const expected: Accepted = { paths: [`root/${to}`], renames: [[`root/${from}`, `root/${to}`]] }
  return accepted([id, what], expected, () => torrent(multi([path])))
}

function refusedPath(
  [id, what]: readonly [string, string],
  code: string,
  says: readonly string[],
  ...paths: (string | Buffer)[][]
): BadTorrent {
  return refused([id, what], code, says, () => torrent(multi(paths)))
}

export const BAD_PATHS: readonly BadTorrent[] = [
  refusedPath(
    ['P01', '../../evil'],
    'TORRENT_PATH_PARENT',
    ['info.files[0].path', '".."'],
    ['..', '..', 'evil'],
  ),
  refusedPath(
    ['P02', '"../../evil" as one element'],
    'TORRENT_PATH_SEPARATOR',
    ['files[0].path', '"../../evil"'],
    ['../../evil'],
  ),
  refused(['P03', 'the name ".." of many files'], 'TORRENT_PATH_PARENT', ['info.name', '".."'], () =>
    torrent(multi([['evil']], { name: '..' })),
  ),
  refused(
    ['P04', 'the name "../../evil" of one file'],
    'TORRENT_PATH_SEPARATOR',
    ['info.name', '"../../evil"'],
    () => torrent(single({ name: '../../evil' })),
  ),
  refused(
    ['P05', 'the name "/tmp/evil" of one file'],
    'TORRENT_PATH_SEPARATOR',
    ['info.name', '"/tmp/evil"'],
    () => torrent(single({ name: '/tmp/evil' })),
  ),
  refusedPath(
    ['P06', 'an absolute element'],
    'TORRENT_PATH_SEPARATOR',
    ['info.files[0].path', '"/tmp/evil"'],
    ['/tmp/evil'],
  ),
  renamed('P07', 'backslashes', ['..\\..\\evil'], ['..\\..\\evil', '.._.._evil']),
  renamed('P08', 'a drive letter', ['C:\\evil'], ['C:\\evil', 'C__evil']),
  refusedPath(
    ['P09', 'NUL inside a name'],
    'TORRENT_PATH_NUL',
    ['info.files[0].path', 'good\\u0000'],
    ['good\0/../../evil'],
  ),
  renamed('P10', 'the element "."', ['.', 'a'], ['./a', 'a']),
  renamed('P11', 'empty elements', ['', 'a', ''], ['/a/', 'a']),
  refusedPath(['P12', 'only empty elements'], 'TORRENT_PATH_EMPTY', ['info.files[0].path'], ['', '']),
  renamed(
    'P13',
    'escape sequences',
    ['a\x1b[2J\x1b]0;pwned\x07\r\x1b[1Aspoof.txt'],
    ['a\x1b[2J\x1b]0;pwned\x07\r\x1b[1Aspoof.txt', 'a_[2J_]0;pwned___[1Aspoof.txt'],
  ),
  renamed(
    'P14',
    'a line break',
    ['a\nDownload complete: OK\nb'],
    ['a\nDownload complete: OK\nb', 'a_Download complete: OK_b'],
  ),
  renamed('P15', 'a C1 control', ['a\u009b2Jb'], ['a\u009b2Jb', 'a_2Jb']),
  renamed(
    'P16',
    'right-to-left override',
    ['invoice\u202efdp.exe'],
    ['invoice\u202efdp.exe', 'invoice_fdp.exe'],
  ),
  accepted(
    ['P17', 'names that differ in a zero-width space'],
    { paths: ['root/a_b', 'root/ab'], renames: [['root/a\u200bb', 'root/a_b']] },
    () => torrent(multi([['a\u200bb'], ['ab']])),
  ),
  renamed(
    'P18',
    'bytes that are no UTF-8',
    [Buffer.from('66fffec0ae66', 'hex')],
    ['f\ufffd\ufffd\ufffd\ufffdf', 'f____f'],
  ),
  accepted(
    ['P19', '".." in overlong UTF-8'],
    { paths: ['root/____/evil'], renames: [['root/\ufffd\ufffd\ufffd\ufffd', 'root/____']] },
    () => torrent(multi([[Buffer.from('c0aec0ae', 'hex'), 'evil']])),
  ),
  kept('P20', 'a name of 255 bytes', ['x'.repeat(255)]),
  renamed(
    'P21',
    'a name of 300 bytes',
    [`${'y'.repeat(296)}.mkv`],
    [`${'y'.repeat(296)}.mkv`, `${'y'.repeat(251)}.mkv`],
  ),
  renamed(
    'P22',
    '100 characters of 3 bytes',
    [`${'\u3042'.repeat(100)}.mkv`],
    [`${'\u3042'.repeat(100)}.mkv`, `${'\u3042'.repeat(83)}.mkv`],
  ),
  refusedPath(
    ['P23', 'a path of 5,000 bytes'],
    'TORRENT_PATH_LONG',
    ['info.files[0].path', '5054 bytes', '4096'],
    Array.from({ length: 50 }, (_, index) => String(index).padEnd(100, 'd')),
  ),
  refusedPath(
    ['P24', '5,000 directories inside one another'],
    'TORRENT_PATH_DEPTH',
    ['info.files[0].path', '5000 elements'],
    Array.from({ length: 5000 }, () => 'd'),
  ),
  refusedPath(
    ['P25', 'two equal paths'],
    'TORRENT_PATH_DUPLICATE',
    ['info.files[1].path', '"root/a/b.txt"'],
    ['a', 'b.txt'],
    ['a', 'b.txt'],
  ),
  refusedPath(
    ['P26', 'a file that is also a directory'],
    'TORRENT_PATH_CONFLICT',
    ['info.files[1].path', '"root/a"'],
    ['a'],
    ['a', 'b'],
  ),
  accepted(
    ['P27', 'names that differ in case'],
    { paths: ['root/README.md', 'root/readme.1.md'], renames: [['root/readme.md', 'root/readme.1.md']] },
    () => torrent(multi([['README.md'], ['readme.md']])),
  ),
  accepted(
    ['P28', 'names that differ in normal form'],
    { paths: ['root/caf\u00e9', 'root/cafe\u0301.1'], renames: [['root/cafe\u0301', 'root/cafe\u0301.1']] },
    () => torrent(multi([['caf\u00e9'], ['cafe\u0301']])),
  ),
  kept('P29', 'names of Windows devices', ['CON'], ['NUL.txt'], ['com1']),
  kept('P30', 'names that end in a dot or a space', ['a.'], ['b ']),
  kept('P31', 'a name with a colon', ['a:stream']),
  accepted(
    ['P32', 'a link out of the directory, then a file below it'],
    { paths: ['root/lnk', 'root/lnk/evil'], notices: ['symbolic link left out: root/lnk'] },
    () =>
      torrent(
        withFiles(
          [
            { attr: 'l', length: 0, path: ['lnk'], 'symlink path': ['..', '..', 'tmp'] },
            { length: FILE_BYTES, path: ['lnk', 'evil'] },
          ],
          FILE_BYTES,
        ),
      ),
  ),
  accepted(
    ['P33', 'a link to /etc/passwd'],
    { paths: ['root/lnk', 'root/d'], notices: ['symbolic link left out: root/lnk'] },
    () =>
      torrent(
        withFiles(
          [
            { attr: 'l', length: 0, path: ['lnk'], 'symlink path': ['/etc/passwd'] },
            { length: FILE_BYTES, path: ['d'] },
          ],
          FILE_BYTES,
        ),
      ),
  ),
  accepted(['P34', 'padding'], { paths: ['root/a', 'root/.pad/1', 'root/b'] }, () => {
    const data = Buffer.concat([Buffer.alloc(FILE_BYTES, 'A'), Buffer.alloc(12_768), Buffer.alloc(100, 'A')])
    const files = [
      { length: FILE_BYTES, path: ['a'] },
      { attr: 'p', length: 12_768, path: ['.pad', '12768'] },
      { length: 100, path: ['b'] },
    ]
    return torrent(withFiles(files, 0, { pieces: hashPieces(data, PIECE_BYTES) }))
  }),
  refused(['P35', 'padding of 1 TiB'], 'TORRENT_PADDING_LENGTH', ['files[1].length is 1099511627776'], () =>
    torrent(
      withFiles(
        [
          { length: 1, path: ['a'] },
          { attr: 'p', length: 2 ** 40, path: ['.pad', 'x'] },
        ],
        0,
        { 'piece length': 2 ** 24, pieces: Buffer.alloc(20 * 65_537, 1) },
      ),
    ),
  ),
  accepted(['P36', 'names that look like options'], { paths: ['--exec=x/-rf', '--exec=x/--help'] }, () =>
    torrent(multi([['-rf'], ['--help']], { name: '--exec=x' })),
  ),
  accepted(
    ['P37', 'names that look like shell commands'],
    { paths: ['n"; touch evil; "/$(touch evil)', 'n"; touch evil; "/`id`', 'n"; touch evil; "/a\'b"c'] },
    () => torrent(multi([['$(touch evil)'], ['`id`'], ['a\'b"c']], { name: 'n"; touch evil; "' })),
  ),
  accepted(['P38', 'hidden names'], { paths: ['.config/.ssh/authorized_keys'] }, () =>
    torrent(multi([['.ssh', 'authorized_keys']], { name: '.config' })),
  ),
  accepted(['P39', 'the name "~"'], { paths: ['~/evil'] }, () => torrent(multi([['evil']], { name: '~' }))),
  kept('P40', 'a name like one of our own files', ['.torrent-dl.resume'], ['a.part'], ['a']),
  accepted(
    ['P41', 'escape sequences in the torrent name'],
    { paths: ['x_[2J_]0;pwned__name'], renames: [[`${ESCAPES}name`, 'x_[2J_]0;pwned__name']] },
    () => torrent(single({ name: `${ESCAPES}name` })),
  ),
  accepted(
    ['P42', 'escape sequences in comment and addresses'],
    {
      paths: ['f'],
      trackerTiers: [['http://127.0.0.1:1/x%1B[2J%1B]0;pwned']],
      notices: ['web seed left out'],
    },
    () =>
      torrent(single(), {
        announce: `http://127.0.0.1:1/${ESCAPES}`,
        comment: `${ESCAPES}comment`,
        'created by': `${ESCAPES}by`,
        'url-list': `ftp://127.0.0.1/${ESCAPES}`,
      }),
  ),
  refusedPath(
    ['P43', 'more than 500 names that differ in case'],
    'TORRENT_PATH_COLLISIONS',
    ['more than 500', 'case or normal form'],
    ...Array.from({ length: 502 }, (_, index) => [caseVariant(index)]),
  ),
  refusedPath(
    ['P44', 'a directory that is also a file'],
    'TORRENT_PATH_CONFLICT',
    ['info.files[1].path', '"root/a"'],
    ['a', 'b'],
    ['a'],
  ),
  accepted(
    ['P45', 'a rename onto a name that is there already'],
    {
      paths: ['root/a.txt', 'root/A.1.txt', 'root/a.1.1.txt', 'root/a.2.txt'],
      renames: [
        ['root/A.txt', 'root/A.1.txt'],
        ['root/a.1.txt', 'root/a.1.1.txt'],
      ],
    },
    () => torrent(multi([['a.txt'], ['A.txt'], ['a.1.txt'], ['a.2.txt']])),
  ),
]

/** The index in binary, ones as capitals: 2^10 spellings of one name. */
function caseVariant(index: number): string {
  return index.toString(2).padStart(10, '0').replaceAll('0', 'a').replaceAll('1', 'A')
}
