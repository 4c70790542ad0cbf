/** What `create` makes is what other makers make of the same files, and what other clients read. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Metainfo } from '../../src/metainfo/metainfo.ts'
import { readTorrentFile } from '../../src/metainfo/torrent-file.ts'
import { pseudoRandom } from '../support/make-torrent.ts'
import { runNow } from './support/processes.ts'
import { projectDirectory } from './support/project.ts'
import { requirePrograms } from './support/run-client.ts'

const KIB = 1024
const LIBTORRENT = join(projectDirectory, 'test/interop/support/libtorrent-create.py')

interface Tree {
  readonly name: string
  /** Bytes of each file by its path below the root; a root that is a file itself has the path ''. */
  readonly files: Readonly<Record<string, number>>
  readonly pieceBytes?: number
  readonly isPrivate?: boolean
  /** These may be executed. */
  readonly executable?: readonly string[]
}

interface Answer {
  readonly infoHash: string
  readonly pieceBytes: number
  readonly canonicalOrder: readonly string[]
}

function many(
  count: number,
  path: (i: number) => string,
  bytes: (i: number) => number,
): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [path(i), bytes(i)]))
}

const TREES: readonly Tree[] = [
  { name: 'one file', files: { '': 100_000 } },
  { name: 'one byte', files: { '': 1 } },
  { name: 'one piece to the byte', files: { '': 16 * KIB } },
  { name: 'four pieces to the byte', files: { '': 256 * KIB }, pieceBytes: 64 * KIB },
  { name: 'one byte more than four pieces', files: { '': 256 * KIB + 1 }, pieceBytes: 64 * KIB },
  { name: 'a piece longer than all', files: { a: 10, b: 20 }, pieceBytes: 1024 * KIB },
  { name: 'a directory of one file', files: { alone: 5000 } },
  { name: 'empty files first, between and last', files: { a: 0, b: 40_000, c: 0, d: 1, e: 0 } },
  {
    name: 'pieces that end with files',
    files: { a: 32 * KIB, b: 16 * KIB, c: 48 * KIB },
    pieceBytes: 16 * KIB,
  },
  {
    name: 'directories whose names begin those of files',
    files: { 'a/b': 1000, 'a.b': 1001, 'a-b': 1002, a0: 1003, 'a b': 1004, 'ab/c': 1005, 'a/b.c': 1006 },
  },
  { name: 'nested ones', files: { 'x/y': 1, 'x/y.z/a': 2, 'x/y-z': 3, 'x.y': 4, 'x/w/y': 5 } },
  {
    name: 'big and small letters',
    files: { Zebra: 10, apple: 20, 'Apple.txt': 30, zoo: 40, _: 50, '~': 60 },
  },
  { name: 'numbers', files: { '10': 1, '9': 2, '1': 3, '01': 4, '1a': 5 } },
  { name: 'umlauts and others', files: { é: 7, zz: 8, ä: 9, Ω: 10, 'e\u0301x': 11, ß: 12 } },
  {
    name: 'beyond UTF-16 units',
    files: { '\u{1f600}': 1, '\uff5e': 2, '\ue000': 3, 漢字: 4, '\u{20000}': 5 },
  },
  {
    name: 'spaces, quotes and brackets',
    files: { ' a': 1, "it's": 2, '(x)': 3, '[y]': 4, 'a  b': 5, '#': 6 },
  },
  { name: 'hidden files', files: { '.git/config': 100, '.hidden': 5, visible: 6, '..two': 7, '...': 8 } },
  { name: 'deep', files: { [`${'d/'.repeat(90)}f`]: 3000, 'd/f': 10, [`${'d/'.repeat(40)}g`]: 20 } },
  { name: 'long names', files: { ['n'.repeat(255)]: 100, [`${'m'.repeat(250)}.txt`]: 200 } },
  {
    name: 'a thousand files',
    files: many(
      1000,
      (i) => `d${i % 31}/s${i % 7}/f${i}`,
      (i) => (i * 7919) % 5000,
    ),
  },
  {
    name: 'sizes around a block',
    files: many(
      40,
      (i) => `f${i}`,
      (i) => 16 * KIB - 20 + i,
    ),
  },
  { name: 'private', files: { a: 1000, b: 2000 }, isPrivate: true },
  { name: 'executable files', files: { run: 1000, text: 2000 }, executable: ['run'] },
  { name: 'an executable file', files: { '': 1000 }, executable: [''] },
  { name: 'larger than the smallest piece length allows', files: { a: 2_684_356, b: 0 } },
  { name: 'larger than the second', files: { a: 5_000_000, b: 5_737_419 } },
]

