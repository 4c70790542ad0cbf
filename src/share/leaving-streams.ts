/** A peer that leaves in the middle: after so many bytes it says nothing any more, on none of its connections. */
import type { AttachHandler, ByteStream } from '../net/byte-stream.ts'

/**
 * @param byteCount what is sent in all, handshakes and headers included; the rest is cut off, within a message or not
 * @param onLeft called once, when that has been written
 */
export function leavingStreams(
  byteCount: number,
  onLeft: () => void,
): (attach: AttachHandler) => AttachHandler {
  let leftBytes = byteCount
  const takeSome = (wanted: number): number => {
    const taken = Math.min(wanted, leftBytes)
    const isLast = leftBytes > 0 && taken === leftBytes
    leftBytes -= taken
    if (isLast) queueMicrotask(onLeft) // the caller is in the middle of something
    return taken
  }
  return (attach) => (stream) => attach(new LeavingStream(stream, takeSome))
}

class LeavingStream implements ByteStream {
  readonly #stream: ByteStream
  readonly #takeSome: (wanted: number) => number

  constructor(stream: ByteStream, takeSome: (wanted: number) => number) {
    this.#stream = stream
    this.#takeSome = takeSome
  }

  get remote(): ByteStream['remote'] {
    return this.#stream.remote
  }

  get bufferedBytes(): number {
    return this.#stream.bufferedBytes
  }

  write(bytes: Buffer): boolean {
    const count = this.#takeSome(bytes.length)
    return count === 0 || this.#stream.write(bytes.subarray(0, count))
  }

  cork(): void {
    this.#stream.cork()
  }

  uncork(): void {
    this.#stream.uncork()
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  end(): void {
    this.#stream.end()
  }

  close(): void {
    this.#stream.close()
  }
}
