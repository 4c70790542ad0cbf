/**
 * A simulated peer that gives: a line with a rate and a round trip, a queue of requests answered in order, and vices.
 * What it is asked arrives half a round trip later, and so does what it says.
 */
import type { SimClock } from './sim-clock.ts'

/** A block of the torrent as one integer: piece x blocksPerPiece + block. */
export type BlockId = number

export interface SourcePlan {
  readonly bytesPerSecond: number
  /** Default 40. */
  readonly roundTripMs?: number
  /** Requests it keeps; more are dropped, or rejected with the Fast extension. Default 2000. */
  readonly requestLimit?: number
  /** Does it say so (`reqq`)? Default true. */
  readonly saysLimit?: boolean
  /** BEP 6. Default true. */
  readonly hasFast?: boolean
  /** Time for a block varies by this share: 0..1. Default 0.2. */
  readonly jitter?: number
  /** It answers only this often, then all that its rate allows. Default 0: block by block. */
  readonly gustMs?: number
  /** The pieces it has at first. Default: all. */
  readonly pieces?: readonly boolean[]
  /** It announces the pieces that it lacks, evenly over this time. Default: never. */
  readonly restWithinMs?: number
  readonly joinsAtMs?: number
  readonly leavesAtMs?: number
  /** It falls silent after so many bytes. */
  readonly stallsAfterBytes?: number
  /** Chokes us for `forMs` in every `everyMs`; the first time at `everyMs - forMs`. */
  readonly chokes?: { readonly everyMs: number; readonly forMs: number }
}

/** What a source tells whoever downloads from it. */
export interface SourceListener {
  /** The first word. @param pieces what it has, one a piece */
  readonly onOpen: (pieces: readonly boolean[]) => void
  readonly onBlock: (block: BlockId) => void
  readonly onReject: (block: BlockId) => void
  readonly onChoke: () => void
  readonly onUnchoke: () => void
  readonly onHave: (piece: number) => void
  readonly onClose: () => void
}

export interface Sizes {
  readonly pieceCount: number
  readonly blocksPerPiece: number
}

export const BLOCK_BYTES = 16_384
const DEFAULT_LIMIT = 2_000
const HAVE_STEP_MS = 100

export class Source {
  readonly plan: SourcePlan
  readonly #clock: SimClock
  readonly #random: () => number
  readonly #sizes: Sizes
  #listener: SourceListener | undefined
  readonly #has: boolean[]
  #queue: BlockId[] = []
  #isServing = false
  #isChoking = false
  #isClosed = false
  #sentBytes = 0

  constructor(plan: SourcePlan, sizes: Sizes, clock: SimClock, random: () => number) {
    this.plan = plan
    this.#clock = clock
    this.#random = random
    this.#sizes = sizes
    this.#has = Array.from({ length: sizes.pieceCount }, (_, piece) => plan.pieces?.[piece] ?? true)
  }

  get roundTripMs(): number {
    return this.plan.roundTripMs ?? 40
  }

  get hasFast(): boolean {
    return this.plan.hasFast ?? true
  }

  /** `reqq` of its extension handshake; undefined: it does not speak of it. */
  get toldLimit(): number | undefined {
    return (this.plan.saysLimit ?? true) ? this.#requestLimit : undefined
  }

