import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { VERSION } from '../../../src/common/version.ts'

test('peers, trackers and users see the version of the package', async () => {
  const manifest: unknown = JSON.parse(await readFile('package.json', 'utf8'))
  assert.equal((manifest as { version: string }).version, VERSION)
})
