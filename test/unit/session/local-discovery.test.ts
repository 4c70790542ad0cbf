import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatEndpoint } from '../../../src/common/endpoint.ts'
import type { Endpoint } from '../../../src/common/endpoint.ts'
import { LocalAddresses } from '../../../src/common/local-addresses.ts'
import { silentLog } from '../../../src/common/log.ts'
import type { joinMulticast, MulticastPlace } from '../../../src/net/multicast.ts'
import type { UdpHandler } from '../../../src/net/udp-socket.ts'
import { LocalDiscovery } from '../../../src/session/local-discovery.ts'
import { decodeLocalSearch, encodeLocalSearch, LOCAL_GROUPS } from '../../../src/wire/local-search.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const INTERFACES = {
  eth0: [
    {
      address: '10.0.0.5',
      netmask: '255.255.255.0',
      internal: false,
      family: 'IPv4',
      mac: '00:00:00:00:00:00',
      cidr: null,
    },
  ],
} as const
const OURS = 'ours'

interface Rig {
  readonly clock: FakeClock
  readonly discovery: LocalDiscovery
  /** What was announced: time since the start in seconds, and the last two digits of each info-hash. */
  readonly announces: string[]
  readonly open: () => number
  readonly hear: (bytes: Buffer, from?: string) => void
}

function makeRig({ canJoin = true }: { canJoin?: boolean } = {}): Rig {
  const clock = new FakeClock()
  const startMs = clock.now()
  const announces: string[] = []
  const handlers = new Set<UdpHandler>()
  const join: typeof joinMulticast = async (places, handler) => {
    await Promise.resolve()
    handlers.add(handler)
    return {
      places: canJoin ? places : [],
      send(_place: MulticastPlace, bytes: Buffer) {
        const hashes = decodeLocalSearch(bytes)?.infoHashes.map((hash) => hash.slice(-2))
        announces.push(`${(clock.now() - startMs) / 1000} ${hashes?.join(',')}`)
      },
      close: () => handlers.delete(handler),
    }
  }
  const discovery = new LocalDiscovery({
    clock,
    log: silentLog,
    local: LocalAddresses.any,
    listenPort: () => 6881,
    cookie: OURS,
    interfaces: () => INTERFACES,
    join,
  })
  return {
    clock,
    discovery,
    announces,
    open: () => handlers.size,
    hear: (bytes, from = '10.0.0.9') => {
      for (const handler of handlers) handler.onPacket(bytes, { host: from, port: 1 })
    },
  }
}

const hashOf = (number: number): Buffer => Buffer.alloc(20, number)
const hexOf = (number: number): string => hashOf(number).toString('hex')
const announceOf = (numbers: readonly number[], cookie?: string): Buffer =>
  encodeLocalSearch(LOCAL_GROUPS.v4, { port: 7000, infoHashes: numbers.map(hexOf), cookie })

const ignore = (): undefined => undefined

test('a torrent is announced at its start, after a minute, and every five minutes', async () => {
  const { clock, discovery, announces } = makeRig()
  discovery.join(hashOf(1), ignore)
  assert.deepEqual(announces, [], 'nothing stands before the first dial')
  await clock.advance(700_000)
  assert.deepEqual(announces, ['0.1 01', '60.1 01', '360.1 01', '660.1 01'])
})

test('torrents that start together are announced together', async () => {
  const { clock, discovery, announces } = makeRig()
  for (let i = 1; i <= 25; i++) discovery.join(hashOf(i), ignore)
  await clock.advance(1_000)
  assert.deepEqual(
    announces.map((line) => line.split(',').length),
    [20, 5],
  )
})

test('of torrents one after the other no more is announced than five and one a minute', async () => {
  const { clock, discovery, announces } = makeRig()
  for (let i = 1; i <= 50; i++) {
    discovery.join(hashOf(i), ignore)
    await clock.advance(12_000)
  }
  await clock.advance(3_000_000)
  assert.ok(announces.length <= 5 + 3_600 / 60, `${announces.length}`)
  assert.equal(new Set(announces.flatMap((line) => line.split(' ')[1]!.split(','))).size, 50)
})

