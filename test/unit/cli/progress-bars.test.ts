import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Drawing } from '../../../src/cli/job-control.ts'
import { RunTally } from '../../../src/cli/run-tally.ts'
import { displayWidth } from '../../../src/cli/text-width.ts'
import type { JobView } from '../../../src/cli/view.ts'
import { MIB, makePeers } from './fake-session.ts'
import { ScriptedBatch, checking, connecting, moving, stalled } from './scripted-batch.ts'
import type { BatchOptions } from './scripted-batch.ts'

const FRAME_MS = 250

/** Closed after the test: cli-progress' timer would keep the process. */
async function openBatch(
  t: TestContext,
  sourceCount: number,
  options: Partial<BatchOptions> = {},
): Promise<ScriptedBatch> {
  const batch = await ScriptedBatch.open({ columns: 80, rows: 24, sourceCount, ...options })
  t.after(() => {
    batch.screen.close()
  })
  return batch
}

function startMoving(batch: ScriptedBatch, names: string): JobView[] {
  return Array.from(names, (name) =>
    batch.start(moving(name, 100 * MIB, MIB, { doneBytes: 50 * MIB, peers: 2 })),
  )
}

function namesOf(batch: ScriptedBatch): string {
  const bars = batch.grid.screen().filter((line) => /^. .*%/.test(line))
  return bars.map((line) => line.charAt(0)).join('')
}

test('a bar becomes its summary when the torrent is done, and nothing is left below it', async (t) => {
  const batch = await openBatch(t, 1)
  const job = batch.start(moving('a.iso', 100 * MIB, 10 * MIB, { doneBytes: 50 * MIB, peers: 2 }))
  assert.match(
    batch.grid.screen().join('\n'),
    /^a\.iso .* 50% {3}50\.0\/100\.0 MiB {2}10\.0 MiB\/s {3}2 peers {3}0:05$/,
  )
  const tally = new RunTally()
  tally.add(0, batch.complete(job, 4))
  const { code, counts } = tally
  batch.screen.onEnd({ code, signal: undefined, counts, results: [], seconds: 4, failedList: undefined })
  assert.deepEqual(batch.grid.screen(), ['✔ a.iso  100.0 MiB in 4.0 s (25.0 MiB/s)  → ./a.iso'])
  assert.deepEqual(batch.grid.cursor, { row: 1, column: 0 })
})

test('results and log lines stand above the bars that remain, the totals below them', async (t) => {
  const batch = await openBatch(t, 3)
  const [first] = startMoving(batch, 'ab')
  batch.screen.line(
    '   1.234 info  tracker said hello, at such length that the line takes two rows of the screen or more',
  )
  batch.complete(first!, 4)
  startMoving(batch, 'c')
  await batch.clock.advance(FRAME_MS)
  const shown = batch.grid.screen()
  assert.match(shown[0]!, /^ {3}1\.234 info/)
  assert.match(shown[2]!, /^✔ a /)
  assert.match(shown[3]!, /^b .*50%/)
  assert.match(shown[4]!, /^c .*50%/)
  assert.equal(shown[5], '1 of 3 done · 200.5/300.0 MiB · 2.0 MiB/s · 0:50 left')
  assert.equal(shown.length, 6)
})

test('the totals have no end while a source waits or is being checked', async (t) => {
  const batch = await openBatch(t, 3)
  startMoving(batch, 'ab')
  await batch.clock.advance(FRAME_MS)
  assert.equal(batch.grid.screen().at(-1), '0 of 3 done · 1 waiting · 100.5 MiB so far · 2.0 MiB/s')
  batch.start(checking('c', 100 * MIB, MIB))
  await batch.clock.advance(FRAME_MS)
  assert.equal(batch.grid.screen().at(-1), '0 of 3 done · 101.0 MiB so far · 2.0 MiB/s')
})

test('with one that stands still there is no time left for all', async (t) => {
  const batch = await openBatch(t, 2)
  startMoving(batch, 'a')
  batch.start(stalled('b', 100 * MIB, 50 * MIB, {}))
  await batch.clock.advance(FRAME_MS)
  assert.equal(batch.grid.screen().at(-1), '0 of 2 done · 100.3/200.0 MiB · 1.0 MiB/s')
})

