/**
 * The terminal as cli-progress wants it, over any stream. It collects a frame and writes it at once (no flicker), knows
 * how many rows the last frame takes after a resize, and never hides the cursor or turns wrapping off: a killed process
 * leaves the user's terminal usable. Lines it is given fit the width.
 */
import { stripVTControlCharacters } from 'node:util'
import type { OutputStream } from './terminal.ts'
import { displayWidth } from './text-width.ts'

const UP = (rows: number): string => (rows > 0 ? `\x1b[${rows}A` : '')
const CLEAR_RIGHT = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'

export class BarTerminal {
  readonly #stream: OutputStream
  readonly #width: () => number
  #frame = ''
  /** Cells of each row of the frame, down to the row of the cursor. */
  #rowCells: number[] = [0]
  #drawnWidth: number

  /** @param width cells of a line right now */
  constructor(stream: OutputStream, width: () => number) {
    this.#stream = stream
    this.#width = width
    this.#drawnWidth = width()
  }

  /** Writes what was collected. */
  flush(): void {
    if (this.#frame === '') return
    this.#stream.write(this.#frame)
    this.#frame = ''
  }

  /** A line that may be wider than the terminal, in place of the current row, which moves down. */
  writeLine(text: string): void {
    this.#frame += `${text}${CLEAR_RIGHT}\n`
  }

  /** Back to the first cell of the first row; what terminals made of old rows after a resize is wiped. */
  cursorRelativeReset(): void {
    const width = this.#width()
    // Terminals wrap rows anew when they get narrower: a row then takes several.
    const rows = this.#rowCells.map((cells) => Math.max(1, Math.ceil(cells / width)))
    this.#frame += `\r${UP(rows.reduce((sum, count) => sum + count, 0) - 1)}`
    if (width !== this.#drawnWidth) this.#frame += CLEAR_BELOW
    this.#drawnWidth = width
    this.#rowCells = [0]
  }

  newline(): void {
    this.#frame += '\n'
    this.#rowCells.push(0)
  }

  /** @param isRaw the text is a whole line for above the bars, made by cli-progress' log() */
  write(text: string, isRaw = false): void {
    if (isRaw) {
      this.writeLine(text.replace(/\n$/, ''))
      return
    }
    this.#frame += text
    this.#rowCells[this.#rowCells.length - 1] = displayWidth(stripVTControlCharacters(text))
  }

  /** Only ever to the start of the row. */
  cursorTo(): void {
    this.#frame += '\r'
  }

  clearRight(): void {
    this.#frame += CLEAR_RIGHT
  }

  clearLine(): void {
    this.#frame += `\r${CLEAR_RIGHT}`
  }

  clearBottom(): void {
    this.#frame += CLEAR_BELOW
  }

  cursor(): void {
    // Left alone, see above.
  }

  lineWrapping(): void {
    // Left alone, see above.
  }

  isTTY(): boolean {
    return true
  }

  getWidth(): number {
    return this.#width()
  }
}
