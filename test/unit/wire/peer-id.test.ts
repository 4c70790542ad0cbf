import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientNameOf, makePeerId, printable } from '../../../src/wire/peer-id.ts'

test('our peer id names us and ends in the random bytes given', () => {
  const id = makePeerId(Buffer.from('abcdefghijkl'))
  assert.equal(id.toString('latin1'), '-TD0100-abcdefghijkl')
  assert.equal(clientNameOf(id), 'torrent-dl 0.1.0')
  assert.throws(() => makePeerId(Buffer.alloc(11)), { code: 'BUG_PEER_ID' })
})

for (const [id, name] of [
  ['-qB4630-abcdefghijkl', 'qBittorrent 4.6.3'],
  ['-TR4060-abcdefghijkl', 'Transmission 4.0.6'],
  ['-TR300Z-abcdefghijkl', 'Transmission 3.0.0.35'],
  ['-LT20B0-abcdefghijkl', 'libtorrent 2.0.11'],
  ['-lt0F60-abcdefghijkl', 'rTorrent 0.15.6'],
  ['-zz1234-abcdefghijkl', 'zz 1.2.3.4'],
  ['M7-9-2--abcdefghijkl', 'M7-9-2--'],
  ['\x1b[31m\x00\x07x-abcdefghijkl', '?[31m??x'],
] as const) {
  test(`a peer id that starts with ${JSON.stringify(id.slice(0, 8))} is shown as ${name}`, () => {
    assert.equal(clientNameOf(Buffer.from(id, 'latin1')), name)
  })
}

test('foreign text loses control characters and all after 64 characters', () => {
  assert.equal(printable('a\x1b[2Jb\u202ec\u0085\n'), 'a?[2Jb?c??')
  assert.equal(printable('x'.repeat(5_000_000)).length, 64)
  assert.equal(printable('日本語 ✓'), '日本語 ✓')
  assert.equal(Array.from(printable('😀'.repeat(100))).length, 64)
  assert.ok(!printable('\ud83d alone').includes('\ud83d'))
})
