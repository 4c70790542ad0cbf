/** What a torrent is made of, in which order, and what no torrent can be made of. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { InputError, StorageError } from '../../../src/common/errors.ts'
import { createTorrent } from '../../../src/storage/create-torrent.ts'
import type { CreateOptions } from '../../../src/storage/create-torrent.ts'
import { HashPool } from '../../../src/storage/hash-pool.ts'
import { hashPieces, makeTorrent, pseudoRandom } from '../../support/make-torrent.ts'
import { temporaryDirectory } from '../../support/storage-fixture.ts'

const NOBODY = 65_534

type Tree = Readonly<Record<string, string | Buffer>>

/** @returns the path of a directory `tree` with these files */
async function write(context: TestContext, tree: Tree): Promise<string> {
  const root = join(await temporaryDirectory(context), 'tree')
  mkdirSync(root)
  for (const [path, data] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), data)
  }
  return root
}

async function pathsOf(root: string, options?: CreateOptions): Promise<string[]> {
  const { metainfo } = await createTorrent(root, options)
  return metainfo.files.map(({ path }) => path.slice(1).join('/'))
}

function failsWith(type: typeof InputError | typeof StorageError, code: string, message: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof type, String(error))
    assert.equal(error.code, code)
    assert.match(error.message, message)
    return true
  }
}

test('names are compared byte by byte, directory by directory', async (context) => {
  const names = ['a.b', 'a/b', 'a-1', 'a/a/c', 'B', 'c', 'é', 'Z/z', '.hidden', '\u{10000}', '\uffee']
  const root = await write(context, Object.fromEntries(names.map((name) => [name, 'x'])))
  assert.deepEqual(await pathsOf(root), [
    '.hidden',
    'B',
    'Z/z',
    'a/a/c',
    'a/b',
    'a-1',
    'a.b',
    'c',
    'é',
    '\uffee',
    '\u{10000}',
  ])
})

test('the bytes depend on nothing but names and contents', async (context) => {
  const files = Object.fromEntries(
    Array.from({ length: 60 }, (_, i) => [`d${i % 7}/${i % 3}/f${i}`, pseudoRandom(i + 1)(i * 997)]),
  )
  const first = await write(context, files)
  const second = await write(context, Object.fromEntries(Object.entries(files).toReversed()))
  utimesSync(join(second, 'd0/0/f0'), 1, 1)
  chmodSync(join(second, 'd0/0/f0'), 0o755)
  const one = await createTorrent(first)
  const other = await createTorrent(second)
  assert.deepEqual(one.bytes, other.bytes)
  const threads = new HashPool({ maxThreads: 2, bytesPerThread: 1, mainPlaces: 0 })
  assert.deepEqual((await createTorrent(first, { pool: threads })).bytes, one.bytes)
})

test('it is the torrent of these files', async (context) => {
  const data = pseudoRandom(3)(200_000)
  const root = await write(context, { a: data.subarray(0, 70_000), 'b/c': '', d: data.subarray(70_000) })
  const { metainfo, bytes, notices } = await createTorrent(root, { pieceBytes: 32_768 })
  const expected = makeTorrent({
    name: 'tree',
    files: [
      { path: 'a', data: data.subarray(0, 70_000) },
      { path: 'b/c', length: 0 },
      { path: 'd', data: data.subarray(70_000) },
    ],
  })
  assert.deepEqual(bytes, expected.bytes)
  assert.deepEqual(metainfo.infoHash, expected.metainfo.infoHash)
  assert.deepEqual(notices, [])
})

test('a file alone, a directory with one file, and another name', async (context) => {
  const root = await write(context, { one: 'abc' })
  const file = await createTorrent(join(root, 'one'))
  assert.equal(file.metainfo.isSingleFile, true)
  assert.equal(file.metainfo.name, 'one')
  const directory = await createTorrent(`${root}/.`)
  assert.equal(directory.metainfo.isSingleFile, false)
  assert.equal(directory.metainfo.name, 'tree')
  const named = await createTorrent(root, { name: 'x' })
  assert.deepEqual(named.metainfo.files[0]?.path, ['x', 'one'])
  assert.deepEqual(file.metainfo.pieceHashes, hashPieces(Buffer.from('abc'), 16_384))
})

