/** `torrent-dl tracker` as a process: what it prints, whom it serves, how it ends. */
import assert from 'node:assert/strict'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { systemClock } from '../../src/common/clock.ts'
import { makeTracker } from '../../src/tracker/make-tracker.ts'
import type { AnnounceRequest, AnnounceResponse } from '../../src/tracker/tracker.ts'
import { makeTorrent } from '../support/make-torrent.ts'
import { runCli, spawnCli } from '../support/run-cli.ts'
import { NEVER, REQUEST } from '../unit/tracker/fake-udp.ts'
import { ROOT } from './docs-shell.ts'

interface Running {
  readonly child: ChildProcessWithoutNullStreams
  readonly output: { stdout: string; stderr: string }
  /** Resolves when `isThere` is, rejects when the process ends before. */
  readonly waitFor: (isThere: (output: Running['output']) => boolean) => Promise<void>
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>
}

const HASH = REQUEST.infoHash.toString('hex')
const validate = new Ajv2020({
  strict: true,
  strictRequired: false,
  strictTypes: false,
  formats: { 'date-time': true },
}).compile(JSON.parse(readFileSync(join(ROOT, 'docs/tracker-events.schema.json'), 'utf8')) as object)

let root: string
before(() => {
  root = mkdtempSync(join(tmpdir(), 'torrent-dl-tracker-'))
})
after(() => {
  rmSync(root, { recursive: true, force: true })
})

function start(...args: string[]): Running {
  const child = spawnCli(['tracker', '--port', '0', ...args], { cwd: root })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text))
  const closed = once(child, 'close')
  return {
    child,
    output,
    waitFor: async (isThere) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (isThere(output)) resolve()
        }
        child.stdout.on('data', look)
        child.stderr.on('data', look)
        void closed.then(() => {
          reject(new Error(`ended before: ${output.stdout}${output.stderr}`))
        })
        look()
      }),
    end: async (signal) => {
      child.kill(signal)
      const [code] = (await closed) as [number | null]
      return code
    },
  }
}

/** Starts it and waits for its URLs. */
async function listening(...args: string[]): Promise<Running & { readonly urls: string[] }> {
  const running = start(...args)
  await running.waitFor(({ stdout }) => stdout.includes('\n'))
  return { ...running, urls: running.output.stdout.trimEnd().split('\n') }
}

async function announce(url: string, fields: Partial<AnnounceRequest> = {}): Promise<AnnounceResponse> {
  const tracker = makeTracker(url, { clock: systemClock, userAgent: 'torrent-dl/test' })
  try {
    return await tracker.announce({ ...REQUEST, ...fields }, NEVER)
  } finally {
    tracker.close()
  }
}

function eventsOf(stdout: string): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
      const event = JSON.parse(line) as Record<string, unknown>
      assert.ok(validate(event), `${line} ${JSON.stringify(validate.errors)}`)
      return event
    })
}

