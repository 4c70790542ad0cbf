import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BlocklistReader } from '../../../src/swarm/blocklist-reader.ts'
import type { Blocklist } from '../../../src/swarm/blocklist-reader.ts'

function read(...lines: readonly string[]): Blocklist {
  const reader = new BlocklistReader()
  reader.push(Buffer.from(lines.join('\n')))
  return reader.finish()
}

function check(line: string, inside: readonly string[], outside: readonly string[]): void {
  const { ranges, badLineCount } = read(line)
  assert.equal(badLineCount, 0, line)
  for (const host of inside) assert.equal(ranges.has(host), true, `${line}: ${host}`)
  for (const host of outside) assert.equal(ranges.has(host), false, `${line}: ${host}`)
}

test('addresses and networks', () => {
  check('1.2.3.4', ['1.2.3.4'], ['1.2.3.3', '1.2.3.5', '::1'])
  check('1.2.3.200/24', ['1.2.3.0', '1.2.3.255'], ['1.2.2.255', '1.2.4.0'])
  check('0.0.0.0/0', ['0.0.0.0', '255.255.255.255'], ['::'])
  check(
    '2001:db8::/32',
    ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['2001:db9::', '2001:db7::'],
  )
  check('2001:db8::1', ['2001:db8::1', '2001:db8:0:0:0:0:0:1'], ['2001:db8::2', '2001:db8::'])
  check('::/0', ['::', 'ffff::1'], ['1.2.3.4'])
  check('fe80::/10', ['fe80::1', 'febf::', 'fe80::1%eth0'], ['fec0::'])
})

test('ranges, with blanks or without', () => {
  for (const line of ['1.2.3.4-1.2.3.9', ' 1.2.3.4 - 1.2.3.9\t', '001.002.003.004\t-\t1.2.3.009\r']) {
    check(line, ['1.2.3.4', '1.2.3.9'], ['1.2.3.3', '1.2.3.10'])
  }
  check('2001:db8::5 - 2001:db8::a', ['2001:db8::5', '2001:db8::a'], ['2001:db8::4', '2001:db8::b'])
})

test('P2P text, whatever the name holds', () => {
  for (const name of [
    'Some Corp, Inc',
    '',
    'a:b',
    'http://x.example/y',
    '1.2.3.4 (old)',
    'ab::',
    '::',
    '10',
    '#1'.slice(1),
  ]) {
    check(`${name}:5.6.7.8-5.6.7.9`, ['5.6.7.8', '5.6.7.9'], ['5.6.7.7', '5.6.7.10', '1.2.3.4'])
  }
  check('Some Corp:2001:db8::1-2001:db8::2', ['2001:db8::1', '2001:db8::2'], ['2001:db8::3'])
})

test('DAT, and a level above 127 lets it pass', () => {
  check('001.009.096.105 - 001.009.096.110 , 000 , Some organization: x', ['1.9.96.105'], ['1.9.96.111'])
  check('1.2.3.4 - 1.2.3.9 , 127 , x', ['1.2.3.4'], [])
  check('1.2.3.4 - 1.2.3.9 , 128 , x', [], ['1.2.3.4'])
  check('2001:db8:: - 2001:db8::f , 100 , x', ['2001:db8::f'], [])
})

test('IPv4 in the clothes of IPv6 is IPv4, in the list and in the question', () => {
  check('::ffff:1.2.3.4 - ::ffff:1.2.3.9', ['1.2.3.5', '::ffff:1.2.3.5', '::ffff:102:305'], ['1.2.3.10'])
  check('1.2.3.0/24', ['::ffff:1.2.3.4'], ['::ffff:1.2.4.4'])
})

test('comments and empty lines are no lines', () => {
  const list = read(
    '\uFEFF# list',
    '',
    '   ',
    '; c',
    '// c',
    '\t# c',
    '1.2.3.0/24 ; SBL1',
    '1.2.4.0/24 # two',
    '',
  )
  assert.deepEqual([list.lineCount, list.badLineCount, list.firstBadLine], [2, 0, undefined])
  assert.equal(list.ranges.count, 1) // neighbours are one
})

test('bad lines are counted, and the first is named', () => {
  const bad = [
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4/33',
    '1.2.3.4-',
    '1.2.3.9-1.2.3.4',
    'x',
    '1.2.3.4 x',
    '::g',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '2001:db8::/129',
    '2001:db8::9-2001:db8::1',
    '1.2.3.4-::1',
    '::1-1.2.3.4',
    '1:2:3:4:5:6:7',
    ':',
  ]
  for (const line of bad) {
    const list = read('1.1.1.1', line)
    assert.deepEqual([list.lineCount, list.badLineCount, list.firstBadLine], [1, 1, 2], line)
  }
  const long = read('x'.repeat(10_000), `${' '.repeat(5000)}1.1.1.1`, '2.2.2.2')
  assert.deepEqual([long.lineCount, long.badLineCount, long.firstBadLine], [1, 2, 1])
})

test('half a million ranges in any order are read soon and kept small', () => {
  const lines: string[] = []
  for (let i = 0; i < 500_000; i++) {
    const n = (i * 2_654_435_761) % 2 ** 32
    const at = `${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`
    lines.push(`Some Organization ${i}:${at}-${at}`)
  }
  const bytes = Buffer.from(lines.join('\n'))
  const startMs = performance.now()
  const reader = new BlocklistReader()
  reader.push(bytes)
  const { ranges, lineCount } = reader.finish()
  const ms = performance.now() - startMs
  assert.equal(lineCount, 500_000)
  assert.ok(ranges.count > 490_000)
  assert.equal(ranges.has('0.0.0.0'), true)
  assert.ok(ms < 5000, `took ${ms} ms`) // 0.3 s on an idle machine
})
