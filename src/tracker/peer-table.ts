/**
 * The peers of all swarms in typed arrays: 67 bytes each and no object, so that a million of them are nothing for the
 * garbage collector. A peer is a number, its slot, from 1 on. Found by swarm, address and port, and listed by when they
 * were last heard of; all of it O(1).
 *
 *     buckets[hash] -> slot -> next[slot] -> ... -> 0
 *     0 -> newer[0], the longest silent -> ... -> older[0], the last heard -> 0
 */
import { SipHash } from '../common/sip-hash.ts'
import { PLACE_BYTES, readAddressWords } from './peer-place.ts'

export const NO_SLOT = 0
export const PEER_ID_BYTES = 20

export class PeerTable {
  /** 18 bytes a slot, see peer-place.ts. */
  readonly places: Uint8Array
  /** 20 bytes a slot. */
  readonly peerIds: Uint8Array
  /** The number of the swarm that it is in. */
  readonly swarms: Uint32Array
  /** Where it stands among its swarm's members. */
  readonly positions: Uint32Array
  /** Has it said `completed`? */
  readonly isCompleted: Uint8Array
  readonly #heardAtMs: Float64Array
  readonly #next: Uint32Array
  readonly #older: Uint32Array
  readonly #newer: Uint32Array
  readonly #buckets: Uint32Array
  readonly #hash: SipHash
  readonly #words = new Uint32Array(6)
  #count = 0
  /** Slots beyond were never used. */
  #usedSlots = 0
  /** The first of those that were given back; `next` leads on. */
  #freeSlot = NO_SLOT

  /**
   * Memory is reserved at once and taken when it is first used.
   * @param capacity peers at the most @param key 4 random words
   */
  constructor(capacity: number, key: Uint32Array) {
    const slots = capacity + 1
    this.places = new Uint8Array(PLACE_BYTES * slots)
    this.peerIds = new Uint8Array(PEER_ID_BYTES * slots)
    this.swarms = new Uint32Array(slots)
    this.positions = new Uint32Array(slots)
    this.isCompleted = new Uint8Array(slots)
    this.#heardAtMs = new Float64Array(slots)
    this.#next = new Uint32Array(slots)
    this.#older = new Uint32Array(slots)
    this.#newer = new Uint32Array(slots)
    this.#buckets = new Uint32Array(2 ** Math.ceil(Math.log2(slots)))
    this.#hash = new SipHash(key)
  }

  get count(): number {
    return this.#count
  }

  /** The longest silent, or NO_SLOT. */
  get oldest(): number {
    return this.#newer[NO_SLOT]!
  }

  heardAtMs(slot: number): number {
    return this.#heardAtMs[slot]!
  }

  /** @returns NO_SLOT when it is not there */
  find(swarm: number, place: Uint8Array): number {
    let slot = this.#buckets[this.#bucketOf(swarm, place, 0)]!
    while (slot !== NO_SLOT && !this.#isAt(slot, swarm, place)) slot = this.#next[slot]!
    return slot
  }

  /** Call it only for one that is not there, and when there is room. @returns its slot */
  add(swarm: number, place: Uint8Array, nowMs: number): number {
    const slot = this.#takeSlot()
    this.#count += 1
    this.places.set(place, PLACE_BYTES * slot)
    this.swarms[slot] = swarm
    this.isCompleted[slot] = 0
    const bucket = this.#bucketOf(swarm, place, 0)
    this.#next[slot] = this.#buckets[bucket]!
    this.#buckets[bucket] = slot
    this.#linkNewest(slot, nowMs)
    return slot
  }

  remove(slot: number): void {
    this.#unlink(slot)
    const bucket = this.#bucketOf(this.swarms[slot]!, this.places, PLACE_BYTES * slot)
    let before = NO_SLOT
    for (let at = this.#buckets[bucket]!; at !== slot; at = this.#next[at]!) before = at
    if (before === NO_SLOT) this.#buckets[bucket] = this.#next[slot]!
    else this.#next[before] = this.#next[slot]!
    this.#next[slot] = this.#freeSlot
    this.#freeSlot = slot
    this.#count -= 1
  }

  /** It was heard of just now. */
  touch(slot: number, nowMs: number): void {
    this.#unlink(slot)
    this.#linkNewest(slot, nowMs)
  }

  #takeSlot(): number {
    const slot = this.#freeSlot
    if (slot === NO_SLOT) return ++this.#usedSlots
    this.#freeSlot = this.#next[slot]!
    return slot
  }

  #isAt(slot: number, swarm: number, place: Uint8Array): boolean {
    if (this.swarms[slot] !== swarm) return false
    const offset = PLACE_BYTES * slot
    // From the end: the port and the last byte of the address differ most.
    for (let i = PLACE_BYTES - 1; i >= 0; i--) if (this.places[offset + i] !== place[i]) return false
    return true
  }

  #bucketOf(swarm: number, places: Uint8Array, offset: number): number {
    const words = this.#words
    readAddressWords(places, offset, words)
    words[4] = (places[offset + 16]! << 8) | places[offset + 17]!
    words[5] = swarm
    this.#hash.digest(words)
    return this.#hash.low & (this.#buckets.length - 1)
  }

  #linkNewest(slot: number, nowMs: number): void {
    const last = this.#older[NO_SLOT]!
    this.#heardAtMs[slot] = nowMs
    this.#older[slot] = last
    this.#newer[last] = slot
    this.#newer[slot] = NO_SLOT
    this.#older[NO_SLOT] = slot
  }

  #unlink(slot: number): void {
    const older = this.#older[slot]!
    const newer = this.#newer[slot]!
    this.#newer[older] = newer
    this.#older[newer] = older
  }
}
