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
    const own = ordersOf(list, files).filter(({ file }) => isWanted(file))
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

function ordersOf({ label, checksums }: ChecksumList, files: readonly RealFile[]): ChecksumOrder[] {
  const named = checksums.map((checksum) => ({ checksum, path: normalPath(checksum.name) }))
  const inOutput = new Map(files.map(({ file, path }) => [path.join('/'), file]))
  const inTorrent = new Map(
    files.map(({ file, path }) => [(path.length > 1 ? path.slice(1) : path).join('/'), file]),
  )
  const matches = [inTorrent, inOutput].map((index) =>
    named.flatMap(({ checksum, path }): ChecksumOrder[] => {
      const file = path === undefined ? undefined : index.get(path)
      if (file === undefined) return []
      return [{ file, algorithm: checksum.algorithm, expected: checksum.digest, list: label }]
    }),
  )
  const [below = [], beside = []] = matches
  return beside.length > below.length ? beside : below
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
