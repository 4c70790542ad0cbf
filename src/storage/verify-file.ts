/** Whole files must stay what they were when their last piece was written or hashed. */
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { DataFiles } from './data-files.ts'
import type { FileTable } from './file-table.ts'
import type { HashSource } from './hash-pieces.ts'
import { checkPiece } from '../metainfo/geometry.ts'
import { identityOf } from './file-identity.ts'
import { recheck } from './recheck.ts'
import { otherWork, Turns } from './turns.ts'

export interface VerifyOptions {
  readonly metainfo: Metainfo
  readonly table: FileTable
  readonly files: DataFiles
  readonly source: HashSource
}

/**
 * Looks at every whole file and hashes those that were touched, until a round finds all as they were: hashing takes
 * time, in which others may change. @throws StorageError FILE_CHANGED
 */
export async function confirmFiles(options: VerifyOptions): Promise<void> {
  while (!(await confirmRound(options)));
}

/** @returns true when nothing had to be hashed */
async function confirmRound(options: VerifyOptions): Promise<boolean> {
  const { table } = options
  const turns = new Turns()
  let isQuiet = true
  for (const [file] of table.wantedFiles()) {
    if (turns.isOver()) await otherWork()
    // An empty file that nobody made is whole all the same.
    if (!table.isWhole(file) || table.place(file) === 'absent') continue
    if (isUntouched(options, file)) {
      table.setSeen(file)
      continue
    }
    await verifyFile(options, file)
    isQuiet = false
  }
  return isQuiet
}

/** Is it what was hashed, as far as a look at it tells? @throws StorageError FILE_CHANGED; then it is given up */
export function isUntouched({ table, files }: VerifyOptions, file: number): boolean {
  return files.isAsKnown(file) && !table.isSuspect(file)
}

/** Hashes every piece of a whole file again. @throws StorageError FILE_CHANGED; then it is given up */
export async function verifyFile(options: VerifyOptions, file: number): Promise<void> {
  const { metainfo, table, files } = options
  const stat = files.look(file)
  table.setSuspect(file, true)
  let isRight = stat.size === BigInt(table.lengthOf(file))
  if (isRight) {
    await recheck({
      ...options.source,
      metainfo,
      pieces: [...table.piecesOf(file)].flatMap((piece) => checkPiece(metainfo.geometry, piece) ?? []),
      onPiece(_piece, isPieceRight) {
        isRight &&= isPieceRight
      },
    })
  }
  if (!isRight || identityOf(files.look(file)) !== identityOf(stat)) {
    table.giveUp(file)
    throw files.changed(file, 'changed')
  }
  table.setSuspect(file, false)
  table.setIdentity(file, stat)
}
