import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { hookEnvironment } from '../../../src/cli/hook-environment.ts'
import { HOOK_VARIABLES } from '../../../src/cli/hook-variables.ts'
import { describeProgram } from '../../../src/cli/program.ts'
import { environmentSettings, nameOfVariable } from '../../../src/cli/setting-names.ts'
import type { JobResult, JobView } from '../../../src/cli/view.ts'
import { InputError } from '../../../src/common/errors.ts'
import { MIB, makeMetainfo, makeSnapshot } from './fake-session.ts'

const MOMENT = { index: 2, now: new Date(2026, 10, 4, 15, 6, 7) }

function completeResult(name: string, trackerTiers: readonly (readonly string[])[] = []): JobResult {
  const metainfo = { ...makeMetainfo(name), trackerTiers }
  const infoHash = metainfo.infoHash.toString('hex')
  const snapshot = makeSnapshot({ downloadedBytes: 5, uploadedBytes: 7 })
  const job: JobView = {
    source: 'x.torrent',
    metainfo,
    infoHash,
    path: `out/${name}`,
    snapshot: () => snapshot,
  }
  return { source: 'x.torrent', outcome: 'complete', code: 0, error: undefined, job, snapshot, seconds: 1.5 }
}

test('a finished torrent: our names and those of transmission, beside what was there', () => {
  const result = completeResult('a b.iso')
  const infoHash = Buffer.alloc(20, 'a b.iso').toString('hex')
  assert.deepEqual(hookEnvironment(result, { PATH: '/bin', HOME: undefined }, MOMENT), {
    PATH: '/bin',
    TORRENT_DL_EVENT: 'complete',
    TORRENT_DL_SOURCE: 'x.torrent',
    TORRENT_DL_EXIT_CODE: '0',
    TORRENT_DL_INFO_HASH: infoHash,
    TORRENT_DL_NAME: 'a b.iso',
    TORRENT_DL_PATH: resolve('out/a b.iso'),
    TORRENT_DL_DIRECTORY: resolve('out'),
    TORRENT_DL_FILE_COUNT: '1',
    TORRENT_DL_SIZE_BYTES: String(100 * MIB),
    TORRENT_DL_DOWNLOADED_BYTES: '5',
    TORRENT_DL_UPLOADED_BYTES: '7',
    TORRENT_DL_SECONDS: '1.500',
    TR_APP_VERSION: '0.1.0',
    TR_TIME_LOCALTIME: 'Wed Nov  4 15:06:07 2026',
    TR_TORRENT_BYTES_DOWNLOADED: '5',
    TR_TORRENT_DIR: resolve('out'),
    TR_TORRENT_HASH: infoHash,
    TR_TORRENT_ID: '2',
    TR_TORRENT_LABELS: '',
    TR_TORRENT_NAME: 'a b.iso',
    TR_TORRENT_PRIORITY: '0',
    TR_TORRENT_TRACKERS: '',
  })
})

test('no variable of a hook is an option for a torrent-dl within it', () => {
  const own = Object.keys(hookEnvironment(completeResult('a'), {}, MOMENT)).filter((name) =>
    name.startsWith('TORRENT_DL'),
  )
  assert.ok(own.length > 8)
  assert.deepEqual(
    own.map((name) => nameOfVariable(name)),
    own.map(() => undefined),
  )
  const program = describeProgram()
  // Commands that are not configured, such as create, may have a --name.
  const settable = environmentSettings([program, ...program.commands])
  for (const name of settable.keys()) assert.ok(!HOOK_VARIABLES.has(name), name)
})

test('what is not known is not set, even when a hook around us has set it', () => {
  const error = new InputError('TORRENT_FILE_UNREADABLE', 'cannot read x: no such file')
  const nothing = { job: undefined, snapshot: undefined, seconds: 0 }
  const result: JobResult = { source: 'x', outcome: 'failed', code: 3, error, ...nothing }
  const env = hookEnvironment(result, { TORRENT_DL_NAME: 'outer', TORRENT_DL_JOBS: '5' }, MOMENT)
  assert.equal('TORRENT_DL_NAME' in env, false)
  assert.equal(env['TORRENT_DL_JOBS'], '5')
  assert.deepEqual(
    [
      env['TORRENT_DL_EVENT'],
      env['TORRENT_DL_EXIT_CODE'],
      env['TORRENT_DL_ERROR_CODE'],
      env['TORRENT_DL_ERROR'],
    ],
    ['error', '3', 'TORRENT_FILE_UNREADABLE', 'cannot read x: no such file'],
  )
})

test('hostile values are data: line ends stay, a NUL goes, nothing is longer than the system takes', () => {
  const evil = '-rf $(x)\n`y`\0z'
  const many = Array.from({ length: 5000 }, (_, i) => `http://tracker${i}.example/announce`)
  const env = hookEnvironment(completeResult(evil, [many]), {}, MOMENT)
  assert.equal(env['TORRENT_DL_NAME'], '-rf $(x)\n`y`\ufffdz')
  const trackers = env['TR_TORRENT_TRACKERS'] ?? ''
  assert.ok(trackers.length <= 30_000 && trackers.length > 29_000)
  assert.ok(trackers.split(',').every((url) => many.includes(url)))
  const source = 'x'.repeat(200_000)
  const long = hookEnvironment({ ...completeResult('a'), source }, {}, MOMENT)
  assert.equal(long['TORRENT_DL_SOURCE']?.length, 30_000)
})

test('the keys of private trackers are not handed on', () => {
  const url = 'http://t.example/0123456789abcdef0123456789abcdef/announce'
  const env = hookEnvironment(completeResult('a', [[url], ['udp://u.example:1/x']]), {}, MOMENT)
  assert.equal(env['TR_TORRENT_TRACKERS'], 'http://t.example/***/announce,udp://u.example:1/x')
})
