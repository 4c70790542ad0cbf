/** One hashing thread, seen from the main thread. */
import type { DescriptorSpan } from './byte-source.ts'
import type { HashAlgorithm } from './piece-digests.ts'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'

/** Beside this module, and in the bundle, where it ends as the bundle's files do. */
const SCRIPT = new URL(`./hash-worker${extname(import.meta.url)}`, import.meta.url)

/** Jobs that a thread has at a time: one to work on, one to go on with while the main thread is busy. */
export const SLOTS_PER_THREAD = 2

export interface ThreadOrder {
  /** Comes back with the answer. */
  readonly slot: number
  /** Shared; as soon as it is not 0 the thread stops. */
  readonly stop: Int32Array
  readonly spans: readonly DescriptorSpan[]
  readonly pieceBytes: number
  /** Undefined: SHA-1. */
  readonly algorithm?: HashAlgorithm | undefined
  /** Shared, one number; grows by what was hashed. */
  readonly hashedBytes?: BigInt64Array | undefined
  /** Of all spans. */
  readonly length: number
}

/** @property digests undefined: stopped, or something could not be read */
export type ThreadAnswer = 'ready' | { readonly slot: number; readonly digests: Uint8Array | undefined }

export interface ThreadObserver {
  /** It waits for orders. */
  onReady(): void
  /** It does not run any more, and nobody ended it. No other call comes after this one. */
  onFailed(reason: string): void
}

type Settle = (digests: Buffer | undefined) => void

export class HashThread {
  readonly #worker: Worker
  readonly #observer: ThreadObserver
  readonly #waiting = new Map<number, Settle>()
  #isRunning = true

  /** @param script of the thread */
  constructor(observer: ThreadObserver, script = SCRIPT) {
    this.#observer = observer
    this.#worker = new Worker(script, { name: 'hash' })
    this.#worker.on('message', (answer: ThreadAnswer) => {
      this.#onAnswer(answer)
    })
    this.#worker.on('error', (error: Error) => {
      this.#fail(error.message)
    })
    this.#worker.on('exit', (code) => {
      this.#fail(`exit code ${code}`)
    })
  }

  get isRunning(): boolean {
    return this.#isRunning
  }

  /**
   * Never rejects. Settles soon after the order's stop; from then on the thread uses none of its descriptors.
   * @returns undefined when it could not be done, or was stopped
   */
  async hash(order: ThreadOrder): Promise<Buffer | undefined> {
    if (!this.#isRunning) return undefined
    return new Promise((resolve) => {
      this.#waiting.set(order.slot, resolve)
      this.#worker.postMessage(order)
    })
  }

  /** It must have no orders. Does not wait for its end, and the process need not either. */
  end(): void {
    this.#isRunning = false
    this.#worker.unref()
    void this.#worker.terminate()
  }

  #onAnswer(answer: ThreadAnswer): void {
    if (!this.#isRunning) return
    if (answer === 'ready') {
      this.#observer.onReady()
      return
    }
    const { slot, digests } = answer
    const settle = this.#waiting.get(slot)
    this.#waiting.delete(slot)
    settle?.(digests && Buffer.from(digests.buffer, digests.byteOffset, digests.byteLength))
  }

  #fail(reason: string): void {
    if (!this.#isRunning) return
    this.#isRunning = false
    for (const settle of this.#waiting.values()) settle(undefined)
    this.#waiting.clear()
    this.#observer.onFailed(reason)
  }
}
