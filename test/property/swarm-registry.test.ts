/** The tracker's registry beside a model that is plainly right: a Map for each torrent. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { SwarmRegistry } from '../../src/tracker/swarm-registry.ts'
import { announced, countsOf, hostsOf, LIFETIME_MS, newRegistry } from '../unit/tracker/registry-setup.ts'

const MAX_PEERS = 12

interface ModelPeer {
  readonly torrent: string
  readonly host: string
  readonly id: string
  readonly isSeed: boolean
  readonly hasCompleted: boolean
  readonly heardAtMs: number
}

class Model {
  /** The longest silent first. */
  readonly peers = new Map<string, ModelPeer>()
  readonly completed = new Map<string, number>()

  announce(said: Omit<ModelPeer, 'hasCompleted' | 'heardAtMs'> & { event: string }, nowMs: number): void {
    const key = `${said.torrent} ${said.host}`
    const known = this.peers.get(key)
    if (said.event === 'stopped') {
      if (known?.id === said.id) this.peers.delete(key)
      return
    }
    if (known === undefined && this.peers.size === MAX_PEERS) this.peers.delete([...this.peers.keys()][0]!)
    const isCompletion = said.event === 'completed' && known?.hasCompleted !== true
    if (isCompletion) this.completed.set(said.torrent, (this.completed.get(said.torrent) ?? 0) + 1)
    this.peers.delete(key)
    const hasCompleted = isCompletion || known?.hasCompleted === true
    this.peers.set(key, { ...said, hasCompleted, heardAtMs: nowMs })
  }

  expire(nowMs: number): void {
    for (const [key, { heardAtMs }] of this.peers)
      if (nowMs - heardAtMs >= LIFETIME_MS) this.peers.delete(key)
  }

  of(torrent: string): ModelPeer[] {
    return [...this.peers.values()].filter((peer) => peer.torrent === torrent)
  }
}

const TORRENTS = ['a'.repeat(20), 'b'.repeat(20), '\xff\0'.repeat(10)]
const HOSTS = [
  '10.0.0.1',
  '10.0.0.2',
  '10.0.0.3',
  '10.1.0.1',
  '255.255.255.255',
  '2001:db8::1',
  '::1',
  'fd00::2',
]

const step = fc.record({
  torrent: fc.constantFrom(...TORRENTS),
  host: fc.constantFrom(...HOSTS),
  id: fc.constantFrom('x', 'y'),
  isSeed: fc.boolean(),
  event: fc.constantFrom('none' as const, 'started' as const, 'completed' as const, 'stopped' as const),
  waitMs: fc.constantFrom(0, 1, 100, 999),
})

function assertSame(registry: SwarmRegistry, model: Model, torrent: string): void {
  const members = model.of(torrent)
  const seeds = members.filter(({ isSeed }) => isSeed).length
  const completed = model.completed.get(torrent) ?? 0
  assert.deepEqual(countsOf(registry, torrent), [seeds, members.length - seeds, completed])
  for (const family of ['v4', 'v6'] as const) {
    for (const isForSeed of [false, true]) {
      const expected = members.filter(
        ({ host, isSeed }) => host.includes(':') === (family === 'v6') && !(isForSeed && isSeed),
      )
      assert.deepEqual(
        hostsOf(registry, { infoHash: torrent, family, isForSeed }),
        expected.map(({ host }) => host).toSorted(),
      )
    }
  }
}

test('after any announces it knows, names and counts whom the model does', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const registry = newRegistry({ maxPeers: MAX_PEERS })
      const model = new Model()
      let now = 0
      for (const { waitMs, ...said } of steps) {
        now += waitMs
        registry.removeExpired(now, 1000)
        model.expire(now)
        registry.announce(announced({ ...said, infoHash: said.torrent }), now)
        model.announce(said, now)
        assert.equal(registry.peerCount, model.peers.size)
        assert.equal(registry.seedCount, [...model.peers.values()].filter(({ isSeed }) => isSeed).length)
        assert.equal(
          registry.torrentCount,
          new Set([...model.peers.values()].map(({ torrent }) => torrent)).size,
        )
        for (const torrent of TORRENTS) assertSame(registry, model, torrent)
      }
    }),
    { numRuns: 150 },
  )
})
