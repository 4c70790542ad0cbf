import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BugError } from '../../../src/common/errors.ts'
import { MAX_PRIORITY, PiecePicker, UNWANTED } from '../../../src/swarm/piece-picker.ts'
import { picks, pieces, seededRandom, setup } from '../../support/picker-strings.ts'

test('the rarest piece is picked first', () => {
  assert.deepEqual(picks(setup('3312333')), [2])
})

test('among equally rare pieces every one may be picked', () => {
  assert.deepEqual(picks(setup('2223333')), [0, 1, 2])
  assert.deepEqual(picks(setup('0000')), [0, 1, 2, 3])
})

test('ties are broken evenly', () => {
  const counts = [0, 0, 0, 0]
  const picker = setup('1111', '', seededRandom(7))
  for (let i = 0; i < 4000; i++) counts[picker.pick('all')!]!++
  for (const count of counts) assert.ok(count > 800 && count < 1200, counts.join(' '))
})

test('two clients of one swarm begin with different pieces', () => {
  const first = Array.from({ length: 20 }, (_, seed) =>
    setup('1'.repeat(100), '', seededRandom(seed)).pick('all'),
  )
  assert.ok(new Set(first).size > 10)
})

test('pieces that are here, begun or unwanted are not picked', () => {
  assert.deepEqual(picks(setup('1112222', '*s-    ')), [3, 4, 5, 6])
})

test('a partial peer gets the rarest of what it has', () => {
  const picker = setup('1122334')
  assert.deepEqual(picks(picker, pieces('..#.##.')), [2])
  assert.deepEqual(picks(picker, pieces('....##.')), [4, 5])
  assert.deepEqual(picks(picker, pieces('.......')), [])
})

test('nothing is picked when nothing is open', () => {
  const picker = setup('123', '**s')
  assert.equal(picker.pick('all'), undefined)
  assert.equal(picker.pickNear(0, 'all'), undefined)
  assert.equal(picker.hasOpen, false)
})

test('a torrent without pieces has nothing to pick', () => {
  const picker = setup('')
  assert.equal(picker.pick('all'), undefined)
})

test('picking changes nothing, starting does', () => {
  const picker = setup('12')
  assert.equal(picker.pick('all'), 0)
  assert.equal(picker.pick('all'), 0)
  picker.start(0)
  assert.equal(picker.pick('all'), 1)
  assert.equal(picker.openCount, 1)
  assert.equal(picker.missingCount, 2)
})

test('a piece that is given up can be picked again, at its new rarity', () => {
  const picker = setup('12', 's ')
  picker.increment(0)
  picker.increment(0)
  picker.release(0)
  assert.equal(picker.pick('all'), 1)
  picker.setHave(1)
  assert.equal(picker.pick('all'), 0)
})

test('a peer without anything open is asked again once a piece of its is given up', () => {
  const picker = setup('11', 's ')
  const peer = pieces('#.')
  assert.equal(picker.pick(peer), undefined)
  assert.equal(picker.pickNear(1, peer), undefined)
  picker.release(0)
  assert.equal(picker.pick(peer), 0)
})

test('a peer without anything open is asked again once it gets a piece', () => {
  const picker = setup('11', 's ')
  const peer = pieces('#.')
  assert.equal(picker.pick(peer), undefined)
  peer.set(1)
  picker.increment(1)
  assert.equal(picker.pick(peer), 1)
})

test('a have message makes a piece less rare', () => {
  const picker = setup('1222')
  picker.increment(0)
  picker.increment(0)
  assert.deepEqual(picks(picker), [1, 2, 3])
  assert.equal(picker.availability(0), 3)
})

test('a peer that leaves takes its pieces with it', () => {
  const picker = setup('2222')
  picker.removePeer(pieces('..#.'))
  assert.deepEqual(picks(picker), [2])
  picker.checkInvariants()
})

test('seeds make every piece more available and none rarer than another', () => {
  const picker = setup('2122')
  picker.addSeed()
  picker.addSeed()
  assert.equal(picker.availability(1), 3)
  assert.deepEqual(picks(picker), [1])
  picker.removeSeed()
  assert.equal(picker.availability(1), 2)
})

