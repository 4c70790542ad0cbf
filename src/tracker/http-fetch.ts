/**
 * One bounded GET, of a tracker or of a .torrent at an address: every hop's address is checked before it is dialled and is the one dialled,
 * redirects are followed by hand, sizes and times are limited, certificates are always verified.
 */
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { RequestOptions } from 'node:https'
import { mayLeadTo, type AddressScope } from '../common/address-scope.ts'
import type { Clock } from '../common/clock.ts'
import type { LocalAddresses } from '../common/local-addresses.ts'
import { messageOf, TrackerError } from '../common/errors.ts'
import { Deadline } from './deadline.ts'
import { redirectTarget, refusedRedirect } from './redirect.ts'
import { raceAddresses } from './race-addresses.ts'
import { resolveWithin, type ResolveHost } from './resolve-host.ts'
import { aborted, hostOf, unreachable } from './tracker-url.ts'
import { maskUrl } from './mask-url.ts'

const TRACKER_LIMITS: FetchLimits = {
  firstByteMs: 10_000,
  totalMs: 30_000,
  maxBodyBytes: 1_048_576,
  firstHopRule: 'a tracker on this machine or network must have a path that begins with /announce',
}
const MAX_REDIRECTS = 5
const MAX_HEADER_BYTES = 16_384

const REDIRECTS = new Set([301, 302, 303, 307, 308])

export interface FetchLimits {
  /** Until the head of an answer is there, of each hop. */
  readonly firstByteMs: number
  readonly totalMs: number
  /** Before and after decompression. */
  readonly maxBodyBytes: number
  /** Why the first URL may not be dialled, in words. */
  readonly firstHopRule: string
}

export interface FetchParts {
  readonly clock: Clock
  readonly resolve: ResolveHost
  /** From which addresses requests leave. */
  readonly local: LocalAddresses
  readonly userAgent: string
  /** `scopeOf` of common/address-scope.ts, but in tests, which have only loopback addresses. */
  readonly scopeOf: (host: string) => AddressScope
  /** May this scope be dialled for the first URL? Redirects may only lead further outwards from where they came. */
  readonly mayDial: (scope: AddressScope) => boolean
  /** Default: those of a tracker. */
  readonly limits?: FetchLimits
}

export interface HttpResult {
  readonly status: number
  /** After decompression. */
  readonly body: Buffer
  /** Of the address that answered. */
  readonly scope: AddressScope
}

/** Where the next request goes. */
interface Hop {
  readonly url: URL
  /** Path and query as they go over the wire: `URL` would encode some bytes anew. */
  readonly target: string
  /** `user:password` of the first URL, while we are at its origin. */
  readonly auth: string | undefined
  readonly mayDial: (scope: AddressScope) => boolean
  /** What `mayDial` goes by, in words. */
  readonly rule: string
}

interface Response {
  readonly message: IncomingMessage
  readonly scope: AddressScope
}

/**
 * @param target path and query for `url`'s host
 * @throws TrackerError TRACKER_TIMEOUT, TRACKER_UNREACHABLE, TRACKER_ADDRESS_REFUSED, TRACKER_REDIRECT_REFUSED,
 *   TRACKER_RESPONSE_TOO_LARGE, TRACKER_BAD_RESPONSE, TRACKER_TLS, TRACKER_NO_SUCH_HOST, TRACKER_DNS_FAILED,
 *   TRACKER_ABORTED
 */
export async function fetchBounded(
  url: URL,
  target: string,
  parts: FetchParts,
  signal: AbortSignal,
): Promise<HttpResult> {
  const { totalMs, maxBodyBytes, firstHopRule } = parts.limits ?? TRACKER_LIMITS
  const whole = new Deadline(parts.clock, totalMs, `no whole answer in ${totalMs / 1000} s`, signal)
  try {
    let hop: Hop = { url, target, auth: authOf(url), mayDial: parts.mayDial, rule: firstHopRule }
    for (let redirects = 0; ; redirects++) {
      const { message, scope } = await requestHop(hop, parts, whole.signal)
      const next = nextHop(hop, message, scope)
      if (next === undefined) {
        const raw = await readBody(message, maxBodyBytes, whole.signal)
        const body = await decompressed(raw, message, maxBodyBytes)
        return { status: message.statusCode ?? 0, body, scope }
      }
      message.destroy()
      if (redirects === MAX_REDIRECTS) throw refusedRedirect(`more than ${MAX_REDIRECTS} redirects`)
      hop = next
    }
  } catch (error) {
    throw whole.reasonOf(error)
  } finally {
    whole.end()
  }
}

