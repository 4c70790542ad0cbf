/**
 * A peer that does just what a test tells it to. It listens on 127.0.0.1 or dials, shakes hands, notes every message,
 * and sends what it is told. Its bytes are put together here, not by the code under test.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'

export interface Message {
  readonly id: number
  readonly payload: Buffer
}

export interface RequestedBlock {
  readonly piece: number
  readonly offset: number
  readonly length: number
}

export interface ScriptedPeerOptions {
  /** 20 bytes */
  readonly infoHash: Buffer
  /** 12 characters, for a peer id of its own. */
  readonly name?: string
  /** Reserved bits 6-8 as hex; default: Fast (BEP 6) only. */
  readonly reserved?: string
  /** Address to dial from; default any. */
  readonly localAddress?: string
  /** Called for each message of the other side, in order. */
  readonly onMessage?: (peer: ScriptedPeer, message: Message) => void
}

const ID = {
  choke: 0,
  unchoke: 1,
  interested: 2,
  notInterested: 3,
  have: 4,
  bitfield: 5,
  request: 6,
  piece: 7,
  cancel: 8,
  haveAll: 14,
  haveNone: 15,
  reject: 16,
  extended: 20,
}

export class ScriptedPeer {
  readonly #options: ScriptedPeerOptions
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #socket: Socket | undefined
  #pending = Buffer.alloc(0)
  #hasHandshake = false
  #hasSentHandshake = false
  readonly received: Message[] = []
  /** Connections that ended. */
  closedCount = 0

  private constructor(options: ScriptedPeerOptions) {
    this.#options = options
    this.#server = createServer((socket) => {
      this.#accept(socket)
    })
  }

  static async listen(options: ScriptedPeerOptions): Promise<ScriptedPeer> {
    const peer = new ScriptedPeer(options)
    peer.#server.listen(0, '127.0.0.1')
    await once(peer.#server, 'listening')
    return peer
  }

  /** Dials a client of ours. */
  static async dial(port: number, options: ScriptedPeerOptions): Promise<ScriptedPeer> {
    const peer = new ScriptedPeer(options)
    const { localAddress } = options
    const socket = connect({ port, host: '127.0.0.1', ...(localAddress !== undefined && { localAddress }) })
    await once(socket, 'connect')
    peer.#accept(socket)
    peer.sendRaw(peer.#handshake())
    peer.#hasSentHandshake = true
    return peer
  }

  get endpoint(): { host: string; port: number } {
    const address = this.#server.address()
    return { host: '127.0.0.1', port: typeof address === 'object' && address !== null ? address.port : 0 }
  }

  get isConnected(): boolean {
    return this.#socket !== undefined
  }

  /** Requests received so far, in order. */
  get requests(): RequestedBlock[] {
    return this.received.filter(({ id }) => id === ID.request).map(({ payload }) => readRange(payload))
  }

  count(id: keyof typeof ID): number {
    return this.received.filter((message) => message.id === ID[id]).length
  }

  send(id: keyof typeof ID, payload: Buffer = Buffer.alloc(0)): void {
    const head = Buffer.alloc(5)
    head.writeUInt32BE(1 + payload.length)
    head.writeUInt8(ID[id], 4)
    this.sendRaw(Buffer.concat([head, payload]))
  }

  sendRaw(bytes: Buffer): void {
    this.#socket?.write(bytes)
  }

  sendRange(id: 'request' | 'cancel', { piece, offset, length }: RequestedBlock): void {
    const payload = Buffer.alloc(12)
    payload.writeUInt32BE(piece)
    payload.writeUInt32BE(offset, 4)
    payload.writeUInt32BE(length, 8)
    this.send(id, payload)
  }

  /** Blocks received so far. */
  get blocks(): { piece: number; offset: number; data: Buffer }[] {
    return this.received
      .filter(({ id }) => id === ID.piece)
      .map(({ payload }) => ({
        piece: payload.readUInt32BE(0),
        offset: payload.readUInt32BE(4),
        data: payload.subarray(8),
      }))
  }

  sendBlock({ piece, offset, length }: RequestedBlock, data: Buffer): void {
    const head = Buffer.alloc(8)
    head.writeUInt32BE(piece)
    head.writeUInt32BE(offset, 4)
    this.send('piece', Buffer.concat([head, data.subarray(0, length)]))
  }

  /** BEP 10. @param id 0: the handshake */
  sendExtended(id: number, payload: Buffer | string): void {
    this.send('extended', Buffer.concat([Buffer.from([id]), Buffer.from(payload)]))
  }

  /** Payloads of the extended messages with this id, in order. */
  extended(id: number): Buffer[] {
    return this.received
      .filter((message) => message.id === ID.extended && message.payload[0] === id)
      .map(({ payload }) => payload.subarray(1))
  }

  /** Ends the connection it has; the next one may come. */
  hangUp(): void {
    this.#socket?.destroy()
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    this.#socket = socket
    this.#pending = Buffer.alloc(0)
    this.#hasHandshake = false
    socket.on('data', (bytes) => {
      this.#onBytes(bytes)
    })
    socket.on('error', () => undefined) // a reset ends in 'close' too
    socket.on('close', () => {
      this.#sockets.delete(socket)
      if (this.#socket === socket) this.#socket = undefined
      this.closedCount++
    })
  }

  #onBytes(bytes: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, bytes])
    if (!this.#hasHandshake) {
      if (this.#pending.length < 68) return
      this.#pending = this.#pending.subarray(68)
      this.#hasHandshake = true
      if (!this.#hasSentHandshake) this.sendRaw(this.#handshake())
      this.#options.onMessage?.(this, { id: -1, payload: Buffer.alloc(0) })
    }
    while (this.#pending.length >= 4 && this.#pending.length >= 4 + this.#pending.readUInt32BE()) {
      const length = this.#pending.readUInt32BE()
      if (length > 0) this.#onMessage(this.#pending.subarray(4, 4 + length))
      this.#pending = this.#pending.subarray(4 + length)
    }
  }

  #onMessage(frame: Buffer): void {
    const message = { id: frame.readUInt8(), payload: Buffer.from(frame.subarray(1)) }
    this.received.push(message)
    this.#options.onMessage?.(this, message)
  }

  #handshake(): Buffer {
    const name = (this.#options.name ?? 'scripted').padEnd(12, '-').slice(0, 12)
    return Buffer.concat([
      Buffer.from('\x13BitTorrent protocol', 'latin1'),
      Buffer.from(`0000000000${this.#options.reserved ?? '000004'}`, 'hex'),
      this.#options.infoHash,
      Buffer.from(`-SP0001-${name}`, 'latin1'),
    ])
  }
}

/** Of request, cancel and reject payloads. */
export function readRange(payload: Buffer): RequestedBlock {
  return { piece: payload.readUInt32BE(0), offset: payload.readUInt32BE(4), length: payload.readUInt32BE(8) }
}

/** The message that a handler sees first: the handshake is done. */
export const isHandshake = ({ id }: Message): boolean => id === -1

export const isRequest = ({ id }: Message): boolean => id === ID.request
