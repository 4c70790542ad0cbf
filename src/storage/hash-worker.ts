/**
 * What a hashing thread runs: it reads descriptors that the main thread opened (they belong to the whole process) and
 * hashes. A bundle entry of its own (package.json), started by hash-thread.ts.
 */
import { readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { ThreadAnswer, ThreadOrder } from './hash-thread.ts'
import { PieceDigests, READ_BYTES } from './piece-digests.ts'

const buffer = Buffer.allocUnsafeSlow(READ_BYTES)

parentPort?.on('message', (order: ThreadOrder) => {
  answer({ slot: order.slot, digests: hash(order) })
})
answer('ready')

function answer(message: ThreadAnswer): void {
  parentPort?.postMessage(message)
}

/** @returns undefined when it was told to stop, and when something could not be read */
function hash({
  stop,
  spans,
  pieceBytes,
  length,
  algorithm,
  hashedBytes,
}: ThreadOrder): Uint8Array | undefined {
  const pieces = new PieceDigests(pieceBytes, length, algorithm)
  for (const { fd, offset, length: spanBytes } of spans) {
    if (fd === undefined) buffer.fill(0)
    for (let at = 0; at < spanBytes;) {
      if (Atomics.load(stop, 0) !== 0) return undefined
      const wantedBytes = Math.min(READ_BYTES, spanBytes - at)
      const count = fd === undefined ? wantedBytes : readSome(fd, offset + at, wantedBytes)
      if (count === 0) return undefined
      pieces.add(buffer.subarray(0, count))
      if (hashedBytes !== undefined) Atomics.add(hashedBytes, 0, BigInt(count))
      at += count
    }
  }
  return pieces.digests
}

/** @returns bytes read; 0 at the file's end, and after an error: the main thread reads again and tells what it was */
function readSome(fd: number, position: number, wantedBytes: number): number {
  try {
    return readSync(fd, buffer, 0, wantedBytes, position)
  } catch {
    return 0
  }
}
