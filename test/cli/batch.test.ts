/** Lists of sources: `-i`, `--failed-to`, and many torrents in one run. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createWriteStream, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import type { WriteStream } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readEvents } from '../support/event-schema.ts'
import { makeTorrent } from '../support/make-torrent.ts'
import type { MadeTorrent } from '../support/make-torrent.ts'
import { runCli } from '../support/run-cli.ts'
import { seedAll } from './local-seed.ts'

interface Place {
  readonly root: string
  /** The usual options. */
  readonly args: readonly string[]
  readonly torrents: readonly MadeTorrent[]
}

/** Seeds `count` torrents: 0.torrent, 1.torrent... each of a file 0.bin, 1.bin... */
async function withTorrents(count: number, use: (place: Place) => Promise<void>): Promise<void> {
  const torrents = Array.from({ length: count }, (_, index) => {
    const name = `${index}.bin`
    return makeTorrent({ name, files: [{ path: name, length: 40_000 }], seed: index + 1 })
  })
  await seedAll(torrents, async ({ root, port }) => {
    for (const [index, { bytes }] of torrents.entries()) writeFileSync(join(root, `${index}.torrent`), bytes)
    await use({ root, torrents, args: ['-p', '0', '--peer', `127.0.0.1:${port}`] })
  })
}

function isThere({ root, torrents }: Place, path: string, index: number): boolean {
  const file = join(root, path)
  return existsSync(file) && readFileSync(file).equals(torrents[index]!.data)
}

/** Resolves when the process has printed this line on standard output. */
async function printed(child: ChildProcess, line: string): Promise<void> {
  let text = ''
  await new Promise<void>((resolve) => {
    child.stdout?.on('data', (chunk: string) => {
      text += chunk
      if (text.split('\n').includes(line)) resolve()
    })
  })
}

