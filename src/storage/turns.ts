/** A torrent may have hundreds of thousands of files: loops that touch each on disk let other work have its turn. */

/** Some 100 us each at worst (made, written, moved): a turn takes 20 ms. */
export const FILES_PER_TURN = 200

export class Turns {
  #fileCount = 0

  /** Counts one more file. @returns is it time for `otherWork`? */
  isOver(): boolean {
    this.#fileCount++
    return this.#fileCount % FILES_PER_TURN === 0
  }
}

/** Resolves when the event loop has been round. */
export async function otherWork(): Promise<void> {
  await new Promise(setImmediate)
}
