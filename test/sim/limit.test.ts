/** Download limits in simulated time: exact, smooth, fair, and no peer suffers for them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SourcePlan } from './source.ts'
import { runLimited } from './limited.ts'

const KIB = 1024
const MIB = 1024 * KIB

function peers(count: number, plan: Partial<SourcePlan> = {}): SourcePlan[] {
  return Array.from({ length: count }, () => ({ bytesPerSecond: 200 * MIB, roundTripMs: 40, ...plan }))
}

function assertNear(actual: number, expected: number, share: number, what: string): void {
  const error = actual / expected - 1
  assert.ok(Math.abs(error) <= share, `${what}: ${Math.round(actual)} B/s, ${(100 * error).toFixed(1)} % off`)
}

const RATES = [
  [100 * KIB, 1],
  [100 * KIB, 20],
  [1 * MIB, 50],
  [5 * MIB, 1],
  [5 * MIB, 20],
  [100 * MIB, 20],
] as const

for (const [rate, count] of RATES) {
  test(`${rate / KIB} KiB/s from ${count} peers: within 5 % over 10 s, and smooth`, async () => {
    const { all } = await runLimited({ limit: rate, torrents: [{ plans: peers(count) }], seconds: 13 })
    assertNear(all.rate(0.5, 10.5), rate, 0.05, 'the first 10 s')
    assertNear(all.rate(3, 13), rate, 0.05, 'later 10 s')
    // A window has whole blocks: one more or less is no burst.
    const windowMs = Math.max(100, (4 * 1000 * 16 * KIB) / rate)
    const grain = (1000 * 16 * KIB) / windowMs
    for (const one of all.rates(windowMs, 2, 12)) {
      assert.ok(Math.abs(one - rate) <= 0.25 * rate + grain, `${one} B/s in ${windowMs} ms`)
    }
  })
}

test('10 KiB/s from 50 peers: it comes block by block, nobody is thought slow or silent', async () => {
  const { each, all } = await runLimited({ limit: 10 * KIB, torrents: [{ plans: peers(50) }], seconds: 200 })
  assertNear(all.rate(20, 200), 10 * KIB, 0.05, 'three minutes')
  const gaps = all.rates(1_700, 10, 200)
  assert.ok(
    gaps.every((rate) => rate > 0 && rate < 3 * 10 * KIB),
    'a block each 1.6 s',
  )
  const { peers: counts, wastedBytes, doneBytes } = each[0]!.snapshot!
  assert.deepEqual([counts.connected, counts.banned, wastedBytes], [50, 0, 0])
  assert.ok(doneBytes >= 1 * MIB, 'pieces get done one after the other, not all at the end')
})

test('1 KiB/s: waiting for the limit is no stall', async () => {
  const { each } = await runLimited({ limit: KIB, torrents: [{ plans: peers(3) }], seconds: 15.9 })
  assert.ok(each[0]!.snapshot!.idleSeconds < 2)
})

test('peers that fall silent keep nothing from the others', async () => {
  const plans = [...peers(10), ...peers(10, { stallsAfterBytes: 64 * KIB })]
  const { all } = await runLimited({ limit: 1 * MIB, torrents: [{ plans }], seconds: 23 })
  assertNear(all.rate(3, 13), MIB, 0.05, 'while they keep silent')
  assertNear(all.rate(13, 23), MIB, 0.05, 'when their requests are taken back')
})

test('slow peers among fast ones, and far ones: the limit is reached all the same', async () => {
  const slow = [...peers(20, { bytesPerSecond: 5 * KIB }), ...peers(2)]
  const { all } = await runLimited({ limit: 1 * MIB, torrents: [{ plans: slow }], seconds: 13 })
  assertNear(all.rate(3, 13), MIB, 0.05, 'slow ones')
  const far = await runLimited({
    limit: 5 * MIB,
    torrents: [{ plans: peers(10, { roundTripMs: 600 }) }],
    seconds: 15,
  })
  assertNear(far.all.rate(5, 15), 5 * MIB, 0.05, 'far ones')
})

test('peers that answer in gusts: never more than the limit on the whole', async () => {
  const plans = peers(10, { gustMs: 500 })
  const { all } = await runLimited({ limit: 1 * MIB, torrents: [{ plans }], seconds: 13 })
  assertNear(all.rate(3, 13), MIB, 0.05, 'gusts')
})

test('peers too slow for the limit give all they have', async () => {
  const plans = peers(10, { bytesPerSecond: 50 * KIB })
  const { all } = await runLimited({ limit: 5 * MIB, torrents: [{ plans }], seconds: 13 })
  assertNear(all.rate(3, 13), 500 * KIB, 0.03, 'all of them')
})

test('torrents share alike, however many peers they have', async () => {
  const torrents = [{ plans: peers(1) }, { plans: peers(5) }, { plans: peers(40) }]
  const { each, all } = await runLimited({ limit: 3 * MIB, torrents, seconds: 13 })
  assertNear(all.rate(3, 13), 3 * MIB, 0.05, 'together')
  for (const [index, one] of each.entries()) assertNear(one.rate(3, 13), MIB, 0.05, `torrent ${index}`)
})

test('also when there is less than a block for each at a time', async () => {
  const torrents = [{ plans: peers(1) }, { plans: peers(5) }, { plans: peers(20) }]
  const { each } = await runLimited({ limit: 48 * KIB, torrents, seconds: 63 })
  for (const [index, one] of each.entries()) assertNear(one.rate(3, 63), 16 * KIB, 0.05, `torrent ${index}`)
})

test('what a torrent cannot use goes to the others, and comes back to it', async () => {
  const slow = { plans: peers(2, { bytesPerSecond: 100 * KIB }) }
  const late = { plans: peers(2), beginsAtMs: 13_000 }
  const { each, all } = await runLimited({
    limit: 2 * MIB,
    torrents: [slow, { plans: peers(5) }, late],
    seconds: 25,
  })
  assertNear(all.rate(3, 13), 2 * MIB, 0.05, 'together')
  assertNear(each[0]!.rate(3, 13), 200 * KIB, 0.05, 'all that the slow ones can')
  assertNear(each[1]!.rate(3, 13), 1848 * KIB, 0.05, 'the rest')
  assertNear(each[1]!.rate(15, 25), 924 * KIB, 0.05, 'half of the rest')
  assertNear(each[2]!.rate(15, 25), 924 * KIB, 0.05, 'the other half')
  assertNear(all.rate(13, 23), 2 * MIB, 0.05, 'no dip when the third begins')
})

test('a finished torrent leaves its share', async () => {
  const torrents = [{ plans: peers(3), bytes: 4 * MIB }, { plans: peers(3) }]
  const { each } = await runLimited({ limit: 2 * MIB, torrents, seconds: 16 })
  assertNear(each[1]!.rate(1, 3), MIB, 0.05, 'half at first')
  assertNear(each[1]!.rate(6, 16), 2 * MIB, 0.05, 'all of it later')
})

test("a torrent's own limit holds within that of the process, and without one", async () => {
  const torrents = [{ plans: peers(5), limit: 200 * KIB }, { plans: peers(5) }]
  const { each } = await runLimited({ limit: 1 * MIB, torrents, seconds: 13 })
  assertNear(each[0]!.rate(3, 13), 200 * KIB, 0.05, 'its own')
  assertNear(each[1]!.rate(3, 13), 824 * KIB, 0.05, 'the rest')
  const alone = await runLimited({
    torrents: [
      { plans: peers(5), limit: 200 * KIB },
      { plans: peers(1, { bytesPerSecond: 4 * MIB }), bytes: 60 * MIB },
    ],
    seconds: 13,
  })
  assertNear(alone.each[0]!.rate(3, 13), 200 * KIB, 0.05, 'its own, nothing else')
  assertNear(alone.each[1]!.rate(3, 13), 4 * MIB, 0.05, 'the other is free')
})

test('a disk that takes nothing is no stall of the peers', async () => {
  const torrents = [{ plans: peers(3), bytes: 100 * MIB, isDiskFull: true }]
  const { each, all } = await runLimited({ torrents, seconds: 60 })
  assert.equal(all.rate(30, 60), 0, 'memory is full')
  assert.ok(each[0]!.snapshot!.idleSeconds < 2)
})

test('peers that send nothing are a stall, also under a limit', async () => {
  const torrents = [{ plans: peers(3, { stallsAfterBytes: 64 * KIB }) }]
  const { each } = await runLimited({ limit: MIB, torrents, seconds: 40 })
  assert.ok(each[0]!.snapshot!.idleSeconds > 35)
})

test('all torrents together have no more connections than allowed, and each has some', async () => {
  const many = Array.from({ length: 4 }, () => ({ plans: peers(30), bytes: 1000 * MIB }))
  const { each } = await runLimited({ limit: MIB, maxConnections: 40, torrents: many, seconds: 20 })
  const counts = each.map(({ snapshot }) => snapshot!.peers.connected + snapshot!.peers.dialing)
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    40,
  )
  assert.ok(Math.min(...counts) >= 1, counts.join(' '))
})