// They mostly wait for processes: side by side they take half the time.
describe('a batch', { concurrency: 4 }, () => {
  test('a list with options for each source, CRLF and a byte order mark; arguments come first', async () => {
    await withTorrents(3, async (place) => {
      const { root, args } = place
      const list = '\ufeff# all\r\n1.torrent\r\n\toutput=数据 one\r\n\r\n2.torrent\r\n  no-part=true\r\n'
      writeFileSync(join(root, 'list'), list)
      const { code, stdout } = await runCli([...args, '-j', '1', '-o', 'out', '0.torrent', '-i', 'list'], {
        cwd: root,
      })
      assert.deepEqual([code, stdout], [0, 'out/0.bin\n数据 one/1.bin\nout/2.bin\n'])
      for (const [index, path] of ['out/0.bin', '数据 one/1.bin', 'out/2.bin'].entries())
        assert.ok(isThere(place, path, index), path)
    })
  })

  test('a FIFO that stays open: the first source is done before the next is written', async () => {
    await withTorrents(2, async ({ root, args }) => {
      execFileSync('mkfifo', [join(root, 'fifo')])
      const result = await runCli([...args, '-i', 'fifo'], {
        cwd: root,
        onStart: (child) => {
          const fifo = createWriteStream(join(root, 'fifo'))
          fifo.write('0.torrent\n')
          void printed(child, '0.bin').then(() => fifo.end('1.torrent\n'))
        },
      })
      assert.deepEqual([result.code, result.stdout], [0, '0.bin\n1.bin\n'])
      assert.match(result.stderr, /^torrent-dl: 2 of 2 done: 78\.1 KiB in /m)
    })
  })

  test('ended while a list is still open: not 0, for nobody knows what it would have asked for', async () => {
    for (const [limit, code] of [
      [[], 130],
      [['--timeout', '2'], 5],
    ] as const) {
      for (const failedTo of [[], ['--failed-to', 'failed']]) {
        await withTorrents(1, async ({ root, args }) => {
          execFileSync('mkfifo', [join(root, 'fifo')])
          let fifo: WriteStream | undefined
          const result = await runCli([...args, ...limit, '-i', 'fifo', ...failedTo], {
            cwd: root,
            onStart: (child) => {
              fifo = createWriteStream(join(root, 'fifo'))
              fifo.write('0.torrent\n')
              if (code === 130) void printed(child, '0.bin').then(() => child.kill('SIGINT'))
            },
          })
          fifo?.destroy()
          assert.deepEqual([result.code, result.stdout], [code, '0.bin\n'])
          if (failedTo.length === 0) {
            assert.match(result.stderr, /the list was not read to its end/)
            return
          }
          assert.match(result.stderr, /fifo was not read to its end: what was left of it is not in failed$/m)
          assert.match(result.stderr, /what was read of the lists is done: failed is empty$/m)
        })
      }
    }
  })

  test('some fail: exit 8, the codes of each in the table and in the exit event', async () => {
    await withTorrents(1, async ({ root, args }) => {
      const list = '0.torrent\nmissing.torrent\n0.torrent\n  output=\n'
      const { code, stdout, stderr } = await runCli([...args, '--json', '-i', '-'], {
        cwd: root,
        stdin: list,
      })
      assert.equal(code, 8)
      const rows = stderr.split('\n').filter((line) => line.startsWith('torrent-dl:   exit'))
      assert.match(rows[0]!, /exit 0 {2}done {4}39\.1 KiB {2}\d\.\d s {2}0\.torrent$/)
      assert.match(rows[1]!, /exit 3 {2}failed .* cannot read missing\.torrent: no such file$/)
      assert.match(
        rows[2]!,
        /exit 3 {2}failed .* 0\.torrent: standard input:4: --output: '' is not a directory/,
      )
      const exit = readEvents(stdout).at(-1) as {
        results: { source: string; code: number }[]
        counts: object
        usefulBytes: number
      }
      assert.deepEqual(
        exit.results.map((result) => [result.source, result.code]),
        [
          ['0.torrent', 0],
          ['missing.torrent', 3],
          ['0.torrent', 3],
        ],
      )
      const counts = {
        total: 3,
        complete: 1,
        alreadyThere: 0,
        failed: 2,
        stopped: 0,
        untouched: 0,
        duplicates: 0,
      }
      assert.deepEqual([exit.counts, exit.usefulBytes], [counts, 40_000])
    })
  })

  test('one source from a list ends with its own code, none with 0, no list with 3', async () => {
    await withTorrents(1, async ({ root, args }) => {
      for (const [list, expected] of [
        ['0.torrent\n', 0],
        ['missing.torrent\n', 3],
        ['0.torrent\n  force=perhaps\n', 3],
        ['0.torrent\n  nonsense=1\n', 3],
        ['# nothing\n', 0],
        ['d8:announce3:abc\0e', 3],
      ] as const) {
        const { code, stderr } = await runCli([...args, '-i', '-'], { cwd: root, stdin: list })
        assert.equal(code, expected, `${list}${stderr}`)
      }
      for (const name of ['missing', '.']) {
        const { code, stdout, stderr } = await runCli([...args, '-i', name, '0.torrent'], { cwd: root })
        assert.deepEqual([code, stdout], [3, ''])
        assert.match(
          stderr,
          /^torrent-dl: cannot read the list (missing: no such file|\.: it is a directory)$/m,
        )
      }
    })
  })

  test('standard input is one source or one list; a run needs a source or a list', async () => {
    for (const args of [['-i', '-', '-'], ['-i', '-', '-i', '-'], ['-'.repeat(2)], ['-i', '']]) {
      const { code, stdout } = await runCli(args)
      assert.deepEqual([code, stdout], [2, ''], args.join(' '))
    }
  })

  test('what failed goes to a list that runs it again, with its options; the list may be the one it came from', async () => {
    await withTorrents(3, async (place) => {
      const { root, args, torrents } = place
      const list = '0.torrent\n  output=a\nlate.torrent\n  output=b\n  force=true\n2.torrent\n'
      writeFileSync(join(root, 'list'), list)
      const run = [...args, '-i', 'list', '--failed-to', 'list']
      const first = await runCli(run, { cwd: root })
      assert.equal(first.code, 8)
      assert.match(first.stderr, /^torrent-dl: 1 source not done, written to list: -i list tries again$/m)
      assert.equal(readFileSync(join(root, 'list'), 'utf8'), 'late.torrent\n  output=b\n  force=true\n')
      writeFileSync(join(root, 'late.torrent'), torrents[1]!.bytes)
      const second = await runCli(run, { cwd: root })
      assert.deepEqual([second.code, second.stdout], [0, 'b/1.bin\n'])
      assert.equal(readFileSync(join(root, 'list'), 'utf8'), '')
      assert.ok(isThere(place, 'b/1.bin', 1))
      const third = await runCli(run, { cwd: root })
      assert.deepEqual([third.code, third.stdout], [0, ''])
    })
  })

  test('Ctrl-C: what runs and what waits is in the list of what failed', async () => {
    await withTorrents(2, async ({ root, args }) => {
      const idle = makeTorrent({ name: 'idle', seed: 99 })
      writeFileSync(join(root, 'idle.torrent'), idle.bytes)
      writeFileSync(join(root, 'list'), '0.torrent\nidle.torrent\n  output=x\n1.torrent\n  output=y\n')
      const { code, stderr } = await runCli([...args, '-j', '1', '-i', 'list', '--failed-to', 'failed'], {
        cwd: root,
        onStart: (child) => {
          void printed(child, '0.bin').then(() => child.kill('SIGINT'))
        },
      })
      assert.equal(code, 130)
      assert.equal(
        readFileSync(join(root, 'failed'), 'utf8'),
        'idle.torrent\n  output=x\n1.torrent\n  output=y\n',
      )
      assert.match(stderr, /1 of 3 done, 2 stopped, [12] of them not begun: .*; the same command goes on/)
    })
  })

  test('a failed-to that cannot be written ends it before anything begins', async () => {
    await withTorrents(1, async ({ root, args }) => {
      for (const path of ['missing/failed', '.', '/dev/null']) {
        const { code, stdout } = await runCli([...args, '0.torrent', '--failed-to', path], { cwd: root })
        assert.deepEqual([code, stdout], [10, ''], path)
      }
    })
  })

  test('a torrent that is given twice is downloaded once, and that is no failure', async () => {
    await withTorrents(2, async ({ root, args, torrents }) => {
      writeFileSync(join(root, 'same.torrent'), torrents[0]!.bytes)
      const sources = ['0.torrent', 'same.torrent', '1.torrent', '0.torrent']
      const { code, stdout, stderr } = await runCli([...args, ...sources], { cwd: root })
      assert.deepEqual([code, stdout.split('\n').toSorted()], [0, ['', '0.bin', '1.bin']])
      assert.match(stderr, /^torrent-dl: same\.torrent is the same torrent as 0\.torrent \(0\.bin\): it is/m)
      assert.match(stderr, /^torrent-dl: 0\.torrent is given again: it is downloaded once$/m)
      assert.match(stderr, /2 of 4 done, 2 given again: /)
    })
  })

  test('the same torrent for two directories is in both', async () => {
    await withTorrents(1, async (place) => {
      const list = '0.torrent\n  output=a\n0.torrent\n  output=b\n'
      const { code, stdout } = await runCli([...place.args, '-i', '-'], { cwd: place.root, stdin: list })
      assert.deepEqual([code, stdout], [0, 'a/0.bin\nb/0.bin\n'])
      assert.ok(isThere(place, 'a/0.bin', 0) && isThere(place, 'b/0.bin', 0))
    })
  })

  test('two torrents for one path: one is refused, and why is said', async () => {
    await withTorrents(1, async ({ root, args }) => {
      // Nobody has the first one, so it holds the path as long as the run lasts.
      const idle = makeTorrent({ name: '0.bin', files: [{ path: '0.bin', length: 9 }], seed: 99 })
      writeFileSync(join(root, 'idle.torrent'), idle.bytes)
      const { code, stderr } = await runCli([...args, '--timeout', '2', 'idle.torrent', '0.torrent'], {
        cwd: root,
      })
      assert.equal(code, 8)
      assert.match(
        stderr,
        /another torrent of this run is being written to .*0\.bin: give one of them another directory$/m,
      )
      assert.match(stderr, /exit 12 {2}failed/)
    })
  })

  test('100 torrents in one run: all are there, only counted at the end', async () => {
    await withTorrents(100, async (place) => {
      const { root, args, torrents } = place
      const list = torrents.map((_, index) => `${index}.torrent\n  output=out/${index % 7}\n`).join('')
      const { code, stdout, stderr } = await runCli([...args, '-i', '-'], { cwd: root, stdin: list })
      assert.equal(code, 0)
      assert.equal(stdout.trimEnd().split('\n').length, 100)
      for (const index of torrents.keys())
        assert.ok(isThere(place, `out/${index % 7}/${index}.bin`, index), String(index))
      assert.equal(readdirSync(join(root, 'out')).length, 7)
      assert.doesNotMatch(stderr, /^torrent-dl: +exit/m)
      assert.match(stderr, /^torrent-dl: 100 of 100 done: 3\.8 MiB in /m)
    })
  })
})
