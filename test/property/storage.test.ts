/** Whatever is written, killed and tampered with: a piece that storage claims is right on disk. */
import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { StorageError } from '../../src/common/errors.ts'
import type { FileStorage } from '../../src/storage/file-storage.ts'
import { makeTorrent, type MadeTorrent } from '../support/make-torrent.ts'
import {
  CheckRecorder,
  pieceBytesOf,
  piecesOf,
  StorageSite,
  temporaryDirectory,
  writePieces,
} from '../support/storage-fixture.ts'

type Action =
  | { readonly kind: 'write'; readonly pieces: readonly number[] }
  | { readonly kind: 'save' }
  | { readonly kind: 'reopen'; readonly isKilled: boolean; readonly tampers: readonly Tamper[] }

interface Tamper {
  readonly how: 'flip' | 'cut' | 'extend' | 'delete' | 'replace' | 'swap' | 'record'
  /** Chooses the file, and the place in it. */
  readonly at: number
}

const tamper = fc.record<Tamper>({
  how: fc.constantFrom('flip', 'cut', 'extend', 'delete', 'replace', 'swap', 'record'),
  at: fc.nat(),
})

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    kind: fc.constant('write' as const),
    pieces: fc.array(fc.nat(), { minLength: 1, maxLength: 5 }),
  }),
  fc.record({ kind: fc.constant('save' as const) }),
  fc.record({
    kind: fc.constant('reopen' as const),
    isKilled: fc.boolean(),
    tampers: fc.array(tamper, { maxLength: 2 }),
  }),
)

const torrent = makeTorrent({
  name: 'set',
  pieceBytes: 16_384,
  files: [
    { path: 'a', length: 40_000 },
    { path: 'empty', length: 0 },
    { path: '.pad/9152', length: 9_152, attr: 'p' },
    { path: 'd/b', length: 3_000 },
    { path: 'd/c', length: 50_000 },
  ],
})

test('after any writes, kills and tampering, claimed pieces are right, and the download ends whole', async (context) => {
  const root = await temporaryDirectory(context)
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 8 }), fc.boolean(), async (actions, usePartFiles) => {
      const site = new StorageSite(join(root, String(run++)), torrent)
      await runActions(site, actions, usePartFiles)
      await rm(join(site.output, '..'), { recursive: true })
    }),
    { numRuns: 15 },
  )
})

async function runActions(
  site: StorageSite,
  actions: readonly Action[],
  usePartFiles: boolean,
): Promise<void> {
  let { storage } = await openStorage(site, usePartFiles, false)
  let isRecordLost = false
  for (const step of [...actions, { kind: 'reopen', isKilled: false, tampers: [] } as const]) {
    if (step.kind === 'save') await storage.save()
    if (step.kind === 'write') {
      const { pieceCount } = torrent.metainfo.geometry
      await writePieces(
        storage,
        torrent,
        step.pieces.map((piece) => piece % pieceCount),
      )
    }
    if (step.kind !== 'reopen') continue
    const record = await readRecord(site)
    await storage.close()
    if (step.isKilled) await writeRecord(site, record) // what a kill before `close` would have left
    for (const tamper of step.tampers) await tamperWith(site, tamper)
    isRecordLost ||= step.tampers.some(({ how }) => how === 'record')
    const opened = await openStorage(site, usePartFiles, isRecordLost)
    storage = opened.storage
    await assertClaims(site, torrent, opened.claimed)
  }
  await writePieces(storage, torrent)
  await storage.confirm()
  await storage.close()
  const tree = await site.tree()
  assert.deepEqual([...tree.keys()], ['set/a', 'set/d/b', 'set/d/c', 'set/empty'])
  for (const [file, { path, isPadding }] of torrent.metainfo.files.entries()) {
    if (!isPadding) assert.ok(tree.get(path.join('/'))?.equals(torrent.fileData(file)), path.join('/'))
  }
}

/** Without a record our files may have to be taken for somebody else's: only then may they be in the way. */
async function openStorage(
  site: StorageSite,
  usePartFiles: boolean,
  isRecordLost: boolean,
): Promise<{ storage: FileStorage; claimed: number[] }> {
  try {
    const storage = site.storage({ usePartFiles })
    return { storage, claimed: [...(await storage.open(new CheckRecorder())).indices()] }
  } catch (error) {
    assert.ok(
      isRecordLost && error instanceof StorageError && error.code === 'FILE_IN_THE_WAY',
      String(error),
    )
    const storage = site.storage({ usePartFiles, force: true })
    return { storage, claimed: [...(await storage.open(new CheckRecorder())).indices()] }
  }
}

/** Reads the pieces from the files themselves, whatever names they have. */
async function assertClaims(site: StorageSite, made: MadeTorrent, claimed: number[]): Promise<void> {
  const data = Buffer.alloc(made.data.length)
  const tree = await site.tree()
  for (const { path, start } of made.metainfo.files) {
    const name = path.join('/')
    ;(tree.get(name) ?? tree.get(`${name}.part`))?.copy(data, start)
  }
  for (const piece of piecesOf(made.metainfo, claimed)) {
    const right = pieceBytesOf(made, piece)
    const start = piece * made.metainfo.geometry.pieceBytes
    assert.ok(right.equals(data.subarray(start, start + right.length)), `piece ${piece} is claimed and wrong`)
  }
}

async function tamperWith(site: StorageSite, { how, at }: Tamper): Promise<void> {
  const names = await site.names()
  if (names.length === 0) return
  const path = site.path(names[at % names.length] ?? '')
  const other = site.path(names[(at + 1) % names.length] ?? '')
  if (how === 'record') return tamperWithRecord(site, at)
  const bytes = await readFile(path)
  if (how === 'delete') await rm(path)
  if (how === 'extend') await writeFile(path, 'x', { flag: 'a' })
  if (how === 'cut') await truncate(path, at % (bytes.length + 1))
  if (how === 'swap') {
    await writeFile(path, await readFile(other))
    await writeFile(other, bytes)
  }
  if (how === 'replace') {
    await rm(path)
    await writeFile(path, Buffer.alloc(bytes.length, at))
  }
  if (how === 'flip' && bytes.length > 0) {
    bytes.writeUInt8(bytes.readUInt8(at % bytes.length) ^ 0x10, at % bytes.length)
    await writeFile(path, bytes)
  }
}

async function tamperWithRecord(site: StorageSite, at: number): Promise<void> {
  const record = await readRecord(site)
  for (const [name, bytes] of record) {
    bytes.writeUInt8(bytes.readUInt8(at % bytes.length) ^ (1 << (at & 7)), at % bytes.length)
    await writeRecord(site, new Map([[name, bytes]]))
  }
}

async function readRecord({ state }: StorageSite): Promise<Map<string, Buffer>> {
  const record = new Map<string, Buffer>()
  for (const name of await readdir(join(state, 'resume'))) {
    record.set(name, await readFile(join(state, 'resume', name)))
  }
  return record
}

async function writeRecord({ state }: StorageSite, record: ReadonlyMap<string, Buffer>): Promise<void> {
  await mkdir(join(state, 'resume'), { recursive: true })
  for (const [name, bytes] of record) await writeFile(join(state, 'resume', name), bytes)
}
