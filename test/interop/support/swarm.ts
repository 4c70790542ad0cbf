/** What most interop tests stand on: a lab with a tracker and torrents, seeders by name, and our own download. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client, Finds } from './clients.ts'
import { torrentDl, torrentDlCommand } from './clients.ts'
import { Lab } from './lab.ts'
import type { Host } from './lab.ts'
import { firstDifference, makeBigTorrent } from './big-torrent.ts'
import type { BigTorrent, TorrentPlan } from './big-torrent.ts'
import { startOpentracker, startOurTracker, trackerUrls } from './trackers.ts'
import type { LabTracker } from './trackers.ts'
import type { ProcessExit, RunningProcess } from './processes.ts'
import { requirePrograms, startDownload, startSeeding } from './run-client.ts'
import type { DownloadOptions, RunningDownload } from './run-client.ts'

export const MIB = 2 ** 20
export const GIB = 2 ** 30

export interface Swarm {
  readonly lab: Lab
  readonly trackerHost: Host
  readonly tracker: LabTracker
  readonly torrents: readonly BigTorrent[]
}

export type SwarmTorrent = Pick<TorrentPlan, 'name' | 'content' | 'pieceLength'>

export interface SwarmTracker {
  readonly program: 'opentracker' | 'torrent-dl'
  /** What all torrents announce by; undefined: UDP, and the `.http.torrent` HTTP. */
  readonly protocol?: 'udp' | 'http'
}

/** The caller closes its lab. */
export async function openSwarm(
  plans: readonly SwarmTorrent[],
  { program, protocol }: SwarmTracker = { program: 'opentracker' },
): Promise<Swarm> {
  requirePrograms()
  const lab = Lab.open()
  try {
    const trackerHost = lab.addHost('tracker')
    const urls = trackerUrls(trackerHost)
    const trackers = protocol === undefined ? urls : { [protocol]: urls[protocol] }
    const torrents = plans.map((plan) =>
      makeBigTorrent({ ...plan, trackers, directory: lab.newDirectory('torrent') }),
    )
    const tracker =
      program === 'opentracker'
        ? await startOpentracker(lab, trackerHost, torrents)
        : await startOurTracker(lab, trackerHost, ['--bind', '0.0.0.0'])
    return { lab, trackerHost, tracker, torrents }
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
export async function seedWith(
  swarm: Swarm,
  clients: readonly Client[],
  torrent: BigTorrent,
  hostOf: (client: Client) => Host = ({ name }) => swarm.lab.addHost(name),
): Promise<void> {
  const running: RunningProcess[] = clients.map((client) =>
    startSeeding(swarm.lab, client, {
      host: hostOf(client),
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

/** One `torrent-dl seed` shares all torrents of the swarm. @param options for the command */
export function startOurSeeder({ lab, torrents }: Swarm, options: readonly string[] = []): RunningProcess {
  const home = lab.newDirectory('our-seeder')
  const list = join(home, 'list')
  const lines = torrents.map(
    ({ torrentFile, dataDirectory }) => `${torrentFile}\n  output=${dataDirectory}\n`,
  )
  writeFileSync(list, lines.join(''))
  const command = [...torrentDlCommand(), 'seed', '-i', list, '-p', '51413', '-v', ...options]
  return lab.start(lab.addHost('our seeder'), command, {
    label: 'our-seeder',
    environment: { HOME: home, XDG_STATE_HOME: join(home, 'state') },
  })
}
