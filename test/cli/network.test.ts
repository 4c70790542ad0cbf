/** --tracker, --only-tracker, --interface, -4, -6, --blocklist and --peer of the built command. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { TestContext } from 'node:test'
import { loopbackHosts, openTracker, reply, serveRaw } from '../integration/tracker/loopback.ts'
import { makeTorrent } from '../support/make-torrent.ts'
import type { MadeTorrent, TorrentSpec } from '../support/make-torrent.ts'
import { runCli } from '../support/run-cli.ts'
import type { CliResult } from '../support/run-cli.ts'
import { seedAll, withSeed } from './local-seed.ts'

const BASE = ['-p', '0', '--progress', 'plain']

/** An HTTP tracker at any path that names these peers. @returns its port */
async function openNaming(t: TestContext, peers: string): Promise<number> {
  const server = await serveRaw((socket) => {
    reply(socket, `d8:intervali1800e${peers}e`)
  })
  t.after(async () => server.close())
  return server.port
}

function compact(port: number): string {
  return `5:peers6:\x7f\0\0\x01${String.fromCharCode(port >> 8, port & 0xff)}`
}

/** Runs the command on this torrent, with a seed of it on 127.0.0.1 that tells no tracker. */
async function run(
  spec: TorrentSpec,
  args: (seedPort: number) => readonly string[] | Promise<readonly string[]>,
): Promise<CliResult> {
  const torrent: MadeTorrent = makeTorrent(spec)
  let result: CliResult | undefined
  await seedAll([makeTorrent({ ...spec, trackers: [] })], async ({ root, port }) => {
    writeFileSync(join(root, 'a.torrent'), torrent.bytes)
    result = await runCli([...BASE, ...(await args(port)), 'a.torrent'], { cwd: root })
  })
  assert.ok(result)
  return result
}

describe('trackers that the user names', () => {
  test('one on this machine is asked whatever its path, one that a torrent names is not', async (t) => {
    let url = ''
    const asUser = await run({}, async (seedPort) => {
      url = `http://127.0.0.1:${await openNaming(t, compact(seedPort))}/any/path`
      return ['-t', url]
    })
    assert.deepEqual([asUser.code, asUser.stderr.includes('left out')], [0, false], asUser.stderr)
    const asTorrent = await run({ trackers: [[url]] }, () => ['--stall-timeout', '1'])
    assert.equal(asTorrent.code, 4)
    assert.match(asTorrent.stderr, /must have a path that begins with \/announce/)
  })

  test("-a is -t; they are asked beside the torrent's own, and events name them", async (t) => {
    const heard: string[] = []
    const own = await openTracker(t, { onAnnounce: () => heard.push('own') })
    const [first, second] = [
      await openTracker(t, { onAnnounce: () => heard.push('first') }),
      await openTracker(t, { onAnnounce: () => heard.push('second') }),
    ]
    const { code, stdout } = await run({ trackers: [[own.udpUrl]] }, (port) => {
      const more = ['-t', first.udpUrl, '-a', second.httpUrl, '--json']
      return [...more, '--peer', `127.0.0.1:${port}`]
    })
    assert.equal(code, 0)
    assert.deepEqual(new Set(heard), new Set(['own', 'first', 'second']))
    const events = stdout.split('\n').filter((line) => line.includes('"type":"tracker"'))
    const tiers = new Map(
      events
        .map((line) => JSON.parse(line) as { url: string; tier: number })
        .map(({ url, tier }) => [url, tier]),
    )
    assert.deepEqual([tiers.get(first.udpUrl), tiers.get(second.httpUrl), tiers.get(own.udpUrl)], [0, 1, 2])
  })

  test('what a tracker warns of is told, cleaned', async (t) => {
    const { code, stderr } = await run({}, async (seedPort) => [
      '-t',
      `http://127.0.0.1:${await openNaming(t, `${compact(seedPort)}15:warning message8:\x1bold one`)}/x`,
    ])
    assert.equal(code, 0)
    assert.match(stderr, /http:\/\/127\.0\.0\.1:\d+\/x warns: \\x1bold one/)
  })

  test("--only-tracker leaves the torrent's own alone", async (t) => {
    const heard: string[] = []
    const own = await openTracker(t, { onAnnounce: () => heard.push('own') })
    const only = await openTracker(t, { onAnnounce: () => heard.push('only') })
    const { code } = await run({ trackers: [[own.udpUrl]] }, (port) => [
      ...['--only-tracker', only.udpUrl],
      ...['--peer', `127.0.0.1:${port}`],
    ])
    assert.deepEqual([code, new Set(heard)], [0, new Set(['only'])])
  })

  test('a private torrent is told to no other tracker, unless they are replaced', async (t) => {
    const heard: string[] = []
    const own = await openTracker(t, { onAnnounce: () => heard.push('own') })
    const other = await openTracker(t, { onAnnounce: () => heard.push('other') })
    const spec = { private: true, trackers: [[own.udpUrl]] }
    const added = await run(spec, (port) => ['-t', other.udpUrl, '--peer', `127.0.0.1:${port}`])
    assert.deepEqual([added.code, new Set(heard)], [0, new Set(['own'])])
    assert.match(added.stderr, /--tracker is not used: the torrent is private/)
    heard.length = 0
    const replaced = await run(spec, (port) => [
      '--only-tracker',
      other.udpUrl,
      '--peer',
      `127.0.0.1:${port}`,
    ])
    assert.deepEqual([replaced.code, new Set(heard)], [0, new Set(['other'])])
    assert.doesNotMatch(replaced.stderr, /private/)
  })
})

