/** `torrent-dl testbed` as its users run it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runCli, spawnCli } from '../support/run-cli.ts'
import type { CliResult } from '../support/run-cli.ts'

/** From dist/test/cli up to the root. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const BIN = join(ROOT, 'bin/torrent-dl.js')
const NODE = process.execPath
/** The client as a shell calls it. */
const CLIENT = `'${NODE}' '${BIN}' -p 0 -o got`
const SMALL = ['--size', '300K']

interface Place {
  /** Empty but for `temporary`, where the testbed has its files. */
  readonly root: string
  readonly env: Readonly<Record<string, string>>
  readonly testbed: (...args: string[]) => Promise<CliResult>
}

/** Whatever a test does, nothing may be left in the directory for temporary files. */
async function inPlace(use: (place: Place) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  const temporary = join(root, 'temporary')
  mkdirSync(temporary)
  const env = { TMPDIR: temporary }
  try {
    await use({ root, env, testbed: async (...args) => runCli(['testbed', ...args], { cwd: root, env }) })
    assert.deepEqual(readdirSync(temporary), [])
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** Resolves with the first line of standard output. */
async function firstLine(child: ReturnType<typeof spawnCli>): Promise<string> {
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  while (!text.includes('\n')) await once(child.stdout, 'data')
  return text.split('\n')[0] ?? ''
}

/** Resolves when the process is no more. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    if (isZombie(pid)) return
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Ended, and its parent, whoever that is in a container, has not asked for it. */
function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return true
  }
}

async function refusesConnections(endpoint: string): Promise<void> {
  const [host = '', port = ''] = endpoint.split(':')
  const socket = connect(Number(port), host)
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNREFUSED')
}

