/** What lies in a torrent's directory and is not in the torrent. Only names are looked at; no link is followed. */
import type { Metainfo } from '../metainfo/metainfo.ts'
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { otherWork, Turns } from './turns.ts'

/** More are only counted. */
const MAX_LISTED = 10_000

export interface ExtraFilesOptions {
  readonly metainfo: Metainfo
  /** Absolute; the torrent's directory lies in it. */
  readonly outputDirectory: string
  /** Absolute paths of its unfinished files. */
  readonly partPaths: Iterable<string>
  readonly signal: AbortSignal
}

export interface ExtraFiles {
  /** Below the output directory; a directory that the torrent does not have counts as one, and ends with `/`. */
  readonly paths: readonly string[]
  /** Of all, listed or not. */
  readonly count: number
}

/** Of a torrent of one file there are none: it has no directory of its own. */
export async function findExtraFiles(options: ExtraFilesOptions): Promise<ExtraFiles> {
  const { metainfo, outputDirectory, signal } = options
  if (metainfo.isSingleFile) return { paths: [], count: 0 }
  const known = knownPaths(options)
  const paths: string[] = []
  let count = 0
  const turns = new Turns()
  const waiting = isDirectory(join(outputDirectory, metainfo.name)) ? [metainfo.name] : []
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    if (turns.isOver()) await otherWork()
    signal.throwIfAborted()
    for (const entry of entriesOf(join(outputDirectory, directory))) {
      const path = `${directory}/${entry.name}`
      if (known.files.has(path)) continue
      if (!known.directories.has(path)) {
        count++
        if (paths.length < MAX_LISTED) paths.push(entry.isDirectory() ? `${path}/` : path)
      } else if (entry.isDirectory()) waiting.push(path)
    }
  }
  return { paths: paths.sort(), count }
}

function knownPaths({ metainfo, outputDirectory, partPaths }: ExtraFilesOptions): {
  readonly files: ReadonlySet<string>
  readonly directories: ReadonlySet<string>
} {
  const files = new Set<string>()
  const directories = new Set([metainfo.name])
  for (const { path, isPadding } of metainfo.files) {
    if (isPadding) continue
    files.add(path.join('/'))
    for (let end = path.length - 1; end > 1; end--) {
      const directory = path.slice(0, end).join('/')
      if (directories.has(directory)) break
      directories.add(directory)
    }
  }
  const prefix = join(outputDirectory, 'x').slice(0, -1)
  for (const path of partPaths) files.add(path.slice(prefix.length))
  return { files, directories }
}

function isDirectory(path: string): boolean {
  try {
    return lstatSync(path).isDirectory()
  } catch {
    return false // not there, or not to be looked at: its files are told of already
  }
}

/** One that is not there, or not to be read, has nothing extra: its files are told of already. */
function entriesOf(directory: string): { readonly name: string; isDirectory(): boolean }[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch {
    return []
  }
}