/** Dials one hop and waits for the head of its answer. */
async function requestHop(hop: Hop, parts: FetchParts, signal: AbortSignal): Promise<Response> {
  const addresses = await allowedAddresses(hop, parts, signal)
  const { firstByteMs } = parts.limits ?? TRACKER_LIMITS
  const head = new Deadline(parts.clock, firstByteMs, `no answer in ${firstByteMs / 1000} s`, signal)
  try {
    const { request } = hop.url.protocol === 'https:' ? await import('node:https') : await import('node:http')
    const ask = async (some: readonly string[], askSignal: AbortSignal): Promise<Response> => {
      try {
        const options = {
          ...requestOptions(hop, some, parts.userAgent),
          signal,
          ...boundTo(some, parts.local),
        }
        const message = await headOf(request(options), askSignal)
        const dialled = message.socket.remoteAddress ?? some[0] ?? ''
        return { message, scope: parts.scopeOf(dialled) }
      } catch (error) {
        throw error instanceof TrackerError ? error : requestFailure(hop, some, error)
      }
    }
    if (!parts.local.isBound) return await ask(addresses, head.signal)
    // Node tries addresses one after the other only where it is free to choose its own.
    const limits = { clock: parts.clock, signal: head.signal }
    return await raceAddresses(addresses, async (address, raceSignal) => ask([address], raceSignal), limits)
  } catch (error) {
    throw head.reasonOf(error)
  } finally {
    head.end()
  }
}

/** Resolves only to what may be dialled. @throws TrackerError TRACKER_ADDRESS_REFUSED when nothing is left */
async function allowedAddresses(
  hop: Hop,
  parts: FetchParts,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { resolve, local, clock } = parts
  const found = await resolveWithin(hostOf(hop.url), { resolve, local, clock, signal })
  const allowed = found.filter((address) => hop.mayDial(parts.scopeOf(address)))
  if (allowed.length > 0) return allowed
  const [first = ''] = found
  throw new TrackerError(
    'TRACKER_ADDRESS_REFUSED',
    `${maskUrl(hop.url.href)} leads to ${first} (${parts.scopeOf(first)}): ${hop.rule}`,
  )
}

/** @param addresses one alone when our own is bound: each family needs its own */
function boundTo([address = '']: readonly string[], local: LocalAddresses): RequestOptions {
  const localAddress = local.toward(address)
  return localAddress === undefined ? {} : { localAddress }
}

function requestOptions(hop: Hop, addresses: readonly string[], userAgent: string): RequestOptions {
  return {
    method: 'GET',
    host: hostOf(hop.url),
    port: hop.url.port === '' ? undefined : Number(hop.url.port),
    path: hop.target,
    auth: hop.auth,
    headers: { 'User-Agent': userAgent, 'Accept-Encoding': 'gzip', Accept: '*/*', Connection: 'close' },
    agent: false,
    lookup: lookupOf(addresses),
    maxHeaderSize: MAX_HEADER_BYTES,
    // Said aloud so that NODE_TLS_REJECT_UNAUTHORIZED cannot switch it off.
    rejectUnauthorized: true,
  }
}

/** Node dials what this says: the addresses that were checked, not what DNS says a moment later. */
function lookupOf(addresses: readonly string[]): NonNullable<RequestOptions['lookup']> {
  const answers = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  return (_host, options, callback) => {
    if (options.all === true) callback(null, answers)
    else callback(null, answers[0]?.address ?? '', answers[0]?.family)
  }
}

