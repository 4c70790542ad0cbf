/** Positioned writes that leave nothing out. */
import { writeSync } from 'node:fs'

/** `fs.writeSync`, or a test's. @returns bytes written: perhaps fewer than `length`, without any error */
export type WriteAt = (
  ...args: readonly [fd: number, bytes: Buffer, at: number, length: number, position: number]
) => number

/** Writes all of `bytes` at `position`. @throws system errors; EIO when nothing is taken any more */
export function writeFully(fd: number, bytes: Buffer, position: number, write: WriteAt = writeSync): void {
  for (let at = 0; at < bytes.length;) {
    const written = write(fd, bytes, at, bytes.length - at, position + at)
    if (written <= 0) throw Object.assign(new Error('nothing was written'), { code: 'EIO' })
    at += written
  }
}
