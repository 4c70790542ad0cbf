/** Whatever the tree: what is made can be read back, is in order, and is the torrent of these bytes. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { createTorrent } from '../../src/storage/create-torrent.ts'
import { makeTorrent, pseudoRandom } from '../support/make-torrent.ts'
import { temporaryDirectory } from '../support/storage-fixture.ts'

/** A file's length, or a directory's names. */
type Node = number | { readonly [name: string]: Node }

// Names that begin one another, with characters before and after the slash.
const name = fc.string({
  unit: fc.constantFrom('a', 'b', '-', '.', '0', 'é', '\u{1f600}', '\uff5e'),
  minLength: 1,
  maxLength: 3,
})
const { tree } = fc.letrec<{ tree: Node; node: Node }>((tie) => ({
  node: fc.oneof({ maxDepth: 4, depthSize: 'small' }, fc.integer({ min: 0, max: 40_000 }), tie('tree')),
  tree: fc.dictionary(
    name.filter((text) => text !== '.' && text !== '..'),
    tie('node'),
    { maxKeys: 5 },
  ),
}))

/** In the order that docs/create.md states. */
function* filesOf(node: Node, path: readonly string[] = []): Generator<readonly [string, number]> {
  if (typeof node === 'number') {
    yield [path.join('/'), node]
    return
  }
  const names = Object.keys(node).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  for (const child of names) yield* filesOf(node[child]!, [...path, child])
}

function write(node: Node, path: string, data: (length: number) => Buffer): void {
  if (typeof node === 'number') {
    writeFileSync(path, data(node))
    return
  }
  mkdirSync(path)
  for (const [child, value] of Object.entries(node)) write(value, join(path, child), data)
}

test('a tree gives the torrent of its files, in order', async (context) => {
  const root = await temporaryDirectory(context)
  let run = 0
  const random = pseudoRandom(1)(40_000)
  const data = (length: number): Buffer => random.subarray(0, length)
  await fc.assert(
    fc.asyncProperty(tree, async (node) => {
      const files = [...filesOf(node)].map(([path, length]) => ({ path, data: data(length) }))
      fc.pre(files.length > 0)
      const path = join(root, String(run++))
      write(node, path, data)
      const { bytes } = await createTorrent(path, { name: 'made', pieceBytes: 32_768 })
      assert.ok(bytes.equals(makeTorrent({ name: 'made', files }).bytes))
    }),
    { numRuns: 150 },
  )
})
