/** How the benches run a case and what they say of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCase } from '../../../bench/workloads/run-case.ts'
import type { Case } from '../../../bench/workloads/workload.ts'

interface Ran {
  readonly order: string[]
  closed: boolean
}

function caseOf(run: (contender: string, round: number) => number, ran: Ran): Case {
  return {
    title: 'a case',
    contenders: ['floor', 'torrent-dl', 'libtorrent'],
    rounds: 2,
    columns: [{ key: 'cpuSeconds', title: 'cpu s' }],
    ratios: [{ key: 'cpuSeconds', over: 'floor', title: 'cpu/floor' }],
    targets: [{ text: 'cpu <= 1.6 x floor', key: 'cpuSeconds', over: 'floor' }],
    open: async () =>
      Promise.resolve({
        run: async (contender, round) => {
          ran.order.push(contender)
          return Promise.resolve({ cpuSeconds: run(contender, round) })
        },
        close: async () => {
          ran.closed = true
          return Promise.resolve()
        },
      }),
  }
}

const quiet = { rounds: 2, contenders: ['floor', 'torrent-dl', 'libtorrent'], onRun: () => undefined }

void test('rounds are interleaved and each begins with another contender', async () => {
  const ran: Ran = { order: [], closed: false }
  await runCase(
    caseOf(() => 1, ran),
    quiet,
  )
  assert.deepEqual(ran.order, ['floor', 'torrent-dl', 'libtorrent', 'torrent-dl', 'libtorrent', 'floor'])
  assert.equal(ran.closed, true)
})

void test('the table has best and median, ratios are best over best, targets have what was measured', async () => {
  const ran: Ran = { order: [], closed: false }
  const cpu = (contender: string, round: number): number => (contender === 'torrent-dl' ? 3 : 2) + 0.1 * round
  const { report, failures } = await runCase(caseOf(cpu, ran), quiet)
  assert.deepEqual(failures, [])
  assert.match(report, /\| torrent-dl \| +2 \| 3\.00 \(3\.10\) \| +1\.50 \|/)
  assert.match(report, /- target cpu <= 1\.6 x floor: 1\.50$/m)
  assert.doesNotMatch(report, /NOISY/)
})

void test('a floor whose own cost varies makes the figures doubtful', async () => {
  const ran: Ran = { order: [], closed: false }
  const { report } = await runCase(
    caseOf((_, round) => 1 + 0.2 * round, ran),
    quiet,
  )
  assert.match(report, /- NOISY: the floor's own CPU time varied by 20 %/)
})

void test('a run that fails is reported and the others go on', async () => {
  const ran: Ran = { order: [], closed: false }
  const run = (contender: string): number => {
    if (contender === 'libtorrent') throw new Error('exit 1')
    return 1
  }
  const { report, failures } = await runCase(caseOf(run, ran), quiet)
  assert.equal(failures.length, 2)
  assert.equal(ran.order.length, 6)
  assert.match(report, /- FAILED libtorrent: Error: exit 1/)
  assert.doesNotMatch(report, /\| libtorrent/)
})

void test('a case that cannot be set up is a failure, not the end of the bench', async () => {
  const work: Case = {
    ...caseOf(() => 1, { order: [], closed: false }),
    open: async () => Promise.reject(new Error('no loop device')),
  }
  const { report, failures } = await runCase(work, quiet)
  assert.equal(failures.length, 1)
  assert.match(report, /- FAILED before the first run: Error: no loop device/)
})
