/**
 * Who hashes existing data: the main thread always, and a thread for each further core while there is enough to do for
 * its start to pay (decision 0006). One pool serves the whole process, so that many checks at a time take turns, and
 * take no more memory than one.
 */
import { availableParallelism } from 'node:os'
import type { LogSink } from '../common/log.ts'
import { messageOf } from '../common/errors.ts'
import { HashPlace } from './hash-place.ts'
import { HashThread, SLOTS_PER_THREAD } from './hash-thread.ts'

/** With the main thread: beyond this the disk is the bound, and each thread takes 12 MB. */
const MAX_CORES = 4
/**
 * A thread's start takes 30 ms of CPU, in which the main thread has hashed 50 MiB. Measured: with less than 110 MiB a
 * second core makes it later; 256 MiB take 129 ms instead of 154.
 */
const BYTES_PER_THREAD = 128 << 20

export interface HashPoolOptions {
  readonly maxThreads: number
  /** A thread is started for each so many bytes. */
  readonly bytesPerThread: number
  /** Jobs that the main thread has at a time; 2: one is read while the other is hashed. 0: the threads do it all, if there are any. */
  readonly mainPlaces: number
  /** What the threads run; undefined: hash-worker.js. */
  readonly script?: URL
}

/** A check that is under way. */
export interface HashMember {
  /** How much of its work threads could do. */
  readonly bytesForThreads: number
  readonly log: LogSink
}

export class HashPool {
  readonly #options: HashPoolOptions
  readonly #members = new Set<HashMember>()
  readonly #threads = new Set<HashThread>()
  /** Those of threads at the end, taken first: there a job does not hold the event loop. */
  #free: HashPlace[] = []
  /** First come, first served. */
  readonly #waiting: ((place: HashPlace) => void)[] = []
  /** Threads that could not be started or failed: no more than `maxThreads` are tried. */
  #failedCount = 0

  constructor(options: HashPoolOptions) {
    this.#options = options
  }

  /** Begins a check. */
  join(member: HashMember): void {
    if (this.#members.size === 0) {
      this.#free = Array.from({ length: this.#options.mainPlaces }, () => new HashPlace())
    }
    this.#members.add(member)
    this.#startThreads(member.log)
    this.#haveOne()
  }

  /** Ends a check that has given back all its places. */
  leave(member: HashMember): void {
    this.#members.delete(member)
    if (this.#members.size > 0) return
    for (const thread of this.#threads) thread.end()
    this.#threads.clear()
    this.#free = []
  }

  /** To be given back. Only for members. */
  async take(): Promise<HashPlace> {
    const place = this.#free.pop()
    if (place !== undefined) return place
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  give(place: HashPlace): void {
    if (!place.isUsable) return
    const next = this.#waiting.shift()
    if (next !== undefined) next(place)
    else if (place.isThread) this.#free.push(place)
    else this.#free.unshift(place)
  }

  /** Without threads the main thread works, also where it was to have no place. */
  #haveOne(): void {
    const hasMain = this.#options.mainPlaces > 0
    if (!hasMain && this.#threads.size === 0 && this.#free.length === 0) this.give(new HashPlace())
  }

  #startThreads(log: LogSink): void {
    const { maxThreads, bytesPerThread } = this.#options
    const bytes = [...this.#members].reduce((sum, member) => sum + member.bytesForThreads, 0)
    const wanted = Math.min(maxThreads, Math.floor(bytes / bytesPerThread)) - this.#failedCount
    while (this.#threads.size < wanted && this.#startThread(log));
  }

  /** @returns false when there can be none */
  #startThread(log: LogSink): boolean {
    const onFailed = (reason: string): void => {
      this.#failedCount++
      log('warn', 'storage', `a hashing thread failed, going on without it: ${reason}`)
    }
    try {
      const thread: HashThread = new HashThread(
        {
          onReady: () => {
            log('debug', 'storage', 'a hashing thread has started')
            for (let slot = 0; slot < SLOTS_PER_THREAD; slot++) this.give(new HashPlace({ thread, slot }))
          },
          onFailed: (reason) => {
            this.#threads.delete(thread)
            this.#free = this.#free.filter((place) => place.isUsable)
            onFailed(reason)
            this.#haveOne()
          },
        },
        this.#options.script,
      )
      this.#threads.add(thread)
      return true
    } catch (error) {
      onFailed(messageOf(error)) // the system has no thread left
      return false
    }
  }
}

/** The process's own. */
export const processHashPool = new HashPool({
  maxThreads: Math.min(availableParallelism(), MAX_CORES) - 1,
  bytesPerThread: BYTES_PER_THREAD,
  mainPlaces: 2,
})
