/** Whom we tell of whom, and whom we would call: decided for peers at addresses that no test can connect from. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Endpoint } from '../../../src/common/endpoint.ts'
import { formatEndpoint } from '../../../src/common/endpoint.ts'
import { silentLog } from '../../../src/common/log.ts'
import { PeerPool } from '../../../src/swarm/peer-pool.ts'
import type { Peer } from '../../../src/torrent/peer.ts'
import { PeerExchange } from '../../../src/torrent/peer-exchange.ts'
import type { TorrentContext } from '../../../src/torrent/torrent-context.ts'
import { decodePex, encodePex, PexFlag } from '../../../src/wire/pex.ts'
import type { PexMessage } from '../../../src/wire/pex.ts'
import { FakeClock } from '../../support/fake-clock.ts'

interface FakePeer {
  readonly peer: Peer
  readonly told: PexMessage[]
}

interface FakePeerOptions {
  readonly isInbound?: boolean
  readonly listenPort?: number
  readonly isSeed?: boolean
  /** Default: it takes part. */
  readonly hasPex?: boolean
}

class Rig {
  readonly clock = new FakeClock()
  readonly pool = new PeerPool({ random: Math.random })
  readonly pex: PeerExchange
  state: 'downloading' | 'complete' = 'downloading'
  readonly #peers = new Set<Peer>()

  constructor(isOurs: (endpoint: Endpoint) => boolean = () => false) {
    this.pex = new PeerExchange(isOurs)
  }

  get #context(): TorrentContext {
    const { clock, pool, state } = this
    const context = { clock, pool, state, peers: this.#peers, log: silentLog }
    return context as unknown as TorrentContext
  }

  add(host: string, port: number, options: FakePeerOptions = {}): FakePeer {
    const told: PexMessage[] = []
    const connection = {
      endpoint: { host, port },
      isInbound: options.isInbound ?? false,
      connectedAtMs: this.clock.now(),
      extension: {
        m: new Map(options.hasPex === false ? [] : [['ut_pex', 7]]),
        listenPort: options.listenPort,
      },
      extended: (id: number, payload: Buffer) => {
        assert.equal(id, 7)
        told.push(decodePex(payload))
      },
    }
    const peer = { endpoint: connection.endpoint, connection, isSeed: options.isSeed ?? false }
    const fake = { peer: peer as unknown as Peer, told }
    this.#peers.add(fake.peer)
    return fake
  }

  remove({ peer }: FakePeer): void {
    this.#peers.delete(peer)
  }

  async seconds(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      await this.clock.advance(1_000)
      this.pex.onSecond(this.#context, this.clock.now())
    }
  }

