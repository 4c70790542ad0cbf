/** Local service discovery between sessions of this machine, over its own interface (lo) alone. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, beforeEach, test } from 'node:test'
import { joinMulticast } from '../../src/net/multicast.ts'
import type { MulticastSockets } from '../../src/net/multicast.ts'
import { encodeLocalSearch, decodeLocalSearch, LOCAL_GROUPS } from '../../src/wire/local-search.ts'
import { assertNothingOpen } from '../support/leaks.ts'
import { makeTorrent, type MadeTorrent } from '../support/make-torrent.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'
import { Swarm, type Client } from '../support/swarm.ts'
import { waitUntil } from '../support/wait-until.ts'

const LO = { group: LOCAL_GROUPS.v4, address: '127.0.0.1', interfaceName: 'lo' }
const NAMED = { session: { usesLsd: true } }

let swarm: Swarm
/** What anybody on this machine announced: other runs of these tests may, too. */
let heard: { port: number; infoHashes: readonly string[] }[]
let ear: MulticastSockets

beforeEach(async () => {
  swarm = await Swarm.make()
  heard = []
  ear = await joinMulticast([LO], {
    onPacket: (bytes) => heard.push(decodeLocalSearch(bytes)!),
    onError: () => undefined,
  })
})

afterEach(async () => {
  ear.close()
  await swarm.close()
})

after(assertNothingOpen)

/** Nobody else has it: other runs speak to the same group. */
function madeHere(test: string, isPrivate = false): MadeTorrent {
  const name = `${test}-${process.pid}`
  return makeTorrent({ name, files: [{ path: name, length: 300_000 }], private: isPrivate })
}

async function seed(made: MadeTorrent): Promise<Client> {
  const directory = swarm.directory('seed')
  await made.writeTo(directory)
  const client = await swarm.join(made.metainfo, { name: 'seed', ...NAMED })
  await client.complete
  return client
}

const isAnnounced =
  (made: MadeTorrent, { session }: Client) =>
  (): boolean => {
    const infoHash = made.metainfo.infoHash.toString('hex')
    return heard.some((one) => one.port === session.listenPort && one.infoHashes.includes(infoHash))
  }

test('a seed that was there before calls whoever comes, without any tracker', async () => {
  const made = madeHere('before')
  const seeding = await seed(made)
  await waitUntil(isAnnounced(made, seeding), 'announced')
  const client = await swarm.join(made.metainfo, NAMED)
  await client.complete
  assert.ok((await readFile(join(client.directory, `before-${process.pid}`))).equals(made.data))
  await waitUntil(isAnnounced(made, client), 'announced')
})

test('a download that was there before calls a seed that comes', async () => {
  const made = madeHere('later')
  const client = await swarm.join(made.metainfo, NAMED)
  await waitUntil(isAnnounced(made, client), 'announced')
  await seed(made)
  await client.complete
  assert.equal(client.torrent.snapshot().peers.fromLocalNetwork, 1)
})

test('two downloads find each other', async () => {
  const made = madeHere('both')
  const [one, two] = [await swarm.join(made.metainfo, NAMED), await swarm.join(made.metainfo, NAMED)]
  await waitUntil(
    () => one.torrent.snapshot().peers.connected === 1 && two.torrent.snapshot().peers.connected === 1,
    'each has the other',
  )
})

test('nobody has it: no source, five seconds after the question', async () => {
  const made = madeHere('nobody')
  const client = await swarm.join(made.metainfo, NAMED)
  const { code, message } = await client.failed
  assert.equal(code, 'NO_SOURCE')
  assert.match(message, /nobody on the local network has it/)
  assert.ok(isAnnounced(made, client)())
})

test('a private torrent is not announced, and nobody is called for it', async () => {
  const made = madeHere('private', true)
  const marker = madeHere('marker')
  const { infoHash } = made.metainfo
  const neighbour = await ScriptedPeer.listen({ infoHash })
  const tracker = ['udp://127.0.0.1:9/announce']
  const client = await swarm.join({ ...made.metainfo, trackerTiers: [tracker] }, NAMED)
  const infoHashes = [infoHash.toString('hex')]
  const search = encodeLocalSearch(LOCAL_GROUPS.v4, { port: neighbour.endpoint.port, infoHashes })
  try {
    // An announce of another torrent that was started later: by then the private one would have been announced.
    const other = await swarm.join(marker.metainfo, NAMED)
    await waitUntil(isAnnounced(marker, other), 'announced')
    ear.send(ear.places[0]!, search)
    await waitUntil(() => heard.some((one) => one.port === neighbour.endpoint.port), 'heard')
    assert.equal(isAnnounced(made, client)(), false)
    assert.equal(client.torrent.snapshot().peers.known, 0)
    assert.equal(client.torrent.snapshot().asksLocalNetwork, undefined)
    assert.equal(neighbour.isConnected, false)
  } finally {
    await neighbour.close()
  }
})

test('unless it is asked for, nothing is announced', async () => {
  const made = madeHere('quiet')
  const marker = madeHere('marker')
  const quiet = await swarm.join({ ...made.metainfo, trackerTiers: [['udp://127.0.0.1:9/announce']] })
  const other = await swarm.join(marker.metainfo, NAMED)
  await waitUntil(isAnnounced(marker, other), 'announced')
  assert.equal(isAnnounced(made, quiet)(), false)
})
