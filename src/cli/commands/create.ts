/** What `torrent-dl create` prints. Pure. */
import { magnetLink } from '../../metainfo/magnet-link.ts'
import type { Metainfo } from '../../metainfo/metainfo.ts'
import { formatBytes, formatCount, formatDuration, formatRate, plural } from '../format.ts'
import { toSafeJson } from '../safe-json.ts'
import { PREFIX } from '../summary.ts'
import type { LineStyle } from '../summary.ts'
import { displayWidth, steadyText, truncateMiddle } from '../text-width.ts'

const VERSION = 1
const MAX_NAME_CELLS = 40
/** In less, the time to begin is most of it. */
const TELLING_SECONDS = 0.1

/** One object, on one line. @param path of the .torrent */
export function createdJson(metainfo: Metainfo, path: string, notices: readonly string[]): string {
  const { geometry, files } = metainfo
  const value = {
    v: VERSION,
    path,
    name: metainfo.name,
    infoHash: metainfo.infoHash.toString('hex'),
    totalBytes: geometry.totalBytes,
    fileCount: files.length,
    pieceBytes: geometry.pieceBytes,
    pieceCount: geometry.pieceCount,
    isPrivate: metainfo.isPrivate,
    magnet: magnetLink(metainfo),
    notices,
  }
  return `${toSafeJson(value)}\n`
}

/** `✔ data  3 files, 1.2 GiB in 0.9 s (1.3 GiB/s), 2,458 x 512.0 KiB  → ./data.torrent`; shorter where it would wrap. */
export function createdLine(
  metainfo: Metainfo,
  path: string,
  seconds: number,
  { terminal, theme }: LineStyle,
): string {
  const { geometry, files, isSingleFile } = metainfo
  const { arrow, cut, done, times } = theme.symbols
  const name = terminal.clean(metainfo.name)
  const shownPath = terminal.clean(path)
  const count = isSingleFile ? '' : `${plural(files.length, 'file')}, `
  const rate = seconds < TELLING_SECONDS ? '' : ` (${formatRate(geometry.totalBytes / seconds)})`
  const size = `${count}${formatBytes(geometry.totalBytes)} in ${formatDuration(seconds)}`
  const pieces = `${formatCount(geometry.pieceCount)} ${times} ${formatBytes(geometry.pieceBytes)}`
  if (!terminal.isTty) return `${PREFIX}${name}: ${size}${rate}, ${pieces} -> ${shownPath}`
  const shortName = truncateMiddle(steadyText(name), MAX_NAME_CELLS, cut)
  const texts = [`${size}${rate}, ${pieces}`, `${size}, ${pieces}`, size].map(
    (text) => `${shortName}  ${text}  `,
  )
  const fits = (text: string): boolean =>
    displayWidth(`${done} ${text}${arrow} ${shownPath}`) <= terminal.width()
  const text = texts.find(fits) ?? `${shortName}  ${size}  `
  return `${theme.paint('done', done)} ${text}${theme.paint('quiet', arrow)} ${shownPath}`
}
