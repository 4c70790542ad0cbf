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
 * With `force` somebody else's file is taken for ours. When nothing will be written, no regular file is in the way:
 * what does not match is missing.
 *
 * A file that was not chosen is never in the way: ours stay in use, somebody else's of the right size is only read, for
 * the pieces that it shares with chosen ones, and anything else counts as absent.
 */
import type { BigIntStats } from 'node:fs'
import type { FileIdentity } from './file-identity.ts'
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
  /** Nothing will be written. */
  readonly isReadOnly: boolean
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
  /** Bytes of the parts file; 0 when there is none. */
  readonly partsBytes: number
  /** The record's pieces in it count without hashing. */
  readonly arePartsTrusted: boolean
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
    const recorded = record?.files[file] ?? NOTHING_RECORDED
    const isWanted = table.isWanted(file)
    const decision = isWanted
      ? decide(options, file, find(options, file), recorded)
      : decideUnwanted(options, file, recorded)
    const { place, stat } = decision
    table.setPlace(file, place)
    const trusted = isTrusted(options, stat, recorded.identity)
    if (stat !== undefined) table.setIdentity(file, stat, trusted)
    seen.add(file, decision, trusted)
    if (isWanted && !(options.isReadOnly && stat === undefined))
      seen.compare(decision, recorded, { trusted, isAsked: options.hashesAll })
    // Only the pieces that it shares are hashed: the record must not vouch for the others' absence.
    else if (stat !== undefined && !trusted) table.setSuspect(file, true)
    if (turns.isOver()) {
      await otherWork()
      signal.throwIfAborted()
    }
  }
  inspectParts(options, seen)
  return seen
}

function inspectParts(options: InspectOptions, seen: Inspected): void {
  const { paths, table, record } = options
  const file = table.partsFile
  let stat
  try {
    stat = lstatSync(paths.finalPath(file), { bigint: true, throwIfNoEntry: false })
  } catch (error) {
    throw diskError(error, { verb: 'inspect', path: paths.shown(file, 'final') })
  }
  if (stat?.isFile() !== true) return
  table.setPlace(file, 'final')
  const trusted = isTrusted(options, stat, record?.parts)
  table.setIdentity(file, stat, trusted)
  seen.arePartsTrusted = trusted
  seen.partsBytes = Number(stat.size)
}

const NOTHING_RECORDED: RecordedFile = { place: 'none', identity: undefined }
const ABSENT: Decision = { place: 'absent', stat: undefined }

class Inspected implements Inspection {
  readonly sizes = new Map<number, number>()
  readonly allocatedBytes = new Map<number, number>()
  readonly trusted = new Set<number>()
  readonly unknownParts = new Set<number>()
  readonly doubled = new Set<number>()
  partsBytes = 0
  arePartsTrusted = false
  #goneCount = 0
  #changedCount = 0

  add(file: number, { stat, isDoubled, isUnknown }: Decision, trusted: boolean): void {
    if (isDoubled === true) this.doubled.add(file)
    if (isUnknown === true) this.unknownParts.add(file)
    if (stat === undefined) return
    this.sizes.set(file, Number(stat.size))
    this.allocatedBytes.set(file, Number(stat.blocks) * 512) // POSIX: blocks are 512 bytes, whatever blksize says
    if (trusted) this.trusted.add(file)
  }

  /** Is it what the record says? For the notices. @param isAsked nobody trusts it anyway, so no word about its trust */
  compare(
    { stat }: Decision,
    recorded: RecordedFile,
    { trusted, isAsked }: { readonly trusted: boolean; readonly isAsked: boolean },
  ): void {
    if (stat === undefined && recorded.identity !== undefined) this.#goneCount++
    if (stat !== undefined && !trusted && !isAsked && recorded.place !== 'none') this.#changedCount++
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
  if (options.isReadOnly) return { place: 'adopted', stat: final }
  if (options.force) {
    return part === undefined
      ? { place: 'final', stat: final }
      : { place: 'part', stat: part, isDoubled: true }
  }
  const length = BigInt(options.table.lengthOf(file))
  if (final.size !== length) throw wrongSize(options.paths.shown(file, 'final'), final, length)
  return { place: 'adopted', stat: final }
}

/** It is not made, not moved, not overwritten unless it is ours, and no reason to stop. */
function decideUnwanted(options: InspectOptions, file: number, recorded: RecordedFile): Decision {
  try {
    const decision = decide({ ...options, force: false }, file, find(options, file), recorded)
    return decision.isUnknown === true ? ABSENT : decision
  } catch (error) {
    if (error instanceof StorageError) return ABSENT // somebody else's, and none of our business
    throw error
  }
}

function decideUnfinished(
  { table, paths, force, isReadOnly }: InspectOptions,
  file: number,
  part: BigIntStats | undefined,
  recorded: RecordedFile,
): Decision {
  if (part === undefined) return ABSENT
  const length = BigInt(table.lengthOf(file))
  const isKnown = recorded.place !== 'none' || force || isReadOnly
  if (part.size > length && !isKnown) throw wrongSize(paths.shown(file, 'part'), part, length)
  return { place: 'part', stat: part, isUnknown: !isKnown && part.size > 0n }
}

function isTrusted(
  { record, bootId, hashesAll }: InspectOptions,
  stat: BigIntStats | undefined,
  recorded: FileIdentity | undefined,
): boolean {
  if (stat === undefined || hashesAll || bootId === undefined || record?.bootId !== bootId) return false
  return recorded === identityOf(stat)
}

function wrongSize(shown: string, { size }: BigIntStats, length: bigint): StorageError {
  return new StorageError(
    'FILE_IN_THE_WAY',
    `${shown} is in the way: it has ${size} bytes, the torrent's file has ${length} (--force replaces it)`,
  )
}
