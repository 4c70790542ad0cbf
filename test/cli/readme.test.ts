/** What README.md says holds: its commands run, and its tables are those of the program. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { EXIT_CODE_TABLE } from '../../src/cli/exit-codes.ts'
import { makeTorrent } from '../support/make-torrent.ts'
import type { MadeTorrent } from '../support/make-torrent.ts'
import { runCli } from '../support/run-cli.ts'
import { seedAll } from './local-seed.ts'

/** From dist/test/cli up to the root. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const BIN = join(ROOT, 'bin/torrent-dl.js')
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')

/** Names that the commands use. */
const TORRENTS = ['linux', 'a', 'b']

test('every option of --help is in the table of README.md, and no other', async () => {
  const { stdout } = await runCli(['--help'])
  const inHelp = [...stdout.matchAll(/^ {2}(?:-\w, | {4})(--[\w-]+)/gm)].map(([, name = '']) => name)
  const rows = README.split('\n').filter((line) => line.startsWith('| `-'))
  const inTable = rows.flatMap((row) => row.split(' | ', 1)[0]?.match(/--[\w-]+/g) ?? [])
  assert.ok(inHelp.length > 10)
  // Accepted for habit; they stand in the help of --output and --tracker.
  const habits = ['--dir', '--announce']
  assert.deepEqual(inTable.filter((name) => !habits.includes(name)).toSorted(), inHelp.toSorted())
})

test('the exit codes of README.md are those of --help', () => {
  const rows = [...README.matchAll(/^\| ([\d, ]+) \| /gm)].map(([, codes]) => codes)
  assert.deepEqual(
    rows,
    EXIT_CODE_TABLE.map(([codes]) => codes),
  )
})

test('files that README.md points to are there', () => {
  const targets = [...README.matchAll(/\]\(([^)#]+)\)/g)].map(([, target = '']) => target)
  assert.ok(targets.length > 3)
  for (const target of targets) assert.ok(existsSync(join(ROOT, target)), target)
})

test('every command of README.md ends well', async () => {
  const blocks = [...README.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = '']) => text)
  const ours = blocks.filter((text) => !text.includes('npm ci'))
  assert.ok(ours.length >= 4)
  await withSwarm(async (root, torrents) => {
    for (const block of ours) await runBlock(block, root)
    for (const [index, name] of ['linux.bin', 'iso/a.bin', 'data/b.bin'].entries()) {
      assert.ok(readFileSync(join(root, name)).equals(torrents[index]!.data), name)
    }
    assert.equal(readFileSync(join(root, 'paths.txt'), 'utf8'), 'fixtures/a.bin\n')
  })
})

/** A shell in which `npx` runs the command of this clone, and `jq`, which not every machine has, passes text through. */
async function runBlock(block: string, root: string): Promise<void> {
  const shims = join(root, 'shims')
  mkdirSync(shims, { recursive: true })
  for (const [name, body] of [
    ['npx', `shift\nexec "${process.execPath}" "${BIN}" "$@"`],
    ['jq', 'exec cat'],
  ] as const) {
    writeFileSync(join(shims, name), `#!/bin/sh\n${body}\n`)
    chmodSync(join(shims, name), 0o755)
  }
  const env = { PATH: `${shims}:${process.env['PATH'] ?? ''}`, HOME: root, LANG: 'C.UTF-8' }
  const child = spawn('sh', ['-e', '-c', block], { cwd: root, env, timeout: 20_000, killSignal: 'SIGKILL' })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  child.stdin.end()
  const [code] = (await once(child, 'close')) as [number | null]
  assert.equal(code, 0, `${block}\n${output}`)
  assert.doesNotMatch(output, /torrent-dl ended with|try again later/)
}

/** Each torrent in a directory, `NAME.torrent`, with a tracker that names their seed. */
async function withSwarm(
  use: (root: string, torrents: readonly MadeTorrent[]) => Promise<void>,
): Promise<void> {
  let seedPort = 0
  const tracker = createServer((_request, response) => {
    const peers = Buffer.from([127, 0, 0, 1, seedPort >> 8, seedPort & 0xff])
    response.end(Buffer.concat([Buffer.from('d8:intervali1800e5:peers6:'), peers, Buffer.from('e')]))
  })
  tracker.listen(0, '127.0.0.1')
  await once(tracker, 'listening')
  const url = `http://127.0.0.1:${(tracker.address() as AddressInfo).port}/announce`
  const torrents = TORRENTS.map((name, index) =>
    makeTorrent({ name: `${name}.bin`, seed: index + 1, trackers: [[url]] }),
  )
  try {
    await seedAll(torrents, async ({ root, port }) => {
      seedPort = port
      for (const [index, name] of TORRENTS.entries()) {
        writeFileSync(join(root, `${name}.torrent`), torrents[index]!.bytes)
      }
      await use(root, torrents)
    })
  } finally {
    tracker.closeAllConnections()
    tracker.close()
    await once(tracker, 'close')
  }
}
