import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeTerminal } from '../../../src/cli/terminal.ts'
import { loadTheme } from '../../../src/cli/theme.ts'
import { TrackerScreen } from '../../../src/cli/tracker-screen.ts'
import type { TrackerScreenParts } from '../../../src/cli/tracker-screen.ts'
import type { Drawing } from '../../../src/cli/job-control.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { TerminalGrid } from '../../support/terminal-grid.ts'

const STATS = {
  torrentCount: 2,
  peerCount: 12,
  seedCount: 4,
  announceCount: 100,
  scrapeCount: 1,
  refusedCount: 0,
}
const END = {
  code: 130,
  signal: 'SIGINT',
  seconds: 61,
  stats: { ...STATS, announceCount: 1300, refusedCount: 7 },
} as const

async function setup(isTty: boolean, fields: Partial<TrackerScreenParts> = {}) {
  const clock = new FakeClock()
  const written = { out: '', err: '' }
  const grid = new TerminalGrid({ columns: 60, rows: 12 })
  const stderr = {
    isTTY: isTty,
    columns: 60,
    rows: 12,
    write: (text: string) => {
      written.err += text
      grid.write(text)
    },
  }
  const terminal = describeTerminal(stderr, { TERM: 'xterm', LANG: 'C.UTF-8' }, 'never')
  const drawings: Drawing[] = []
  const screen = new TrackerScreen({
    stdout: { write: (text: string) => (written.out += text) },
    stderr,
    style: { terminal, theme: await loadTheme(terminal), isBatch: false },
    clock,
    isQuiet: false,
    isVerbose: false,
    canDraw: isTty,
    isLocal: true,
    watchJobControl: (drawing) => {
      drawings.push(drawing)
      return () => drawings.pop()
    },
    ...fields,
  })
  /** What stands on the screen. */
  const lines = (): string[] => grid.screen().filter((line) => line !== '')
  return { clock, written, lines, screen, drawings }
}

test('without a terminal there is a line a minute, and only when something has changed', async () => {
  const { clock, written, screen } = await setup(false)
  screen.onListening(['udp://127.0.0.1:1/announce', 'http://127.0.0.1:1/announce'], 1)
  for (let second = 0; second < 200; second++) {
    await clock.advance(1000)
    screen.onTick(STATS)
  }
  screen.onEnd(END)
  assert.equal(written.out, 'udp://127.0.0.1:1/announce\nhttp://127.0.0.1:1/announce\n')
  assert.deepEqual(written.err.split('\n'), [
    'torrent-dl: tracker on port 1: only this machine can reach it (--bind 0.0.0.0 opens it to the network)',
    'torrent-dl: 2 torrents, 12 peers (4 seeds), 100 announces',
    'torrent-dl: tracker stopped after 1m 01s: 2 torrents, 12 peers (4 seeds), 1,300 announces, 7 refused',
    '',
  ])
})

test('on a terminal one line counts along, stays below what is said, and goes at the end', async () => {
  const { clock, lines, screen, drawings } = await setup(true, { isLocal: false, isVerbose: true })
  screen.onListening(['udp://192.0.2.1:1/announce'], 1)
  await clock.advance(1000)
  screen.onTick(STATS)
  await clock.advance(1000)
  screen.onTick({ ...STATS, announceCount: 1300 })
  const row = '2 torrents, 12 peers (4 seeds), 1,300 announces, 1,200/s'
  assert.deepEqual(lines(), ['torrent-dl: tracker on port 1: the network can reach it', row])
  const infoHash = Buffer.alloc(20, 0xab)
  const from = { host: '2001:db8::1', port: 7 }
  screen.onAnnounce({
    transport: 'udp',
    from,
    infoHash,
    peerId: infoHash,
    port: 6881,
    event: 'none',
    leftBytes: 1,
  })
  assert.equal(lines().at(-1), row)
  assert.match(lines().join(' '), /abab [\s\S]*\[2001:db8::1\]:6881 udp announce/)
  drawings[0]?.suspend()
  assert.ok(!lines().includes(row))
  drawings[0]?.resume()
  assert.equal(lines().at(-1), row)
  screen.onEnd(END)
  assert.ok(!lines().includes(row))
  assert.match(lines().join(' '), /stopped after 1m 01s/)
  assert.equal(drawings.length, 0)
})

test('quiet it prints nothing but its URLs', async () => {
  const { clock, written, screen } = await setup(true, { isQuiet: true })
  screen.onListening(['udp://127.0.0.1:1/announce'], 1)
  await clock.advance(100_000)
  screen.onTick(STATS)
  screen.onWarning('the list has changed')
  screen.onEnd(END)
  assert.deepEqual(written, { out: 'udp://127.0.0.1:1/announce\n', err: '' })
})
