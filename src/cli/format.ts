/** Numbers as people read them: sizes and rates in IEC units, times. Pure; all of it is ASCII. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB']

/** `512 B`, `256.0 KiB`, `631.0 MiB`. */
export function formatBytes(bytes: number): string {
  const power = unitOf(bytes)
  return `${scaled(bytes, power)} ${UNITS[power] ?? ''}`
}

/** Done of total in the total's unit: `368.2/631.0 MiB`. */
export function formatProgress(doneBytes: number, totalBytes: number): string {
  const power = unitOf(totalBytes)
  return `${scaled(doneBytes, power)}/${scaled(totalBytes, power)} ${UNITS[power] ?? ''}`
}

/** `41.3 MiB/s`; `0 B/s` when nothing moves. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(Math.round(bytesPerSecond))}/s`
}

/** Whole percent, rounded down, so that 100 means all: `58%`. Nothing to do counts as done. */
export function formatPercent(done: number, total: number): string {
  return `${total <= 0 ? 100 : Math.min(100, Math.floor((100 * done) / total))}%`
}

/** In [0, 1]; 1 when there is nothing to do. */
export function fractionOf(done: number, total: number): number {
  return total <= 0 ? 1 : Math.min(Math.max(done / total, 0), 1)
}

/** Time left as a clock: `0:06`, `1:02:03`; from 100 hours on `5d 07h`. */
export function formatEta(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor(whole / 60) % 60
  if (hours >= 100) return `${Math.floor(hours / 24)}d ${twoDigits(hours % 24)}h`
  const rest = twoDigits(whole % 60)
  return hours > 0 ? `${hours}:${twoDigits(minutes)}:${rest}` : `${minutes}:${rest}`
}

/** Time taken: `0.3 s`, `15.2 s`, `2m 34s`, `1h 02m`, `5d 07h`. */
export function formatDuration(seconds: number): string {
  if (seconds < 59.95) return `${Math.max(0, seconds).toFixed(1)} s`
  const whole = Math.round(seconds)
  const minutes = Math.floor(whole / 60)
  const hours = Math.floor(minutes / 60)
  if (hours >= 24) return `${Math.floor(hours / 24)}d ${twoDigits(hours % 24)}h`
  if (hours > 0) return `${hours}h ${twoDigits(minutes % 60)}m`
  return `${minutes}m ${twoDigits(whole % 60)}s`
}

/** A limit as the user would type it: `30 s`, `5 min`, `1.5 h`, `2 d`. */
export function formatLimit(ms: number): string {
  const steps: [number, string][] = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
  ]
  for (const [size, unit] of steps) if (ms >= size && ms % (size / 2) === 0) return `${ms / size} ${unit}`
  return `${ms / 1000} s`
}

/** `2,524`; the same in every locale. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 peer`, `2 peers`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

function unitOf(bytes: number): number {
  let power = 0
  // 1023.95 KiB would print as 1024.0 KiB.
  for (let rest = bytes; rest >= (power === 0 ? 1024 : 1023.95) && power < UNITS.length - 1; rest /= 1024)
    power++
  return power
}

function scaled(bytes: number, power: number): string {
  return power === 0 ? String(Math.floor(bytes)) : (bytes / 1024 ** power).toFixed(1)
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
