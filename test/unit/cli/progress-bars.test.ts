import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { openProgressBars } from '../../../src/cli/progress-bars.ts'
import { describeTerminal } from '../../../src/cli/terminal.ts'
import { loadTheme } from '../../../src/cli/theme.ts'
import { RunTally } from '../../../src/cli/run-tally.ts'
import type { JobResult, JobView, RunSummary, Screen } from '../../../src/cli/view.ts'
import type { TorrentSnapshot } from '../../../src/torrent/snapshot.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { MIB, MemoryStream, makeMetainfo, makeSnapshot } from './fake-session.ts'

const ESC = '\x1b'
const TOKEN = new RegExp(`${ESC}\\[(\\d*)([AKJ])|[^]`, 'gu')

/** What a terminal shows after these bytes: enough of one for what the bars write. */
function screenOf(text: string): string[] {
  const rows = ['']
  let row = 0
  let column = 0
  for (const [token, amount = '', command = ''] of text.matchAll(TOKEN)) {
    if (command === 'A') row -= Number(amount)
    else if (command === 'K') rows[row] = rows[row]!.slice(0, column)
    else if (command === 'J') rows.splice(row, Infinity, rows[row]!.slice(0, column))
    else if (token === '\r') column = 0
    else if (token === '\n') {
      row += 1
      column = 0
      rows[row] ??= ''
    } else {
      rows[row] = rows[row]!.slice(0, column).padEnd(column) + token + rows[row]!.slice(column + 1)
      column += 1
    }
  }
  return rows.map((line) => line.trimEnd())
}

interface Bars {
  readonly screen: Screen
  readonly stream: MemoryStream
  readonly clock: FakeClock
}

/** Closed after the test: an open one redraws for ever. */
async function openBars(t: TestContext, sourceCount: number, columns = 80): Promise<Bars> {
  const stream = new MemoryStream({ isTTY: true, columns })
  const terminal = describeTerminal(stream, { LANG: 'C.UTF-8' }, 'never')
  const style = { terminal, theme: await loadTheme(terminal), isBatch: sourceCount > 1 }
  const clock = new FakeClock()
  const screen = await openProgressBars({
    stream,
    style,
    clock,
    sourceCount: () => ({ known: sourceCount, isAll: true }),
  })
  t.after(() => {
    screen.close()
  })
  return { screen, stream, clock }
}

function makeJob(name: string, fields: Partial<TorrentSnapshot> = {}): JobView {
  const metainfo = makeMetainfo(name)
  const infoHash = metainfo.infoHash.toString('hex')
  const snapshot = (): TorrentSnapshot => makeSnapshot({ name, infoHash, ...fields })
  return { source: `${name}.torrent`, metainfo, infoHash, path: name, snapshot }
}

function completed(job: JobView): JobResult {
  const snapshot = makeSnapshot({ doneBytes: 100 * MIB, downloadedBytes: 100 * MIB, state: 'complete' })
  return { source: job.source, outcome: 'complete', code: 0, error: undefined, job, snapshot, seconds: 4 }
}

function summaryOf(result: JobResult): RunSummary {
  const tally = new RunTally()
  tally.add(0, result)
  const { code, counts } = tally
  return { code, signal: undefined, counts, results: tally.results(), seconds: 4, failedList: undefined }
}

const MOVING = {
  doneBytes: 50 * MIB,
  downloadBytesPerSecond: 10 * MIB,
  etaSeconds: 5,
  peers: { connected: 2, seeds: 1, unchoking: 1, dialing: 0, known: 2, banned: 0 },
}

test('a bar becomes its summary when the torrent is done, and nothing is left below it', async (t) => {
  const { screen, stream } = await openBars(t, 1)
  const job = makeJob('a.iso', MOVING)
  screen.onStart(job)
  assert.match(
    screenOf(stream.text).join('\n'),
    /^a\.iso .* 50% {3}50\.0\/100\.0 MiB {2}10\.0 MiB\/s {3}2 peers {3}0:05$/,
  )
  const result = completed(job)
  screen.onResult(result)
  screen.onEnd(summaryOf(result))
  assert.deepEqual(screenOf(stream.text), ['✔ a.iso  100.0 MiB in 4.0 s (25.0 MiB/s)  → ./a.iso', ''])
})

test('results and log lines stand above the bars that remain, the totals below them', async (t) => {
  const { screen, stream } = await openBars(t, 3)
  const [first, second, third] = [makeJob('a', MOVING), makeJob('b', MOVING), makeJob('c', MOVING)]
  screen.onStart(first)
  screen.onStart(second)
  screen.line(
    '   1.234 info  tracker said hello, at such length that the line takes two rows of the screen or more',
  )
  screen.onResult(completed(first))
  screen.onStart(third)
  const shown = screenOf(stream.text).filter((line) => line !== '')
  assert.match(shown[0]!, /^ {3}1\.234 info/)
  assert.match(shown[1]!, /^✔ a /)
  assert.match(shown[2]!, /^b .*50%/)
  assert.match(shown[3]!, /^c .*50%/)
  assert.equal(shown[4], '1 of 3 done · 200.0/300.0 MiB · 20.0 MiB/s · 0:05 left')
  assert.equal(shown.length, 5)
  screen.close()
})

