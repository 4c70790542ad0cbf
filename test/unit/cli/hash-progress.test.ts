import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HashProgress } from '../../../src/cli/hash-progress.ts'
import type { ProgressKind } from '../../../src/cli/progress-kind.ts'
import { describeTerminal } from '../../../src/cli/terminal.ts'
import { loadTheme } from '../../../src/cli/theme.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { TerminalGrid } from '../../support/terminal-grid.ts'

const MIB = 2 ** 20

async function open(
  kind: ProgressKind,
): Promise<{ progress: HashProgress; clock: FakeClock; grid: TerminalGrid }> {
  const grid = new TerminalGrid({ columns: 80, rows: 24 })
  const clock = new FakeClock()
  const env = { TERM: 'xterm-256color', LANG: 'C.UTF-8' }
  const terminal = describeTerminal(grid, env, 'never')
  const progress = new HashProgress({
    ...{ stream: grid, clock, kind, name: 'da\u202eta', activity: 'hashing' },
    style: { terminal, theme: await loadTheme(terminal), isBatch: false },
    watchJobControl: () => () => undefined,
  })
  return { progress, clock, grid }
}

test('a bar says what is done, how far it is, how fast, and when it ends; nothing is left of it', async () => {
  const { progress, clock, grid } = await open('bars')
  await clock.advance(250)
  assert.match(grid.screen().join('\n'), /^da\\u\{202e\}ta .*looking at the files$/)
  progress.onProgress(0, 400 * MIB)
  await clock.advance(1000)
  progress.onProgress(100 * MIB, 400 * MIB)
  await clock.advance(1000)
  assert.match(grid.screen().join('\n'), / 25% {2}100\.0\/400\.0 MiB {2}\d+\.\d MiB\/s {3}hashing {3}0:0\d$/)
  progress.suspend()
  assert.deepEqual(grid.screen(), [])
  progress.resume()
  assert.equal(grid.screen().length, 1)
  progress.close()
  progress.close()
  assert.deepEqual(grid.screen(), [])
  assert.equal(clock.timerCount, 0)
})

test('without a terminal there is a line at first and one every 10 seconds', async () => {
  const { progress, clock, grid } = await open('plain')
  progress.onProgress(1, 400 * MIB)
  await clock.advance(9_999)
  progress.onProgress(100 * MIB, 400 * MIB)
  await clock.advance(1)
  progress.close()
  assert.deepEqual(grid.screen(), [
    'torrent-dl: da\\u{202e}ta: hashing 400.0 MiB',
    'torrent-dl: da\\u{202e}ta: hashing 25% 100.0/400.0 MiB, 10.0 MiB/s, 0:30 left',
  ])
})

test('otherwise it says nothing', async () => {
  for (const kind of ['summary', 'errors'] as const) {
    const { progress, clock, grid } = await open(kind)
    progress.onProgress(1, 2)
    await clock.advance(60_000)
    progress.close()
    assert.deepEqual(grid.screen(), [])
  }
})
