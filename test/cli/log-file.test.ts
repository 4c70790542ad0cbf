/** `--log-file`, and `--json` to a reader that goes away. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { makeTorrent } from '../support/make-torrent.ts'
import { runCli, signalWhenListening } from '../support/run-cli.ts'
import { withSeed } from './local-seed.ts'

const SINGLE = { name: 'a.bin', files: [{ path: 'a.bin', length: 300_000 }] }

interface Line {
  readonly level: string
  readonly area: string
  readonly message: string
  readonly fields?: Readonly<Record<string, unknown>>
}

function readLog(path: string): Line[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)
}

describe('the log file', { concurrency: 4 }, () => {
  test('it has the course of the run whatever -q says, run after run, and what hooks print', async () => {
    await withSeed(SINGLE, async ({ root, peer }) => {
      const args = [
        '-q',
        '--log-file',
        'log',
        '--on-complete',
        'echo hello',
        '-p',
        '0',
        '--peer',
        peer,
        'a.torrent',
      ]
      for (const count of [1, 2]) {
        const { code, stderr } = await runCli(args, { cwd: root })
        assert.deepEqual([code, stderr], [0, 'hello\n'])
        const lines = readLog(join(root, 'log'))
        const ends = lines.filter(({ message }) => message === 'the run ends with 0')
        assert.equal(ends.length, count)
        assert.equal(
          lines.filter(({ area, message }) => area === 'hook' && message === 'hello').length,
          count,
        )
      }
      const lines = readLog(join(root, 'log'))
      assert.match(lines[0]?.message ?? '', /^torrent-dl \d.* on Node\.js \d+/)
      assert.ok(lines.some(({ level, area }) => level === 'debug' && area === 'peer'))
      const result = lines.find(({ message }) => message === 'a.bin is complete')
      assert.deepEqual([result?.fields?.['code'], result?.fields?.['path']], [0, 'a.bin'])
    })
  })

  test('an error is in it with its code, also one of the whole run', async () => {
    await withSeed(SINGLE, async ({ root, peer }) => {
      const missing = await runCli(['--log-file', 'log', 'missing.torrent'], { cwd: root })
      assert.equal(missing.code, 3)
      const failed = readLog(join(root, 'log')).find(({ level }) => level === 'error')
      assert.equal(failed?.fields?.['errorCode'], 'TORRENT_FILE_UNREADABLE')
      const [, port = ''] = peer.split(':')
      const taken = await runCli(['--log-file', 'log2', '-p', port, 'a.torrent'], { cwd: root })
      assert.equal(taken.code, 2)
      assert.match(readLog(join(root, 'log2')).at(-1)?.message ?? '', new RegExp(`\\b${port}\\b`))
    })
  })

  test('a run that a signal stopped leaves whole lines in it, without keys of trackers', async () => {
    await withSeed(SINGLE, async ({ root }) => {
      const url = 'http://127.0.0.1:9/0123456789abcdef0123/announce'
      writeFileSync(join(root, 'b.torrent'), makeTorrent({ ...SINGLE, trackers: [[url]] }).bytes)
      const { code } = await runCli(['-vvv', '--log-file', 'log', '-p', '0', 'b.torrent'], {
        cwd: root,
        onStart: (child) => {
          signalWhenListening(child, () => child.kill('SIGTERM'))
        },
      })
      assert.equal(code, 143)
      const text = readFileSync(join(root, 'log'), 'utf8')
      assert.ok(readLog(join(root, 'log')).length > 1)
      assert.ok(!text.includes('0123456789abcdef0123'))
    })
  })

  test('a log that cannot be opened ends it before it begins; one that fails later does not', async () => {
    await withSeed(SINGLE, async ({ root, peer }) => {
      const args = ['-p', '0', '--peer', peer, 'a.torrent']
      for (const [file, reason] of [
        ['missing/log', /--log-file: cannot write missing\/log: its directory does not exist/],
        ['-', /--log-file: '-' is not a file/],
      ] as const) {
        const { code, stderr } = await runCli(['--log-file', file, ...args], { cwd: root })
        assert.equal(code, 2)
        assert.match(stderr, reason)
      }
      assert.ok(!existsSync(join(root, 'a.bin')))
      const full = await runCli(['--log-file', '/dev/full', ...args], { cwd: root })
      assert.deepEqual([full.code, full.stdout], [0, 'a.bin\n'])
      assert.equal(full.stderr.match(/cannot write \/dev\/full: disk full; the log ends here/g)?.length, 1)
    })
  })

  test('--json to a reader that goes away: the download goes on to its end', async () => {
    await withSeed(SINGLE, async ({ torrent, root, peer }) => {
      const { code, stderr } = await runCli(['--json', '-p', '0', '--peer', peer, 'a.torrent'], {
        cwd: root,
        onStart: (child) => child.stdout?.destroy(),
      })
      assert.deepEqual([code, stderr.includes('cannot write to standard output')], [0, false])
      assert.ok(readFileSync(join(root, 'a.bin')).equals(torrent.data))
    })
  })
})
