/** Local service discovery as a user has it, on this machine's own interface (lo) alone. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCli } from '../support/run-cli.ts'
import { ROOT } from './docs-shell.ts'
import { withSeed } from './local-seed.ts'
import type { TorrentSpec } from '../support/make-torrent.ts'

/** It is on unless somebody turns it off, as all other tests do. */
const LSD = { TORRENT_DL_LSD: 'true' }
const ON_LO = ['--interface', '127.0.0.1', '-p', '0']

/** Nobody else has it: other runs of these tests speak to the same group. */
function only(name: string): TorrentSpec {
  const unique = `${name}-${process.pid}`
  return { name: unique, files: [{ path: unique, length: 200_000 }] }
}

test('a torrent without trackers comes from a seed on the local network', async () => {
  const spec = only('nearby')
  await withSeed(
    spec,
    async ({ root, torrent }) => {
      const { code, stdout, stderr } = await runCli([...ON_LO, '-v', 'a.torrent'], { cwd: root, env: LSD })
      assert.equal(code, 0, stderr)
      assert.equal(stdout, `${spec.name}\n`)
      assert.ok(readFileSync(join(root, spec.name!)).equals(torrent.data))
      assert.match(stderr, /127\.0\.0\.1:\d+ (is on the local network|connected)/)
    },
    { usesLsd: true },
  )
})

test('--no-lsd: the seed nearby is not found, and nothing is waited for', async () => {
  await withSeed(
    only('left-alone'),
    async ({ root }) => {
      const options = { cwd: root, env: LSD }
      const { code, stderr } = await runCli([...ON_LO, '--no-lsd', 'a.torrent'], options)
      assert.equal(code, 4)
      assert.doesNotMatch(stderr, /local network/)
    },
    { usesLsd: true },
  )
})

test('a testbed leaves the local network alone, and so does what it runs', () => {
  const bin = join(ROOT, 'bin/torrent-dl.js')
  const command = ['testbed', '--size', '1K', '--', 'sh', '-c', 'echo "LSD=$TORRENT_DL_LSD"']
  const run = (env: NodeJS.ProcessEnv): string =>
    spawnSync(process.execPath, [bin, ...command], {
      env: { PATH: process.env['PATH'], ...env },
      encoding: 'utf8',
      timeout: 20_000,
    }).stdout
  assert.equal(run({}), 'LSD=false\n')
  assert.equal(run(LSD), 'LSD=true\n')
})

test('nobody nearby has it: exit 4 by itself', async () => {
  await withSeed(only('nobody'), async ({ root }) => {
    const { code, stderr } = await runCli([...ON_LO, 'a.torrent'], { cwd: root, env: LSD })
    assert.equal(code, 4)
    assert.match(stderr, /names no tracker and no --peer is left, and nobody on the local network has it/)
  })
})
