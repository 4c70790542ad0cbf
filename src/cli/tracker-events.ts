/** `tracker --json`: one object a line on stdout (docs/tracker-events.schema.json, docs/tracker.md). */
import type { ServedAnnounce, TrackerStats } from '../tracker/tracker-server.ts'
import type { TrackerEnd, TrackerView } from './commands/tracker.ts'
import { EventQueue } from './event-queue.ts'
import type { EventStream } from './event-queue.ts'
import { toSafeJson } from './safe-json.ts'

const VERSION = 1
/** In seconds, which are ticks. */
const STATUS_EVERY_TICKS = 10

export class TrackerEvents implements TrackerView {
  readonly #queue: EventQueue
  readonly #wallClock: () => Date
  readonly #isVerbose: boolean
  #tickCount = 0

  constructor(
    stream: EventStream,
    { wallClock, isVerbose }: { readonly wallClock: () => Date; readonly isVerbose: boolean },
  ) {
    this.#queue = new EventQueue(stream)
    this.#wallClock = wallClock
    this.#isVerbose = isVerbose
  }

  onListening(urls: readonly string[], port: number): void {
    this.#queue.add(this.#line('listening', { port, urls }))
  }

  onAnnounce({ transport, from, infoHash, port, event, leftBytes }: ServedAnnounce): void {
    // With a reader that is behind, the text would be made for nothing.
    if (!this.#isVerbose || this.#queue.isBehind) return
    const fields = {
      id: infoHash.toString('hex'),
      transport,
      host: from.host,
      port,
      event,
      isSeed: leftBytes === 0,
    }
    this.#queue.offer(this.#line('announce', fields))
  }

  onTick(stats: TrackerStats): void {
    this.#tickCount += 1
    if (this.#tickCount % STATUS_EVERY_TICKS === 0)
      this.#queue.replace('status', this.#line('status', { ...stats }))
  }

  onWarning(message: string): void {
    this.#queue.offer(this.#line('warning', { message }))
  }

  onEnd({ code, signal, seconds, stats }: TrackerEnd): void {
    const whole = Math.round(seconds * 1000) / 1000
    this.#queue.add(this.#line('exit', { code, signal, seconds: whole, ...stats }))
  }

  #line(type: string, fields: Readonly<Record<string, unknown>>): string {
    return `${toSafeJson({ v: VERSION, type, time: this.#wallClock().toISOString(), ...fields })}\n`
  }
}
