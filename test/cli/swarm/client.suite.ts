/**
 * What a client must be able to do with any swarm, as a suite that is told of one in its environment: test/cli/testbed.test.ts
 * and .ci/run have `torrent-dl testbed` run it.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCli } from '../../support/run-cli.ts'
import type { CliResult } from '../../support/run-cli.ts'

function variable(name: string): string {
  const value = process.env[name]
  assert.ok(
    value !== undefined && value !== '',
    `${name} is not set: run this with torrent-dl testbed -- node --test`,
  )
  return value
}

const TORRENT_FILE = variable('TORRENT_FILE')
const DATA_DIR = variable('DATA_DIR')

async function inDirectory(
  use: (run: (...args: string[]) => Promise<CliResult>, root: string) => Promise<void>,
): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  try {
    await use(async (...args) => runCli(args, { cwd: root }), root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** Files below a directory, with their bytes. */
function contentOf(directory: string): [string, Buffer][] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .filter((name) => statSync(join(directory, name)).isFile())
    .map((name) => [name, readFileSync(join(directory, name))])
}

test('the torrent is what the environment says', async () => {
  await inDirectory(async (run) => {
    const { stdout, code } = await run('info', '--json', TORRENT_FILE)
    assert.equal(code, 0)
    const info = JSON.parse(stdout) as { infoHash: string }
    assert.equal(info.infoHash, variable('INFO_HASH'))
    assert.ok(variable('MAGNET').startsWith(`magnet:?xt=urn:btih:${info.infoHash}`))
  })
})

for (const [name, options] of [
  ['the tracker of the torrent', []],
  ['its UDP tracker alone', ['--only-tracker', variable('TRACKER_URL')]],
  ['its HTTP tracker alone', ['--only-tracker', variable('TRACKER_HTTP_URL')]],
  ['a peer that is named', ['--peer', variable('PEER'), '--only-tracker', 'udp://127.0.0.1:9/announce']],
] as const) {
  test(`a download by ${name} gives the original, and the next run finds it there`, async () => {
    await inDirectory(async (run, root) => {
      const args = ['-p', '0', '--stall-timeout', '10s', '-o', 'got', ...options, TORRENT_FILE]
      const first = await run(...args)
      assert.equal(first.code, 0, first.stderr)
      assert.deepEqual(contentOf(join(root, 'got')), contentOf(DATA_DIR))
      const second = await run(...args)
      assert.equal(second.code, 0, second.stderr)
      assert.match(second.stderr, /was there already/)
    })
  })
}

test('cat gives the bytes in order', async () => {
  await inDirectory(async (run) => {
    const { stdout, code, stderr } = await run('cat', '-p', '0', '--no-store', '--tar', TORRENT_FILE)
    assert.equal(code, 0, stderr)
    assert.ok(stdout.length > 0)
  })
})
