/** Which part of a file an HTTP request asks for (RFC 9110, 14): one range of bytes, or all. Pure. */

/** Positions of the first and the last byte. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

const ONE_RANGE = /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/i

/**
 * @param header of `Range`; several ranges, other units and what cannot be read are ignored, as the RFC allows
 * @param lengthBytes of the whole file
 * @returns undefined: send all of it
 */
export function readRange(
  header: string | undefined,
  lengthBytes: number,
): ByteRange | 'unsatisfiable' | undefined {
  const match = ONE_RANGE.exec(header ?? '')
  if (match === null) return undefined
  const [, from = '', to = ''] = match
  if (from === '') return to === '' ? undefined : suffix(Number(to), lengthBytes)
  const first = Number(from)
  const last = to === '' ? Infinity : Number(to)
  if (last < first) return undefined
  return first >= lengthBytes ? 'unsatisfiable' : { first, last: Math.min(last, lengthBytes - 1) }
}

/** `bytes=-500`: the last 500, or all when there are fewer. */
function suffix(count: number, lengthBytes: number): ByteRange | 'unsatisfiable' {
  if (count === 0 || lengthBytes === 0) return 'unsatisfiable'
  return { first: Math.max(0, lengthBytes - count), last: lengthBytes - 1 }
}
