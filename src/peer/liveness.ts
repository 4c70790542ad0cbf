/**
 * Is the other side still worth the connection? Numbers only: what happened when, and what that means now.
 * Asked about once a second; costs a few comparisons.
 */
import { PeerError } from '../common/errors.ts'

/** BEP 3 says two minutes; peers that take it at its word must not lose patience with us. */
const KEEP_ALIVE_AFTER_MS = 100_000
const IDLE_AFTER_MS = 130_000
const UNSENT_AFTER_MS = 120_000
/** A frame must end within this time, or keep coming at SLOW_FRAME_BYTES a SLOW_FRAME_WINDOW_MS. */
const SLOW_FRAME_AFTER_MS = 30_000
const SLOW_FRAME_WINDOW_MS = 10_000
const SLOW_FRAME_BYTES = 1024

/** Where a connection stands when `check` is asked. */
export interface TrafficState {
  /** Whole frames received. */
  readonly frameCount: number
  /** Bytes of the frame that has begun and not ended. */
  readonly openBytes: number
  /** Bytes sent that the kernel has not taken. */
  readonly unsentBytes: number
}

/** The times that matter of one connection. */
export class Liveness {
  #lastInputMs: number
  #lastOutputMs: number
  #isPaused = false
  #frameCount = 0
  #frameSinceMs: number
  #windowSinceMs: number
  #windowBytes = 0
  #unsentBytes = 0
  #unsentSinceMs: number

  constructor(nowMs: number) {
    this.#lastInputMs = nowMs
    this.#lastOutputMs = nowMs
    this.#frameSinceMs = nowMs
    this.#windowSinceMs = nowMs
    this.#unsentSinceMs = nowMs
  }

  onInput(nowMs: number): void {
    this.#lastInputMs = nowMs
  }

  onOutput(nowMs: number): void {
    this.#lastOutputMs = nowMs
  }

  /** We stopped reading: silence says nothing about the peer. */
  pause(): void {
    this.#isPaused = true
  }

  resume(nowMs: number): void {
    this.#isPaused = false
    this.#lastInputMs = nowMs
    this.#restartFrame(nowMs, this.#frameCount, this.#windowBytes)
  }

  /** @returns why to close, or that a keep-alive is due, or nothing */
  check(
    nowMs: number,
    { frameCount, openBytes, unsentBytes }: TrafficState,
  ): PeerError | 'keep-alive' | undefined {
    const input = this.#isPaused ? undefined : this.#checkInput(nowMs, frameCount, openBytes)
    return input ?? this.#checkOutput(nowMs, unsentBytes)
  }

  #checkInput(nowMs: number, frameCount: number, openBytes: number): PeerError | undefined {
    const silentMs = nowMs - this.#lastInputMs
    if (silentMs >= IDLE_AFTER_MS) return new PeerError('PEER_IDLE', `nothing for ${seconds(silentMs)}`)
    if (openBytes === 0 || frameCount !== this.#frameCount) {
      this.#restartFrame(nowMs, frameCount, openBytes)
      return undefined
    }
    if (nowMs - this.#windowSinceMs < SLOW_FRAME_WINDOW_MS) return undefined
    const isSlow = openBytes - this.#windowBytes < SLOW_FRAME_BYTES
    this.#windowSinceMs = nowMs
    this.#windowBytes = openBytes
    const frameMs = nowMs - this.#frameSinceMs
    if (!isSlow || frameMs < SLOW_FRAME_AFTER_MS) return undefined
    return new PeerError('PEER_SLOW_FRAME', `${openBytes} bytes of a message in ${seconds(frameMs)}`)
  }

  #checkOutput(nowMs: number, unsentBytes: number): PeerError | 'keep-alive' | undefined {
    if (unsentBytes === 0 || unsentBytes < this.#unsentBytes || this.#unsentBytes === 0)
      this.#unsentSinceMs = nowMs
    this.#unsentBytes = unsentBytes
    if (unsentBytes === 0) return nowMs - this.#lastOutputMs >= KEEP_ALIVE_AFTER_MS ? 'keep-alive' : undefined
    const stuckMs = nowMs - this.#unsentSinceMs
    if (stuckMs < UNSENT_AFTER_MS) return undefined
    return new PeerError('PEER_NOT_READING', `took none of ${unsentBytes} bytes in ${seconds(stuckMs)}`)
  }

  #restartFrame(nowMs: number, frameCount: number, openBytes: number): void {
    this.#frameCount = frameCount
    this.#frameSinceMs = nowMs
    this.#windowSinceMs = nowMs
    this.#windowBytes = openBytes
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}
