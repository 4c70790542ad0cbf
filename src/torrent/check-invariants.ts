/**
 * Do the parts of a torrent agree with each other? For tests: a request that one part knows of and another does not is
 * seen by nobody until a download hangs. O(pieces x peers).
 */
import type { TorrentContext } from './torrent-context.ts'
import type { BlockId } from '../swarm/request-ledger.ts'
import { BugError } from '../common/errors.ts'
import { pieceIndices } from '../metainfo/geometry.ts'

/** @throws BugError BUG_PICKER, BUG_TORRENT, BUG_UPLOAD_MEMORY where they do not */
export function checkInvariants(context: TorrentContext): void {
  context.picker.checkInvariants()
  context.uploadMemory.checkInvariants()
  checkPieces(context)
  checkPeers(context)
  checkRequests(context)
  checkUploads(context)
}

function checkPieces({ metainfo, picker, peers, openPieces, have }: TorrentContext): void {
  for (const piece of pieceIndices(metainfo.geometry)) {
    const owners = [...peers.values()].filter((peer) => peer.pieces.has(piece)).length
    expect(
      picker.availability(piece) === owners,
      `piece ${piece} counted ${picker.availability(piece)} times`,
    )
    const isOpen = openPieces.get(piece) !== undefined
    expect(!isOpen || (!picker.isOpen(piece) && !have.has(piece)), `piece ${piece} is open and may be picked`)
  }
  const started = picker.missingCount - picker.openCount
  const { takenCount, reservedCount } = openPieces
  expect(started === reservedCount, `${started} pieces begun, ${reservedCount} reserved`)
  expect(takenCount <= reservedCount, `${takenCount} buffers in use, ${reservedCount} reserved`)
  const free = [...openPieces.values()].filter((open) => open.progress.freeCount > 0).length
  expect([...openPieces.withFree()].length === free, `${free} pieces have free blocks, others are offered`)
}

function checkPeers({ metainfo, peers, wanted, state }: TorrentContext): void {
  const had = [...pieceIndices(metainfo.geometry)].filter(
    (piece) => wanted.has(piece) && wanted.hasHad(piece),
  ).length
  expect(wanted.hadCount === had, `${wanted.hadCount} wanted pieces counted as had`)
  for (const peer of peers.values()) {
    const interesting = [...peer.pieces.indices()].filter((piece) => wanted.isMissing(piece)).length
    expect(peer.interestingCount === interesting, `peer ${peer.key}: ${peer.interestingCount} interesting`)
    expect(peer.connection.amInterested === interesting > 0, `peer ${peer.key}: our interest is not told`)
    expect(state !== 'complete' || peer.ledger.size === 0, `peer ${peer.key} owes us blocks when all is here`)
  }
}

function checkRequests({ metainfo, peers, openPieces }: TorrentContext): void {
  const { blocksPerPiece } = metainfo.geometry
  const asked = new Map<BlockId, number>()
  for (const peer of peers.values()) {
    for (const id of peer.ledger.blocks()) asked.set(id, (asked.get(id) ?? 0) + 1)
  }
  for (const { piece, progress } of openPieces.values()) {
    for (let block = 0; block < progress.blockCount; block++) {
      const id = piece * blocksPerPiece + block
      const count = asked.get(id) ?? 0
      expect(progress.requesterCount(block) === count, `block ${id}: ${count} requests, counted otherwise`)
      asked.delete(id)
    }
  }
  expect(asked.size === 0, `${asked.size} requests for blocks of no open piece`)
}

function checkUploads({ peers, wanted, uploadReader }: TorrentContext): void {
  for (const peer of peers.values()) {
    const { size } = peer.uploads
    const mayAsk = !peer.connection.amChoking || peer.allowedFast.wasOffered
    expect(size === 0 || mayAsk, `peer ${peer.key} is choked, ${size} requests wait`)
  }
  for (const [number, page] of uploadReader.pages) {
    expect(page.number === number && page.keeper === uploadReader, `page ${number} is another's`)
    expect(wanted.hasHad(page.piece), `page ${number} is of piece ${page.piece}, which is not here`)
  }
}

function expect(isTrue: boolean, otherwise: string): void {
  if (!isTrue) throw new BugError('BUG_TORRENT', otherwise)
}
