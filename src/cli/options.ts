/**
 * Parsers of what is typed after an option. Pure; each takes text and gives a bounded value or throws a UsageError
 * that says what would be right. program.ts puts the option's name in front.
 */
import { isIP } from 'node:net'
import { UsageError } from '../common/errors.ts'
import { parseInfoHash } from '../metainfo/info-hash.ts'

const SECOND_MS = 1000
const DURATION_UNITS: Readonly<Record<string, number>> = {
  '': SECOND_MS,
  s: SECOND_MS,
  m: 60 * SECOND_MS,
  h: 3600 * SECOND_MS,
  d: 86_400 * SECOND_MS,
}
/** A ratio that is meant to have an end. */
const MAX_RATIO = 10_000
const BINARY_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
}
/** A block (16 KiB) takes 16 s at this rate. */
const MIN_RATE = 1024
const MAX_RATE = 2 ** 40
const MAX_DURATION_MS = 365 * 86_400 * SECOND_MS
/** Node's timers reach 24 days. */
const MAX_HOOK_TIMEOUT_MS = 20 * 86_400 * SECOND_MS

export interface PortRange {
  readonly first: number
  readonly last: number
}

/** A host that may still be a name. */
export interface HostAndPort {
  /** Without brackets. */
  readonly host: string
  /** 1..65535 */
  readonly port: number
}

/** `30`, `30s`, `5m`, `1.5h`, `1d`, `1h30m` to milliseconds; a bare number is seconds. Above 0, at most 365d. */
export function parseDuration(text: string): number {
  if (!/^(\d+(\.\d+)?|(\d+(\.\d+)?[smhd])+)$/.test(text)) {
    throw usage(text, 'a duration such as 30s, 5m, 2h or 1d (a bare number is seconds)')
  }
  let ms = 0
  for (const [, amount = '', unit = ''] of text.matchAll(/([\d.]+)([smhd]?)/g)) {
    ms += Number(amount) * (DURATION_UNITS[unit] ?? 0)
  }
  if (ms < 1) throw usage(text, 'a duration above 0')
  if (ms > MAX_DURATION_MS) throw usage(text, 'a duration of at most 365d')
  return Math.round(ms)
}

/** As parseDuration, but a bare number is minutes, and 0 is allowed: the habit of other clients. */
export function parseSeedTime(text: string): number {
  if (/^0+(\.0+)?[smhd]?$/.test(text)) return 0
  return parseDuration(/^\d+(\.\d+)?$/.test(text) ? `${text}m` : text)
}

/** `1.5`: above 0. */
export function parseRatio(text: string): number {
  const ratio = /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : NaN
  if (!(ratio > 0 && ratio <= MAX_RATIO))
    throw usage(text, `a ratio such as 1.5, above 0, at most ${MAX_RATIO}`)
  return ratio
}

/** As parseDuration, at most 20d. */
export function parseHookTimeout(text: string): number {
  const ms = parseDuration(text)
  if (ms > MAX_HOOK_TIMEOUT_MS) throw usage(text, 'a duration of at most 20d')
  return ms
}

/**
 * `500K`, `1.5M`, `2MiB/s` to bytes a second; K, M and G are 1024-fold, a bare number is bytes.
 * @returns Infinity for `none` and `0`: no limit
 */
export function parseRate(text: string): number {
  if (/^(none|0)$/i.test(text)) return Infinity
  const match = /^(\d+(?:\.\d+)?) ?([kmgt]?)(?:i?b)?(?:\/s)?$/i.exec(text)
  if (match === null) throw usage(text, 'a rate such as 500K, 1.5M or 2G in bytes a second, or none')
  const rate = Math.round(Number(match[1]) * (BINARY_UNITS[(match[2] ?? '').toLowerCase()] ?? 1))
  if (rate < MIN_RATE) throw usage(text, 'a rate of at least 1K (1024 bytes a second; none: no limit)')
  if (rate > MAX_RATE) throw usage(text, 'a rate of at most 1024G')
  return rate
}

