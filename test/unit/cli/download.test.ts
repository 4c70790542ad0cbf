import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DownloadSession } from '../../../src/cli/run-session.ts'
import { SourceError, StorageError } from '../../../src/common/errors.ts'
import type { LogSink } from '../../../src/common/log.ts'
import type { Metainfo } from '../../../src/metainfo/metainfo.ts'
import { DownloadRig, MIB, makeMetainfo, makePeers, makeTracker } from './fake-session.ts'

const PEERS = makePeers({ connected: 1, known: 1 })

test('a finished download prints its path, a summary, and ends with 0', async () => {
  const rig = new DownloadRig('a.iso')
  const { code } = await rig.start()
  const [torrent] = rig.torrents
  await rig.clock.advance(4000)
  torrent!.complete()
  assert.equal(await code, 0)
  assert.equal(rig.stdout.text, 'out/a.iso\n')
  assert.equal(rig.stderr.lines.at(-1), 'torrent-dl: a.iso: 100.0 MiB in 4.0 s (25.0 MiB/s) -> ./out/a.iso')
  assert.equal(rig.isSessionOpen, false)
  assert.equal(rig.clock.timerCount, 0)
})

test('what was there already is told so', async () => {
  const rig = new DownloadRig('a.iso')
  const { code } = await rig.start()
  rig.torrents[0]!.observer.onComplete()
  assert.equal(await code, 0)
  assert.match(rig.stderr.text, /a\.iso: 100\.0 MiB, was there already, verified -> /)
})

test('the engine gets the settings of the command line, and names as addresses', async () => {
  const rig = new DownloadRig('a.iso')
  const peers = [
    { host: 'seed.example', port: 1 },
    { host: 'gone.example', port: 2 },
  ]
  const lookup = async (name: string): Promise<string[]> => {
    if (name === 'gone.example') throw new Error('the name cannot be resolved (ENOTFOUND)')
    return Promise.resolve(['10.0.0.1', '::1'])
  }
  const { code } = await rig.start({
    item: { peers, force: true, usePartFiles: false },
    parts: { lookup },
  })
  const { settings } = rig.torrents[0]!
  assert.deepEqual(settings.peers, [
    { host: '10.0.0.1', port: 1 },
    { host: '::1', port: 1 },
  ])
  assert.match(settings.outputDirectory, /^\/.*\/out$/)
  assert.equal(settings.shownDirectory, 'out')
  assert.deepEqual([settings.force, settings.usePartFiles, settings.seedWhenComplete], [true, false, false])
  assert.match(
    rig.stderr.text,
    /torrent-dl: --peer gone\.example:2: the name cannot be resolved \(ENOTFOUND\)/,
  )
  rig.torrents[0]!.complete()
  assert.equal(await code, 0)
})

test('a source that is no torrent ends with 3, and no session is opened for it', async () => {
  const rig = new DownloadRig('bad.torrent')
  let opened = 0
  const openSession = async (): Promise<never> => {
    opened++
    return Promise.reject(new Error('not here'))
  }
  const { code } = await rig.start({ parts: { openSession } })
  assert.equal(await code, 3)
  assert.equal(opened, 0)
  assert.deepEqual(rig.stderr.lines, ['torrent-dl: standard input: piece length is 0'])
  assert.equal(rig.stdout.text, '')
})

test('an error of the disk ends with its code', async () => {
  const rig = new DownloadRig('a.iso')
  const { code } = await rig.start()
  rig.torrents[0]!.observer.onFailed(
    new StorageError('DISK_FULL', 'cannot write out/a.iso.part: disk full (needs 4.1 GiB, 1.2 GiB free)'),
  )
  assert.equal(await code, 9)
  assert.equal(
    rig.stderr.lines.at(-1),
    'torrent-dl: cannot write out/a.iso.part: disk full (needs 4.1 GiB, 1.2 GiB free)',
  )
})

test('when nobody can give it, each tracker is named with its failure', async () => {
  const rig = new DownloadRig('a.iso')
  const { code } = await rig.start()
  const [torrent] = rig.torrents
  torrent!.fields = {
    trackers: [
      makeTracker({ state: 'failing', lastError: 'no answer' }),
      makeTracker({ url: 'http://b/a', state: 'refused', lastError: 'not registered\x1b[2J' }),
    ],
  }
  torrent!.observer.onFailed(new SourceError('NO_SOURCE', 'every tracker refused this torrent'))
  assert.equal(await code, 4)
  assert.deepEqual(rig.stderr.lines.slice(-3), [
    'torrent-dl: a.iso: every tracker refused this torrent',
    'torrent-dl:   udp://tracker.example:6969/announce: no answer',
    'torrent-dl:   http://b/a: not registered\\x1b[2J',
  ])
})

