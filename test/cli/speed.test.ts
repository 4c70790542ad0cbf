/** Limits and what is done with the disk, as a user gives them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCli } from '../support/run-cli.ts'
import { withSeed } from './local-seed.ts'

const SPEC = { name: 'a.bin', files: [{ path: 'a.bin', length: 400_000 }] }

test('--download-limit is kept', async () => {
  await withSeed(SPEC, async ({ torrent, root, peer }) => {
    const began = performance.now()
    const { code } = await runCli(['-p', '0', '--download-limit', '200K', '--peer', peer, 'a.torrent'], {
      cwd: root,
    })
    const seconds = (performance.now() - began) / 1000
    assert.equal(code, 0)
    assert.ok(readFileSync(join(root, 'a.bin')).equals(torrent.data))
    // 400,000 bytes take 1.95 s, less 0.2 s that a limit may save up.
    assert.ok(seconds > 1.5, `${seconds} s`)
  })
})

test('--file-allocation full and --fsync: the same file; --verify reads it again', async () => {
  await withSeed(SPEC, async ({ torrent, root, peer }) => {
    const args = ['-p', '0', '--peer', peer, 'a.torrent']
    const careful = ['--file-allocation', 'full', '--fsync', '--disk-wait', '10s']
    const first = await runCli([...careful, ...args], { cwd: root })
    assert.deepEqual([first.code, first.stdout], [0, 'a.bin\n'])
    assert.ok(readFileSync(join(root, 'a.bin')).equals(torrent.data))
    const checked = await runCli(['--verify', ...args], { cwd: root })
    assert.deepEqual([checked.code, checked.stdout], [0, 'a.bin\n'])
  })
})