  /** A handshake is sent to it now: it answers, and begins to keep its plan. */
  open(listener: SourceListener): void {
    this.#listener = listener
    this.#hear(() => {
      this.#begin()
    })
  }

  /** The downloader hangs up. */
  close(): void {
    this.#isClosed = true
    this.#queue = []
  }

  /** Sent by the downloader now. */
  request(blocks: readonly BlockId[]): void {
    this.#hear(() => {
      for (const block of blocks) this.#take(block)
      this.#serve()
    })
  }

  cancel(block: BlockId): void {
    this.#hear(() => {
      const at = this.#queue.indexOf(block)
      if (at < 0) return
      this.#queue.splice(at, 1)
      if (this.hasFast)
        this.#tell((to) => {
          to.onReject(block)
        })
    })
  }

  get #requestLimit(): number {
    return this.plan.requestLimit ?? DEFAULT_LIMIT
  }

  get #isStalled(): boolean {
    return this.#sentBytes >= (this.plan.stallsAfterBytes ?? Infinity)
  }

  #begin(): void {
    const has = [...this.#has]
    this.#tell((to) => {
      to.onOpen(has)
    })
    this.#tell((to) => {
      to.onUnchoke()
    })
    const { leavesAtMs, joinsAtMs = 0, chokes, restWithinMs, gustMs = 0 } = this.plan
    if (leavesAtMs !== undefined)
      this.#later(leavesAtMs - joinsAtMs, () => {
        this.#leave()
      })
    if (chokes !== undefined)
      this.#later(chokes.everyMs - chokes.forMs, () => {
        this.#choke()
      })
    if (restWithinMs !== undefined) this.#announceRest(restWithinMs)
    if (gustMs > 0) this.#gust(gustMs)
  }

  #take(block: BlockId): void {
    if (this.#isStalled) return
    const isRefused = this.#isChoking || this.#queue.length >= this.#requestLimit
    if (!isRefused && this.#has[Math.floor(block / this.#sizes.blocksPerPiece)] === true)
      this.#queue.push(block)
    else if (this.hasFast)
      this.#tell((to) => {
        to.onReject(block)
      })
  }

  #serve(): void {
    if (this.#isServing || this.#isStalled || (this.plan.gustMs ?? 0) > 0) return
    const block = this.#queue.shift()
    if (block === undefined) return
    this.#isServing = true
    const jitter = 1 + (this.plan.jitter ?? 0.2) * (2 * this.#random() - 1)
    this.#later((1000 * BLOCK_BYTES * jitter) / this.plan.bytesPerSecond, () => {
      this.#isServing = false
      this.#send(block)
      this.#serve()
    })
  }

  /** All that the rate allows in one step, at once. */
  #gust(gustMs: number): void {
    let credit = 0
    const step = (): void => {
      credit += (this.plan.bytesPerSecond * gustMs) / 1000
      while (credit >= BLOCK_BYTES && this.#queue.length > 0 && !this.#isStalled) {
        credit -= BLOCK_BYTES
        this.#send(this.#queue.shift()!)
      }
      credit = Math.min(credit, BLOCK_BYTES)
      this.#later(gustMs, step)
    }
    this.#later(this.#random() * gustMs, step)
  }

  #send(block: BlockId): void {
    this.#sentBytes += BLOCK_BYTES
    this.#tell((to) => {
      to.onBlock(block)
    })
    if (this.#isStalled) this.#queue = []
  }

  #choke(): void {
    const { chokes } = this.plan
    if (chokes === undefined) return
    this.#isChoking = true
    this.#tell((to) => {
      to.onChoke()
    })
    const refused = this.#queue.splice(0)
    if (this.hasFast)
      for (const block of refused)
        this.#tell((to) => {
          to.onReject(block)
        })
    this.#later(chokes.forMs, () => {
      this.#isChoking = false
      this.#tell((to) => {
        to.onUnchoke()
      })
    })
    this.#later(chokes.everyMs, () => {
      this.#choke()
    })
  }

  #announceRest(withinMs: number): void {
    const rest = [...this.#has.keys()].filter((piece) => !this.#has[piece])
    const steps = Math.max(1, Math.round(withinMs / HAVE_STEP_MS))
    for (let step = 0; step < steps; step++) {
      const from = Math.floor((rest.length * step) / steps)
      const to = Math.floor((rest.length * (step + 1)) / steps)
      this.#later(HAVE_STEP_MS * (step + 1), () => {
        for (const piece of rest.slice(from, to)) {
          this.#has[piece] = true
          this.#tell((listener) => {
            listener.onHave(piece)
          })
        }
      })
    }
  }

  #leave(): void {
    this.#tell((to) => {
      to.onClose()
    })
    this.close()
  }

  #hear(run: () => void): void {
    this.#later(this.roundTripMs / 2, run)
  }

  #tell(run: (listener: SourceListener) => void): void {
    if (this.#isClosed) return
    const listener = this.#listener!
    this.#clock.after(this.roundTripMs / 2, () => {
      run(listener)
    })
  }

  #later(delayMs: number, run: () => void): void {
    this.#clock.after(delayMs, () => {
      if (!this.#isClosed) run()
    })
  }
}