describe('create', { concurrency: false }, () => {
  let root = ''
  let answers: readonly Answer[] = []

  before(() => {
    requirePrograms()
    root = realpathSync(mkdtempSync(join(tmpdir(), 'torrent-dl-interop-')))
    const requests = TREES.map((tree, i) => {
      write(tree, pathOf(root, i))
      const { pieceBytes = 0, isPrivate = false, executable = [] } = tree
      return { root: pathOf(root, i), pieceBytes, private: isPrivate, attributes: executable.length > 0 }
    })
    const lines = runNow(['/usr/bin/python3', LIBTORRENT, JSON.stringify(requests)])
      .trim()
      .split('\n')
    answers = lines.map((line) => JSON.parse(line) as Answer)
  })
  after(() => {
    rmSync(root, { recursive: true, force: true })
  })

  for (const [i, tree] of TREES.entries()) {
    it(`libtorrent has the same info-hash: ${tree.name}`, () => {
      const metainfo = create(tree, pathOf(root, i))
      assert.deepEqual(pathsOf(metainfo), answers[i]!.canonicalOrder)
      assert.equal(metainfo.geometry.pieceBytes, answers[i]!.pieceBytes)
      assert.equal(metainfo.infoHash.toString('hex'), answers[i]!.infoHash)
    })
  }

  it('mktorrent and transmission-create have the same info-hash for a file', () => {
    const path = pathOf(root, 3)
    const ours = create(TREES[3]!, path).infoHash
    runNow(['mktorrent', '-l', '16', '-o', `${path}.mktorrent`, path])
    assert.deepEqual(readTorrentFile(readFileSync(`${path}.mktorrent`)).infoHash, ours)
    runNow(['transmission-create', '-s', '64', '-o', `${path}.transmission`, path])
    const theirs = readTorrentFile(readFileSync(`${path}.transmission`))
    // It says `private: 0` where others say nothing: the rest must be the same.
    assert.deepEqual(theirs.pieceHashes, readTorrentFile(readFileSync(`${path}.torrent`)).pieceHashes)
  })

  it('transmission-show, aria2 and libtorrent read what is in it', () => {
    const path = pathOf(root, 7)
    const tracker = 'udp://tracker.example:6969/announce'
    const magnet = runCreate(['--magnet', '-t', tracker, path], path).trim()
    runCreate(
      ['-t', tracker, '-t', 'http://second.example/announce', '--web-seed', 'http://seed.example/', path],
      path,
    )
    const hash = readTorrentFile(readFileSync(`${path}.torrent`)).infoHash.toString('hex')
    const shown = runNow(['transmission-show', `${path}.torrent`])
    const aria2 = runNow(['aria2c', '-S', `${path}.torrent`])
    for (const text of [shown, aria2]) {
      for (const part of [hash, tracker, 'http://second.example/announce', 'tree7/b'])
        assert.ok(text.includes(part), text)
    }
    const script = [
      'import sys, libtorrent as lt',
      'ti = lt.torrent_info(sys.argv[1])',
      'm = lt.parse_magnet_uri(sys.argv[2])',
      'print(ti.info_hash(), m.info_hashes.v1, m.name, m.trackers, ti.web_seeds()[0]["url"])',
    ].join('\n')
    const read = runNow(['/usr/bin/python3', '-c', script, `${path}.torrent`, magnet]).trim()
    assert.equal(read, `${hash} ${hash} tree7 ['${tracker}'] http://seed.example/`)
  })
})

function pathOf(root: string, index: number): string {
  return join(root, `tree${index}`)
}

function write({ files, executable = [] }: Tree, root: string): void {
  for (const [index, [path, bytes]] of Object.entries(files).entries()) {
    const place = join(root, path)
    mkdirSync(dirname(place), { recursive: true })
    writeFileSync(place, pseudoRandom(index + 1)(bytes))
    chmodSync(place, executable.includes(path) ? 0o755 : 0o644)
  }
}

function create({ pieceBytes, isPrivate = false, executable = [] }: Tree, path: string): Metainfo {
  runCreate(
    [
      ...(pieceBytes === undefined ? [] : ['--piece-length', String(pieceBytes)]),
      ...(isPrivate ? ['--private'] : []),
      ...(executable.length > 0 ? ['--executable'] : []),
      path,
    ],
    path,
  )
  return readTorrentFile(readFileSync(`${path}.torrent`))
}

/** @returns its standard output */
function runCreate(args: readonly string[], path: string): string {
  const command = join(projectDirectory, 'bin/torrent-dl.js')
  return runNow([process.execPath, command, 'create', '-f', '-o', `${path}.torrent`, ...args])
}

/** As they stand in the torrent: a name that is changed on disk is none of its matter. */
function pathsOf({ files, renames }: Metainfo): string[] {
  assert.deepEqual(renames, [])
  return files.map(({ path }) => path.join('/'))
}
