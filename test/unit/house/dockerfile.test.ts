/** The Dockerfile is not built here: what a linter would look at, and that it copies what is there. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** From dist/test/unit/house up to the root. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))

function read(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8')
}

/** Instruction and the rest of its (joined) lines, without comments. */
const instructions = read('Dockerfile')
  .replace(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [name = '', ...rest] = line.trim().split(/\s+/)
    return { name, rest }
  })

function all(name: string): string[][] {
  return instructions.filter((one) => one.name === name).map(({ rest }) => rest)
}

test('two stages from a fixed major version; the last runs as a user without rights', () => {
  const images = all('FROM').map(([image = '']) => image)
  assert.equal(images.length, 2)
  for (const image of images) assert.match(image, /^node:\d+-slim$/)
  const user = all('USER').at(-1)?.[0]
  assert.ok(user !== undefined && !['root', '0'].includes(user))
  const last = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'))
  const order = last.map(({ name }) => name)
  assert.ok(order.indexOf('USER') > order.lastIndexOf('RUN'), 'nothing is built as that user')
  assert.ok(order.lastIndexOf('ENTRYPOINT') > order.indexOf('USER'))
})

test('ENTRYPOINT and CMD are lists, so that signals reach the command; paths are absolute', () => {
  assert.deepEqual(all('ENTRYPOINT'), [['["torrent-dl"]']])
  assert.deepEqual(all('CMD'), [['["--help"]']])
  for (const [path = ''] of all('WORKDIR')) assert.match(path, /^\//)
  assert.deepEqual(all('ADD'), [])
  for (const words of all('RUN')) assert.doesNotMatch(words.join(' '), /sudo|curl|wget|apt|npm install/)
})

test('the last stage takes everything from the first, the first what is here and not ignored', () => {
  const [fromStage, fromHere] = [true, false].map((isStage) =>
    all('COPY').filter(([first = '']) => first.startsWith('--from=build') === isStage),
  )
  const last = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'))
  assert.equal(last.filter(({ name }) => name === 'COPY').length, fromStage?.length)
  const packed = (JSON.parse(read('package.json')) as { files: string[] }).files
  const copied = fromStage?.map(([, source = '']) => source.replace('/build/', ''))
  assert.deepEqual(copied?.toSorted(), ['bin', 'dist/bundle', 'node_modules', 'package.json'])
  assert.ok(packed.includes('bin') && packed.includes('dist/bundle'))
  for (const sources of fromHere ?? []) {
    for (const source of sources.slice(0, -1)) assert.ok(existsSync(join(ROOT, source)), source)
  }
  const kept = read('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1))
  for (const path of kept) assert.ok(existsSync(join(ROOT, path)), path)
  const { build = '', bundle = '' } = (
    JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  ).scripts
  for (const [needed] of `${build} rollup.config.js tsconfig.json ${bundle}`.matchAll(
    /[\w.-]+\.(js|json)\b/g,
  )) {
    assert.ok(kept.includes(needed), `${needed} is needed to build`)
  }
})
