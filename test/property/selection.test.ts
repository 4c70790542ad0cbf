/** Whatever is chosen from run to run: chosen files are right, nothing else appears, no verified piece is needed twice. */
import assert from 'node:assert/strict'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { Bitfield } from '../../src/common/bitfield.ts'
import { wantedPieces } from '../../src/metainfo/file-selection.ts'
import { pieceLength, pieceStart } from '../../src/metainfo/geometry.ts'
import type { FileStorage } from '../../src/storage/file-storage.ts'
import type { MadeTorrent, TorrentFileSpec } from '../support/make-torrent.ts'
import { makeTorrent } from '../support/make-torrent.ts'
import {
  CheckRecorder,
  pieceBytesOf,
  piecesOf,
  StorageSite,
  temporaryDirectory,
  writePieces,
} from '../support/storage-fixture.ts'

interface Run {
  /** One a file, cyclic; all false: no selection. */
  readonly chosen: readonly boolean[]
  /** Share of the missing wanted pieces that come. */
  readonly share: number
  readonly end: 'close' | 'kill' | 'reboot'
  readonly partsDamage: 'none' | 'flip' | 'foreign' | 'remove'
  readonly usePartFiles: boolean
}

const PIECE_BYTES = 16_384

const run = fc.record<Run>({
  chosen: fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }),
  share: fc.constantFrom(0.3, 0.7, 1),
  end: fc.constantFrom('close', 'kill', 'reboot'),
  partsDamage: fc.constantFrom('none', 'none', 'none', 'flip', 'foreign', 'remove'),
  usePartFiles: fc.constantFrom(true, true, false),
})

/** Lengths round pieces, many files in one piece, empty files, padding. */
const layout = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 3 * PIECE_BYTES }),
    fc.integer({ min: 0, max: 2_000 }),
    fc.constantFrom(0, 1, PIECE_BYTES, PIECE_BYTES - 1, PIECE_BYTES + 1),
  ),
  { minLength: 2, maxLength: 9 },
)

test('over runs that choose differently, nothing but chosen files appears and nothing is fetched twice', async (context) => {
  const root = await temporaryDirectory(context)
  let count = 0
  await fc.assert(
    fc.asyncProperty(
      layout,
      fc.boolean(),
      fc.option(fc.nat(8)),
      fc.array(run, { minLength: 1, maxLength: 5 }),
      async (lengths, isPadded, foreign, runs) => {
        const made = makeTorrent({ name: 'set', pieceBytes: PIECE_BYTES, files: filesOf(lengths, isPadded) })
        const site = new StorageSite(join(root, String(count++)), made)
        await new Story(site, foreign ?? undefined).tell(runs)
        await rm(join(site.output, '..'), { recursive: true })
      },
    ),
    { numRuns: 60 },
  )
})

function filesOf(lengths: readonly number[], isPadded: boolean): TorrentFileSpec[] {
  const files: TorrentFileSpec[] = []
  let end = 0
  for (const [index, length] of lengths.entries()) {
    files.push({ path: index % 3 === 2 ? `d${index}/f${index}` : `f${index}`, length })
    end += length
    const padding = (PIECE_BYTES - (end % PIECE_BYTES)) % PIECE_BYTES
    if (!isPadded || index % 2 === 1 || padding === 0) continue
    files.push({ path: `.pad/${index}`, length: padding, attr: 'p' })
    end += padding
  }
  if (end === 0) files.push({ path: 'last', length: 1 })
  return files
}

class Story {
  readonly #site: StorageSite
  readonly #made: MadeTorrent
  /** Somebody else's file lies under its name, and it is never chosen. */
  readonly #foreign: number | undefined
  readonly #everChosen = new Set<number>()
  readonly #had = new Set<number>()
  #boot = 0

  constructor(site: StorageSite, foreign: number | undefined) {
    this.#site = site
    this.#made = site.torrent
    const entry = foreign === undefined ? undefined : this.#made.metainfo.files[foreign]
    this.#foreign = entry === undefined || entry.isPadding ? undefined : foreign
  }

