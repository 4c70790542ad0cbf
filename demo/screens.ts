/**
 * `npm run screens`: what the bars look like, on a terminal in memory with scripted torrents: 60, 80 and 140 columns, 1, 5
 * and 50 torrents, English and long Unicode names, as text on standard output. `--svg FILE` writes the README's picture
 * instead, `--to DIRECTORY` a file for each screen.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { drawSvg } from './screen-svg.ts'
import { CASES, SEED_COLUMNS, screenOf, seedScreenOf, titleOf } from './screen-cases.ts'
import { heroScreen } from './screen-hero.ts'

const { values } = parseArgs({ options: { svg: { type: 'string' }, to: { type: 'string' } } })
if (values.svg !== undefined) {
  writeFileSync(values.svg, drawSvg(await heroScreen()))
} else {
  if (values.to !== undefined) mkdirSync(values.to, { recursive: true })
  for (const one of CASES) {
    const text = [...(await screenOf(one)), ''].join('\n')
    if (values.to !== undefined)
      writeFileSync(join(values.to, `${titleOf(one).replaceAll(/\W+/g, '-')}.txt`), text)
    else console.log(`--- ${titleOf(one)}\n${text}`)
  }
  for (const columns of SEED_COLUMNS) {
    const text = [...(await seedScreenOf(columns)), ''].join('\n')
    if (values.to !== undefined) writeFileSync(join(values.to, `${columns}-columns-seeding.txt`), text)
    else console.log(`--- ${columns} columns, seeding\n${text}`)
  }
}
