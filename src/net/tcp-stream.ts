/**
 * TCP as a ByteStream. All sockets of the process read into one buffer (the `onread` option of net.Socket): an idle
 * peer costs no memory and a read no allocation. It is safe because libuv reads and calls back in one step, and it is
 * why bytes are valid only during onBytes. On Windows reads are posted beforehand, so there each chunk is its own.
 *
 * Accepted sockets cannot be given `onread`: Node makes them itself. Their handle is moved to a socket of ours. That
 * way is not documented, so when it does not work the 'data' event does, more slowly.
 */
import type { AttachHandler, ByteStream, ByteStreamHandler } from './byte-stream.ts'
import type { Endpoint } from '../common/endpoint.ts'
import type { OnReadOpts, SocketConstructorOpts } from 'node:net'
import { Socket } from 'node:net'
import { platform } from 'node:os'
import { countReceived } from './receive-coalescing.ts'

/** How bytes come in: into the shared buffer, or as a new buffer each time. */
export type ReceiveMode = 'shared' | 'data'

/** Larger reads mean fewer calls; libuv reads a full buffer up to 32 times in a row before the next socket's turn. */
const RECEIVE_BYTES = 256 * 1024
const receiveBuffer: Buffer = Buffer.allocUnsafeSlow(RECEIVE_BYTES)
const DEFAULT_MODE: ReceiveMode = platform() === 'win32' ? 'data' : 'shared'

/** Whoever does not end when we do is left behind then. */
const END_LIMIT_MS = 1000

/** How to dial. */
export interface ConnectOptions {
  /** The stream is connected. Whatever it throws closes the stream. */
  readonly onConnect: () => void
  /** The IP address to dial from; its family must be the endpoint's. */
  readonly localAddress?: string | undefined
  readonly receive?: ReceiveMode | undefined
}

/**
 * Dials. Never throws for reasons of the network or the address: those reach onClose.
 * @returns the stream that `attach` got; bytes written before onConnect leave after it
 */
export function connectTcp(endpoint: Endpoint, attach: AttachHandler, options: ConnectOptions): ByteStream {
  const { onConnect, localAddress, receive = DEFAULT_MODE } = options
  const stream = new TcpStream(endpoint)
  const socket = receive === 'shared' ? socketWith({ onread: stream.onread }) : new Socket()
  stream.start(socket, attach, receive)
  socket.once('connect', () => {
    stream.guard(onConnect)
  })
  try {
    socket.connect({
      host: endpoint.host,
      port: endpoint.port,
      ...(localAddress !== undefined && { localAddress }),
    })
  } catch (error) {
    socket.destroy(error instanceof Error ? error : new Error(String(error))) // a port or address Node will not take
  }
  return stream
}

/**
 * Makes a stream of a socket that a server accepted with `pauseOnConnect`.
 * @throws what `attach` throws, after closing the socket
 */
export function acceptTcp(
  accepted: Socket,
  attach: AttachHandler,
  receive: ReceiveMode = DEFAULT_MODE,
): ByteStream {
  const stream = new TcpStream(remoteOf(accepted))
  const moved = receive === 'shared' ? moveHandle(accepted, stream.onread) : undefined
  if (moved !== undefined) stream.start(moved, attach, 'shared')
  else stream.start(accepted, attach, 'data')
  return stream
}

/** Options of the constructor that work and that its types do not tell of. */
function socketWith(options: { readonly onread: OnReadOpts; readonly handle?: object }): Socket {
  return new Socket(options as unknown as SocketConstructorOpts)
}

class TcpStream implements ByteStream {
  readonly remote: Endpoint
  /** For the constructor of the socket that `start` will get. */
  readonly onread: OnReadOpts
  #socket: Socket | undefined
  #handler: ByteStreamHandler | undefined
  #failure: Error | undefined
  /** Nothing more goes up but onClose. */
  #isClosed = false
  /** Some write could not be sent at once: onDrain is owed. */
  #isQueued = false
  #isPaused = false
  #endLimit: NodeJS.Timeout | undefined

