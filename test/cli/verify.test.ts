/** `torrent-dl verify`: every kind of damage, told apart; and nothing is written. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { makeTorrent } from '../support/make-torrent.ts'
import { runCli } from '../support/run-cli.ts'
import type { CliOptions, CliResult } from '../support/run-cli.ts'
import { withHole } from './hole.ts'

const TORRENT = makeTorrent({
  name: 'data',
  files: [
    { path: 'README.txt', length: 32_768 },
    { path: 'train/a.csv', length: 65_536 },
    { path: 'train/b.csv', length: 98_304 },
    { path: 'empty', length: 0 },
  ],
})
const HASH = TORRENT.metainfo.infoHash.toString('hex')

interface Place {
  /** Has a.torrent and the directory out with its data. */
  readonly root: string
  readonly path: (name: string) => string
  readonly verify: (...args: string[]) => Promise<CliResult>
}

async function withData(use: (place: Place) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  try {
    writeFileSync(join(root, 'a.torrent'), TORRENT.bytes)
    await TORRENT.writeTo(join(root, 'out'))
    const run = async (args: readonly string[], options?: CliOptions): Promise<CliResult> =>
      runCli(['verify', ...args], { cwd: root, ...options })
    await use({
      root,
      path: (name) => join(root, 'out/data', name),
      verify: async (...args) => run(['a.torrent', 'out', ...args]),
    })
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** Standard output as lines, their columns narrowed. */
function lines({ stdout }: CliResult): string[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ {2,}/, ': '))
}

function damage(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at)
  writeFileSync(path, bytes)
}

