/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012): 64 bits of a few 32-bit words under a secret key. Strangers cannot choose
 * inputs that collide, nor tell the hash of one they have not seen; it costs a fraction of an HMAC.
 */
const ROUNDS_PER_BLOCK = 2
const LAST_ROUNDS = 4

export class SipHash {
  readonly #key: Uint32Array
  /** v0 to v3, each low word first. */
  readonly #state = new Int32Array(8)
  /** The halves of the last hash. */
  low = 0
  high = 0

  /** @param key 4 random words */
  constructor(key: Uint32Array) {
    this.#key = key
  }

  /** Leaves the hash in `low` and `high`. @param words little endian, an even number of them (blocks of 8 bytes) */
  digest(words: Uint32Array): void {
    const state = this.#state
    const [k0 = 0, k1 = 0, k2 = 0, k3 = 0] = this.#key
    state[0] = k0 ^ 0x70736575
    state[1] = k1 ^ 0x736f6d65
    state[2] = k2 ^ 0x6e646f6d
    state[3] = k3 ^ 0x646f7261
    state[4] = k0 ^ 0x6e657261
    state[5] = k1 ^ 0x6c796765
    state[6] = k2 ^ 0x79746573
    state[7] = k3 ^ 0x74656462
    for (let i = 0; i < words.length; i += 2) mixBlock(state, words[i]!, words[i + 1]!)
    mixBlock(state, 0, (4 * words.length) << 24)
    state[4] ^= 0xff
    for (let i = 0; i < LAST_ROUNDS; i++) mix(state)
    this.low = (state[0] ^ state[2] ^ state[4] ^ state[6]) >>> 0
    this.high = (state[1] ^ state[3] ^ state[5] ^ state[7]) >>> 0
  }
}

function mixBlock(state: Int32Array, low: number, high: number): void {
  state[6]! ^= low
  state[7]! ^= high
  for (let i = 0; i < ROUNDS_PER_BLOCK; i++) mix(state)
  state[0]! ^= low
  state[1]! ^= high
}

/** One SipRound. 64-bit sums and rotations out of 32-bit halves: `l` and `h`. */
function mix(state: Int32Array): void {
  let l0 = state[0]!
  let h0 = state[1]!
  let l1 = state[2]!
  let h1 = state[3]!
  let l2 = state[4]!
  let h2 = state[5]!
  let l3 = state[6]!
  let h3 = state[7]!
  let half: number
  // v0 += v1; v1 = rotl(v1, 13) ^ v0; v0 = rotl(v0, 32)
  l0 = (l0 + l1) | 0
  h0 = (h0 + h1 + carry(l0, l1)) | 0
  half = ((l1 << 13) | (h1 >>> 19)) ^ l0
  h1 = ((h1 << 13) | (l1 >>> 19)) ^ h0
  l1 = half
  // v2 += v3; v3 = rotl(v3, 16) ^ v2
  l2 = (l2 + l3) | 0
  h2 = (h2 + h3 + carry(l2, l3)) | 0
  half = ((l3 << 16) | (h3 >>> 16)) ^ l2
  h3 = ((h3 << 16) | (l3 >>> 16)) ^ h2
  l3 = half
  // v0 += v3 (the halves of v0 have changed places); v3 = rotl(v3, 21) ^ v0
  half = (h0 + l3) | 0
  h0 = (l0 + h3 + carry(half, l3)) | 0
  l0 = half
  half = ((l3 << 21) | (h3 >>> 11)) ^ l0
  h3 = ((h3 << 21) | (l3 >>> 11)) ^ h0
  l3 = half
  // v2 += v1; v1 = rotl(v1, 17) ^ v2; v2 = rotl(v2, 32)
  l2 = (l2 + l1) | 0
  h2 = (h2 + h1 + carry(l2, l1)) | 0
  half = ((l1 << 17) | (h1 >>> 15)) ^ l2
  h1 = ((h1 << 17) | (l1 >>> 15)) ^ h2
  l1 = half
  state[0] = l0
  state[1] = h0
  state[2] = l1
  state[3] = h1
  state[4] = h2
  state[5] = l2
  state[6] = l3
  state[7] = h3
}

/** Of the sum of `part` and something else. */
function carry(sum: number, part: number): 0 | 1 {
  return sum >>> 0 < part >>> 0 ? 1 : 0
}
