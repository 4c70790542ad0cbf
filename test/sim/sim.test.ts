/**
 * Downloads in simulated time against the least they could take. Time and randomness are the simulation's, so the figures
 * are the same on every machine; the table of all swarms is docs/scheduling.md.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Outcome } from './simulate.ts'
import type { StartDownload } from './downloader.ts'
import { SCENARIOS } from './scenarios.ts'
import { boundMs } from './bound.ts'
import { simulate } from './simulate.ts'
import { startLibtorrentLike } from './libtorrent-like.ts'
import { startOurs } from './our-download.ts'

interface Limits {
  /** Of time / bound. */
  readonly time: number
  readonly tailMs: number
  readonly wastedShare: number
}

const EXPECTED: readonly (readonly [name: string, limits: Limits])[] = [
  ['eight seeders at 6 MB/s', { time: 1.03, tailMs: 300, wastedShare: 0.005 }],
  ['100 at 0.25 MB/s, 2 at 12.5 MB/s', { time: 1.05, tailMs: 300, wastedShare: 0.01 }],
  ['the same, 10 more fall silent at 90 %', { time: 1.06, tailMs: 300, wastedShare: 0.02 }],
  ['30 slow peers, 20 to 200 KB/s', { time: 1.06, tailMs: 600, wastedShare: 0.02 }],
  ['200 ms, 60 MB/s, keeps 500 silently, drops more', { time: 1.25, tailMs: 300, wastedShare: 0.005 }],
  ['20 gusty peers at 1 MB/s (twice a second)', { time: 1.04, tailMs: 600, wastedShare: 0.01 }],
  ['30 at 1 MB/s, 8 of them fall silent near the end', { time: 1.05, tailMs: 500, wastedShare: 0.01 }],
  ['20 fast, 2 % of the pieces only at a slow one', { time: 1.04, tailMs: 300, wastedShare: 0.01 }],
]

async function outcomeOf(name: string, start: StartDownload = startOurs): Promise<Outcome> {
  const scenario = SCENARIOS.find((one) => one.name === name)
  assert.ok(scenario !== undefined, name)
  return simulate(scenario, start, 1)
}

for (const [name, limits] of EXPECTED) {
  test(`${name}: near the bound, with a short tail and little waste`, async () => {
    const { timeMs, boundMs: bound, tailMs, wastedShare } = await outcomeOf(name)
    assert.ok(timeMs >= bound * 0.99, 'faster than anybody could be: the simulation is wrong')
    assert.ok(timeMs / bound <= limits.time, `${timeMs / bound} of the bound`)
    assert.ok(tailMs <= limits.tailMs, `the last percent took ${tailMs} ms`)
    assert.ok(wastedShare <= limits.wastedShare, `${wastedShare} came in vain`)
  })
}

test('the same seed gives the same download', async () => {
  const name = '30 slow peers, 20 to 200 KB/s'
  assert.deepEqual(await outcomeOf(name), await outcomeOf(name))
})

test("libtorrent's rules end whole too, in no less time than the bound", async () => {
  const { timeMs, boundMs: bound } = await outcomeOf('30 slow peers, 20 to 200 KB/s', startLibtorrentLike)
  assert.ok(timeMs >= bound * 0.99)
})

test('the bound is the sum of rates, or what one source alone has', () => {
  const swarm = { pieceCount: 10, pieceBytes: 1_000 }
  assert.equal(
    Math.round(boundMs({ ...swarm, plans: [{ bytesPerSecond: 4_000 }, { bytesPerSecond: 6_000 }] })),
    1_000,
  )
  const last = Array.from({ length: 10 }, (_, piece) => piece < 9)
  const plans = [{ bytesPerSecond: 500 }, { bytesPerSecond: 1e6, pieces: last }]
  assert.equal(Math.round(boundMs({ ...swarm, plans })), 2_000)
  const leaving = [{ bytesPerSecond: 10_000, leavesAtMs: 500 }, { bytesPerSecond: 5_000 }]
  assert.equal(Math.round(boundMs({ ...swarm, plans: leaving })), 1_000)
})