test('as many bars as there is room for, the rest counted; a quarter of the screen stays for results then', async (t) => {
  const batch = await openBatch(t, 9, { rows: 8 })
  const jobs = startMoving(batch, 'abcdef')
  await batch.clock.advance(FRAME_MS)
  assert.equal(namesOf(batch), 'abcdef')
  jobs.push(...startMoving(batch, 'gh'))
  await batch.clock.advance(1000)
  assert.equal(namesOf(batch), 'abcde')
  assert.match(batch.grid.screen().at(-1)!, /^0 of 9 done · 3 more running · 1 waiting · /)
  batch.complete(jobs[1]!, 4)
  batch.complete(jobs[7]!, 4)
  await batch.clock.advance(1000)
  assert.equal(namesOf(batch), 'acdefg')
  assert.match(batch.grid.screen().at(-1)!, /^2 of 9 done · 1 waiting · /)
})

test('what moves is shown before what stands still, and what stays keeps its place', async (t) => {
  const batch = await openBatch(t, 6, { rows: 5 })
  batch.start(stalled('x', 100 * MIB, MIB, { connected: 3, known: 3 }))
  startMoving(batch, 'a')
  batch.start(stalled('y', 100 * MIB, MIB, {}))
  await batch.clock.advance(1000)
  assert.equal(namesOf(batch), 'xay')
  startMoving(batch, 'bcd')
  await batch.clock.advance(1000)
  assert.equal(namesOf(batch), 'bac')
  const totals = batch.grid.screen().at(-1)!
  assert.equal(totals, '0 of 6 done · 3 more running · 2 stalled · 206.3/600.0 MiB · 4.0 MiB/s')
})

test('the totals leave out the least telling where there is no room, never the failures', async (t) => {
  const batch = await openBatch(t, 1000, { columns: 44 })
  const jobs = startMoving(batch, 'ab')
  batch.fail(jobs[0]!, 'gone')
  await batch.clock.advance(FRAME_MS)
  assert.equal(batch.grid.screen().at(-1), '0 of 1,000 done · 1 failed · 1.0 MiB/s')
  batch.grid.resize(20, 24)
  assert.equal(batch.grid.screen().at(-1), '0 of 1,000 done')
})

test('before it is known what there is to check, the bar is empty', async (t) => {
  const batch = await openBatch(t, 1)
  const at = (): { state: 'checking' } => ({ state: 'checking' })
  batch.start({ name: 'a.iso', totalBytes: 100 * MIB, at })
  assert.match(
    batch.grid.screen().join('\n'),
    /^a\.iso {20,}0% {4}0\.0\/100\.0 MiB {2}checking what is there$/,
  )
})

test('checking, looking for peers and stalling are told apart from a download', async (t) => {
  const batch = await openBatch(t, 3)
  batch.start(checking('old', 200 * MIB, 50 * MIB, 1))
  batch.start(connecting('new', 100 * MIB, {}))
  batch.start(stalled('bad', 100 * MIB, 0, { connected: 3, known: 3 }))
  await batch.clock.advance(2000)
  const [old = '', fresh = '', bad = ''] = batch.grid.screen()
  assert.match(old, /50% {2}100\.0\/200\.0 MiB {2}50\.0 MiB\/s {2}checking {3}0:02$/)
  assert.match(fresh, /0% {4}0\.0\/100\.0 MiB {2}looking for peers$/)
  assert.match(bad, /0% {4}0\.0\/100\.0 MiB {2}stalled: all 3 peers choke$/)
})

test('figures keep still for a second while the bar moves on', async (t) => {
  const batch = await openBatch(t, 1)
  let rate = 10 * MIB
  batch.start({
    name: 'a.iso',
    totalBytes: 1000 * MIB,
    at: (second) => ({
      doneBytes: second * 100 * MIB,
      downloadBytesPerSecond: (rate += 0.1 * MIB),
      etaSeconds: 5,
      peers: makePeers({ connected: 1 }),
    }),
  })
  const rates: string[] = []
  const percents: string[] = []
  for (let frame = 0; frame < 8; frame++) {
    await batch.clock.advance(FRAME_MS)
    const line = batch.grid.screen()[0]!
    rates.push(/[\d.]+ MiB\/s/.exec(line)![0])
    percents.push(/\d+%/.exec(line)![0])
  }
  assert.equal(new Set(rates).size, 3)
  assert.equal(new Set(percents).size, 8)
})

