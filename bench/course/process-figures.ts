/** What a process has cost so far, as /proc shows it (Linux). */
import { readFileSync } from 'node:fs'
import type { Figures } from './course.ts'

const TICKS_PER_SECOND = 100

/** As the clock of the C programs: CLOCK_MONOTONIC. */
export function monotonicSeconds(): number {
  return Number(process.hrtime.bigint()) / 1e9
}

/** @throws Error when the process is gone */
export function processFigures(pid: number): Figures {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const bytesOf = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? NaN) * 1024
  return {
    cpuSeconds: cpuSecondsOf(readFileSync(`/proc/${pid}/stat`, 'latin1')),
    rssBytes: bytesOf('VmRSS'),
    peakRssBytes: bytesOf('VmHWM'),
  }
}

/** proc(5): utime and stime are fields 14 and 15; the name, field 2, is in brackets and may hold anything. */
function cpuSecondsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}
