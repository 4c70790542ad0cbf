/** Counters of one torrent's traffic, and its rates. */
import { RateMeter } from '../common/rate-meter.ts'

/** The shown rate looks this far back, the honest ETA further. */
const RATE_WINDOW_MS = 3_000
const ETA_WINDOW_MS = 10_000
/** These rates are shown: as many slots as make them right to a percent. */
const SLOTS = 60

export class TransferStats {
  readonly #download = new RateMeter(RATE_WINDOW_MS, SLOTS)
  readonly #upload = new RateMeter(RATE_WINDOW_MS, SLOTS)
  readonly #progress = new RateMeter(ETA_WINDOW_MS, SLOTS)
  #wastedBytes = 0
  #lastUsefulMs: number

  constructor(nowMs: number) {
    this.#lastUsefulMs = nowMs
  }

  /** A block of use arrived. */
  onUsefulBytes(bytes: number, nowMs: number): void {
    this.#download.add(bytes, nowMs)
    this.#progress.add(bytes, nowMs)
    this.#lastUsefulMs = nowMs
  }

  onUploaded(bytes: number, nowMs: number): void {
    this.#upload.add(bytes, nowMs)
  }

  /** A block arrived for nothing: not asked for, not needed any more. */
  onUselessBytes(bytes: number, nowMs: number): void {
    this.#download.add(bytes, nowMs)
    this.#wastedBytes += bytes
  }

  /** Bytes that were of use when they came are thrown away. */
  onLostBytes(bytes: number): void {
    this.#wastedBytes += bytes
  }

  /** Waiting begins anew, as after checking. */
  restartIdleTime(nowMs: number): void {
    this.#lastUsefulMs = nowMs
  }

  /** Waste included. */
  get downloadedBytes(): number {
    return this.#download.totalBytes
  }

  get uploadedBytes(): number {
    return this.#upload.totalBytes
  }

  get wastedBytes(): number {
    return this.#wastedBytes
  }

  downloadBytesPerSecond(nowMs: number): number {
    return this.#download.bytesPerSecond(nowMs)
  }

  uploadBytesPerSecond(nowMs: number): number {
    return this.#upload.bytesPerSecond(nowMs)
  }

  etaSeconds(leftBytes: number, nowMs: number): number | undefined {
    const rate = this.#progress.bytesPerSecond(nowMs)
    return rate > 0 ? leftBytes / rate : undefined
  }

  idleSeconds(nowMs: number): number {
    return Math.max(0, nowMs - this.#lastUsefulMs) / 1000
  }
}
