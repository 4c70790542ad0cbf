/**
 * First look at what lies on disk, before anything is hashed or changed: for each file, is it ours, whose bytes may be
 * taken on trust, what is in the way?
 *
 * | final name | part name | record says | then |
 * |---|---|---|---|
 * | - | - | anything | absent |
 * | - | yes | something | ours; trusted when the record's identity fits |
 * | - | yes | nothing | ours if it has one right piece and is not too long; else somebody else's: in the way |
 * | yes | - | final | ours; trusted when the record's identity fits |
 * | yes | any | else | somebody else's: adopted if its size fits and its pieces will match; else in the way |
 *
 * With `force` somebody else's file is taken for ours.
 */
import type { BigIntStats } from 'node:fs'
import type { FilePaths } from './file-paths.ts'
import type { FilePlace, FileTable } from './file-table.ts'
import type { RecordedFile, ResumeRecord } from './resume-file.ts'
import type { SafeDirectories } from './safe-directories.ts'
import { lstatSync } from 'node:fs'
import { StorageError } from '../common/errors.ts'
import { diskError } from './disk-errors.ts'
import { identityOf, isSameFile } from './file-identity.ts'
import { otherWork, Turns } from './turns.ts'

export interface InspectOptions {
  readonly paths: FilePaths
  readonly directories: SafeDirectories
  readonly table: FileTable
  readonly record: ResumeRecord | undefined
  readonly bootId: string | undefined
  readonly force: boolean
  /** Nothing is taken on trust. */
  readonly hashesAll: boolean
  readonly signal: AbortSignal
}

export interface Inspection {
  /** Bytes of each file that is there. */
  readonly sizes: ReadonlyMap<number, number>
  /** Bytes that the file system has set aside for all of them. */
  readonly allocatedBytes: ReadonlyMap<number, number>
  /** The record's pieces in these count without hashing. */
  readonly trusted: ReadonlySet<number>
  /** Part files that no record knows and that hold something: ours only if one of their pieces is right. */
  readonly unknownParts: ReadonlySet<number>
  /** Files with a second file under the other name, which has to go. */
  readonly doubled: ReadonlySet<number>
  /** Sentences for the user. */
  readonly notices: readonly string[]
}

interface Found {
  readonly final: BigIntStats | undefined
  readonly part: BigIntStats | undefined
}

interface Decision {
  readonly place: FilePlace
  readonly stat: BigIntStats | undefined
  readonly isDoubled?: boolean
  /** A part file of which no record says that it is ours. */
  readonly isUnknown?: boolean
}

/** Sets each file's place and identity in the table. @throws StorageError FILE_IN_THE_WAY, DISK_PATH_UNSAFE... */
export async function inspectFiles(options: InspectOptions): Promise<Inspection> {
  const { table, record, signal } = options
  const seen = new Inspected()
  const turns = new Turns()
  for (const [file] of table.realFiles()) {
    const found = find(options, file)
    const recorded = record?.files[file] ?? NOTHING_RECORDED
    const decision = decide(options, file, found, recorded)
    const { place, stat } = decision
    table.setPlace(file, place)
    const trusted = isTrusted(options, stat, recorded)
    if (stat !== undefined) table.setIdentity(file, stat, trusted)
    seen.add(file, decision, { trusted, isNoticed: !options.hashesAll && recorded.place !== 'none' })
    if (stat === undefined && recorded.identity !== undefined) seen.addGone()
    if (turns.isOver()) {
      await otherWork()
      signal.throwIfAborted()
    }
  }
  return seen
}

const NOTHING_RECORDED: RecordedFile = { place: 'none', identity: undefined }

class Inspected implements Inspection {
  readonly sizes = new Map<number, number>()
  readonly allocatedBytes = new Map<number, number>()
  readonly trusted = new Set<number>()
  readonly unknownParts = new Set<number>()
  readonly doubled = new Set<number>()
  #goneCount = 0
  #changedCount = 0

