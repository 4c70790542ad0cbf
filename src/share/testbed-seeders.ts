/** The seeders of a testbed, each with its faults, and when they are all known to the tracker. */
import type { AttachHandler } from '../net/byte-stream.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { FileTree } from '../storage/file-tree.ts'
import type { Storage } from '../storage/storage.ts'
import type { ServedAnnounce } from '../tracker/tracker-server.ts'
import type { CheckedOptions } from './testbed-options.ts'
import { systemClock } from '../common/clock.ts'
import { formatEndpoint } from '../common/endpoint.ts'
import { TrackerError } from '../common/errors.ts'
import { LocalAddresses } from '../common/local-addresses.ts'
import { TreeStorage } from '../storage/tree-storage.ts'
import { FalsePieces } from './false-pieces.ts'
import { lateStreams } from './late-stream.ts'
import { leavingStreams } from './leaving-streams.ts'
import { Seeder } from './seeder.ts'

const LIMIT_MS = 30_000

export interface SeederPlan {
  readonly options: CheckedOptions
  readonly metainfo: Metainfo
  readonly tree: FileTree
  /** The temporary directory. */
  readonly root: string
  readonly trackerHttpUrl: string
}

/** A host each: some clients keep one connection to an address. */
export function seederHost(index: number): string {
  return `127.0.0.${index + 1}`
}

/** Seeders announce by HTTP, for UDP packets may be lost on purpose, and not at all to a tracker that refuses. */
export async function openTestbedSeeder(index: number, plan: SeederPlan): Promise<Seeder> {
  const { options, metainfo, tree, root } = plan
  const seeder: Seeder = await Seeder.open({
    local: new LocalAddresses({ v4: seederHost(index) }),
    stateDirectory: root,
    uploadLimit: options.peerRate,
    wrapStreams: streamFaults(metainfo, options, {
      isFirst: index === 0,
      onLeft: () => void seeder.close(),
    }),
  })
  const isRefused = options.trackerFailure !== undefined
  const known = { ...metainfo, trackerTiers: isRefused ? [] : [[plan.trackerHttpUrl]] }
  try {
    await seeder.add(known, root, { storage: storageOf(metainfo, tree, index === 0 ? options : undefined) })
  } catch (error) {
    await seeder.close()
    throw error
  }
  return seeder
}

function storageOf(metainfo: Metainfo, tree: FileTree, options: CheckedOptions | undefined): Storage {
  const storage = new TreeStorage(metainfo, tree)
  const { corruptPieces = [] } = options ?? {}
  return corruptPieces.length === 0 ? storage : new FalsePieces(metainfo, corruptPieces, storage)
}

function streamFaults(
  { geometry }: Metainfo,
  { peerLatencyMs = 0, leaveAtPercent }: CheckedOptions,
  { isFirst, onLeft }: { readonly isFirst: boolean; readonly onLeft: () => void },
): ((attach: AttachHandler) => AttachHandler) | undefined {
  const late = peerLatencyMs === 0 ? undefined : lateStreams(systemClock, peerLatencyMs)
  const leaving =
    leaveAtPercent === undefined || !isFirst
      ? undefined
      : leavingStreams(Math.ceil((geometry.totalBytes * leaveAtPercent) / 100), onLeft)
  if (late === undefined || leaving === undefined) return late ?? leaving
  return (attach) => leaving(late(attach))
}

/** Resolves when each seeder has announced itself. */
export class SeedersAtTracker {
  readonly #seen = new Set<string>()
  readonly #count: number
  #settle: (() => void) | undefined

  constructor(count: number) {
    this.#count = count
  }

  onAnnounce({ from: { host }, port }: ServedAnnounce): void {
    this.#seen.add(formatEndpoint({ host, port }))
    if (this.#seen.size >= this.#count) this.#settle?.()
  }

  /** @throws TrackerError TRACKER_NO_SEEDERS after 30 s; the signal's reason */
  async all(signal: AbortSignal | undefined): Promise<void> {
    if (this.#seen.size >= this.#count) return
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        end()
        reject(signal?.reason as Error)
      }
      const cancel = systemClock.after(LIMIT_MS, () => {
        end()
        reject(new TrackerError('TRACKER_NO_SEEDERS', 'the seeders did not reach the tracker of the testbed'))
      })
      const end = (): void => {
        cancel()
        signal?.removeEventListener('abort', onAbort)
      }
      signal?.addEventListener('abort', onAbort)
      this.#settle = () => {
        end()
        resolve()
      }
    })
  }
}