test('the executable bit is noted when it is asked for', async (context) => {
  const root = await write(context, { run: 'x', text: 'y' })
  chmodSync(join(root, 'run'), 0o755)
  const flags = async (keepsExecutable: boolean): Promise<boolean[]> =>
    (await createTorrent(root, { keepsExecutable })).metainfo.files.map(({ isExecutable }) => isExecutable)
  assert.deepEqual(await flags(true), [true, false])
  assert.deepEqual(await flags(false), [false, false])
})

test('what is excluded is not even looked at', async (context) => {
  const root = await write(context, { 'keep/a': 'x', 'skip/b': 'y' })
  execFileSync('mkfifo', [join(root, 'pipe')])
  const asked: string[] = []
  const paths = await pathsOf(root, {
    excludes(path, isDirectory) {
      asked.push(isDirectory ? `${path}/` : path)
      return path === 'skip' || path === 'pipe'
    },
  })
  assert.deepEqual(paths, ['keep/a'])
  assert.deepEqual(asked, ['keep/', 'keep/a', 'pipe', 'skip/'])
})

test('files that are being written to are left out, with a word', async (context) => {
  const root = await write(context, { a: 'x', 'own.torrent': 'y' })
  const { metainfo, notices } = await createTorrent(root, {
    ownFiles: [statSync(join(root, 'own.torrent'), { bigint: true })],
  })
  assert.equal(metainfo.files.length, 1)
  assert.deepEqual(notices, ['left out, it is being written: own.torrent'])
})

test('links inside the tree are followed, others only when that is asked for', async (context) => {
  const root = await write(context, { 'a/x': 'data', 'b/y': 'z' })
  symlinkSync('../a', join(root, 'b/in'))
  symlinkSync('a/x', join(root, 'file'))
  assert.deepEqual(await pathsOf(root), ['a/x', 'b/in/x', 'b/y', 'file'])
  writeFileSync(join(root, '../secret'), 'private')
  symlinkSync('../secret', join(root, 'out'))
  await assert.rejects(
    createTorrent(root),
    failsWith(
      InputError,
      'INPUT_LINK',
      /tree\/out is a symbolic link that leads out of the tree, to .*secret: --follow-links/,
    ),
  )
  assert.deepEqual(await pathsOf(root, { followsLinks: true }), ['a/x', 'b/in/x', 'b/y', 'file', 'out'])
})

test('links to nothing, in a circle or to where they lie are refused', async (context) => {
  for (const [target, message] of [
    ['nothing', /to something that is not there/],
    ['link', /leads in a circle/],
    ['.', /to a directory that it lies in/],
  ] as const) {
    const root = await write(context, { a: 'x' })
    symlinkSync(target, join(root, 'link'))
    for (const followsLinks of [false, true])
      await assert.rejects(
        createTorrent(root, { followsLinks }),
        failsWith(InputError, 'INPUT_LINK', message),
      )
  }
})

test('the path itself may be a link', async (context) => {
  const root = await write(context, { a: 'x' })
  symlinkSync('tree', join(root, '../link'))
  const { metainfo } = await createTorrent(join(root, '../link'))
  assert.deepEqual(metainfo.files[0]?.path, ['link', 'a'])
})

test('FIFOs and sockets are refused by name', async (context) => {
  const root = await write(context, { a: 'x' })
  execFileSync('mkfifo', [join(root, 'pipe')])
  const refused = failsWith(
    InputError,
    'INPUT_NOT_A_FILE',
    /pipe is a FIFO, which no torrent can hold: --exclude/,
  )
  await assert.rejects(createTorrent(root), refused)
  await assert.rejects(createTorrent(join(root, 'pipe')), refused)
  unlinkSync(join(root, 'pipe'))
  const server = createServer().listen(join(root, 's'))
  context.after(() => server.close())
  await assert.rejects(createTorrent(root), failsWith(InputError, 'INPUT_NOT_A_FILE', /s is a socket/))
})

