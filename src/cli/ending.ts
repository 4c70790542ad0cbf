/** Something that ends once, and that many wait for beside what they really wait for. */
export class Ending {
  readonly #waiting = new Set<() => void>()
  #isOver = false

  isOver(): boolean {
    return this.#isOver
  }

  end(): void {
    this.#isOver = true
    for (const stop of this.#waiting) stop()
    this.#waiting.clear()
  }

  /**
   * The promise's value, or undefined when the end comes first. Unlike Promise.race with one lasting promise, nothing of
   * the value is kept afterwards: a batch would keep the bytes of each .torrent.
   */
  async before<T>(promise: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        resolve(undefined)
      }
      if (this.#isOver) stop()
      else this.#waiting.add(stop)
      promise.then(
        (value) => {
          this.#waiting.delete(stop)
          resolve(value)
        },
        (error: unknown) => {
          this.#waiting.delete(stop)
          reject(error)
        },
      )
    })
  }
}
