/**
 * Standard output as a place for bytes: each write waits until the system has taken it, so that a slow reader slows
 * down who writes. What goes wrong is an error of ours: the reader went away, the disk behind a redirection is full.
 */
import { OutputError, UsageError, messageOf, systemCodeOf } from '../common/errors.ts'

/** The part of process.stdout that is needed; tests give their own. */
export interface ByteStream {
  readonly isTTY?: boolean | undefined
  write(bytes: Buffer, done: (error?: Error | null) => void): boolean
  on(event: 'error', listener: (error: Error) => void): unknown
}

const TAB = 0x09
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20
const DELETE = 0x7f
/** C1 controls in UTF-8: c2 80 to c2 9f. */
const C1_LEAD = 0xc2
const C1_LAST = 0x9f

export class ByteOutput {
  readonly #stream: ByteStream
  #isWriting = false

  constructor(stream: ByteStream) {
    this.#stream = stream
    stream.on('error', () => {
      // The write that failed tells.
    })
  }

  /**
   * One at a time. @throws OutputError OUTPUT_GONE when the reader went away, OUTPUT_FULL, OUTPUT_FAILED
   * @throws UsageError OUTPUT_IS_TERMINAL for bytes that a terminal would act on
   */
  async write(bytes: Buffer): Promise<void> {
    if (this.#stream.isTTY === true && !isText(bytes)) {
      const advice = 'redirect it to a file or a pipe'
      throw new UsageError('OUTPUT_IS_TERMINAL', `binary data is not written to a terminal: ${advice}`)
    }
    this.#isWriting = true
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(bytes, (error) => {
        if (error instanceof Error) reject(outputError(error))
        else resolve()
      })
    })
    this.#isWriting = false
  }

  /** Does a write wait for its reader? Whoever ends now must not wait for it. */
  get isWriting(): boolean {
    return this.#isWriting
  }
}

/** Is there nothing but text, line ends and tabs in it? */
export function isText(bytes: Buffer): boolean {
  let before = 0
  for (const byte of bytes) {
    if (byte === DELETE || (byte < SPACE && (byte < TAB || byte > CARRIAGE_RETURN))) return false
    if (before === C1_LEAD && byte <= C1_LAST) return false
    before = byte
  }
  return true
}

function outputError(error: Error): OutputError {
  const code = systemCodeOf(error)
  const message = `cannot write to standard output: ${code === 'ENOSPC' ? 'disk full' : messageOf(error)}`
  if (code === 'EPIPE') return new OutputError('OUTPUT_GONE', message, { cause: error })
  if (code === 'ENOSPC') return new OutputError('OUTPUT_FULL', message, { cause: error })
  return new OutputError('OUTPUT_FAILED', message, { cause: error })
}
