/** Receiving without a network: FrameDecoder and readMessage on a stream of 16 KiB blocks, in chunks of several sizes. */
import type { WireHandler } from '../../src/wire/read-message.ts'
import { FrameDecoder } from '../../src/wire/frame-decoder.ts'
import { MAX_BLOCK_BYTES, maxFrameBytes } from '../../src/wire/message.ts'
import { OutgoingBuffer } from '../../src/wire/outgoing-buffer.ts'
import { readMessage } from '../../src/wire/read-message.ts'
import { writeBlockHeader } from '../../src/wire/write-message.ts'
import { gibPerSecond } from './micro-bench.ts'
import type { MicroBench } from './micro-bench.ts'

const BLOCKS = 4096
const PASSES = 4

const ignore = (): void => undefined

class Counter implements WireHandler {
  bytes = 0
  readonly onChoke = ignore
  readonly onUnchoke = ignore
  readonly onInterested = ignore
  readonly onNotInterested = ignore
  readonly onHave = ignore
  readonly onBitfield = ignore
  readonly onRequest = ignore
  onBlock(_piece: number, _offset: number, data: Buffer): void {
    this.bytes += data.length
  }
  readonly onCancel = ignore
  readonly onPort = ignore
  readonly onSuggest = ignore
  readonly onHaveAll = ignore
  readonly onHaveNone = ignore
  readonly onReject = ignore
  readonly onAllowedFast = ignore
  readonly onExtended = ignore
  readonly onUnknown = ignore
}

function blockStream(): Buffer {
  const out = new OutgoingBuffer()
  const data = Buffer.alloc(MAX_BLOCK_BYTES, 7)
  for (let i = 0; i < BLOCKS; i++) {
    writeBlockHeader(out, i >> 4, (i & 15) * MAX_BLOCK_BYTES, data.length)
    out.raw(data)
  }
  return out.view()
}

function decodeRate(stream: Buffer, chunkBytes: number): number {
  const handler = new Counter()
  const decoder = new FrameDecoder(maxFrameBytes(1000))
  const onFrame = (frame: Buffer): void => {
    readMessage(frame, handler)
  }
  const beganAtMs = performance.now()
  for (let pass = 0; pass < PASSES; pass++) {
    for (let at = 0; at < stream.length; at += chunkBytes) {
      decoder.push(stream.subarray(at, Math.min(stream.length, at + chunkBytes)), onFrame)
    }
  }
  const rate = gibPerSecond(handler.bytes, beganAtMs)
  if (handler.bytes !== PASSES * BLOCKS * MAX_BLOCK_BYTES) throw new Error(`decoded ${handler.bytes} bytes`)
  return rate
}

const stream = blockStream()

export const micro: MicroBench = {
  name: 'wire: decoding blocks',
  unit: 'GiB/s',
  better: 'high',
  measure: () =>
    [6, 16, 64, 256].map((kib) => ({ name: `${kib} KiB chunks`, value: decodeRate(stream, kib * 1024) })),
}
