import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { InputError } from '../../../src/common/errors.ts'
import { MAX_TORRENT_FILE_BYTES, readSource } from '../../../src/cli/source.ts'

async function* chunksOf(...chunks: Buffer[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) {
    await Promise.resolve()
    yield chunk
  }
}

async function withRoot(run: (root: string) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  try {
    await run(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

async function refuses(source: string, code: string, message: RegExp): Promise<void> {
  await assert.rejects(readSource(source, chunksOf()), (error) => {
    assert.ok(error instanceof InputError)
    assert.equal(error.code, code)
    assert.match(error.message, message)
    return true
  })
}

test('a file is read whole, whatever its size', async () => {
  await withRoot(async (root) => {
    for (const size of [0, 1, 1024 * 1024, 3 * 1024 * 1024 + 7]) {
      const bytes = Buffer.alloc(size, 'x')
      writeFileSync(join(root, 'a.torrent'), bytes)
      assert.ok(bytes.equals(await readSource(join(root, 'a.torrent'), chunksOf())), String(size))
    }
  })
})

test('a file whose size the system does not know is read too', async () => {
  assert.match(String(await readSource('/proc/self/status', chunksOf())), /^Name:/)
})

test('standard input is read up to its end', async () => {
  const bytes = await readSource('-', chunksOf(Buffer.from('d4:'), Buffer.from('infoe')))
  assert.equal(bytes.toString(), 'd4:infoe')
})

test('a FIFO is read once somebody writes to it', async () => {
  await withRoot(async (root) => {
    const path = join(root, 'fifo')
    execFileSync('mkfifo', [path])
    const reading = readSource(path, chunksOf())
    await writeFile(path, 'de')
    assert.equal(String(await reading), 'de')
  })
})

test('more than 64 MiB is refused, by size or while it is read', async () => {
  await withRoot(async (root) => {
    const path = join(root, 'huge')
    writeFileSync(path, '')
    truncateSync(path, MAX_TORRENT_FILE_BYTES + 1)
    await refuses(path, 'TORRENT_FILE_TOO_LARGE', /is larger than 64 MiB \(64\.0 MiB, 67,108,865 bytes\)/)
  })
  const mebibyte = Buffer.alloc(1024 * 1024)
  const tooMuch = chunksOf(...Array.from({ length: 65 }, () => mebibyte))
  await assert.rejects(readSource('-', tooMuch), { code: 'TORRENT_FILE_TOO_LARGE' })
})

test('what cannot be read says why', async () => {
  await withRoot(async (root) => {
    mkdirSync(join(root, 'directory'))
    writeFileSync(join(root, 'file'), '')
    const unreadable = async (path: string, message: RegExp): Promise<void> =>
      refuses(path, 'TORRENT_FILE_UNREADABLE', message)
    await unreadable(join(root, 'missing.torrent'), /cannot read .*missing\.torrent: no such file/)
    await unreadable(join(root, 'directory'), /it is a directory/)
    await unreadable(join(root, 'file', 'below'), /a part of the path is not a directory/)
    await unreadable(join(root, 'n'.repeat(300)), /the name is too long/)
    await unreadable('/dev/zero', /it is a device/)
    await unreadable('', /cannot read '': an empty path/)
  })
})

test('links and hashes are known, and refused as not supported yet', async () => {
  const unsupported: [string, RegExp][] = [
    ['magnet:?xt=urn:btih:' + 'a'.repeat(40), /magnet links are not supported yet/],
    ['MAGNET:?xt=x', /magnet links/],
    ['ftp://example.org/a.torrent', /ftp:\/\/ addresses are not supported yet/],
    ['FILE:///a.torrent', /file:\/\/ addresses/],
    ['0123456789abcdef0123456789abcdef01234567', /bare info-hashes are not supported yet/],
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', /bare info-hashes/],
  ]
  for (const [source, message] of unsupported) await refuses(source, 'SOURCE_UNSUPPORTED', message)
})
