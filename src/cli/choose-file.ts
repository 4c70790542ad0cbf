/** Which file of a torrent the user means: by its path, with or without the torrent's name in front, or its number. */
import type { FileEntry, Metainfo } from '../metainfo/metainfo.ts'
import { UsageError } from '../common/errors.ts'
import { plural } from './format.ts'

const NUMBER = /^\d{1,7}$/

/**
 * A path comes before a number. @param wanted undefined: the only one there is
 * @throws UsageError FILE_NOT_NAMED, FILE_NOT_IN_TORRENT; messages hold foreign text
 */
export function chooseFile(metainfo: Metainfo, wanted: string | undefined): FileEntry {
  const files = metainfo.files.filter(isReadable)
  if (wanted === undefined) {
    const [only, second] = files
    if (only !== undefined && second === undefined) return only
    throw new UsageError(
      'FILE_NOT_NAMED',
      `${metainfo.name} has ${plural(files.length, 'file')}: say which one, or --tar`,
    )
  }
  const byPath = files.find(({ path }) => path.join('/') === wanted || path.slice(1).join('/') === wanted)
  const byNumber = NUMBER.test(wanted) ? metainfo.files[Number(wanted)] : undefined
  const chosen = byPath ?? byNumber
  if (chosen !== undefined && isReadable(chosen)) return chosen
  throw new UsageError('FILE_NOT_IN_TORRENT', `${metainfo.name} has no file '${wanted}'`)
}

function isReadable({ isPadding, isSymlink }: FileEntry): boolean {
  return !isPadding && !isSymlink
}
