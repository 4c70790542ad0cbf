/**
 * The connection ids of a UDP tracker (BEP 15) without a memory of them: a keyed hash of address and minute. Whoever
 * sends from an address that is not its own never sees the id that belongs to it.
 */
import { SipHash } from '../common/sip-hash.ts'
import { readAddressWords } from './peer-place.ts'
import type { ConnectionId } from './udp-codec.ts'

/** BEP 15: ids are good for two minutes after they were sent; the current minute is not over yet. */
const GOOD_MINUTES = 3
const MINUTE_MS = 60_000

export class ConnectionIds {
  readonly #hash: SipHash
  readonly #words = new Uint32Array(6)

  /** @param key 4 words nobody can guess */
  constructor(key: Uint32Array) {
    this.#hash = new SipHash(key)
  }

  /** The address' id now, 8 bytes. @param place whose first 16 bytes are the address */
  current(place: Uint8Array, nowMs: number): ConnectionId {
    const id = Buffer.allocUnsafe(8)
    this.#digest(place, Math.floor(nowMs / MINUTE_MS))
    id.writeUInt32BE(this.#hash.high, 0)
    id.writeUInt32BE(this.#hash.low, 4)
    return id
  }

  /** Did the packet begin with an id that this address got lately? */
  isGood(packet: Buffer, place: Uint8Array, nowMs: number): boolean {
    const high = packet.readUInt32BE(0)
    const low = packet.readUInt32BE(4)
    const minute = Math.floor(nowMs / MINUTE_MS)
    for (let age = 0; age < GOOD_MINUTES; age++) {
      this.#digest(place, minute - age)
      if (this.#hash.high === high && this.#hash.low === low) return true
    }
    return false
  }

  #digest(place: Uint8Array, minute: number): void {
    readAddressWords(place, 0, this.#words)
    this.#words[4] = minute
    this.#hash.digest(this.#words)
  }
}