test('four frames a second, each in one write', async (t) => {
  const batch = await openBatch(t, 50)
  for (let i = 0; i < 50; i++) batch.start(moving(`torrent-${i}`, 1000 * MIB, 10 * MIB))
  await batch.clock.advance(FRAME_MS)
  const before = batch.grid.writeCount
  await batch.clock.advance(10_000)
  assert.equal(batch.grid.writeCount - before, 40)
})

test('a burst of results is drawn with the next frame, not one by one', async (t) => {
  const batch = await openBatch(t, 1000)
  for (let i = 0; i < 1000; i++) batch.complete(batch.start(moving(`torrent-${i}`, MIB, MIB)), 0.1)
  assert.equal(batch.grid.writeCount, 1)
  await batch.clock.advance(FRAME_MS)
  assert.equal(batch.grid.writeCount, 2)
  assert.equal(batch.grid.everything().filter((line) => line.startsWith('✔ ')).length, 1000)
})

test('where nothing changes nothing is written, but once a second to mend what others wrote', async (t) => {
  const batch = await openBatch(t, 1)
  batch.start(stalled('a.iso', 100 * MIB, 0, {}))
  await batch.clock.advance(1000)
  const before = batch.grid.writeCount
  await batch.clock.advance(5000)
  assert.equal(batch.grid.writeCount - before, 5)
})

test('a finished line that would wrap names the path alone, then leaves out the rate', async (t) => {
  const batch = await openBatch(t, 1, { columns: 60 })
  const job = batch.start(moving('a-name-that-is-thirty-characters', 100 * MIB, MIB))
  batch.complete(job, 4)
  await batch.clock.advance(FRAME_MS)
  assert.equal(batch.grid.screen()[0], '✔ ./a-name-that-is-thirty-characters  100.0 MiB in 4.0 s')
})

test('a long error is broken at words, and its lines below the first are indented', async (t) => {
  const batch = await openBatch(t, 2, { columns: 40 })
  const [job] = startMoving(batch, 'a')
  batch.fail(job!, 'the disk is full, and /a/path/that/is/longer/than/a/row/of/the/screen/is stays whole')
  batch.screen.onWarning(undefined, 'the record cannot be read, so all of it is hashed again')
  batch.screen.close()
  assert.deepEqual(batch.grid.screen(), [
    '✖ a  exit 5: the disk is full, and',
    '  /a/path/that/is/longer/than/a/row/of/t',
    'he/screen/is',
    '  stays whole',
    'torrent-dl: the record cannot be read,',
    '  so all of it is hashed again',
  ])
})

test('of several torrents a warning says which it is about', async (t) => {
  const batch = await openBatch(t, 2)
  const [job] = startMoving(batch, 'a')
  batch.screen.onWarning(job, '1 file is gone')
  batch.screen.onWarning(undefined, 'HOME is not set')
  await batch.clock.advance(FRAME_MS)
  assert.deepEqual(batch.grid.screen().slice(0, 2), [
    'torrent-dl: a: 1 file is gone',
    'torrent-dl: HOME is not set',
  ])
})

test('why nothing moves is said above the bar after 30 s and every 30 s, of three torrents at a time', async (t) => {
  const batch = await openBatch(t, 9)
  for (const name of 'abcdefghi') batch.start(stalled(name, 100 * MIB, 0, {}))
  for (let second = 0; second < 80; second++) {
    batch.screen.onTick()
    await batch.clock.advance(1000)
  }
  batch.screen.close()
  const said = batch.grid.everything().filter((line) => line.startsWith('torrent-dl: '))
  assert.deepEqual(
    said
      .map((line) => /^torrent-dl: (.) {2}0% 0\.0\/100\.0 MiB, 0 B\/s for \d+ s: /.exec(line)?.[1])
      .join(''),
    'abcdefghi',
  )
})

for (const wrapsAnew of [true, false]) {
  const kind = wrapsAnew ? 'wraps rows anew' : 'cuts rows'
  test(`a terminal that ${kind} shows no rubbish after it was resized`, async (t) => {
    const env = wrapsAnew ? {} : { TERM: 'linux' }
    const batch = await openBatch(t, 9, { columns: 120, rows: 24, wrapsAnew, env })
    batch.grid.type('$ torrent-dl *\n')
    startMoving(batch, 'abcde')
    await batch.clock.advance(FRAME_MS)
    for (const [columns, rows] of [
      [60, 24],
      [119, 30],
      [40, 24],
      [20, 24],
      [120, 24],
    ] as const) {
      batch.grid.resize(columns, rows)
      const [command, ...rest] = batch.grid.everything()
      const where = `at ${columns} x ${rows}`
      assert.equal(command, '$ torrent-dl *', where)
      assert.equal(rest.length, 6, where)
      assert.equal(namesOf(batch), 'abcde', where)
      assert.match(rest[5]!, /^0 of 9 done/, where)
    }
  })
}

