/** The 20 bytes that name a torrent (BEP 3): SHA-1 of the raw `info` value, written as 40 hex or 32 base32 digits. */
import { createHash } from 'node:crypto'

export const INFO_HASH_BYTES = 20

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** SHA-1 of the bytes of an `info` dictionary exactly as they stand in the torrent. 20 bytes. */
export function hashInfo(rawInfo: Uint8Array): Buffer {
  return createHash('sha1').update(rawInfo).digest()
}

/** 40 lower-case hex digits. */
export function infoHashToHex(infoHash: Buffer): string {
  return infoHash.toString('hex')
}

/** Reads 40 hex digits or 32 base32 digits (BEP 9), either case. @returns undefined when it is neither */
export function infoHashFromText(text: string): Buffer | undefined {
  if (/^[0-9a-f]{40}$/i.test(text)) return Buffer.from(text, 'hex')
  if (/^[a-z2-7]{32}$/i.test(text)) return fromBase32(text.toUpperCase())
  return undefined
}

/** RFC 4648 without padding: 32 digits of 5 bits are 20 bytes. */
function fromBase32(text: string): Buffer {
  const bytes = Buffer.alloc(INFO_HASH_BYTES)
  let bits = 0
  let bitCount = 0
  let at = 0
  for (const digit of text) {
    bits = ((bits << 5) | BASE32.indexOf(digit)) & 0xfff
    bitCount += 5
    if (bitCount >= 8) {
      bitCount -= 8
      bytes.writeUInt8((bits >>> bitCount) & 0xff, at)
      at += 1
    }
  }
  return bytes
}
