/** The 20 bytes that name a torrent (BEP 3). */
import { createHash } from 'node:crypto'

/** SHA-1 of the bytes of an `info` dictionary exactly as they stand in the torrent. 20 bytes. */
export function hashInfo(rawInfo: Uint8Array): Buffer {
  return createHash('sha1').update(rawInfo).digest()
}
