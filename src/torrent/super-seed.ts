/**
 * The first seed of a torrent (BEP 16): it shows no piece but those that it means a peer to fetch, each to one peer, and
 * the next when that one was seen elsewhere. So every piece leaves here about once, and peers get the rest from each other.
 *
 *   todo (each piece once, in random order) -told to one peer-> pending -another peer has it-> done
 *     ^__________________the peers that had it left_______________________________________________|
 *
 * When each piece is on its way, a peer is shown more only after it got nothing for a while: nobody waits for ever for
 * pieces of peers that it cannot reach. And a peer that does not fetch what it is shown wants others, or wants them in
 * order: it is shown everything.
 */
import type { PieceIndex } from '../metainfo/geometry.ts'
import type { PeerKey } from '../swarm/piece-progress.ts'
import type { Peer } from './peer.ts'
import type { TorrentContext } from './torrent-context.ts'
import { Bitfield } from '../common/bitfield.ts'
import { pieceIndices } from '../metainfo/geometry.ts'

/** Shown to a peer at a time: so much that it has something to fetch while others get what it fetched before. */
const AHEAD_BYTES = 1 << 20
const MIN_AHEAD = 2
const MAX_AHEAD = 16
/** A peer that got nothing of us for so long, and no piece of anybody, is shown another. */
const PATIENCE_MS = 10_000
/** Pieces that nobody has any more are looked for so often. */
const LOOK_EVERY_MS = 1_000

interface Shown {
  /** All that it was told of. */
  readonly told: Bitfield
  /** Of these: not seen elsewhere yet. */
  readonly pending: Set<PieceIndex>
  count: number
  uploadedBytes: number
  lastProgressMs: number
  /** Since then it could fetch something that it was shown, and does not. */
  idleSinceMs: number
  isAll: boolean
}

export class SuperSeed {
  readonly #shown = new Map<PeerKey, Shown>()
  #todo: PieceIndex[] | undefined
  #lookedAtMs = -Infinity

  /** Once a tick. */
  show(context: TorrentContext, nowMs: number): void {
    const leeches = [...context.peers.values()].filter(({ isSeed }) => !isSeed)
    for (const peer of leeches) this.#settle(context, peer, nowMs, leeches.length === 1)
    for (const peer of leeches) this.#showTo(context, peer, nowMs)
  }

  onClosed({ key }: Peer): void {
    this.#shown.delete(key)
  }

  /** What was it told of that came back to us? */
  #settle({ picker }: TorrentContext, peer: Peer, nowMs: number, isAlone: boolean): void {
    const shown = this.#shownTo(peer, nowMs)
    noteProgress(peer, shown, nowMs)
    const isPatient = !isAlone && nowMs - shown.lastProgressMs < PATIENCE_MS
    for (const piece of shown.pending) {
      const isItsOwn = peer.pieces.has(piece)
      const isElsewhere = picker.availability(piece) > (isItsOwn ? 1 : 0)
      if (isElsewhere || (isItsOwn && !isPatient)) shown.pending.delete(piece)
    }
  }

  /** A choked peer has one piece to be interested in. */
  #showTo(context: TorrentContext, peer: Peer, nowMs: number): void {
    const shown = this.#shownTo(peer, nowMs)
    if (shown.isAll) return
    if (nowMs - shown.idleSinceMs >= PATIENCE_MS) {
      showAll(context, peer, shown)
      return
    }
    const { pieceBytes } = context.metainfo.geometry
    const ahead = Math.min(MAX_AHEAD, Math.max(MIN_AHEAD, Math.floor(AHEAD_BYTES / pieceBytes)))
    const most = peer.connection.amChoking ? 1 : ahead
    while (shown.pending.size < most) {
      const piece = this.#takeRare(context, nowMs) ?? extraPiece(context, peer, shown, nowMs)
      if (piece === undefined) return
      shown.pending.add(piece)
      shown.idleSinceMs = nowMs
      if (shown.told.set(piece)) peer.connection.have(piece)
    }
  }

  #takeRare(context: TorrentContext, nowMs: number): PieceIndex | undefined {
    this.#todo ??= inRandomOrder([...pieceIndices(context.metainfo.geometry)], context.random)
    for (;;) {
      const piece = this.#todo.pop() ?? this.#look(context, nowMs)
      if (piece === undefined || context.picker.availability(piece) === 0) return piece
    }
  }

  /** Pieces that nobody has and nobody may fetch now. O(pieces) */
  #look(context: TorrentContext, nowMs: number): PieceIndex | undefined {
    if (nowMs - this.#lookedAtMs < LOOK_EVERY_MS) return undefined
    this.#lookedAtMs = nowMs
    const onTheirWay = new Set<PieceIndex>()
    for (const peer of context.peers.values()) {
      if (peer.connection.amChoking) continue
      for (const piece of this.#shown.get(peer.key)?.pending ?? []) onTheirWay.add(piece)
    }
    const lost = [...pieceIndices(context.metainfo.geometry)].filter(
      (piece) => context.picker.availability(piece) === 0 && !onTheirWay.has(piece),
    )
    this.#todo = inRandomOrder(lost, context.random)
    return this.#todo.pop()
  }

  #shownTo({ key, pieces }: Peer, nowMs: number): Shown {
    let shown = this.#shown.get(key)
    if (shown === undefined) {
      shown = {
        ...{ told: new Bitfield(pieces.length), pending: new Set(), isAll: false },
        ...{ count: 0, uploadedBytes: 0, lastProgressMs: nowMs, idleSinceMs: nowMs },
      }
      this.#shown.set(key, shown)
    }
    return shown
  }
}

function noteProgress({ connection, pieces, uploadRate, uploads }: Peer, shown: Shown, nowMs: number): void {
  const { totalBytes } = uploadRate
  if (pieces.count !== shown.count || totalBytes !== shown.uploadedBytes) {
    shown.count = pieces.count
    shown.uploadedBytes = totalBytes
    shown.lastProgressMs = nowMs
    shown.idleSinceMs = nowMs
  }
  const waitsForUs = uploads.size > 0 || (connection.amChoking && connection.peerInterested)
  if (waitsForUs || [...shown.pending].every((piece) => pieces.has(piece))) shown.idleSinceMs = nowMs
}

/** What was meant for it alone is for others then. */
function showAll({ metainfo }: TorrentContext, { connection, pieces }: Peer, shown: Shown): void {
  shown.isAll = true
  shown.pending.clear()
  for (const piece of pieceIndices(metainfo.geometry)) {
    if (shown.told.set(piece) && !pieces.has(piece)) connection.have(piece)
  }
}

/** For a peer that gets nothing: one that it was not told of yet. */
function extraPiece(
  { metainfo, random }: TorrentContext,
  { pieces }: Peer,
  shown: Shown,
  nowMs: number,
): PieceIndex | undefined {
  if (nowMs - shown.lastProgressMs < PATIENCE_MS) return undefined
  shown.lastProgressMs = nowMs // one at a time
  const lacking = [...pieceIndices(metainfo.geometry)].filter(
    (piece) => !pieces.has(piece) && !shown.told.has(piece),
  )
  return lacking[Math.floor(random() * lacking.length)]
}

function inRandomOrder(pieces: PieceIndex[], random: () => number): PieceIndex[] {
  for (let last = pieces.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const [a, b] = [pieces[last], pieces[other]]
    if (a !== undefined && b !== undefined) [pieces[last], pieces[other]] = [b, a]
  }
  return pieces
}
