import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { EventWriter, toSafeJson } from '../../../src/cli/events.ts'
import type { JobView } from '../../../src/cli/view.ts'
import { SourceError } from '../../../src/common/errors.ts'
import type { Schema } from '../../cli/schema-check.ts'
import { schemaErrors } from '../../cli/schema-check.ts'
import { DownloadRig, MIB, MemoryStream, makeMetainfo, makeSnapshot, makeTracker } from './fake-session.ts'

/** From dist/test/unit/cli up to the root. */
const SCHEMA = JSON.parse(
  readFileSync(new URL('../../../../docs/events.schema.json', import.meta.url), 'utf8'),
) as Schema

type Event = Readonly<Record<string, unknown>>

function eventsOf(rig: DownloadRig): Event[] {
  return rig.stdout.lines.map((line) => {
    const event = JSON.parse(line) as Event
    assert.deepEqual(schemaErrors(SCHEMA, event), [], line)
    return event
  })
}

const typesOf = (events: readonly Event[]): unknown[] => events.map(({ type }) => type)

test('a download tells its whole story in events that fit the schema, exit last', async () => {
  const rig = new DownloadRig('a.iso')
  const { code } = await rig.start({ json: true, parts: { onPath: () => undefined } })
  const { observer } = rig.torrents[0]!
  observer.onTracker(makeTracker({ seederCount: 3, endpointCount: 2, nextAnnounceInMs: 1800.5 }))
  observer.onTracker(makeTracker({ state: 'failing', lastError: 'no answer' }))
  observer.onWarning('odd')
  await rig.clock.advance(1000)
  observer.onFile(0)
  rig.torrents[0]!.complete()
  assert.equal(await code, 0)
  const events = eventsOf(rig)
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
  assert.equal(events[0]?.['path'], 'out/a.iso')
  assert.equal(events[7]?.['path'], 'out/a.iso')
  assert.deepEqual(events.at(-1)?.['results'], [
    {
      source: '-',
      id: Buffer.alloc(20, 'a.iso').toString('hex'),
      name: 'a.iso',
      path: 'out/a.iso',
      outcome: 'complete',
      code: 0,
      doneBytes: 100 * MIB,
      totalBytes: 100 * MIB,
    },
  ])
})

test('failures and interruptions are events too', async () => {
  const rig = new DownloadRig('a', 'bad', 'b')
  const { code } = await rig.start({ json: true })
  rig.torrents[0]!.observer.onFailed(new SourceError('NO_SOURCE', 'nobody'))
  await rig.clock.advance(0)
  rig.signal('SIGTERM')
  assert.equal(await code, 143)
  const events = eventsOf(rig)
  const errors = events.filter(({ type }) => type === 'error')
  assert.deepEqual(
    errors.map((event) => [event['code'], event['errorCode']]),
    [
      [3, 'TORRENT_FILE_INVALID'],
      [4, 'NO_SOURCE'],
    ],
  )
  const exit = events.at(-1)
  assert.deepEqual([exit?.['type'], exit?.['code'], exit?.['signal']], ['exit', 143, 'SIGTERM'])
  assert.deepEqual(
    (exit?.['results'] as Event[]).map(({ outcome }) => outcome),
    ['failed', 'failed', 'stopped'],
  )
})

test('no byte of foreign text can do anything to a terminal', () => {
  const evil = '\x1b[2J\u009b\u202e\u200b\u2028\ud800\u{e0041}é数'
  const json = toSafeJson({ evil })
  assert.equal(json, '{"evil":"\\u001b[2J\\u009b\\u202e\\u200b\\u2028\\ud800\\udb40\\udc41é数"}')
  assert.deepEqual(JSON.parse(json), { evil })
})

test('a reader that does not read loses progress, nothing else', () => {
  const stream = Object.assign(new MemoryStream(), { writableLength: 2 * MIB })
  const writer = new EventWriter(stream, () => new Date(0))
  const metainfo = makeMetainfo('a')
  const job: JobView = {
    source: 'a',
    metainfo,
    infoHash: 'ab'.repeat(20),
    path: 'a',
    snapshot: () => makeSnapshot(),
  }
  writer.onStart(job)
  writer.onTick()
  writer.onFile(job, 0)
  assert.deepEqual(typesOf(stream.lines.map((line) => JSON.parse(line) as Event)), ['start', 'file'])
})
