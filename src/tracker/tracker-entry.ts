/**
 * One tracker of one torrent: what it was told, what it said, and the announce under way. It knows nothing of its
 * tier; tier-loop.ts decides when it is asked.
 */
import { messageOf, TrackerError } from '../common/errors.ts'
import type { LogSink } from '../common/log.ts'
import type { AddressScope } from '../common/address-scope.ts'
import type { Clock } from '../common/clock.ts'
import type { Endpoint } from '../common/endpoint.ts'
import { maskUrl } from './mask-url.ts'
import type { AnnounceEvent, AnnounceRequest, AnnounceResponse, Tracker, TrackerStatus } from './tracker.ts'

/** Peers asked for in one announce. */
const NUM_WANT = 200
const DEFAULT_INTERVAL_MS = 30 * 60_000
/** No tracker makes us come back sooner, or stay away longer. */
const MIN_INTERVAL_MS = 60_000
const MAX_INTERVAL_MS = 24 * 60 * 60_000
/** A tracker that refused this torrent is left alone for this long. */
const REFUSED_PAUSE_MS = 30 * 60_000

/** How much we have moved, at this moment. */
export interface Counters {
  readonly uploadedBytes: number
  readonly downloadedBytes: number
  readonly leftBytes: number
}

export interface Identity {
  /** 20 bytes */
  readonly infoHash: Buffer
  /** 20 bytes */
  readonly peerId: Buffer
  /** u32 */
  readonly key: number
  /** The port we listen on. */
  readonly port: number
}

/** Calls are synchronous and must not throw. URLs are masked (mask-url.ts). */
export interface AnnouncerHandler {
  /** @param scope where the tracker is: endpoints further inside must not be dialled (common/address-scope.ts) */
  onEndpoints(endpoints: readonly Endpoint[], scope: AddressScope, trackerUrl: string): void
  onStatus(status: TrackerStatus): void
  /** A sentence of the tracker's for the user (BEP 3's `warning message`), each once. Foreign text. */
  onWarning(message: string): void
}

export interface EntryParts {
  readonly clock: Clock
  readonly log: LogSink
  readonly makeTracker: (url: string) => Tracker
  readonly counters: () => Counters
  readonly identity: Identity
  readonly handler: AnnouncerHandler
}

export class TrackerEntry {
  readonly tier: number
  readonly #url: string
  readonly #shownUrl: string
  readonly #parts: EntryParts
  #tracker: Tracker | undefined
  #state: TrackerStatus['state'] = 'idle'
  #lastError: string | undefined
  #lastErrorCode: string | undefined
  #lastWarning: string | undefined
  #answer: AnnounceResponse | undefined
  #endpointCount: number | undefined
  /** It knows us: it has answered a `started`. */
  #hasStarted = false
  /** Its `started` left before we were complete, so it wants to hear of `completed` (BEP 3). */
  #knowsUsUnfinished = false
  #isCompleted = false
  #owesCompleted = false
  #isTellingCompleted = false
  #lastAnnounceAtMs = -Infinity
  #refusedUntilMs = -Infinity
  #isRefused = false
  #isUnsupported = false
  /** When the tier asks it next, as far as that is known. */
  nextAtMs: number | undefined

  constructor(url: string, tier: number, parts: EntryParts) {
    this.#url = url
    this.#shownUrl = maskUrl(url)
    this.tier = tier
    this.#parts = parts
  }

  get hasStarted(): boolean {
    return this.#hasStarted
  }

  get owesCompleted(): boolean {
    return this.#owesCompleted
  }

  /** Is a `completed` on its way? */
  get isTellingCompleted(): boolean {
    return this.#isTellingCompleted
  }

  get isWorking(): boolean {
    return this.#state === 'working'
  }

  /** It said no to this torrent, and has not taken that back. */
  get isRefused(): boolean {
    return this.#isRefused || this.#isUnsupported
  }

  /** Not asked before then. */
  get refusedUntilMs(): number {
    return this.#isUnsupported ? Infinity : this.#refusedUntilMs
  }