  /** @param isNoticed the user shall hear of it when it is not trusted */
  add(
    file: number,
    decision: Decision,
    { trusted, isNoticed }: { readonly trusted: boolean; readonly isNoticed: boolean },
  ): void {
    const { stat, isDoubled, isUnknown } = decision
    if (isDoubled === true) this.doubled.add(file)
    if (isUnknown === true) this.unknownParts.add(file)
    if (stat === undefined) return
    this.sizes.set(file, Number(stat.size))
    this.allocatedBytes.set(file, Number(stat.blocks) * 512) // POSIX: blocks are 512 bytes, whatever blksize says
    if (trusted) this.trusted.add(file)
    else if (isNoticed) this.#changedCount++
  }

  /** The record has it, the disk does not. */
  addGone(): void {
    this.#goneCount++
  }

  get notices(): string[] {
    const notices: string[] = []
    if (this.#goneCount > 0) notices.push(`${files(this.#goneCount)} gone since the last run: fetched again`)
    if (this.#changedCount > 0)
      notices.push(`${files(this.#changedCount)} not as last recorded: checked again`)
    return notices
  }
}

function files(count: number): string {
  return count === 1 ? '1 file is' : `${count} files are`
}

function find({ paths, directories, table }: InspectOptions, file: number): Found {
  try {
    if (!directories.check(paths.directoryOf(file))) return { final: undefined, part: undefined }
    const final = regularFile(paths, file, 'final')
    const isEmpty = table.lengthOf(file) === 0 // whole once it is there: it never has a part name
    return { final, part: isEmpty ? undefined : regularFile(paths, file, 'part') }
  } catch (error) {
    throw diskError(error, { verb: 'inspect', path: paths.shown(file, 'final') })
  }
}

function regularFile(paths: FilePaths, file: number, form: 'part' | 'final'): BigIntStats | undefined {
  const path = form === 'part' ? paths.partPath(file) : paths.finalPath(file)
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (stat === undefined || stat.isFile()) return stat
  const kind = stat.isSymbolicLink()
    ? 'a symbolic link'
    : stat.isDirectory()
      ? 'a directory'
      : 'not a regular file'
  throw new StorageError('FILE_IN_THE_WAY', `${paths.shown(file, form)} is in the way: it is ${kind}`)
}

function decide(options: InspectOptions, file: number, found: Found, recorded: RecordedFile): Decision {
  const { final, part } = found
  if (final === undefined) return decideUnfinished(options, file, part, recorded)
  // Killed while it was moved from one name to the other, a file has both.
  const isMoving = part !== undefined && isSameFile(part, final)
  if (isMoving && recorded.place !== 'none') return { place: 'final', stat: final, isDoubled: true }
  if (recorded.place === 'final' && part === undefined) return { place: 'final', stat: final }
  if (options.force) {
    return part === undefined
      ? { place: 'final', stat: final }
      : { place: 'part', stat: part, isDoubled: true }
  }
  const length = BigInt(options.table.lengthOf(file))
  if (final.size !== length) throw wrongSize(options.paths.shown(file, 'final'), final, length)
  return { place: 'adopted', stat: final }
}

function decideUnfinished(
  { table, paths, force }: InspectOptions,
  file: number,
  part: BigIntStats | undefined,
  recorded: RecordedFile,
): Decision {
  if (part === undefined) return { place: 'absent', stat: undefined }
  const length = BigInt(table.lengthOf(file))
  const isKnown = recorded.place !== 'none' || force
  if (part.size > length && !isKnown) throw wrongSize(paths.shown(file, 'part'), part, length)
  return { place: 'part', stat: part, isUnknown: !isKnown && part.size > 0n }
}

function isTrusted(
  { record, bootId, hashesAll }: InspectOptions,
  stat: BigIntStats | undefined,
  recorded: RecordedFile,
): boolean {
  if (stat === undefined || hashesAll || bootId === undefined || record?.bootId !== bootId) return false
  return recorded.identity === identityOf(stat)
}

function wrongSize(shown: string, { size }: BigIntStats, length: bigint): StorageError {
  return new StorageError(
    'FILE_IN_THE_WAY',
    `${shown} is in the way: it has ${size} bytes, the torrent's file has ${length} (--force replaces it)`,
  )
}