describe('verify', { concurrency: 4 }, () => {
  test('good data: a summary alone, or every file, or nothing at all', async () => {
    await withData(async ({ verify }) => {
      const good = await verify()
      assert.deepEqual([good.code, good.stdout], [0, 'data: 4 files, 192.0 KiB, all good\n'])
      assert.equal(good.stderr, 'torrent-dl: data: checking 192.0 KiB\n')
      const listed = await verify('-v')
      assert.deepEqual(lines(listed).slice(0, 2), ['good: out/data/README.txt', 'good: out/data/train/a.csv'])
      const quiet = await verify('-q')
      assert.deepEqual([quiet.code, quiet.stdout, quiet.stderr], [0, '', ''])
    })
  })

  test('wrong bytes, a wrong size and a directory end with 6, and each is told with its place', async () => {
    await withData(async ({ verify, path }) => {
      damage(path('train/b.csv'), 40_000)
      writeFileSync(path('README.txt'), 'short')
      rmSync(path('empty'))
      mkdirSync(path('empty'))
      const { code, ...output } = await verify()
      assert.equal(code, 6)
      assert.deepEqual(lines({ code, ...output }), [
        'wrong size: out/data/README.txt: 5 bytes, must be 32,768',
        'bad: out/data/train/b.csv: 1 of 3 pieces, bytes 32768-65535',
        'not a file: out/data/empty is a directory, not a file',
        'data: 1 of 4 files good, 1 bad, 1 wrong size, 1 not a file; 4 of 6 pieces good, 1 bad, 1 missing',
      ])
    })
  })

  test('what is missing or unfinished ends with 7', async () => {
    await withData(async ({ verify, path }) => {
      rmSync(path('README.txt'))
      renameSync(path('train/a.csv'), path('train/a.csv.part'))
      damage(path('train/a.csv.part'), 0)
      const result = await verify()
      assert.equal(result.code, 7)
      assert.deepEqual(lines(result).slice(0, 2), [
        'missing: out/data/README.txt',
        'unfinished: out/data/train/a.csv.part: 1 of 2 pieces there',
      ])
    })
  })

  test('no data at all is one line, that says where it was looked for', async () => {
    await withData(async ({ root }) => {
      const run = async (...args: string[]): Promise<string[]> => {
        const result = await runCli(['verify', 'a.torrent', ...args], { cwd: root })
        assert.equal(result.code, 7)
        return lines(result).slice(0, 1)
      }
      assert.deepEqual(await run(), ['missing: all 4 files: nothing of data is in .'])
      assert.deepEqual(await run('-o', 'gone'), ['missing: gone does not exist'])
      assert.deepEqual(await run('out/data'), [
        'missing: all 4 files: nothing of data is in out/data (give the directory that holds data: out)',
      ])
    })
  })

  test('extra files are told of and are no failure', async () => {
    await withData(async ({ verify, path }) => {
      writeFileSync(path('notes'), 'mine')
      mkdirSync(path('more'))
      const result = await verify()
      assert.equal(result.code, 0)
      assert.deepEqual(lines(result), [
        'extra: out/data/more/',
        'extra: out/data/notes',
        'data: 4 files, 192.0 KiB, all good; 2 extra',
      ])
    })
  })

  test('only chosen files count', async () => {
    await withData(async ({ verify, path }) => {
      rmSync(path('train/b.csv'))
      assert.equal((await verify('-s', 'README.txt')).code, 0)
      assert.equal((await verify('--exclude', 'train/b.csv')).code, 0)
      assert.equal((await verify('--max-size', '65536')).code, 0)
      assert.equal((await verify('-s', 'train')).code, 7)
      assert.equal((await verify('-s', 'nothing')).code, 2)
    })
  })

  test('--json is one object with everything in it', async () => {
    await withData(async ({ verify, path, root }) => {
      damage(path('train/b.csv'), 40_000)
      writeFileSync(path('notes'), 'mine')
      const { code, stdout } = await verify('--json')
      const value = JSON.parse(stdout) as Record<string, unknown>
      assert.equal(code, 6)
      assert.deepEqual(
        { ...value, files: undefined },
        {
          v: 1,
          type: 'verify',
          source: 'a.torrent',
          id: HASH,
          name: 'data',
          path: 'out/data',
          absolutePath: join(root, 'out/data'),
          code: 6,
          isGood: false,
          wantedBytes: 196_608,
          pieceBytes: 32_768,
          pieceCounts: { total: 6, good: 5, bad: 1, missing: 0, unreadable: 0 },
          fileCounts: {
            ...{ total: 4, good: 3, bad: 1, 'wrong-size': 0, 'wrong-checksum': 0, 'not-a-file': 0 },
            ...{ unreadable: 0, missing: 0, unfinished: 0, unchecked: 0 },
          },
          checksumCounts: { total: 0, wrong: 0 },
          files: undefined,
          extraCount: 1,
          extra: ['out/data/notes'],
        },
      )
      assert.deepEqual(value['files'], [
        {
          index: 2,
          name: 'data/train/b.csv',
          path: 'out/data/train/b.csv',
          absolutePath: path('train/b.csv'),
          state: 'bad',
          expectedBytes: 98_304,
          sizeBytes: 98_304,
          pieceCounts: { total: 3, good: 2, bad: 1, missing: 0, unreadable: 0 },
          badPieces: [{ first: 4, last: 4 }],
          badBytes: [{ first: 32_768, last: 65_535 }],
        },
      ])
      const all = JSON.parse((await verify('--json', '-v')).stdout) as { files: unknown[] }
      assert.equal(all.files.length, 4)
    })
  })

  test('a bad torrent ends with 3, and with --json that is an object, too', async () => {
    await withData(async ({ root }) => {
      writeFileSync(join(root, 'b.torrent'), 'nonsense')
      const { code, stdout, stderr } = await runCli(['verify', '--json', 'b.torrent'], { cwd: root })
      assert.equal(code, 3)
      assert.match(stderr, /^torrent-dl: b\.torrent: /)
      const { type, errorCode } = JSON.parse(stdout) as Record<string, unknown>
      assert.deepEqual([type, errorCode], ['error', 'BENCODE_SYNTAX'])
    })
  })

  test('the torrent may come from standard input', async () => {
    await withData(async ({ root }) => {
      const { code } = await runCli(['verify', '-', 'out'], { cwd: root, stdin: TORRENT.bytes })
      assert.equal(code, 0)
    })
  })

  test('two directories are a mistake; one that the configuration names gives way', async () => {
    await withData(async ({ root }) => {
      const both = await runCli(['verify', 'a.torrent', 'out', '-o', 'out'], { cwd: root })
      assert.match(both.stderr, /two directories: 'out' and that of --output/)
      assert.equal(both.code, 2)
      const env = { TORRENT_DL_OUTPUT: 'out' }
      assert.equal((await runCli(['verify', 'a.torrent'], { cwd: root, env })).code, 0)
      assert.equal((await runCli(['verify', 'a.torrent', '.'], { cwd: root, env })).code, 7)
    })
  })

  test('a link is not followed, also where it leads to the right bytes', async () => {
    await withData(async ({ verify, path, root }) => {
      renameSync(path('train'), join(root, 'elsewhere'))
      symlinkSync('../../elsewhere', path('train'))
      const result = await verify()
      assert.equal(result.code, 6)
      assert.match(result.stdout, /not a file {4}out\/data\/train\/a\.csv: .*is a symbolic link/)
    })
  })

  test('nothing is written, also where nothing can be', async () => {
    await withData(async ({ verify, path, root }) => {
      renameSync(path('train/a.csv'), path('train/a.csv.part'))
      const directories = ['', 'train'].map(path)
      for (const directory of directories) chmodSync(directory, 0o555)
      const result = await verify()
      for (const directory of directories) chmodSync(directory, 0o755)
      assert.equal(result.code, 7)
      assert.deepEqual(readdirSync(root).sort(), ['a.torrent', 'out'])
      assert.deepEqual(readdirSync(path('train')).sort(), ['a.csv.part', 'b.csv'])
    })
  })

  test('names in the data cannot act on a terminal', async () => {
    await withData(async ({ verify, path }) => {
      writeFileSync(path('a\x1b[2Jb'), '')
      assert.match((await verify()).stdout, /extra {9}out\/data\/a\\x1b\[2Jb\n/)
      assert.ok(!(await verify('--json')).stdout.includes('\x1b'))
    })
  })

  test('progress in plain lines, and a signal ends it at once, with nothing on standard output', async () => {
    await withHole({ totalBytes: 2 ** 40, pieceBytes: 2 ** 29 }, async (root) => {
      const result = await runCli(['verify', '--progress', 'plain', 'a.torrent'], {
        cwd: root,
        onStart: (child) => {
          const press = setInterval(() => child.kill('SIGINT'), 500)
          child.on('close', () => {
            clearInterval(press)
          })
        },
      })
      assert.deepEqual([result.code, result.stdout], [130, ''], result.stderr)
      assert.match(result.stderr, /zeros\.bin: stopped/)
    })
  })

  test('a file that shrinks while it is read cannot be relied on: 10', async () => {
    await withHole({ totalBytes: 2 ** 33, pieceBytes: 2 ** 24 }, async (root) => {
      const result = await runCli(['verify', '--progress', 'plain', 'a.torrent'], {
        cwd: root,
        onStart: (child) => {
          child.stderr?.once('data', () => {
            truncateSync(join(root, 'zeros.bin'), 1)
          })
        },
      })
      assert.equal(result.code, 10, result.stdout)
      assert.match(result.stdout, /^unreadable +cannot read zeros\.bin: no \d+ bytes at \d+$/m)
    })
  })

  test('checksums of files that are hashed in threads', async () => {
    const totalBytes = 80 * 2 ** 20
    await withHole({ totalBytes, pieceBytes: 2 ** 20 }, async (root) => {
      const verify = async (digest: string): Promise<CliResult> => {
        writeFileSync(join(root, 'SUMS'), `${digest}  zeros.bin\n`)
        return runCli(['verify', '--checksum-file', 'SUMS', 'a.torrent'], { cwd: root })
      }
      const right = createHash('sha256').update(Buffer.alloc(totalBytes)).digest('hex')
      const good = await verify(right)
      assert.deepEqual([good.code, good.stdout], [0, 'zeros.bin: 80.0 MiB, good; 1 of 1 checksum right\n'])
      const bad = await verify('0'.repeat(64))
      assert.equal(bad.code, 6)
      assert.ok(
        lines(bad).includes(`bad checksum: zeros.bin: sha256 is ${right}, not ${'0'.repeat(64)} (SUMS)`),
        bad.stdout,
      )
    })
  })
})
