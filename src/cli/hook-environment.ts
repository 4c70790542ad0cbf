/**
 * What a hook finds in its environment: ours, `TORRENT_DL_*`, and the names that scripts for transmission know. Pure. Names
 * of torrents and messages are only data, whatever they hold: nothing is expanded, and a value ends at no character.
 */
import { dirname, resolve } from 'node:path'
import { VERSION } from '../common/version.ts'
import { maskUrl } from '../tracker/mask-url.ts'
import { describeError } from './exit-codes.ts'
import type { Environment } from './terminal.ts'
import type { JobResult, JobView } from './view.ts'

/** undefined: not to be set */
type Variables = Readonly<Record<string, string | undefined>>

/** The system takes no longer value than 128 KiB, and a hook would not start because of one. */
const MAX_VALUE_CHARACTERS = 30_000

/** @param index the place of the source, from 1 on @param now when the hook begins */
export interface HookMoment {
  readonly index: number
  readonly now: Date
}

/** `env` with the variables of a hook. What is not known for a result is not set, also when `env` has it. */
export function hookEnvironment(
  result: JobResult,
  env: Environment,
  moment: HookMoment,
): Record<string, string> {
  const values = { ...ownVariables(result), ...transmissionVariables(result, moment) }
  const all: Record<string, string> = {}
  for (const [name, value] of Object.entries({ ...env, ...values })) {
    if (value !== undefined) all[name] = name in values ? asValue(value) : value
  }
  return all
}

function ownVariables(result: JobResult): Variables {
  const { source, outcome, code, error, job, snapshot, seconds } = result
  return {
    TORRENT_DL_EVENT: outcome === 'complete' ? 'complete' : 'error',
    TORRENT_DL_SOURCE: source,
    TORRENT_DL_EXIT_CODE: String(code),
    TORRENT_DL_ERROR_CODE: error?.code,
    TORRENT_DL_ERROR: error && describeError(error),
    ...torrentVariables(job),
    TORRENT_DL_SIZE_BYTES: text(snapshot?.totalBytes ?? job?.metainfo.geometry.totalBytes),
    TORRENT_DL_DOWNLOADED_BYTES: text(snapshot?.downloadedBytes),
    TORRENT_DL_UPLOADED_BYTES: text(snapshot?.uploadedBytes),
    TORRENT_DL_SECONDS: snapshot && seconds.toFixed(3),
  }
}

function torrentVariables(job: JobView | undefined): Variables {
  return {
    TORRENT_DL_INFO_HASH: job?.infoHash,
    TORRENT_DL_NAME: job?.metainfo.name,
    TORRENT_DL_PATH: job && resolve(job.path),
    TORRENT_DL_DIRECTORY: job && dirname(resolve(job.path)),
    TORRENT_DL_FILE_COUNT: text(job?.metainfo.files.filter(({ isPadding }) => !isPadding).length),
  }
}

/** As transmission 4 sets them, for its scripts; the trackers without their keys. */
function transmissionVariables({ job, snapshot }: JobResult, { index, now }: HookMoment): Variables {
  const trackers = job?.metainfo.trackerTiers.flat().map(maskUrl)
  return {
    TR_APP_VERSION: VERSION,
    TR_TIME_LOCALTIME: localTime(now),
    TR_TORRENT_BYTES_DOWNLOADED: text(snapshot?.downloadedBytes),
    TR_TORRENT_DIR: job && dirname(resolve(job.path)),
    TR_TORRENT_HASH: job?.infoHash,
    TR_TORRENT_ID: String(index),
    TR_TORRENT_LABELS: '',
    TR_TORRENT_NAME: job?.metainfo.name,
    TR_TORRENT_PRIORITY: '0',
    TR_TORRENT_TRACKERS: trackers && joinWithin(trackers, MAX_VALUE_CHARACTERS),
  }
}

function text(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(value)
}

/** A NUL would end the value for the system, so Node refuses it. */
function asValue(value: string): string {
  return value.slice(0, MAX_VALUE_CHARACTERS).replaceAll('\0', '\ufffd')
}

/** As many as fit. */
function joinWithin(parts: readonly string[], limit: number): string {
  let joined = ''
  for (const part of parts) {
    if (joined.length + 1 + part.length > limit) break
    joined += joined === '' ? part : `,${part}`
  }
  return joined
}

/** `Tue Nov 24 16:01:02 2026`, in local time, as ctime(3). */
function localTime(now: Date): string {
  const [day = '', month = '', date = '', year = '', time = ''] = now.toString().split(' ')
  return `${day} ${month} ${date.replace(/^0/, ' ')} ${time} ${year}`
}