/** `6881` or `6881-6999`; `0` lets the system choose. */
export function parsePortRange(text: string): PortRange {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text)
  if (match === null) throw usage(text, 'a port or a range such as 6881-6999')
  const first = Number(match[1])
  const last = Number(match[2] ?? first)
  if (first > 65_535 || last > 65_535) throw usage(text, 'a port of at most 65535')
  if (first > last) throw usage(text, 'a range from low to high')
  if (first === 0 && last !== 0) throw usage(text, 'a range from 1 on, or 0 alone for any free port')
  return { first, last }
}

/** `10.0.0.7:6881`, `seed.example.org:6881`, `[::1]:6881`. The host may be a name. */
export function parseHostAndPort(text: string): HostAndPort {
  const match = /^(?:\[([0-9a-f:.]+(?:%[\w.-]+)?)\]|([^\s[\]:]+)):(\d{1,5})$/i.exec(text)
  if (match === null) throw usage(text, 'HOST:PORT (IPv6 in brackets: [::1]:6881)')
  const host = match[1] ?? match[2] ?? ''
  const port = Number(match[3])
  if (port < 1 || port > 65_535) throw usage(text, 'HOST:PORT with a port from 1 to 65535')
  if (host.length > 253) throw usage(text, 'HOST:PORT with a host of at most 253 characters')
  return { host, port }
}

const SIZE_POWERS: Readonly<Record<string, number>> = { '': 0, K: 1, M: 2, G: 3, T: 4 }

/** `700`, `1.5M`, `2G`, `2GiB`: bytes; K, M, G and T are 1024-fold. @returns a whole number, rounded down */
export function parseSize(text: string): number {
  const match = /^(\d{1,16}(?:\.\d{1,6})?)([KMGT]?)(?:i?B)?$/i.exec(text)
  const power = SIZE_POWERS[match?.[2]?.toUpperCase() ?? ''] ?? 0
  const bytes = match === null ? NaN : Math.floor(Number(match[1]) * 1024 ** power)
  if (!Number.isSafeInteger(bytes)) throw usage(text, 'a size such as 700M, 1.5G or a number of bytes')
  return bytes
}

/** A whole number within bounds. */
export function parseCount(text: string, min: number, max: number): number {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : NaN
  if (!(count >= min && count <= max)) throw usage(text, `a whole number from ${min} to ${max}`)
  return count
}

/** An info-hash, as 40 hexadecimal digits or 32 of base32. @returns 40 lower-case hexadecimal digits */
export function parseExpectedHash(text: string): string {
  const hash = parseInfoHash(text)
  if (hash !== undefined) return hash.toString('hex')
  if (/^(1220)?[0-9a-f]{64}$/i.test(text))
    throw new UsageError('USAGE', `'${text}' is a hash of BitTorrent v2, which is not supported yet`)
  throw usage(text, 'an info-hash of 40 hexadecimal digits (or 32 of base32)')
}

/** `0` to `65535`; 0 lets the system choose. */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN
  if (!(port <= 65_535)) throw usage(text, 'a port from 0 to 65535 (0: any free one)')
  return port
}

/** An IP address, brackets around IPv6 allowed. */
export function parseBindAddress(text: string): string {
  const address = /^\[(.*)\]$/.exec(text)?.[1] ?? text
  if (isIP(address) === 0) throw usage(text, 'an IP address of this machine (0.0.0.0: all of IPv4, :: all)')
  return address
}

/** As parseDuration, in milliseconds: 10 seconds to a day. */
export function parseInterval(text: string): number {
  const ms = parseDuration(text)
  if (ms < 10 * SECOND_MS || ms > 86_400 * SECOND_MS) throw usage(text, 'a duration from 10s to 1d')
  return ms
}

/** An info-hash in hex, or the path of a .torrent. */
export function parseAllowed(text: string): string {
  if (text === '') throw usage(text, 'an info-hash or a .torrent file')
  return text
}

/** A name or an IP address as it may stand in a URL. */
export function parseHostName(text: string): string {
  const host = /^\[(.*)\]$/.exec(text)?.[1] ?? text
  const isName = /^[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?$/i.test(host)
  if (!isName && isIP(host) === 0) throw usage(text, 'the name or IP address of a host')
  return host
}

function usage(text: string, wanted: string): UsageError {
  return new UsageError('USAGE', `'${text}' is not ${wanted}`)
}
