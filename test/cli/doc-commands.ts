/** The commands that stand in README.md and docs/, run as they stand. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeTorrent } from '../support/make-torrent.ts'
import type { MadeTorrent } from '../support/make-torrent.ts'
import { seedAll } from './local-seed.ts'

/** From dist/test/cli up to the root. */
const BIN = fileURLToPath(new URL('../../../bin/torrent-dl.js', import.meta.url))
const JQ = fileURLToPath(new URL('../support/jq.js', import.meta.url))

/** Names that the commands use. */
const TORRENTS = ['linux', 'a', 'b']

/** The commands in a page, as they stand. */
export function shellBlocks(page: string): string[] {
  return [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = '']) => text)
}

/**
 * Runs commands in a shell in which `npx` runs the command of this clone, and `jq`, which not every machine has, is the one
 * that npm installs. @param realJq take the machine's jq @returns what was printed @throws when they end with a code other than 0
 */
export async function runBlock(block: string, root: string, realJq = false): Promise<string> {
  const shims = join(root, 'shims')
  mkdirSync(shims, { recursive: true })
  writeShim(join(shims, 'npx'), `shift\nexec "${process.execPath}" "${BIN}" "$@"`)
  if (realJq) rmSync(join(shims, 'jq'), { force: true })
  else writeShim(join(shims, 'jq'), `exec "${process.execPath}" "${JQ}" "$@"`)
  const env = { PATH: `${shims}:${process.env['PATH'] ?? ''}`, HOME: root, LANG: 'C.UTF-8' }
  const child = spawn('sh', ['-e', '-c', block], { cwd: root, env, timeout: 20_000, killSignal: 'SIGKILL' })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  child.stdin.end()
  const [code] = (await once(child, 'close')) as [number | null]
  assert.equal(code, 0, `${block}\n${output}`)
  return output
}

function writeShim(path: string, body: string): void {
  writeFileSync(path, `#!/bin/sh\n${body}\n`)
  chmodSync(path, 0o755)
}

/** Each torrent in a directory, `NAME.torrent`, with a tracker that names their seed. */
export async function withSwarm(
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
