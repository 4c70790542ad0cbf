/** How a profile of Node and the threads in /proc are read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { summarize } from '../../../bench/profile/cpu-profile.ts'
import type { CpuProfile } from '../../../bench/profile/cpu-profile.ts'
import { threadTime } from '../../../bench/profile/thread-times.ts'

const SOURCES = 'file:///project/dist/src/'

/** Each function is called by the one before it; the root calls all of `native`. */
function profileOf(
  calls: readonly (readonly [name: string, url: string, milliseconds: number, callerId?: number])[],
): CpuProfile {
  const children = (id: number): number[] =>
    calls.flatMap(([, , , caller = 1], index) => (caller === id ? [index + 2] : []))
  const root = {
    id: 1,
    callFrame: { functionName: '(root)', url: '', lineNumber: -1 },
    children: children(1),
  }
  const nodes = calls.map(([functionName, url], index) => ({
    id: index + 2,
    callFrame: { functionName, url, lineNumber: 9 },
    children: children(index + 2),
  }))
  return {
    nodes: [root, ...nodes],
    samples: calls.map((_, index) => index + 2),
    // The first delta lies before the first sample.
    timeDeltas: [500, ...calls.map(([, , milliseconds]) => milliseconds * 1000)],
  }
}

void test('time goes to what Node was asked for, not to the function that was sampled', () => {
  const summary = summarize(
    profileOf([
      ['(idle)', '', 1000],
      ['onBlock', `${SOURCES}torrent/on-block.js`, 10],
      ['update', 'node:internal/crypto/hash', 40],
      ['writeSync', 'node:fs', 1],
      ['writeBuffer', '', 20, 5],
      ['handleWriteReq', 'node:internal/stream_base_commons', 0],
      ['writeBuffer', '', 5, 7],
      ['fstat', '', 4, 5],
      ['(garbage collector)', '', 2],
      ['push', '', 3, 3],
    ]),
    SOURCES,
  )
  const inMilliseconds = summary.categories.map(([name, seconds]) => [name, Math.round(seconds * 1000)])
  assert.deepEqual(inMilliseconds, [
    ['sha1', 40],
    ['write to files', 21],
    ['our own code', 13],
    ['write to sockets, connect', 5],
    ['other file calls (open, stat, ...)', 4],
    ['garbage collection in this thread', 2],
  ])
  assert.equal(summary.busySeconds.toFixed(3), '0.085')
})

void test('functions of ours are named with their file and line', () => {
  const { functions } = summarize(
    profileOf([
      ['', `${SOURCES}cli/main.js`, 1],
      ['onBlock', `${SOURCES}torrent/on-block.js`, 10],
      ['parse', 'file:///project/node_modules/commander/index.js', 5],
    ]),
    SOURCES,
  )
  assert.deepEqual(
    functions.map(([name]) => name),
    ['onBlock torrent/on-block.js:10', '(unnamed) cli/main.js:10'],
  )
})

void test('a thread has its time from /proc, whatever its name', () => {
  const stat = '42 (js (main) 1) R 1 1 1 0 -1 4194560 100 0 0 0 30 10 0 0 20 0 12 0 100 0 0'
  assert.deepEqual(threadTime(stat, '800000000 50000000 77\n'), {
    name: 'js (main) 1',
    userSeconds: 0.6,
    systemSeconds: 0.2,
    waitingSeconds: 0.05,
  })
})
