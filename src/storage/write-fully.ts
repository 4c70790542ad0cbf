/** Positioned writes that leave nothing out. */
import { writevSync } from 'node:fs'

/** `fs.writevSync`, or a test's. @returns bytes written: perhaps fewer than there are, without any error */
export type WriteAt = (fd: number, buffers: readonly Buffer[], position: number) => number

/** Writes the buffers one after the other from `position` on. @throws system errors; EIO when nothing is taken any more */
export function writeFully(
  fd: number,
  buffers: readonly Buffer[],
  position: number,
  write: WriteAt = writevSync,
): void {
  let missing = buffers.reduce((sum, { length }) => sum + length, 0)
  for (let rest = buffers, at = position; missing > 0;) {
    const written = write(fd, rest, at)
    if (written <= 0) throw Object.assign(new Error('nothing was written'), { code: 'EIO' })
    missing -= written
    at += written
    if (missing > 0) rest = withoutFirst(rest, written)
  }
}

function withoutFirst(buffers: readonly Buffer[], count: number): readonly Buffer[] {
  let skipped = 0
  for (const [index, buffer] of buffers.entries()) {
    if (skipped + buffer.length > count)
      return [buffer.subarray(count - skipped), ...buffers.slice(index + 1)]
    skipped += buffer.length
  }
  return []
}
