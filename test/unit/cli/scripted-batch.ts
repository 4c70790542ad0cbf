/**
 * Torrents that go their way by the clock alone, on the real bars and a terminal in memory: the same screens at each run.
 * For tests, and for the pictures that `npm run screens` makes.
 */
import { openProgressBars } from '../../../src/cli/progress-bars.ts'
import type { BarsParts } from '../../../src/cli/progress-bars.ts'
import { describeTerminal } from '../../../src/cli/terminal.ts'
import type { Environment } from '../../../src/cli/terminal.ts'
import { loadTheme } from '../../../src/cli/theme.ts'
import type { JobResult, JobView, Screen, SourceCount } from '../../../src/cli/view.ts'
import type { SeedGoal } from '../../../src/cli/seed-goal.ts'
import { SourceError } from '../../../src/common/errors.ts'
import type { TorrentSnapshot } from '../../../src/torrent/snapshot.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { TerminalGrid } from '../../support/terminal-grid.ts'
import type { GridOptions } from '../../support/terminal-grid.ts'
import { makeMetainfo, makePeers, makeSnapshot } from './fake-session.ts'

/** What a torrent does. */
export interface Script {
  readonly name: string
  readonly totalBytes: number
  /** How it stands at this second of its life. */
  readonly at: (second: number) => Partial<TorrentSnapshot>
  /** It is whole, and is shared with this goal. */
  readonly goal?: SeedGoal
}

export interface BatchOptions extends GridOptions {
  readonly sourceCount: number
  readonly color?: 'always' | 'never'
  readonly env?: Environment
  readonly watchJobControl?: BarsParts['watchJobControl']
}

export class ScriptedBatch {
  readonly clock: FakeClock
  readonly grid: TerminalGrid
  readonly screen: Screen

  constructor(clock: FakeClock, grid: TerminalGrid, screen: Screen) {
    this.clock = clock
    this.grid = grid
    this.screen = screen
  }

  static async open(options: BatchOptions): Promise<ScriptedBatch> {
    const { color = 'never', sourceCount, env, watchJobControl = () => () => undefined } = options
    const grid = new TerminalGrid(options)
    const terminal = describeTerminal(grid, { LANG: 'C.UTF-8', TERM: 'xterm-256color', ...env }, color)
    const style = { terminal, theme: await loadTheme(terminal), isBatch: sourceCount > 1 }
    const clock = new FakeClock()
    const countSources = (): SourceCount => ({ known: sourceCount, isAll: true })
    const screen = await openProgressBars({
      stream: grid,
      style,
      clock,
      sourceCount: countSources,
      watchJobControl,
    })
    return new ScriptedBatch(clock, grid, screen)
  }

  start(script: Script): JobView {
    const startedAtMs = this.clock.now()
    const metainfo = makeMetainfo(script.name, script.totalBytes)
    const job = {
      source: `${script.name}.torrent`,
      metainfo,
      infoHash: metainfo.infoHash.toString('hex'),
      path: script.name,
      onlySeeds: script.goal !== undefined,
      snapshot: () => {
        const { name, totalBytes } = script
        return makeSnapshot({ name, totalBytes, ...script.at((this.clock.now() - startedAtMs) / 1000) })
      },
      seeding: () => {
        const { goal, totalBytes, at } = script
        if (goal === undefined) return undefined
        const seconds = (this.clock.now() - startedAtMs) / 1000
        return {
          goal,
          seconds,
          totalBytes,
          completedPeerCount: 0,
          uploadedBytes: at(seconds).uploadedBytes ?? 0,
        }
      },
    }
    this.screen.onStart(job)
    if (script.goal !== undefined) this.screen.onSeeding(completed(job, 0))
    return job
  }

  complete(job: JobView, seconds: number): JobResult {
    const result = completed(job, seconds)
    this.screen.onResult(result)
    return result
  }

  fail(job: JobView, message: string): void {
    const error = new SourceError('STALLED', message)
    const { source } = job
    const snapshot = job.snapshot()
    this.screen.onResult({ source, outcome: 'failed', code: 5, error, job, snapshot, seconds: 1 })
  }
}

function completed(job: JobView, seconds: number): JobResult {
  const { totalBytes } = job.metainfo.geometry
  const all = { state: 'complete' as const, doneBytes: totalBytes, downloadedBytes: totalBytes }
  const snapshot = { ...job.snapshot(), ...all, wastedBytes: 0 }
  return { source: job.source, outcome: 'complete', code: 0, error: undefined, job, snapshot, seconds }
}

/** Downloads at a steady rate, beginning with `doneBytes`. */
export function moving(
  name: string,
  totalBytes: number,
  rate: number,
  { doneBytes = 0, peers = 12 }: { doneBytes?: number; peers?: number } = {},
): Script {
  return {
    name,
    totalBytes,
    at: (second) => {
      const done = Math.min(totalBytes, doneBytes + rate * second)
      return {
        doneBytes: done,
        downloadedBytes: done,
        downloadBytesPerSecond: rate,
        etaSeconds: (totalBytes - done) / rate,
        peers: makePeers({ connected: peers, unchoking: peers, known: peers }),
      }
    },
  }
}

/** Is whole and shared at a steady rate. */
export function seeding(name: string, totalBytes: number, rate: number, goal: SeedGoal): Script {
  return {
    name,
    totalBytes,
    goal,
    at: (second) => ({
      state: 'complete',
      doneBytes: totalBytes,
      uploadedBytes: rate * second,
      uploadBytesPerSecond: rate,
      peers: makePeers({ connected: 12, interested: 4, unchoked: 4, known: 12 }),
    }),
  }
}

/** Hashes what is there. */
export function checking(name: string, totalBytes: number, rate: number, checkedBytes = 0): Script {
  return {
    name,
    totalBytes,
    at: (second) => ({
      state: 'checking',
      checkedBytes: Math.min(totalBytes, checkedBytes + rate * second),
      bytesToCheck: totalBytes,
    }),
  }
}

/** Nothing comes, from the start on. */
export function stalled(
  name: string,
  totalBytes: number,
  doneBytes: number,
  counts: Partial<TorrentSnapshot['peers']>,
): Script {
  const peers = makePeers(counts)
  return { name, totalBytes, at: (second) => ({ doneBytes, idleSeconds: 15 + second, peers }) }
}

/** Nobody is there yet. */
export function connecting(
  name: string,
  totalBytes: number,
  counts: Partial<TorrentSnapshot['peers']>,
): Script {
  const peers = makePeers(counts)
  return { name, totalBytes, at: (second) => ({ idleSeconds: second, peers }) }
}
