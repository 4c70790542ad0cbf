/** One simulated download. */
import type { StartDownload } from './downloader.ts'
import type { SourcePlan } from './source.ts'
import { Deliveries } from './deliveries.ts'
import { SimClock } from './sim-clock.ts'
import { Source } from './source.ts'
import { boundMs } from './bound.ts'
import { seededRandom } from '../support/picker-strings.ts'

/** A swarm to download from. */
export interface Scenario {
  readonly name: string
  readonly pieceBytes: number
  readonly pieceCount: number
  /** Drawn anew for each seed. */
  readonly plans: (random: () => number, pieceCount: number) => readonly SourcePlan[]
}

export interface Outcome {
  readonly timeMs: number
  readonly boundMs: number
  /** From 99 % of all blocks to the end. */
  readonly tailMs: number
  /** Blocks received in vain, as a share of the torrent. */
  readonly wastedShare: number
}

const BLOCK_BYTES = 16_384
/** A download that takes this many times the bound will not end. */
const PATIENCE = 20
const PATIENCE_MS = 120_000

/** @throws Error when the download does not end */
export async function simulate(scenario: Scenario, start: StartDownload, seed: number): Promise<Outcome> {
  const { name, pieceBytes, pieceCount } = scenario
  const random = seededRandom(seed)
  const clock = new SimClock()
  const torrent = { pieceCount, pieceBytes, blocksPerPiece: pieceBytes / BLOCK_BYTES }
  const plans = scenario.plans(random, pieceCount)
  const sources = plans.map((plan) => new Source(plan, torrent, clock, random))
  const deliveries = new Deliveries(clock, pieceCount * torrent.blocksPerPiece)
  const bound = boundMs({ plans, pieceCount, pieceBytes })
  const beganMs = clock.now()
  const download = start({ clock, random, torrent, sources, deliveries })
  const isWhole = await clock.runUntil(download.isDone, PATIENCE * bound + PATIENCE_MS)
  const endedMs = clock.now()
  await download.stop()
  if (!isWhole || !deliveries.isWhole) throw new Error(`${name}, seed ${seed}: the download does not end`)
  return {
    timeMs: endedMs - beganMs,
    boundMs: bound,
    tailMs: endedMs - deliveries.mostAtMs,
    wastedShare: deliveries.wastedShare,
  }
}
