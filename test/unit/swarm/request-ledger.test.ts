import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RequestLedger } from '../../../src/swarm/request-ledger.ts'

function ledgerOf(...blocks: number[]): RequestLedger {
  const ledger = new RequestLedger()
  blocks.forEach((block, i) => {
    ledger.add(block, 100 + i)
  })
  return ledger
}

test('an answer tells when its request was sent', () => {
  const ledger = ledgerOf(7, 8, 9)
  assert.equal(ledger.settle(7), 100)
  assert.equal(ledger.settle(9), 102)
  assert.equal(ledger.settle(8), 101)
  assert.equal(ledger.size, 0)
})

test('a block that was not asked for, or came already, is not settled', () => {
  const ledger = ledgerOf(7)
  assert.equal(ledger.settle(1), -1)
  assert.equal(ledger.settle(7), 100)
  assert.equal(ledger.settle(7), -1)
})

test('a block asked for twice is settled twice', () => {
  const ledger = ledgerOf(7, 7)
  assert.equal(ledger.settle(7), 100)
  assert.equal(ledger.has(7), true)
  assert.equal(ledger.settle(7), 101)
  assert.equal(ledger.has(7), false)
})

test('the oldest open request is known', () => {
  const ledger = ledgerOf(7, 8, 9)
  assert.equal(ledger.oldestSentMs, 100)
  ledger.settle(8)
  ledger.settle(7)
  assert.equal(ledger.oldestSentMs, 102)
  ledger.settle(9)
  assert.equal(ledger.oldestSentMs, Infinity)
})

test('a choke empties it, in the order sent', () => {
  const ledger = ledgerOf(5, 3, 4)
  ledger.settle(3)
  assert.deepEqual(ledger.takeAll(), [5, 4])
  assert.equal(ledger.size, 0)
  assert.equal(ledger.settle(5), -1)
  ledger.add(6, 200)
  assert.deepEqual([...ledger.blocks()], [6])
})

test('old requests can be taken back while later ones stay', () => {
  const ledger = ledgerOf(5, 3, 4)
  assert.deepEqual(ledger.takeOlderThan(101), [5, 3])
  assert.deepEqual(ledger.takeOlderThan(101), [])
  assert.deepEqual([...ledger.blocks()], [4])
})

test('requests that were sent lately are counted, answered ones are not', () => {
  const ledger = new RequestLedger()
  for (let block = 0; block < 100; block++) ledger.add(block, 10 * block)
  assert.equal(ledger.countSentAfter(-1), 100)
  assert.equal(ledger.countSentAfter(500), 49)
  ledger.settle(60)
  ledger.settle(20)
  assert.equal(ledger.countSentAfter(500), 48)
  assert.equal(ledger.countSentAfter(990), 0)
  ledger.takeAll()
  assert.equal(ledger.countSentAfter(-1), 0)
})

test('block numbers of the largest torrents are kept exactly', () => {
  const block = 7e10 + 1
  const ledger = ledgerOf(block)
  assert.equal(ledger.settle(block - 1), -1)
  assert.equal(ledger.settle(block), 100)
})

test('one request that is never answered does not let memory grow', () => {
  const ledger = ledgerOf(0)
  for (let block = 1; block < 100_000; block++) {
    ledger.add(block, block)
    assert.equal(ledger.settle(block), block)
  }
  assert.deepEqual(ledger.takeAll(), [0])
  assert.ok(ledger.capacity <= 128)
})

test('2000 open requests answered in any order all settle', () => {
  const ledger = new RequestLedger()
  for (let block = 0; block < 2_000; block++) ledger.add(block, block)
  for (let i = 0; i < 2_000; i++) {
    const block = (i * 1_234_577) % 2_000
    assert.equal(ledger.settle(block), block)
  }
  assert.equal(ledger.size, 0)
})

test('whatever is asked and answered, it says what a Map would', () => {
  const event = fc.record({
    kind: fc.constantFrom('add', 'add', 'settle', 'oldest', 'expire'),
    block: fc.nat(120),
  })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 300 }), (events) => {
      const ledger = new RequestLedger()
      const slow = new Map<number, number>()
      events.forEach(({ kind, block }, nowMs) => {
        if (kind === 'add' && !slow.has(block)) {
          ledger.add(block, nowMs)
          slow.set(block, nowMs)
        } else if (kind === 'settle' || kind === 'oldest') {
          const [oldest = block] = slow.keys()
          const target = kind === 'oldest' ? oldest : block
          assert.equal(ledger.settle(target), slow.get(target) ?? -1)
          slow.delete(target)
        } else if (kind === 'expire') {
          const late = [...slow].filter(([, sentMs]) => sentMs <= nowMs - 150).map(([id]) => id)
          assert.deepEqual(ledger.takeOlderThan(nowMs - 150), late)
          for (const id of late) slow.delete(id)
        }
        assert.equal(ledger.has(block), slow.has(block))
        assert.equal(ledger.size, slow.size)
      })
      assert.deepEqual([...ledger.blocks()], [...slow.keys()])
    }),
    { numRuns: 100 },
  )
})

test('requests that later ones overtook are known, and can be taken back', () => {
  const ledger = ledgerOf(1, 2, 3, 4, 5)
  ledger.settle(1)
  assert.equal(ledger.overtakenCount, 0)
  ledger.settle(3)
  ledger.settle(4)
  assert.equal(ledger.overtakenCount, 2)
  assert.deepEqual(ledger.takeOvertaken(), [2])
  assert.equal(ledger.overtakenCount, 0)
  assert.deepEqual([...ledger.blocks()], [5])
})

test('requests sent together with the one settled last were not overtaken for sure', () => {
  const ledger = new RequestLedger()
  for (const block of [1, 2, 3]) ledger.add(block, 100)
  ledger.settle(3)
  assert.deepEqual(ledger.takeOvertaken(), [])
  assert.equal(ledger.size, 2)
})

test('the next oldest request starts with nobody having overtaken it', () => {
  const ledger = ledgerOf(1, 2, 3, 4)
  ledger.settle(2)
  ledger.settle(1)
  assert.equal(ledger.overtakenCount, 0)
})
