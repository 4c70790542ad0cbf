/** Two joined ByteStreams for tests, in memory or over TCP on loopback, with handlers that remember what they heard. */
import type { AttachHandler, ByteStream, ByteStreamHandler } from '../../src/net/byte-stream.ts'
import type { ReceiveMode } from '../../src/net/tcp-stream.ts'
import { TcpListener } from '../../src/net/tcp-listener.ts'
import { connectMemoryPair } from '../../src/net/memory-stream.ts'
import { connectTcp } from '../../src/net/tcp-stream.ts'

export interface StreamPair {
  /** The end that dialed. */
  readonly left: ByteStream
  /** The end that was accepted. */
  readonly right: ByteStream
  /** Closes both and whatever carried them. */
  readonly dispose: () => Promise<void>
}

/** Joins two handlers; resolves when both are attached and connected. */
export type OpenPair = (left: AttachHandler, right: AttachHandler) => Promise<StreamPair>

export const openMemoryPair: OpenPair = async (left, right) => {
  const pair = connectMemoryPair(left, right)
  return Promise.resolve({
    ...pair,
    dispose: async () => {
      pair.left.close()
      await turn()
    },
  })
}

/** @param receive how both ends get their bytes */
export function openTcpPair(receive: ReceiveMode): OpenPair {
  return async (left, right) => {
    const accepted: ByteStream[] = []
    let isConnected = false
    const listener = await TcpListener.open({
      ports: { first: 0, last: 0 },
      hosts: ['127.0.0.1'],
      receive,
      attach: (stream) => {
        accepted.push(stream)
        return right(stream)
      },
    })
    const onConnect = (): void => {
      isConnected = true
    }
    const stream = connectTcp({ host: '127.0.0.1', port: listener.port }, left, { onConnect, receive })
    await until(() => isConnected && accepted.length === 1)
    return {
      left: stream,
      right: accepted[0]!,
      dispose: async () => {
        stream.close()
        await listener.close()
        await turn()
      },
    }
  }
}

/** Lets socket events of this turn happen. */
export async function turn(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve)
  })
}

/** Waits for something that another end of a socket will bring about. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn()
}

/** Remembers everything, copying bytes. */
export class RecordingHandler implements ByteStreamHandler {
  readonly #chunks: Buffer[] = []
  #byteCount = 0
  drainCount = 0
  closeCount = 0
  error: Error | undefined

  readonly attach: AttachHandler = () => this

  get byteCount(): number {
    return this.#byteCount
  }

  get chunkCount(): number {
    return this.#chunks.length
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  onBytes(bytes: Buffer): void {
    this.#chunks.push(Buffer.from(bytes))
    this.#byteCount += bytes.length
  }

  onDrain(): void {
    this.drainCount++
  }

  onClose(error: Error | undefined): void {
    this.closeCount++
    this.error = error
  }
}
