/** How many torrents and peers there may be at a time without running out of file descriptors. */
import { readFileSync } from 'node:fs'

/** What each torrent needs to get on: a file or two, a few peers. */
const DESCRIPTORS_PER_TORRENT = 8
/** Of those, for files: more may be open, but are closed when others need descriptors. */
const FILES_PER_TORRENT = 4
/** Of what is left, for connections; a quarter as many may be those of strangers that have not said what they want. */
const PEERS_SHARE = 0.7
const MIN_CONNECTIONS = 8
/** Each takes some memory, and a timer. */
const MAX_SEEDING = 1000
/** Node itself, the listener, trackers. */
const DESCRIPTORS_OF_PROCESS = 40

/** @param descriptorLimit of this process; undefined: nobody knows @returns at least 1 */
export function limitJobs(jobs: number, descriptorLimit: number | undefined): number {
  if (descriptorLimit === undefined) return jobs
  const most = Math.floor((descriptorLimit - DESCRIPTORS_OF_PROCESS) / DESCRIPTORS_PER_TORRENT)
  return Math.min(jobs, Math.max(1, most))
}

/**
 * Torrents that may seed beside those that are downloaded or checked. Beyond that, one that seeds keeps its place among them.
 * @returns at least 0
 */
export function limitSeeding(jobs: number, descriptorLimit: number | undefined): number {
  return Math.max(0, limitJobs(MAX_SEEDING + jobs, descriptorLimit) - jobs)
}

/** Connections that the torrents may have together beside their files. @returns undefined: no limit is known */
export function limitConnections(descriptorLimit: number | undefined, jobs: number): number | undefined {
  if (descriptorLimit === undefined) return undefined
  const left = descriptorLimit - DESCRIPTORS_OF_PROCESS - FILES_PER_TORRENT * jobs
  return Math.max(MIN_CONNECTIONS, Math.floor(PEERS_SHARE * left))
}

/** Linux says; Node has raised its own limit as far as it may. */
export function descriptorLimit(): number | undefined {
  let limits
  try {
    limits = readFileSync('/proc/self/limits', 'latin1')
  } catch {
    return undefined
  }
  const soft = /^Max open files +(\d+)/m.exec(limits)?.[1]
  return soft === undefined ? undefined : Number(soft)
}
