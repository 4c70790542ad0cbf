/** `torrent-dl create` as its users run it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Metainfo } from '../../src/metainfo/metainfo.ts'
import { readTorrentFile } from '../../src/metainfo/torrent-file.ts'
import { pseudoRandom } from '../support/make-torrent.ts'
import { runCli } from '../support/run-cli.ts'
import type { CliOptions, CliResult } from '../support/run-cli.ts'
import { temporaryDirectory } from '../support/storage-fixture.ts'
import { withSeed } from './local-seed.ts'

const BIN = fileURLToPath(new URL('../../../bin/torrent-dl.js', import.meta.url))

interface Site {
  readonly root: string
  readonly run: (args: readonly string[], options?: CliOptions) => Promise<CliResult>
  /** What the .torrent of that name says. */
  readonly read: (name: string) => Metainfo
}

/** A directory with `data`, where the command runs. */
async function site(context: TestContext): Promise<Site> {
  const root = await temporaryDirectory(context)
  mkdirSync(join(root, 'data/sub'), { recursive: true })
  writeFileSync(join(root, 'data/a.txt'), 'hello')
  writeFileSync(join(root, 'data/sub/b.bin'), pseudoRandom(1)(40_000))
  writeFileSync(join(root, 'data/.hidden'), 'x')
  return {
    root,
    run: async (args, options) => runCli(['create', ...args], { cwd: root, ...options }),
    read: (name) => readTorrentFile(readFileSync(join(root, name))),
  }
}

function pathsOf({ files }: Metainfo): string[] {
  return files.map(({ path }) => path.join('/'))
}

test('NAME.torrent in the current directory, its path on stdout, a line about it on stderr', async (t) => {
  const { run, read } = await site(t)
  const { code, stdout, stderr } = await run(['data'])
  assert.equal(code, 0)
  assert.equal(stdout, 'data.torrent\n')
  assert.match(
    stderr,
    /^torrent-dl: data: hashing 39\.1 KiB\ntorrent-dl: data: 3 files, 39\.1 KiB in .* s.*, 3 × 16\.0 KiB -> data\.torrent\n$/,
  )
  assert.deepEqual(pathsOf(read('data.torrent')), ['data/.hidden', 'data/a.txt', 'data/sub/b.bin'])
})

test('everything that can be said about a torrent', async (t) => {
  const { run, read } = await site(t)
  const { code } = await run([
    ...['-t', 'udp://a.example:1,udp://b.example:2', '-a', 'http://c.example/announce'],
    ...['--web-seed', 'http://d.example/', '--web-seed', 'https://e.example/x/'],
    ...['--private', '--source', 'HERE', '--comment', 'a comment', '--name', 'other', '--v1'],
    ...['--date', '2026-11-24T12:00:00Z', '--piece-length', '32K', '-o', 'x.torrent', 'data'],
  ])
  assert.equal(code, 0)
  const metainfo = read('x.torrent')
  assert.deepEqual(metainfo.trackerTiers, [
    ['udp://a.example:1', 'udp://b.example:2'],
    ['http://c.example/announce'],
  ])
  assert.deepEqual(metainfo.webSeeds, ['http://d.example/', 'https://e.example/x/'])
  const { name, isPrivate, comment, createdBy, creationDateSeconds, geometry } = metainfo
  assert.deepEqual(
    { name, isPrivate, comment, createdBy, creationDateSeconds, pieceBytes: geometry.pieceBytes },
    {
      ...{ name: 'other', isPrivate: true, comment: 'a comment', createdBy: undefined },
      ...{ creationDateSeconds: 1_795_521_600, pieceBytes: 32_768 },
    },
  )
})

test('--exclude takes globs as a .gitignore does; hidden files are files like others', async (t) => {
  const { run, read } = await site(t)
  for (const [globs, expected] of [
    [['.*'], ['data/a.txt', 'data/sub/b.bin']],
    [['sub/'], ['data/.hidden', 'data/a.txt']],
    [['*.bin', 'a.txt'], ['data/.hidden']],
    [['data/sub'], ['data/.hidden', 'data/a.txt']],
    [['/sub/*.bin'], ['data/.hidden', 'data/a.txt']],
    [['a.txt/'], ['data/.hidden', 'data/a.txt', 'data/sub/b.bin']],
  ] as const) {
    const { code, stderr } = await run(['-f', ...globs.flatMap((glob) => ['--exclude', glob]), 'data'])
    assert.equal(code, 0, stderr)
    assert.deepEqual(pathsOf(read('data.torrent')), expected, globs.join(' '))
  }
  const all = await run(['--exclude', '*', 'data', '-f'])
  assert.equal(all.code, 3)
  assert.match(all.stderr, /cannot make a torrent of data: everything in it is excluded/)
})