describe('our own addresses', () => {
  test('--interface: announces of both kinds and calls all leave by that address', async (t) => {
    const from: string[] = []
    const tracker = await openTracker(t, {
      onAnnounce: ({ transport, from: { host } }) => from.push(`${transport} ${host}`),
    })
    const callee = createServer((socket) => {
      from.push(`tcp ${socket.remoteAddress}`)
      socket.on('error', () => undefined).destroy()
    })
    callee.listen(0, '127.0.0.1')
    await once(callee, 'listening')
    t.after(() => callee.close())
    const named = tracker.httpUrl.replace('127.0.0.1', 'localhost')
    const { code, stderr } = await run(
      { trackers: [[tracker.udpUrl], [tracker.httpUrl], [named]] },
      (port) => [
        ...['--interface', '127.0.0.2', '--peer', `127.0.0.1:${(callee.address() as AddressInfo).port}`],
        ...['--peer', `127.0.0.1:${port}`],
      ],
    )
    assert.equal(code, 0, stderr)
    assert.deepEqual(new Set(from), new Set(['tcp 127.0.0.2', 'udp 127.0.0.2', 'http 127.0.0.2']))
  })

  test('an interface that is not here: 2, with those that are', async () => {
    const { code, stderr } = await runCli(['--interface', 'eht0', 'a.torrent'])
    assert.equal(code, 2)
    assert.match(stderr, /--interface: 'eht0' is not here; there are lo \(127\.0\.0\.1/)
  })

  test('-4 and -6 exclude each other', async () => {
    const { code, stderr } = await runCli(['-4', '-6', 'a.torrent'])
    assert.equal(code, 2)
    assert.match(stderr, /'-4' cannot be used with option '-6'/)
  })

  test('-4: peers of IPv6 are counted and not called, and --peer says so', async (t) => {
    const port = await openNaming(t, `6:peers618:${'\0'.repeat(15)}\x01\x1a\xe1`)
    const { code, stdout, stderr } = await run({ trackers: [[`http://127.0.0.1:${port}/announce`]] }, () => [
      ...['-4', '--json', '--stall-timeout', '2', '--peer', '[::1]:6881'],
    ])
    assert.deepEqual([code, stdout.includes('"unreachable":1')], [5, true], stdout)
    assert.match(stderr, /--peer \[::1\]:6881: cannot reach ::1: IPv6 is off \(-4\)/)
  })

  test('-6: an IPv4 tracker is not asked, an IPv6 one is, from IPv6', async (t) => {
    if (!(await loopbackHosts()).includes('::1')) {
      t.skip('this machine has no IPv6')
      return
    }
    const from: string[] = []
    const v4 = await openTracker(t, { onAnnounce: () => from.push('v4') })
    const v6 = await openTracker(t, { host: '::1', onAnnounce: (announce) => from.push(announce.from.host) })
    const { code, stderr } = await run(
      { trackers: [[v4.udpUrl], [v4.httpUrl], [v6.udpUrl], [v6.httpUrl]] },
      () => [...['-6', '--stall-timeout', '1']],
    )
    assert.equal(code, 4)
    assert.deepEqual(new Set(from), new Set(['::1']))
    assert.match(stderr, /cannot reach 127\.0\.0\.1: IPv4 is off \(-6\)/)
  })
})

describe('--blocklist', () => {
  test('who is in it is not called, is counted, and --peer says so', async (t) => {
    await withSeed({}, async ({ root, peer }) => {
      writeFileSync(
        join(root, 'list.p2p'),
        'nobody:10.0.0.0-10.0.0.1\nrubbish\nall of it:127.0.0.0-127.9.9.9\n',
      )
      const port = await openNaming(t, compact(Number(peer.split(':')[1])))
      const tracker = ['-t', `http://127.0.0.1:${port}/x`, '--stall-timeout', '2']
      const args = [...BASE, ...tracker, '--blocklist', 'list.p2p', '--peer', peer, 'a.torrent']
      const { code, stdout, stderr } = await runCli(['--json', ...args], { cwd: root })
      assert.deepEqual([code, stdout.includes('"blocked":1')], [5, true], stdout)
      assert.match(stderr, new RegExp(`--peer ${peer}: 127\\.0\\.0\\.1 is in the blocklist`))
      assert.match(stderr, /list\.p2p: 1 line left out, holds no address or range \(line 2\)/)
      writeFileSync(join(root, 'list.p2p'), '10.0.0.0/8\n')
      assert.equal((await runCli(args, { cwd: root })).code, 0)
    })
  })

  test('a list that is none ends with 3 before anything is sent', async () => {
    await withSeed({}, async ({ root, peer }) => {
      writeFileSync(join(root, 'list'), 'rubbish\n')
      const { code, stderr } = await runCli(['--blocklist', 'list', '--peer', peer, 'a.torrent'], {
        cwd: root,
      })
      assert.deepEqual([code, stderr], [3, 'torrent-dl: the blocklist list holds no address or range\n'])
    })
  })
})

describe('--peer', () => {
  test('a name that cannot be resolved, an address of nobody and a duplicate do not keep others out', async () => {
    await withSeed({}, async ({ root, peer }) => {
      const odd = ['--peer', 'no-such-host.invalid:1', '--peer', '0.0.0.0:5', '--peer', peer, '--peer', peer]
      const { code, stderr } = await runCli([...BASE, ...odd, 'a.torrent'], { cwd: root })
      assert.equal(code, 0, stderr)
      assert.match(stderr, /--peer no-such-host\.invalid:1: (no such host|cannot look up|no answer from DNS)/)
      assert.match(stderr, /--peer 0\.0\.0\.0:5: 0\.0\.0\.0 is no host's address/)
    })
  })

  test('our own address is told as such', async () => {
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const { port } = free.address() as AddressInfo
    free.close()
    await once(free, 'close')
    const { stderr, code } = await run({}, () => ['-p', String(port), '--peer', `127.0.0.1:${port}`])
    assert.equal(code, 4)
    assert.match(stderr, new RegExp(`--peer 127\\.0\\.0\\.1:${port} is this download itself: left out`))
  })

  test('a name with several addresses is called at each of them', async () => {
    await withSeed({}, async ({ root, peer }) => {
      const { code } = await runCli(
        [...BASE, '--peer', peer.replace('127.0.0.1', 'localhost'), 'a.torrent'],
        { cwd: root },
      )
      assert.equal(code, 0)
    })
  })
})

describe('-p', () => {
  test('a port that is taken: 2, and what to do; the next of a range is used', async (t) => {
    const taken = createServer().listen(0, '::')
    await once(taken, 'listening')
    t.after(() => taken.close())
    const { port } = taken.address() as AddressInfo
    await withSeed({}, async ({ root, peer }) => {
      const refused = await runCli(['-p', String(port), '--peer', peer, 'a.torrent'], { cwd: root })
      assert.equal(refused.code, 2)
      assert.match(refused.stderr, new RegExp(`port ${port} of all addresses: in use by another program`))
      const next = await runCli(
        ['-v', '-p', `${port}-${Math.min(port + 50, 65_535)}`, '--peer', peer, 'a.torrent'],
        { cwd: root },
      )
      assert.equal(next.code, 0, next.stderr)
      assert.match(next.stderr, /listening on port \d+/)
    })
  })
})