  async tell(runs: readonly Run[]): Promise<void> {
    await this.#placeForeign()
    for (const one of runs) await this.#play(one)
    const all = { chosen: [true], share: 1, end: 'close', partsDamage: 'none', usePartFiles: true } as const
    await this.#play(all)
    const left = await readdir(join(this.#site.state, 'resume'))
    const isAllChosen = this.#foreign === undefined
    if (isAllChosen)
      assert.deepEqual(
        left.filter((name) => name.endsWith('.parts')),
        [],
      )
  }

  async #play({ chosen, share, end, partsDamage, usePartFiles }: Run): Promise<void> {
    const wantedFiles = this.#choose(chosen)
    const wanted = wantedPieces(this.#made.metainfo, wantedFiles)
    const options = { wantedFiles, usePartFiles, bootId: () => `boot ${this.#boot}` }
    const surveyed = [...(await this.#site.storage(options).survey(new CheckRecorder())).indices()]
    const storage = this.#site.storage(options)
    const have = await storage.open(new CheckRecorder())
    assert.deepEqual([...have.indices()], surveyed, 'a survey finds what opening finds')
    await this.#assertClaims(storage, have)
    for (const piece of this.#had) {
      assert.ok(!wanted.has(piece) || have.has(piece), `piece ${piece} would be fetched again`)
    }
    const missing = [...wanted.indices()].filter((piece) => !have.has(piece))
    const coming = missing.slice(0, Math.ceil(missing.length * share))
    await writePieces(storage, this.#made, coming)
    for (const piece of [...coming, ...have.indices()]) this.#had.add(piece)
    await storage.confirm()
    const record = await this.#readRecord()
    await storage.close()
    if (coming.length === missing.length) await this.#assertWhole(wantedFiles)
    await this.#assertNothingElse()
    if (end === 'kill') await this.#writeRecord(record)
    if (end === 'reboot') this.#boot++
    await this.#damageParts(partsDamage)
  }

  #choose(chosen: readonly boolean[]): Bitfield {
    const wanted = new Bitfield(this.#made.metainfo.files.length)
    const isAll = !chosen.includes(true)
    for (const [file, { isPadding }] of this.#made.metainfo.files.entries()) {
      if (isPadding || file === this.#foreign || !(isAll || chosen[file % chosen.length])) continue
      wanted.set(file)
      this.#everChosen.add(file)
    }
    return wanted
  }

  async #assertClaims(storage: FileStorage, have: Bitfield): Promise<void> {
    const { geometry } = this.#made.metainfo
    for (const piece of piecesOf(this.#made.metainfo, [...have.indices()])) {
      const bytes = Buffer.alloc(pieceLength(geometry, piece))
      await storage.read(pieceStart(geometry, piece), bytes)
      assert.ok(bytes.equals(pieceBytesOf(this.#made, piece)), `piece ${piece} is claimed and wrong`)
    }
  }

  async #assertWhole(wantedFiles: Bitfield): Promise<void> {
    const tree = await this.#site.tree()
    for (const file of wantedFiles.indices()) {
      const name = this.#nameOf(file)
      assert.ok(tree.get(name)?.equals(this.#made.fileData(file)), `${name} is whole`)
    }
  }

  async #assertNothingElse(): Promise<void> {
    const allowed = new Set(
      [...this.#everChosen].flatMap((file) => [this.#nameOf(file), `${this.#nameOf(file)}.part`]),
    )
    for (const [name, bytes] of await this.#site.tree()) {
      const isForeign = this.#foreign !== undefined && name === this.#nameOf(this.#foreign)
      assert.ok(isForeign || allowed.has(name), `${name} appeared`)
      if (isForeign) assert.ok(bytes.equals(this.#foreignBytes()), `${name} was touched`)
    }
  }

  #nameOf(file: number): string {
    return this.#made.metainfo.files[file]!.path.join('/')
  }

  /** Of the right size, and wrong in one byte: its neighbours' pieces must not be taken for wrong. */
  #foreignBytes(): Buffer {
    const bytes = Buffer.from(this.#made.fileData(this.#foreign!))
    if (bytes.length > 0) bytes[0]! ^= 1
    return bytes
  }

  async #placeForeign(): Promise<void> {
    if (this.#foreign === undefined) return
    const path = this.#site.path(this.#nameOf(this.#foreign))
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, this.#foreignBytes())
  }

  async #damageParts(how: Run['partsDamage']): Promise<void> {
    const name = (await readdir(join(this.#site.state, 'resume'))).find((entry) => entry.endsWith('.parts'))
    if (name === undefined || how === 'none') return
    const path = join(this.#site.state, 'resume', name)
    const bytes = await readFile(path)
    if (how === 'remove') await rm(path)
    if (how === 'foreign') await writeFile(path, Buffer.alloc(bytes.length, 'not ours'))
    if (how === 'flip') {
      for (let at = 100; at < bytes.length; at += PIECE_BYTES) bytes[at]! ^= 1
      await writeFile(path, bytes)
    }
    this.#had.clear() // may have to be fetched again; what is claimed has to be right all the same
  }

  async #readRecord(): Promise<Map<string, Buffer>> {
    const record = new Map<string, Buffer>()
    for (const name of await readdir(join(this.#site.state, 'resume'))) {
      if (name.endsWith('.json')) record.set(name, await readFile(join(this.#site.state, 'resume', name)))
    }
    return record
  }

  /** What a kill before `close` would have left. */
  async #writeRecord(record: ReadonlyMap<string, Buffer>): Promise<void> {
    for (const [name, bytes] of record) await writeFile(join(this.#site.state, 'resume', name), bytes)
  }
}
