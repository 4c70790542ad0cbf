/** The data of a testbed: what was given, through links, or what is made up. */
import { mkdir, stat, symlink } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { CheckedOptions } from './testbed-options.ts'
import { UsageError } from '../common/errors.ts'
import { writeRandomFiles } from '../storage/random-files.ts'
import { unreadable } from '../storage/tree-errors.ts'

const DEFAULT_NAME = 'testbed'

/** What the torrent is called. */
export function nameOf({ name, paths, fileCount }: CheckedOptions): string {
  if (name !== undefined) return name
  const [first = ''] = paths
  if (paths.length === 1) return basename(resolve(first)) || DEFAULT_NAME
  return paths.length === 0 && fileCount === 1 ? `${DEFAULT_NAME}.bin` : DEFAULT_NAME
}

/**
 * Makes `directory` with the torrent's name in it. Given files are not copied: a link leads to each.
 * @throws InputError INPUT_UNREADABLE; UsageError when two paths have one name; StorageError; the signal's reason
 */
export async function stageData(options: CheckedOptions, directory: string, name: string): Promise<void> {
  const { paths, signal } = options
  const [first] = paths
  if (first === undefined) {
    await mkdir(directory)
    await writeRandomFiles(plannedFiles(options, join(directory, name)), options.randomSeed, signal)
    return
  }
  const target = paths.length === 1 ? directory : join(directory, name)
  await mkdir(target, { recursive: true })
  for (const path of paths)
    await link(path, join(target, paths.length === 1 ? name : basename(resolve(path))))
}

async function link(path: string, place: string): Promise<void> {
  try {
    await stat(path)
  } catch (error) {
    throw unreadable(path, error)
  }
  try {
    await symlink(resolve(path), place)
  } catch (error) {
    throw new UsageError('USAGE', `two of the paths have the name '${basename(place)}'`, { cause: error })
  }
}

function plannedFiles(
  { sizeBytes, fileCount }: CheckedOptions,
  path: string,
): { readonly path: string; readonly lengthBytes: number }[] {
  if (fileCount === 1) return [{ path, lengthBytes: sizeBytes }]
  const each = Math.floor(sizeBytes / fileCount)
  const longerCount = sizeBytes % fileCount
  const digits = String(fileCount).length
  return Array.from({ length: fileCount }, (_, index) => ({
    path: join(path, `file-${String(index + 1).padStart(digits, '0')}.bin`),
    lengthBytes: each + (index < longerCount ? 1 : 0),
  }))
}
