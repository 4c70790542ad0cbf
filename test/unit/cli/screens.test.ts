/** The screens that `npm run screens` shows, and the README's picture. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CASES, SEED_COLUMNS, screenOf, seedScreenOf, titleOf } from '../../../demo/screen-cases.ts'
import { heroScreen } from '../../../demo/screen-hero.ts'
import { drawSvg } from '../../../demo/screen-svg.ts'
import { displayWidth } from '../../../src/cli/text-width.ts'

for (const one of CASES) {
  test(`${titleOf(one)}: all fits, and lines up`, async () => {
    const shown = await screenOf(one)
    assert.ok(shown.length <= one.rows)
    for (const line of shown) assert.ok(displayWidth(line) <= one.columns, line)
    const bars = shown.filter((line) => /^[^✔✖ ].*\d%/.test(line) && !/ of .* done/.test(line))
    assert.ok(bars.length >= Math.min(one.torrents - 1, 16) || one.torrents === 1)
    const percents = new Set(bars.map((line) => displayWidth(line.slice(0, line.indexOf('%')))))
    assert.equal(percents.size, 1, shown.join('\n'))
    if (one.torrents > 1) assert.match(shown.at(-1)!, /^1 of [\d,]+ done/)
  })
}

test("the README's picture is what the script draws now (else: npm run screens -- --svg docs/screen.svg)", async () => {
  const kept = readFileSync(new URL('../../../../docs/screen.svg', import.meta.url), 'utf8')
  assert.equal(kept, drawSvg(await heroScreen()))
})

for (const columns of SEED_COLUMNS) {
  test(`${columns} columns, seeding: all fits, and the ratio is always there`, async () => {
    const shown = await seedScreenOf(columns)
    for (const line of shown) assert.ok(displayWidth(line) <= columns, line)
    assert.equal(shown.filter((line) => line.includes('ratio 0.82')).length, 3, shown.join('\n'))
    assert.match(shown.at(-1)!, /^3 of 4 done .* MiB\/s up$/)
  })
}
