/** What a testbed can be told, with defaults, and what is refused. Pure. */
import { UsageError } from '../common/errors.ts'
import { MAX_PIECE_BYTES, MIN_PIECE_BYTES } from '../metainfo/info-dict.ts'
import { MAX_NAME_BYTES } from '../metainfo/safe-name.ts'

/** Everything may be left out. Without `paths` the data is made up. */
export interface TestbedOptions {
  /** Files and directories to share, as they are. One is the torrent; several are its contents. */
  readonly paths?: readonly string[]
  /** Of made-up data, all files together; default 10 MiB. */
  readonly sizeBytes?: number
  /** Of made-up data; default 1. */
  readonly fileCount?: number
  /** The same seed gives the same data, and the same info-hash but for the other options; default 1. */
  readonly randomSeed?: number
  /** The torrent's; default: that of the only path, else `testbed`. */
  readonly name?: string
  /** A power of two; default: by size. */
  readonly pieceBytes?: number
  /** Seeders; default 1. */
  readonly peerCount?: number
  /** So many UDP packets to the tracker get lost; the torrent names no other tracker then. */
  readonly trackerDropCount?: number
  /** The tracker refuses every announce with this text. */
  readonly trackerFailure?: string
  /** Every seeder hears what it is told so much later. */
  readonly peerLatencyMs?: number
  /** Each seeder sends no more, bytes a second. */
  readonly peerRate?: number
  /** Pieces, from 0 on, that the first seeder sends wrongly. */
  readonly corruptPieces?: readonly number[]
  /** The first seeder leaves for good when it has sent about so much of the torrent's size. */
  readonly leaveAtPercent?: number
  /** Where the temporary directory is made; default: the system's place. */
  readonly temporaryRoot?: string
  /** Ends what `open` is doing; a testbed that is open is ended by `close`. */
  readonly signal?: AbortSignal
}

/** Bounds of the numbers, both included, and what they count. */
export const TESTBED_LIMITS = {
  sizeBytes: [1, 2 ** 40],
  fileCount: [1, 100_000],
  randomSeed: [0, Number.MAX_SAFE_INTEGER],
  pieceBytes: [MIN_PIECE_BYTES, MAX_PIECE_BYTES],
  peerCount: [1, 100],
  trackerDropCount: [0, 1_000_000],
  peerLatencyMs: [0, 60_000],
  peerRate: [1024, 2 ** 40],
  leaveAtPercent: [1, 99],
} as const satisfies Partial<Record<keyof TestbedOptions, readonly [number, number]>>

const MAX_FAILURE_CHARACTERS = 1000
const MAX_PATHS = 10_000
const MAX_CORRUPT_PIECES = 10_000

const DEFAULTS = {
  paths: [],
  sizeBytes: 10 * 2 ** 20,
  fileCount: 1,
  randomSeed: 1,
  peerCount: 1,
  trackerDropCount: 0,
  corruptPieces: [],
} as const satisfies TestbedOptions

export type CheckedOptions = TestbedOptions & Required<Pick<TestbedOptions, keyof typeof DEFAULTS>>

/** @throws UsageError when an option is out of bounds or does not go with another */
export function checkTestbedOptions(options: TestbedOptions): CheckedOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const checked: CheckedOptions = { ...DEFAULTS, ...(Object.fromEntries(given) as TestbedOptions) }
  for (const [key, [min, max]] of Object.entries(TESTBED_LIMITS)) {
    const value = checked[key as keyof typeof TESTBED_LIMITS]
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= min && value <= max))
      throw usage(`${key} is ${value}, and must be a whole number from ${min} to ${max}`)
  }
  checkAmounts(checked)
  const { name, pieceBytes, fileCount, sizeBytes } = checked
  if (pieceBytes !== undefined && !Number.isInteger(Math.log2(pieceBytes)))
    throw usage(`a piece length of ${pieceBytes} bytes is no power of two`)
  if (name !== undefined) checkName(name)
  if (fileCount > sizeBytes) throw usage(`${fileCount} files need a size of at least as many bytes`)
  if (checked.paths.length > 0) refuseMadeUpData(options)
  return checked
}

function checkAmounts({ paths, corruptPieces, trackerFailure = '' }: CheckedOptions): void {
  if (trackerFailure.length > MAX_FAILURE_CHARACTERS)
    throw usage(`a failure reason of more than ${MAX_FAILURE_CHARACTERS} characters`)
  if (paths.length > MAX_PATHS) throw usage(`more than ${MAX_PATHS} paths`)
  if (paths.includes('')) throw usage('an empty path')
  if (corruptPieces.length > MAX_CORRUPT_PIECES) throw usage(`more than ${MAX_CORRUPT_PIECES} corrupt pieces`)
}

function refuseMadeUpData(options: TestbedOptions): void {
  for (const key of ['sizeBytes', 'fileCount', 'randomSeed'] as const) {
    if (options[key] !== undefined) throw usage(`paths were given: ${key} is for data that is made up`)
  }
}

function checkName(name: string): void {
  const isPlain = name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name)
  if (!isPlain) throw usage(`'${name}' is no name for a torrent: it must be that of a file, without a path`)
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw usage(`a name of more than ${MAX_NAME_BYTES} bytes`)
}

function usage(message: string): UsageError {
  return new UsageError('USAGE', message)
}
