/**
 * Small swarms at random: clients of ours, one of them a seed, among peers that choke, reject, corrupt, hold back, leave
 * and come with more pieces. Whatever they do, everybody ends with the whole torrent, and the parts of each client agree
 * at every step. `SWARM_FUZZ_SEED=n` begins at another seed,
 * `SWARM_FUZZ_COUNT=n` runs more.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Bitfield } from '../../src/common/bitfield.ts'
import { Dialer } from '../../src/peer/dialer.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { PieceMemory } from '../../src/storage/piece-memory.ts'
import { MemoryStorage } from '../../src/storage/memory-storage.ts'
import { PeerConnection } from '../../src/peer/peer-connection.ts'
import { ScriptedPeer, isHandshake, isRequest, readRange, type Message } from '../support/scripted-peer.ts'
import { TcpListener } from '../../src/net/tcp-listener.ts'
import { Torrent } from '../../src/torrent/torrent.ts'
import { PAGE_BYTES } from '../../src/torrent/upload-page.ts'
import { UploadMemory } from '../../src/torrent/upload-memory.ts'
import { assertNothingOpen } from '../support/leaks.ts'
import { makePeerId } from '../../src/wire/peer-id.ts'
import { makeTorrent, type MadeTorrent } from '../support/make-torrent.ts'
import { sleep } from '../../src/common/clock.ts'
import { seededRandom } from '../support/picker-strings.ts'

const FIRST_SEED = Number(process.env['SWARM_FUZZ_SEED'] ?? 1)
const SWARMS = Number(process.env['SWARM_FUZZ_COUNT'] ?? 24)
const STEP_MS = 100
/** Of the torrent's time, without a new piece anywhere: then it will never come. */
const STUCK_MS = 200_000

after(assertNothingOpen)

/** A disk that takes its time, so that others are asked too. */
class SlowStorage extends MemoryStorage {
  readonly #clock: FakeClock
  readonly #delayMs: number

  constructor(made: MadeTorrent, clock: FakeClock, delayMs: number) {
    super({ metainfo: made.metainfo, data: Buffer.from(made.data) })
    this.#clock = clock
    this.#delayMs = delayMs
  }

  override async read(start: number, ...into: Buffer[]): Promise<void> {
    await sleep(this.#clock, this.#delayMs)
    await super.read(start, ...into)
  }
}

interface Client {
  readonly torrent: Torrent
  readonly listener: TcpListener
  readonly storage: MemoryStorage
  readonly errors: string[]
}

class FuzzSwarm {
  readonly clock = new FakeClock()
  readonly random: () => number
  readonly made: MadeTorrent
  readonly clients: Client[] = []
  readonly villains: ScriptedPeer[] = []
  readonly #waiting: (() => void)[] = []
  /** Shared by all clients, as by the torrents of one process. */
  readonly #uploadMemory: UploadMemory

  constructor(seed: number) {
    this.random = seededRandom(seed)
    const pieceBytes = this.choose([16_384, 30_000, 65_536, 5 * 16_384])
    const pieces = this.choose([1, 2, 9, 40, 80])
    const length = Math.max(1, pieces * pieceBytes - this.choose([0, 1, 16_383, 16_385]))
    this.made = makeTorrent({ files: [{ path: 'made', length }], pieceBytes, seed })
    this.#uploadMemory = new UploadMemory(this.choose([5, 12, 256]) * PAGE_BYTES)
  }

  choose<T>(values: readonly [T, ...T[]]): T {
    return values[Math.floor(this.random() * values.length)] ?? values[0]
  }

  chance(probability: number): boolean {
    return this.random() < probability
  }

  /** Knows the clients before it, and some villains of its own. */
  async join(storage: MemoryStorage, villainCount = 0): Promise<Client> {
    const villains: ScriptedPeer[] = []
    for (let number = 0; number < villainCount; number++) villains.push(await this.#addVillain())
    const { clock, made } = this
    const errors: string[] = []
    const log = (level: string, _scope: string, message: string): void => {
      if (level === 'error') errors.push(message)
    }
    const client: { torrent?: Torrent } = {}
    const listener = await TcpListener.open({
      ports: { first: 0, last: 0 },
      hosts: ['127.0.0.1'],
      attach: (stream) =>
        new PeerConnection({
          clock,
          log,
          isInbound: true,
          accept: (connection, peerHandshake) => {
            assert.ok(client.torrent !== undefined)
            return client.torrent.accept(connection, peerHandshake)
          },
          onFailed: () => undefined,
        }).attach(stream),
    })
    const torrent = new Torrent({
      metainfo: made.metainfo,
      clock,
      log,
      random: this.random,
      observer: {
        onState: () => undefined,
        onTracker: () => undefined,
        onFile: () => undefined,
        onComplete: () => undefined,
        onWarning: () => undefined,
        onFailed: ({ message }) => errors.push(message),
      },
      storage,
      dialer: new Dialer({ clock }),
      makeTracker: () => assert.fail('no tracker'),
      uploadMemory: this.#uploadMemory,
      peerId: makePeerId(Buffer.alloc(12, 1 + this.clients.length)),
      listenPort: listener.port,
      maxPeers: 20,
      userPeers: [
        ...this.clients.map((other) => ({ host: '127.0.0.1', port: other.listener.port })),
        ...villains.map(({ endpoint }) => endpoint),
      ],
      seedWhenComplete: true,
      pieceMemory: new PieceMemory(this.choose([1, 2, 5, 1_000]) * made.metainfo.geometry.pieceBytes),
    })
    client.torrent = torrent
    torrent.start()
    const joined = { torrent, listener, storage, errors }
    this.clients.push(joined)
    return joined
  }

  /** A peer with vices of its own. */
  async #addVillain(): Promise<ScriptedPeer> {
    const { metainfo } = this.made
    const has = new Bitfield(metainfo.geometry.pieceCount)
    for (let piece = 0; piece < has.length; piece++) if (this.chance(0.7)) has.set(piece)
    const vices = { corrupt: 0, reject: 0, withhold: 0, skip: 0, nag: 0, choke: 0, leave: 0 }
    for (const vice of Object.keys(vices) as (keyof typeof vices)[]) {
      if (this.chance(0.4)) vices[vice] = this.choose([0.02, 0.2, 0.9])
    }
    const onMessage = (peer: ScriptedPeer, message: Message): void => {
      if (isHandshake(message)) this.#introduce(peer, has)
      else if (isRequest(message)) this.#answer(peer, message.payload, vices)
      if (this.chance(vices.choke * 0.1)) peer.send(this.choose(['choke', 'unchoke'] as const))
      if (this.chance(vices.leave * 0.02)) peer.hangUp()
    }
    const name = `villain-${this.villains.length}`
    const reserved = this.choose(['000004', '000000'])
    const villain = await ScriptedPeer.listen({ infoHash: metainfo.infoHash, name, reserved, onMessage })
    this.villains.push(villain)
    if (vices.nag > 0) this.#nag(villain)
    return villain
  }

