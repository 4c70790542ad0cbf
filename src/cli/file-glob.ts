/**
 * Globs against the paths of a torrent's files. As in a .gitignore: without a slash a glob matches the own name of a
 * file or directory anywhere, with one the path inside the torrent (the torrent's name may stand in front); a slash
 * behind it means directories alone; a directory stands for all that is in it. `*`, `?`, `[...]`, `{a,b}`, `**` and `\`
 * mean something, nothing else does; a leading dot is nothing special; big and small letters differ. A glob that is
 * literally some name means that name, so that `[` in names needs no care.
 */
import type { FileEntry } from '../metainfo/metainfo.ts'

/** A glob -> does this text match it? Text without a slash where the glob has none. */
export type CompileGlob = (glob: string) => (text: string) => boolean

/** picomatch, loaded when somebody chooses files. */
export async function loadGlobs(): Promise<CompileGlob> {
  const { default: picomatch } = await import('picomatch')
  const options = { dot: true, nonegate: true, noextglob: true }
  return (glob) => picomatch(withoutExtensions(glob), options)
}

/** Does the glob choose a file of a torrent? @param isSingleFile the torrent has no directory */
export function makeFileMatcher(
  text: string,
  isSingleFile: boolean,
  compile: CompileGlob,
): (entry: FileEntry) => boolean {
  const matches = makePathMatcher(text, isSingleFile, compile)
  return ({ path }) => matches(path, false)
}

/** The same for a path, which begins with the torrent's name as a file's does, and may be that of a directory. */
export function makePathMatcher(
  text: string,
  isSingleFile: boolean,
  compile: CompileGlob,
): (path: readonly string[], isDirectory: boolean) => boolean {
  const glob = text.replace(/^(\.?\/)+/, '').replace(/\/+$/, '')
  const isForDirectories = text.endsWith('/')
  const isAnchored = /^\.?\//.test(text) || glob.includes('/')
  const matches = remembering(glob === '' ? () => true : orLiteral(glob, compile(glob)))
  return (path, isDirectory) => {
    const own = { path: isSingleFile ? path : path.slice(1), isDirectory }
    if (!isAnchored) return hasElement(own, isForDirectories, matches)
    return (
      hasStart(own, isForDirectories, matches) ||
      (!isSingleFile && hasStart({ path, isDirectory }, isForDirectories, matches))
    )
  }
}

type Matches = (text: string, isDirectory: boolean) => boolean

/** @property isDirectory is its last element one? The others are. */
interface Place {
  readonly path: readonly string[]
  readonly isDirectory: boolean
}

function hasElement(place: Place, isForDirectories: boolean, matches: Matches): boolean {
  const { path } = place
  return path.some((element, depth) => {
    const isDirectory = place.isDirectory || depth < path.length - 1
    return (isDirectory || !isForDirectories) && matches(element, isDirectory)
  })
}

function hasStart(place: Place, isForDirectories: boolean, matches: Matches): boolean {
  const { path } = place
  let start = ''
  for (const [depth, element] of path.entries()) {
    start += depth === 0 ? element : `/${element}`
    const isDirectory = place.isDirectory || depth < path.length - 1
    if ((isDirectory || !isForDirectories) && matches(start, isDirectory)) return true
  }
  return false
}

/** A directory is asked about once, not once for each of its files. */
function remembering(test: (text: string) => boolean): Matches {
  const directories = new Map<string, boolean>()
  return (text, isDirectory) => {
    if (!isDirectory) return test(text)
    const known = directories.get(text) ?? test(text)
    directories.set(text, known)
    return known
  }
}

function orLiteral(glob: string, test: (text: string) => boolean): (text: string) => boolean {
  return (text) => text === glob || test(text)
}

/** Parentheses and the like are ordinary in file names: outside of brackets they are made literal. */
function withoutExtensions(glob: string): string {
  return glob.replace(/\\.|\[[^\]]*\]|[()|+!@$^]/gs, (part) => (part.length === 1 ? `\\${part}` : part))
}

/** For what is left out of a tree that a torrent is made of. @param name of the tree */
export async function loadExcluder(
  globs: readonly string[],
  name: string,
): Promise<(path: string, isDirectory: boolean) => boolean> {
  const compile = await loadGlobs()
  const matchers = globs.map((glob) => makePathMatcher(glob, false, compile))
  return (path, isDirectory) => {
    const elements = [name, ...path.split('/')]
    return matchers.some((matches) => matches(elements, isDirectory))
  }
}