test('the totals leave out bytes and time while a source is still unknown or being checked', async (t) => {
  const { screen, stream } = await openBars(t, 3)
  screen.onStart(makeJob('a', MOVING))
  screen.onStart(makeJob('b', MOVING))
  assert.equal(screenOf(stream.text).at(-1), '0 of 3 done · 20.0 MiB/s')
  screen.onStart(makeJob('c', { state: 'checking' }))
  assert.equal(screenOf(stream.text).at(-1), '0 of 3 done · 20.0 MiB/s')
})

test('there are as many bars as the screen has lines for; others are counted and come when there is room', async (t) => {
  const { screen, stream } = await openBars(t, 6)
  stream.resize(80, 5)
  const jobs = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => makeJob(name, MOVING))
  const names = (): string => {
    const bars = screenOf(stream.text).filter((line) => /^. .*50%/.test(line))
    return bars.map((line) => line.charAt(0)).join('')
  }
  for (const job of jobs) screen.onStart(job)
  assert.equal(names(), 'abc')
  const totals = '0 of 6 done · 3 more running · 300.0/600.0 MiB · 60.0 MiB/s · 0:05 left'
  assert.equal(screenOf(stream.text).at(-1), totals)
  screen.onResult(completed(jobs[1]!))
  screen.onResult(completed(jobs[4]!))
  assert.equal(names(), 'acd')
  assert.match(screenOf(stream.text).at(-1)!, /^2 of 6 done · 1 more running · /)
  stream.resize(80, 4)
  assert.equal(names(), 'ac')
  stream.resize(80, 24)
  assert.equal(names(), 'acdf')
  assert.match(screenOf(stream.text).at(-1)!, /^2 of 6 done · 400.0/)
  screen.close()
})

test('with one that stands still there is no time left for all', async (t) => {
  const { screen, stream } = await openBars(t, 2)
  screen.onStart(makeJob('a', MOVING))
  screen.onStart(makeJob('b', { ...MOVING, downloadBytesPerSecond: 0 }))
  assert.equal(screenOf(stream.text).at(-1), '0 of 2 done · 100.0/200.0 MiB · 10.0 MiB/s')
})

test('before it is known what there is to check, the bar is empty', async (t) => {
  const { screen, stream } = await openBars(t, 1)
  screen.onStart(makeJob('a.iso', { state: 'checking' }))
  assert.match(screenOf(stream.text).join('\n'), /^a\.iso {20,}0% {4}0\.0\/100\.0 MiB {2}checking$/)
})

test('a finished line that would wrap names the path alone', async (t) => {
  const { screen, stream } = await openBars(t, 1, 60)
  const job = makeJob('a-name-that-is-thirty-characters')
  screen.onStart(job)
  screen.onResult(completed(job))
  assert.equal(
    screenOf(stream.text)[0],
    '✔ ./a-name-that-is-thirty-characters  100.0 MiB in 4.0 s (25.0 MiB/s)',
  )
})

test('of several torrents a warning says which it is about', async (t) => {
  const { screen, stream } = await openBars(t, 2)
  screen.onWarning(makeJob('a.iso'), '1 file is gone')
  screen.onWarning(undefined, 'HOME is not set')
  assert.deepEqual(screenOf(stream.text).slice(0, 2), [
    'torrent-dl: a.iso: 1 file is gone',
    'torrent-dl: HOME is not set',
  ])
})

test('checking and looking for peers are told apart from a download', async (t) => {
  const { screen, stream, clock } = await openBars(t, 2)
  const checking = { state: 'checking' as const, checkedBytes: 50 * MIB, bytesToCheck: 100 * MIB }
  screen.onStart(makeJob('old', checking))
  await clock.advance(1000)
  screen.onStart(makeJob('new'))
  const [old = '', fresh = ''] = screenOf(stream.text)
  assert.match(old, /50% {3}50\.0\/100\.0 MiB {2}50\.0 MiB\/s {2}checking {3}0:01$/)
  assert.match(fresh, /0% {4}0\.0\/100\.0 MiB {2}looking for peers$/)
  screen.close()
})

test('why nothing moves is said above the bar after 30 s, and every 30 s', async (t) => {
  const { screen, stream, clock } = await openBars(t, 1)
  screen.onStart(makeJob('a.iso', { idleSeconds: 31 }))
  for (let second = 0; second < 45; second++) {
    screen.onTick()
    await clock.advance(1000)
  }
  screen.close()
  const said = screenOf(stream.text).filter((line) =>
    line.startsWith('torrent-dl: a.iso  0% 0.0/100.0 MiB, 0 B/s for 31 s'),
  )
  assert.equal(said.length, 2)
})

test('a resize redraws at once and wipes what the terminal made of the old rows', async (t) => {
  const { screen, stream } = await openBars(t, 1, 120)
  screen.onStart(makeJob('a.iso', MOVING))
  stream.text = ''
  stream.resize(40)
  // 120 columns held a row of about 110 cells: three rows of 40 now.
  assert.ok(stream.text.startsWith(`\r${ESC}[2A${ESC}[J`))
  screen.close()
})

test('the cursor is never hidden and wrapping never turned off: a killed process leaves a usable terminal', async (t) => {
  const { screen, stream } = await openBars(t, 1)
  screen.onStart(makeJob('a.iso', MOVING))
  screen.close()
  assert.ok(!stream.text.includes(`${ESC}[?`))
})
