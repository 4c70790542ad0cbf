import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { makeTorrent } from '../support/make-torrent.ts'
import { runCli } from '../support/run-cli.ts'

async function withRoot(run: (root: string) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  try {
    await run(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

// They mostly wait for processes: side by side they take half the time.
describe('what cannot be downloaded', { concurrency: 4 }, () => {
  test('a bad .torrent: exit 3, one line on standard error, nothing created', async () => {
    await withRoot(async (root) => {
      const { bytes } = makeTorrent()
      writeFileSync(join(root, 'truncated.torrent'), bytes.subarray(0, bytes.length / 2))
      writeFileSync(join(root, 'text.torrent'), '<html>not found</html>\n')
      writeFileSync(join(root, 'huge.torrent'), '')
      truncateSync(join(root, 'huge.torrent'), 5 * 1024 ** 3)
      mkdirSync(join(root, 'directory.torrent'))
      const before = readdirSync(root)
      const names = ['missing', 'truncated', 'text', 'huge', 'directory'].map((name) => `${name}.torrent`)
      const sources = [...names, 'magnet:?xt=urn:btih:abc', '/dev/zero']
      for (const source of sources) {
        for (const args of source === 'text.torrent' ? [[source], ['info', source]] : [[source]]) {
          const { code, stdout, stderr } = await runCli([...args], { cwd: root })
          assert.deepEqual([code, stdout], [3, ''], source)
          assert.match(stderr, /^torrent-dl: [^\n]+\n$/, source)
          assert.ok(stderr.includes(source), stderr)
        }
      }
      assert.deepEqual(readdirSync(root), before)
    })
  })

  test('nobody to ask: exit 4 at once, and why', async () => {
    await withRoot(async (root) => {
      writeFileSync(join(root, 'a.torrent'), makeTorrent({ name: 'a.bin' }).bytes)
      const { code, stdout, stderr } = await runCli(['-p', '0', 'a.torrent'], { cwd: root })
      assert.deepEqual([code, stdout], [4, ''])
      assert.match(stderr, /^torrent-dl: a\.bin: nobody to ask/m)
      assert.equal(stderr.split('names no tracker').length - 1, 1)
    })
  })

  test('a tracker that does not answer: exit 4 at the time limit, and it is named', async () => {
    await withRoot(async (root) => {
      // Nobody listens on the discard port of the loopback address.
      const trackers = [['http://127.0.0.1:9/announce']]
      writeFileSync(join(root, 'a.torrent'), makeTorrent({ name: 'a.bin', trackers }).bytes)
      const { code, stderr } = await runCli(['-p', '0', '--timeout', '0.5', 'a.torrent'], { cwd: root })
      assert.equal(code, 4)
      assert.match(stderr, /time limit of 0.5 s reached and no source was found/)
      assert.match(stderr, /^torrent-dl: {3}http:\/\/127\.0\.0\.1:9\/announce: /m)
    })
  })

  test('an output directory that is a file: exit 10, and which', async () => {
    await withRoot(async (root) => {
      writeFileSync(join(root, 'a.torrent'), makeTorrent({ name: 'a.bin' }).bytes)
      writeFileSync(join(root, 'file'), 'mine')
      const { code, stdout, stderr } = await runCli(['-p', '0', '-o', 'file', 'a.torrent'], { cwd: root })
      assert.deepEqual([code, stdout], [10, ''])
      assert.match(stderr, /^torrent-dl: .*file.*directory/m)
    })
  })
})
