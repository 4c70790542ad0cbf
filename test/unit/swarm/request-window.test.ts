import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RequestWindow } from '../../../src/swarm/request-window.ts'

const BLOCK_BYTES = 16_384
const MB = 1_000_000

/** A peer that serves requests in order over a line of this speed and round trip, in simulated time. */
class SlowLine {
  readonly window: RequestWindow
  nowMs = 1_000
  bytesPerSecond: number
  roundTripMs: number
  /** The peer looks at its sockets this often; 0: at once. */
  tickMs = 0
  received = 0
  readonly #open: { readonly sentMs: number; readonly arrivesMs: number }[] = []
  #busyUntilMs = 0

  constructor(window: RequestWindow, bytesPerSecond: number, roundTripMs: number) {
    this.window = window
    window.onRoundTripHint(roundTripMs)
    this.bytesPerSecond = bytesPerSecond
    this.roundTripMs = roundTripMs
  }

  get openCount(): number {
    return this.#open.length
  }

  run(durationMs: number): void {
    const endMs = this.nowMs + durationMs
    this.#fill()
    for (let next = this.#open[0]; next !== undefined && next.arrivesMs <= endMs; next = this.#open[0]) {
      this.#open.shift()
      this.nowMs = next.arrivesMs
      this.received += BLOCK_BYTES
      this.window.onBlock(BLOCK_BYTES, this.nowMs - next.sentMs, this.nowMs)
      this.#fill()
    }
    this.nowMs = endMs
  }

  /** The share of the line used in the next while. */
  useOver(durationMs: number): number {
    const before = this.received
    this.run(durationMs)
    return (this.received - before) / ((this.bytesPerSecond * durationMs) / 1000)
  }

  #fill(): void {
    while (this.#open.length < this.window.depth) {
      const startMs = Math.max(this.#busyUntilMs, this.nowMs + this.roundTripMs / 2)
      this.#busyUntilMs = startMs + (BLOCK_BYTES * 1000) / this.bytesPerSecond
      const sentMs =
        this.tickMs === 0 ? this.#busyUntilMs : Math.ceil(this.#busyUntilMs / this.tickMs) * this.tickMs
      this.#open.push({ sentMs: this.nowMs, arrivesMs: sentMs + this.roundTripMs / 2 })
    }
  }
}

test('it begins with 32 requests and never goes beyond what the peer keeps', () => {
  assert.equal(new RequestWindow().depth, 32)
  assert.equal(new RequestWindow({ maxDepth: 10 }).depth, 10)
  const window = new RequestWindow({ maxDepth: 250 })
  new SlowLine(window, 500 * MB, 200).run(5_000)
  assert.equal(window.depth, 250)
  window.setMaxDepth(50)
  assert.equal(window.depth, 50)
})

test('a peer that keeps no request at all is still asked, one at a time', () => {
  const window = new RequestWindow()
  window.setMaxDepth(0)
  assert.equal(window.depth, 1)
})

for (const roundTripMs of [1, 20, 100, 200]) {
  for (const rate of [0.3 * MB, 5 * MB, 50 * MB]) {
    test(`a line of ${rate / MB} MB/s and ${roundTripMs} ms is full after 3 s and stays so`, () => {
      const line = new SlowLine(new RequestWindow({ maxDepth: 2_000 }), rate, roundTripMs)
      line.run(3_000)
      assert.ok(line.useOver(2_000) > 0.95)
      line.run(30_000)
      assert.ok(line.useOver(5_000) > 0.95)
    })
  }
}

test('requests at a peer take about two round trips, or a second, to answer: not more', () => {
  for (const rate of [0.05 * MB, 0.25 * MB, 1 * MB, 10 * MB]) {
    const line = new SlowLine(new RequestWindow({ maxDepth: 2_000 }), rate, 40)
    line.run(30_000)
    const queueMs = (line.openCount * BLOCK_BYTES * 1000) / rate
    assert.ok(queueMs <= 1_700, `${queueMs} ms at ${rate} bytes/s`)
  }
})

