/**
 * What tells that a file on disk still is the one whose bytes were hashed: device, inode, size, mtime and ctime in
 * nanoseconds. (Whoever changes content can set mtime back, but not ctime.)
 */
import type { BigIntStats } from 'node:fs'

/** `device:inode:size:mtime:ctime`, compared as text. */
export type FileIdentity = string

/** `device:inode` */
export type InodeId = string

export function identityOf(stat: BigIntStats): FileIdentity {
  return `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`
}

export function inodeOf(stat: BigIntStats): InodeId {
  return `${stat.dev}:${stat.ino}`
}

/** Is this text something that `identityOf` could have made? */
export function isIdentity(text: string): boolean {
  return /^\d{1,20}(:\d{1,20}){2}(:-?\d{1,20}){2}$/.test(text)
}

const SECOND_NS = 1_000_000_000n

/**
 * Could a later change leave the same timestamps? They come from a clock that ticks every few milliseconds, and on
 * some file systems every 2 s, so a file that changed in the present tick cannot be told from one that changes again.
 * @param stampNs the timestamp that a file written just before `stat` was taken got
 */
export function isRacy({ mtimeNs, ctimeNs }: BigIntStats, stampNs: bigint): boolean {
  const newestNs = ctimeNs > mtimeNs ? ctimeNs : mtimeNs
  const tickNs = ctimeNs % SECOND_NS === 0n ? 2n * SECOND_NS : 0n
  return newestNs + tickNs >= stampNs
}
