/** What the blocklist and our own addresses mean for who gets in, over real sockets. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, test } from 'node:test'
import { systemClock } from '../../src/common/clock.ts'
import { LocalAddresses } from '../../src/common/local-addresses.ts'
import type { Settings } from '../../src/session/settings.ts'
import { Session } from '../../src/session/session.ts'
import { BlocklistReader } from '../../src/swarm/blocklist-reader.ts'
import { TrackerServer } from '../../src/tracker/tracker-server.ts'
import { assertNothingOpen } from '../support/leaks.ts'
import { makeTorrent } from '../support/make-torrent.ts'
import { Swarm } from '../support/swarm.ts'
import { until } from './tracker/loopback.ts'

const sessions: Session[] = []

afterEach(async () => {
  await Promise.all(sessions.splice(0).map(async (session) => session.close()))
})

after(assertNothingOpen)

/** A session without torrents. @returns its port, and the codes with which it turned callers away */
async function listen(settings: Partial<Settings>): Promise<{ port: number; refusals: string[] }> {
  const refusals: string[] = []
  const session = await Session.open(
    {
      listenPorts: { first: 0, last: 0 },
      local: LocalAddresses.any,
      maxPeers: 10,
      stateDirectory: join(tmpdir(), 'torrent-dl-never-made'),
      ...settings,
    },
    {
      clock: systemClock,
      log: (_level, _scope, message) => refusals.push(/\[(\w+)\]$/.exec(message)?.[1] ?? message),
    },
  )
  sessions.push(session)
  return { port: session.listenPort, refusals }
}

const HANDSHAKE = Buffer.concat([Buffer.from('\x13BitTorrent protocol'), Buffer.alloc(48, 'x')])

/** Shakes hands for a torrent that nobody has. @returns when it has ended: the system's error, if that is why */
async function call(host: string, port: number, localAddress: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let code: string | undefined
    const socket = connect({ host, port, localAddress }, () => socket.write(HANDSHAKE))
    socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code))
    socket.once('close', () => {
      resolve(code)
    })
    socket.resume()
  })
}

test('a caller from the blocklist is hung up on unheard, others are not', async () => {
  const reader = new BlocklistReader()
  reader.push(Buffer.from('127.0.0.3\n'))
  const { port, refusals } = await listen({ blocklist: reader.finish().ranges })
  await call('127.0.0.1', port, '127.0.0.3')
  assert.deepEqual(refusals, ['PEER_BLOCKED'])
  await call('127.0.0.1', port, '127.0.0.4')
  assert.deepEqual(refusals, ['PEER_BLOCKED', 'PEER_UNKNOWN_TORRENT'])
})

test('with an address of our own, nobody reaches us at another', async () => {
  const { port, refusals } = await listen({ local: new LocalAddresses({ v4: '127.0.0.2' }) })
  assert.equal(await call('127.0.0.1', port, '127.0.0.1'), 'ECONNREFUSED')
  await call('127.0.0.2', port, '127.0.0.1')
  assert.deepEqual(refusals, ['PEER_UNKNOWN_TORRENT'])
})

test('one family alone does not listen on the other', async () => {
  const v4 = await listen({ local: new LocalAddresses({ v4: '0.0.0.0' }) })
  assert.match((await call('::1', v4.port, '::1')) ?? '', /^E/)
  await call('127.0.0.1', v4.port, '127.0.0.1')
  assert.deepEqual(v4.refusals, ['PEER_UNKNOWN_TORRENT'])
})

/** Its address goes away as soon as it listens. */
class GoneAddresses extends LocalAddresses {
  override toward(): string {
    return '192.0.2.77'
  }
}

test('when our address is gone the user is told, and nothing leaves by another', async () => {
  let packets = 0
  const onAnnounce = (): number => packets++
  const tracker = await TrackerServer.open({ host: '127.0.0.1', port: 0, intervalSeconds: 1800, onAnnounce })
  const callee = createServer(() => packets++).listen(0, '127.0.0.1')
  await once(callee, 'listening')
  const swarm = await Swarm.make()
  try {
    const { metainfo } = makeTorrent({ trackers: [[tracker.udpUrl], [tracker.httpUrl]] })
    const peer = { host: '127.0.0.1', port: (callee.address() as AddressInfo).port }
    const local = new GoneAddresses({ v4: '127.0.0.1' })
    const { torrent, warnings } = await swarm.join(metainfo, { local, peers: [peer] })
    const errors = (): string[] => torrent.snapshot().trackers.map(({ lastError }) => lastError ?? '')
    await until(() => warnings.length > 0 && errors().every((error) => error !== ''), 'everything failed')
    assert.match(warnings.join(), /^peers cannot be called: the address of --interface is gone, /)
    for (const error of errors())
      assert.match(error, /^the address of --interface is gone: cannot reach 127\./)
    assert.equal(packets, 0)
  } finally {
    await swarm.close()
    await tracker.close()
    callee.close()
  }
})
