/** Trackers that do what the test says, and remember what they were told. */
import type { Clock } from '../../../src/common/clock.ts'
import { TrackerError } from '../../../src/common/errors.ts'
import type {
  AnnounceRequest,
  AnnounceResponse,
  ScrapeResponse,
  Tracker,
} from '../../../src/tracker/tracker.ts'

export const ANSWER: AnnounceResponse = {
  intervalSeconds: 1800,
  minIntervalSeconds: undefined,
  seederCount: 4,
  leecherCount: 2,
  endpoints: [{ host: '203.0.113.9', port: 6881 }],
  warning: undefined,
  scope: 'public',
}

export type Behaviour = (request: AnnounceRequest, signal: AbortSignal) => Promise<AnnounceResponse>

export const answers =
  (answer: Partial<AnnounceResponse> = {}): Behaviour =>
  async () =>
    Promise.resolve({ ...ANSWER, ...answer })

export const fails =
  (code = 'TRACKER_UNREACHABLE', message = 'connection refused'): Behaviour =>
  async () =>
    Promise.reject(new TrackerError(code, message))

/** Until it is called off. */
export const isSilent: Behaviour = async (_request, signal) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(new TrackerError('TRACKER_ABORTED', 'called off'))
    })
  })

/** All trackers of a test. */
export class FakeTrackers {
  /** `a started@0`, in order. Seconds since the start. */
  readonly told: string[] = []
  readonly behaviours = new Map<string, Behaviour>()
  readonly closed: string[] = []
  underWay = 0
  mostUnderWay = 0
  readonly requests: AnnounceRequest[] = []
  readonly #clock: Clock
  readonly #startMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startMs = clock.now()
  }

  readonly make = (url: string): Tracker => ({
    url,
    announce: async (request, signal) => this.#announce(url, request, signal),
    scrape: async () => Promise.reject<ScrapeResponse>(new TrackerError('TRACKER_NO_SCRAPE', 'no')),
    close: () => {
      this.closed.push(url)
    },
  })

  async #announce(url: string, request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceResponse> {
    const seconds = Math.round((this.#clock.now() - this.#startMs) / 1000)
    this.told.push(`${url} ${request.event}@${seconds}`)
    this.requests.push(request)
    this.underWay += 1
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay)
    try {
      return await (this.behaviours.get(url) ?? isSilent)(request, signal)
    } finally {
      this.underWay -= 1
    }
  }
}
