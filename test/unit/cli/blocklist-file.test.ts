import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { blocklistWarning, readBlocklist } from '../../../src/cli/blocklist-file.ts'
import { InputError } from '../../../src/common/errors.ts'

const root = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
after(() => {
  rmSync(root, { recursive: true, force: true })
})

function file(name: string, content: string | Buffer): string {
  const path = join(root, name)
  writeFileSync(path, content)
  return path
}

async function refuses(path: string, code: string, message: RegExp, maxBytes?: number): Promise<void> {
  await assert.rejects(readBlocklist(path, maxBytes), (error) => {
    assert.ok(error instanceof InputError)
    assert.equal(error.code, code)
    assert.match(error.message, message)
    return true
  })
}

test('plain and gzip files give the same list, whatever they are called', async () => {
  const text = Array.from(
    { length: 50_000 },
    (_, i) => `n:10.${i >> 16}.${(i >> 8) & 255}.${i & 255}-10.9.9.9\n`,
  ).join('')
  for (const path of [file('a.txt', text), file('b.txt', gzipSync(text))]) {
    const { ranges, lineCount } = await readBlocklist(path)
    assert.deepEqual([lineCount, ranges.count], [50_000, 1])
    assert.deepEqual(
      [ranges.has('10.0.0.0'), ranges.has('10.9.9.9'), ranges.has('10.9.9.10')],
      [true, true, false],
    )
  }
})

test('what is no list is refused with what to do', async () => {
  await refuses(join(root, 'none'), 'BLOCKLIST_UNREADABLE', /none: no such file$/)
  await refuses(root, 'BLOCKLIST_UNREADABLE', /it is a directory$/)
  await refuses(file('empty', ''), 'BLOCKLIST_INVALID', /holds no address or range$/)
  await refuses(file('html', '<html>\n</html>\n'), 'BLOCKLIST_INVALID', /holds no address or range$/)
  await refuses(
    file('p2b', Buffer.from('\xff\xff\xff\xffP2B\x03', 'latin1')),
    'BLOCKLIST_INVALID',
    /P2P text form/,
  )
  await refuses(file('zip', 'PK\x03\x04...'), 'BLOCKLIST_INVALID', /zip archive; unpack it first$/)
  const packed = gzipSync('1.2.3.4\n'.repeat(1000))
  await refuses(
    file('cut.gz', packed.subarray(0, -12)),
    'BLOCKLIST_UNREADABLE',
    /cut\.gz: unexpected end of file$/,
  )
})

test('a small file that unpacks without end is given up', async () => {
  const bomb = file('bomb.gz', gzipSync(Buffer.alloc(20_000_000, '#')))
  await refuses(bomb, 'BLOCKLIST_TOO_LARGE', /more than 2,000,000 ranges or 1,000,000 bytes$/, 1_000_000)
})

test('lines that cannot be read are told, with where the first stands', async () => {
  const one = await readBlocklist(file('one', '1.2.3.4\nrubbish\n'))
  assert.equal(
    blocklistWarning('l', one),
    'the blocklist l: 1 line left out, holds no address or range (line 2)',
  )
  const two = await readBlocklist(file('two', 'x\n1.2.3.4\nrubbish\n'))
  assert.equal(
    blocklistWarning('l', two),
    'the blocklist l: 2 lines left out, hold no address or range (the first is line 1)',
  )
  assert.equal(blocklistWarning('l', await readBlocklist(file('none-bad', '1.2.3.4'))), undefined)
})
