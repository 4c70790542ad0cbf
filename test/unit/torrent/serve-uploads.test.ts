import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Peer } from '../../../src/torrent/peer.ts'
import { Bitfield } from '../../../src/common/bitfield.ts'
import { UploadQueue } from '../../../src/torrent/serve-uploads.ts'
import { makeGeometry } from '../../../src/metainfo/geometry.ts'

interface FakePeer {
  readonly peer: Peer
  readonly said: string[]
  readonly connection: { amChoking: boolean }
  readonly finishRead: (error?: Error) => void
}

/** As much of a peer as the queue looks at; reads from disk end when the test says so. */
function fakePeer(block: () => void = () => undefined): FakePeer {
  const have = new Bitfield(4)
  have.setAll()
  const said: string[] = []
  const reads: { resolve: () => void; reject: (error: Error) => void }[] = []
  const connection = {
    amChoking: false,
    supportsFast: true,
    bufferedBytes: 0,
    reject: (piece: number, offset: number, length: number) =>
      said.push(`reject ${piece} ${offset} ${length}`),
    block: (piece: number, offset: number) => {
      block()
      said.push(`block ${piece} ${offset}`)
    },
    flush: () => undefined,
    close: ({ message }: Error) => said.push(`close ${message}`),
  }
  const context = {
    metainfo: { geometry: makeGeometry(4 * 32_768, 32_768) },
    have,
    clock: { now: () => 1_000_000 },
    log: () => undefined,
    storage: {
      read: async () =>
        new Promise<void>((resolve, reject) => {
          reads.push({ resolve, reject })
        }),
    },
  }
  const peer = { context, connection, chokedAtMs: 0, isClosed: false, onUploaded: () => undefined }
  const finishRead = (error?: Error): void => {
    const read = reads.shift()
    if (error === undefined) read?.resolve()
    else read?.reject(error)
  }
  return { peer: peer as unknown as Peer, said, connection, finishRead }
}

const turn = async (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

test('requests whose data is being read when we choke the peer are rejected, as the waiting ones are', async () => {
  const { peer, said, connection, finishRead } = fakePeer()
  const queue = new UploadQueue()
  for (const offset of [0, 16_384]) queue.add(peer, { index: 1, offset, length: 16_384 })
  queue.add(peer, { index: 3, offset: 0, length: 5 })
  queue.serve(peer)
  connection.amChoking = true
  queue.clear(peer)
  finishRead()
  await turn()
  assert.deepEqual(said, ['reject 3 0 5', 'reject 1 0 16384', 'reject 1 16384 16384'])
})

test('what cannot be read is rejected', async () => {
  const { peer, said, finishRead } = fakePeer()
  const queue = new UploadQueue()
  queue.add(peer, { index: 0, offset: 0, length: 7 })
  queue.serve(peer)
  finishRead(new Error('EIO'))
  await turn()
  assert.deepEqual(said, ['reject 0 0 7'])
})

test('a mistake of ours while serving closes this peer and no more', async () => {
  const { peer, said, finishRead } = fakePeer(() => {
    throw new Error('oops')
  })
  const queue = new UploadQueue()
  queue.add(peer, { index: 0, offset: 0, length: 7 })
  queue.serve(peer)
  finishRead()
  await turn()
  assert.deepEqual(said, ['close our mistake: oops'])
})
