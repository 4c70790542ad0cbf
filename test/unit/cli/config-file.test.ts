import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { findDefaultConfig, hasSettings, readConfigFile } from '../../../src/cli/config-file.ts'
import { UsageError } from '../../../src/common/errors.ts'

const root = mkdtempSync(join(tmpdir(), 'torrent-dl-config-'))
after(() => {
  rmSync(root, { recursive: true })
})

function write(name: string, text: string): string {
  const path = join(root, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

test('the usual file is below XDG_CONFIG_HOME, else below ~/.config; relative ones are not looked at', () => {
  const inHome = write('home/.config/torrent-dl/config.json', '{}')
  const inXdg = write('xdg/torrent-dl/config.json', '{}')
  const HOME = join(root, 'home')
  assert.equal(findDefaultConfig({ HOME }), inHome)
  assert.equal(findDefaultConfig({ HOME, XDG_CONFIG_HOME: join(root, 'xdg') }), inXdg)
  assert.equal(findDefaultConfig({ HOME, XDG_CONFIG_HOME: '' }), inHome)
  assert.equal(findDefaultConfig({ HOME, XDG_CONFIG_HOME: 'xdg' }), inHome)
  assert.equal(findDefaultConfig({ HOME, XDG_CONFIG_HOME: join(root, 'none') }), undefined)
  assert.equal(findDefaultConfig({ HOME: '.' }), undefined)
  assert.equal(findDefaultConfig({}), undefined)
})

test('without a file and without variables there is nothing to apply', () => {
  const HOME = join(root, 'nobody')
  assert.equal(hasSettings(undefined, { HOME, PATH: '/bin' }), false)
  assert.equal(hasSettings(undefined, { HOME, TORRENT_DL_JOBS: '5' }), true)
  assert.equal(hasSettings('any', { HOME }), true)
  assert.equal(hasSettings(false, { HOME: join(root, 'home') }), false)
})

test('settings come in the order of the file, with their types; a byte order mark is no matter', () => {
  const path = write(
    'good.json',
    '\ufeff{ "jobs": 5, "json": true, "peer": ["a:1", "b:2"], "output": "~/iso" }',
  )
  const { settings } = readConfigFile(path)
  assert.deepEqual(
    [...settings],
    [
      ['jobs', 5],
      ['json', true],
      ['peer', ['a:1', 'b:2']],
      ['output', '~/iso'],
    ],
  )
})

test('what is no configuration is refused with the name of the file', () => {
  const bad: readonly (readonly [string, RegExp])[] = [
    ['', /not valid JSON/],
    ['{', /not valid JSON/],
    ['{ "jobs": 5, }', /not valid JSON/],
    ['[]', /not a JSON object/],
    ['null', /not a JSON object/],
    ['5', /not a JSON object/],
    ['{ "jobs": null }', /jobs: not a string, a number/],
    ['{ "jobs": { "a": 1 } }', /jobs: not a string, a number/],
    ['{ "peer": [["a:1"]] }', /peer: not a string, a number/],
    [`{ "output": "${'x'.repeat(1024 * 1024)}" }`, /larger than 1 MiB/],
  ]
  for (const [index, [text, message]] of bad.entries()) {
    const path = write(`bad${index}.json`, text)
    assert.throws(
      () => readConfigFile(path),
      (error) => {
        assert.ok(error instanceof UsageError)
        assert.equal(error.code, 'CONFIG_UNREADABLE')
        assert.match(error.message, message)
        assert.ok(error.message.startsWith(`${path}: `), error.message)
        return true
      },
    )
  }
})

test('a file that cannot be read: which, and why', () => {
  const missing = join(root, 'missing.json')
  assert.throws(() => readConfigFile(missing), {
    message: `cannot read the configuration ${missing}: no such file`,
  })
  assert.throws(() => readConfigFile(root), {
    message: `cannot read the configuration ${root}: it is a directory`,
  })
})