async function headOf(request: ClientRequest, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const onAbort = (): void => {
      request.destroy(aborted())
    }
    request.on('error', reject) // stays: an error after the head must not be without a listener
    request.once('response', (message) => {
      signal.removeEventListener('abort', onAbort)
      message.on('error', () => undefined) // readBody has its own; a redirect's body interests nobody
      resolve(message)
    })
    // Without any other event: after "101 Switching Protocols".
    request.once('close', () => {
      reject(new TrackerError('TRACKER_BAD_RESPONSE', 'the connection ended without an answer'))
    })
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    request.end()
  })
}

function requestFailure(hop: Hop, addresses: readonly string[], error: unknown): TrackerError {
  const code = errorCodeOf(error)
  const host = hostOf(hop.url)
  if (isTlsFailure(hop, code)) {
    return new TrackerError('TRACKER_TLS', `no secure connection to ${host}: ${messageOf(error)}`, {
      cause: error,
    })
  }
  if (code.startsWith('HPE_')) {
    return new TrackerError('TRACKER_BAD_RESPONSE', `not an HTTP answer: ${messageOf(error)}`, {
      cause: error,
    })
  }
  const defaultPort = hop.url.protocol === 'https:' ? 443 : 80
  const port = hop.url.port === '' ? defaultPort : Number(hop.url.port)
  return unreachable({ host: addresses[0] ?? host, port }, error)
}

function isTlsFailure(hop: Hop, code: string): boolean {
  return hop.url.protocol === 'https:' && /CERT|TLS|SSL|ISSUER|SIGNATURE|EPROTO/.test(code)
}

/** Of the error, or of the first of those that dialling several addresses left behind. */
function errorCodeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return errorCodeOf(error.errors[0])
  if (typeof error !== 'object' || error === null || !('code' in error)) return ''
  return String(error.code)
}

/** @returns undefined when the answer is no redirect @throws TrackerError TRACKER_REDIRECT_REFUSED */
function nextHop(hop: Hop, message: IncomingMessage, scope: AddressScope): Hop | undefined {
  const { location } = message.headers
  if (!REDIRECTS.has(message.statusCode ?? 0) || location === undefined) return undefined
  const url = redirectTarget(hop.url, location)
  return {
    url,
    target: url.pathname + url.search,
    auth: url.origin === hop.url.origin ? hop.auth : undefined,
    mayDial: (next) => mayLeadTo(scope, next),
    rule: 'a redirect may not lead to a more local address than where it came from',
  }
}

/** @throws TrackerError TRACKER_RESPONSE_TOO_LARGE, TRACKER_BAD_RESPONSE when it breaks off */
async function readBody(message: IncomingMessage, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > maxBytes) throw tooLarge(maxBytes)
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof TrackerError || signal.aborted) throw error
    throw new TrackerError('TRACKER_BAD_RESPONSE', `the answer broke off after ${length} bytes`, {
      cause: error,
    })
  }
  return Buffer.concat(chunks)
}

async function decompressed(body: Buffer, message: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const encoding = message.headers['content-encoding']?.toLowerCase() ?? 'identity'
  if (encoding === 'identity' || encoding === '') return body
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw new TrackerError(
      'TRACKER_BAD_RESPONSE',
      `an answer in an encoding we did not ask for (${encoding.slice(0, 40)})`,
    )
  }
  const { gunzip } = await import('node:zlib')
  return new Promise<Buffer>((resolve, reject) => {
    gunzip(body, { maxOutputLength: maxBytes }, (error, bytes) => {
      if (error === null) resolve(bytes)
      else if (errorCodeOf(error) === 'ERR_BUFFER_TOO_LARGE') reject(tooLarge(maxBytes))
      else reject(new TrackerError('TRACKER_BAD_RESPONSE', `broken gzip: ${error.message}`, { cause: error }))
    })
  })
}

function tooLarge(maxBytes: number): TrackerError {
  return new TrackerError('TRACKER_RESPONSE_TOO_LARGE', `an answer of more than ${maxBytes} bytes`)
}

function authOf(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined
  return `${unescaped(url.username)}:${unescaped(url.password)}`
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // A "%" that stands for itself.
    return text
  }
}
