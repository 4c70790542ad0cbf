/** Path planning: whatever the names, safe and distinct paths, or an InputError. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, open, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve, sep } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { InputError } from '../../src/common/errors.ts'
import { PathPlanner } from '../../src/metainfo/safe-path.ts'

type RawPath = readonly Buffer[]

const UNSAFE = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff\\/]/u

/** Short alphabets make collisions likely; the rest is what attackers, and people, put in names. */
const element: fc.Arbitrary<Buffer> = fc
  .oneof(
    {
      weight: 4,
      arbitrary: fc.string({
        unit: fc.constantFrom('a', 'A', '.', '1', 'é', 'e\u0301', '\u200b'),
        maxLength: 4,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        'a.1',
        'A.1',
        'a.txt',
        'A.TXT',
        'a.1.txt',
        'CON',
        'C:\\x',
        '..\\x',
        'ß',
        'SS',
      ),
    },
    fc.constantFrom(
      '..',
      '.',
      '',
      'a/b',
      '/',
      'a\0b',
      '\x1b[2J',
      '\u202e',
      'x'.repeat(300),
      `${'あ'.repeat(99)}.mkv`,
    ),
    fc.string({ unit: 'binary', maxLength: 6 }),
  )
  .map((text) => Buffer.from(text))
const anyElement = fc.oneof(
  { weight: 9, arbitrary: element },
  fc.uint8Array({ minLength: 1, maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
)
const anyPaths = fc.array(fc.array(anyElement, { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 8,
})

/** Plans as much of the list as is not refused. */
function plan(
  name: Buffer,
  paths: readonly RawPath[],
): { planner: PathPlanner; planned: (readonly string[])[] } {
  const planner = new PathPlanner(name, 'nameless')
  const planned: (readonly string[])[] = []
  for (const path of paths) {
    try {
      planned.push(planner.place(path, 'path'))
    } catch (error) {
      assert.ok(error instanceof InputError, String(error))
    }
  }
  return { planner, planned }
}

function fold(text: string): string {
  return text.normalize('NFC').toLowerCase()
}

test('every planned path is safe and stays below the root', () => {
  fc.assert(
    fc.property(anyPaths, (paths) => {
      for (const path of plan(Buffer.from('root'), paths).planned) {
        assert.ok(resolve('/out', ...path).startsWith(`/out${sep}root${sep}`))
        for (const part of path) {
          assert.ok(part !== '.' && part !== '..' && !UNSAFE.test(part), JSON.stringify(part))
          assert.ok(Buffer.byteLength(part) >= 1 && Buffer.byteLength(part) <= 255)
        }
      }
    }),
    { numRuns: 800 },
  )
})

test('planned paths are distinct, and no file is a directory, whatever the file system ignores', () => {
  fc.assert(
    fc.property(anyPaths, (paths) => {
      const { planned } = plan(Buffer.from('root'), paths)
      const files = new Set(planned.map((path) => fold(path.join('/'))))
      assert.equal(files.size, planned.length)
      for (const path of planned) {
        for (let depth = 1; depth < path.length; depth++) {
          assert.ok(!files.has(fold(path.slice(0, depth).join('/'))), 'a directory is not a file')
        }
      }
    }),
    { numRuns: 800 },
  )
})

test('planning what was planned changes nothing', () => {
  fc.assert(
    fc.property(anyElement, anyPaths, (name, paths) => {
      let first: ReturnType<typeof plan>
      try {
        first = plan(name, paths)
      } catch (error) {
        assert.ok(error instanceof InputError, String(error))
        return
      }
      const asRaw = first.planned.map((path) => path.slice(1).map((part) => Buffer.from(part)))
      const second = plan(Buffer.from(first.planner.name), asRaw)
      assert.deepEqual(second.planned, first.planned)
      assert.deepEqual(second.planner.renames, [])
    }),
    { numRuns: 800 },
  )
})

test('a rename is told whenever a path is not the one in the torrent', () => {
  fc.assert(
    fc.property(fc.array(anyElement, { minLength: 1, maxLength: 3 }), (path) => {
      const { planner, planned } = plan(Buffer.from('root'), [path])
      if (planned[0] === undefined) return
      const isSame = Buffer.from(planned[0].slice(1).join('/')).equals(Buffer.from(joinRaw(path)))
      assert.equal(planner.renames.length > 0, !isSame)
    }),
    { numRuns: 500 },
  )
})

function joinRaw(path: RawPath): Buffer {
  return Buffer.concat(path.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from('/'), part])))
}

test('every planned path can be made on a real file system, and nothing else appears', async () => {
  const root = await mkdtemp(join(tmpdir(), 'torrent-dl-paths-'))
  let run = 0
  try {
    await fc.assert(
      fc.asyncProperty(anyPaths, async (paths) => {
        run += 1
        const directory = join(root, String(run))
        const { planned } = plan(Buffer.from('root'), paths)
        for (const path of planned) await makeFile(join(directory, ...path))
        const made = planned.length === 0 ? [] : await filesBelow(directory)
        assert.deepEqual(made, planned.map((path) => path.join('/')).sort())
      }),
      { numRuns: 40 },
    )
    assert.ok((await readdir(root)).every((name) => Number(name) <= run))
  } finally {
    await rm(root, { recursive: true })
  }
})

async function makeFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const file = await open(path, 'wx')
  await file.close()
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return files.map((path) => path.slice(directory.length + 1)).sort()
}
