import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toSafeJson } from '../../../src/cli/safe-json.ts'

test('no byte of foreign text can do anything to a terminal', () => {
  const evil = '\x1b[2J\u009b\u202e\u200b\u2028\ud800\u{e0041}é数'
  const json = toSafeJson({ evil })
  assert.equal(json, '{"evil":"\\u001b[2J\\u009b\\u202e\\u200b\\u2028\\ud800\\udb40\\udc41é数"}')
  assert.deepEqual(JSON.parse(json), { evil })
})
