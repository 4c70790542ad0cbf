/**
 * A client with libtorrent's rules for whom to ask for what (performance.md 1.1 to 1.3, from its source): a slow start,
 * then a queue of three seconds; whole pieces for whoever fetches one in 20 s; at the end one busy block for a peer
 * that has nothing else; patience of 20 s. It is a sketch of them, to compare with, and no measure of libtorrent itself.
 */
import type { SimCourse, SimDownload } from './downloader.ts'
import type { BlockId, Source } from './source.ts'
import { BLOCK_BYTES } from './source.ts'

const MAX_QUEUE = 500
const MIN_QUEUE = 2
const START_QUEUE = 4
const QUEUE_SECONDS = 3
/** The slow start ends when a second brings no more than this beyond the one before. */
const GROWTH_BYTES = 5_000
const WHOLE_PIECE_SECONDS = 20
const SNUB_SECONDS = 20
/** Connections begun at once, and then in a second. */
const CONNECT_BOOST = 30
const CONNECTS_A_SECOND = 30

interface Remote {
  readonly source: Source
  readonly has: boolean[]
  readonly open: Set<BlockId>
  piece: number | undefined
  isChoking: boolean
  isGone: boolean
  isSlowStart: boolean
  isSnubbed: boolean
  queue: number
  bytesPerSecond: number
  bytesThisSecond: number
  bytesLastSecond: number
  lastBlockMs: number
}

interface Progress {
  /** Requests for each block. */
  readonly asked: Uint8Array
  freeCount: number
}

export function startLibtorrentLike(course: SimCourse): SimDownload {
  const client = new LibtorrentLike(course)
  client.start()
  return { isDone: () => client.isDone, stop: async () => Promise.resolve() }
}

class LibtorrentLike {
  readonly #course: SimCourse
  readonly #remotes: Remote[] = []
  readonly #availability: Int32Array
  readonly #received: Uint8Array
  /** Pieces begun and not done. */
  readonly #begun = new Map<number, Progress>()
  /** Pieces that are not begun. */
  readonly #rest = new Set<number>()
  #missing: number

  constructor(course: SimCourse) {
    const { pieceCount, blocksPerPiece } = course.torrent
    this.#course = course
    this.#availability = new Int32Array(pieceCount)
    this.#received = new Uint8Array(pieceCount * blocksPerPiece)
    this.#missing = pieceCount * blocksPerPiece
    for (let piece = 0; piece < pieceCount; piece++) this.#rest.add(piece)
  }

  get isDone(): boolean {
    return this.#missing === 0
  }

  start(): void {
    const { clock, sources } = this.#course
    for (const [index, source] of sources.entries()) {
      const turnMs = (1000 * Math.max(0, index - CONNECT_BOOST)) / CONNECTS_A_SECOND
      clock.after(Math.max(turnMs, source.plan.joinsAtMs ?? 0) + source.roundTripMs, () => {
        this.#connect(source)
      })
    }
    clock.every(1_000, () => {
      for (const remote of this.#remotes) if (!remote.isGone) this.#onSecond(remote)
    })
  }

  #connect(source: Source): void {
    const { clock, torrent, deliveries } = this.#course
    const remote: Remote = {
      source,
      has: Array.from({ length: torrent.pieceCount }, () => false),
      open: new Set(),
      piece: undefined,
      ...{ isChoking: true, isGone: false, isSlowStart: true, isSnubbed: false },
      queue: START_QUEUE,
      ...{ bytesPerSecond: 0, bytesThisSecond: 0, bytesLastSecond: 0 },
      lastBlockMs: clock.now(),
    }
    this.#remotes.push(remote)
    source.open({
      onOpen: (pieces) => {
        for (const [piece, has] of pieces.entries()) if (has) this.#onHave(remote, piece)
      },
      onHave: (piece) => {
        this.#onHave(remote, piece)
        this.#ask(remote)
      },
      onUnchoke: () => {
        remote.isChoking = false
        remote.lastBlockMs = clock.now()
        this.#ask(remote)
      },
      onChoke: () => {
        remote.isChoking = true
        this.#giveBackAll(remote)
      },
      onReject: (block) => {
        this.#giveBack(remote, block)
      },
      onClose: () => {
        remote.isGone = true
        this.#giveBackAll(remote)
        for (const [piece, has] of remote.has.entries()) if (has) this.#availability[piece]!--
      },
      onBlock: (block) => {
        deliveries.note(block)
        this.#onBlock(remote, block)
        this.#ask(remote)
      },
    })
  }