describe('torrent-dl testbed', { concurrency: 4 }, () => {
  test("runs the project's own client tests", async () => {
    await inPlace(async ({ testbed }) => {
      const suite = fileURLToPath(new URL('swarm/client.suite.js', import.meta.url))
      const { code, stdout } = await testbed('--size', '2M', '--files', '3', '--', NODE, '--test', suite)
      assert.equal(code, 0, stdout)
      assert.match(stdout, /^(# |ℹ )pass 6$/m)
    })
  })

  test('a command finds everything in its environment, and its output is all there is', async () => {
    await inPlace(async ({ testbed }) => {
      const names = [
        'TORRENT_FILE',
        'TRACKER_URL',
        'TRACKER_HTTP_URL',
        'MAGNET',
        'PEER',
        'PEERS',
        'INFO_HASH',
        'DATA_DIR',
      ]
      const script = names.map((name) => `echo "$${name}"`).join('; ')
      const { code, stdout, stderr } = await testbed(
        ...SMALL,
        '--peers',
        '2',
        '--name',
        'x y',
        '--',
        'sh',
        '-c',
        script,
      )
      assert.equal(code, 0, stderr)
      assert.equal(stderr, '')
      const [file = '', udp = '', http = '', magnet = '', peer = '', peers = '', hash = '', data = ''] =
        stdout.split('\n')
      assert.match(file, /\/temporary\/torrent-dl-testbed-\w+\/x y\.torrent$/)
      assert.match(udp, /^udp:\/\/127\.0\.0\.1:\d+\/announce$/)
      assert.equal(http, udp.replace('udp:', 'http:'))
      assert.match(hash, /^[0-9a-f]{40}$/)
      assert.ok(magnet.startsWith(`magnet:?xt=urn:btih:${hash}&dn=x%20y`), magnet)
      assert.match(peer, /^127\.0\.0\.1:\d+$/)
      assert.match(peers, /^127\.0\.0\.1:\d+ 127\.0\.0\.2:\d+$/)
      assert.match(data, /\/data$/)
      await refusesConnections(peer)
      assert.equal(existsSync(file), false)
    })
  })

  test('what stands behind -- belongs to the command', async () => {
    await inPlace(async ({ testbed }) => {
      const { stdout } = await testbed(...SMALL, '--', 'echo', '--json', '-h', '--', '--peers', '$PEER')
      assert.equal(stdout, '--json -h -- --peers $PEER\n')
    })
  })

  test('the exit code is that of the command', async () => {
    await inPlace(async ({ testbed }) => {
      assert.equal((await testbed(...SMALL, '--', 'sh', '-c', 'exit 7')).code, 7)
      assert.equal((await testbed(...SMALL, '--', 'sh', '-c', 'kill -TERM $$')).code, 143)
      assert.equal((await testbed(...SMALL, '--', 'sh', '-c', 'kill -KILL $$')).code, 137)
    })
  })

  test('a command that cannot be run is told from one that failed', async () => {
    await inPlace(async ({ root, testbed }) => {
      writeFileSync(join(root, 'script'), '#!/no/such/interpreter\n')
      chmodSync(join(root, 'script'), 0o755)
      const { code, stderr } = await testbed(...SMALL, '--', './script')
      assert.equal(code, 127)
      assert.equal(
        stderr,
        "torrent-dl: cannot run './script': the interpreter in its #! line does not exist\n",
      )
    })
  })

  test('what the command left running is ended with it', async () => {
    await inPlace(async ({ testbed }) => {
      const { stdout } = await testbed(...SMALL, '--', 'sh', '-c', 'sleep 1000 >/dev/null & echo $!')
      await gone(Number(stdout))
    })
  })

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    test(`${signal} reaches the command, whose exit code counts`, async () => {
      await inPlace(async ({ root, env }) => {
        const script = `trap 'exit 42' ${signal.slice(3)}; echo ready; while :; do sleep 0.1; done`
        const child = spawnCli(['testbed', ...SMALL, '--', 'sh', '-c', script], { cwd: root, env })
        assert.equal(await firstLine(child), 'ready')
        child.kill(signal)
        assert.deepEqual(await once(child, 'close'), [42, null])
      })
    })
  }

  test('a second signal ends also a command that does not listen, and all it began', async () => {
    await inPlace(async ({ root, env }) => {
      const script = `trap '' TERM; sh -c 'trap "" TERM; while :; do sleep 0.1; done' & echo "$! $$"; trap 'echo told' TERM; while :; do sleep 0.1; done`
      const child = spawnCli(['testbed', ...SMALL, '--', 'sh', '-c', script], { cwd: root, env })
      const pids = (await firstLine(child)).split(' ').map(Number)
      child.kill('SIGTERM')
      await once(child.stdout, 'data') // it was told, and goes on
      const again = setInterval(() => child.kill('SIGTERM'), 20) // within 50 ms it counts as the same press
      const [code] = (await once(child, 'close')) as [number]
      clearInterval(again)
      assert.equal(code, 143)
      for (const pid of pids) await gone(pid)
    })
  })

  test('given files are shared as they are', async () => {
    await inPlace(async ({ root, testbed }) => {
      mkdirSync(join(root, 'dir/deep'), { recursive: true })
      writeFileSync(join(root, 'dir/deep/a.txt'), 'in a directory')
      writeFileSync(join(root, 'b.txt'), 'by itself')
      const several = await testbed(
        'dir',
        'b.txt',
        '--',
        'sh',
        '-c',
        `${CLIENT} -q "$TORRENT_FILE" && diff -r "$DATA_DIR" got`,
      )
      assert.equal(several.code, 0, several.stderr)
      assert.equal(readFileSync(join(root, 'got/testbed/dir/deep/a.txt'), 'utf8'), 'in a directory')
      assert.equal(readFileSync(join(root, 'got/testbed/b.txt'), 'utf8'), 'by itself')
      const one = await testbed(
        'b.txt',
        '--',
        'sh',
        '-c',
        `${CLIENT} -q "$TORRENT_FILE" && cmp b.txt got/b.txt`,
      )
      assert.equal(one.code, 0, one.stderr)
      assert.equal(readFileSync(join(root, 'b.txt'), 'utf8'), 'by itself')
    })
  })

  test('the same options give the same torrent', async () => {
    await inPlace(async ({ testbed }) => {
      const hashOf = async (...options: string[]): Promise<string> =>
        (await testbed(...options, '--', 'sh', '-c', 'echo $INFO_HASH')).stdout.trim()
      const hash = await hashOf('--size', '1M', '--files', '3', '--random-seed', '5')
      assert.equal(hash, await hashOf('--size', '1M', '--files', '3', '--random-seed', '5', '--peers', '3'))
      assert.notEqual(hash, await hashOf('--size', '1M', '--files', '3', '--random-seed', '6'))
    })
  })

  test('without a command it tells a shell where it is, and runs until it is stopped', async () => {
    await inPlace(async ({ root, env }) => {
      const child = spawnCli(['testbed', ...SMALL, '--name', "it's"], { cwd: root, env })
      const line = await firstLine(child)
      const shell = spawn(
        'sh',
        ['-e', '-c', `eval "$1"; ${CLIENT} -q "$TORRENT_FILE"; cmp "$DATA_DIR/it's" "got/it's"`, 'sh', line],
        { cwd: root },
      )
      assert.deepEqual(await once(shell, 'close'), [0, null])
      child.kill('SIGTERM')
      assert.deepEqual(await once(child, 'close'), [143, null])
    })
  })

  test('--json says it as an object', async () => {
    await inPlace(async ({ root, env }) => {
      const child = spawnCli(['testbed', ...SMALL, '--json'], { cwd: root, env })
      const ready = JSON.parse(await firstLine(child)) as Record<string, unknown>
      assert.deepEqual(Object.keys(ready), [
        ...[
          'v',
          'type',
          'torrentFile',
          'trackerUrl',
          'trackerHttpUrl',
          'magnet',
          'peer',
          'peers',
          'infoHash',
          'dataDirectory',
        ],
      ])
      assert.equal(ready['type'], 'ready')
      assert.equal(existsSync(String(ready['torrentFile'])), true)
      child.kill('SIGINT')
      assert.deepEqual(await once(child, 'close'), [130, null])
    })
  })

  test('--ready-fd has the line elsewhere, and ends there', async () => {
    await inPlace(async ({ root }) => {
      const shell = `'${NODE}' '${BIN}' testbed --size 300K --ready-fd 3 -- sh -c 'cat; echo "$INFO_HASH"' 3>ready </dev/null`
      const child = spawn('sh', ['-c', shell], {
        cwd: root,
        env: { ...process.env, TMPDIR: join(root, 'temporary') },
      })
      let stdout = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
      assert.deepEqual(await once(child, 'close'), [0, null])
      assert.match(stdout, /^[0-9a-f]{40}\n$/)
      assert.match(
        readFileSync(join(root, 'ready'), 'utf8'),
        new RegExp(`^TORRENT_FILE='.*' INFO_HASH='${stdout.trim()}' DATA_DIR='.*'\n$`),
      )
    })
  })

  test('what is wrong is said, and nothing is left', async () => {
    await inPlace(async ({ testbed }) => {
      const cases: [string[], number, RegExp][] = [
        [['--'], 2, /missing command behind '--'/],
        [['nothing-here'], 3, /cannot read nothing-here: no such file/],
        [['sh', '-c', 'true'], 2, /unknown option '-c'/],
        [['sh', 'x'], 3, /a command stands behind --: torrent-dl testbed -- sh x/],
        [['--size', '1M', '.'], 2, /--size is for made-up data, and paths were given/],
        [['--size', '0'], 2, /--size: 0 is not 1 byte to 1T/],
        [['--peers', '101'], 2, /--peers: '101' is not a whole number from 1 to 100/],
        [['--leave-at', '100'], 2, /--leave-at: '100' is not a whole number from 1 to 99/],
        [['--name', '../x'], 2, /--name: '\.\.\/x' is not the name of a file/],
        [
          ['--size', '20K', '--piece-length', '16K', '--corrupt', '2'],
          2,
          /piece 2 is to be corrupt, and the torrent has 0 to 1/,
        ],
        [['--ready-fd', '777'], 2, /--ready-fd 777 is not open/],
      ]
      for (const [args, expected, message] of cases) {
        const { code, stderr, stdout } = await testbed(...args)
        assert.equal(code, expected, `${args.join(' ')}: ${stderr}`)
        assert.match(stderr, message)
        assert.equal(stdout, '')
      }
    })
  })
})

describe('torrent-dl testbed and its faults', { concurrency: 4 }, () => {
  const FOUR_PIECES = ['--size', '1M', '--piece-length', '256K']
  const ALL_CORRUPT = ['0', '1', '2', '3'].flatMap((piece) => ['--corrupt', piece])

  async function download(
    testbedOptions: readonly string[],
    clientOptions = '',
    torrent = '"$TORRENT_FILE"',
  ): Promise<CliResult> {
    let result: CliResult | undefined
    await inPlace(async ({ testbed }) => {
      result = await testbed(...testbedOptions, '--', 'sh', '-c', `${CLIENT} ${clientOptions} ${torrent}`)
    })
    assert.ok(result)
    return result
  }

  test('--corrupt: the peer that lies is banned, and the others complete it', async () => {
    const { code, stderr } = await download(
      [...FOUR_PIECES, ...ALL_CORRUPT, '--peers', '2'],
      '-v --stall-timeout 10s',
    )
    assert.equal(code, 0, stderr)
    assert.match(stderr, /banned 127\.0\.0\.1:\d+.*: it sent bad data/)
  })

  test('--corrupt with one peer: it stalls', async () => {
    const { code, stderr } = await download([...FOUR_PIECES, '--corrupt', '2'], '--stall-timeout 1s')
    assert.equal(code, 5, stderr)
    assert.match(stderr, /1 banned/)
  })

  test('--leave-at with one peer: it stalls with about as much', async () => {
    const { code, stderr } = await download(['--size', '4M', '--leave-at', '50'], '--stall-timeout 1s')
    assert.equal(code, 5, stderr)
    const percent = Number(/, at (\d+)%/.exec(stderr)?.[1])
    assert.ok(percent > 0 && percent <= 50, stderr)
  })

  test('--leave-at with two peers: the other one completes it', async () => {
    const { code, stderr } = await download(
      ['--size', '4M', '--leave-at', '20', '--peers', '2'],
      '--stall-timeout 10s',
    )
    assert.equal(code, 0, stderr)
  })

  test('--tracker-fail: every tracker refuses, with these words; the peers are there', async () => {
    const refused = await download([...SMALL, '--tracker-fail', 'not today'], '--timeout 10s')
    assert.equal(refused.code, 4, refused.stderr)
    assert.match(refused.stderr, /udp:.*refused: not today/)
    const named = await download([...SMALL, '--tracker-fail', 'not today'], '--timeout 10s --peer "$PEER"')
    assert.equal(named.code, 0, named.stderr)
  })

  test('--tracker-drop: UDP packets are lost, HTTP is not', async () => {
    const lost = await download([...SMALL, '--tracker-drop', '100'], '--timeout 1s')
    assert.equal(lost.code, 4, lost.stderr)
    const http = await download(
      [...SMALL, '--tracker-drop', '100'],
      '--timeout 10s --only-tracker "$TRACKER_HTTP_URL"',
    )
    assert.equal(http.code, 0, http.stderr)
  })

  test('--peer-rate: more than that does not come', async () => {
    const { code, stderr } = await download(['--size', '8M', '--peer-rate', '64K'], '--timeout 2s')
    assert.equal(code, 5, stderr)
  })

  test('--peer-latency: it comes nevertheless', async () => {
    const { code, stderr } = await download(
      [...SMALL, '--peer-latency', '100', '--peers', '2'],
      '--timeout 15s',
    )
    assert.equal(code, 0, stderr)
  })
})
