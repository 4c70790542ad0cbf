/**
 * Unsigned 64-bit numbers on the wire, big endian: the counters of the UDP announce (BEP 15). The native package
 * `bignum` does it where it was built; where it was not, `BigInt` gives the same bytes.
 */
import { createRequire } from 'node:module'

export interface Uint64Codec {
  /** @param value a whole number >= 0 @param offset of the first of 8 bytes */
  write(target: Buffer, offset: number, value: number): void
  /** Values beyond 2^53 - 1 lose digits: good for showing, not for counting. */
  read(source: Buffer, offset: number): number
}

/** The part of the `bignum` package that is used here. */
export type BignumPackage = ((value: number) => BignumValue) & {
  fromBuffer(bytes: Buffer, options: BignumLayout): BignumValue
}
interface BignumValue {
  toBuffer(options: BignumLayout): Buffer
  toNumber(): number
}
interface BignumLayout {
  readonly endian: 'big'
  readonly size: number
}

const LAYOUT: BignumLayout = { endian: 'big', size: 8 }

export function uint64WithBignum(bignum: BignumPackage): Uint64Codec {
  return {
    write(target, offset, value) {
      bignum(value).toBuffer(LAYOUT).copy(target, offset)
    },
    read: (source, offset) => bignum.fromBuffer(source.subarray(offset, offset + 8), LAYOUT).toNumber(),
  }
}

export const uint64WithBigInt: Uint64Codec = {
  write(target, offset, value) {
    target.writeBigUInt64BE(BigInt(value), offset)
  },
  read: (source, offset) => Number(source.readBigUInt64BE(offset)),
}

/** The `bignum` package, or undefined where it is not there or does not load. */
export function loadBignum(): BignumPackage | undefined {
  try {
    return createRequire(import.meta.url)('bignum') as BignumPackage
  } catch {
    // An optional dependency that did not build: BigInt does the same.
    return undefined
  }
}

let loaded: Uint64Codec | undefined

/** The codec of this machine, loaded when first needed: a start without UDP trackers does not pay for the add-on. */
export function uint64(): Uint64Codec {
  if (loaded === undefined) {
    const bignum = loadBignum()
    loaded = bignum === undefined ? uint64WithBigInt : uint64WithBignum(bignum)
  }
  return loaded
}