test('a slow peer gets fewer requests than it started with', () => {
  const line = new SlowLine(new RequestWindow({ maxDepth: 2_000 }), 50_000, 50)
  line.run(20_000)
  assert.ok(line.window.depth <= 5, `${line.window.depth}`)
})

test('a slow peer is not flooded while its speed is still unknown', () => {
  const line = new SlowLine(new RequestWindow({ maxDepth: 2_000 }), 50_000, 50)
  for (let second = 0; second < 10; second++) {
    line.run(1_000)
    assert.ok(line.openCount <= 40, `${line.openCount} open`)
  }
})

test('a very fast line fills all the peer keeps within a second', () => {
  const line = new SlowLine(new RequestWindow({ maxDepth: 2_000 }), 1_200 * MB, 0.2)
  line.run(1_000)
  assert.equal(line.window.depth, 2_000)
})

test('a peer that answers twice a second, all at once, is kept busy', () => {
  const line = new SlowLine(new RequestWindow({ maxDepth: 2_000 }), 10 * MB, 1)
  line.tickMs = 500
  line.run(5_000)
  assert.ok(line.useOver(5_000) > 0.9)
})

test('it follows a line that becomes faster', () => {
  const line = new SlowLine(new RequestWindow({ maxDepth: 2_000 }), 1 * MB, 100)
  line.run(10_000)
  line.bytesPerSecond = 20 * MB
  line.run(5_000)
  assert.ok(line.useOver(2_000) > 0.95)
})

test('it follows a line that becomes slower', () => {
  const line = new SlowLine(new RequestWindow({ maxDepth: 2_000 }), 20 * MB, 100)
  line.run(10_000)
  line.bytesPerSecond = 0.2 * MB
  line.run(20_000)
  assert.ok(line.window.depth <= 18, `${line.window.depth}`) // 1.5 s of it
})

test('it follows a line that becomes longer', () => {
  const line = new SlowLine(new RequestWindow({ maxDepth: 2_000 }), 10 * MB, 20)
  line.run(15_000)
  line.roundTripMs = 300
  line.run(45_000)
  assert.ok(line.useOver(5_000) > 0.8)
})

test('a long queue is not taken for a long line', () => {
  const line = new SlowLine(new RequestWindow({ maxDepth: 2_000 }), 2 * MB, 20)
  line.run(5_000)
  const early = line.window.depth
  line.run(300_000)
  assert.ok(line.window.depth <= early * 1.2)
})

test('after a timeout one request is open until a block comes', () => {
  const line = new SlowLine(new RequestWindow({ maxDepth: 2_000 }), 5 * MB, 50)
  line.run(3_000)
  line.window.onTimeout(line.nowMs)
  const snubbedDepth: number = line.window.depth
  assert.equal(snubbedDepth, 1)
  assert.equal(line.window.expectedBlockMs(0, line.nowMs, line.nowMs), Infinity)
  line.window.onBlock(BLOCK_BYTES, 20_000, line.nowMs)
  const restartDepth: number = line.window.depth
  assert.equal(restartDepth, 5)
  line.run(3_000)
  assert.ok(line.useOver(2_000) > 0.9)
})

test('a late block of a dropped request counts for the rate, not for the round trip', () => {
  const window = new RequestWindow()
  for (let nowMs = 0; nowMs <= 2_000; nowMs += 10) window.onBlock(BLOCK_BYTES, undefined, nowMs)
  assert.ok(window.bytesPerSecond(2_000) > 1.4 * MB)
  assert.ok(window.depth > 16)
})

