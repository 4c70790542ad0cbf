/**
 * `-s`, `--exclude` and `--max-size` -> which files of a torrent are wanted, and which come first. A file is wanted when
 * a `-s` chooses it (or there is none), no `--exclude` does, and it is not too large. Earlier `-s` come first.
 */
import { createContext, runInContext } from 'node:vm'
import { InputError, systemCodeOf } from '../common/errors.ts'
import type { FilePriorities } from '../metainfo/file-selection.ts'
import type { FileEntry, Metainfo } from '../metainfo/metainfo.ts'
import { loadGlobs, makeFileMatcher } from './file-glob.ts'
import type { CompileGlob } from './file-glob.ts'
import type { FilePattern } from './file-pattern.ts'
import { plural } from './format.ts'
import { nearNames } from './near-names.ts'

export interface SelectionOptions {
  /** In this order; empty: all files. */
  readonly select: readonly FilePattern[]
  readonly exclude: readonly FilePattern[]
  /** Larger files are left out. */
  readonly maxSizeBytes: number | undefined
}

export interface FileSelection {
  /** Above 0 for one file at least. */
  readonly priorities: FilePriorities
  /** Sentences for the user, foreign text inside. */
  readonly notices: readonly string[]
}

const MAX_PRIORITY = 255
/**
 * For all patterns and names of one torrent. A million ordinary names take less; with many stars, a name that was made
 * for it takes for ever.
 */
const MATCHING_LIMIT_MS = 5_000

type Matcher = (entry: FileEntry, file: number) => boolean

/** @throws InputError SELECTION_EMPTY, SELECTION_NUMBER, SELECTION_TOO_COMPLEX */
export async function selectFiles(
  metainfo: Metainfo,
  options: SelectionOptions,
  limitMs = MATCHING_LIMIT_MS,
): Promise<FileSelection> {
  for (const pattern of [...options.select, ...options.exclude]) assertNumbers(metainfo, pattern)
  const compile = await loadGlobs()
  return withinTime(limitMs, () => select(metainfo, options, compile))
}

function select(metainfo: Metainfo, options: SelectionOptions, compile: CompileGlob): FileSelection {
  const { select, exclude, maxSizeBytes = Infinity } = options
  const matcherOf = (pattern: FilePattern): Matcher => makeMatcher(metainfo, pattern, compile)
  const wanted = select.map(matcherOf)
  const unwanted = exclude.map(matcherOf)
  const priorities = new Uint8Array(metainfo.files.length)
  const matchCounts = new Uint32Array(wanted.length)
  let chosenCount = 0
  let leftCount = 0
  for (const [file, entry] of metainfo.files.entries()) {
    if (entry.isPadding || entry.isSymlink) continue
    const rank = rankOf(wanted, entry, file, matchCounts)
    if (rank === undefined) continue
    chosenCount++
    if (entry.lengthBytes > maxSizeBytes || unwanted.some((matches) => matches(entry, file))) continue
    leftCount++
    priorities[file] = Math.max(1, Math.min(Math.max(wanted.length, 1), MAX_PRIORITY) - rank)
  }
  const fruitless = select.filter((_, index) => matchCounts[index] === 0)
  if (chosenCount === 0) throw nothingMatches(metainfo, fruitless)
  if (leftCount === 0) throw nothingLeft(chosenCount)
  return { priorities, notices: fruitless.map((pattern) => `-s: ${noMatch(metainfo, pattern)}`) }
}

/** Which of the patterns is the first that chooses it. @param counts how many files each chooses */
function rankOf(
  wanted: readonly Matcher[],
  entry: FileEntry,
  file: number,
  counts: Uint32Array,
): number | undefined {
  if (wanted.length === 0) return 0
  let rank: number | undefined
  for (const [index, matches] of wanted.entries()) {
    if (!matches(entry, file)) continue
    counts[index] = (counts[index] ?? 0) + 1
    rank ??= index
  }
  return rank
}

function makeMatcher({ isSingleFile }: Metainfo, pattern: FilePattern, compile: CompileGlob): Matcher {
  if (pattern.kind === 'glob') return makeFileMatcher(pattern.text, isSingleFile, compile)
  return (_entry, file) => pattern.ranges.some(({ first, last }) => file >= first && file <= last)
}

/** A number that no file has is a mistake, and so is one of padding or of a link: `info` does not show those. */
function assertNumbers({ files }: Metainfo, pattern: FilePattern): void {
  if (pattern.kind === 'glob') return
  for (const { first, last } of pattern.ranges) {
    const ends = first === last ? [first] : [first, last]
    for (const number of ends) {
      const entry = files[number]
      const known = `its files have the numbers 0 to ${files.findLastIndex(({ isPadding }) => !isPadding)}`
      const hint =
        first === last ? '' : `; a file of the name '${pattern.text}' is chosen by './${pattern.text}'`
      if (entry === undefined)
        throw new InputError('SELECTION_NUMBER', `the torrent has no file ${number}: ${known}${hint}`)
      if (first === last && (entry.isPadding || entry.isSymlink)) {
        const what = entry.isPadding ? 'padding' : 'a symbolic link'
        throw new InputError('SELECTION_NUMBER', `number ${number} is ${what}, which is not downloaded`)
      }
    }
  }
}

function nothingMatches(metainfo: Metainfo, patterns: readonly FilePattern[]): InputError {
  const [pattern] = patterns
  const why =
    pattern === undefined
      ? 'the torrent has no files to choose from'
      : patterns.length === 1
        ? noMatch(metainfo, pattern)
        : `none of ${patterns.length} -s matches a file; ${noMatch(metainfo, pattern)}`
  return new InputError('SELECTION_EMPTY', `${why} (torrent-dl info lists all)`)
}

function nothingLeft(chosenCount: number): InputError {
  const files = chosenCount === 1 ? 'the only chosen file' : `all ${plural(chosenCount, 'chosen file')}`
  return new InputError('SELECTION_EMPTY', `nothing is left: --exclude and --max-size leave out ${files}`)
}

function noMatch({ files }: Metainfo, { text }: FilePattern): string {
  const near = nearNames(lastName(text), namesOf(files)).map((name) => `'${name}'`)
  const hint = near.length === 0 ? '' : `; near: ${near.join(', ')}`
  return `no file matches '${text}'${hint}`
}

/** What may be meant by the end of a glob. */
function lastName(text: string): string {
  return (text.split('/').findLast((element) => element !== '') ?? text).replace(/[*?[\]{}\\]/g, '')
}

/** Of files and directories, each file's own first. */
function* namesOf(files: readonly FileEntry[]): Generator<string> {
  for (const { path, isPadding, isSymlink } of files) {
    if (!isPadding && !isSymlink) yield* path.toReversed()
  }
}

/** `node:vm` is the only way to stop a regular expression that has begun. */
function withinTime<T>(limitMs: number, run: () => T): T {
  let result: { readonly value: T } | undefined
  const runHere = (): void => {
    result = { value: run() }
  }
  try {
    runInContext('runHere()', createContext({ runHere }), { timeout: limitMs })
  } catch (error) {
    if (systemCodeOf(error) !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
  }
  if (result !== undefined) return result.value
  const message = `comparing names takes more than ${limitMs / 1000} s: use fewer * in -s and --exclude, or numbers`
  throw new InputError('SELECTION_TOO_COMPLEX', message)
}