  constructor(remote: Endpoint) {
    this.remote = remote
    this.onread = {
      buffer: receiveBuffer,
      callback: (count) => {
        countReceived(count)
        this.#receive(receiveBuffer.subarray(0, count))
        return true
      },
    }
  }

  start(socket: Socket, attach: AttachHandler, receive: ReceiveMode): void {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('error', (error) => {
      this.#failure ??= error
    })
    socket.once('close', () => {
      this.#finish()
    })
    socket.once('end', () => {
      this.close()
    })
    try {
      this.#handler = attach(this)
    } catch (error) {
      this.close()
      throw error
    }
    if (receive === 'shared') return
    socket.on('data', (chunk: Buffer) => {
      this.#receive(chunk)
    })
    if (!this.#isPaused) socket.resume()
  }

  get bufferedBytes(): number {
    return this.#socket?.writableLength ?? 0
  }

  write(bytes: Buffer): boolean {
    const socket = this.#socket
    if (socket === undefined || this.#isClosed) return false
    socket.write(bytes, this.#onWritten)
    if (socket.writableLength === 0) return true
    this.#isQueued = true
    return false
  }

  cork(): void {
    this.#socket?.cork()
  }

  uncork(): void {
    this.#socket?.uncork()
  }

  pause(): void {
    this.#isPaused = true
    this.#socket?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#socket?.resume()
  }

  end(): void {
    if (this.#isClosed) return
    this.#isClosed = true // what comes is read, and dropped
    this.#isPaused = false
    this.#socket?.resume()
    this.#socket?.end()
    this.#endLimit = setTimeout(() => {
      this.close()
    }, END_LIMIT_MS).unref()
  }

  close(): void {
    this.#isClosed = true
    this.#socket?.destroy()
  }

  /** Runs a callback of our owner; what it throws closes the stream. */
  guard(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error))
      this.close()
    }
  }

  #receive(bytes: Buffer): void {
    if (this.#isClosed) return
    try {
      this.#handler?.onBytes(bytes)
    } catch (error) {
      this.guard(() => {
        throw error
      })
    }
  }

  /** One function for all writes: Node then batches its calls. */
  readonly #onWritten = (): void => {
    if (!this.#isQueued || this.#isClosed || this.bufferedBytes > 0) return
    this.#isQueued = false
    this.guard(() => this.#handler?.onDrain())
  }

  #finish(): void {
    this.#isClosed = true
    clearTimeout(this.#endLimit)
    const handler = this.#handler
    this.#handler = undefined
    try {
      handler?.onClose(this.#failure)
    } catch {
      // The last call, and the stream is gone: there is nobody left to tell.
    }
  }
}

/**
 * Moves the operating system's connection from the socket that Node made to one that reads into the shared buffer.
 * @returns undefined when this Node does not allow it; `accepted` is then as before
 */
function moveHandle(accepted: Socket, onread: OnReadOpts): Socket | undefined {
  const holder = accepted as unknown as { _handle?: { readStart?: unknown; reading?: unknown } | null }
  const handle = holder._handle
  if (typeof handle?.readStart !== 'function') return undefined
  holder._handle = null
  let moved: Socket
  try {
    moved = socketWith({ handle, onread })
  } catch {
    // This Node wants its handles otherwise.
    holder._handle = handle
    return undefined
  }
  accepted.on('error', () => undefined)
  accepted.destroy() // the empty shell: the server stops counting it
  return moved
}

function remoteOf({ remoteAddress = '0.0.0.0', remotePort = 0 }: Socket): Endpoint {
  // A dual-stack listener sees IPv4 peers as ::ffff:a.b.c.d.
  const isMapped = remoteAddress.startsWith('::ffff:') && remoteAddress.includes('.')
  return { host: isMapped ? remoteAddress.slice('::ffff:'.length) : remoteAddress, port: remotePort }
}
