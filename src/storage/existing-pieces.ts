/** Files on disk -> the pieces that are there: taken on trust where the record allows it, hashed elsewhere. */
import type { PieceIndex } from '../metainfo/geometry.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { FilePaths } from './file-paths.ts'
import type { FileTable } from './file-table.ts'
import type { HashSource } from './hash-pieces.ts'
import type { Inspection } from './inspect-files.ts'
import type { PartsFile } from './parts-file.ts'
import type { ResumeRecord } from './resume-file.ts'
import type { CheckProgress } from './storage.ts'
import { Bitfield } from '../common/bitfield.ts'
import { StorageError } from '../common/errors.ts'
import { fileSpans } from '../metainfo/file-layout.ts'
import { checkPiece, pieceIndices, pieceLength, pieceStart } from '../metainfo/geometry.ts'
import { recheck } from './recheck.ts'

export interface ExistingPiecesOptions {
  readonly metainfo: Metainfo
  readonly table: FileTable
  readonly paths: FilePaths
  readonly inspection: Inspection
  readonly record: ResumeRecord | undefined
  readonly parts: PartsFile
  readonly source: HashSource
  /** Nothing will be written: then nothing is in the way, either. */
  readonly isReadOnly: boolean
}

/**
 * The pieces that are there. Nothing is changed on disk.
 * @throws StorageError FILE_IN_THE_WAY when somebody else's file has a piece that does not match, or a part file that
 * no record knows has none that does
 */
export async function findExistingPieces(
  options: ExistingPiecesOptions,
  progress: CheckProgress,
): Promise<Bitfield> {
  const have = new Bitfield(options.metainfo.geometry.pieceCount)
  await findInParts(options, have, progress.signal)
  if (options.inspection.sizes.size === 0) return have
  const verdicts = new AdoptionVerdicts(options)
  verdicts.addParts(have)
  await recheck({
    ...options.source,
    metainfo: options.metainfo,
    pieces: sortPieces(options, have),
    onPiece(piece, isRight) {
      if (isRight) have.set(piece)
      verdicts.add(piece, isRight)
    },
    onProgress(checkedBytes, totalBytes) {
      progress.onChecked(checkedBytes, totalBytes)
    },
    signal: progress.signal,
  })
  if (options.isReadOnly) return have
  verdicts.assertNoneInTheWay()
  assertPartsAreOurs(options, have)
  return have
}

/** Those of the parts file: the others are forgotten there, wherever their bytes came from. */
async function findInParts(
  { metainfo, inspection, record, parts, source }: ExistingPiecesOptions,
  have: Bitfield,
  signal: AbortSignal,
): Promise<void> {
  if (inspection.partsBytes === 0) return
  await parts.load(inspection.partsBytes)
  const unsure: PieceIndex[] = []
  for (const piece of parts.pieces()) {
    if (inspection.arePartsTrusted && record?.pieces.has(piece) === true) have.set(piece)
    else unsure.push(piece)
  }
  await recheck({
    metainfo,
    pieces: unsure,
    log: source.log,
    pool: source.pool,
    read: async (start, into) => parts.readTorn(start, into),
    onPiece(piece, isRight) {
      if (isRight) have.set(piece)
      else parts.forget(piece)
    },
    signal,
  })
}

/** Other programs write NAME.part, too: what we wrote has pieces that match. */
function assertPartsAreOurs(options: ExistingPiecesOptions, have: Bitfield): void {
  const { metainfo, table, paths, inspection, parts } = options
  for (const file of inspection.unknownParts) {
    // A piece that waits in the parts file says nothing about this one, unless its bytes are here, too.
    const isHere = (piece: PieceIndex): boolean =>
      !parts.has(piece) ||
      realSpans(metainfo, table, piece).every((span) => span.file !== file || parts.holdsSameAs(span))
    const pieces = [...table.piecesOf(file)].flatMap((index) => checkPiece(metainfo.geometry, index) ?? [])
    if (pieces.some((piece) => have.has(piece) && isHere(piece))) continue
    const message = `${paths.shown(file, 'part')} is in the way: none of its pieces matches`
    throw new StorageError('FILE_IN_THE_WAY', `${message} (--force replaces them)`)
  }
}

