/** The picker against a slow obvious one, under random events. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Bitfield } from '../../src/common/bitfield.ts'
import { DEFAULT_PRIORITY, MAX_PRIORITY, PiecePicker, UNWANTED } from '../../src/swarm/piece-picker.ts'
import { seededRandom } from '../support/picker-strings.ts'

type State = 'free' | 'started' | 'have'

class SlowPicker {
  readonly states: State[]
  readonly priorities: number[]
  readonly peers: Bitfield[] = []
  seeds = 0

  constructor(pieceCount: number) {
    this.states = Array<State>(pieceCount).fill('free')
    this.priorities = Array<number>(pieceCount).fill(DEFAULT_PRIORITY)
  }

  availability(piece: number): number {
    return this.seeds + this.peers.filter((peer) => peer.has(piece)).length
  }

  isOpen(piece: number): boolean {
    return this.states[piece] === 'free' && this.priorities[piece]! > UNWANTED
  }

  /** Open pieces of the highest priority that this peer has any of. */
  first(peer: Bitfield | 'all'): number[] {
    const open = [...this.states.keys()].filter((piece) => this.isFor(piece, peer))
    const highest = Math.max(...open.map((piece) => this.priorities[piece]!))
    return open.filter((piece) => this.priorities[piece] === highest)
  }

  /** All right answers. */
  rarest(peer: Bitfield | 'all'): number[] {
    const open = this.first(peer)
    const least = Math.min(...open.map((piece) => this.availability(piece)))
    return open.filter((piece) => this.availability(piece) === least)
  }

  /** All right answers: one, where all priorities are the same. */
  near(after: number, peer: Bitfield | 'all'): number[] {
    const open = [...this.states.keys()].filter((piece) => this.isOpen(piece))
    const isMixed = new Set(open.map((piece) => this.priorities[piece])).size > 1
    const next = open.find((piece) => piece > after)
    if (isMixed) {
      if (next !== undefined && this.first('all').includes(next) && this.isFor(next, peer)) return [next]
      return this.rarest(peer)
    }
    const order = [...this.states.keys()].map((_, i) => (after + 1 + i) % this.states.length)
    const near = order.find((piece) => this.isFor(piece, peer))
    return near === undefined ? [] : [near]
  }

  isFor(piece: number, peer: Bitfield | 'all'): boolean {
    return this.isOpen(piece) && (peer === 'all' || peer.has(piece))
  }
}

interface Swarm {
  readonly picker: PiecePicker
  readonly slow: SlowPicker
}

interface Event {
  readonly kind: keyof typeof EVENTS
  readonly a: number
  readonly b: number
}

/** Each does the same to both; `a` and `b` say to which piece or peer. */
const EVENTS = {
  join({ picker, slow }: Swarm, a: number, b: number) {
    const random = seededRandom(a)
    const bits = new Bitfield(slow.states.length)
    for (let i = 0; i < bits.length; i++) if (random() < (b % 5) / 8) bits.set(i)
    bits.set(a % bits.length)
    slow.peers.push(bits)
    picker.addPeer(bits)
  },
  leave({ picker, slow }: Swarm, a: number) {
    const [peer] = slow.peers.splice(a % Math.max(1, slow.peers.length), 1)
    if (peer !== undefined) picker.removePeer(peer)
  },
  seed({ picker, slow }: Swarm) {
    slow.seeds++
    picker.addSeed()
  },
  unseed({ picker, slow }: Swarm) {
    if (slow.seeds === 0) return
    slow.seeds--
    picker.removeSeed()
  },
  gain({ picker, slow }: Swarm, a: number, b: number) {
    const piece = a % slow.states.length
    if (slow.peers[b % Math.max(1, slow.peers.length)]?.set(piece) === true) picker.increment(piece)
  },
  start({ picker, slow }: Swarm, a: number) {
    const piece = a % slow.states.length
    slow.states[piece] = 'started'
    picker.start(piece)
  },
  release({ picker, slow }: Swarm, a: number) {
    const piece = a % slow.states.length
    slow.states[piece] = 'free'
    picker.release(piece)
  },
  have({ picker, slow }: Swarm, a: number) {
    const piece = a % slow.states.length
    slow.states[piece] = 'have'
    picker.setHave(piece)
  },
  prioritize({ picker, slow }: Swarm, a: number, b: number) {
    const piece = a % slow.states.length
    const priority = [UNWANTED, DEFAULT_PRIORITY, 2, MAX_PRIORITY][b % 4]!
    slow.priorities[piece] = priority
    picker.setPriority(piece, priority)
  },
  prioritizeRun({ picker, slow }: Swarm, a: number, b: number) {
    for (let piece = a % slow.states.length; piece < slow.states.length; piece++) {
      slow.priorities[piece] = b % 3
      picker.setPriority(piece, b % 3)
    }
  },
}

