/** The port that peers reach us on. */
import type { AttachHandler, ByteStream } from './byte-stream.ts'
import type { ReceiveMode } from './tcp-stream.ts'
import type { Server, Socket } from 'node:net'
import { UsageError, systemCodeOf } from '../common/errors.ts'
import { whyNotListening } from '../common/listen-failure.ts'
import { acceptTcp } from './tcp-stream.ts'
import { createServer } from 'node:net'

/** Where to listen, and who hears of whom it brings. */
export interface ListenOptions {
  /** Tried in turn; 0 to 0 takes any free port. */
  readonly ports: { readonly first: number; readonly last: number }
  /** The IP addresses to listen on, one port for all; without them everywhere, of both families where there are both. */
  readonly hosts?: readonly string[] | undefined
  /** Called for each accepted connection; when it throws, the connection is closed. */
  readonly attach: AttachHandler
  /** Open at one time; more are closed at once. */
  readonly maxConnections?: number | undefined
  /** What went wrong while listening: an exception of `attach`, no descriptors left. Listening goes on. */
  readonly onError?: ((error: unknown) => void) | undefined
  readonly receive?: ReceiveMode | undefined
}

/** The system's reasons to try the next port. */
const TAKEN = new Set(['EADDRINUSE', 'EACCES'])
const BACKLOG = 128
/** Attempts to find one number that is free on every address. */
const PORT_TRIES = 10

/** An open port. */
export class TcpListener {
  readonly #options: ListenOptions
  readonly #servers: Server[] = []
  readonly #streams = new Set<ByteStream>()

  /** @throws UsageError LISTEN_PORT_TAKEN, LISTEN_FAILED */
  static async open(options: ListenOptions): Promise<TcpListener> {
    const { first, last } = options.ports
    let failure: unknown
    for (let port = first; port <= last; port++) {
      try {
        return await TcpListener.#listen(options, port)
      } catch (error) {
        failure = error
        if (!TAKEN.has(systemCodeOf(error) ?? '')) break
      }
    }
    throw listenError(options, failure)
  }

  static async #listen(options: ListenOptions, port: number): Promise<TcpListener> {
    const [first, ...others] = options.hosts ?? [undefined]
    for (let attempt = 1; ; attempt++) {
      const listener = new TcpListener(options)
      try {
        await listener.#add(first, port)
        for (const host of others) await listener.#add(host, listener.port)
        return listener
      } catch (error) {
        await listener.close()
        const isRetriable = port === 0 && systemCodeOf(error) === 'EADDRINUSE' && attempt < PORT_TRIES
        if (!isRetriable) throw error
      }
    }
  }

  private constructor(options: ListenOptions) {
    this.#options = options
  }

  /** 0 before it listens. */
  get port(): number {
    const address = this.#servers[0]?.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  async #add(host: string | undefined, port: number): Promise<void> {
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      accept(socket, this.#options, this.#streams)
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      // Without a host Node binds both families through one socket, or IPv4 alone where there is no IPv6. Naming '::'
      // would be the same, and cost it 3 ms to find out that this is an address.
      server.listen({ host, port, backlog: BACKLOG, ipv6Only: host !== undefined }, resolve)
    })
    server.removeAllListeners('error')
    server.on('error', (error) => this.#options.onError?.(error))
    this.#servers.push(server)
  }

  /** Connections that were accepted here and are open. */
  get connectionCount(): number {
    return this.#streams.size
  }

  /** Frees the port and closes every connection that was accepted on it. Never rejects. */
  async close(): Promise<void> {
    const closed = this.#servers.map(
      async (server) =>
        new Promise<void>((resolve) => {
          server.close(() => {
            resolve() // an error only says that it was closed before
          })
        }),
    )
    for (const stream of [...this.#streams]) stream.close()
    await Promise.all(closed)
  }
}

function accept(socket: Socket, options: ListenOptions, streams: Set<ByteStream>): void {
  if (streams.size >= (options.maxConnections ?? Infinity)) {
    socket.on('error', () => undefined) // refused: how it ends is of no interest
    socket.destroy()
    return
  }
  const attach: AttachHandler = (stream) => {
    const handler = options.attach(stream)
    streams.add(stream)
    return {
      onBytes: (bytes) => {
        handler.onBytes(bytes)
      },
      onDrain: () => {
        handler.onDrain()
      },
      onClose: (error) => {
        streams.delete(stream)
        handler.onClose(error)
      },
    }
  }
  try {
    acceptTcp(socket, attach, options.receive)
  } catch (error) {
    options.onError?.(error)
  }
}

function listenError({ ports: { first, last }, hosts }: ListenOptions, cause: unknown): UsageError {
  const range = first === last ? `port ${first}` : `ports ${first}-${last}`
  const where = `${range} of ${hosts?.join(' and ') ?? 'all addresses'}`
  const reason = whyNotListening(cause)
  if (systemCodeOf(cause) === 'EADDRINUSE')
    return new UsageError('LISTEN_PORT_TAKEN', `${where}: ${reason}`, { cause })
  return new UsageError('LISTEN_FAILED', `cannot listen on ${where}: ${reason}`, { cause })
}
