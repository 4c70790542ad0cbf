/** Whether the benches notice a download that is not the payload. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { makeRepeatedTorrent, makeTorrent, outputDifference } from '../../../bench/course/torrents.ts'

const TRACKERS = { udp: 'udp://127.0.0.1:1/announce' }

function temporaryDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  context.after(() => {
    rmSync(directory, { recursive: true })
  })
  return directory
}

void test('of several files, one wrong byte, one missing byte and one missing file are noticed', async (context) => {
  const directory = temporaryDirectory(context)
  const content = [
    { path: ['a.bin'], lengthBytes: 70_000 },
    { path: ['b', 'c.bin'], lengthBytes: 5 },
  ]
  const plan = { directory, name: 'many', content, pieceLength: 16_384, trackers: TRACKERS }
  const torrent = await makeTorrent(plan)
  const output = join(directory, 'output')
  mkdirSync(join(output, 'many', 'b'), { recursive: true })
  const put = (file: string, bytes: Buffer): void => {
    writeFileSync(join(output, file), bytes)
  }
  const good = new Map(torrent.files.map((file) => [file, readFileSync(join(torrent.dataDirectory, file))]))
  for (const [file, bytes] of good) put(file, bytes)
  assert.equal(outputDifference(torrent, output), undefined)

  const [[first, bytes]] = good as unknown as [[string, Buffer]]
  const wrong = Buffer.from(bytes)
  wrong[wrong.length - 1]! ^= 1
  put(first, wrong)
  assert.match(outputDifference(torrent, output) ?? '', /a\.bin is not what was sent/)
  put(first, bytes.subarray(1))
  assert.match(outputDifference(torrent, output) ?? '', /a\.bin is not what was sent/)
  put(first, bytes)
  rmSync(join(output, torrent.files[1]!))
  assert.match(outputDifference(torrent, output) ?? '', /ENOENT/)
})

void test('a repeated unit is compared to its end, and to the length', (context) => {
  const directory = temporaryDirectory(context)
  const plan = {
    directory,
    name: 'huge',
    pieceLength: 16_384,
    unitBytes: 32_768,
    repeats: 3,
    trackers: TRACKERS,
  }
  const torrent = makeRepeatedTorrent(plan)
  assert.equal(torrent.pieceHashes.length, 20 * 6)
  const unit = readFileSync(torrent.payloadFile)
  const output = join(directory, 'output')
  mkdirSync(output)
  writeFileSync(join(output, 'huge'), Buffer.concat([unit, unit, unit]))
  assert.equal(outputDifference(torrent, output), undefined)
  writeFileSync(join(output, 'huge'), Buffer.concat([unit, unit]))
  assert.equal(outputDifference(torrent, output), '65536 bytes of 98304')
})
