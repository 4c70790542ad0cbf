/**
 * The speaking half of a connection: one method a message, and our half of the flags. Messages wait in the outbox until
 * the connection flushes them.
 */
import type { ExtensionHandshake } from '../wire/extensions.ts'
import { EXTENSION_HANDSHAKE_ID, encodeExtensionHandshake } from '../wire/extensions.ts'
import type { Lease } from './outbox.ts'
import { Outbox } from './outbox.ts'
import * as write from '../wire/write-message.ts'

/** What can be said to one peer. */
export class MessageSender {
  protected readonly outbox = new Outbox()
  #amChoking = true
  #amInterested = false

  /** We refuse their requests. */
  get amChoking(): boolean {
    return this.#amChoking
  }

  get amInterested(): boolean {
    return this.#amInterested
  }

  choke(): void {
    if (this.#amChoking) return
    this.#amChoking = true
    write.writeChoke(this.outbox.out)
  }

  unchoke(): void {
    if (!this.#amChoking) return
    this.#amChoking = false
    write.writeUnchoke(this.outbox.out)
  }

  interested(): void {
    if (this.#amInterested) return
    this.#amInterested = true
    write.writeInterested(this.outbox.out)
  }

  notInterested(): void {
    if (!this.#amInterested) return
    this.#amInterested = false
    write.writeNotInterested(this.outbox.out)
  }

  have(piece: number): void {
    write.writeHave(this.outbox.out, piece)
  }

  /** @param bits Bitfield.toBytes; copied */
  bitfield(bits: Uint8Array): void {
    write.writeBitfield(this.outbox.out, bits)
  }

  /** Only with supportsFast. */
  haveAll(): void {
    write.writeHaveAll(this.outbox.out)
  }

  /** Only with supportsFast. */
  haveNone(): void {
    write.writeHaveNone(this.outbox.out)
  }

  request(piece: number, offset: number, length: number): void {
    write.writeRequest(this.outbox.out, piece, offset, length)
  }

  cancel(piece: number, offset: number, length: number): void {
    write.writeCancel(this.outbox.out, piece, offset, length)
  }

  /** Only with supportsFast. */
  reject(piece: number, offset: number, length: number): void {
    write.writeReject(this.outbox.out, piece, offset, length)
  }

  /** @param data taken, not copied: unchanged until onDrain, or until bufferedBytes is 0 */
  block(piece: number, offset: number, data: Buffer): void {
    this.outbox.addBlock(piece, offset, data)
  }

  /** @param blocks whole messages of blocks, put together already; unchanged until the lease is released */
  blocks(blocks: Buffer, lease: Lease): void {
    this.outbox.addMessages(blocks, lease)
  }

  port(port: number): void {
    write.writePort(this.outbox.out, port)
  }

  /** Only with supportsFast. */
  allowedFast(piece: number): void {
    write.writeAllowedFast(this.outbox.out, piece)
  }

  /** Only with supportsExtensions. */
  extensionHandshake(handshake: ExtensionHandshake): void {
    this.extended(EXTENSION_HANDSHAKE_ID, encodeExtensionHandshake(handshake))
  }

  /** Only with supportsExtensions. @param id the peer's id for the extension: `extension.m` @param payload copied */
  extended(id: number, payload: Uint8Array): void {
    write.writeExtended(this.outbox.out, id, payload)
  }
}
