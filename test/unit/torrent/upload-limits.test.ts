/** What a limit lets through, to whom and when. Peers here are queues that take what they are offered. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Peer } from '../../../src/torrent/peer.ts'
import type { TorrentContext } from '../../../src/torrent/torrent-context.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { UploadLimits, type TorrentUploadLimit } from '../../../src/torrent/upload-limits.ts'

const BLOCK = 16_384
const MB = 1_000_000

/** Asks for ever, in whole blocks, and takes at most so much a turn. */
class HungryPeer {
  readonly #blocksPerTurn: number
  sentBytes = 0
  readonly uploads = {
    size: 1,
    serveUpTo: (offer: number): number => {
      const bytes = Math.min(Math.floor(offer / BLOCK), this.#blocksPerTurn) * BLOCK
      this.sentBytes += bytes
      return bytes
    },
  }

  constructor(blocksPerTurn = Infinity) {
    this.#blocksPerTurn = blocksPerTurn
  }
}

function start(limit: TorrentUploadLimit | undefined, peers: readonly HungryPeer[]): void {
  assert.ok(limit !== undefined)
  limit.start({ peers: new Map(peers.entries()) } as unknown as TorrentContext)
  for (const peer of peers) limit.serveSoon(peer as unknown as Peer)
}

const sum = (peers: readonly HungryPeer[]): number => peers.reduce((all, { sentBytes }) => all + sentBytes, 0)

function assertNear(actual: number, expected: number, share: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= share * expected, `${what}: ${actual} instead of ${expected}`)
}

for (const rate of [100_000, MB, 20 * MB, 125 * MB]) {
  test(`${rate} bytes a second: exact over 10 s, and no second or tenth of one stands out`, async () => {
    const clock = new FakeClock()
    const limits = new UploadLimits(clock, rate)
    const peers = Array.from({ length: 5 }, () => new HungryPeer())
    start(limits.limitOf(), peers)
    let before = 0
    for (let step = 0; step < 100; step++) {
      await clock.advance(100)
      const bytes = sum(peers) - before
      before += bytes
      assert.ok(Math.abs(bytes - rate / 10) <= BLOCK + rate / 40, `${bytes} in tenth ${step}`)
    }
    assertNear(before, 10 * rate, 0.02, '10 s')
  })
}

test('peers share alike, and what a slow one leaves goes to the others', async () => {
  const clock = new FakeClock()
  const slow = new HungryPeer(1) // 50 blocks a second
  const fast = [new HungryPeer(), new HungryPeer()]
  start(new UploadLimits(clock, 10 * MB).limitOf(), [slow, ...fast])
  await clock.advance(10_000)
  assertNear(slow.sentBytes, 500 * BLOCK, 0.02, 'the slow one')
  for (const peer of fast) assertNear(peer.sentBytes, (100 * MB - slow.sentBytes) / 2, 0.02, 'a fast one')
})

test('below a block a turn peers take turns', async () => {
  const clock = new FakeClock()
  const peers = Array.from({ length: 7 }, () => new HungryPeer())
  start(new UploadLimits(clock, 200_000).limitOf(), peers)
  await clock.advance(10_000)
  const counts = peers.map(({ sentBytes }) => sentBytes / BLOCK)
  assert.ok(Math.max(...counts) - Math.min(...counts) <= 2, String(counts))
  assertNear(sum(peers), 2_000_000, 0.02, 'together')
})

test('torrents share alike whatever their peers, and each keeps its own limit', async () => {
  const clock = new FakeClock()
  const limits = new UploadLimits(clock, 9 * MB)
  const many = Array.from({ length: 8 }, () => new HungryPeer())
  const one = [new HungryPeer()]
  const bounded = [new HungryPeer(), new HungryPeer()]
  start(limits.limitOf(), many)
  start(limits.limitOf(), one)
  start(limits.limitOf(MB), bounded)
  await clock.advance(10_000)
  assertNear(sum(bounded), 10 * MB, 0.02, 'the one with a limit of its own')
  assertNear(sum(many), 40 * MB, 0.02, 'many peers')
  assertNear(sum(one), 40 * MB, 0.02, 'one peer')
})

test('a torrent may have a limit where the process has none', async () => {
  const clock = new FakeClock()
  const limits = new UploadLimits(clock)
  assert.equal(limits.limitOf(), undefined)
  assert.equal(limits.limitOf(Infinity), undefined)
  const peers = [new HungryPeer()]
  start(limits.limitOf(MB), peers)
  await clock.advance(10_000)
  assertNear(sum(peers), 10 * MB, 0.02, '10 s')
})

test('nothing runs while nobody waits, and a pause is not made up for with a burst', async () => {
  const clock = new FakeClock()
  const limit = new UploadLimits(clock, MB).limitOf()
  const peer = new HungryPeer()
  start(limit, [peer])
  await clock.advance(1_000)
  peer.uploads.size = 0
  await clock.advance(100)
  assert.equal(clock.timerCount, 0)
  await clock.advance(60_000)
  const before = peer.sentBytes
  peer.uploads.size = 1
  limit?.serveSoon(peer as unknown as Peer)
  assert.ok(peer.sentBytes > before, 'it need not wait for a step')
  await clock.advance(1_000)
  assert.ok(peer.sentBytes - before <= 1.2 * MB + BLOCK, `${peer.sentBytes - before} bytes in a second`)
  limit?.stop()
  assert.equal(clock.timerCount, 0)
})

test('a peer that has taken all it got may go on with what the others left', async () => {
  const clock = new FakeClock()
  const limit = new UploadLimits(clock, 100 * MB).limitOf()
  const peer = new HungryPeer(16) // a quarter of a MiB with its socket
  start(limit, [peer])
  for (let ms = 0; ms < 10_000; ms += 2) {
    await clock.advance(2)
    limit?.serveSoon(peer as unknown as Peer)
  }
  assertNear(peer.sentBytes, 1000 * MB, 0.02, '10 s')
})