test('a picker knows whether anybody but seeds has pieces', () => {
  const picker = setup('0000')
  picker.addSeed()
  assert.equal(picker.isOnlySeeds, true)
  picker.increment(1)
  assert.equal(picker.isOnlySeeds, false, 'also of a piece that nobody wants any more')
  picker.decrement(1)
  assert.equal(picker.isOnlySeeds, true)
})

test('the next open piece follows in index order and wraps round', () => {
  const picker = setup('0'.repeat(100), ' '.repeat(50) + '*'.repeat(40))
  assert.equal(picker.pickNear(3, 'all'), 4)
  assert.equal(picker.pickNear(49, 'all'), 90)
  assert.equal(picker.pickNear(99, 'all'), 0)
})

test('the next open piece is one the peer has', () => {
  const picker = setup('111111', '  s   ')
  assert.equal(picker.pickNear(0, pieces('#.#.#.')), 4)
  assert.equal(picker.pickNear(4, pieces('#.#.#.')), 0)
  assert.equal(picker.pickNear(0, pieces('..#...')), undefined)
})

test('taking away a piece that nobody had is a bug of ours', () => {
  assert.throws(() => {
    new PiecePicker(1, () => 0).decrement(0)
  }, BugError)
})

test('a higher priority comes before rarity', () => {
  const picker = setup('1333')
  picker.setPriority(2, 2)
  picker.setPriority(3, 2)
  assert.deepEqual(picks(picker), [2, 3])
  picker.setPriority(1, MAX_PRIORITY)
  assert.deepEqual(picks(picker), [1])
  assert.deepEqual(picks(picker, pieces('#..#')), [3], 'of what this peer has')
  picker.checkInvariants()
})

test('an unwanted piece is not picked, and not counted as missing', () => {
  const picker = setup('111', '-  ')
  assert.deepEqual(picks(picker), [1, 2])
  assert.equal(picker.missingCount, 2)
  assert.equal(picker.pickNear(2, 'all'), 1)
  picker.setPriority(1, UNWANTED)
  picker.setPriority(2, UNWANTED)
  assert.equal(picker.hasOpen, false)
  picker.setPriority(0, 1)
  assert.deepEqual(picks(picker), [0])
})

test('a priority holds for a piece that is begun, or here, from when it is given up', () => {
  const picker = setup('111', 's* ')
  picker.setPriority(0, UNWANTED)
  picker.setPriority(1, 2)
  assert.deepEqual(picks(picker), [2])
  picker.release(0)
  assert.deepEqual(picks(picker), [2], 'given up, but unwanted')
  picker.release(1)
  assert.deepEqual(picks(picker), [1])
  picker.checkInvariants()
})

test('a peer without anything open is asked again once a piece of its becomes wanted', () => {
  const picker = setup('11', '- ')
  const peer = pieces('#.')
  assert.equal(picker.pick(peer), undefined)
  picker.setPriority(0, 1)
  assert.equal(picker.pick(peer), 0)
})

test('runs go on in index order inside the highest priority', () => {
  const picker = setup('0'.repeat(8))
  for (const piece of [4, 5, 6]) picker.setPriority(piece, 2)
  assert.equal(picker.pickNear(4, 'all'), 5)
  assert.ok([4, 5, 6].includes(picker.pickNear(1, 'all')!), 'what comes next has a lower priority')
  for (const piece of [4, 5, 6]) picker.start(piece)
  assert.equal(picker.pickNear(1, 'all'), 2)
})

// The limit is for what would take hours: how long it takes stands in bench:micro.
test('two million pieces change their priority without a search for each', { timeout: 60_000 }, () => {
  const pieceCount = 2_000_000
  const picker = new PiecePicker(pieceCount, seededRandom(1))
  for (let piece = 0; piece < pieceCount; piece++) if (piece !== 12_345) picker.setPriority(piece, UNWANTED)
  assert.equal(picker.pick('all'), 12_345)
  for (let piece = 0; piece < pieceCount; piece++) picker.setPriority(piece, 1 + (piece % 3))
  assert.equal(picker.pick('all')! % 3, 2)
})