test('no file, no torrent', async (context) => {
  const root = await write(context, {})
  mkdirSync(join(root, 'empty'))
  await assert.rejects(createTorrent(root), failsWith(InputError, 'INPUT_EMPTY', /there is no file in it/))
  writeFileSync(join(root, 'a'), 'x')
  const excludes = (): boolean => true
  await assert.rejects(
    createTorrent(root, { excludes }),
    failsWith(InputError, 'INPUT_EMPTY', /everything in it is excluded/),
  )
  await assert.rejects(
    createTorrent(join(root, 'nothing')),
    failsWith(InputError, 'INPUT_UNREADABLE', /cannot read .*nothing: no such file or directory/),
  )
})

test('empty directories are left out with a word; empty files are kept', async (context) => {
  const root = await write(context, { 'a/empty': '', b: 'x' })
  mkdirSync(join(root, 'c/d'), { recursive: true })
  const { metainfo, notices } = await createTorrent(root)
  assert.deepEqual(
    metainfo.files.map(({ lengthBytes }) => lengthBytes),
    [0, 1],
  )
  assert.deepEqual(notices, ['empty directory left out, a torrent holds only files: c/d'])
  assert.match((await createTorrent(join(root, 'a'))).notices.join(), /many clients refuse/)
})

test('names that are not UTF-8 are refused, and can be excluded', async (context) => {
  const root = await write(context, { a: 'x' })
  writeFileSync(Buffer.concat([Buffer.from(`${root}/caf`), Buffer.from([0xe9])]), 'y')
  await assert.rejects(
    createTorrent(root),
    failsWith(InputError, 'INPUT_NAME', /not valid UTF-8.*\(caf\\xe9\)/),
  )
  assert.deepEqual(await pathsOf(root, { excludes: (path) => path.startsWith('caf') }), ['a'])
})

test('what may not be read is named', async (context) => {
  const root = await write(context, { a: 'x' })
  chmodSync(join(root, 'a'), 0)
  chmodSync(dirname(root), 0o755)
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(NOBODY) // root may read everything
  try {
    await assert.rejects(
      createTorrent(root),
      // The directory itself where the one for temporary files is root's alone.
      failsWith(InputError, 'INPUT_UNREADABLE', /\/(a|tree): permission denied/),
    )
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
})

test('a file that changes while it is hashed ends it', async (context) => {
  const changes: readonly (readonly [how: RegExp, change: (path: string) => void])[] = [
    [
      /a changed while/,
      (path) => {
        writeFileSync(path, 'other bytes!')
      },
    ],
    [/a was removed while/, unlinkSync],
    [
      /a changed while/,
      (path) => {
        writeFileSync(`${path}.new`, 'same length!')
        renameSync(`${path}.new`, path)
      },
    ],
  ]
  for (const [how, change] of changes) {
    const root = await write(context, { a: 'some bytes!!', b: 'more' })
    let isChanged = false
    const onProgress = (): void => {
      if (!isChanged) change(join(root, 'a'))
      isChanged = true
    }
    await assert.rejects(createTorrent(root, { onProgress }), failsWith(StorageError, 'FILE_CHANGED', how))
  }
})

test('it can be stopped, and then nothing is read any more', async (context) => {
  const root = await write(context, { a: Buffer.alloc(8 << 20) })
  const stopping = new AbortController()
  const reason = new Error('enough')
  const onProgress = (): void => {
    stopping.abort(reason)
  }
  await assert.rejects(createTorrent(root, { onProgress, signal: stopping.signal }), reason)
})

test('progress ends with all of it', async (context) => {
  const root = await write(context, { a: Buffer.alloc(3 << 20), b: 'x' })
  const seen: (readonly [number, number])[] = []
  await createTorrent(root, { onProgress: (done, total) => seen.push([done, total]) })
  assert.ok(seen.length > 1)
  assert.deepEqual(seen.at(-1), [(3 << 20) + 1, (3 << 20) + 1])
})

test('what would be too much for a torrent is refused', async (context) => {
  const root = await write(context, { a: Buffer.alloc(10) })
  const deep = Array.from({ length: 101 }, () => 'd').join('/')
  mkdirSync(join(root, deep), { recursive: true })
  writeFileSync(join(root, deep, 'f'), 'x')
  await assert.rejects(
    createTorrent(root),
    failsWith(InputError, 'TORRENT_PATH_DEPTH', /^cannot make a torrent of .*tree: /),
  )
})
