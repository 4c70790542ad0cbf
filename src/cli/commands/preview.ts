/** `-l` and `-n`: what a torrent has, what of it would be fetched. Pure: from numbers to text or JSON. */
import type { Bitfield } from '../../common/bitfield.ts'
import { fileSpans } from '../../metainfo/file-layout.ts'
import { pieceIndices, pieceLength, pieceStart } from '../../metainfo/geometry.ts'
import type { FileEntry, Metainfo } from '../../metainfo/metainfo.ts'
import { formatBytes, plural } from '../format.ts'
import type { FilePriorities } from '../../metainfo/file-selection.ts'
import { fileLines, visibleFiles } from './info.ts'
import type { VisibleFile } from './info.ts'

export interface PlannedFile extends VisibleFile {
  /** Bytes of it that have to come. */
  readonly missingBytes: number
}

/** What a download would do now. */
export interface DownloadPlan {
  /** The chosen ones. */
  readonly files: readonly PlannedFile[]
  /** What comes from peers when nothing goes wrong: whole pieces, those that chosen files share with others included. */
  readonly fetchBytes: number
  readonly fetchPieceCount: number
  /** Of `fetchBytes`, those that belong to no chosen file. */
  readonly sharedBytes: number
  /** Of the chosen files, verified. */
  readonly doneBytes: number
  readonly wantedBytes: number
}

/** The files that a choice leaves. @param priorities undefined: all */
export function chosenFiles(metainfo: Metainfo, priorities: FilePriorities | undefined): VisibleFile[] {
  const files = visibleFiles(metainfo)
  return priorities === undefined ? files : files.filter(({ index }) => (priorities[index] ?? 0) > 0)
}

/** @param files chosen @param wanted pieces that hold them; undefined: all @param have what is on disk */
export function planDownload(
  metainfo: Metainfo,
  files: readonly VisibleFile[],
  { wanted, have }: { wanted: Bitfield | undefined; have: Bitfield },
): DownloadPlan {
  const { geometry } = metainfo
  const missing = new Map(files.map(({ index }) => [index, 0]))
  let [fetchBytes, fetchPieceCount] = [0, 0]
  for (const piece of pieceIndices(geometry)) {
    if (have.has(piece) || wanted?.has(piece) === false) continue
    const length = pieceLength(geometry, piece)
    fetchBytes += length
    fetchPieceCount++
    for (const span of fileSpans(metainfo.files, pieceStart(geometry, piece), length)) {
      const before = missing.get(span.file)
      if (before !== undefined) missing.set(span.file, before + span.length)
    }
  }
  const planned = files.map(({ index, entry }) => ({ index, entry, missingBytes: missing.get(index) ?? 0 }))
  const missingBytes = sum(planned, (file) => file.missingBytes)
  const wantedBytes = sum(planned, ({ entry }) => entry.lengthBytes)
  return {
    files: planned,
    fetchBytes,
    fetchPieceCount,
    sharedBytes: fetchBytes - missingBytes,
    doneBytes: wantedBytes - missingBytes,
    wantedBytes,
  }
}

/** One line a file: number, size, path. */
export function formatList(files: readonly VisibleFile[], clean: (text: string) => string): string {
  return asLines(fileLines(files, clean))
}

/** One line a file, and what it comes to. */
export function formatPlan(plan: DownloadPlan, clean: (text: string) => string): string {
  const notes = plan.files.map(noteOf)
  const width = notes.reduce((most, note) => Math.max(most, note.length), 0)
  const withNotes = (line: string, index: number): string => `${(notes[index] ?? '').padEnd(width)}  ${line}`
  return asLines([...fileLines(plan.files, clean).map(withNotes), totalLine(plan)])
}

function noteOf({ missingBytes, entry }: PlannedFile): string {
  if (missingBytes === 0) return entry.lengthBytes === 0 ? 'empty' : 'there'
  return missingBytes === entry.lengthBytes ? 'fetch' : `fetch ${formatBytes(missingBytes)}`
}

function totalLine({
  files,
  fetchBytes,
  fetchPieceCount,
  sharedBytes,
  doneBytes,
  wantedBytes,
}: DownloadPlan): string {
  const chosen = `${plural(files.length, 'file')}, ${formatBytes(wantedBytes)}`
  if (fetchBytes === 0) return `${chosen}: nothing to fetch, all of it is there`
  const shared =
    sharedBytes === 0 ? '' : `, ${plural(sharedBytes, 'byte')} of other files in shared pieces included`
  const there = doneBytes === 0 ? '' : `; ${formatBytes(doneBytes)} is there already`
  const pieces = plural(fetchPieceCount, 'piece')
  return `${chosen}: to fetch ${plural(fetchBytes, 'byte')} (${formatBytes(fetchBytes)}) in ${pieces}${shared}${there}`
}

/** The fields of a `list` event. */
export function listFields(metainfo: Metainfo, files: readonly VisibleFile[]): Record<string, unknown> {
  return { ...fieldsOf(metainfo), files: files.map(({ index, entry }) => fileFields(index, entry)) }
}

/** The fields of a `plan` event. @param path where it would lie */
export function planFields(metainfo: Metainfo, plan: DownloadPlan, path: string): Record<string, unknown> {
  const { files, ...numbers } = plan
  return {
    ...fieldsOf(metainfo),
    path,
    ...numbers,
    files: files.map(({ index, entry, missingBytes }) => ({ ...fileFields(index, entry), missingBytes })),
  }
}

function fieldsOf({ name, geometry }: Metainfo): Record<string, unknown> {
  return { name, totalBytes: geometry.totalBytes }
}

function fileFields(index: number, { path, lengthBytes }: FileEntry): Record<string, unknown> {
  return { index, path: path.join('/'), lengthBytes }
}

function asLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0)
}
