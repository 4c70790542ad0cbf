/** `--on-complete`, `--on-error`: real scripts around real downloads. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readEvents, resultErrors } from '../support/event-schema.ts'
import type { Event } from '../support/event-schema.ts'
import { makeTorrent } from '../support/make-torrent.ts'
import { runCli, signalWhenListening } from '../support/run-cli.ts'
import type { CliResult } from '../support/run-cli.ts'
import { seedAll, withSeed } from './local-seed.ts'

const SINGLE = { name: 'a.bin', files: [{ path: 'a.bin', length: 300_000 }] }
const BAD = Buffer.from('d4:infodee')

function script(root: string, body: string, name = 'hook.sh'): void {
  writeFileSync(join(root, name), `#!/bin/sh\n${body}\n`)
  chmodSync(join(root, name), 0o755)
}

const hookOf = (stdout: string): Event | undefined => readEvents(stdout).find(({ type }) => type === 'hook')

/** Downloads `a.torrent` with these options before it. */
async function run(root: string, peer: string, ...options: string[]): Promise<CliResult> {
  return await runCli([...options, '-p', '0', '--peer', peer, 'a.torrent'], { cwd: root })
}

describe('hooks', { concurrency: 4 }, () => {
  test('on-complete runs once, after the rename, with the result in environment and standard input', async () => {
    await withSeed(SINGLE, async ({ torrent, root, peer }) => {
      script(
        root,
        'cat >stdin.json\nenv >env.txt\ncp out/a.bin copy\nls out >ls.txt\npwd >pwd\necho ran >>ran',
      )
      const { code, stdout } = await run(root, peer, '-o', 'out', '--on-complete', './hook.sh')
      assert.deepEqual([code, stdout], [0, 'out/a.bin\n'])
      const read = (name: string): string => readFileSync(join(root, name), 'utf8')
      assert.ok(readFileSync(join(root, 'copy')).equals(torrent.data))
      assert.deepEqual([read('ran'), read('ls.txt'), read('pwd')], ['ran\n', 'a.bin\n', `${root}\n`])
      const result = JSON.parse(read('stdin.json')) as Event
      assert.deepEqual(resultErrors(result), [])
      assert.deepEqual([result['outcome'], result['absolutePath']], ['complete', join(root, 'out/a.bin')])
      const env = new Set(read('env.txt').split('\n'))
      for (const line of [
        `TORRENT_DL_PATH=${join(root, 'out/a.bin')}`,
        'TORRENT_DL_EVENT=complete',
        'TORRENT_DL_SIZE_BYTES=300000',
        `TR_TORRENT_DIR=${join(root, 'out')}`,
        'TR_TORRENT_NAME=a.bin',
        `TR_TORRENT_HASH=${torrent.metainfo.infoHash.toString('hex')}`,
      ]) {
        assert.ok(env.has(line), line)
      }
    })
  })

  test('the torrent is let go of: the hook may move it away and download it again', async () => {
    await withSeed(SINGLE, async ({ root, peer }) => {
      script(root, `mv a.bin moved\nexec "$NODE" "$BIN" -q --no-lsd -p 0 --peer ${peer} a.torrent`)
      const env = { NODE: process.execPath, BIN: join(import.meta.dirname, '../../../bin/torrent-dl.js') }
      const args = ['--on-complete', './hook.sh', '-p', '0', '--peer', peer, 'a.torrent']
      const { code, stderr } = await runCli(args, { cwd: root, env })
      assert.equal(code, 0)
      assert.doesNotMatch(stderr, /on-complete/)
      assert.ok(existsSync(join(root, 'a.bin')) && existsSync(join(root, 'moved')))
    })
  })

  test('what a hook prints goes to standard error, harmless; its failure is told and changes no exit code', async () => {
    await withSeed(SINGLE, async ({ root, peer }) => {
      script(root, 'echo to stdout\nprintf "\\033[2Jevil" >&2\nexit 3')
      const { code, stdout, stderr } = await run(root, peer, '--on-complete', './hook.sh')
      assert.deepEqual([code, stdout], [0, 'a.bin\n'])
      assert.match(stderr, /^to stdout$/m)
      assert.match(stderr, /^\\x1b\[2Jevil$/m)
      assert.match(stderr, /^torrent-dl: --on-complete: '\.\/hook\.sh' ended with code 3$/m)
      const json = await run(root, peer, '--json', '--on-complete', './hook.sh')
      const hook = { option: 'on-complete', outcome: 'failed', code: 3, message: 'ended with code 3' }
      const { seconds, ...event } = hookOf(json.stdout) ?? {}
      assert.deepEqual({ ...event, ...hook }, event)
      const [result] = readEvents(json.stdout).at(-1)?.['results'] as Event[]
      assert.deepEqual(result?.['hook'], { ...hook, seconds })
    })
  })

  test('a hook that does not read its input, and one that leaves something running, hold nothing up', async () => {
    await withSeed(SINGLE, async ({ root, peer }) => {
      script(root, 'exec <&-\nsleep 30 &\necho $! >pid')
      const { code, stderr } = await run(root, peer, '--on-complete', './hook.sh')
      assert.equal(code, 0)
      assert.doesNotMatch(stderr, /on-complete/)
      process.kill(Number(readFileSync(join(root, 'pid'), 'utf8')), 'SIGKILL')
    })
  })

  test('--hook-timeout ends a hook with all that it began', async () => {
    await withSeed(SINGLE, async ({ root, peer }) => {
      script(root, 'sleep 60 &\necho $! >pid\nwait')
      const { stdout } = await run(
        root,
        peer,
        '--json',
        '--hook-timeout',
        '0.5s',
        '--on-complete',
        './hook.sh',
      )
      const event = hookOf(stdout)
      assert.deepEqual([event?.['outcome'], event?.['signal']], ['timeout', 'SIGTERM'])
      assert.equal(event?.['message'], 'was ended after 0.5 s (--hook-timeout)')
      assert.ok(!isAlive(Number(readFileSync(join(root, 'pid'), 'utf8'))))
    })
  })

  test('on-error runs for what failed, in a batch with on-complete for the others', async () => {
    const torrents = [1, 2, 3].map((seed) => makeTorrent({ name: `${seed}.bin`, seed }))
    await seedAll(torrents, async ({ root, port }) => {
      for (const [i, { bytes }] of torrents.entries()) writeFileSync(join(root, `${i}.torrent`), bytes)
      writeFileSync(join(root, 'bad.torrent'), BAD)
      script(
        root,
        'echo "$TORRENT_DL_EVENT $TORRENT_DL_SOURCE $TORRENT_DL_EXIT_CODE $TORRENT_DL_ERROR_CODE" >>all',
      )
      const hooks = ['--on-complete', './hook.sh', '--on-error', './hook.sh']
      const sources = ['0.torrent', 'bad.torrent', '1.torrent', '2.torrent', 'missing.torrent']
      const args = [...hooks, '-p', '0', '--peer', `127.0.0.1:${port}`, ...sources]
      const { code } = await runCli(args, { cwd: root })
      assert.equal(code, 8)
      assert.deepEqual(readFileSync(join(root, 'all'), 'utf8').split('\n').toSorted(), [
        '',
        'complete 0.torrent 0 ',
        'complete 1.torrent 0 ',
        'complete 2.torrent 0 ',
        'error bad.torrent 3 TORRENT_PIECE_LENGTH_MISSING',
        'error missing.torrent 3 TORRENT_FILE_UNREADABLE',
      ])
    })
  })

  test('with -j 1 hooks run one after the other', async () => {
    const torrents = [1, 2].map((seed) => makeTorrent({ name: `${seed}.bin`, seed }))
    await seedAll(torrents, async ({ root, port }) => {
      for (const [i, { bytes }] of torrents.entries()) writeFileSync(join(root, `${i}.torrent`), bytes)
      script(root, 'mkdir busy || echo both at once\nsleep 0.3\nrmdir busy')
      const args = ['-j', '1', '--on-complete', './hook.sh', '-p', '0', '--peer', `127.0.0.1:${port}`]
      const { stderr } = await runCli([...args, '0.torrent', '1.torrent'], { cwd: root })
      assert.doesNotMatch(stderr, /both at once|on-complete/)
    })
  })

  test('a hostile name is only data', async () => {
    const name = `-rf '$(touch pwned)' ; touch pwned`
    await withSeed({ name, files: [{ path: name, length: 20_000 }] }, async ({ torrent, root, peer }) => {
      script(root, 'mv -- "$TORRENT_DL_PATH" moved\nprintf %s "$TR_TORRENT_NAME" >name')
      const { code } = await run(root, peer, '--on-complete', './hook.sh')
      assert.equal(code, 0)
      assert.equal(readFileSync(join(root, 'name'), 'utf8'), torrent.metainfo.name)
      assert.ok(readFileSync(join(root, 'moved')).equals(torrent.data))
      assert.ok(!existsSync(join(root, 'pwned')))
    })
  })

  test('a program that is not there is told before anything is downloaded', async () => {
    await withSeed(SINGLE, async ({ root, peer }) => {
      writeFileSync(join(root, 'plain'), '')
      for (const [command, reason] of [
        ['no-such-program x', "there is no program 'no-such-program' in PATH"],
        ['./missing.sh', './missing.sh does not exist'],
        ['./plain', './plain is not executable'],
        ['/', '/ is not a file'],
      ] as const) {
        const { code, stderr } = await run(root, peer, '--on-complete', command)
        assert.deepEqual([code, stderr.split('\n')[0]], [2, `torrent-dl: --on-complete: ${reason}`])
      }
      const shell = await run(root, peer, '--on-error', 'echo $TORRENT_DL_ERROR')
      assert.equal(shell.code, 2)
      assert.match(shell.stderr, /--on-error: .*sh -c/)
      assert.ok(!existsSync(join(root, 'a.bin')))
      script(root, 'x')
      writeFileSync(join(root, 'hook.sh'), '#!/no/such/interpreter\n')
      const odd = await run(root, peer, '--on-complete', './hook.sh')
      assert.equal(odd.code, 0)
      assert.match(odd.stderr, /'\.\/hook\.sh' cannot be started: it, or the interpreter/)
    })
  })

  test('Ctrl-C ends a hook that runs and begins no other: 130', async () => {
    const torrents = [1, 2].map((seed) => makeTorrent({ name: `${seed}.bin`, seed }))
    await seedAll(torrents, async ({ root, port }) => {
      for (const [i, { bytes }] of torrents.entries()) writeFileSync(join(root, `${i}.torrent`), bytes)
      script(root, 'echo $$ >>pids\necho started\nexec sleep 60')
      const args = [
        '--json',
        '-j',
        '1',
        '--on-complete',
        './hook.sh',
        '-p',
        '0',
        '--peer',
        `127.0.0.1:${port}`,
      ]
      const { code, stdout } = await runCli([...args, '0.torrent', '1.torrent'], {
        cwd: root,
        onStart: (child) => {
          let seen = ''
          const onData = (text: string): void => {
            seen += text
            // Both are complete: one hook runs, the other one waits.
            if (seen.split('"type":"complete"').length < 3) return
            // One signal: a second one would end a process that is about to exit by itself.
            child.stdout?.off('data', onData)
            waitForFile(join(root, 'pids'), () => child.kill('SIGINT'))
          }
          child.stdout?.on('data', onData)
        },
      })
      assert.equal(code, 130)
      const events = readEvents(stdout)
      const outcomes = events.filter(({ type }) => type === 'hook').map(({ outcome }) => outcome)
      assert.deepEqual(outcomes.toSorted(), ['not-started', 'stopped'])
      const pids = readFileSync(join(root, 'pids'), 'utf8').split('\n').slice(0, -1)
      assert.deepEqual(
        pids.map((pid) => isAlive(Number(pid))),
        [false],
      )
    })
  })

  test('what a signal stopped has no hook', async () => {
    await withSeed(SINGLE, async ({ root }) => {
      script(root, 'touch ran')
      const args = ['-v', '--on-complete', './hook.sh', '--on-error', './hook.sh', '-p', '0', 'a.torrent']
      const { code } = await runCli(args, {
        cwd: root,
        onStart: (child) => {
          signalWhenListening(child, () => child.kill('SIGINT'))
        },
      })
      assert.equal(code, 130)
      assert.ok(!existsSync(join(root, 'ran')))
    })
  })
})

function waitForFile(path: string, then: () => void): void {
  const timer = setInterval(() => {
    if (!existsSync(path)) return
    clearInterval(timer)
    then()
  }, 20)
  setTimeout(() => {
    clearInterval(timer)
  }, 15_000).unref()
}

/** A process that was killed may still be there as a zombie until its parent looks. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
