import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { EventWriter } from '../../../src/cli/events.ts'
import type { HookReport } from '../../../src/cli/hook-report.ts'
import { RunTally } from '../../../src/cli/run-tally.ts'
import type { JobResult, JobView } from '../../../src/cli/view.ts'
import { InputError, SourceError, UsageError } from '../../../src/common/errors.ts'
import { eventErrors, readEvents, readerErrors } from '../../support/event-schema.ts'
import type { Event } from '../../support/event-schema.ts'
import { DownloadRig, MIB, MemoryStream, makeMetainfo, makeSnapshot, makeTracker } from './fake-session.ts'

const typesOf = (events: readonly Event[]): unknown[] => events.map(({ type }) => type)

test('a download tells its whole story in events that fit the schema, exit last', async () => {
  const rig = new DownloadRig('a.iso')
  const { code } = await rig.start({ json: true, parts: { onPath: () => undefined } })
  const { observer } = rig.torrents[0]!
  observer.onTracker(makeTracker({ seederCount: 3, endpointCount: 2, nextAnnounceInMs: 1800_500 }))
  observer.onTracker(
    makeTracker({ state: 'failing', lastError: 'no answer', lastErrorCode: 'TRACKER_TIMEOUT' }),
  )
  observer.onWarning('odd')
  await rig.clock.advance(1000)
  observer.onFile(0)
  rig.torrents[0]!.complete()
  assert.equal(await code, 0)
  const events = readEvents(rig.stdout.text)
  assert.deepEqual(typesOf(events), [
    'start',
    'progress',
    'progress',
    'tracker',
    'tracker',
    'warning',
    'progress',
    'file',
    'progress',
    'complete',
    'exit',
  ])
  assert.deepEqual([events[0]?.['path'], events[7]?.['path']], ['out/a.iso', 'out/a.iso'])
  assert.equal(events[7]?.['absolutePath'], resolve('out/a.iso'))
  assert.deepEqual([events[3]?.['nextAnnounceInSeconds'], events[3]?.['peerCount']], [1801, 2])
  assert.equal(events[4]?.['errorCode'], 'TRACKER_TIMEOUT')
  const result = {
    source: '-',
    outcome: 'complete',
    code: 0,
    id: Buffer.alloc(20, 'a.iso').toString('hex'),
    name: 'a.iso',
    path: 'out/a.iso',
    absolutePath: resolve('out/a.iso'),
    isDirectory: false,
    totalBytes: 100 * MIB,
    wantedBytes: 100 * MIB,
    doneBytes: 100 * MIB,
    downloadedBytes: 100 * MIB,
    uploadedBytes: 0,
    wastedBytes: 0,
    downloadSeconds: 1,
  }
  assert.deepEqual(events.at(-1)?.['results'], [result])
  const { v, type, time, ...fields } = events.at(-2)!
  assert.deepEqual([v, type, typeof time, fields], [1, 'complete', 'string', result])
})

test('failures and interruptions are events too', async () => {
  const rig = new DownloadRig('a', 'bad', 'b')
  const { code } = await rig.start({ json: true })
  rig.torrents[0]!.observer.onFailed(new SourceError('NO_SOURCE', 'nobody'))
  await rig.clock.advance(0)
  rig.signal('SIGTERM')
  assert.equal(await code, 143)
  const events = readEvents(rig.stdout.text)
  const errors = events.filter(({ type }) => type === 'error')
  assert.deepEqual(
    errors.map((event) => [event['code'], event['errorCode'], event['name']]),
    [
      [3, 'TORRENT_FILE_INVALID', undefined],
      [4, 'NO_SOURCE', 'a'],
    ],
  )
  const exit = events.at(-1)
  assert.deepEqual([exit?.['type'], exit?.['code'], exit?.['signal']], ['exit', 143, 'SIGTERM'])
  assert.deepEqual(
    (exit?.['results'] as Event[]).map(({ outcome }) => outcome),
    ['failed', 'failed', 'stopped'],
  )
})

test('a run that fails as a whole says so and still ends with exit', async () => {
  const rig = new DownloadRig('a')
  const openSession = async (): Promise<never> =>
    Promise.reject(new UsageError('LISTEN_PORT_TAKEN', 'port 6881 is taken'))
  const { code } = await rig.start({ json: true, parts: { openSession } })
  await assert.rejects(code, UsageError)
  const events = readEvents(rig.stdout.text)
  assert.deepEqual(typesOf(events), ['error', 'exit'])
  assert.deepEqual(
    events.map((event) => [event['code'], event['errorCode']]),
    [
      [2, 'LISTEN_PORT_TAKEN'],
      [2, undefined],
    ],
  )
})

test('an event with a field, a type or a state that the schema lacks does not pass, but readers let it', () => {
  const time = '2026-11-24T12:00:00.000Z'
  const warning = { v: 1, type: 'warning', time, message: 'odd' }
  assert.deepEqual([eventErrors(warning), readerErrors(warning)], [[], []])
  for (const event of [
    { ...warning, mesage: 'typo' },
    { v: 1, type: 'later', time, a: 1 },
  ]) {
    assert.notDeepEqual(eventErrors(event), [], JSON.stringify(event))
    assert.deepEqual(readerErrors(event), [], JSON.stringify(event))
  }
  for (const event of [
    { ...warning, message: 5 },
    { ...warning, v: 2 },
    { type: 'later', time },
  ]) {
    assert.notDeepEqual(readerErrors(event), [], JSON.stringify(event))
  }
})

function makeJob(name: string): JobView {
  const metainfo = makeMetainfo(name)
  const infoHash = metainfo.infoHash.toString('hex')
  return { source: name, metainfo, infoHash, path: name, snapshot: () => makeSnapshot() }
}

function makeResult(job: JobView | undefined, outcome: JobResult['outcome'] = 'complete'): JobResult {
  const error = outcome === 'failed' ? new InputError('TORRENT_FILE_INVALID', 'bad') : undefined
  return { source: 'a', outcome, code: error ? 3 : 0, error, job, snapshot: job?.snapshot(), seconds: 1 }
}

test('how a hook ended is an event, and stands with its result at the end', () => {
  const stream = new MemoryStream()
  const writer = new EventWriter(stream, () => new Date(0))
  const [good, bad] = [makeResult(makeJob('a')), makeResult(undefined, 'failed')]
  const report: HookReport = {
    ...{ option: 'on-complete', outcome: 'failed', code: 3, signal: undefined, seconds: 0.1234 },
    message: 'ended with code 3',
  }
  writer.onResult(good)
  writer.onHook(good, report)
  writer.onResult(bad)
  const tally = new RunTally()
  for (const [index, result] of [good, bad].entries()) tally.add(index, result)
  const results = tally.results((index) => (index === 0 ? report : undefined))
  writer.onEnd({
    code: 8,
    signal: undefined,
    counts: tally.counts,
    results,
    seconds: 1,
    failedList: undefined,
  })
  const events = readEvents(stream.text)
  assert.deepEqual(typesOf(events), ['complete', 'hook', 'error', 'exit'])
  const hook = {
    option: 'on-complete',
    outcome: 'failed',
    code: 3,
    seconds: 0.123,
    message: 'ended with code 3',
  }
  assert.deepEqual(events[1], { ...events[1], source: 'a', ...hook })
  assert.deepEqual(
    (events[3]?.['results'] as Event[]).map((result) => result['hook']),
    [hook, undefined],
  )
})