test('of more torrents than the local network may be told of each has its turn', async () => {
  const { clock, discovery, announces } = makeRig()
  const count = 200
  for (let i = 1; i <= count; i++) discovery.join(hashOf(i), ignore)
  await clock.advance(1_200_000)
  assert.equal(new Set(announces.flatMap((line) => line.split(' ')[1]!.split(','))).size, count)
})

test('sockets are there while a torrent is', async () => {
  const { clock, discovery, open, announces } = makeRig()
  assert.equal(open(), 0)
  const [one, two] = [discovery.join(hashOf(1), ignore), discovery.join(hashOf(2), ignore)]
  await clock.advance(200)
  assert.equal(open(), 1)
  one.leave()
  assert.equal(open(), 1)
  two.leave()
  two.leave()
  assert.equal(open(), 0)
  assert.equal(clock.timerCount, 0)
  discovery.join(hashOf(3), ignore)
  await clock.advance(200)
  assert.equal(open(), 1)
  assert.deepEqual(announces, ['0.1 01,02', '0.3 03'])
})

test('a torrent that is over before anything was opened opens nothing', async () => {
  const { clock, discovery, open, announces } = makeRig()
  discovery.join(hashOf(1), ignore).leave()
  await clock.advance(1_000)
  assert.equal(open(), 0)
  assert.deepEqual(announces, [])
})

test('who announces one of our torrents is told to it: the address it came from, the port it names', async () => {
  const { clock, discovery, hear } = makeRig()
  const found: string[] = []
  const note = (name: string) => (endpoint: Endpoint) => found.push(`${name} ${formatEndpoint(endpoint)}`)
  discovery.join(hashOf(1), note('one'))
  const two = discovery.join(hashOf(2), note('two'))
  await clock.advance(200)
  hear(announceOf([3, 1, 2]))
  hear(announceOf([1], 'theirs'), '10.0.0.8')
  assert.deepEqual(found, ['one 10.0.0.9:7000', 'two 10.0.0.9:7000', 'one 10.0.0.8:7000'])
  two.leave()
  hear(announceOf([2]))
  assert.equal(found.length, 3)
})

test('our own announce, what is none and what comes from elsewhere count for nothing', async () => {
  const { clock, discovery, hear } = makeRig()
  const found: Endpoint[] = []
  discovery.join(hashOf(1), (endpoint) => found.push(endpoint))
  await clock.advance(200)
  hear(announceOf([1], OURS))
  hear(announceOf([1]), '80.1.1.1')
  hear(announceOf([1]), '2001:db8::1')
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(60_000, 'x'), Buffer.from('BT-SEARCH * HTTP/1.1\r\n')])
    hear(bytes)
  assert.deepEqual(found, [])
})

test('a flood of one host does not drown another', async () => {
  const { clock, discovery, hear } = makeRig()
  const hosts = new Map<string, number>()
  discovery.join(hashOf(1), ({ host }) => hosts.set(host, (hosts.get(host) ?? 0) + 1))
  await clock.advance(200)
  for (let i = 0; i < 10_000; i++) hear(announceOf([1]), '10.0.0.66')
  hear(announceOf([1]), '10.0.0.7')
  assert.deepEqual([...hosts], [['10.0.0.66', 20], ['10.0.0.7', 1]]) // prettier-ignore
})

test('whoever has the torrent has five seconds to answer', async () => {
  const { clock, discovery } = makeRig()
  const membership = discovery.join(hashOf(1), ignore)
  assert.equal(membership.mayAnswer, true)
  await clock.advance(5_000)
  assert.equal(membership.mayAnswer, true)
  await clock.advance(100)
  assert.equal(membership.mayAnswer, false)
  await clock.advance(60_000)
  assert.equal(membership.mayAnswer, false, 'the second announce does not begin it anew')
})

test('nobody is waited for where nothing can be joined, and it is tried again', async () => {
  const { clock, discovery, announces, open } = makeRig({ canJoin: false })
  const membership = discovery.join(hashOf(1), ignore)
  await clock.advance(200)
  assert.equal(membership.mayAnswer, false)
  assert.equal(open(), 0)
  assert.ok((clock.nextInMs ?? 0) > 50_000)
  assert.deepEqual(announces, [])
  membership.leave()
  assert.equal(clock.timerCount, 0)
})
