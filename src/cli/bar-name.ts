/** The name in front of a bar. It is drawn four times a second and changes hardly ever, so its last cut is kept. */
import { displayWidth, padEndCells, truncateMiddle } from './text-width.ts'

export class BarName {
  readonly cells: number
  readonly #text: string
  #fitted: { readonly cells: number; readonly mark: string; readonly text: string } | undefined

  /** @param text clean, and steady (text-width.ts) */
  constructor(text: string) {
    this.#text = text
    this.cells = displayWidth(text)
  }

  /** Exactly so wide: cut in the middle, or filled up. @param mark shows the cut */
  fit(cells: number, mark: string): string {
    if (this.#fitted?.cells !== cells || this.#fitted.mark !== mark) {
      const text = padEndCells(truncateMiddle(this.#text, cells, mark), cells)
      this.#fitted = { cells, mark, text }
    }
    return this.#fitted.text
  }
}
