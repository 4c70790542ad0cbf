/** What the line of a torrent that seeds says, in as many words as there is room for. Pure. */
import type { PeerCounts } from '../torrent/snapshot.ts'
import { formatBytes, formatRate } from './format.ts'
import { completedText, ratioText, timeLeftText } from './seed-goal.ts'
import type { SeedFigures } from './seed-goal.ts'
import { askingText } from './seed-news.ts'

const GAP = '  '
/** Room that is kept while texts are shorter: figures that change must not move what is behind them. */
const CELLS = { rate: 11, sent: 9 }

interface Part {
  readonly text: string
  /** The highest is left out first. */
  readonly order: number
}

/** `   1.2 GiB sent   41.3 MiB/s  ratio 0.52 of 1.5  4 of 12 peers ask  8:12 left`, then the same with less, down to the ratio. */
export function seedingNotes(seeding: SeedFigures, bytesPerSecond: number, peers: PeerCounts): string[] {
  const left: Part[] = []
  const add = (text: string | undefined, order: number): void => {
    if (text !== undefined) left.push({ text, order })
  }
  add('seeding', 6)
  add(`${formatBytes(seeding.uploadedBytes).padStart(CELLS.sent)} sent`, 4)
  add(formatRate(bytesPerSecond).padStart(CELLS.rate), 2)
  add(`ratio ${ratioText(seeding)}`, 1)
  add(completedText(seeding), 3)
  add(timeLeftText(seeding), 3)
  add(askingText(peers), 5)
  const notes: string[] = []
  while (left.length > 0) {
    notes.push(left.map(({ text }) => text).join(GAP))
    const most = Math.max(...left.map(({ order }) => order))
    left.splice(
      left.findLastIndex(({ order }) => order === most),
      1,
    )
  }
  return notes
}
