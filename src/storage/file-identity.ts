/**
 * What tells that a file on disk still is the one whose bytes were hashed: device, inode, size, mtime and ctime in
 * nanoseconds. (Whoever changes content can set mtime back, but not ctime.)
 */
import type { BigIntStats } from 'node:fs'

/** `device:inode:size:mtime:ctime`, as the resume record has it. */
export type FileIdentity = string

export function identityOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileIdentity {
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`
}

/** Are these two names of one file? */
export function isSameFile(one: BigIntStats, other: BigIntStats): boolean {
  return one.dev === other.dev && one.ino === other.ino
}

/** Is this text something that `identityOf` could have made? */
export function isIdentity(text: string): boolean {
  return /^\d{1,20}(:\d{1,20}){2}(:-?\d{1,20}){2}$/.test(text)
}

const SECOND_NS = 1_000_000_000n

/**
 * Could a later change leave the same timestamps? They come from a clock that ticks every few milliseconds, and on
 * some file systems every 2 s, so a file that changed in the present tick cannot be told from one that changes again.
 * @param stampNs the timestamp of a file written after the identity was taken
 */
function isRacy(mtimeNs: bigint, ctimeNs: bigint, stampNs: bigint): boolean {
  const newestNs = ctimeNs > mtimeNs ? ctimeNs : mtimeNs
  const tickNs = ctimeNs % SECOND_NS === 0n ? 2n * SECOND_NS : 0n
  return newestNs + tickNs >= stampNs
}

const NUMBERS = 5

/**
 * The identities of many files. Numbers in one array: as text they are five times as large, and pages that no file has
 * used yet take no memory.
 */
export class Identities {
  readonly #numbers: BigInt64Array

  constructor(fileCount: number) {
    this.#numbers = new BigInt64Array(fileCount * NUMBERS)
  }

  set(file: number, { dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): void {
    const at = file * NUMBERS
    this.#numbers[at] = dev
    this.#numbers[at + 1] = ino
    this.#numbers[at + 2] = size
    this.#numbers[at + 3] = mtimeNs
    this.#numbers[at + 4] = ctimeNs
  }

  /** Is this the file whose identity was set, unchanged? */
  isSame(file: number, stat: BigIntStats): boolean {
    const at = file * NUMBERS
    return (
      this.isSameInode(file, stat) &&
      this.#numbers[at + 2] === stat.size &&
      this.#numbers[at + 3] === stat.mtimeNs &&
      this.#numbers[at + 4] === stat.ctimeNs
    )
  }

  /** Is this the file whose identity was set, whatever became of its bytes? */
  isSameInode(file: number, { dev, ino }: BigIntStats): boolean {
    const at = file * NUMBERS
    return this.#numbers[at] === dev && this.#numbers[at + 1] === ino
  }

  /** Could a change now, at `stampNs`, leave the same identity? */
  isRacy(file: number, stampNs: bigint): boolean {
    const at = file * NUMBERS
    return isRacy(this.#numbers[at + 3] ?? 0n, this.#numbers[at + 4] ?? 0n, stampNs)
  }

  textOf(file: number): FileIdentity {
    const at = file * NUMBERS
    const [dev, ino, size, mtimeNs, ctimeNs] = this.#numbers.subarray(at, at + NUMBERS)
    return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`
  }
}
