/**
 * Datagrams to and from a group of hosts of the local network. With udp-socket.ts the only file that knows node:dgram.
 * One socket a group hears what comes by any of our interfaces; each interface has a socket of its own for sending.
 * Other programs of this machine may listen beside us. Nothing here keeps the process alive.
 */
import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import type { Endpoint } from '../common/endpoint.ts'
import { messageOf } from '../common/errors.ts'
import type { UdpHandler } from './udp-socket.ts'

/** One of our interfaces in one group. */
export interface MulticastPlace {
  readonly group: Endpoint
  /** Of the interface: what is sent comes from it. Of the group's family. */
  readonly address: string
  /** The interface's name. */
  readonly interfaceName: string
}

export interface MulticastSockets {
  /** The places that could be joined. */
  readonly places: readonly MulticastPlace[]
  /** Failures go to `onError`. */
  send(place: MulticastPlace, bytes: Buffer): void
  /** No call reaches the handler afterwards. Calling it again does nothing. */
  close(): void
}

/** Routers do not pass it on. */
const TTL = 1

/** Joins wherever it can; what cannot be joined is told to `onError`. Never rejects. */
export async function joinMulticast(
  places: readonly MulticastPlace[],
  handler: UdpHandler,
): Promise<MulticastSockets> {
  let isClosed = false
  const guarded: UdpHandler = {
    onPacket: (bytes, from) => {
      if (!isClosed) handler.onPacket(bytes, from)
    },
    onError: (error) => {
      if (!isClosed) handler.onError(error)
    },
  }
  const sockets: Socket[] = []
  const senders = new Map<MulticastPlace, Socket>()
  for (const group of new Set(places.map((place) => place.group))) {
    const joined = await join(
      places.filter((place) => place.group === group),
      guarded,
    )
    sockets.push(...joined.sockets)
    for (const [place, socket] of joined.senders) senders.set(place, socket)
  }
  return {
    places: [...senders.keys()],
    send(place, bytes) {
      if (isClosed) return
      senders.get(place)?.send(bytes, place.group.port, place.group.host, (error) => {
        if (error !== null) guarded.onError(error)
      })
    },
    close() {
      if (isClosed) return
      isClosed = true
      for (const socket of sockets) socket.close()
    },
  }
}

interface Joined {
  readonly sockets: readonly Socket[]
  readonly senders: ReadonlyMap<MulticastPlace, Socket>
}

/** The places of one group, at least one. */
async function join(places: readonly MulticastPlace[], handler: UdpHandler): Promise<Joined> {
  const senders = new Map<MulticastPlace, Socket>()
  const [{ group }] = places as [MulticastPlace]
  // Bound to the group, it hears what is sent to the group and nothing else.
  const receiver = await open(group, true, handler)
  if (receiver === undefined) return { sockets: [], senders }
  receiver.on('message', (bytes, { address, port }) => {
    handler.onPacket(bytes, { host: address, port })
  })
  const sockets = [receiver]
  for (const place of places) {
    const sender = await open({ host: withZone(place), port: 0 }, false, handler)
    if (sender === undefined) continue
    sockets.push(sender)
    try {
      receiver.addMembership(group.host, multicastInterface(place))
      sender.setMulticastInterface(multicastInterface(place))
      sender.setMulticastTTL(TTL)
      sender.setMulticastLoopback(true)
      senders.set(place, sender)
    } catch (error) {
      handler.onError(
        new Error(`cannot join on ${place.interfaceName}: ${messageOf(error)}`, { cause: error }),
      )
    }
  }
  return { sockets, senders }
}

/** @returns undefined when the system refuses, which `onError` was told */
async function open(
  { host, port }: Endpoint,
  isShared: boolean,
  handler: UdpHandler,
): Promise<Socket | undefined> {
  const type = host.includes(':') ? 'udp6' : 'udp4'
  const socket = createSocket(
    type === 'udp6' ? { type, reuseAddr: isShared, ipv6Only: true } : { type, reuseAddr: isShared },
  )
  const isBound = await new Promise<boolean>((resolve) => {
    socket.on('error', (error) => {
      handler.onError(error)
      resolve(false)
    })
    socket.bind({ address: host, port, exclusive: true }, () => {
      resolve(true)
    })
  })
  if (isBound) return socket.unref()
  socket.close()
  return undefined
}

/** How the system wants the interface named: by its address, IPv6 by its name. */
function multicastInterface({ address, interfaceName }: MulticastPlace): string {
  return address.includes(':') ? `::%${interfaceName}` : address
}

/** A link-local address means nothing without its interface. */
function withZone({ address, interfaceName }: MulticastPlace): string {
  return /^fe[89ab]/i.test(address) && !address.includes('%') ? `${address}%${interfaceName}` : address
}
