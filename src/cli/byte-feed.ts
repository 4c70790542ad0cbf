/** A stream of buffers, taken in portions of any length: where files begin and end inside pieces. */
import { BugError } from '../common/errors.ts'

export class ByteFeed {
  readonly #next: () => Promise<Buffer | undefined>
  #rest: Buffer = Buffer.alloc(0)

  /** @param next gives undefined at the end */
  constructor(next: () => Promise<Buffer | undefined>) {
    this.#next = next
  }

  /** The next `length` bytes, as they come. @throws BugError BUG_BYTE_FEED when the stream ends before */
  async *take(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0;) {
      if (this.#rest.length === 0) this.#rest = await this.#more()
      const part = this.#rest.subarray(0, left)
      this.#rest = this.#rest.subarray(part.length)
      left -= part.length
      yield part
    }
  }

  /** Leaves out the next `length` bytes. */
  async skip(length: number): Promise<void> {
    for (let left = length; left > 0;) {
      if (this.#rest.length === 0) this.#rest = await this.#more()
      const count = Math.min(left, this.#rest.length)
      this.#rest = this.#rest.subarray(count)
      left -= count
    }
  }

  async #more(): Promise<Buffer> {
    const bytes = await this.#next()
    if (bytes === undefined) throw new BugError('BUG_BYTE_FEED', 'the stream is too short')
    return bytes
  }
}
