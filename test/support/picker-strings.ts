/** Pickers from two strings, so that a test shows its swarm: `setup('2213', '* s ')`. */
import { Bitfield } from '../../src/common/bitfield.ts'
import { PiecePicker, UNWANTED } from '../../src/swarm/piece-picker.ts'

/**
 * @param peers one digit a piece: how many partial peers have it
 * @param states one character a piece: ' ' open, '*' have, 's' started, '-' unwanted; missing ones are open
 */
export function setup(peers: string, states = '', random: () => number = seededRandom(1)): PiecePicker {
  const picker = new PiecePicker(peers.length, random)
  for (let count = 1; count <= 9; count++) {
    picker.addPeer(pieces(peers.replaceAll(/\d/g, (digit) => (Number(digit) >= count ? '#' : '.'))))
  }
  Array.from(states).forEach((state, piece) => {
    if (state === '*') picker.setHave(piece)
    if (state === 's') picker.start(piece)
    if (state === '-') picker.setPriority(piece, UNWANTED)
  })
  picker.checkInvariants()
  return picker
}

/** `'#.#'` is a peer with pieces 0 and 2. */
export function pieces(text: string): Bitfield {
  const bits = new Bitfield(text.length)
  Array.from(text).forEach((character, piece) => {
    if (character === '#') bits.set(piece)
  })
  return bits
}

/** Everything `pick` answers in many tries, ascending: one piece, or all of a tie. */
export function picks(picker: PiecePicker, peerHas: Bitfield | 'all' = 'all', tries = 200): number[] {
  const seen = new Set<number>()
  for (let i = 0; i < tries; i++) {
    const piece = picker.pick(peerHas)
    if (piece !== undefined) seen.add(piece)
  }
  return [...seen].sort((a, b) => a - b)
}

/** A small generator (mulberry32) that repeats for the same seed. @returns numbers in [0, 1) */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
