/** What a row of the bench is. Each module here makes one; list.ts has them all; run-case.ts runs them. */
import type { Client } from '../../test/interop/support/clients.ts'
import type { Entry } from '../contenders.ts'
import type { Figures } from '../course/course.ts'
import type { Better } from '../report/figures.ts'

export interface Workload {
  /** As typed: `W1`. */
  readonly id: string
  /** One line. */
  readonly what: string
  cases(options: BenchOptions): readonly Case[]
}

export interface BenchOptions {
  readonly isQuick: boolean
  /** 10 GiB where memory is measured, and what else takes long. */
  readonly isHuge: boolean
  /** Of further clients, for the rows where they matter; they are slow. */
  readonly otherClients: readonly string[]
  /** Sizes are divided by this: for trying the bench itself. */
  readonly divisor: number
}

/** One table: the same work, done by several. */
export interface Case {
  readonly title: string
  /** Names of what is compared, in the table's order. */
  readonly contenders: readonly string[]
  readonly rounds: number
  readonly columns: readonly Column[]
  /** Figures whose ratios to these contenders are columns too, best over best. */
  readonly ratios: readonly Ratio[]
  readonly targets: readonly Target[]
  open(): Promise<Stage>
}

/** What is set up once and used by all rounds of a case. */
export interface Stage {
  /** @throws Error when the work was not done, or not well */
  run(contender: string, round: number): Promise<Figures>
  /** Where the work is a download: somebody else does it. */
  readonly runClient?: (make: (entry: Entry) => Client) => Promise<Figures>
  /** More lines below the table. */
  conclude?(results: Results): readonly string[]
  close(): Promise<void>
}

export type Results = ReadonlyMap<string, readonly Figures[]>

export interface Column {
  readonly key: string
  readonly title: string
  /** The figure is multiplied by this to be shown. */
  readonly scale?: number
  readonly better?: Better
  /** Undefined: best (median). */
  readonly shows?: 'best' | 'worst'
}

export interface Ratio {
  readonly key: string
  readonly over: string
  readonly title: string
}

/** What we want to reach, printed beside what was measured. */
export interface Target {
  readonly text: string
  readonly key: string
  readonly of?: string
  /** A contender: then the ratio to its best is printed, otherwise the figure itself. */
  readonly over?: string
  readonly scale?: number
  readonly better?: Better
  readonly unit?: string
  /** The worst of all runs counts. */
  readonly isWorst?: boolean
}

export const US = 'torrent-dl'

export const WALL: Column = { key: 'wallSeconds', title: 'wall s' }
export const CPU: Column = { key: 'cpuSeconds', title: 'cpu s' }
export const USER: Column = { key: 'userSeconds', title: 'user', shows: 'best' }
export const SYSTEM: Column = { key: 'systemSeconds', title: 'sys', shows: 'best' }
/** Here the worst counts. */
export const RSS: Column = { key: 'peakRssBytes', title: 'rss MB', scale: 1e-6, shows: 'worst' }

export const COST_COLUMNS: readonly Column[] = [WALL, CPU, USER, SYSTEM, RSS]

export const COST_RATIOS: readonly Ratio[] = ['floor', 'libtorrent'].flatMap((over) => [
  { key: 'wallSeconds', over, title: `wall/${over === 'floor' ? 'floor' : 'lt'}` },
  { key: 'cpuSeconds', over, title: `cpu/${over === 'floor' ? 'floor' : 'lt'}` },
])

/** Where no other target is set. */
export const AHEAD_TARGETS: readonly Target[] = ['libtorrent', 'libtorrent-tuned'].flatMap((over) => [
  { text: `wall <= 1 x ${over}`, key: 'wallSeconds', over },
  { text: `cpu <= 1 x ${over}`, key: 'cpuSeconds', over },
])

export const MIB = 2 ** 20
export const GIB = 2 ** 30
/** What a gigabit line carries beside the headers. */
export const GIGABIT_PAYLOAD_BYTES_PER_SECOND = 118e6
