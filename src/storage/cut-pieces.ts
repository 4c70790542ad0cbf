/** Neighbouring pieces as one run of bytes, handed out in order. Nothing is copied. */

export class PieceBytes {
  readonly #pieces: readonly Buffer[]
  #index = 0
  /** Bytes of the piece at `#index` that were handed out. */
  #used = 0

  /** @param pieces none is empty */
  constructor(pieces: readonly Buffer[]) {
    this.#pieces = pieces
  }

  /** The next `length` bytes: views of the pieces they lie in, or fewer bytes when there are no more. */
  take(length: number): readonly Buffer[] {
    const views: Buffer[] = []
    for (let missing = length; missing > 0;) {
      const piece = this.#pieces[this.#index]
      if (piece === undefined) break
      const count = Math.min(missing, piece.length - this.#used)
      views.push(count === piece.length ? piece : piece.subarray(this.#used, this.#used + count))
      missing -= count
      this.#used += count
      if (this.#used === piece.length) {
        this.#index++
        this.#used = 0
      }
    }
    return views
  }
}