  /** When it may be asked for more peers. */
  get mayAskAgainAtMs(): number {
    const minIntervalMs = Math.min((this.#answer?.minIntervalSeconds ?? 0) * 1000, MAX_INTERVAL_MS)
    return this.#lastAnnounceAtMs + Math.max(MIN_INTERVAL_MS, minIntervalMs)
  }

  /** How long to wait after its last answer, within bounds. */
  get intervalMs(): number {
    const asked = this.#answer === undefined ? DEFAULT_INTERVAL_MS : this.#answer.intervalSeconds * 1000
    const minimum = (this.#answer?.minIntervalSeconds ?? 0) * 1000
    return Math.min(Math.max(asked, minimum, MIN_INTERVAL_MS), MAX_INTERVAL_MS)
  }

  /** The download is whole: it wants to know, unless it never saw us unfinished. */
  noteCompleted(): void {
    if (this.#isCompleted) return
    this.#isCompleted = true
    if (this.#knowsUsUnfinished) this.#owesCompleted = true
  }

  /** It is being asked; the announce itself is `announce`. */
  noteAnnouncing(): void {
    this.#setState('announcing')
  }

  /** It has not answered for a while, and goes on trying. */
  noteSlow(seconds: number): void {
    this.#lastError = `no answer in ${seconds} s`
    this.#lastErrorCode = 'TRACKER_TIMEOUT'
    this.#setState('failing')
  }

  /** Another tracker of its tier answers. A refusal stays visible. */
  noteIdle(): void {
    this.nextAtMs = undefined
    if (this.#state !== 'idle') this.#setState(this.isRefused ? 'refused' : 'idle')
  }

  /** What happened to an announce that failed. Not for aborts. */
  noteFailure(error: unknown): void {
    if (!(error instanceof TrackerError)) {
      this.#parts.log('error', 'tracker', `${this.#shownUrl}: ${messageOf(error)}`)
    }
    const code = error instanceof TrackerError ? error.code : undefined
    this.#isUnsupported = code === 'TRACKER_URL_INVALID' || code === 'TRACKER_URL_UNSUPPORTED'
    this.#isRefused = code === 'TRACKER_REFUSED'
    this.#lastErrorCode = code
    if (this.#isRefused) this.#refusedUntilMs = this.#parts.clock.now() + REFUSED_PAUSE_MS
    this.#lastError = this.#isRefused ? `refused: ${messageOf(error)}` : messageOf(error)
    this.#parts.log('info', 'tracker', `${this.#shownUrl}: ${this.#lastError}`)
    this.#setState(this.isRefused ? 'refused' : 'failing')
  }

  /**
   * Tells it how we stand, with the event that is due. Endpoints go to the handler.
   * @throws TrackerError; the caller passes it to `noteFailure`
   */
  async announce(signal: AbortSignal): Promise<void> {
    const event = this.#hasStarted ? (this.#owesCompleted ? 'completed' : 'none') : 'started'
    const request = this.#request(event)
    const wasCompleted = this.#isCompleted
    this.#tracker ??= this.#parts.makeTracker(this.#url)
    this.#isTellingCompleted = event === 'completed'
    const answer = await this.#tracker.announce(request, signal).finally(() => {
      this.#isTellingCompleted = false
    })
    if (signal.aborted) return // it lost the race to the abort: whoever aborted has moved on
    if (event === 'started') {
      this.#knowsUsUnfinished = !wasCompleted
      this.#owesCompleted = this.#isCompleted && !wasCompleted
    } else if (event === 'completed') {
      this.#owesCompleted = false
    }
    this.#onAnswer(request, answer)
  }

  /** `completed` if it is owed, then `stopped`. @throws TrackerError of either */
  async sayGoodbye(signal: AbortSignal): Promise<void> {
    try {
      if (this.#owesCompleted) await this.#tracker?.announce(this.#request('completed'), signal)
    } finally {
      this.#hasStarted = false
      if (!signal.aborted) await this.#tracker?.announce(this.#request('stopped'), signal)
    }
  }

  /** Frees its sockets. */
  close(): void {
    this.#tracker?.close()
    this.#tracker = undefined
  }

  status(): TrackerStatus {
    const { nextAtMs } = this
    return {
      url: this.#shownUrl,
      tier: this.tier,
      state: this.#state,
      lastError: this.#lastError,
      lastErrorCode: this.#lastErrorCode,
      seederCount: this.#answer?.seederCount,
      leecherCount: this.#answer?.leecherCount,
      endpointCount: this.#endpointCount,
      nextAnnounceInMs: nextAtMs === undefined ? undefined : Math.max(0, nextAtMs - this.#parts.clock.now()),
    }
  }

  /** Tells the handler where things stand. */
  report(): void {
    this.#parts.handler.onStatus(this.status())
  }

  #request(event: AnnounceEvent): AnnounceRequest {
    const numWant = event === 'stopped' || event === 'completed' ? 0 : NUM_WANT
    return { ...this.#parts.identity, ...this.#parts.counters(), event, numWant }
  }

  #onAnswer(request: AnnounceRequest, answer: AnnounceResponse): void {
    this.#answer = answer
    this.#lastError = undefined
    this.#lastErrorCode = undefined
    this.#isRefused = false
    this.#lastAnnounceAtMs = this.#parts.clock.now()
    this.#hasStarted = true
    if (request.numWant > 0) this.#endpointCount = answer.endpoints.length
    this.#logAnswer(request, answer)
    this.#passOn(answer.warning)
    this.#state = 'working'
    if (answer.endpoints.length > 0) {
      this.#parts.handler.onEndpoints(answer.endpoints, answer.scope, this.#shownUrl)
    }
  }

  #logAnswer({ event, numWant }: AnnounceRequest, answer: AnnounceResponse): void {
    const { log } = this.#parts
    const count = answer.endpoints.length
    if (numWant === 0) log('debug', 'tracker', `${this.#shownUrl}: told of ${event}`)
    else {
      const peers = count === 1 ? '1 peer' : `${count} peers`
      log('info', 'tracker', `${this.#shownUrl}: ${peers}, asked again in ${this.intervalMs / 1000} s`)
    }
  }

  #passOn(warning: string | undefined): void {
    if (warning === undefined || warning === this.#lastWarning) return
    this.#lastWarning = warning
    this.#parts.handler.onWarning(`${this.#shownUrl} warns: ${warning}`)
  }

  #setState(state: TrackerStatus['state']): void {
    this.#state = state
    this.report()
  }
}