  /** An unchoke now and then, as a sign of life without a block. */
  #nag(villain: ScriptedPeer): void {
    if (this.chance(0.1)) villain.send('unchoke')
    this.#waiting.push(() => {
      this.#nag(villain)
    })
  }

  #introduce(peer: ScriptedPeer, has: Bitfield): void {
    if (this.chance(0.7)) peer.send('bitfield', has.toBytes())
    else for (const piece of has.indices()) peer.send('have', uint32(piece))
    if (this.chance(0.9)) peer.send('unchoke')
    if (this.chance(0.5)) peer.send('interested')
    this.#waiting.push(() => {
      const all = new Bitfield(has.length)
      all.setAll()
      if (this.chance(0.3)) peer.send('bitfield', all.toBytes())
      else if (this.chance(0.5)) peer.send('have', uint32(Math.floor(this.random() * has.length)))
      if (this.chance(0.3)) peer.sendRange('request', { piece: 0, offset: 0, length: 1 })
    })
  }

  #answer(
    peer: ScriptedPeer,
    payload: Buffer,
    vices: { corrupt: number; reject: number; withhold: number; skip: number },
  ): void {
    const range = readRange(payload)
    const start = range.piece * this.made.metainfo.geometry.pieceBytes + range.offset
    const data = Buffer.from(this.made.data.subarray(start, start + range.length))
    if (this.chance(vices.withhold) || (vices.skip > 0 && range.offset === 0)) return
    if (this.chance(vices.reject)) {
      peer.send('reject', payload)
      return
    }
    if (this.chance(vices.corrupt)) data.writeUInt8(data.readUInt8() ^ 1)
    const send = (): void => {
      peer.sendBlock(range, data)
    }
    if (this.chance(0.5)) send()
    else this.#waiting.push(send)
  }

  /** One step of time; of what waits some happens, in any order. */
  async step(): Promise<void> {
    for (const run of this.#waiting.splice(0)) {
      if (this.chance(0.3)) run()
      else this.#waiting.push(run)
    }
    await this.clock.advance(STEP_MS)
    for (const { torrent, errors } of this.clients) {
      torrent.checkInvariants()
      assert.deepEqual(errors, [])
    }
  }

  async close(): Promise<void> {
    await Promise.all(
      this.clients.map(async ({ torrent, listener }) => Promise.all([torrent.stop(), listener.close()])),
    )
    await Promise.all(this.villains.map(async (villain) => villain.close()))
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

async function run(swarm: FuzzSwarm): Promise<void> {
  const { made } = swarm
  await swarm.join(new SlowStorage(made, swarm.clock, swarm.choose([1, 300, 2_000, 5_000])))
  const empty = (): MemoryStorage => new MemoryStorage({ metainfo: made.metainfo })
  const leeches: Client[] = []
  for (let i = 0; i < 2; i++) leeches.push(await swarm.join(empty(), Math.floor(swarm.random() * 4)))
  const isWhole = ({ torrent }: Client): boolean => torrent.snapshot().state === 'complete'
  let doneBytes = 0
  for (let idleMs = 0; !leeches.every(isWhole); idleMs += STEP_MS) {
    const done = leeches.reduce((sum, { torrent }) => sum + torrent.snapshot().doneBytes, 0)
    if (done > doneBytes) idleMs = 0
    doneBytes = done
    assert.ok(idleMs < STUCK_MS, `stuck at ${done} of 2 x ${made.data.length} bytes`)
    await swarm.step()
  }
  for (const { storage } of leeches) {
    const got = Buffer.alloc(made.data.length)
    await storage.read(0, got)
    assert.ok(got.equals(made.data))
  }
}

for (let seed = FIRST_SEED; seed < FIRST_SEED + SWARMS; seed++) {
  test(`a random swarm ends whole (seed ${seed})`, async () => {
    const swarm = new FuzzSwarm(seed)
    try {
      await run(swarm)
    } finally {
      await swarm.close()
    }
  })
}