test('the time limit ends with 4 when no source was found, else with 5', async () => {
  for (const [fields, expected, message] of [
    [{}, 4, /time limit of 30 s reached and no source was found/],
    [
      { peers: PEERS, doneBytes: 58 * MIB },
      5,
      /a\.iso: time limit of 30 s reached at 58%, 58\.0\/100\.0 MiB; the same command goes on from there$/m,
    ],
    [{ trackers: [makeTracker({ endpointCount: 2 })] }, 5, /time limit/],
  ] as const) {
    const rig = new DownloadRig('a.iso')
    const { code } = await rig.start({ options: { timeoutMs: 30_000 } })
    rig.torrents[0]!.fields = fields
    await rig.clock.advance(29_000)
    assert.equal(rig.isSessionOpen, true)
    await rig.clock.advance(1000)
    assert.equal(await code, expected)
    assert.match(rig.stderr.text, message)
  }
})

test('a peer that was there once counts as a source', async () => {
  const rig = new DownloadRig('a.iso')
  const { code } = await rig.start({ options: { timeoutMs: 30_000 } })
  rig.torrents[0]!.fields = { peers: PEERS }
  await rig.clock.advance(2000)
  rig.torrents[0]!.fields = {}
  await rig.clock.advance(30_000)
  assert.equal(await code, 5)
})

test('the stall limit counts from the last useful block, and not while data is checked', async () => {
  const rig = new DownloadRig('a.iso')
  const { code } = await rig.start({ item: { stallTimeoutMs: 10_000 } })
  const [torrent] = rig.torrents
  torrent!.fields = { state: 'checking', idleSeconds: 60 }
  await rig.clock.advance(60_000)
  assert.equal(rig.isSessionOpen, true)
  torrent!.observer.onState('downloading')
  torrent!.fields = { state: 'downloading', idleSeconds: 60, peers: PEERS }
  await rig.clock.advance(9000)
  assert.equal(rig.isSessionOpen, true)
  await rig.clock.advance(2000)
  assert.equal(await code, 5)
  assert.match(
    rig.stderr.text,
    /nothing came for 10 s \(stall limit\), at 0%, 0\.0\/100\.0 MiB: 1 peer, choking/,
  )
})

test('a signal stops cleanly: progress is told, the exit code is 128 + its number', async () => {
  const rig = new DownloadRig('a.iso')
  const { code } = await rig.start()
  rig.torrents[0]!.fields = { doneBytes: 58 * MIB }
  rig.signal('SIGINT')
  assert.equal(await code, 130)
  assert.deepEqual(rig.stderr.lines.slice(-2), [
    'torrent-dl: a.iso: stopped at 58%, 58.0/100.0 MiB',
    'torrent-dl: the same command goes on from there',
  ])
  assert.equal(rig.stdout.text, '')
  assert.equal(rig.torrents[0]!.isStopped, true)
})

test('a signal that comes after the last byte changes nothing', async () => {
  const rig = new DownloadRig('a.iso')
  const { code } = await rig.start()
  rig.torrents[0]!.complete()
  rig.signal('SIGTERM')
  assert.equal(await code, 0)
  assert.equal(rig.stdout.text, 'out/a.iso\n')
})

test('stopped while it checks what is there, it does not claim that nothing is there', async () => {
  const rig = new DownloadRig('a.iso')
  const { code } = await rig.start()
  rig.torrents[0]!.fields = { state: 'checking', checkedBytes: 17 * MIB, bytesToCheck: 100 * MIB }
  rig.signal('SIGINT')
  assert.equal(await code, 130)
  assert.match(rig.stderr.text, /a\.iso: stopped while checking what is there, at 17%$/m)
})

test('a goodbye that takes long after a signal is explained, and a second signal is still heard', async () => {
  const rig = new DownloadRig('a.iso')
  let say: (() => void) | undefined
  const { code } = await rig.start()
  rig.closeSession = async () =>
    new Promise((resolve) => {
      say = resolve
    })
  rig.signal('SIGINT')
  await rig.clock.advance(400)
  assert.doesNotMatch(rig.stderr.text, /telling/)
  await rig.clock.advance(200)
  assert.match(rig.stderr.text, /telling the trackers that we stop \(Ctrl-C again ends at once\)/)
  assert.equal(rig.watchesSignals, true)
  say?.()
  assert.equal(await code, 130)
  assert.equal(rig.watchesSignals, false)
})

test('the log names the files that became whole, as the user typed the directory', async () => {
  const rig = new DownloadRig('a.iso')
  const lines: string[] = []
  const log: LogSink = (level, scope, message) => lines.push(`${level} ${scope} ${message}`)
  const { code } = await rig.start({ parts: { log } })
  rig.torrents[0]!.observer.onFile(0)
  rig.torrents[0]!.complete()
  await code
  assert.deepEqual(lines, ['info file out/a.iso is whole'])
})

test('a signal also ends waiting for a source that never comes', async () => {
  const rig = new DownloadRig('a.iso')
  const never = { [Symbol.asyncIterator]: () => ({ next: async () => new Promise<never>(() => undefined) }) }
  const { code } = await rig.start({ parts: { stdin: never } })
  rig.signal('SIGHUP')
  assert.equal(await code, 129)
})

