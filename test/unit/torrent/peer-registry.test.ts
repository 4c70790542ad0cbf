import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Peer } from '../../../src/torrent/peer.ts'
import { PeerRegistry } from '../../../src/torrent/peer-registry.ts'

const ID = Buffer.alloc(20, 1)
const OWN = ['127.0.0.1', '10.0.0.5', 'fd00::5']

function registryWith(host: string): PeerRegistry {
  const peers = new PeerRegistry((address) => OWN.includes(address))
  peers.add({ key: peers.takeKey(), peerId: ID, endpoint: { host, port: 1 } } as unknown as Peer)
  return peers
}

test('a client of this machine is one client, whichever address of it is used', () => {
  for (const first of OWN) {
    for (const second of OWN) assert.ok(registryWith(first).twinOf(ID, second), `${first} and ${second}`)
  }
})

test('elsewhere an id is of the same client at the same host alone', () => {
  const peers = registryWith('10.0.0.6')
  assert.ok(peers.twinOf(ID, '10.0.0.6'))
  assert.equal(peers.twinOf(Buffer.alloc(20, 2), '10.0.0.6'), undefined)
  assert.equal(peers.twinOf(ID, '10.0.0.7'), undefined)
  assert.equal(peers.twinOf(ID, '10.0.0.5'), undefined)
  assert.equal(registryWith('127.0.0.1').twinOf(ID, '127.0.0.2'), undefined)
})
