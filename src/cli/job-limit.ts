/** How many torrents may run at a time without running out of file descriptors. */
import { readFileSync } from 'node:fs'

/** What each torrent needs to get on: a file or two, a few peers. */
const DESCRIPTORS_PER_TORRENT = 8
/** Node itself, the listener, trackers. */
const DESCRIPTORS_OF_PROCESS = 40

/** @param descriptorLimit of this process; undefined: nobody knows @returns at least 1 */
export function limitJobs(jobs: number, descriptorLimit: number | undefined): number {
  if (descriptorLimit === undefined) return jobs
  const most = Math.floor((descriptorLimit - DESCRIPTORS_OF_PROCESS) / DESCRIPTORS_PER_TORRENT)
  return Math.min(jobs, Math.max(1, most))
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
