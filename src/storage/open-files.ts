/**
 * File descriptors that are kept open, at most 64, the one not used for longest closed first. A descriptor that a read
 * is using is never closed under it.
 */
import { closeSync, openSync } from 'node:fs'
import { systemCodeOf } from '../common/errors.ts'

const CAPACITY = 64

interface OpenFile {
  readonly fd: number
  readers: number
}

export class OpenFiles {
  readonly #open: (file: number) => number
  /** Least recently used first (a Map keeps insertion order). */
  readonly #files = new Map<number, OpenFile>()
  /** Held back, so that a first file can be opened even when sockets have used up all descriptors. */
  #reserve: number | undefined

  /** @param open opens or makes the file, or throws; called again after EMFILE when a descriptor could be freed */
  constructor(open: (file: number) => number) {
    this.#open = open
  }

  /** @param path something that is there and can be opened for reading */
  holdReserve(path: string): void {
    this.#reserve ??= openSync(path, 'r')
  }

  get size(): number {
    return this.#files.size
  }

  /** For use before the next `await` only. @throws what opening throws */
  get(file: number): number {
    return this.#use(file).fd
  }

  /** Its descriptor if it is open, for use before the next `await` only. */
  peek(file: number): number | undefined {
    return this.#files.get(file)?.fd
  }

  /** Keeps the descriptor open until `use` has settled. */
  async withFile<T>(file: number, use: (fd: number) => Promise<T>): Promise<T> {
    const open = this.#use(file)
    open.readers++
    try {
      return await use(open.fd)
    } finally {
      open.readers--
      if (open.readers === 0 && this.#files.get(file) !== open) closeSync(open.fd)
    }
  }

  /** Closes it as soon as nobody reads; the next use opens it anew. */
  forget(file: number): void {
    const open = this.#files.get(file)
    this.#files.delete(file)
    if (open?.readers === 0) closeSync(open.fd)
  }

  /** Runs what needs a descriptor for a moment, again after each EMFILE as long as we can close one of ours. */
  withSpare<T>(run: () => T): T {
    for (;;) {
      try {
        return run()
      } catch (error) {
        if (!isShortage(error) || !(this.#closeOne() || this.#releaseReserve())) throw error
      }
    }
  }

  closeAll(): void {
    for (const file of [...this.#files.keys()]) this.forget(file)
    this.#releaseReserve()
  }

  #use(file: number): OpenFile {
    let open = this.#files.get(file)
    if (open === undefined) {
      if (this.#files.size >= CAPACITY) this.#closeOne()
      open = { fd: this.withSpare(() => this.#open(file)), readers: 0 }
    } else {
      this.#files.delete(file)
    }
    this.#files.set(file, open)
    return open
  }

  /** @returns false when every descriptor is being read from */
  #closeOne(): boolean {
    for (const [file, { readers }] of this.#files) {
      if (readers > 0) continue
      this.forget(file)
      return true
    }
    return false
  }

  #releaseReserve(): boolean {
    if (this.#reserve === undefined) return false
    closeSync(this.#reserve)
    this.#reserve = undefined
    return true
  }
}

/** @param error as it came, or wrapped once */
function isShortage(error: unknown): boolean {
  const codes = [systemCodeOf(error), systemCodeOf(error instanceof Error ? error.cause : undefined)]
  return codes.includes('EMFILE') || codes.includes('ENFILE')
}