test('at any size the frame fits, and a screen that was tiny is whole again', async (t) => {
  const batch = await openBatch(t, 9)
  startMoving(batch, 'abcdef')
  for (const columns of [3, 9, 17, 30, 80, 200]) {
    for (const rows of [1, 2, 3, 5, 8, 30]) {
      batch.grid.resize(columns, rows)
      await batch.clock.advance(FRAME_MS)
      const shown = batch.grid.screen()
      assert.ok(shown.length <= rows, `${columns} x ${rows}`)
      for (const line of shown) assert.ok(displayWidth(line) <= columns)
    }
  }
  assert.equal(namesOf(batch), 'abcdef')
  assert.match(batch.grid.screen().at(-1)!, /^0 of 9 done/)
})

test('what is drawn goes when the process is stopped, and comes back below what the shell wrote', async (t) => {
  let drawing: Drawing | undefined
  const watchJobControl = (given: Drawing): (() => void) => {
    drawing = given
    return () => undefined
  }
  const batch = await openBatch(t, 2, { watchJobControl })
  batch.grid.type('$ torrent-dl *\n')
  const [job] = startMoving(batch, 'ab')
  await batch.clock.advance(FRAME_MS)
  drawing!.suspend()
  assert.deepEqual(batch.grid.screen(), ['$ torrent-dl *'])
  batch.grid.type('[1]+  Stopped\n$ bg\n')
  batch.complete(job!, 4)
  await batch.clock.advance(1000)
  assert.equal(batch.grid.screen().at(-1), '✔ a  100.0 MiB in 4.0 s (25.0 MiB/s)  → ./a')
  batch.grid.type('$ fg\n')
  drawing!.resume()
  assert.equal(namesOf(batch), 'b')
  assert.equal(batch.grid.screen()[4], '$ fg')
  drawing!.lose()
  batch.grid.type('[1]+  Stopped\n$ fg\n')
  drawing!.resume()
  assert.deepEqual(batch.grid.screen().slice(-4, -2), ['$ fg', ''])
  assert.equal(namesOf(batch), 'bb')
})

test('the grid refuses whatever hides the cursor or turns wrapping off: a killed process leaves a usable terminal', async (t) => {
  const batch = await openBatch(t, 2, { color: 'always' })
  assert.throws(() => {
    batch.grid.write('\x1b[?25l')
  })
  const [job] = startMoving(batch, 'ab')
  await batch.clock.advance(1000)
  batch.complete(job!, 1)
  batch.screen.close()
})

test('a name is cut by the cells it takes, and joined emoji, marks and flags stay in line', async (t) => {
  const names = [
    'plain ASCII name, longer than there is room for.iso',
    '數據集-二〇二六年十月完整版本-高解析度.tar.zst',
    '👩‍👩‍👧‍👦 family 📷 album 🇯🇵🇫🇷 été à l\u2019océan ❤️.tar',
    'e\u0301te\u0301-fra\u0302nc\u0327ais-de\u0301compose\u0301-version-longue.mkv',
    `zalgo${'\u0301\u0316\u0323'.repeat(40)}.txt`,
  ]
  for (const columns of [60, 80, 140]) {
    const batch = await openBatch(t, names.length, { columns })
    for (const name of names) batch.start(moving(name, 100 * MIB, MIB, { doneBytes: 50 * MIB }))
    await batch.clock.advance(FRAME_MS)
    const bars = batch.grid.screen().slice(0, -1)
    const cells = bars.map((line) => displayWidth(line.slice(0, line.indexOf('%'))))
    assert.deepEqual(cells, Array(names.length).fill(cells[0]), bars.join('\n'))
    assert.ok(!bars.join('').includes('\u200d'))
    assert.ok(!/[\u0301\u0316\u0323]{5}/.test(bars.join('')))
  }
})
