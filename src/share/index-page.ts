/** What stands at `/` of `serve`: plain text, for a browser and for curl. Pure. */
import type { Metainfo } from '../metainfo/metainfo.ts'
import { urlElement } from './url-element.ts'

/** A longer list helps nobody; the .torrent has all of it. */
const MAX_FILES = 1000

/** @param dataUrl where the files are to be had, when they are @returns lines; names are safe on disk, so on a page too */
export function indexPage(
  metainfo: Metainfo,
  { url, dataUrl }: { readonly url: string; readonly dataUrl: string | undefined },
): string {
  const { name, geometry, infoHash, files } = metainfo
  const visible = files.filter(({ isPadding, isSymlink }) => !isPadding && !isSymlink)
  const lines = visible.slice(0, MAX_FILES).map(({ path, lengthBytes }) => {
    const where = dataUrl === undefined ? path.join('/') : dataUrl + path.map(urlElement).join('/')
    return `  ${String(lengthBytes).padStart(15)}  ${where}`
  })
  if (visible.length > MAX_FILES) lines.push(`  and ${visible.length - MAX_FILES} more`)
  return [
    `Name       ${name}`,
    `Size       ${geometry.totalBytes} bytes in ${visible.length} file${visible.length === 1 ? '' : 's'}`,
    `Info hash  ${infoHash.toString('hex')}`,
    `Torrent    ${url}`,
    '',
    'To get it:',
    `  torrent-dl ${url}`,
    '',
    'Bytes and files:',
    ...lines,
    '',
  ].join('\n')
}
