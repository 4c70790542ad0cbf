import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PieceIndex } from '../../../src/metainfo/geometry.ts'
import type { PageKeeper, PageWaiter, UploadPage } from '../../../src/torrent/upload-page.ts'
import { UploadMemory } from '../../../src/torrent/upload-memory.ts'
import { PAGE_BYTES } from '../../../src/torrent/upload-page.ts'
import { makeGeometry } from '../../../src/metainfo/geometry.ts'

const GEOMETRY = makeGeometry(1_000 * 65_536, 65_536)

/** Fills pages without a disk and notes which are taken from it. */
class Keeper implements PageKeeper {
  readonly evicted: number[] = []
  readonly #memory: UploadMemory

  constructor(memory: UploadMemory) {
    this.#memory = memory
  }

  onEvicted(page: UploadPage): void {
    this.evicted.push(page.number)
  }

  /** A page at rest, or undefined when there is no memory. */
  fill(number: number, need: 'now' | 'ahead' = 'now'): UploadPage | undefined {
    const page = this.#memory.take(need)
    if (page === undefined) return undefined
    page.assign(GEOMETRY, number as PieceIndex, 0)
    page.number = number
    page.keeper = this
    this.#memory.lease(page).release()
    return page
  }
}

/** Hands out all four blocks. */
function lendAll(memory: UploadMemory, page: UploadPage): UploadPage {
  page.frames(0, 4)
  return memory.lease(page)
}

const memoryOf = (pages: number): UploadMemory => new UploadMemory(pages * PAGE_BYTES)

test('no more is ever made than the budget allows', () => {
  const memory = memoryOf(3)
  const keeper = new Keeper(memory)
  for (let number = 0; number < 10; number++) assert.ok(keeper.fill(number))
  assert.equal(memory.bytes, 3 * PAGE_BYTES)
  memory.checkInvariants()
  assert.deepEqual(keeper.evicted, [0, 1, 2, 3, 4, 5, 6])
})

test('reading ahead takes no memory from pages that nobody asked for yet', () => {
  const memory = memoryOf(2)
  const keeper = new Keeper(memory)
  keeper.fill(0)
  keeper.fill(1, 'ahead')
  assert.equal(keeper.fill(2, 'ahead'), undefined)
  assert.deepEqual(keeper.evicted, [])
})

test('a page that went out whole is used again before one that did not', () => {
  const memory = memoryOf(3)
  const keeper = new Keeper(memory)
  const pages = [0, 1, 2].map((number) => keeper.fill(number)!)
  lendAll(memory, pages[1]!).release()
  assert.equal(keeper.fill(3), pages[1])
  assert.deepEqual(keeper.evicted, [1])
})

test('a page that is with a socket stays as it is', () => {
  const memory = memoryOf(2)
  const keeper = new Keeper(memory)
  const [first, second] = [0, 1].map((number) => keeper.fill(number)!)
  memory.lease(first!)
  memory.lease(first!)
  for (let number = 2; number < 5; number++) assert.equal(keeper.fill(number), second)
  memory.lease(second!)
  assert.equal(keeper.fill(5), undefined)
  first!.release()
  assert.equal(keeper.fill(5), undefined)
  first!.release()
  assert.equal(keeper.fill(5), first)
  memory.checkInvariants()
})

test('a page whose torrent is gone is free as soon as its socket lets go', () => {
  const memory = memoryOf(2)
  const keeper = new Keeper(memory)
  const page = memory.lease(keeper.fill(0)!)
  page.keeper = undefined
  page.release()
  assert.equal(memory.take('ahead'), page)
})

test('those who wait for memory get it in turn, one each', () => {
  const memory = memoryOf(2)
  const keeper = new Keeper(memory)
  const pages = [0, 1].map((number) => memory.lease(keeper.fill(number)!))
  const served: string[] = []
  const waiter = (name: string): PageWaiter => ({
    onReady: () => {
      served.push(name)
      memory.lease(keeper.fill(served.length + 1)!)
    },
    onReadFailed: () => undefined,
  })
  const left = waiter('left')
  for (const each of [waiter('a'), left, waiter('b')]) memory.wait(each)
  memory.stopWaiting(left)
  assert.deepEqual(served, [])
  pages[0]!.release()
  assert.deepEqual(served, ['a'])
  pages[1]!.release()
  assert.deepEqual(served, ['a', 'b'])
  memory.checkInvariants()
})

test('the more is with sockets, the less one peer may have; a page always', () => {
  const memory = memoryOf(256)
  const keeper = new Keeper(memory)
  assert.equal(memory.peerBytes, 512 * 1024)
  for (let number = 0; number < 240; number++) memory.lease(keeper.fill(number)!)
  assert.equal(memory.peerBytes, 2 * PAGE_BYTES)
  for (let number = 240; number < 256; number++) memory.lease(keeper.fill(number)!)
  assert.equal(memory.peerBytes, PAGE_BYTES)
})