  say({ peer }: FakePeer, ...hosts: readonly string[]): void {
    const added = hosts.map((text) => {
      const colon = text.lastIndexOf(':')
      const host = text.slice(0, colon).replace(/^\[|\]$/g, '')
      return { endpoint: { host, port: Number(text.slice(colon + 1)) }, flags: 0 }
    })
    this.pex.onMessage(this.#context, peer, encodePex({ added, dropped: [] }))
  }

  dialable(): string[] {
    const found: string[] = []
    for (let one = this.pool.takeDialable(0); one !== undefined; one = this.pool.takeDialable(0)) {
      found.push(formatEndpoint(one))
    }
    return found.sort()
  }
}

const addedTo = ({ told }: FakePeer): string[] =>
  told.flatMap(({ added }) => added.map(({ endpoint }) => formatEndpoint(endpoint))).sort()

test('each peer is told of the others, not of itself, with what is known of them', async () => {
  const rig = new Rig()
  const dialled = rig.add('80.1.1.1', 6881, { isSeed: true })
  const caller = rig.add('80.1.1.2', 50_000, { isInbound: true, listenPort: 6882 })
  await rig.seconds(5)
  assert.deepEqual(dialled.told, [
    { added: [{ endpoint: { host: '80.1.1.2', port: 6882 }, flags: 0 }], dropped: [] },
  ])
  assert.deepEqual(caller.told, [
    {
      added: [
        { endpoint: { host: '80.1.1.1', port: 6881 }, flags: PexFlag.uploadOnly | PexFlag.isReachable },
      ],
      dropped: [],
    },
  ])
})

test('a caller that does not say where it listens, and ports of services, are not passed on', async () => {
  const rig = new Rig()
  const one = rig.add('80.1.1.1', 6881)
  rig.add('80.1.1.2', 50_000, { isInbound: true })
  rig.add('80.1.1.3', 50_000, { isInbound: true, listenPort: 80 })
  rig.add('80.1.1.4', 443)
  await rig.seconds(5)
  assert.deepEqual(addedTo(one), [])
})

test('who does not take part is told nothing, and others are told of it', async () => {
  const rig = new Rig()
  const one = rig.add('80.1.1.1', 6881)
  const mute = rig.add('80.1.1.2', 6881, { hasPex: false })
  await rig.seconds(5)
  assert.deepEqual(addedTo(one), ['80.1.1.2:6881'])
  assert.deepEqual(mute.told, [])
})

test('nobody is told of addresses inside our network or machine that it is not part of', async () => {
  const rig = new Rig()
  const stranger = rig.add('80.1.1.1', 6881)
  const neighbour = rig.add('192.168.1.7', 6881)
  const program = rig.add('127.0.0.1', 6882)
  rig.add('fe80::1', 6881)
  await rig.seconds(5)
  assert.deepEqual(addedTo(stranger), [])
  assert.deepEqual(addedTo(neighbour), ['80.1.1.1:6881'])
  assert.deepEqual(addedTo(program), ['192.168.1.7:6881', '80.1.1.1:6881'])
})

test('changes are told once a minute, and what is not told cannot be dropped', async () => {
  const rig = new Rig()
  const one = rig.add('80.1.1.1', 6881)
  const two = rig.add('80.1.1.2', 6881)
  await rig.seconds(5)
  assert.equal(one.told.length, 1)
  const brief = rig.add('80.1.1.3', 6881)
  rig.remove(two)
  await rig.seconds(30)
  assert.equal(one.told.length, 1)
  rig.remove(brief)
  await rig.seconds(30)
  assert.deepEqual(one.told[1], { added: [], dropped: [{ host: '80.1.1.2', port: 6881 }] })
  await rig.seconds(600)
  assert.equal(one.told.length, 2, 'no news, no message')
})

test('of many peers 50 are told at a time, and all in the end', async () => {
  const rig = new Rig()
  const one = rig.add('80.1.1.1', 6881)
  const others = Array.from({ length: 120 }, (_, i) => rig.add(`81.0.0.${i}`, 6881, { hasPex: false }))
  await rig.seconds(200)
  assert.deepEqual(
    one.told.map(({ added }) => added.length),
    [50, 50, 20],
  )
  for (const other of others) rig.remove(other)
  await rig.seconds(200)
  assert.deepEqual(
    one.told.slice(3).map(({ dropped }) => dropped.length),
    [50, 50, 20],
  )
})

test('a public peer leads us nowhere inside, and to no service', () => {
  const rig = new Rig(({ host, port }) => host === '80.9.9.9' && port === 6881)
  const stranger = rig.add('80.1.1.1', 6881)
  rig.say(
    stranger,
    ...['127.0.0.1:6881', '192.168.1.1:6881', '169.254.1.1:6881', '[fe80::1]:6881', '[::1]:6881'],
    ...['80.2.2.2:80', '80.2.2.3:22', '0.0.0.0:6881', '224.0.0.1:6881', '80.9.9.9:6881', '80.1.1.1:6881'],
    '80.5.5.5:6881',
  )
  assert.deepEqual(rig.dialable(), ['80.5.5.5:6881'])
})

test('a peer of our network names its own kind', () => {
  const rig = new Rig()
  rig.say(rig.add('10.0.0.1', 6881), '10.0.0.2:6881', '80.5.5.5:6881', '127.0.0.1:6881')
  assert.deepEqual(rig.dialable(), ['10.0.0.2:6881', '80.5.5.5:6881'])
})

test('a peer that called us is not called back, wherever it is named', () => {
  const rig = new Rig()
  rig.add('80.1.1.2', 50_000, { isInbound: true, listenPort: 6882 })
  rig.say(rig.add('80.1.1.1', 6881), '80.1.1.2:6882')
  assert.deepEqual(rig.dialable(), [])
})

test('many ports of one public host are one address', () => {
  const rig = new Rig()
  rig.say(rig.add('80.1.1.1', 6881), ...Array.from({ length: 50 }, (_, i) => `80.7.7.7:${2_000 + i}`))
  assert.deepEqual(rig.dialable(), ['80.7.7.7:2000'])
})

test('one source adds 200 addresses in ten minutes, however long it talks', async () => {
  const rig = new Rig()
  const stranger = rig.add('80.1.1.1', 6881)
  for (let minute = 0; minute < 9; minute++) {
    rig.say(stranger, ...Array.from({ length: 50 }, (_, i) => `81.0.${minute}.${i}:6881`))
    await rig.seconds(60)
  }
  assert.equal(rig.pool.countOf('pex'), 200)
})

test('three messages a minute are read, the seventh is a flood', () => {
  const rig = new Rig()
  const stranger = rig.add('80.1.1.1', 6881)
  for (let i = 1; i <= 6; i++) rig.say(stranger, `80.2.2.${i}:6881`)
  assert.deepEqual(rig.dialable(), ['80.2.2.1:6881', '80.2.2.2:6881', '80.2.2.3:6881'])
  assert.throws(() => {
    rig.say(stranger, '80.2.2.7:6881')
  }, { code: 'PEER_FLOOD' }) // prettier-ignore
})

test('a seed calls nobody on hearsay', () => {
  const rig = new Rig()
  rig.state = 'complete'
  rig.say(rig.add('80.1.1.1', 6881), '80.5.5.5:6881')
  assert.deepEqual(rig.dialable(), [])
})
