/** Part names: whatever a torrent's files are called, no two paths are the same and all fit. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { FileEntry } from '../../src/metainfo/metainfo.ts'
import { FilePaths } from '../../src/storage/file-paths.ts'

const element = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    'a.part',
    'a.part.part',
    'A.PART',
    'x'.repeat(250),
    'x'.repeat(251),
    'x'.repeat(255),
  ),
  fc
    .string({ minLength: 1, maxLength: 60, unit: 'grapheme' })
    .filter((name) => !/[/\0]/.test(name) && !/^\.{1,2}$/.test(name)),
)

/** Files that `safe-path` would let through: no path twice (in any case), none below another. */
const torrentPaths = fc
  .uniqueArray(fc.array(element, { minLength: 1, maxLength: 3 }), { maxLength: 12, selector: fold })
  .map((paths) => paths.filter((path) => !paths.some((other) => fold(path).startsWith(`${fold(other)}/`))))

function fold(path: readonly string[]): string {
  return path.join('/').normalize('NFC').toLowerCase()
}

test('final and part names are all different, stay in their directory and fit 255 bytes', () => {
  fc.assert(
    fc.property(torrentPaths, (names) => {
      const files = names.map((path): FileEntry => {
        return { path, lengthBytes: 1, start: 0, isPadding: false, isExecutable: false, isSymlink: false }
      })
      const paths = new FilePaths(files, '/out', '/out')
      const all = files.flatMap((_, file) => [paths.finalPath(file), paths.partPath(file)])
      assert.equal(new Set(all.map((path) => path.normalize('NFC').toLowerCase())).size, all.length)
      for (const [file, { path }] of files.entries()) {
        const part = paths.partPath(file).split('/')
        assert.deepEqual(part.slice(2, -1), path.slice(0, -1))
        assert.ok(Buffer.byteLength(part.at(-1)!) <= 255)
      }
    }),
    { numRuns: 300 },
  )
})
