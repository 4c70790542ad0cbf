/** Several buffers that are filled one after another, as if they were one. */

/** Of all together, bytes. */
export function lengthOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0)
}

/** The first `count` bytes; the same array when that is all of it. @param count at most their length */
export function firstBytes(parts: readonly Buffer[], count: number): readonly Buffer[] {
  if (count === lengthOf(parts)) return parts
  const first: Buffer[] = []
  let left = count
  for (const part of parts) {
    if (left === 0) break
    first.push(part.subarray(0, left))
    left -= Math.min(part.length, left)
  }
  return first
}

/** What is behind the first `count` bytes. @param count at most their length */
export function withoutFirst(parts: readonly Buffer[], count: number): readonly Buffer[] {
  const rest: Buffer[] = []
  let toSkip = count
  for (const part of parts) {
    if (toSkip < part.length) rest.push(part.subarray(toSkip))
    toSkip -= Math.min(part.length, toSkip)
  }
  return rest
}
