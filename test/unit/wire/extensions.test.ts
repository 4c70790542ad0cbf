import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ExtensionHandshake } from '../../../src/wire/extensions.ts'
import {
  decodeExtensionHandshake,
  encodeExtensionHandshake,
  mergeExtensionHandshakes,
} from '../../../src/wire/extensions.ts'

const decode = (text: string): ExtensionHandshake => decodeExtensionHandshake(Buffer.from(text, 'latin1'))
const mOf = (text: string): [string, number][] => Array.from(decode(text).m)

test('the handshake is written with sorted keys, and only what is known', () => {
  const full: ExtensionHandshake = {
    m: new Map([['ut_pex', 1], ['ut_metadata', 2]]), // prettier-ignore
    clientName: 'torrent-dl 0.1.0',
    requestQueueLimit: 250,
    listenPort: 6881,
    metadataSize: 1000,
    uploadOnly: true,
  }
  assert.equal(
    encodeExtensionHandshake(full).toString('latin1'),
    'd1:md11:ut_metadatai2e6:ut_pexi1ee13:metadata_sizei1000e1:pi6881e4:reqqi250e11:upload_onlyi1e1:v16:torrent-dl 0.1.0e',
  )
  assert.equal(encodeExtensionHandshake({ m: new Map() }).toString('latin1'), 'd1:mdee')
  assert.deepEqual(decodeExtensionHandshake(encodeExtensionHandshake(full)), {
    ...full,
    prefersEncryption: undefined,
  })
})

test('the example of BEP 10 reads', () => {
  const read = decode('d1:md11:LT_metadatai1e6:µT_PEXi2ee1:pi6881e1:v13:\xc2\xb5Torrent 1.2e')
  assert.equal(read.listenPort, 6881)
  assert.equal(read.m.get('LT_metadata'), 1)
  assert.equal(read.clientName, 'µTorrent 1.2')
})

test('unknown keys, bytes after the dictionary and unsorted keys do no harm', () => {
  assert.equal(decode('d1:v1:x4:reqqi9e1:mde3:fool1:aeejunk').requestQueueLimit, 9)
})

for (const [name, text] of [
  ['m is no dictionary', 'd1:mi1ee'],
  ['m is a list', 'd1:mli1eee'],
  ['an id is 256', 'd1:md1:xi256eee'],
  ['an id is -1', 'd1:md1:xi-1eee'],
  ['an id is a string', 'd1:md1:x1:1ee'],
  ['a name has 65 bytes', `d1:md65:${'x'.repeat(65)}i1eee`],
] as const) {
  test(`an extension is as if it were not there when ${name}`, () => {
    assert.deepEqual(mOf(text), [])
  })
}

for (const size of ['0', '-1', '31457281', '9007199254740993', '9223372036854775807']) {
  test(`a metadata size of ${size} is as if it were not there`, () => {
    assert.equal(decode(`d13:metadata_sizei${size}ee`).metadataSize, undefined)
  })
}

for (const text of ['d4:reqqi0ee', 'd4:reqqi-1ee', 'd4:reqq1:5e', 'd1:pi0ee', 'd1:pi65536ee', 'd1:vi1ee']) {
  test(`the value in ${text} is as if it were not there`, () => {
    const { m, ...rest } = decode(text)
    assert.equal(m.size, 0)
    assert.ok(Object.values(rest).every((value) => value === undefined))
  })
}

for (const [name, text] of [
  ['empty', ''],
  ['no dictionary', 'i1e'],
  ['a list', 'le'],
  ['a negative string length', 'l-3:e'],
  ['truncated', 'd1:md'],
  ['nested a thousand deep', `d1:x${'l'.repeat(1000)}${'e'.repeat(1000)}e`],
  ['nested nine deep', `d1:x${'l'.repeat(8)}${'e'.repeat(8)}e`],
  ['with a key twice', 'd1:pi1e1:pi2ee'],
  ['longer than 17 KiB', `d1:v17400:${'x'.repeat(17_400)}e`],
] as const) {
  test(`an extension handshake that is ${name} is refused`, () => {
    assert.throws(() => decode(text), { name: 'PeerError', code: 'WIRE_EXTENSION_HANDSHAKE' })
  })
}

test('a client name is made safe to show', () => {
  assert.equal(decode('d1:v7:a\x1b[31mbe').clientName, 'a?[31mb')
  assert.equal(decode(`d1:v9000:${'x'.repeat(9000)}e`).clientName?.length, 64)
})

test('a hundred extensions are cut to 64', () => {
  const names = Array.from({ length: 100 }, (_, i) => `3:${String(i + 100)}i${i + 1}e`)
  assert.equal(mOf(`d1:md${names.join('')}ee`).length, 64)
})

test('a later handshake adds, changes and takes back', () => {
  const first = decode('d1:md1:ai1e1:bi2ee4:reqqi5e1:v1:xe')
  const merged = mergeExtensionHandshakes(first, decode('d1:md1:ai0e1:bi3e1:ci4ee1:pi80ee'))
  assert.deepEqual(Object.fromEntries(merged.m), { b: 3, c: 4 })
  assert.equal(merged.requestQueueLimit, 5)
  assert.equal(merged.clientName, 'x')
  assert.equal(merged.listenPort, 80)
  assert.deepEqual(mOf('d1:md1:ai0eee'), [['a', 0]])
})
