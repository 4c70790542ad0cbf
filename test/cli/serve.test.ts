/** `torrent-dl serve`, and downloads from the address that it prints. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parseAllDocuments } from 'yaml'
import { readTorrentFile } from '../../src/metainfo/torrent-file.ts'
import { runCli, spawnCli } from '../support/run-cli.ts'
import { pseudoRandom } from '../support/make-torrent.ts'
import { blocks } from './docs-shell.ts'

const EVENTS = JSON.parse(
  readFileSync(new URL('../../../docs/serve-events.schema.json', import.meta.url), 'utf8'),
) as { $defs: Record<string, { required: string[]; properties: Record<string, object> }> }
const validate = new Ajv2020({
  strict: true,
  strictRequired: false,
  strictTypes: false,
  formats: { 'date-time': true },
}).compile(EVENTS)

/** Each fits the schema, and has nothing that is not in it. */
function readEvents(stdout: string): Record<string, unknown>[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      const event = JSON.parse(line) as Record<string, unknown>
      assert.ok(validate(event), `${line} ${JSON.stringify(validate.errors)}`)
      const known = Object.keys(EVENTS.$defs[String(event['type'])]?.properties ?? {})
      assert.deepEqual(
        Object.keys(event).filter((key) => !['v', 'type', 'time', 'id', ...known].includes(key)),
        [],
        line,
      )
      return event
    })
}

interface Serving {
  readonly root: string
  readonly url: string
  /** Ends it with a signal, unless it ended by itself. */
  readonly end: (signal?: NodeJS.Signals) => Promise<{ code: number; stdout: string; stderr: string }>
}

/** Serves a little tree as long as `use` runs. */
async function withServe(args: readonly string[], use: (serving: Serving) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  mkdirSync(join(root, 'data/tree/sub'), { recursive: true })
  writeFileSync(join(root, 'data/tree/a.bin'), pseudoRandom(3)(200_000))
  writeFileSync(join(root, 'data/tree/sub/b c'), 'b')
  writeFileSync(join(root, 'data/tree/left.tmp'), 'x')
  const child = spawnCli(['serve', 'data/tree', ...args], { cwd: root, env: { TMPDIR: root } })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text))
  const ended = new Promise<number>((resolve) => {
    child.once('close', (code) => {
      resolve(code ?? -1)
    })
  })
  try {
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout.on('data', () => {
        const found = /http:[^\s"]+\.torrent/.exec(output.stdout)?.[0]
        if (found !== undefined) resolve(found)
      })
      void ended.then(() => {
        reject(new Error(output.stderr))
      })
    })
    await use({
      root,
      url,
      end: async (signal) => {
        if (signal !== undefined) child.kill(signal)
        return { code: await ended, ...output }
      },
    })
  } finally {
    child.kill('SIGKILL')
    await ended
    rmSync(root, { recursive: true, force: true })
  }
}

