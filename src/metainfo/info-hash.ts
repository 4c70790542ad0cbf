/** The 20 bytes that name a torrent (BEP 3), and how people write them. */
import { createHash } from 'node:crypto'

/** SHA-1 of the bytes of an `info` dictionary exactly as they stand in the torrent. 20 bytes. */
export function hashInfo(rawInfo: Uint8Array): Buffer {
  return createHash('sha1').update(rawInfo).digest()
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

/** 40 hexadecimal digits, or 32 of base32 (RFC 4648), in any case. @returns 20 bytes; undefined for anything else */
export function parseInfoHash(text: string): Buffer | undefined {
  if (/^[0-9a-f]{40}$/i.test(text)) return Buffer.from(text, 'hex')
  if (!/^[a-z2-7]{32}$/i.test(text)) return undefined
  let bits = 0n
  for (const digit of text.toLowerCase()) bits = (bits << 5n) | BigInt(BASE32.indexOf(digit))
  return Buffer.from(bits.toString(16).padStart(40, '0'), 'hex')
}
