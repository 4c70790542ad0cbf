import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EXIT_CODE_TABLE, combinedExitCode, describeError, exitCodeOf } from '../../../src/cli/exit-codes.ts'
import {
  BugError,
  InputError,
  PeerError,
  SourceError,
  StorageError,
  UsageError,
} from '../../../src/common/errors.ts'

test('each error ends the command with its exit code', () => {
  const cases: [unknown, number][] = [
    [new UsageError('USAGE', ''), 2],
    [new InputError('TORRENT_FILE_INVALID', ''), 3],
    [new SourceError('NO_SOURCE', ''), 4],
    [new SourceError('TIME_LIMIT', ''), 5],
    [new SourceError('STALLED', ''), 5],
    [new StorageError('DISK_FULL', ''), 9],
    [new StorageError('DISK_IO', ''), 10],
    [new StorageError('LOCKED', ''), 12],
    [new StorageError('FILE_IN_THE_WAY', ''), 13],
    [new BugError('BUG_PHASE', ''), 1],
    [new PeerError('PEER_TIMEOUT', ''), 1],
    [new TypeError('x is not a function'), 1],
    ['a string', 1],
  ]
  for (const [error, code] of cases) assert.equal(exitCodeOf(error), code)
})

test('one source ends with its own code, several with 0 or 8', () => {
  assert.equal(combinedExitCode([13], 1), 13)
  assert.equal(combinedExitCode([0], 1), 0)
  assert.equal(combinedExitCode([0], 2), 0)
  assert.equal(combinedExitCode([3], 2), 8)
  assert.equal(combinedExitCode([0, 9], 2), 8)
  assert.equal(combinedExitCode([], 0), 0)
})

test('an expected error is a sentence, our own mistake a stack', () => {
  assert.equal(describeError(new StorageError('DISK_FULL', 'disk full')), 'disk full')
  assert.match(describeError(new BugError('BUG_PHASE', 'open while closed')), /^internal error: .*\n +at /)
  assert.match(describeError('thrown text'), /^internal error: thrown text$/)
})

test('the help names every code that can come out', () => {
  const named = new Set(EXIT_CODE_TABLE.flatMap(([code]) => code.split(', ')))
  for (const code of [0, 1, 2, 3, 4, 5, 8, 9, 10, 12, 13, 129, 130, 143])
    assert.ok(named.has(String(code)), String(code))
})
