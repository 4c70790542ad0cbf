/**
 * Where a peer is, as the tracker keeps and compares it: 16 bytes of address (IPv4 as `::ffff:a.b.c.d`), then the port.
 * Its last 6 bytes are the compact form of an IPv4 peer (BEP 23), all 18 that of an IPv6 peer (BEP 7).
 */
import { parseV6 } from '../common/endpoint.ts'

export const PLACE_BYTES = 18
/** Of the bytes that an IPv4 peer's compact form begins with. */
export const V4_OFFSET = 12
const DOT = 46
const ZERO = 48

/** Writes address and port over all 18 bytes. @param host an IP literal */
export function writePlace(place: Uint8Array, host: string, port: number): void {
  if (host.includes(':')) place.set(parseV6(host))
  else writeV4(place, host)
  place[16] = port >> 8
  place[17] = port
}

function writeV4(place: Uint8Array, host: string): void {
  place.fill(0, 0, 10)
  place[10] = 0xff
  place[11] = 0xff
  let at = V4_OFFSET
  let value = 0
  for (let i = 0; i < host.length; i++) {
    const code = host.charCodeAt(i)
    if (code === DOT) {
      place[at++] = value
      value = 0
    } else value = 10 * value + code - ZERO
  }
  place[at] = value
}

/** @param offset of the first of the 18 bytes */
export function isV4Place(places: Uint8Array, offset: number): boolean {
  for (let i = 0; i < 10; i++) if (places[offset + i] !== 0) return false
  return places[offset + 10] === 0xff && places[offset + 11] === 0xff
}

/** The address as 4 words, for a hash. */
export function readAddressWords(places: Uint8Array, offset: number, words: Uint32Array): void {
  for (let i = 0; i < 4; i++) {
    const at = offset + 4 * i
    words[i] = (places[at]! << 24) | (places[at + 1]! << 16) | (places[at + 2]! << 8) | places[at + 3]!
  }
}