test('the next block is expected when the queue before it is through', () => {
  const line = new SlowLine(new RequestWindow({ maxDepth: 2_000 }), 1 * MB, 100)
  line.run(10_000)
  const own = line.window.expectedBlockMs(0, line.nowMs, line.nowMs)
  const behind = line.window.expectedBlockMs(60, line.nowMs, line.nowMs)
  assert.ok(own >= 100 && own < 130, `${own}`)
  assert.ok(behind > 900 && behind < 1_250, `${behind}`)
})

test('a peer that went silent is expected to send never', () => {
  const line = new SlowLine(new RequestWindow(), 1 * MB, 100)
  line.run(3_000)
  assert.equal(line.window.expectedBlockMs(0, line.nowMs + 5_000, line.nowMs), Infinity)
})

test('a peer that was asked for nothing is expected to be as fast as it was', () => {
  const line = new SlowLine(new RequestWindow({ maxDepth: 2_000 }), 1 * MB, 100)
  line.run(3_000)
  const expected = line.window.expectedBlockMs(63, line.nowMs + 5_000, Infinity)
  assert.ok(expected > 500 && expected < 1_250, `${expected}`)
})

test('before the first block a modest peer is assumed', () => {
  const window = new RequestWindow()
  const expected = window.expectedBlockMs(0, 0, Infinity)
  assert.ok(expected > 100 && expected < 1_000)
  window.onRoundTripHint(900)
  assert.equal(window.expectedBlockMs(0, 0, Infinity), 900)
})

test('all blocks of a burst may come at one instant', () => {
  const window = new RequestWindow({ maxDepth: 2_000 })
  for (let i = 0; i < 500; i++) window.onBlock(BLOCK_BYTES, 5, 1_000)
  for (let i = 0; i < 500; i++) window.onBlock(BLOCK_BYTES, 5, 1_060)
  assert.ok(Number.isFinite(window.depth) && window.depth > 32)
})

test('a long line is filled though the peer did not say how many requests it keeps', () => {
  const line = new SlowLine(new RequestWindow(), 60 * MB, 200)
  line.run(3_000)
  assert.ok(line.useOver(2_000) > 0.95)
})

test('a peer that dropped requests gets fewer, and slowly more again', () => {
  const window = new RequestWindow()
  const line = new SlowLine(window, 60 * MB, 200)
  line.run(3_000)
  window.onOverflow(500)
  const keptDepth: number = window.depth
  assert.equal(keptDepth, 400)
  line.run(35_000)
  const laterDepth: number = window.depth
  assert.ok(laterDepth > 400 && laterDepth < 600, `${laterDepth}`)
})

test('refusals for another reason never stop a peer from being asked', () => {
  const window = new RequestWindow()
  for (let open = 32; open >= 0; open--) window.onOverflow(open)
  assert.equal(window.depth, 16)
})

test('what the peer said it keeps is believed more than its refusals', () => {
  const window = new RequestWindow()
  window.setMaxDepth(250)
  window.onOverflow(10)
  assert.equal(window.depth, 32)
})

test('a pause far longer than usual makes what was asked for late; one that is usual does not', () => {
  const line = new SlowLine(new RequestWindow({ maxDepth: 2_000 }), 1 * MB, 40)
  line.run(10_000)
  const { window, nowMs } = line
  assert.ok(window.expectedBlockMs(0, nowMs + 60, nowMs) < 150)
  assert.ok(window.expectedBlockMs(0, nowMs + 400, nowMs - 500) > 1_000)
  const gusty = new SlowLine(new RequestWindow({ maxDepth: 2_000 }), 1 * MB, 40)
  gusty.tickMs = 500
  gusty.run(10_000)
  assert.ok(gusty.window.expectedBlockMs(0, gusty.nowMs + 400, gusty.nowMs - 500) < 500)
})

test('a request that is younger than the silence is not late', () => {
  const line = new SlowLine(new RequestWindow({ maxDepth: 2_000 }), 1 * MB, 40)
  line.run(10_000)
  assert.ok(line.window.expectedBlockMs(0, line.nowMs + 1_000, line.nowMs + 950) < 150)
})
