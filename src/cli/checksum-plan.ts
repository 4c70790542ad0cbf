/** Lists of checksums and a torrent -> which of its files are compared with what. Pure. */
import type { Bitfield } from '../common/bitfield.ts'
import { VerificationError } from '../common/errors.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { DigestOrder } from '../storage/file-digests.ts'
import type { Checksum } from './checksum-list.ts'
import { formatCount, plural } from './format.ts'

export interface ChecksumList {
  /** The path as typed. */
  readonly label: string
  readonly checksums: readonly Checksum[]
}

export interface ChecksumOrder extends DigestOrder {
  /** Lower-case hexadecimal. */
  readonly expected: string
  /** The list that says so. */
  readonly list: string
}

export interface ChecksumPlan {
  /** At least one. */
  readonly orders: readonly ChecksumOrder[]
  /** Chosen files that no list names. */
  readonly unnamedCount: number
  /** Sentences for the user. */
  readonly notices: readonly string[]
}

/**
 * A list may name files of other torrents, too: those are passed over. Its names are paths below the torrent's
 * directory, or below the output directory: whichever fits more of them.
 * @param wantedFiles undefined: all @throws VerificationError CHECKSUM_UNRELATED when a list names no chosen file
 */
export function planChecksums(
  metainfo: Metainfo,
  wantedFiles: Bitfield | undefined,
  lists: readonly ChecksumList[],
): ChecksumPlan {
  const files = realFiles(metainfo)
  const isWanted = (file: number): boolean => wantedFiles === undefined || wantedFiles.has(file)
  const orders = new Map<string, ChecksumOrder>()
  const named = new Set<number>()
  for (const list of lists) {
    const own = ordersOf(list, metainfo, files).filter(({ file }) => isWanted(file))
    if (own.length === 0) throw unrelated(metainfo, list, wantedFiles !== undefined)
    for (const order of own) {
      named.add(order.file)
      orders.set(`${order.file} ${order.algorithm} ${order.expected}`, order)
    }
  }
  const wantedCount = files.filter(({ file }) => isWanted(file)).length
  const unnamedCount = wantedCount - named.size
  const label = lists.length === 1 ? (lists[0]?.label ?? '') : `${lists.length} lists of checksums`
  const verb = lists.length === 1 ? 'names' : 'name'
  const notice = `${label} ${verb} ${formatCount(named.size)} of ${plural(wantedCount, 'file')} of ${metainfo.name}: the others are not compared`
  return { orders: [...orders.values()], unnamedCount, notices: unnamedCount > 0 ? [notice] : [] }
}

interface RealFile {
  readonly file: number
  readonly path: readonly string[]
}

function realFiles({ files }: Metainfo): RealFile[] {
  return files.flatMap(({ path, isPadding, isSymlink }, file) =>
    isPadding || isSymlink ? [] : [{ file, path }],
  )
}

function ordersOf(
  { label, checksums }: ChecksumList,
  metainfo: Metainfo,
  files: readonly RealFile[],
): ChecksumOrder[] {
  const { name, isSingleFile, renames } = metainfo
  const index = new Map(files.map(({ file, path }) => [path.join('/'), file]))
  const safeNames = new Map(renames.map(({ from, to }) => [from, to]))
  const originalName = renames.find(({ to }) => to === name)?.from ?? name
  const find = (path: string): number | undefined => index.get(path) ?? index.get(safePath(path, safeNames))
  const named = checksums.flatMap((checksum) => {
    const path = normalPath(checksum.name)
    return path === undefined ? [] : [{ checksum, path }]
  })
  const finders = [
    (path: string) => find(path),
    (path: string) => index.get(`${name}/${path}`) ?? find(`${originalName}/${path}`),
  ]
  const [beside = [], below = []] = finders.map((findFile) =>
    named.flatMap(({ checksum: { algorithm, digest }, path }): ChecksumOrder[] => {
      const file = findFile(path)
      return file === undefined ? [] : [{ file, algorithm, expected: digest, list: label }]
    }),
  )
  return isSingleFile || beside.length > below.length ? beside : below
}

/** What a path of the torrent became where its names had to change to be safe. */
function safePath(path: string, safeNames: ReadonlyMap<string, string>): string {
  let [from, to] = ['', '']
  for (const element of path.split('/')) {
    from = from === '' ? element : `${from}/${element}`
    to = safeNames.get(from) ?? (to === '' ? element : `${to}/${element}`)
  }
  return to
}

/** @returns undefined for what lies elsewhere */
function normalPath(name: string): string | undefined {
  if (name.startsWith('/')) return undefined
  const elements = name.split('/').filter((element) => element !== '' && element !== '.')
  return elements.includes('..') ? undefined : elements.join('/')
}

function unrelated({ name }: Metainfo, { label }: ChecksumList, isSelection: boolean): VerificationError {
  const what = isSelection ? 'chosen file' : 'file'
  return new VerificationError(
    'CHECKSUM_UNRELATED',
    `${label} names no ${what} of ${name}: nothing to compare with`,
  )
}
