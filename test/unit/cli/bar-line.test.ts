import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawBar, fitColumns } from '../../../src/cli/bar-line.ts'
import type { BarRow } from '../../../src/cli/bar-line.ts'
import { BarName } from '../../../src/cli/bar-name.ts'
import { describeTerminal } from '../../../src/cli/terminal.ts'
import { displayWidth } from '../../../src/cli/text-width.ts'
import { loadTheme } from '../../../src/cli/theme.ts'
import type { Theme } from '../../../src/cli/theme.ts'
import { MIB, MemoryStream } from './fake-session.ts'

const ROW: BarRow = {
  name: new BarName('linux-12.iso'),
  state: 'moving',
  doneBytes: 366 * MIB,
  totalBytes: 631 * MIB,
  bytesPerSecond: 41.3 * MIB,
  peerCount: 12,
  etaSeconds: 6.4,
  notes: [],
}

async function plainTheme(lang: string): Promise<Theme> {
  return await loadTheme(describeTerminal(new MemoryStream(), { LANG: lang }, 'never'))
}

async function draw(rows: readonly BarRow[], columns: number, lang = 'C.UTF-8'): Promise<string[]> {
  const theme = await plainTheme(lang)
  const fitted = fitColumns(rows, columns)
  return rows.map((row) => drawBar(row, columns, fitted, theme))
}

test('at 80 columns all there is to know fits', async () => {
  assert.deepEqual(await draw([ROW], 80), [
    'linux-12.iso  ━━━━━━        58%  366.0/631.0 MiB  41.3 MiB/s  12 peers   0:07',
  ])
})

test('a narrow terminal loses the least telling columns first', async () => {
  const [sixty = '', forty = '', twenty = '', ten = '', one = ''] = await Promise.all(
    [60, 40, 20, 10, 1].map(async (columns) => (await draw([ROW], columns))[0]),
  )
  assert.match(sixty, /^linux-12\.iso .* 58% {2}41\.3 MiB\/s {3}0:07$/)
  assert.match(forty, /^linux-12\.iso .* 58% {3}0:07$/)
  assert.equal(twenty, 'linux…2.iso   58%')
  assert.match(ten, / {3}58%$/)
  assert.equal(one, '')
})

test('a rate that gets shorter does not move the line back, and a new one does not remember', async () => {
  const theme = await plainTheme('C.UTF-8')
  const fast = fitColumns([{ ...ROW, bytesPerSecond: 141.3 * MIB }], 80)
  const slow = { ...ROW, bytesPerSecond: 9 * MIB }
  const after = drawBar(slow, 80, fitColumns([slow], 80, fast), theme)
  assert.equal(after.indexOf('%'), drawBar(slow, 80, fast, theme).indexOf('%'))
  assert.notEqual(after.indexOf('%'), drawBar(slow, 80, fitColumns([slow], 80), theme).indexOf('%'))
})

test('without a rate there is no time left', async () => {
  const [line = ''] = await draw([{ ...ROW, bytesPerSecond: 0 }], 80)
  assert.match(line, / 0 B\/s {2}12 peers {3}-:--$/)
})

test('a Ctrl-C that the terminal echoes behind the line does not wrap it', async () => {
  for (const line of await draw([ROW, { ...ROW, notes: ['x'.repeat(200)] }], 80))
    assert.ok(displayWidth(`${line}^C`) < 80)
})

test('no width makes a line that wraps', async () => {
  const rows = [
    ROW,
    { ...ROW, name: new BarName('数据集'.repeat(9)) },
    { ...ROW, state: 'stalled' as const, notes: ['no peers known'] },
  ]
  for (let columns = 1; columns <= 200; columns++) {
    for (const line of await draw(rows, columns))
      assert.ok(displayWidth(line) < Math.max(columns, 1), `${columns}: ${line}`)
  }
})

test('bars of several torrents line up', async () => {
  const rows = [
    ROW,
    { ...ROW, name: new BarName('数据集-b'), totalBytes: 5 * 1024 * MIB },
    { ...ROW, name: new BarName('x'), notes: ['no peers known'] },
  ]
  const [first = '', second = '', third = ''] = await draw(rows, 100)
  const cellsBefore = (line: string): number => displayWidth(line.slice(0, line.indexOf('%')))
  assert.deepEqual([cellsBefore(second), cellsBefore(third)], [cellsBefore(first), cellsBefore(first)])
})

test('why it stalls takes the place of rate, peers and time left', async () => {
  const [line = ''] = await draw([{ ...ROW, state: 'stalled', notes: ['3 peers, all choking'] }], 80)
  assert.match(line, / 58% {2}366\.0\/631\.0 MiB {2}3 peers, all choking$/)
})

test('without UTF-8 the bar is ASCII', async () => {
  const [line = ''] = await draw([ROW], 80, 'C')
  assert.match(line, /^[ -~]+$/)
  assert.match(line, / =+-? +58%/)
})
