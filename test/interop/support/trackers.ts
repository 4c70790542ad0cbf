/** Trackers of the lab, UDP and HTTP on one port: opentracker, which Debian builds to serve listed torrents only, and ours. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Host, Lab } from './lab.ts'
import { onHost } from './lab.ts'
import type { BigTorrent } from './big-torrent.ts'
import { projectDirectory } from './project.ts'
import { runNow, waitUntil } from './processes.ts'
import type { RunningProcess } from './processes.ts'

export const TRACKER_PORT = 6969

/** Where a tracker on this host will answer. */
export function trackerUrls(host: Host): { udp: string; http: string } {
  const place = `${host.address}:${TRACKER_PORT}/announce`
  return { udp: `udp://${place}`, http: `http://${place}` }
}

export interface LabTracker {
  readonly host: Host
  /** Resolves when the tracker counts so many whole copies. */
  waitForSeeds(torrent: BigTorrent, count: number, running: readonly RunningProcess[]): Promise<void>
}

export async function startOpentracker(
  lab: Lab,
  host: Host,
  torrents: readonly BigTorrent[],
): Promise<LabTracker> {
  const directory = lab.newDirectory('opentracker')
  writeFileSync(join(directory, 'whitelist'), torrents.map((torrent) => `${torrent.infoHash}\n`).join(''))
  const port = String(TRACKER_PORT)
  // It changes its root to `directory` and becomes nobody.
  const command = ['opentracker', '-i', host.address, '-p', port, '-P', port, '-d', directory, '-u', 'nobody']
  const tracker = lab.start(host, [...command, '-w', 'whitelist'], { label: 'opentracker' })
  await waitUntil('opentracker answers', 5000, () => ask(host, '/stats') !== '', tracker.output)
  return seenFrom(host)
}

/** The product's own, as a user starts it. */
export async function startOurTracker(
  lab: Lab,
  host: Host,
  options: readonly string[] = [],
): Promise<LabTracker> {
  const command = [
    process.execPath,
    join(projectDirectory, 'bin/torrent-dl.js'),
    'tracker',
    '--port',
    String(TRACKER_PORT),
    ...options,
  ]
  const tracker = lab.start(host, command, { label: 'our-tracker' })
  await waitUntil('our tracker answers', 10_000, () => ask(host, '/scrape') !== '', tracker.output)
  return seenFrom(host)
}

function seenFrom(host: Host): LabTracker {
  return {
    host,
    waitForSeeds: async (torrent, count, running) => {
      await waitUntil(
        `${count} seeds of ${torrent.name} at the tracker`,
        40_000,
        () => seedCount(host, torrent) >= count,
        () => running.map((process) => process.output()).join('\n'),
      )
    },
  }
}

/** Announces a peer that cannot do it itself, as a seed. */
export function announceSeed(tracker: Host, seeder: Host, torrent: BigTorrent, port: number): void {
  const query = `peer_id=-SD0001-announcement&port=${port}&uploaded=0&downloaded=0&left=0&compact=1&event=started`
  const url = `${trackerUrls(tracker).http}?info_hash=${percentEncoded(torrent)}&${query}`
  runNow(onHost(seeder, ['curl', '-s', '-f', '-o', '/dev/null', url]))
}

function seedCount(host: Host, torrent: BigTorrent): number {
  const reply = ask(host, `/scrape?info_hash=${percentEncoded(torrent)}`)
  return Number(/8:completei(\d+)e/.exec(reply)?.[1] ?? 0)
}

function ask(host: Host, path: string): string {
  const url = `http://${host.address}:${TRACKER_PORT}${path}`
  try {
    return runNow(onHost(host, ['curl', '-s', '-m', '2', url]))
  } catch {
    // Not listening yet.
    return ''
  }
}

function percentEncoded(torrent: BigTorrent): string {
  return torrent.infoHash.replace(/../g, '%$&')
}
