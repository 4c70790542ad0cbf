/** Files that look random and have the same bytes for the same seed, on every machine: AES-256 in counter mode. */
import type { FileHandle } from 'node:fs/promises'
import { createCipheriv, createHash } from 'node:crypto'
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { diskError } from './disk-errors.ts'

const CHUNK_BYTES = 1024 * 1024

export interface RandomFile {
  /** Absolute. */
  readonly path: string
  readonly lengthBytes: number
}

/**
 * Makes each file, and the directories that it needs. Their bytes are one stream, cut at the files' ends.
 * @throws StorageError DISK_FULL, DISK_NOT_WRITABLE, DISK_IO; the signal's reason when it aborts
 */
export async function writeRandomFiles(
  files: readonly RandomFile[],
  seed: number,
  signal?: AbortSignal,
): Promise<void> {
  const next = randomStream(seed)
  for (const { path, lengthBytes } of files) {
    let file: FileHandle | undefined
    try {
      await mkdir(dirname(path), { recursive: true })
      file = await open(path, 'wx')
      for (let left = lengthBytes; left > 0; left -= CHUNK_BYTES) {
        signal?.throwIfAborted()
        await file.writeFile(next(Math.min(left, CHUNK_BYTES)))
      }
    } catch (error) {
      signal?.throwIfAborted()
      throw diskError(error, {
        verb: 'write',
        path,
        space: { neededBytes: lengthBytes, directory: dirname(path) },
      })
    } finally {
      await file?.close()
    }
  }
}

function randomStream(seed: number): (length: number) => Buffer {
  const key = createHash('sha256').update(`torrent-dl testbed ${seed}`).digest()
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  const zeros = Buffer.alloc(CHUNK_BYTES)
  return (length) => cipher.update(zeros.subarray(0, length))
}