test('the same input gives the same bytes, with a date only when one is asked for', async (t) => {
  const { root, run, read } = await site(t)
  const bytes = async (args: readonly string[], env?: Record<string, string>): Promise<Buffer> => {
    const { code, stderr } = await run(['-f', ...args, 'data'], { env: { LC_ALL: 'C.UTF-8', ...env } })
    assert.equal(code, 0, stderr)
    return readFileSync(join(root, 'data.torrent'))
  }
  const own = await bytes([])
  assert.deepEqual(
    await bytes([], { TZ: 'Asia/Tokyo', LANG: 'C', TORRENT_DL_TRACKER: 'udp://a.example:1' }),
    own,
  )
  await bytes([], { SOURCE_DATE_EPOCH: '1700000000' })
  assert.equal(read('data.torrent').creationDateSeconds, 1_700_000_000)
  await bytes(['--date', '5'], { SOURCE_DATE_EPOCH: '1700000000' })
  assert.equal(read('data.torrent').creationDateSeconds, 5)
  const wrong = await run(['data', '-f'], { env: { SOURCE_DATE_EPOCH: 'yesterday' } })
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /SOURCE_DATE_EPOCH: 'yesterday' is not a number of seconds/)
})

test('a file that is there is replaced only with --force, and left alone until the new one is whole', async (t) => {
  const { root, run, read } = await site(t)
  writeFileSync(join(root, 'data.torrent'), 'mine')
  const refused = await run(['data'])
  assert.equal(refused.code, 13)
  assert.match(refused.stderr, /^torrent-dl: data\.torrent is there already \(--force replaces it/)
  assert.equal(readFileSync(join(root, 'data.torrent'), 'utf8'), 'mine')
  assert.equal((await run(['--force', 'data'])).code, 0)
  assert.equal(read('data.torrent').name, 'data')
  assert.deepEqual(readdirSync(root).toSorted(), ['data', 'data.torrent'])
})

test('-o - writes the bytes, --magnet the link, --json an object, -q the path', async (t) => {
  const { root, run, read } = await site(t)
  assert.equal((await run(['data'])).code, 0)
  const script = `"${process.execPath}" "${BIN}" create -o - data`
  const piped = spawnSync('sh', ['-c', script], { cwd: root, env: {} })
  assert.deepEqual(piped.stdout, readFileSync(join(root, 'data.torrent')))
  const hash = read('data.torrent').infoHash.toString('hex')
  const magnet = await run(['-f', '--magnet', 'data'])
  assert.equal(magnet.stdout, `magnet:?xt=urn:btih:${hash}&dn=data&xl=40006\n`)
  const json = await run(['-f', '--json', '-q', 'data'])
  assert.deepEqual(JSON.parse(json.stdout), {
    ...{ v: 1, path: 'data.torrent', name: 'data', infoHash: hash, totalBytes: 40_006, fileCount: 3 },
    ...{ pieceBytes: 16_384, pieceCount: 3, isPrivate: false, magnet: magnet.stdout.trim(), notices: [] },
  })
  assert.equal(json.stderr, '')
  const quiet = await run(['-f', '-q', 'data', '-o', 'data/sub'])
  assert.deepEqual([quiet.stdout, quiet.stderr], ['data/sub/data.torrent\n', ''])
  for (const flag of ['--json', '--magnet']) assert.equal((await run([flag, '-o', '-', 'data'])).code, 2)
})

test('what it writes itself is no part of the torrent', async (t) => {
  const { root, run } = await site(t)
  const first = await run(['--magnet', '-q', '.', '--name', 'n'])
  const second = await run(['--magnet', '-f', '.', '--name', 'n'])
  assert.equal(second.stdout, first.stdout)
  assert.match(second.stderr, /left out, it is being written: n\.torrent/)
  const script = `"${process.execPath}" "${BIN}" create -o - --name n --exclude n.torrent . >new 2>log`
  assert.equal(spawnSync('sh', ['-c', script], { cwd: root, env: {} }).status, 0)
  const hash = readTorrentFile(readFileSync(join(root, 'new'))).infoHash.toString('hex')
  assert.ok(first.stdout.includes(hash))
})

test('errors say what is wrong, with what, and what to do', async (t) => {
  const { root, run } = await site(t)
  symlinkSync('/etc', join(root, 'data/link'))
  const cases: readonly (readonly [args: readonly string[], code: number, message: RegExp])[] = [
    [['nothing'], 3, /cannot read nothing: no such file or directory/],
    [['data'], 3, /data\/link is a symbolic link that leads out of the tree, to \/etc: --follow-links/],
    [['data/a.txt', '-o', 'no/x.torrent'], 10, /cannot create no\/x\.torrent: no such directory/],
    [
      ['data/a.txt', '--piece-length', '20K'],
      2,
      /--piece-length: '20K' is not a power of two from 1K to 512M/,
    ],
    [['data/a.txt', '--web-seed', 'ftp://x'], 2, /--web-seed: 'ftp:\/\/x' is not the http/],
    [['data/a.txt', '--name', 'a/b'], 2, /--name: 'a\/b' is not the name of a file/],
    [['data/a.txt', '--date', '2026-11-24T12:00'], 2, /--date: '2026-11-24T12:00' is not a date/],
    [['data/a.txt', '-t', 'a.example'], 2, /--tracker: 'a\.example' is not a tracker's address/],
    [['data/a.txt', '--exclude', ''], 2, /--exclude: '' is not a glob/],
    [['/'], 3, /has no name that the torrent could have \(create --name gives one\)/],
    [[], 2, /missing required argument 'path'/],
  ]
  for (const [args, code, message] of cases) {
    const result = await run(args)
    assert.equal(result.code, code, result.stderr)
    assert.match(result.stderr, message)
    assert.equal(result.stdout, '')
  }
  assert.deepEqual(readdirSync(root), ['data'])
})

test('what looks odd is told, and no reason to fail', async (t) => {
  const { root, run } = await site(t)
  writeFileSync(join(root, 'data/what?.part'), '')
  mkdirSync(join(root, 'data/empty'))
  const { code, stderr } = await run(['data', '--private', '--piece-length', '1K'])
  assert.equal(code, 0)
  for (const notice of [
    'empty directory left out, a torrent holds only files: empty',
    'named like an unfinished download: what?.part',
    'Windows cannot hold the name: data/what?.part',
    'private and without a tracker: nobody can find its peers',
    'pieces of 1024 bytes: not every client takes less than 16 KiB',
  ])
    assert.ok(stderr.includes(`torrent-dl: ${notice}`), notice)
})

test('Ctrl-C ends it with 130 and leaves nothing', async (t) => {
  const { root, run } = await site(t)
  truncateSync(join(root, 'data/a.txt'), 2 ** 40) // a hole: far more than can be hashed meanwhile
  const { code, stdout, stderr } = await run(['data', '--progress', 'plain'], {
    onStart: (child) => {
      child.stderr?.once('data', () => child.kill('SIGINT'))
    },
  })
  assert.equal(code, 130)
  assert.equal(stdout, '')
  assert.match(stderr, /stopped, nothing was written/)
  assert.deepEqual(readdirSync(root), ['data'])
})

test('what it made can be downloaded', async (t) => {
  const spec = {
    name: 'shared',
    files: [
      { path: 'x', length: 50_000 },
      { path: 'y/z', length: 1 },
    ],
  }
  await withSeed(spec, async ({ root, peer, torrent }) => {
    const cwd = await temporaryDirectory(t)
    await torrent.writeTo(cwd)
    const made = await runCli(['create', 'shared', '--piece-length', '32K', '-o', root], { cwd })
    assert.equal(made.code, 0, made.stderr)
    const { code, stderr } = await runCli(['shared.torrent', '--peer', peer, '-p', '0'], { cwd: root })
    assert.equal(code, 0, stderr)
    assert.deepEqual(readFileSync(join(root, 'shared/x')), torrent.fileData(0))
  })
})
