import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readEvents } from '../support/event-schema.ts'
import { makeTorrent } from '../support/make-torrent.ts'
import type { MadeTorrent } from '../support/make-torrent.ts'
import { runCli } from '../support/run-cli.ts'
import type { CliResult } from '../support/run-cli.ts'
import { startSeed } from './running-seed.ts'

interface Place {
  /** With `a.torrent`, `b.torrent`..., and their data in `data`. */
  readonly root: string
  readonly torrents: readonly MadeTorrent[]
}

/** @param use gets so many torrents of one file each, `a.bin`, `b.bin`... */
async function withData(count: number, use: (place: Place) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  try {
    const torrents = ['a', 'b', 'c'].slice(0, count).map((name, seed) => {
      const file = `${name}.bin`
      return makeTorrent({ name: file, seed: seed + 1, files: [{ path: file, length: 300_000 }] })
    })
    mkdirSync(join(root, 'data'))
    for (const torrent of torrents) {
      await torrent.writeTo(join(root, 'data'))
      writeFileSync(join(root, torrent.metainfo.name.replace('.bin', '.torrent')), torrent.bytes)
    }
    await use({ root, torrents })
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** A second torrent-dl, that knows nothing of the first. */
async function leech(root: string, peer: string, output: string, ...args: string[]): Promise<CliResult> {
  const env = { XDG_STATE_HOME: join(root, `state-${output}`) }
  return runCli(['-p', '0', '--peer', peer, '-o', output, ...args], { cwd: root, env })
}

const CONCURRENT = { concurrency: 4 }

describe('torrent-dl seed', CONCURRENT, () => {
  test('--seed-ratio ends it with 0 when that much was sent', async () => {
    await withData(1, async ({ root, torrents }) => {
      const seed = await startSeed(['seed', 'a.torrent', 'data', '--seed-ratio', '1'], root)
      const { code } = await leech(root, seed.peer, 'got', 'a.torrent')
      assert.equal(code, 0)
      assert.deepEqual(readFileSync(join(root, 'got', 'a.bin')), torrents[0]!.data)
      const result = await seed.ended
      assert.equal(result.code, 0)
      assert.equal(result.stdout, 'data/a.bin\n')
      assert.match(result.stderr, /a\.bin: seeding 293\.0 KiB, until ratio 1$/m)
      assert.match(result.stderr, /a\.bin: seeded 293\.0 KiB \(ratio 1\.00\) in /)
    })
  })

  test('--until-completed counts distinct peers, of each torrent', async () => {
    await withData(1, async ({ root }) => {
      const seed = await startSeed(['seed', 'a.torrent', 'data', '--until-completed', '2', '--json'], root)
      assert.equal((await leech(root, seed.peer, 'one', 'a.torrent')).code, 0)
      assert.equal((await leech(root, seed.peer, 'two', 'a.torrent')).code, 0)
      const { code, stdout } = await seed.ended
      assert.equal(code, 0)
      const events = readEvents(stdout)
      const seeded = events.find(({ type }) => type === 'seeded')
      assert.equal(seeded?.['completedPeerCount'], 2)
      assert.equal(seeded['ratio'], 2)
      assert.equal(seeded['uploadedBytes'], 600_000)
      const complete = events.findIndex(({ type }) => type === 'complete')
      const seeding = events.findIndex(({ state }) => state === 'seeding')
      assert.ok(complete >= 0 && seeding > complete)
      const { results } = events.at(-1) as unknown as { results: Record<string, unknown>[] }
      assert.equal(results[0]?.['ratio'], 2)
    })
  })

  test('a default of seed-time=0, which is meant for downloads, does not keep it from seeding', async () => {
    await withData(1, async ({ root }) => {
      const { code, stderr } = await runCli(['seed', 'a.torrent', 'data', '--timeout', '1s', '-p', '0'], {
        cwd: root,
        env: { TORRENT_DL_SEED_TIME: '0' },
      })
      assert.equal(code, 5)
      assert.match(stderr, /a\.bin: seeding 293\.0 KiB, until stopped$/m)
    })
  })

  test('--seed-time ends it, also when nobody came', async () => {
    await withData(1, async ({ root }) => {
      const { code, stderr } = await runCli(['seed', 'a.torrent', 'data', '--seed-time', '1s', '-p', '0'], {
        cwd: root,
      })
      assert.equal(code, 0)
      assert.match(stderr, /a\.bin: seeded 0 B \(ratio 0\.00\) in /)
    })
  })

  test('many torrents at once, more than --jobs, each with its goal', async () => {
    await withData(3, async ({ root, torrents }) => {
      const names = ['a.torrent', 'b.torrent', 'c.torrent']
      const seed = await startSeed(
        ['seed', '-j', '1', ...names, '-o', 'data', '--until-completed', '1'],
        root,
      )
      const { code } = await leech(root, seed.peer, 'got', ...names)
      assert.equal(code, 0)
      for (const { metainfo, data } of torrents)
        assert.deepEqual(readFileSync(join(root, 'got', metainfo.name)), data)
      const result = await seed.ended
      assert.equal(result.code, 0)
      assert.match(result.stderr, /3 of 3 done \(all were there already\): 878\.9 KiB sent in /)
    })
  })

  test('what is missing or wrong ends it with 7, and nothing is fetched, made or changed', async () => {
    await withData(2, async ({ root }) => {
      truncateSync(join(root, 'data', 'b.bin'), 250_000)
      const before = readFileSync(join(root, 'data', 'b.bin'))
      const { code, stderr } = await runCli(['seed', 'b.torrent', 'data', '-p', '0'], { cwd: root })
      assert.equal(code, 7)
      const places =
        /b\.bin: missing or wrong pieces: 3 of 10, in data\/b\.bin \(3 of 10\); torrent-dl --seed /
      assert.match(stderr, places)
      assert.deepEqual(readFileSync(join(root, 'data', 'b.bin')), before)
      const gone = await runCli(['seed', 'a.torrent', '-o', 'nowhere', '-p', '0'], { cwd: root })
      assert.equal(gone.code, 7)
      assert.match(gone.stderr, /nowhere\/a\.bin \(not there\)/)
      assert.equal(existsSync(join(root, 'nowhere')), false)
      assert.deepEqual(readdirSync(join(root, 'data')), ['a.bin', 'b.bin'])
    })
  })

  test('a directory and files that nobody may write to are enough', async () => {
    await withData(1, async ({ root }) => {
      const data = join(root, 'data')
      chmodSync(join(data, 'a.bin'), 0o444)
      chmodSync(data, 0o555)
      const before = readdirSync(data)
      try {
        const seed = await startSeed(['seed', 'a.torrent', 'data', '--seed-ratio', '1'], root)
        assert.equal((await leech(root, seed.peer, 'got', 'a.torrent')).code, 0)
        assert.equal((await seed.ended).code, 0)
        assert.deepEqual(readdirSync(data), before)
      } finally {
        chmodSync(data, 0o755)
      }
    })
  })

  test('data of a finished download is trusted by its record: nothing is hashed again', async () => {
    await withData(1, async ({ root }) => {
      const first = ['seed', 'a.torrent', 'data', '--seed-time', '1s', '--json', '-p', '0']
      const hashed = (stdout: string): boolean =>
        readEvents(stdout).some(({ toCheckBytes }) => Number(toCheckBytes) > 0)
      assert.equal(hashed((await runCli(first, { cwd: root })).stdout), true)
      assert.equal(hashed((await runCli(first, { cwd: root })).stdout), false)
      assert.equal(hashed((await runCli([...first, '--verify'], { cwd: root })).stdout), true)
    })
  })

  test('Ctrl-C ends it with 130 and says what was sent', async () => {
    await withData(1, async ({ root }) => {
      const seed = await startSeed(['seed', 'a.torrent', 'data'], root)
      await seed.printed('data/a.bin\n')
      seed.signal('SIGINT')
      const { code, stderr } = await seed.ended
      assert.equal(code, 130)
      assert.match(stderr, /a\.bin: stopped, seeded 0 B \(ratio 0\.00\) in /)
      assert.doesNotMatch(stderr, /goes on from there/)
    })
  })

  test('--timeout ends a seed with 5', async () => {
    await withData(1, async ({ root }) => {
      const args = ['seed', 'a.torrent', 'data', '--timeout', '1s', '-p', '0']
      const { code, stderr } = await runCli(args, { cwd: root })
      assert.equal(code, 5)
      assert.match(stderr, /time limit of 1 s reached while it was seeding, at ratio 0\.00/)
    })
  })

  test('two directories, and a time of nothing, are wrong usage', async () => {
    await withData(1, async ({ root }) => {
      const two = await runCli(['seed', 'a.torrent', '-o', 'data', 'data'], { cwd: root })
      assert.equal(two.code, 2)
      assert.match(two.stderr, /two directories: -o data, and 'data' at the end; leave one out/)
      const none = await runCli(['seed', 'a.torrent', 'data', '--seed-time', '0'], { cwd: root })
      assert.equal(none.code, 2)
      assert.match(none.stderr, /--seed-time/)
    })
  })
})

describe('a download that seeds', CONCURRENT, () => {
  test('--seed-ratio goes on when all is there: path and hook come before, others get it meanwhile', async () => {
    await withData(1, async ({ root }) => {
      const source = await startSeed(['seed', 'a.torrent', 'data'], root)
      const args = ['a.torrent', '-o', 'first', '--peer', source.peer, '--seed-ratio', '1']
      const first = await startSeed([...args, '--on-complete', 'touch hooked'], root)
      await first.printed('first/a.bin\n')
      source.signal('SIGTERM')
      assert.equal((await source.ended).code, 143)
      const { code } = await leech(root, first.peer, 'second', 'a.torrent')
      assert.equal(code, 0)
      const result = await first.ended
      assert.equal(result.code, 0)
      assert.equal(existsSync(join(root, 'hooked')), true)
      assert.match(result.stderr, /a\.bin: 293\.0 KiB in .* -> \.\/first\/a\.bin$/m)
      assert.match(result.stderr, /a\.bin: seeded 293\.0 KiB \(ratio 1\.00\) in /)
    })
  })

  test('one that seeds leaves its place among --jobs to the next', async () => {
    await withData(2, async ({ root }) => {
      const source = await startSeed(['seed', 'a.torrent', 'b.torrent', 'data'], root)
      const args = ['a.torrent', 'b.torrent', '-j', '1', '-o', 'got', '--peer', source.peer, '--seed']
      const both = await startSeed(args, root)
      await both.printed('got/a.bin\n')
      await both.printed('got/b.bin\n')
      both.signal('SIGINT')
      assert.equal((await both.ended).code, 130)
      source.signal('SIGINT')
      await source.ended
    })
  })

  test('a list says for each source whether it seeds, and --seed-time 0 says no', async () => {
    await withData(2, async ({ root }) => {
      writeFileSync(join(root, 'list'), 'a.torrent\n  seed=false\nb.torrent\n  seed-time=1s\n')
      const args = ['-i', 'list', '-o', 'data', '--seed-ratio', '5', '--json', '-p', '0']
      const { code, stdout } = await runCli(args, { cwd: root })
      assert.equal(code, 0)
      const seeded = readEvents(stdout).filter(({ type }) => type === 'seeded')
      assert.deepEqual(
        seeded.map(({ name }) => name),
        ['b.bin'],
      )
      const no = await runCli(['a.torrent', '-o', 'data', '--seed-time', '0', '--seed', '-p', '0'], {
        cwd: root,
      })
      assert.equal(no.code, 0)
      assert.doesNotMatch(no.stderr, /seed/)
    })
  })
})
