/**
 * Lines on their way to a reader that may be slow: at most a mebibyte waits in the stream, and what waits behind that
 * is kept small. Nothing is made into text before its turn that could be many (one line a file).
 */
import type { OutputStream } from './terminal.ts'

/** The part of stdout that is needed; tests give their own. */
export interface EventStream extends Pick<OutputStream, 'writableLength' | 'write'> {
  /** true: its reader is gone. */
  readonly destroyed?: boolean
  once?(event: 'drain' | 'close', listener: () => void): unknown
  off?(event: 'drain' | 'close', listener: () => void): unknown
}

/** With this much waiting in the stream the reader is behind. */
const MAX_STREAM_BYTES = 1024 * 1024
/** Of those that nobody's script depends on. */
const MAX_WAITING_OFFERS = 1000

interface Waiting {
  /** The next of its lines; undefined when there are no more. */
  next(): string | undefined
}

export class TextLine implements Waiting {
  #text: string | undefined

  constructor(text: string) {
    this.#text = text
  }

  next(): string | undefined {
    const text = this.#text
    this.#text = undefined
    return text
  }
}

/** Lines of files of one torrent, each kept as two numbers and made when it is its turn. */
export class FileLines implements Waiting {
  readonly #lineOf: (file: number, timeMs: number) => string | undefined
  readonly #files: number[] = []
  readonly #timesMs: number[] = []
  #position = 0

  constructor(lineOf: (file: number, timeMs: number) => string | undefined) {
    this.#lineOf = lineOf
  }

  add(file: number, timeMs: number): void {
    this.#files.push(file)
    this.#timesMs.push(timeMs)
  }

  next(): string | undefined {
    while (this.#position < this.#files.length) {
      const i = this.#position++
      const line = this.#lineOf(this.#files[i] ?? 0, this.#timesMs[i] ?? 0)
      if (line !== undefined) return line
    }
    return undefined
  }
}

export class EventQueue {
  readonly #stream: EventStream
  /** In the order in which they are written. Empty as long as the reader keeps up. */
  readonly #waiting = new Map<string, Waiting>()
  #lineCount = 0
  #offerCount = 0
  #awaitsDrain = false

  constructor(stream: EventStream) {
    this.#stream = stream
  }

  /** Does the reader not keep up? */
  get isBehind(): boolean {
    return this.#waiting.size > 0 || this.#isStreamFull()
  }

  /** Never lost. */
  add(line: string): void {
    this.#put(`line ${this.#lineCount++}`, new TextLine(line))
  }

  /** Lost when a thousand of them wait. */
  offer(line: string): void {
    if (!this.isBehind) this.#offerCount = 0
    else if (this.#offerCount++ >= MAX_WAITING_OFFERS) return
    this.add(line)
  }

  /** Takes the place of what waits under the same key. */
  replace(key: string, line: string): void {
    this.#waiting.delete(key)
    this.#put(key, new TextLine(line))
  }

  /** Never lost. @param make of the first file of this key that has to wait */
  addFile(key: string, file: number, timeMs: number, make: () => FileLines): void {
    const waiting = this.#waiting.get(key)
    if (waiting instanceof FileLines) {
      waiting.add(file, timeMs)
      return
    }
    const lines = make()
    lines.add(file, timeMs)
    this.#put(key, lines)
  }

  /** Resolves when nothing waits any more, or nobody is left to read it. */
  async emptied(): Promise<void> {
    while (this.#waiting.size > 0 && !this.#isGone()) {
      await new Promise<void>((resolve) => {
        const go = (): void => {
          this.#stream.off?.('drain', go)
          this.#stream.off?.('close', go)
          resolve()
        }
        this.#stream.once?.('drain', go)
        this.#stream.once?.('close', go)
      })
      this.#flush()
    }
  }

  #put(key: string, lines: Waiting): void {
    if (this.#isGone()) return
    this.#waiting.set(key, lines)
    this.#flush()
  }

  #flush(): void {
    if (this.#isGone()) this.#waiting.clear()
    for (const [key, lines] of this.#waiting) {
      for (let line = this.#next(lines); line !== undefined; line = this.#next(lines))
        this.#stream.write(line)
      if (this.#isStreamFull()) break
      this.#waiting.delete(key)
    }
    if (this.#waiting.size > 0) this.#flushOnDrain()
  }

  #next(lines: Waiting): string | undefined {
    return this.#isStreamFull() ? undefined : lines.next()
  }

  #flushOnDrain(): void {
    if (this.#awaitsDrain) return
    this.#awaitsDrain = true
    this.#stream.once?.('drain', () => {
      this.#awaitsDrain = false
      this.#flush()
    })
  }

  #isStreamFull(): boolean {
    return (this.#stream.writableLength ?? 0) > MAX_STREAM_BYTES
  }

  #isGone(): boolean {
    return this.#stream.destroyed === true
  }
}
