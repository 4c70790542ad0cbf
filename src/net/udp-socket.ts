/**
 * Datagrams. With multicast.ts the only file that knows node:dgram: sockets that the kernel keeps to one remote address (UDP trackers)
 * and sockets that serve everybody (our own tracker). IPv4 addresses that arrive on an IPv6 socket look like IPv4.
 */
import { createSocket } from 'node:dgram'
import { formatEndpoint, type Endpoint } from '../common/endpoint.ts'

export interface UdpHandler {
  /** @param bytes the datagram; the receiver may keep it */
  onPacket(bytes: Buffer, from: Endpoint): void
  /** `ECONNREFUSED` of a closed port, no route, no descriptor left... The socket may go on working. */
  onError(error: Error): void
}

/** A socket that talks to one address. */
export interface ConnectedUdpSocket {
  /** Failures go to `onError`. */
  send(bytes: Buffer): void
  /** No call reaches the handler afterwards. Calling it again does nothing. */
  close(): void
}

/** A socket that talks to anybody. */
export interface BoundUdpSocket {
  /** Where it listens. */
  readonly local: Endpoint
  /** Failures go to `onError`. */
  send(bytes: Buffer, to: Endpoint): void
  /** No call reaches the handler afterwards. Calling it again does nothing. */
  close(): void
}

/** Datagrams kept while the socket is still being connected, which takes one turn of the event loop. */
const MAX_QUEUED_PACKETS = 16
/** Asked of the kernel for a socket that serves everybody, which gives as much as it may. */
const RECEIVE_BYTES = 4 * 2 ** 20
const MAX_SEND_QUEUE_BYTES = 2 ** 20
/** A family's share of `::ffff:a.b.c.d`, the IPv4-mapped form. */
const MAPPED_PREFIX = '::ffff:'

/**
 * A socket that sends to `remote` alone and hears nobody else: the kernel drops what comes from elsewhere.
 * @param localAddress to send from, of remote's family; without it the system chooses
 */
export function connectUdp(remote: Endpoint, handler: UdpHandler, localAddress?: string): ConnectedUdpSocket {
  const socket = createSocket(remote.host.includes(':') ? 'udp6' : 'udp4')
  const queued: Buffer[] = []
  let state: 'connecting' | 'open' | 'closed' = 'connecting'
  const onError = (error: Error | null | undefined): void => {
    if (error && state !== 'closed') handler.onError(error)
  }
  const send = (bytes: Buffer): void => {
    socket.send(bytes, onError)
  }
  socket.on('error', onError)
  socket.on('message', (bytes) => {
    if (state !== 'closed') handler.onPacket(bytes, remote)
  })
  socket.once('connect', () => {
    if (state === 'closed') return
    state = 'open'
    for (const bytes of queued.splice(0)) send(bytes)
  })
  if (localAddress !== undefined) socket.bind({ address: localAddress, port: 0, exclusive: true })
  socket.connect(remote.port, remote.host)
  return {
    send(bytes) {
      if (state === 'open') send(bytes)
      else if (state === 'connecting' && queued.length < MAX_QUEUED_PACKETS) queued.push(bytes)
    },
    close() {
      if (state === 'closed') return
      state = 'closed'
      socket.close()
    },
  }
}

/**
 * A socket that listens on `local` (port 0: any free one). On `::` it serves IPv4 too, unless `isV6Only`. What the
 * kernel does not take at once waits, a mebibyte of it at the most: more is lost, as datagrams may be.
 * @throws Error a Node system error (`EADDRINUSE`...)
 */
export async function bindUdp(
  local: Endpoint,
  handler: UdpHandler,
  { isV6Only = false }: { readonly isV6Only?: boolean } = {},
): Promise<BoundUdpSocket> {
  const isV6 = local.host.includes(':')
  const type = isV6 ? 'udp6' : 'udp4'
  const socket = createSocket({ type, ipv6Only: isV6Only, lookup: literally, recvBufferSize: RECEIVE_BYTES })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(local.port, local.host, () => {
      socket.off('error', reject)
      resolve()
    })
  })
  const { address, port } = socket.address()
  let isClosed = false
  const onError = (error: Error | null | undefined): void => {
    if (error && !isClosed) handler.onError(error)
  }
  socket.on('error', onError)
  socket.on('message', (bytes, from) => {
    if (!isClosed) handler.onPacket(bytes, { host: withoutMapping(from.address), port: from.port })
  })
  return {
    local: { host: withoutMapping(address), port },
    send(bytes, to) {
      if (isClosed || socket.getSendQueueSize() > MAX_SEND_QUEUE_BYTES) return
      const host = isV6 && !to.host.includes(':') ? MAPPED_PREFIX + to.host : to.host
      try {
        socket.send(bytes, to.port, host, onError)
      } catch (error) {
        // A datagram may come from port 0, and Node sends none there.
        onError(new Error(`cannot send to ${formatEndpoint(to)}`, { cause: error }))
      }
    },
    close() {
      if (isClosed) return
      isClosed = true
      socket.close()
    },
  }
}

/** Hosts are addresses here: Node's own lookup would make each datagram wait a turn of the event loop. */
function literally(
  host: string,
  _options: unknown,
  done: (error: null, address: string, family: number) => void,
): void {
  done(null, host, host.includes(':') ? 6 : 4)
}

function withoutMapping(host: string): string {
  return host.startsWith(MAPPED_PREFIX) && host.includes('.') ? host.slice(MAPPED_PREFIX.length) : host
}
