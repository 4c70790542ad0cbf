/** The library has the names of docs/library.md, no more and no less. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as library from '../../../src/api/torrent-dl.ts'

/** From dist/test/unit/api up to the root. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const page = readFileSync(join(ROOT, 'docs/library.md'), 'utf8')

/** What stands in backticks in the first column of the table below a heading. */
function firstColumn(text: string): string[] {
  return [...text.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(\w+)(?:\(.*?\))?`/g)].map(([, name = '']) => name),
  )
}

function section(heading: string): string {
  const [, text = ''] = page.split(`\n## ${heading}\n`)
  return text.split('\n## ')[0] ?? ''
}

/** `  readonly name?:` of an interface in a source file. */
function fieldsOf(file: string, name: string): string[] {
  const source = readFileSync(join(ROOT, 'src', file), 'utf8')
  const body = new RegExp(`export interface ${name} \\{\n(.*?)^\\}`, 'ms').exec(source)?.[1] ?? ''
  return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field = '']) => field)
}

test('functions and classes', () => {
  const [introduction = ''] = page.split('\n## ')
  assert.deepEqual(firstColumn(introduction).toSorted(), Object.keys(library).toSorted())
})

test('types', () => {
  const source = readFileSync(join(ROOT, 'src/api/torrent-dl.ts'), 'utf8')
  const exported = [...source.matchAll(/export type \{(.*?)\}/gs)].flatMap(([, names = '']) =>
    names.split(',').map((name) => name.trim()),
  )
  assert.deepEqual(firstColumn(section('Types')).toSorted(), exported.toSorted())
})

test('options of download and startTestbed', () => {
  assert.deepEqual(
    firstColumn(section('download')).toSorted(),
    fieldsOf('api/download.ts', 'DownloadOptions').toSorted(),
  )
  assert.deepEqual(
    firstColumn(section('startTestbed')).toSorted(),
    fieldsOf('share/testbed-options.ts', 'TestbedOptions').toSorted(),
  )
})

test('options of the others', () => {
  const text = section('seed, create, tracker')
  const options = [
    ...fieldsOf('api/seed.ts', 'SeedOptions'),
    ...fieldsOf('api/create.ts', 'CreateOptions'),
    ...fieldsOf('api/tracker.ts', 'TrackerOptions'),
  ]
  assert.ok(options.length > 15)
  for (const option of options) assert.ok(text.includes(`\`${option}\``), option)
})
