/** A connected stream of bytes, whatever carries it: TCP now, memory in tests, uTP later. */
import type { Endpoint } from '../common/endpoint.ts'

export interface ByteStreamHandler {
  /** @param bytes a view, valid only during the call: the buffer is reused for every socket of the process */
  onBytes(bytes: Buffer): void
  /** Everything written so far has left our hands. */
  onDrain(): void
  /** Last call, exactly once. @param error why, when it did not end in order */
  onClose(error: Error | undefined): void
}

export interface ByteStream {
  readonly remote: Endpoint
  /** Bytes written but not yet taken by the kernel. */
  readonly bufferedBytes: number
  /** Takes `bytes`: the caller must not change them until onDrain. @returns false when they had to be queued */
  write(bytes: Buffer): boolean
  /** Several writes until `uncork` leave as one. */
  cork(): void
  uncork(): void
  /** Stops and restarts onBytes: back-pressure on the other side. */
  pause(): void
  resume(): void
  /**
   * Ends once the other side has taken what was written and ended, too, or after a second. Nothing but onClose follows.
   * `close` would be a reset where bytes of the other side wait unread, and a reset may cost it our last words.
   */
  end(): void
  /** Ends at once, without waiting for queued bytes. onClose still follows. */
  close(): void
}

/** Joins a stream to whoever reacts to it; called once per stream. */
export type AttachHandler = (stream: ByteStream) => ByteStreamHandler
