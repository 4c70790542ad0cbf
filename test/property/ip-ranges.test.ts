import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BlocklistReader } from '../../src/swarm/blocklist-reader.ts'

/** Small numbers in a fixed frame, so that ranges meet, overlap and touch. */
const number = fc.integer({ min: 0, max: 70 })
const range = fc.tuple(number, number).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)

const FRAMES: readonly (readonly [string, (n: number) => string])[] = [
  ['IPv4', (n) => `10.0.${n >> 4}.${240 + (n & 15)}`],
  ['IPv6, last word', (n) => `2001:db8::${n.toString(16)}`],
  ['IPv6, first word', (n) => `${(0x2000 + n).toString(16)}::`],
]

for (const [name, addressOf] of FRAMES) {
  test(`${name}: an address is in the list exactly when one of its lines covers it`, () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 12 }), (lines) => {
        const text = lines.map(([first, last]) => `${addressOf(first)} - ${addressOf(last)}\n`).join('')
        const reader = new BlocklistReader()
        reader.push(Buffer.from(text))
        const { ranges, lineCount } = reader.finish()
        assert.equal(lineCount, lines.length)
        for (let n = 0; n <= 71; n++) {
          const expected = lines.some(([first, last]) => first <= n && n <= last)
          assert.equal(ranges.has(addressOf(n)), expected, addressOf(n))
        }
      }),
    )
  })
}

test('whatever the bytes and however they are cut, reading ends with the same list', () => {
  const piece = fc.constantFrom(
    ...[
      '1.2.3.4',
      '2001:db8::',
      '-',
      '/',
      '24',
      ' ',
      ':',
      ',',
      '000',
      '\n',
      '\r\n',
      '#',
      'x',
      '::',
      '300',
      '\0',
    ],
  )
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 60 }),
      fc.array(fc.nat(200), { maxLength: 6 }),
      (pieces, cuts) => {
        const bytes = Buffer.from(pieces.join(''))
        const whole = new BlocklistReader()
        whole.push(bytes)
        const parts = new BlocklistReader()
        const ends = [...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length]
        let start = 0
        for (const end of ends) {
          parts.push(bytes.subarray(start, end))
          start = end
        }
        assert.deepEqual(parts.finish(), whole.finish())
      },
    ),
  )
})