test('a session that does not close holds the end up for five seconds only', async () => {
  const rig = new DownloadRig('a.iso')
  let complete: (() => void) | undefined
  const openSession = async (): Promise<DownloadSession> =>
    Promise.resolve({
      add: (_metainfo, _settings, observer) => {
        complete = () => {
          observer.onComplete()
        }
        return {
          start: () => undefined,
          stop: async () => Promise.resolve(),
          release: async () => Promise.resolve(),
          read: async () => Promise.resolve(undefined),
          snapshot: () => ({}) as never,
        }
      },
      close: async () => new Promise<void>(() => undefined),
    })
  const { code } = await rig.start({ parts: { openSession } })
  complete?.()
  await rig.clock.advance(5000)
  assert.equal(await code, 0)
})

test('several sources: three at a time, all of them are tried, 8 when some failed', async () => {
  const rig = new DownloadRig('a', 'bad', 'b', 'c', 'd')
  const { code } = await rig.start()
  assert.deepEqual(
    rig.torrents.map(({ metainfo }) => metainfo.name),
    ['a', 'b', 'c'],
  )
  for (const torrent of [...rig.torrents]) torrent.complete()
  await rig.clock.advance(0)
  assert.equal(rig.torrents.length, 4)
  rig.torrents[3]!.complete()
  assert.equal(await code, 8)
  assert.deepEqual(rig.stdout.lines.toSorted(), ['out/a', 'out/b', 'out/c', 'out/d'])
  assert.equal(rig.stderr.lines.at(-1), 'torrent-dl: 4 of 5 done, 1 failed: 400.0 MiB in 0.0 s')
})

test('--jobs: never more than so many at a time; the next begins when one ends', async () => {
  for (const jobs of [1, 2, 200]) {
    const names = ['a', 'b', 'c', 'd', 'e']
    const rig = new DownloadRig(...names)
    const { code } = await rig.start({ options: { jobs } })
    await rig.clock.advance(0)
    for (const [ended, name] of names.entries()) {
      assert.equal(rig.torrents.length, Math.min(names.length, ended + jobs), `${jobs}: before ${name} ends`)
      rig.torrents[ended]!.complete()
      await rig.clock.advance(0)
    }
    assert.equal(await code, 0)
    assert.deepEqual(rig.stdout.lines, ['out/a', 'out/b', 'out/c', 'out/d', 'out/e'])
  }
})

test('a torrent begins before the next one is read, however many may run', async () => {
  const rig = new DownloadRig('a', 'b', 'c')
  const begunBefore: string[][] = []
  const readTorrent = (bytes: Buffer): Metainfo => {
    begunBefore.push(rig.torrents.filter(({ isStarted }) => isStarted).map(({ metainfo }) => metainfo.name))
    return makeMetainfo(bytes.toString())
  }
  const { code } = await rig.start({ options: { jobs: 100 }, parts: { readTorrent } })
  assert.deepEqual(begunBefore, [[], ['a'], ['a', 'b']])
  for (const torrent of rig.torrents) torrent.complete()
  assert.equal(await code, 0)
})

test('a source for which no descriptor was left is read when another torrent has ended', async () => {
  const rig = new DownloadRig('a', 'b')
  let isShort = false
  const stdin = rig.stdin()
  const scarce = {
    [Symbol.asyncIterator]: () => {
      if (isShort) throw Object.assign(new Error('too many open files'), { code: 'EMFILE' })
      isShort = true
      return stdin[Symbol.asyncIterator]()
    },
  }
  const { code } = await rig.start({ parts: { stdin: scarce } })
  await rig.clock.advance(10_000)
  assert.equal(rig.torrents.length, 1)
  rig.torrents[0]!.complete()
  isShort = false
  await rig.clock.advance(1000)
  rig.torrents[1]!.complete()
  assert.equal(await code, 0)
})

test('a source for which there never is a descriptor is not waited for', async () => {
  const rig = new DownloadRig('a')
  const stdin = {
    [Symbol.asyncIterator]: () => {
      throw Object.assign(new Error('too many open files'), { code: 'EMFILE' })
    },
  }
  const { code } = await rig.start({ parts: { stdin } })
  assert.equal(await code, 3)
  assert.deepEqual(rig.stderr.lines, ['torrent-dl: cannot read standard input: too many open files'])
})

test("a bug is nobody's result: it ends the run after the session was closed", async () => {
  const rig = new DownloadRig('a.iso')
  const readTorrent = (): never => {
    throw new TypeError('x is undefined')
  }
  const { code } = await rig.start({ parts: { readTorrent } })
  await assert.rejects(code, TypeError)
  assert.equal(rig.clock.timerCount, 0)
})

test('with -q only failures are printed, besides the paths', async () => {
  const rig = new DownloadRig('a', 'bad')
  const { code } = await rig.start({ amount: 'errors' })
  await rig.clock.advance(60_000)
  rig.torrents[0]!.complete()
  assert.equal(await code, 8)
  assert.equal(rig.stdout.text, 'out/a\n')
  assert.deepEqual(rig.stderr.lines, ['torrent-dl: standard input: piece length is 0'])
})
