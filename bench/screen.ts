/**
 * What the bars cost: `npm run bench:screen -- [--torrents 50] [--seconds 20] [--show]`. Scripted torrents on the real bars
 * in real time, and the same without a screen; CPU time of the process as a share of one core. The terminal is a stream
 * that drops what it gets, or with --show the one on standard error.
 */
import { parseArgs } from 'node:util'
import { isInForeground, watchJobControl } from '../src/cli/job-control.ts'
import type { JobControlSource } from '../src/cli/job-control.ts'
import { openProgressBars } from '../src/cli/progress-bars.ts'
import { describeTerminal } from '../src/cli/terminal.ts'
import type { OutputStream } from '../src/cli/terminal.ts'
import { loadTheme } from '../src/cli/theme.ts'
import type { JobView } from '../src/cli/view.ts'
import { sleep, systemClock } from '../src/common/clock.ts'
import { makeMetainfo, makeSnapshot } from '../test/unit/cli/fake-session.ts'
import { moving, stalled } from '../test/unit/cli/scripted-batch.ts'

const MIB = 1024 * 1024

class Sink implements OutputStream {
  readonly isTTY = true
  readonly columns = 140
  readonly rows = 60
  writes = 0
  bytes = 0

  write(text: string): void {
    this.writes += 1
    this.bytes += Buffer.byteLength(text)
  }
}

function makeJob(index: number): JobView {
  const name = `数据集-${index} a name that is as long as names of torrents often are.tar.zst`
  const size = 1e6 * MIB
  const script =
    index % 8 === 7
      ? stalled(name, size, size / 3, { connected: 3, known: 9 })
      : moving(name, size, (1 + index) * 1.07 * MIB, { doneBytes: (index * size) / 60, peers: index % 30 })
  const startedAtMs = systemClock.now()
  return {
    source: 'x.torrent',
    metainfo: makeMetainfo(name, size),
    infoHash: 'ab'.repeat(20),
    path: name,
    snapshot: () =>
      makeSnapshot({ name, totalBytes: size, ...script.at((systemClock.now() - startedAtMs) / 1000) }),
  }
}

/** @returns seconds of CPU */
async function run(stream: OutputStream | undefined, torrents: number, seconds: number): Promise<number> {
  const jobs = Array.from({ length: torrents }, (_, index) => makeJob(index))
  const screen = stream === undefined ? undefined : await openScreen(stream, torrents)
  const before = process.cpuUsage()
  for (const job of jobs) screen?.onStart(job)
  const stop = systemClock.every(1000, () => screen?.onTick())
  await sleep(systemClock, seconds * 1000)
  stop()
  screen?.close()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

async function openScreen(stream: OutputStream, count: number): ReturnType<typeof openProgressBars> {
  const terminal = describeTerminal(stream, process.env, 'always')
  const style = { terminal, theme: await loadTheme(terminal), isBatch: true }
  const jobControl = {
    on: process.on.bind(process),
    off: process.off.bind(process),
    raise: (signal: string) => process.kill(process.pid, signal),
  } as unknown as JobControlSource
  return await openProgressBars({
    stream,
    style,
    clock: systemClock,
    sourceCount: () => ({ known: count, isAll: true }),
    watchJobControl: (drawing) =>
      watchJobControl({ source: jobControl, isForeground: isInForeground, clock: systemClock }, drawing),
  })
}

const { values } = parseArgs({
  options: {
    torrents: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '20' },
    show: { type: 'boolean', default: false },
  },
})
const [torrents, seconds] = [Number(values.torrents), Number(values.seconds)]
if (values.show) {
  await run(process.stderr, torrents, seconds)
} else {
  const sink = new Sink()
  await run(new Sink(), torrents, 2) // warms up
  const without = await run(undefined, torrents, seconds)
  const withBars = await run(sink, torrents, seconds)
  const share = (100 * (withBars - without)) / seconds
  console.log(`${torrents} torrents, ${seconds} s: ${sink.writes} writes, ${sink.bytes} bytes`)
  console.log(`CPU: ${withBars.toFixed(3)} s with bars, ${without.toFixed(3)} s without`)
  console.log(`the bars take ${share.toFixed(2)} % of one core`)
}
