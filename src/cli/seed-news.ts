/** What plain lines say of torrents that seed, and when there is something to say. */
import type { TorrentSnapshot } from '../torrent/snapshot.ts'
import { formatBytes, formatRate, plural } from './format.ts'
import { completedText, ratioText, timeLeftText } from './seed-goal.ts'
import type { SeedFigures } from './seed-goal.ts'
import type { JobView } from './view.ts'

interface Told {
  readonly uploadedBytes: number
  readonly peerCount: number
}

/** Remembers what was told of each. */
export class SeedNews {
  readonly #told = new WeakMap<JobView, Told>()

  /** Has anything changed since it was asked last? */
  isNew(job: JobView, { uploadedBytes, peers }: TorrentSnapshot): boolean {
    const before = this.#told.get(job) ?? { uploadedBytes: 0, peerCount: 0 }
    this.#told.set(job, { uploadedBytes, peerCount: peers.connected })
    return before.uploadedBytes !== uploadedBytes || before.peerCount !== peers.connected
  }

  isAnyNew(snapshots: Iterable<readonly [JobView, TorrentSnapshot]>): boolean {
    return [...snapshots].filter(([job, snapshot]) => this.isNew(job, snapshot)).length > 0
  }
}

/** `linux-12.iso  seeding: 1.2 GiB sent, 41.3 MiB/s, ratio 1.93 of 2, 4 of 12 peers ask`. Holds foreign text. */
export function seedingText(
  { name, uploadBytesPerSecond, peers }: TorrentSnapshot,
  seeding: SeedFigures,
): string {
  const parts = [
    `${formatBytes(seeding.uploadedBytes)} sent`,
    formatRate(uploadBytesPerSecond),
    `ratio ${ratioText(seeding)}`,
    askingText(peers),
    completedText(seeding),
    timeLeftText(seeding),
  ]
  return `${name}  seeding: ${parts.filter((part) => part !== undefined).join(', ')}`
}

/** `4 of 12 peers ask`, `1 peer asks`: those that want pieces of us. */
export function askingText({ connected, interested }: TorrentSnapshot['peers']): string {
  if (connected === 0) return 'no peers'
  const verb = interested === 1 ? 'asks' : 'ask'
  if (interested === connected) return `${plural(connected, 'peer')} ${verb}`
  return `${interested === 0 ? 'none' : interested} of ${plural(connected, 'peer')} ${verb}`
}
