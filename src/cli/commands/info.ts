/** `torrent-dl info <source>`: what a .torrent says, for people or as JSON. Opens no connection. */
import type { FileEntry, Metainfo } from '../../metainfo/metainfo.ts'
import { toSafeJson } from '../safe-json.ts'
import { formatBytes, formatCount, plural } from '../format.ts'
import type { Terminal } from '../terminal.ts'
import type { Theme } from '../theme.ts'

const VERSION = 1
/** Dates that JavaScript can write: 100 million days around 1970. */
const MAX_DATE_SECONDS = 8.64e12

export interface InfoStyle {
  readonly terminal: Terminal
  readonly theme: Theme
}

/** A label, and what stands beside and below it; clean. */
type Section = readonly [label: string, lines: readonly string[]]

/** The layout for people: labels to the right of one column, values beside them. Ends with a newline. */
export function formatInfo(metainfo: Metainfo, { terminal, theme }: InfoStyle): string {
  const { clean } = terminal
  const sections = sectionsOf(metainfo, theme, clean).filter(([, lines]) => lines.length > 0)
  const width = Math.max(...sections.map(([label]) => label.length))
  const rows = sections.flatMap(([label, lines]) =>
    lines.map((line, i) => `${theme.paint('quiet', (i === 0 ? label : '').padStart(width))}  ${line}\n`),
  )
  return rows.join('')
}

/** One object with stable keys, indented, ends with a newline. */
export function formatInfoJson(metainfo: Metainfo): string {
  const { geometry, creationDateSeconds } = metainfo
  const value = {
    v: VERSION,
    name: metainfo.name,
    infoHash: metainfo.infoHash.toString('hex'),
    totalBytes: geometry.totalBytes,
    pieceBytes: geometry.pieceBytes,
    pieceCount: geometry.pieceCount,
    isPrivate: metainfo.isPrivate,
    trackers: metainfo.trackerTiers,
    webSeeds: metainfo.webSeeds,
    comment: metainfo.comment ?? null,
    createdBy: metainfo.createdBy ?? null,
    createdAt: isoDate(creationDateSeconds) ?? null,
    files: visibleFiles(metainfo).map(({ index, entry }) => ({
      index,
      path: entry.path.join('/'),
      lengthBytes: entry.lengthBytes,
    })),
    renames: metainfo.renames,
    notices: metainfo.notices,
  }
  return `${toSafeJson(value, 2)}\n`
}

function sectionsOf(metainfo: Metainfo, theme: Theme, clean: (text: string) => string): Section[] {
  const { geometry, comment, renames } = metainfo
  const { totalBytes, pieceBytes, pieceCount } = geometry
  const pieces = `${formatCount(pieceCount)} ${theme.symbols.times} ${formatBytes(pieceBytes)}`
  const arrow = theme.symbols.arrow
  return [
    ['Name', [theme.paint('strong', clean(metainfo.name))]],
    ['Info hash', [metainfo.infoHash.toString('hex')]],
    ['Size', [`${formatBytes(totalBytes)} (${plural(totalBytes, 'byte')})${inFiles(metainfo)}`]],
    ['Pieces', [pieces]],
    ['Private', metainfo.isPrivate ? ['yes, peers only from its own trackers'] : []],
    ['Trackers', metainfo.trackerTiers.flatMap((tier, i) => tier.map((url) => `${i + 1}  ${clean(url)}`))],
    ['Web seeds', metainfo.webSeeds.map(clean)],
    ['Created', createdLine(metainfo, clean)],
    ['Comment', comment === undefined || comment === '' ? [] : [clean(comment)]],
    ['Renamed', renames.map(({ from, to }) => `${clean(from)} ${arrow} ${clean(to)}`)],
    ['Note', metainfo.notices.map(clean)],
    ['Files', fileLines(visibleFiles(metainfo), clean)],
  ]
}

function inFiles(metainfo: Metainfo): string {
  return metainfo.isSingleFile ? '' : ` in ${plural(visibleFiles(metainfo).length, 'file')}`
}

function createdLine(
  { creationDateSeconds, createdBy }: Metainfo,
  clean: (text: string) => string,
): string[] {
  const date = isoDate(creationDateSeconds)?.replace('T', ' ').replace('.000', '')
  const parts = date === undefined ? [] : [date]
  if (createdBy !== undefined && createdBy !== '') parts.push(`by ${clean(createdBy)}`)
  return parts.length === 0 ? [] : [parts.join('  ')]
}

/** Index, size and path of each, in columns; clean. */
export function fileLines(files: readonly VisibleFile[], clean: (text: string) => string): string[] {
  const sizes = files.map(({ entry }) => formatBytes(entry.lengthBytes))
  const indexWidth = String(files.at(-1)?.index ?? 0).length
  // A spread of a million arguments would overflow the stack.
  const sizeWidth = sizes.reduce((width, size) => Math.max(width, size.length), 0)
  return files.map(({ index, entry }, i) => {
    const size = (sizes[i] ?? '').padStart(sizeWidth)
    return `${String(index).padStart(indexWidth)}  ${size}  ${clean(entry.path.join('/'))}`
  })
}

export interface VisibleFile {
  readonly index: number
  readonly entry: FileEntry
}

/** All but padding. */
export function visibleFiles({ files }: Metainfo): VisibleFile[] {
  return files.map((entry, index) => ({ index, entry })).filter(({ entry }) => !entry.isPadding)
}

function isoDate(seconds: number | undefined): string | undefined {
  if (seconds === undefined || Math.abs(seconds) > MAX_DATE_SECONDS) return undefined
  return new Date(seconds * 1000).toISOString()
}
