import assert from 'node:assert/strict'
import {
  cpSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { chmodSync, closeSync, openSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { TestContext } from 'node:test'
import { Bitfield } from '../../../src/common/bitfield.ts'
import { silentLog } from '../../../src/common/log.ts'
import { auditData } from '../../../src/storage/audit-data.ts'
import type { AuditOptions } from '../../../src/storage/audit-data.ts'
import type { Audit } from '../../../src/storage/audit.ts'
import { findExtraFiles } from '../../../src/storage/extra-files.ts'
import { makeTorrent } from '../../support/make-torrent.ts'
import type { MadeTorrent } from '../../support/make-torrent.ts'
import { StorageSite, temporaryDirectory } from '../../support/storage-fixture.ts'

/** Pieces of 16 KiB: a 0-2, b 2-5, padding to 6, c 6-8, empty. */
const SPEC = {
  name: 'data',
  pieceBytes: 16_384,
  files: [
    { path: 'a', length: 40_000 },
    { path: 'sub/b', length: 50_000 },
    { path: '.pad/1', length: 8_304, attr: 'p' },
    { path: 'c', length: 40_000 },
    { path: 'empty', length: 0 },
  ],
}
const NAMES = ['a', 'b', 'pad', 'c', 'empty']

async function site(context: TestContext): Promise<StorageSite> {
  const made = new StorageSite(await temporaryDirectory(context), makeTorrent(SPEC))
  await made.torrent.writeTo(made.output)
  return made
}

async function audit(
  { torrent, output, state }: StorageSite,
  options: Partial<AuditOptions> = {},
): Promise<Audit> {
  return auditData({
    metainfo: torrent.metainfo,
    outputDirectory: output,
    shownDirectory: 'out',
    stateDirectory: state,
    log: silentLog,
    onProgress: () => undefined,
    signal: new AbortController().signal,
    ...options,
  })
}

function states(found: Audit): string {
  return [...found.files()].map(({ file, state }) => `${NAMES[file] ?? ''} ${state}`).join(', ')
}

function damage(path: string, at: number): void {
  const fd = openSync(path, 'r+')
  writeSync(fd, '\xff\x00\xff', at)
  closeSync(fd)
}

function chosen({ metainfo }: MadeTorrent, ...files: number[]): Bitfield {
  const wanted = new Bitfield(metainfo.files.length)
  for (const file of files) wanted.set(file)
  return wanted
}

describe('an audit of the data', () => {
  test('good data is good, padding and empty files included', async (context) => {
    const found = await audit(await site(context))
    assert.equal(states(found), 'a good, b good, c good, empty good')
    assert.deepEqual(found.pieces, { good: 9, bad: 0, missing: 0, unreadable: 0 })
  })

  test('wrong bytes are told as pieces, and as ranges of each file they may be in', async (context) => {
    const made = await site(context)
    damage(join(made.output, 'data/sub/b'), 0)
    damage(join(made.output, 'data/c'), 39_990)
    const found = await audit(made)
    assert.equal(states(found), 'a bad, b bad, c bad, empty good')
    assert.deepEqual(found.badPieces(0), [{ first: 2, last: 2 }])
    assert.deepEqual(found.badBytes(0), [{ first: 32_768, last: 39_999 }])
    assert.deepEqual(found.badBytes(1), [{ first: 0, last: 9_151 }])
    assert.deepEqual(found.badBytes(3), [{ first: 32_768, last: 39_999 }])
  })

  test('what is missing leaves its neighbours unchecked where they share a piece', async (context) => {
    const made = await site(context)
    rmSync(join(made.output, 'data/sub'), { recursive: true })
    const found = await audit(made)
    assert.equal(states(found), 'a unchecked, b missing, c good, empty good')
    assert.deepEqual(found.pieces, { good: 5, bad: 0, missing: 4, unreadable: 0 })
  })

  test('sizes count, whatever the bytes are', async (context) => {
    const made = await site(context)
    truncateSync(join(made.output, 'data/c'), 40_001)
    truncateSync(join(made.output, 'data/a'), 20_000)
    writeFileSync(join(made.output, 'data/empty'), 'x')
    const found = await audit(made)
    assert.equal(states(found), 'a wrong-size, b unchecked, c wrong-size, empty wrong-size')
    assert.equal(found.pieces.bad, 0)
  })

  test('links, directories and what lies behind them are not followed', async (context) => {
    const made = await site(context)
    const away = join(made.output, '../away')
    renameSync(join(made.output, 'data/sub'), away)
    symlinkSync(away, join(made.output, 'data/sub'))
    rmSync(join(made.output, 'data/c'))
    mkdirSync(join(made.output, 'data/c'))
    const found = await audit(made)
    assert.equal(states(found), 'a unchecked, b not-a-file, c not-a-file, empty good')
    assert.match([...found.files()][2]?.error?.message ?? '', /out\/data\/c is a directory, not a file/)
  })

  test('an unfinished file is no final one: its right pieces are counted, its wrong ones are missing', async (context) => {
    const made = await site(context)
    const part = join(made.output, 'data/sub/b.part')
    renameSync(join(made.output, 'data/sub/b'), part)
    damage(part, 20_000)
    const found = await audit(made)
    assert.equal(states(found), 'a good, b unfinished, c good, empty good')
    assert.deepEqual([...found.files()][1]?.pieces, { good: 3, bad: 0, missing: 1, unreadable: 0 })
    assert.deepEqual([...found.partPaths()], [part])
  })

  test('what was not chosen is not asked for, but lends its bytes to shared pieces', async (context) => {
    const made = await site(context)
    damage(join(made.output, 'data/c'), 0)
    const found = await audit(made, { wantedFiles: chosen(made.torrent, 0) })
    assert.equal(states(found), 'a good')
    assert.deepEqual(found.pieces, { good: 3, bad: 0, missing: 0, unreadable: 0 })
  })

  test('after a download of some files, the pieces at their edges are found where they wait', async (context) => {
    const made = await site(context)
    const wantedFiles = chosen(made.torrent, 0)
    rmSync(made.output, { recursive: true })
    await made.run(
      async ({ storage }) => {
        const { data } = made.torrent
        for (const piece of [0, 1, 2] as never[])
          await storage.writePieces(piece, [data.subarray(piece * 16_384, (piece + 1) * 16_384)])
      },
      { wantedFiles },
    )
    assert.equal(states(await audit(made, { wantedFiles })), 'a good')
    assert.equal(states(await audit(made)), 'a good, b missing, c missing, empty missing')
    damage(join(made.output, 'data/a'), 39_000)
    assert.equal(states(await audit(made, { wantedFiles })), 'a bad')
  })

  test('a file that shrinks while it is read is told of, and the others are checked', async (context) => {
    const made = await site(context)
    const path = join(made.output, 'data/c')
    const found = await audit(made, {
      onProgress: () => {
        truncateSync(path, 1)
      },
    })
    assert.match(states(found), /^a good, b good, c unreadable, empty good$/)
  })

  test('nothing is written: names, contents and times stay as they were', async (context) => {
    const made = await site(context)
    renameSync(join(made.output, 'data/sub/b'), join(made.output, 'data/sub/b.part'))
    const before = snapshot(made.output)
    for (const name of ['a', 'c', 'sub/b.part']) chmodSync(join(made.output, 'data', name), 0o444)
    await audit(made)
    assert.deepEqual(snapshot(made.output), before)
    assert.deepEqual(readdirSync(join(made.output, '..')), ['out'])
  })

  test('no output directory: everything is missing; a file in its place is an error', async (context) => {
    const made = await site(context)
    const gone = await audit(made, { outputDirectory: join(made.output, 'gone') })
    assert.equal(gone.isRootThere, false)
    assert.equal(gone.pieces.missing, 9)
    await assert.rejects(
      audit(made, { outputDirectory: join(made.output, 'data/a') }),
      /it is not a directory/,
    )
  })

  test('it stops with its signal', async (context) => {
    const made = await site(context)
    const controller = new AbortController()
    const reason = new Error('stop')
    const onProgress = (): void => {
      controller.abort(reason)
    }
    await assert.rejects(audit(made, { signal: controller.signal, onProgress }), (error) => error === reason)
  })
})

test('extra files are those that the torrent does not have, its unfinished ones apart', async (context) => {
  const made = await site(context)
  const data = join(made.output, 'data')
  cpSync(join(data, 'a'), join(data, 'sub/b.part'))
  writeFileSync(join(data, 'notes'), '')
  mkdirSync(join(data, 'more/deep'), { recursive: true })
  symlinkSync('/', join(data, 'link'))
  writeFileSync(join(made.output, 'beside'), '')
  const find = async (partPaths: readonly string[]): Promise<readonly string[]> => {
    const { metainfo } = made.torrent
    const { signal } = new AbortController()
    return (await findExtraFiles({ metainfo, outputDirectory: made.output, partPaths, signal })).paths
  }
  assert.deepEqual(await find([]), ['data/link', 'data/more/', 'data/notes', 'data/sub/b.part'])
  assert.deepEqual(await find([join(data, 'sub/b.part')]), ['data/link', 'data/more/', 'data/notes'])
})

function snapshot(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => `${name} ${statSync(join(directory, name)).mtimeMs}`)
}