  #onHave(remote: Remote, piece: number): void {
    if (remote.has[piece] === true) return
    remote.has[piece] = true
    this.#availability[piece]!++
  }

  #onSecond(remote: Remote): void {
    remote.bytesPerSecond = 0.8 * remote.bytesPerSecond + 0.2 * remote.bytesThisSecond
    if (
      remote.isSlowStart &&
      remote.bytesThisSecond > 0 &&
      remote.bytesThisSecond <= remote.bytesLastSecond + GROWTH_BYTES
    )
      remote.isSlowStart = false
    if (!remote.isSlowStart) remote.queue = Math.ceil((QUEUE_SECONDS * remote.bytesPerSecond) / BLOCK_BYTES)
    remote.bytesLastSecond = remote.bytesThisSecond
    remote.bytesThisSecond = 0
    const silentMs = this.#course.clock.now() - remote.lastBlockMs
    if (remote.open.size > 0 && !remote.isChoking && silentMs > SNUB_SECONDS * 1000) this.#snub(remote)
    this.#ask(remote)
  }

  /** One request at a time from now on; the last one is given back if nothing of its piece is free. */
  #snub(remote: Remote): void {
    remote.isSnubbed = true
    remote.isSlowStart = false
    remote.lastBlockMs = this.#course.clock.now()
    const last = [...remote.open].at(-1)
    if (last === undefined) return
    if ((this.#begun.get(this.#pieceOf(last))?.freeCount ?? 1) > 0) return
    remote.source.cancel(last)
    this.#giveBack(remote, last)
  }

  #onBlock(remote: Remote, block: BlockId): void {
    remote.bytesThisSecond += BLOCK_BYTES
    remote.lastBlockMs = this.#course.clock.now()
    remote.isSnubbed = false
    if (remote.isSlowStart) remote.queue++
    const wasAsked = remote.open.delete(block)
    if (this.#received[block] === 1) return
    this.#received[block] = 1
    this.#missing--
    this.#settle(block, wasAsked)
    for (const other of this.#remotes) {
      if (!other.open.delete(block)) continue
      other.source.cancel(block)
    }
  }

  #settle(block: BlockId, wasAsked: boolean): void {
    const { blocksPerPiece } = this.#course.torrent
    const piece = this.#pieceOf(block)
    const progress = this.#begun.get(piece)
    if (progress === undefined) return
    const index = block % blocksPerPiece
    if (!wasAsked && progress.asked[index] === 0) progress.freeCount--
    progress.asked[index] = 1
    const first = piece * blocksPerPiece
    for (let at = first; at < first + blocksPerPiece; at++) if (this.#received[at] === 0) return
    this.#begun.delete(piece)
  }

  #giveBack(remote: Remote, block: BlockId): void {
    if (!remote.open.delete(block) || this.#received[block] === 1) return
    const progress = this.#begun.get(this.#pieceOf(block))
    const index = block % this.#course.torrent.blocksPerPiece
    if (progress === undefined) return
    progress.asked[index]!--
    if (progress.asked[index] === 0) progress.freeCount++
  }

  #giveBackAll(remote: Remote): void {
    for (const block of [...remote.open]) this.#giveBack(remote, block)
    remote.piece = undefined
  }

  #ask(remote: Remote): void {
    if (remote.isChoking || remote.isGone) return
    const limit = Math.min(MAX_QUEUE, remote.source.toldLimit ?? MAX_QUEUE)
    const wanted = remote.isSnubbed ? 1 : Math.min(limit, Math.max(MIN_QUEUE, remote.queue))
    const blocks: BlockId[] = []
    while (remote.open.size < wanted) {
      const block = this.#freeBlock(remote) ?? (remote.open.size === 0 ? this.#busyBlock(remote) : undefined)
      if (block === undefined) break
      remote.open.add(block)
      blocks.push(block)
    }
    if (blocks.length > 0) remote.source.request(blocks)
  }

  #freeBlock(remote: Remote): BlockId | undefined {
    const piece = this.#pieceToGoOnWith(remote) ?? this.#newPiece(remote) ?? this.#begunPiece(remote)
    const progress = piece === undefined ? undefined : this.#begun.get(piece)
    if (piece === undefined || progress === undefined) return undefined
    const first = piece * this.#course.torrent.blocksPerPiece
    for (const [index, count] of progress.asked.entries()) {
      if (count > 0 || this.#received[first + index] === 1) continue
      progress.asked[index] = 1
      progress.freeCount--
      return first + index
    }
    return undefined
  }

  /** Its own piece while it is fast enough for whole ones; any begun one for others, or when too many are begun. */
  #pieceToGoOnWith(remote: Remote): number | undefined {
    const own = remote.piece
    if (own !== undefined && (this.#begun.get(own)?.freeCount ?? 0) > 0) return own
    remote.piece = undefined
    const { pieceBytes } = this.#course.torrent
    const isFast = remote.bytesPerSecond * WHOLE_PIECE_SECONDS > pieceBytes
    if (isFast && this.#begun.size <= 1.5 * this.#remotes.length) return undefined
    return this.#begunPiece(remote)
  }

  #begunPiece(remote: Remote): number | undefined {
    for (const [piece, { freeCount }] of this.#begun)
      if (freeCount > 0 && remote.has[piece] === true) return piece
    return undefined
  }

  /** The rarest one, ties at random. */
  #newPiece(remote: Remote): number | undefined {
    let best: number | undefined
    let ties = 0
    for (const piece of this.#rest) {
      if (remote.has[piece] !== true) continue
      const than = best === undefined ? Infinity : this.#availability[best]!
      const count = this.#availability[piece]!
      if (count > than) continue
      ties = count < than ? 1 : ties + 1
      if (this.#course.random() * ties < 1) best = piece
    }
    if (best === undefined) return undefined
    const { blocksPerPiece } = this.#course.torrent
    this.#rest.delete(best)
    this.#begun.set(best, { asked: new Uint8Array(blocksPerPiece), freeCount: blocksPerPiece })
    remote.piece = best
    return best
  }

  /** The end: every block is asked for. Any of those that the fewest were asked for. */
  #busyBlock(remote: Remote): BlockId | undefined {
    if (this.#rest.size > 0) return undefined
    const { blocksPerPiece } = this.#course.torrent
    let best: BlockId | undefined
    let fewest = Infinity
    let ties = 0
    for (const [piece, { asked }] of this.#begun) {
      if (remote.has[piece] !== true) continue
      for (let index = 0; index < blocksPerPiece; index++) {
        const block = piece * blocksPerPiece + index
        const count = asked[index]!
        if (this.#received[block] === 1 || count > fewest) continue
        ties = count < fewest ? 1 : ties + 1
        fewest = count
        if (this.#course.random() * ties < 1) best = block
      }
    }
    if (best !== undefined) this.#begun.get(this.#pieceOf(best))!.asked[best % blocksPerPiece]!++
    return best
  }

  #pieceOf(block: BlockId): number {
    return Math.floor(block / this.#course.torrent.blocksPerPiece)
  }
}
