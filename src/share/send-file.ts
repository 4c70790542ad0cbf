/** A part of a file to an HTTP client, as fast as it reads and as a limit allows. */
import type { ServerResponse } from 'node:http'
import type { FileHandle } from 'node:fs/promises'
import { sleep, type Clock } from '../common/clock.ts'
import { bucketOf, type TokenBucket } from '../common/token-bucket.ts'
import type { ByteRange } from './byte-range.ts'

/** Read and written at a time; more than two of them wait for no reader. */
const CHUNK_BYTES = 64 * 1024
const STEP_MS = 20

/** Sends the bytes of `range` and ends the response; breaks the connection off when the file ends early. */
export type SendPart = (handle: FileHandle, range: ByteRange, response: ServerResponse) => Promise<void>

export interface HttpUploadOptions {
  readonly clock: Clock
  /** Bytes a second of all clients together; undefined: no limit. */
  readonly limit?: number | undefined
  /** Hears of every byte that went out. */
  readonly onSent: (bytes: number) => void
}

/** All that goes out over HTTP. */
export class HttpUpload {
  readonly #options: HttpUploadOptions
  readonly #bucket: TokenBucket | undefined

  constructor(options: HttpUploadOptions) {
    this.#options = options
    this.#bucket = bucketOf(options.limit, CHUNK_BYTES, options.clock.now())
  }

  readonly sendPart: SendPart = async (handle, { first, last }, response) => {
    let position = first
    while (position <= last && !response.destroyed) {
      const wanted = Math.min(CHUNK_BYTES, last + 1 - position)
      await this.#mayTake(wanted, response)
      // Of its own: the socket may hold it for as long as the reader takes.
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(wanted), 0, wanted, position)
      if (bytesRead === 0) {
        response.destroy()
        return
      }
      position += bytesRead
      this.#options.onSent(bytesRead)
      if (!response.write(buffer.subarray(0, bytesRead))) await drained(response)
    }
    response.end()
  }

  /** Waits for its turn: whoever comes first takes, and may overdraw for one chunk. */
  async #mayTake(bytes: number, response: ServerResponse): Promise<void> {
    const bucket = this.#bucket
    if (bucket === undefined) return
    const { clock } = this.#options
    bucket.fill(clock.now())
    if (bucket.bytes <= 0) {
      await unhurried(response, async () => {
        while (bucket.bytes <= 0 && !response.destroyed) {
          await sleep(clock, STEP_MS)
          bucket.fill(clock.now())
        }
      })
    }
    if (!response.destroyed) bucket.take(bytes)
  }
}

/** Silence that is ours, however long it lasts, is no reason to cut the reader off. */
async function unhurried(response: ServerResponse, wait: () => Promise<void>): Promise<void> {
  const { socket } = response
  const idleMs = socket?.timeout ?? 0
  socket?.setTimeout(0)
  await wait()
  socket?.setTimeout(idleMs)
}

/** Resolves when it takes more, or never will. */
async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed || !response.writableNeedDrain) return
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      response.off('drain', finish).off('close', finish)
      resolve()
    }
    response.on('drain', finish).on('close', finish)
  })
}
