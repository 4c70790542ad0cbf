/** Something that ends once, and that many wait for beside what they really wait for. */
export class Ending {
  readonly #waiting = new Set<() => void>()
  readonly #controller = new AbortController()

  isOver(): boolean {
    return this.#controller.signal.aborted
  }

  /** For what can be called off. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  end(): void {
    this.#controller.abort()
    for (const stop of this.#waiting) stop()
    this.#waiting.clear()
  }

  /**
   * The promise's value, or undefined when the end comes first. Unlike Promise.race with one lasting promise, nothing of
   * the value is kept afterwards: a batch would keep the bytes of each .torrent.
   */
  async before<T>(promise: Promise<T>): Promise<T | undefined> {
    let stop = (): void => undefined
    const stopped = new Promise<undefined>((resolve) => {
      stop = () => {
        resolve(undefined)
      }
    })
    if (this.isOver()) stop()
    else this.#waiting.add(stop)
    try {
      return await Promise.race([stopped, promise])
    } finally {
      this.#waiting.delete(stop)
    }
  }
}
