/** What most interop tests stand on: a lab with a tracker and torrents, seeders by name, and our own download. */
import assert from 'node:assert/strict'
import type { Client, Finds } from './clients.ts'
import { torrentDl } from './clients.ts'
import { Lab } from './lab.ts'
import type { Host } from './lab.ts'
import { firstDifference, makeBigTorrent } from './big-torrent.ts'
import type { BigTorrent, TorrentPlan } from './big-torrent.ts'
import { startOpentracker, trackerUrls } from './opentracker.ts'
import type { Opentracker } from './opentracker.ts'
import type { ProcessExit, RunningProcess } from './processes.ts'
import { requirePrograms, startDownload, startSeeding } from './run-client.ts'
import type { DownloadOptions, RunningDownload } from './run-client.ts'

export const MIB = 2 ** 20
export const GIB = 2 ** 30

export interface Swarm {
  readonly lab: Lab
  readonly trackerHost: Host
  readonly tracker: Opentracker
  readonly torrents: readonly BigTorrent[]
}

export type SwarmTorrent = Pick<TorrentPlan, 'name' | 'content' | 'pieceLength'>

/** The caller closes its lab. */
export async function openSwarm(plans: readonly SwarmTorrent[]): Promise<Swarm> {
  requirePrograms()
  const lab = Lab.open()
  try {
    const trackerHost = lab.addHost('tracker')
    const trackers = trackerUrls(trackerHost)
    const torrents = plans.map((plan) =>
      makeBigTorrent({ ...plan, trackers, directory: lab.newDirectory('torrent') }),
    )
    return { lab, trackerHost, tracker: await startOpentracker(lab, trackerHost, torrents), torrents }
  } catch (error) {
    await lab.close()
    throw error
  }
}

/** Opens a swarm for one test and closes it whatever happens. */
export async function withSwarm(
  plan: SwarmTorrent,
  body: (swarm: Swarm, torrent: BigTorrent) => Promise<void>,
): Promise<void> {
  const swarm = await openSwarm([plan])
  try {
    await body(swarm, swarm.torrents[0]!)
  } finally {
    await swarm.lab.close()
  }
}

/** The same without a tracker. */
export async function withLab(body: (lab: Lab) => Promise<void>): Promise<void> {
  const lab = Lab.open()
  try {
    await body(lab)
  } finally {
    await lab.close()
  }
}

/** Each client seeds on a host of its own; resolves when the tracker knows all of them. */
export async function seedWith(swarm: Swarm, clients: readonly Client[], torrent: BigTorrent): Promise<void> {
  const running: RunningProcess[] = clients.map((client) =>
    startSeeding(swarm.lab, client, {
      host: swarm.lab.addHost(client.name),
      torrent,
      directory: torrent.dataDirectory,
    }),
  )
  await swarm.tracker.waitForSeeds(torrent, clients.length, running)
}

export interface OurDownload extends RunningDownload {
  readonly host: Host
  readonly directory: string
  readonly home: string
}

export interface OurOptions extends DownloadOptions {
  /** Into this folder; undefined: a new one. */
  readonly directory?: string
  /** How it finds peers, trackers apart; undefined: not at all. */
  readonly finds?: Finds
  /** How it is run; undefined: plainly. */
  readonly client?: Client
  /** The same command again, on the same host: where it was, with what it remembers. */
  readonly again?: OurDownload
}

export function startOurs(lab: Lab, torrent: BigTorrent, options: OurOptions): OurDownload {
  const place = {
    host: options.again?.host ?? lab.addHost('torrent-dl'),
    directory: options.again?.directory ?? options.directory ?? lab.newDirectory('downloaded'),
    home: options.again?.home ?? lab.newDirectory('torrent-dl'),
    ...(options.finds && { finds: options.finds }),
  }
  return { ...place, ...startDownload(lab, options.client ?? torrentDl, { ...place, torrent }, options) }
}

/** Downloads with torrent-dl and asserts that it ends well and whole. */
export async function downloadWithUs(
  lab: Lab,
  torrent: BigTorrent,
  options: OurOptions,
): Promise<ProcessExit> {
  const { finished, directory } = startOurs(lab, torrent, options)
  const exit = await finished
  assertWhole(torrent, directory, exit)
  return exit
}

export function assertWhole(torrent: BigTorrent, directory: string, exit: ProcessExit): void {
  assert.equal(exit.exitCode, 0, `exit ${exit.exitCode}\n${exit.stdout}${exit.stderr}`)
  assert.equal(firstDifference(torrent, directory), undefined)
}