const event: fc.Arbitrary<Event> = fc.record({
  kind: fc.constantFrom(...(Object.keys(EVENTS) as (keyof typeof EVENTS)[]), 'gain', 'start', 'release'),
  a: fc.nat(1e6),
  b: fc.nat(1e6),
})

function compare(picker: PiecePicker, slow: SlowPicker, near: number): void {
  for (const peer of [...slow.peers, 'all'] as const) {
    const right = slow.rarest(peer)
    assertOneOf(picker.pick(peer), right)
    assertOneOf(picker.pickNear(near, peer), slow.near(near, peer))
  }
  const openCount = [...slow.states.keys()].filter((piece) => slow.isOpen(piece)).length
  assert.equal(picker.openCount, openCount)
  assert.equal(picker.missingCount, openCount + slow.states.filter((state) => state === 'started').length)
}

function assertOneOf(picked: number | undefined, right: readonly number[]): void {
  if (right.length === 0) assert.equal(picked, undefined)
  else assert.ok(picked !== undefined && right.includes(picked), `${picked} is none of ${right.join(' ')}`)
}

test('whatever happens in a swarm, the picker picks what a slow one would', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 90 }),
      fc.integer(),
      fc.array(event, { maxLength: 60 }),
      (pieceCount, seed, events) => {
        const picker = new PiecePicker(pieceCount, seededRandom(seed))
        const slow = new SlowPicker(pieceCount)
        for (const [i, { kind, a, b }] of events.entries()) {
          EVENTS[kind]({ picker, slow }, a, b)
          if (b % 2 === 0) picker.checkInvariants() // not always: several events may meet stale buckets
          if (i % 7 === 6) compare(picker, slow, a % pieceCount)
        }
        picker.checkInvariants()
        compare(picker, slow, 0)
      },
    ),
    { numRuns: 60 },
  )
})

test('priorities given while all is stale, begun or here are kept', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5), fc.nat(3)), { minLength: 1, maxLength: 60 }), (pieces) => {
      const picker = new PiecePicker(pieces.length, seededRandom(pieces.length))
      const everything = new Bitfield(pieces.length)
      everything.setAll()
      picker.addPeer(everything)
      pieces.forEach(([priority, state], piece) => {
        if (state === 1) picker.start(piece)
        if (state === 2) picker.setHave(piece)
        picker.setPriority(piece, priority)
      })
      picker.checkInvariants()
      pieces.forEach((_, piece) => {
        picker.release(piece)
      })
      picker.checkInvariants()
      const order: number[] = []
      for (let piece = picker.pick('all'); piece !== undefined; piece = picker.pick('all')) {
        order.push(pieces[piece]![0])
        picker.start(piece)
      }
      const wanted = pieces.map(([priority]) => priority).filter((priority) => priority > UNWANTED)
      assert.deepEqual(
        order,
        wanted.sort((a, b) => b - a),
      )
    }),
    { numRuns: 60 },
  )
})

test('every piece is picked once, the rarest first, when a seed fetches them all', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(6), { minLength: 1, maxLength: 40 }), fc.integer(), (counts, seed) => {
      const picker = new PiecePicker(counts.length, seededRandom(seed))
      counts.forEach((count, piece) => {
        for (let i = 0; i < count; i++) picker.increment(piece)
      })
      const order: number[] = []
      for (let piece = picker.pick('all'); piece !== undefined; piece = picker.pick('all')) {
        picker.start(piece)
        order.push(piece)
      }
      assert.deepEqual(
        [...order].sort((a, b) => a - b),
        [...counts.keys()],
      )
      assert.deepEqual(
        order.map((piece) => counts[piece]),
        [...counts].sort((a, b) => a - b),
      )
    }),
    { numRuns: 60 },
  )
})
