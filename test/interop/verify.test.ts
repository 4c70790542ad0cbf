/** `verify` and libtorrent's check say the same of each piece, whatever happened to the files. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, test } from 'node:test'
import { makeTorrent, pseudoRandom } from '../support/make-torrent.ts'
import { runCli } from '../support/run-cli.ts'

const run = promisify(execFile)
/** Beside the sources: the build copies TypeScript alone. */
const CHECK = fileURLToPath(new URL('../../../test/interop/support/libtorrent-check.py', import.meta.url))
const LIMIT_MS = 70_000
const LENGTHS = [70_000, 1, 0, 16_384, 250_000, 32_768, 5_000, 123_457]
const TREES = 12

const torrent = makeTorrent({
  name: 'tree',
  pieceBytes: 16_384,
  files: LENGTHS.map((length, index) => ({ path: index % 2 === 0 ? `${index}` : `sub/${index}`, length })),
})

type Damage = (path: string, pick: (below: number) => number) => void

const DAMAGES: Readonly<Record<string, Damage>> = {
  none: () => undefined,
  byte: (path, pick) => {
    const bytes = readFileSync(path)
    const at = pick(bytes.length)
    if (bytes.length > 0) bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
    writeFileSync(path, bytes)
  },
  zeros: (path, pick) => {
    const bytes = readFileSync(path)
    bytes.fill(0, pick(bytes.length + 1))
    writeFileSync(path, bytes)
  },
  shorter: (path, pick) => {
    truncateSync(path, pick(readFileSync(path).length + 1))
  },
  gone: (path) => {
    rmSync(path)
  },
}

interface Verdict {
  readonly goodCount: number
  readonly bad: readonly number[]
}

async function ourVerdict(root: string): Promise<Verdict> {
  const { stdout } = await runCli(['verify', '--json', '-v', 'a.torrent'], { cwd: root })
  const { files, pieceCounts } = JSON.parse(stdout) as {
    readonly files: readonly {
      readonly badPieces: readonly { readonly first: number; readonly last: number }[]
    }[]
    readonly pieceCounts: { readonly good: number; readonly bad: number }
  }
  const bad = new Set<number>()
  for (const { first, last } of files.flatMap(({ badPieces }) => badPieces))
    for (let piece = first; piece <= last; piece++) bad.add(piece)
  assert.equal(bad.size, pieceCounts.bad)
  return { goodCount: pieceCounts.good, bad: [...bad] }
}

describe('verify and libtorrent', () => {
  for (let seed = 1; seed <= TREES; seed++) {
    test(`agree on tree ${seed}`, async () => {
      const root = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
      try {
        const random = pseudoRandom(seed)
        const pick = (below: number): number => (below === 0 ? 0 : random(4).readUInt32LE() % below)
        await torrent.writeTo(root)
        writeFileSync(join(root, 'a.torrent'), torrent.bytes)
        const names = Object.keys(DAMAGES)
        for (const { path } of torrent.metainfo.files) {
          const name = pick(2) === 0 ? 'none' : (names[pick(names.length)] ?? 'none')
          DAMAGES[name]?.(join(root, ...path), pick)
        }
        const args = [CHECK, root, join(root, 'a.torrent')]
        const { stdout } = await run('/usr/bin/python3', args, { timeout: LIMIT_MS })
        const theirs = Array.from(stdout.trim(), (digit) => digit === '1')
        assert.equal(theirs.length, torrent.metainfo.geometry.pieceCount)
        const { goodCount, bad } = await ourVerdict(root)
        assert.equal(goodCount, theirs.filter((isRight) => isRight).length, stdout)
        assert.deepEqual(
          bad.filter((piece) => theirs[piece]),
          [],
          stdout,
        )
      } finally {
        rmSync(root, { recursive: true, force: true })
      }
    })
  }
})
