import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { makeTorrent } from '../support/make-torrent.ts'
import { runCli } from '../support/run-cli.ts'
import type { CliResult } from '../support/run-cli.ts'
import { withChokingPeer } from './choking-peer.ts'

const SPEC = { name: 'a.bin', files: [{ path: 'a.bin', length: 300_000 }] }

async function withRoot(use: (root: string) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  try {
    await use(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** Runs the command against a seed that never unchokes. */
async function runChoked(...args: string[]): Promise<CliResult> {
  let result: CliResult | undefined
  await withRoot(async (root) => {
    const { bytes, metainfo } = makeTorrent(SPEC)
    writeFileSync(join(root, 'a.torrent'), bytes)
    result = await withChokingPeer(metainfo.infoHash, async (peer) =>
      runCli(['-p', '0', '--peer', peer, ...args, 'a.torrent'], { cwd: root }),
    )
  })
  assert.ok(result)
  return result
}

/** A tracker that answers every announce but the goodbye. @param onStopped when somebody says goodbye */
async function withRudeTracker(
  onStopped: () => void,
  use: (url: string, onAnnounce: (run: () => void) => void) => Promise<void>,
): Promise<void> {
  let announced: (() => void) | undefined
  const server = createServer((request, response) => {
    if (request.url?.includes('event=stopped') === true) {
      onStopped()
      return
    }
    response.end('d8:intervali1800e5:peers0:e')
    announced?.()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/announce`
    await use(url, (run) => (announced = run))
  } finally {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
}

// They mostly wait for processes: side by side they take half the time.
describe('what ends a wait', { concurrency: 4 }, () => {
  test(
    'a limit ends the wait for a peer that never gives anything: exit 5, and why',
    { concurrency: true },
    async (t) => {
      await Promise.all([
        t.test('--timeout', async () => {
          const { code, stdout, stderr } = await runChoked('--timeout', '1')
          assert.deepEqual([code, stdout], [5, ''])
          assert.match(
            stderr,
            /^torrent-dl: a\.bin: time limit of 1 s reached at 0%, 0\.0\/293\.0 KiB; the same/m,
          )
        }),
        t.test('--stall-timeout', async () => {
          const { code, stdout, stderr } = await runChoked('--stall-timeout', '1')
          assert.deepEqual([code, stdout], [5, ''])
          assert.match(
            stderr,
            /^torrent-dl: a\.bin: nothing came for 1 s \(stall limit\), at 0%.*: 1 peer, choking$/m,
          )
        }),
      ])
    },
  )

  test('the first Ctrl-C says goodbye to the trackers, 2 s at the most; the second ends it at once', async () => {
    await withRoot(async (root) => {
      let goodbyes = 0
      let press: (() => void) | undefined
      const onStopped = (): void => {
        goodbyes++
        // Not sooner: two signals within 50 ms are one press.
        setTimeout(() => press?.(), 100)
      }
      await withRudeTracker(onStopped, async (url, onAnnounce) => {
        writeFileSync(join(root, 'a.torrent'), makeTorrent({ ...SPEC, trackers: [[url]] }).bytes)
        for (const [presses, explanations] of [
          [1, 1],
          [2, 0],
        ] as const) {
          const { code, stdout, stderr } = await runCli(['-p', '0', 'a.torrent'], {
            cwd: root,
            onStart: (child) => {
              press = presses === 2 ? () => child.kill('SIGINT') : undefined
              onAnnounce(() => child.kill('SIGINT'))
            },
          })
          assert.deepEqual([code, stdout], [130, ''])
          assert.match(stderr, /^torrent-dl: a\.bin: stopped at 0%/m)
          assert.equal(
            stderr.split('telling the trackers that we stop (Ctrl-C again ends at once)').length - 1,
            explanations,
          )
          assert.equal(stderr.includes('the same command goes on from there'), presses === 1)
        }
        assert.equal(goodbyes, 2)
      })
    })
  })
})
