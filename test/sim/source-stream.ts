/**
 * A simulated source as our engine sees it: a ByteStream that answers in the wire protocol. The blocks are all zeros,
 * and all in one buffer: nothing is copied here.
 */
import type { ByteStream, ByteStreamHandler } from '../../src/net/byte-stream.ts'
import type { Endpoint } from '../../src/common/endpoint.ts'
import type { Deliveries } from './deliveries.ts'
import type { BlockId, Source } from './source.ts'
import { Bitfield } from '../../src/common/bitfield.ts'
import { OutgoingBuffer } from '../../src/wire/outgoing-buffer.ts'
import { encodeExtensionHandshake } from '../../src/wire/extensions.ts'
import { HANDSHAKE_BYTES, writeHandshake } from '../../src/wire/handshake.ts'
import * as write from '../../src/wire/write-message.ts'
import { BLOCK_BYTES } from './source.ts'

const PIECE_HEADER_BYTES = 13
const REQUEST = 6
const CANCEL = 8
const RANGE_MESSAGE_BYTES = 13
/** Shared by all streams: what is told is read before the next is told. */
const blockMessage = Buffer.alloc(PIECE_HEADER_BYTES + BLOCK_BYTES)
blockMessage.writeUInt32BE(PIECE_HEADER_BYTES - 4 + BLOCK_BYTES)
blockMessage.writeUInt8(7, 4)

export interface StreamParts {
  readonly endpoint: Endpoint
  /** 20 bytes */
  readonly infoHash: Buffer
  readonly peerId: Buffer
  readonly blocksPerPiece: number
  readonly deliveries: Deliveries
}

export class SourceStream implements ByteStream {
  readonly remote: Endpoint
  readonly bufferedBytes = 0
  readonly #source: Source
  readonly #parts: StreamParts
  readonly #out = new OutgoingBuffer()
  #handler: ByteStreamHandler | undefined
  #hasHandshake = false
  #isClosed = false

  constructor(source: Source, parts: StreamParts) {
    this.remote = parts.endpoint
    this.#source = source
    this.#parts = parts
  }

  attach(handler: ByteStreamHandler): void {
    this.#handler = handler
  }

  write(bytes: Buffer): boolean {
    if (this.#hasHandshake) this.#readMessages(bytes)
    else if (bytes.length === HANDSHAKE_BYTES) this.#answerHandshake()
    else throw new Error(`${bytes.length} bytes instead of a handshake`)
    return true
  }

  cork(): void {
    // a write is a message or several: nothing to gather
  }

  uncork(): void {
    // see cork
  }

  pause(): void {
    // a download never pauses a peer
  }

  resume(): void {
    // see pause
  }

  end(): void {
    this.close()
  }

  close(): void {
    if (this.#isClosed) return
    this.#source.close()
    this.#end()
  }

  #answerHandshake(): void {
    this.#hasHandshake = true
    const { infoHash, peerId, blocksPerPiece, deliveries } = this.#parts
    const { hasFast, toldLimit } = this.#source
    const own = { infoHash, peerId, hasFast, hasExtensions: toldLimit !== undefined, hasDht: false }
    const at = (block: BlockId): [number, number, number] => [
      Math.floor(block / blocksPerPiece),
      (block % blocksPerPiece) * BLOCK_BYTES,
      BLOCK_BYTES,
    ]
    this.#source.open({
      onOpen: (pieces) => {
        this.#say((out) => {
          out.raw(writeHandshake(own))
          write.writeBitfield(out, bitsOf(pieces))
          if (toldLimit === undefined) return
          write.writeExtended(
            out,
            0,
            encodeExtensionHandshake({ m: new Map(), requestQueueLimit: toldLimit }),
          )
        })
      },
      onBlock: (block) => {
        const [piece, offset] = at(block)
        blockMessage.writeUInt32BE(piece, 5)
        blockMessage.writeUInt32BE(offset, 9)
        if (!this.#isClosed) deliveries.note(block)
        this.#give(blockMessage)
      },
      onReject: (block) => {
        this.#say((out) => {
          write.writeReject(out, ...at(block))
        })
      },
      onChoke: () => {
        this.#say(write.writeChoke)
      },
      onUnchoke: () => {
        this.#say(write.writeUnchoke)
      },
      onHave: (piece) => {
        this.#say((out) => {
          write.writeHave(out, piece)
        })
      },
      onClose: () => {
        this.#end()
      },
    })
  }

  #readMessages(bytes: Buffer): void {
    const requests: BlockId[] = []
    for (let at = 0; at < bytes.length;) {
      const length = bytes.readUInt32BE(at)
      const id = length === RANGE_MESSAGE_BYTES ? bytes[at + 4] : undefined
      if (id === REQUEST) requests.push(this.#blockAt(bytes, at))
      else if (id === CANCEL) this.#source.cancel(this.#blockAt(bytes, at))
      at += 4 + length
    }
    if (requests.length > 0) this.#source.request(requests)
  }

  #blockAt(bytes: Buffer, at: number): BlockId {
    return bytes.readUInt32BE(at + 5) * this.#parts.blocksPerPiece + bytes.readUInt32BE(at + 9) / BLOCK_BYTES
  }

  #say(writeTo: (out: OutgoingBuffer) => void): void {
    this.#out.clear()
    writeTo(this.#out)
    this.#give(this.#out.view())
  }

  #give(bytes: Buffer): void {
    if (!this.#isClosed) this.#handler?.onBytes(bytes)
  }

  #end(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#handler?.onClose(undefined)
  }
}

function bitsOf(pieces: readonly boolean[]): Buffer {
  const bits = new Bitfield(pieces.length)
  for (const [piece, has] of pieces.entries()) if (has) bits.set(piece)
  return bits.toBytes()
}