/** Puts trusted pieces into `have`. @returns those to be hashed: wanted, wholly there, but not wholly trusted */
function sortPieces(
  { metainfo, table, inspection, record }: ExistingPiecesOptions,
  have: Bitfield,
): PieceIndex[] {
  const unsure: PieceIndex[] = []
  for (const piece of pieceIndices(metainfo.geometry)) {
    if (have.has(piece)) continue
    const spans = realSpans(metainfo, table, piece)
    const isThere = spans.every(
      ({ file, offset, length }) => (inspection.sizes.get(file) ?? 0) >= offset + length,
    )
    if (!isThere) continue
    const isTrusted = spans.every(({ file }) => inspection.trusted.has(file))
    if (!isTrusted && table.isWantedPiece(piece)) unsure.push(piece)
    else if (isTrusted && record?.pieces.has(piece) === true) have.set(piece)
  }
  return unsure
}

/** Counts right and wrong pieces of the files that somebody else made. */
class AdoptionVerdicts {
  readonly #options: ExistingPiecesOptions
  readonly #counts = new Map<number, { right: number; wrong: number }>()

  constructor(options: ExistingPiecesOptions) {
    this.#options = options
  }

  add(piece: PieceIndex, isRight: boolean): void {
    const { metainfo, table } = this.#options
    const files = realSpans(metainfo, table, piece).map(({ file }) => file)
    const adopted = files.filter((file) => this.#isJudged(file))
    // A wrong piece that reaches into a file of ours says nothing: ours may be unfinished there. Nor does one that
    // reaches into a file that was not chosen: that one may be anything.
    if (!isRight && adopted.length < files.length) return
    for (const file of adopted) this.#count(file, isRight)
  }

  /** Are the bytes that adopted files share with the pieces of the parts file the same? */
  addParts(have: Bitfield): void {
    const { metainfo, table, inspection, record, parts } = this.#options
    for (const piece of parts.pieces()) {
      if (!have.has(piece)) continue
      for (const span of realSpans(metainfo, table, piece)) {
        const { file } = span
        const isKnown = inspection.trusted.has(file) && record?.pieces.has(piece) === true
        if (isKnown || !this.#isJudged(file)) continue
        this.#count(file, parts.holdsSameAs(span))
      }
    }
  }

  #isJudged(file: number): boolean {
    const { table } = this.#options
    return table.place(file) === 'adopted' && table.isWanted(file)
  }

  #count(file: number, isRight: boolean): void {
    const count = this.#counts.get(file) ?? { right: 0, wrong: 0 }
    count[isRight ? 'right' : 'wrong']++
    this.#counts.set(file, count)
  }

  assertNoneInTheWay(): void {
    let worst: { file: number; right: number; wrong: number } | undefined
    for (const [file, { right, wrong }] of this.#counts) {
      // Of two neighbours that share a wrong piece, the one with more wrong pieces is more likely the culprit.
      if (wrong > (worst?.wrong ?? 0)) worst = { file, right, wrong }
    }
    if (worst === undefined) return
    const { file, right, wrong } = worst
    const shown = this.#options.paths.shown(file, 'final')
    const message = `${shown} is in the way: a different file, ${right} of ${right + wrong} pieces match`
    throw new StorageError('FILE_IN_THE_WAY', `${message} (--force replaces those that do not)`)
  }
}

function realSpans(
  { files, geometry }: Metainfo,
  table: FileTable,
  piece: PieceIndex,
): ReturnType<typeof fileSpans> {
  const spans = fileSpans(files, pieceStart(geometry, piece), pieceLength(geometry, piece))
  return spans.filter(({ file }) => table.isReal(file))
}
