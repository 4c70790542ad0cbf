import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeLog } from '../../../src/cli/log.ts'
import { show } from '../../../src/cli/terminal.ts'

function linesAt(verbosity: number): string[] {
  const lines: string[] = []
  let nowMs = 5000
  const log = makeLog(verbosity, { now: () => nowMs, line: (text) => lines.push(text), clean: show })
  nowMs = 6234
  log('error', 'storage', 'e')
  log('warn', 'peer', '10.0.0.7:6881 is banned: \x1b[2J')
  log('info', 'tracker', 'i')
  log('debug', 'swarm', 'd')
  log('trace', 'session', 't')
  return lines
}

test('each -v shows one level more; a banned peer is shown from the first', () => {
  assert.deepEqual(
    [0, 1, 2, 3].map((verbosity) => linesAt(verbosity).length),
    [1, 3, 4, 5],
  )
})

test('a line has the time since the start, level, scope, and a clean message', () => {
  assert.equal(linesAt(1)[1], '   1.234 warn  peer    10.0.0.7:6881 is banned: \\x1b[2J')
})