describe('torrent-dl tracker', { concurrency: 4 }, () => {
  test('tells its URLs, serves by each of them, and says goodbye', async () => {
    const { urls, end, output } = await listening('--interval', '77s')
    assert.match(urls.join(' '), /^udp:\/\/127\.0\.0\.1:\d+\/announce http:\/\/127\.0\.0\.1:\d+\/announce\b/)
    for (const [index, url] of urls.entries()) {
      const { intervalSeconds, leecherCount } = await announce(url, { port: 1000 + index })
      assert.deepEqual([intervalSeconds, leecherCount], [77, index + 1])
    }
    assert.equal(await end('SIGTERM'), 143)
    assert.match(output.stderr, /tracker on port \d+: only this machine can reach it \(--bind 0\.0\.0\.0/)
    assert.match(
      output.stderr,
      /tracker stopped after .*: 1 torrent, [24] peers \(0 seeds\), [24] announces\n$/,
    )
  })

  test('quiet it prints the URLs alone; on every address it names one that others reach', async () => {
    const { urls, end, output } = await listening('-q', '--bind', '0.0.0.0')
    assert.equal(urls.length, 2)
    assert.ok(urls.every((url) => !url.includes('0.0.0.0')))
    await announce(urls[0]!)
    assert.equal(await end('SIGINT'), 130)
    assert.equal(output.stderr, '')
  })

  test('with --json every line fits the schema, and -v tells of announces', async () => {
    const running = start('--json', '-v')
    await running.waitFor(({ stdout }) => stdout.includes('\n'))
    const urls = eventsOf(running.output.stdout)[0]?.['urls'] as string[]
    for (const url of urls.slice(0, 2)) await announce(url, { event: 'completed', leftBytes: 0 })
    await running.waitFor(({ stdout }) => stdout.split('"type":"announce"').length === 3)
    assert.equal(await running.end('SIGHUP'), 129)
    const events = eventsOf(running.output.stdout)
    assert.deepEqual(
      events.map(({ type, transport }) => [type, transport].join(' ').trim()),
      ['listening', 'announce udp', 'announce http', 'exit'],
    )
    const { id, host, port, event, isSeed } = events[1] ?? {}
    assert.deepEqual([id, host, port, event, isSeed], [HASH, '127.0.0.1', REQUEST.port, 'completed', true])
    const { code, signal, announceCount, peerCount, seedCount } = events.at(-1) ?? {}
    assert.deepEqual([code, signal, announceCount, peerCount, seedCount], [129, 'SIGHUP', 2, 1, 1])
    assert.equal(running.output.stderr, '')
  })

  test('-v shows announces on standard error', async () => {
    const { urls, end, waitFor } = await listening('-v')
    await announce(urls[0]!, { leftBytes: 0 })
    await waitFor(({ stderr }) => stderr.includes(`${HASH} 127.0.0.1:${REQUEST.port} udp started, seed\n`))
    await end('SIGTERM')
  })

  test('serves only the torrents it is told to, and takes a new list while it runs', async () => {
    const { bytes, metainfo } = makeTorrent({ name: 'a.bin' })
    writeFileSync(join(root, 'a.torrent'), bytes)
    writeFileSync(join(root, 'list.txt'), `# none yet\n`)
    const { urls, end, waitFor } = await listening('--allow', 'a.torrent', '--allow-file', 'list.txt')
    await announce(urls[0]!, { infoHash: metainfo.infoHash })
    await assert.rejects(announce(urls[0]!), /torrent not served here/)
    await assert.rejects(announce(urls[1]!), /torrent not served here/)
    writeFileSync(join(root, 'new.txt'), `${HASH.toUpperCase()}\na.torrent\n`)
    renameSync(join(root, 'new.txt'), join(root, 'list.txt'))
    await waitFor(({ stderr }) => stderr.includes('the list of torrents has changed: 2 torrents'))
    await announce(urls[0]!)
    writeFileSync(join(root, 'list.txt'), 'not a hash\n')
    await waitFor(({ stderr }) =>
      /list\.txt, line 1: not a hash: .*; the list is used as it was/.test(stderr),
    )
    await announce(urls[1]!)
    await end('SIGTERM')
  })

  test('goes on when nobody reads its output any more', async () => {
    const { urls, child, end } = await listening('--json', '-v')
    const [url = ''] = (JSON.parse(urls[0]!) as { urls: string[] }).urls
    child.stdout.destroy()
    for (let i = 1; i < 20; i++) await announce(url, { port: i })
    assert.equal((await announce(url)).leecherCount, 20)
    assert.equal(await end('SIGTERM'), 143)
  })

  test('says what is wrong, and with which code it ends', async () => {
    const { urls, end } = await listening('--bind', '127.0.0.1')
    const port = new URL(urls[0]!).port
    const run = async (...args: string[]): Promise<[number, string]> => {
      const { code, stderr, stdout } = await runCli(['tracker', ...args], { cwd: root })
      assert.equal(stdout, '')
      return [code, stderr]
    }
    for (const [args, expectedCode, says] of [
      [
        ['--bind', '127.0.0.1', '--port', port],
        2,
        /cannot listen on 127\.0\.0\.1:\d+ for the tracker: in use by another/,
      ],
      [
        ['--bind', '192.0.2.77', '--port', '0'],
        2,
        /192\.0\.2\.77:0 for the tracker: not an address of this machine/,
      ],
      [['--bind', 'localhost'], 2, /--bind: 'localhost' is not an IP address/],
      [['--interval', '5s'], 2, /--interval: '5s' is not a duration from 10s to 1d/],
      [['--max-peers', '0'], 2, /--max-peers: '0' is not a whole number from 1/],
      [
        ['--allow', 'gone.torrent'],
        3,
        /gone\.torrent: no info-hash of 40 hex digits, and no \.torrent: .*no such file/,
      ],
      [['--allow-file', 'gone.txt'], 3, /gone\.txt: cannot be read \(ENOENT\)/],
    ] as const) {
      const [code, stderr] = await run(...args)
      assert.equal(code, expectedCode, stderr)
      assert.match(stderr, says)
    }
    await end('SIGTERM')
  })
})
