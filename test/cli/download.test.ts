import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { makeTorrent } from '../support/make-torrent.ts'
import { runCli } from '../support/run-cli.ts'
import { withSeed } from './local-seed.ts'
import type { Schema } from './schema-check.ts'
import { schemaErrors } from './schema-check.ts'
import { withSilentPeer } from './silent-peer.ts'

const SINGLE = { name: 'a.bin', files: [{ path: 'a.bin', length: 300_000 }] }

// They mostly wait for processes: side by side they take half the time.
describe('the command downloads', { concurrency: 4 }, () => {
  test('a download: the file is there, its path on standard output, a summary on standard error, exit 0', async () => {
    await withSeed(SINGLE, async ({ torrent, root, peer }) => {
      const { code, stdout, stderr } = await runCli(['-p', '0', '--peer', peer, '-o', 'out', 'a.torrent'], {
        cwd: root,
      })
      assert.deepEqual([code, stdout], [0, 'out/a.bin\n'])
      assert.match(
        stderr,
        /^torrent-dl: a\.bin: 293\.0 KiB in \d+\.\d s \([\d.]+ [KMG]iB\/s\) -> \.\/out\/a\.bin$/m,
      )
      assert.ok(!stderr.includes('\x1b'))
      assert.deepEqual(readdirSync(join(root, 'out')), ['a.bin'])
      assert.ok(readFileSync(join(root, 'out/a.bin')).equals(torrent.data))
    })
  })

  test('the same command again has nothing to do and ends with 0', async () => {
    await withSeed(SINGLE, async ({ root, peer }) => {
      const args = ['-p', '0', '--peer', peer, 'a.torrent']
      assert.equal((await runCli(args, { cwd: root })).code, 0)
      const again = await runCli(['-p', '0', 'a.torrent'], { cwd: root })
      assert.deepEqual([again.code, again.stdout], [0, 'a.bin\n'])
      assert.match(again.stderr, /a\.bin: 293\.0 KiB, was there already, verified/)
    })
  })

  test('-q leaves the path alone, a .torrent may come from standard input', async () => {
    await withSeed(SINGLE, async ({ torrent, root, peer }) => {
      const result = await runCli(['-q', '-p', '0', '--peer', peer, '-'], { cwd: root, stdin: torrent.bytes })
      assert.deepEqual(result, { code: 0, stdout: 'a.bin\n', stderr: '' })
    })
  })

  test('-v names the port that peers call and each file that became whole', async () => {
    await withSeed(SINGLE, async ({ root, peer }) => {
      const args = ['-v', '-p', '0', '--peer', peer, '-o', 'out', 'a.torrent']
      const { code, stderr } = await runCli(args, { cwd: root })
      assert.equal(code, 0)
      assert.match(stderr, /^ +\d\.\d{3} info {2}session listening on port \d+$/m)
      assert.match(stderr, /^ +\d\.\d{3} info {2}file {4}out\/a\.bin is whole$/m)
    })
  })

  test('--json: every line fits the schema, exit is last', async () => {
    const schemaUrl = new URL('../../../docs/events.schema.json', import.meta.url)
    const schema = JSON.parse(readFileSync(schemaUrl, 'utf8')) as Schema
    const files = [
      { path: 'x.bin', length: 50_000 },
      { path: 'd/y.bin', length: 70_000 },
    ]
    await withSeed({ name: 'dir', files }, async ({ root, peer }) => {
      const { code, stdout } = await runCli(['--json', '-p', '0', '--peer', peer, 'a.torrent'], { cwd: root })
      assert.equal(code, 0)
      const events = stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record<string, unknown>)
      for (const event of events) assert.deepEqual(schemaErrors(schema, event), [])
      assert.equal(events[0]?.['type'], 'start')
      assert.deepEqual(
        events
          .filter(({ type }) => type === 'file')
          .map(({ path }) => path)
          .toSorted(),
        ['dir/d/y.bin', 'dir/x.bin'],
      )
      assert.deepEqual(
        [events.at(-2)?.['type'], events.at(-1)?.['type'], events.at(-1)?.['code']],
        ['complete', 'exit', 0],
      )
    })
  })

  test('of several sources the good ones are there, and the exit code is 8', async () => {
    await withSeed(SINGLE, async ({ root, peer }) => {
      const args = ['-p', '0', '--peer', peer, 'missing.torrent', 'a.torrent']
      const { code, stdout, stderr } = await runCli(args, { cwd: root })
      assert.deepEqual([code, stdout], [8, 'a.bin\n'])
      assert.match(stderr, /^torrent-dl: cannot read missing\.torrent: no such file$/m)
      assert.match(stderr, /^torrent-dl: 1 of 2 done, 1 failed: 293\.0 KiB in \d+\.\d s$/m)
    })
  })

  test('a different file in the way: exit 13, it stays as it is; --force replaces it', async () => {
    await withSeed(SINGLE, async ({ torrent, root, peer }) => {
      writeFileSync(join(root, 'a.bin'), 'mine')
      const args = ['-p', '0', '--peer', peer, 'a.torrent']
      const { code, stdout, stderr } = await runCli(args, { cwd: root })
      assert.deepEqual([code, stdout], [13, ''])
      assert.match(stderr, /^torrent-dl: (?!\/).*a\.bin is in the way/m)
      assert.equal(readFileSync(join(root, 'a.bin'), 'utf8'), 'mine')
      assert.equal((await runCli(['-f', ...args], { cwd: root })).code, 0)
      assert.ok(readFileSync(join(root, 'a.bin')).equals(torrent.data))
    })
  })

  test('SIGINT, SIGTERM and SIGHUP stop cleanly with their codes and say how to go on', async () => {
    await withSeed(SINGLE, async ({ root }) => {
      await withSilentPeer(async (peer, onCall) => {
        for (const [signal, expected] of [
          ['SIGINT', 130],
          ['SIGTERM', 143],
          ['SIGHUP', 129],
        ] as const) {
          const { code, stdout, stderr } = await runCli(['-p', '0', '--peer', peer, 'a.torrent'], {
            cwd: root,
            onStart: (child) => {
              onCall(() => child.kill(signal))
            },
          })
          assert.deepEqual([code, stdout], [expected, ''])
          assert.match(stderr, /stopped at 0%, 0\.0\/293\.0 KiB\n.*the same command goes on from there/)
        }
      })
    })
  })

  test('a port that is taken: exit 2, and which', async () => {
    await withSeed(SINGLE, async ({ root, peer }) => {
      const [, port = ''] = peer.split(':')
      const { code, stderr } = await runCli(['-p', port, '--peer', peer, 'a.torrent'], { cwd: root })
      assert.equal(code, 2)
      assert.ok(stderr.includes(port), stderr)
    })
  })

  test('info shows the torrent to people and to scripts', async () => {
    await withSeed(SINGLE, async ({ torrent, root }) => {
      const hash = torrent.metainfo.infoHash.toString('hex')
      const text = await runCli(['info', 'a.torrent'], { cwd: root })
      assert.equal(text.code, 0)
      assert.match(text.stdout, new RegExp(`Info hash  ${hash}\n`))
      assert.match(text.stdout, /Files {2}0 {2}293\.0 KiB {2}a\.bin\n$/)
      const json = await runCli(['info', '--json', '-'], { cwd: root, stdin: torrent.bytes })
      assert.equal((JSON.parse(json.stdout) as { infoHash: string }).infoHash, hash)
    })
  })

  test('a file named like a command is reached as ./info', async () => {
    await withSeed(SINGLE, async ({ torrent, root, peer }) => {
      writeFileSync(join(root, 'info'), torrent.bytes)
      const { code, stdout } = await runCli(['-p', '0', '--peer', peer, './info'], { cwd: root })
      assert.deepEqual([code, stdout], [0, 'a.bin\n'])
    })
  })

  test('without a usable home it works and says where it keeps its records', async () => {
    await withSeed(SINGLE, async ({ root, peer }) => {
      mkdirSync(join(root, 'tmp'))
      const env = { HOME: '', TMPDIR: join(root, 'tmp') }
      const { code, stderr } = await runCli(['-p', '0', '--peer', peer, 'a.torrent'], { cwd: root, env })
      assert.equal(code, 0)
      assert.match(stderr, /^torrent-dl: HOME is not set: what is needed to resume is kept in /m)
    })
  })

  test('a hostile name never leaves the output directory, and is shown harmless', async () => {
    const name = '\x1b[2J\u202egpj.exe'
    await withSeed({ name, files: [{ path: name, length: 40_000 }] }, async ({ torrent, root, peer }) => {
      const args = ['-p', '0', '--peer', peer, '-o', 'out', 'a.torrent']
      const { code, stdout, stderr } = await runCli(args, { cwd: root })
      assert.equal(code, 0)
      assert.equal(stdout, `out/${torrent.metainfo.name}\n`)
      assert.ok(!/[\u202e]/.test(stderr + stdout) && !(stderr + stdout).includes('\x1b'))
      assert.match(stderr, /'\\x1b\[2J\\u\{202e\}gpj\.exe' is written as '/)
    })
  })

  test('a second run of the same torrent is refused with 12 while the first one is at it', async () => {
    await withSeed(SINGLE, async ({ root }) => {
      await withSilentPeer(async (peer, onCall) => {
        const args = ['-p', '0', '--peer', peer, 'a.torrent']
        let second: Promise<{ code: number }> | undefined
        const first = await runCli(args, {
          cwd: root,
          onStart: (child) => {
            onCall(() => {
              second = runCli(args, { cwd: root }).finally(() => child.kill('SIGINT'))
            })
          },
        })
        assert.equal(first.code, 130)
        assert.equal((await second)?.code, 12)
        assert.ok(!existsSync(join(root, 'a.bin')))
      })
    })
  })

  test('a seed that does not have this torrent is no source: exit 4 at the time limit', async () => {
    await withSeed(SINGLE, async ({ root, peer }) => {
      writeFileSync(join(root, 'b.torrent'), makeTorrent({ ...SINGLE, seed: 2 }).bytes)
      const args = ['-p', '0', '--peer', peer, '--timeout', '0.5s', 'b.torrent']
      const { code, stderr } = await runCli(args, { cwd: root })
      assert.equal(code, 4)
      assert.match(stderr, /time limit of 0.5 s reached and no source was found/)
    })
  })
})