describe('serve', { concurrency: 2 }, () => {
  test('two downloads by its address end it', async () => {
    await withServe(['--until-completed', '2', '--exclude', '*.tmp'], async ({ root, url, end }) => {
      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/tree\.torrent$/)
      const downloads = ['one', 'two'].map(async (name) =>
        runCli(['-q', '-p', '0', '-o', name, url], { cwd: root }),
      )
      for (const { code, stderr } of await Promise.all(downloads)) assert.equal(code, 0, stderr)
      assert.deepEqual(readdirSync(join(root, 'one/tree')), ['a.bin', 'sub'])
      for (const file of ['a.bin', 'sub/b c'])
        assert.deepEqual(
          readFileSync(join(root, 'two/tree', file)),
          readFileSync(join(root, 'data/tree', file)),
        )
      const { code, stdout, stderr } = await end()
      assert.deepEqual([code, stdout], [0, `${url}\n`])
      assert.match(stderr, /only this machine can reach it/)
      assert.match(stderr, /2 of 2 downloads complete/)
      assert.deepEqual(readdirSync(join(root, 'data')), ['tree'], 'nothing is added')
      assert.deepEqual(
        readdirSync(root).filter((name) => name.startsWith('torrent-dl-serve')),
        [],
      )
    })
  })

  test('info and cat take the address, too, and the index tells the command', async () => {
    await withServe(['--json', '--web-seed'], async ({ root, url, end }) => {
      const info = await runCli(['info', '--json', url], { cwd: root })
      const { infoHash, webSeeds } = JSON.parse(info.stdout) as { infoHash: string; webSeeds?: string[] }
      const cat = await runCli(['cat', '-q', '-p', '0', url, 'sub/b c'], { cwd: root })
      assert.deepEqual([cat.code, cat.stdout], [0, 'b'], cat.stderr)
      const index = await (await fetch(new URL('/', url))).text()
      assert.ok(index.includes(`torrent-dl ${url}`) && index.includes(infoHash))
      const data = await (await fetch(new URL('/data/tree/a.bin', url))).arrayBuffer()
      const digest = (bytes: Buffer): string => createHash('sha1').update(bytes).digest('hex')
      assert.equal(digest(Buffer.from(data)), digest(readFileSync(join(root, 'data/tree/a.bin'))))
      if (webSeeds !== undefined) assert.deepEqual(webSeeds, [new URL('/data/', url).href])
      const { code, stdout } = await end('SIGINT')
      assert.equal(code, 130)
      const events = readEvents(stdout)
      assert.deepEqual(
        events.map(({ type }) => type).filter((type) => type !== 'completed'),
        ['listening', 'exit'],
      )
      const listening = events[0]
      assert.equal(listening!['url'], url)
      assert.equal(listening!['infoHash'], infoHash)
      assert.match(String(listening!['magnet']), new RegExp(`^magnet:\\?xt=urn:btih:${infoHash}`))
      assert.match(String(listening!['tracker']), /^http:\/\/127\.0\.0\.1:\d+\/announce$/)
      assert.deepEqual([events.at(-1)!['code'], events.at(-1)!['signal']], [130, 'SIGINT'])
    })
  })

  test('without --web-seed the data is not given over HTTP', async () => {
    await withServe([], async ({ url, end }) => {
      assert.equal((await fetch(new URL('/data/tree/a.bin', url))).status, 404)
      assert.equal((await end('SIGTERM')).code, 143)
    })
  })

  test('to expire is well, but not when downloads were waited for', async () => {
    await withServe(['--expire', '0.5s'], async ({ end }) => {
      assert.equal((await end()).code, 0)
    })
    await withServe(['--expire', '0.5s', '--until-completed', '3'], async ({ end }) => {
      const { code, stderr } = await end()
      assert.equal(code, 5)
      assert.match(stderr, /0 of 3 downloads were complete after 0\.5 s \(--expire\)/)
    })
  })

  test('who lacked something and leaves with nothing lacking is counted; other torrents have no place here', async () => {
    await withServe(['--json', '--until-completed', '1'], async ({ url, end }) => {
      const bytes = Buffer.from(await (await fetch(url)).arrayBuffer())
      const { infoHash, trackerTiers } = readTorrentFile(bytes)
      const announce = async (hash: Buffer, rest: string): Promise<string> => {
        const escaped = hash.toString('hex').replace(/../g, '%$&')
        const query = `info_hash=${escaped}&peer_id=-AA0001-123456789012&port=9&uploaded=0&downloaded=0&${rest}`
        return (await fetch(`${String(trackerTiers[0]?.[0])}?${query}`)).text()
      }
      assert.match(await announce(Buffer.alloc(20, 7), 'left=5'), /failure reason/)
      assert.match(await announce(infoHash, 'event=started&left=5'), /8:interval/)
      assert.match(await announce(infoHash, 'event=stopped&left=0'), /8:interval/)
      const { code, stdout } = await end()
      const events = readEvents(stdout).map(({ type, count, of }) => ({ type, count, of }))
      assert.deepEqual([code, events[1]], [0, { type: 'completed', count: 1, of: 1 }])
    })
  })

  test('--json: what fails ends with an event, too', async () => {
    const missing = await runCli(['serve', '--json', 'missing'])
    const [exit] = readEvents(missing.stdout)
    assert.deepEqual([missing.code, exit!['code'], exit!['errorCode']], [3, 3, 'INPUT_UNREADABLE'])
    await withServe(['--json'], async ({ root, end }) => {
      rmSync(join(root, 'data/tree/a.bin')) // looked at every few seconds
      const { code, stdout } = await end()
      const last = readEvents(stdout).at(-1)
      assert.deepEqual([code, last!['type'], last!['errorCode']], [10, 'exit', 'FILE_CHANGED'])
    })
  })

  test('--bind listens there, and --host stands in the address', async () => {
    await withServe(['--bind', '127.0.0.2', '--host', 'localhost'], async ({ url }) => {
      const { port, hostname, pathname } = new URL(url)
      assert.equal(hostname, 'localhost')
      assert.equal((await fetch(`http://127.0.0.2:${port}${pathname}`)).status, 200)
      await assert.rejects(fetch(`http://127.0.0.1:${port}${pathname}`))
    })
  })

  test('what cannot be served ends with a reason', async () => {
    for (const [args, code, message] of [
      [['serve', 'missing'], 3, /missing: no such file/],
      [['serve'], 2, /missing required argument 'path'/],
      [['serve', '--bind', 'nonsense', '.'], 2, /--bind: 'nonsense' is not an IP address/],
      [['serve', '--bind', '203.0.113.1', '.'], 2, /not an address of this machine/],
    ] as const) {
      const result = await runCli(args)
      assert.deepEqual([result.code, result.stdout], [code, ''], result.stderr)
      assert.match(result.stderr, message)
    }
  })
})

describe('an address as a source', () => {
  test('what is not there, and whoever does not answer, have codes of their own', async () => {
    await withServe(['--json'], async ({ root, url, end }) => {
      const missing = new URL('/other.torrent', url.replace('//', '//me:secret@')).href
      const first = await runCli(['--json', missing], { cwd: root })
      assert.equal(first.code, 3)
      assert.match(first.stdout, /"errorCode":"TORRENT_URL_STATUS"/)
      assert.match(first.stderr + first.stdout, /there is nothing at this address, HTTP status 404/)
      assert.doesNotMatch(first.stderr + first.stdout, /secret/)
      await end('SIGTERM')
      const second = await runCli(['info', url], { cwd: root })
      assert.equal(second.code, 4)
      assert.match(second.stderr, /connection refused/)
    })
  })
})

test('the examples of docs/fleet.md for Kubernetes and Slurm can be read', () => {
  const [manifest = ''] = blocks('docs/fleet.md', 'yaml')
  const documents = parseAllDocuments(manifest)
  for (const { errors } of documents) assert.deepEqual(errors, [])
  assert.deepEqual(
    documents.map((document) => (document.toJS() as { kind: string }).kind),
    ['Service', 'Deployment', 'Job'],
  )
  const scripts = blocks('docs/fleet.md', 'bash')
  assert.equal(scripts.length, 2)
  assert.match(scripts[1] ?? '', /^#!\/bin\/bash\n#SBATCH --nodes=/)
})
