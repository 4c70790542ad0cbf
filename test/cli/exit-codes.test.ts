/** Every exit code of --help, from a situation that a user can be in. Other tests look closer at most of them. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { EXIT_CODE_TABLE } from '../../src/cli/exit-codes.ts'
import { encodeRaw } from '../support/bencode-raw.ts'
import { runCli } from '../support/run-cli.ts'
import type { CliOptions, CliResult } from '../support/run-cli.ts'
import { withChokingPeer } from './choking-peer.ts'
import { withHole } from './hole.ts'
import { withSeed } from './local-seed.ts'
import { withSilentPeer } from './silent-peer.ts'

const SPEC = { name: 'a.bin', files: [{ path: 'a.bin', length: 300_000 }] }

type Run = (args: readonly string[], options?: CliOptions) => Promise<CliResult>

interface Situation {
  readonly code: number
  readonly name: string
  /** Of standard error. */
  readonly says: RegExp
  readonly act: (parts: Parts) => Promise<CliResult>
}

interface Parts {
  /** The command, in `root`, on any free port. */
  readonly run: Run
  readonly root: string
  /** A seed of a.torrent. */
  readonly peer: string
  /** Of a.torrent. */
  readonly infoHash: Buffer
}

/** A torrent that no disk has room for: 8 PiB. Its hashes are wrong, but nobody comes so far as to see that. */
function hugeTorrent(): Buffer {
  const pieceBytes = 512 * 1024 * 1024
  const pieceCount = 2 ** 24 / 2 ** 4
  const info = {
    length: pieceBytes * pieceCount,
    name: 'huge.bin',
    'piece length': pieceBytes,
    pieces: Buffer.alloc(20 * pieceCount, 1),
  }
  return encodeRaw({ announce: 'udp://127.0.0.1:9/announce', info })
}

/** Presses once `run` is in the state that this peer's call is a sign of. */
async function signalOnCall(run: Run, signal: NodeJS.Signals): Promise<CliResult> {
  let result: CliResult | undefined
  await withSilentPeer(async (silent, onCall) => {
    result = await run(['--peer', silent, 'a.torrent'], {
      onStart: (child) => {
        onCall(() => child.kill(signal))
      },
    })
  })
  assert.ok(result)
  return result
}

const SITUATIONS: readonly Situation[] = [
  {
    code: 0,
    name: 'everything came',
    says: /a\.bin: 293\.0 KiB in /,
    act: async ({ run, peer }) => run(['--peer', peer, 'a.torrent']),
  },
  {
    code: 0,
    name: 'everything was there',
    says: /a\.bin: 293\.0 KiB, was there already, verified/,
    act: async ({ run, peer }) => {
      await run(['--peer', peer, 'a.torrent'])
      return run(['a.torrent'])
    },
  },
  {
    code: 1,
    name: 'something of ours breaks',
    says: /internal error: .*broken on purpose/,
    act: async ({ run, root }) => {
      const module = join(root, 'break.mjs')
      writeFileSync(module, "setTimeout(() => { throw new Error('broken on purpose') }, 200)\n")
      return run(['a.torrent'], { env: { NODE_OPTIONS: `--import=${module}` } })
    },
  },
  {
    code: 2,
    name: 'an option that does not exist',
    says: /unknown option '--outptu' \(did you mean --output\?\)/,
    act: async ({ run }) => run(['--outptu', 'x', 'a.torrent']),
  },
  {
    code: 3,
    name: 'a file that is no torrent',
    says: /b\.torrent/,
    act: async ({ run, root }) => {
      writeFileSync(join(root, 'b.torrent'), 'not a torrent')
      return run(['b.torrent'])
    },
  },
  {
    code: 3,
    name: 'a file that is not there',
    says: /cannot read gone\.torrent: no such file/,
    act: async ({ run }) => run(['gone.torrent']),
  },
  {
    code: 4,
    name: 'nobody has it before the time is over',
    says: /time limit of 0\.5 s reached and no source was found/,
    act: async ({ run }) => run(['--timeout', '0.5s', 'a.torrent']),
  },
  {
    code: 5,
    name: 'a peer that has it gives nothing',
    says: /nothing came for 1 s \(stall limit\)/,
    act: async ({ run, infoHash }) =>
      withChokingPeer(infoHash, async (peer) => run(['--stall-timeout', '1s', '--peer', peer, 'a.torrent'])),
  },
  {
    code: 6,
    name: 'another torrent than the one that is expected',
    says: /a\.torrent: its info-hash is [0-9a-f]{40}, not abab/,
    act: async ({ run, peer }) => run(['--expect', 'ab'.repeat(20), '--peer', peer, 'a.torrent']),
  },
  {
    code: 6,
    name: 'verify finds wrong bytes',
    says: /checking 293\.0 KiB/,
    act: async ({ root }) => {
      writeFileSync(join(root, 'a.bin'), Buffer.alloc(300_000))
      return runCli(['verify', 'a.torrent'], { cwd: root })
    },
  },
  {
    code: 7,
    name: 'verify finds nothing',
    says: /^$/,
    act: async ({ root }) => runCli(['verify', 'a.torrent'], { cwd: root }),
  },
  {
    code: 7,
    name: 'data to be shared that is not there',
    says: /a\.bin: missing or wrong pieces: 10 of 10, in a\.bin \(not there\); torrent-dl --seed would fetch them/,
    act: async ({ run }) => run(['seed', 'a.torrent']),
  },
  {
    code: 8,
    name: 'one of two fails',
    says: /gone\.torrent/,
    act: async ({ run, peer }) => run(['--peer', peer, 'a.torrent', 'gone.torrent']),
  },
  {
    code: 9,
    name: 'more than the disk has room for',
    says: /disk full \(needs .*iB, .* free\)/,
    act: async ({ run, root }) => {
      writeFileSync(join(root, 'huge.torrent'), hugeTorrent())
      return run(['huge.torrent'])
    },
  },
  {
    code: 10,
    name: 'the output directory is a file',
    says: /a\.torrent/,
    act: async ({ run, peer }) => run(['--peer', peer, '-o', 'a.torrent', 'a.torrent']),
  },
  {
    code: 10,
    name: 'an output directory that nobody may write to',
    says: /cannot .*\/sys/,
    act: async ({ run, peer }) => run(['--peer', peer, '-o', '/sys/torrent-dl', 'a.torrent']),
  },
  {
    code: 12,
    name: 'a second process',
    says: /a\.bin is in use by process \d+ already/,
    act: async ({ run }) => {
      let second: CliResult | undefined
      await withSilentPeer(async (silent, onCall) => {
        await run(['--peer', silent, 'a.torrent'], {
          onStart: (child) => {
            onCall(() => {
              void run(['--peer', silent, 'a.torrent']).then((result) => {
                second = result
                child.kill('SIGINT')
              })
            })
          },
        })
      })
      assert.ok(second)
      return second
    },
  },
  {
    code: 13,
    name: 'another file of that name',
    says: /a\.bin is in the way: it has 4 bytes/,
    act: async ({ run, root, peer }) => {
      writeFileSync(join(root, 'a.bin'), 'mine')
      return run(['--peer', peer, 'a.torrent'])
    },
  },
  {
    code: 126,
    name: 'testbed of something that is no program',
    says: /cannot run '\.\/a\.torrent': \.\/a\.torrent is not executable/,
    act: async ({ root }) => runCli(['testbed', '--', './a.torrent'], { cwd: root }),
  },
  {
    code: 127,
    name: 'testbed of a program that does not exist',
    says: /cannot run 'no-such-program': there is no program 'no-such-program' in PATH/,
    act: async ({ root }) => runCli(['testbed', '--', 'no-such-program'], { cwd: root }),
  },
  {
    code: 141,
    name: 'the reader of cat went away',
    says: /^torrent-dl: a\.bin: downloading 293\.0 KiB\n$/,
    act: async ({ run, peer }) =>
      run(['cat', '-p', '0', '--peer', peer, 'a.torrent'], {
        onStart: (child) => child.stdout?.once('data', () => child.stdout?.destroy()),
      }),
  },
  {
    code: 141,
    name: 'cat, and its reader went away',
    says: /^/,
    act: async ({ run, peer }) =>
      run(['cat', '--peer', peer, 'a.torrent'], {
        onStart: (child) => {
          child.stdout?.once('data', () => child.stdout?.destroy())
        },
      }),
  },
  ...(['SIGHUP', 'SIGINT', 'SIGTERM'] as const).map((signal) => ({
    code: { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }[signal],
    name: `${signal} while it looks for a source`,
    says: /stopped at 0%/,
    act: async ({ run }: Parts) => signalOnCall(run, signal),
  })),
]

/** Ends it in the middle of a check that would take minutes. */
async function signalWhileChecking(signal: NodeJS.Signals): Promise<CliResult> {
  let result: CliResult | undefined
  await withHole({ totalBytes: 2 ** 40, pieceBytes: 2 ** 29 }, async (root) => {
    result = await runCli(['-v', '-p', '0', '--progress', 'plain', 'a.torrent'], {
      cwd: root,
      onStart: (child) => {
        child.stderr?.on('data', (text: string) => {
          if (text.includes('listening')) child.kill(signal)
        })
      },
    })
  })
  assert.ok(result)
  return result
}

/** Presses when some of a slow download is there. */
async function signalWhileDownloading(run: Run, peer: string, signal: NodeJS.Signals): Promise<CliResult> {
  return run(['--json', '--download-limit', '64K', '--peer', peer, 'a.torrent'], {
    onStart: (child) => {
      child.stdout?.on('data', (text: string) => {
        if (/"type":"progress".*"doneBytes":[1-9]/.test(text)) child.kill(signal)
      })
    },
  })
}

describe('exit codes', { concurrency: 4 }, () => {
  for (const { code, name, says, act } of SITUATIONS) {
    test(`${code}: ${name}`, async () => {
      await withSeed(SPEC, async ({ root, peer, torrent }) => {
        const { infoHash } = torrent.metainfo
        const run: Run = async (args, options) => runCli(['-p', '0', ...args], { cwd: root, ...options })
        const result = await act({ run, root, peer, infoHash })
        assert.equal(result.code, code, result.stderr)
        assert.match(result.stderr, says)
      })
    })
  }

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    test(`${code}: ${signal} while existing data is checked`, async () => {
      const { code: got, stderr } = await signalWhileChecking(signal)
      assert.equal(got, code, stderr)
    })

    test(`${code}: ${signal} in the middle of a download, which goes on from there`, async () => {
      await withSeed(SPEC, async ({ root, peer, torrent }) => {
        const run: Run = async (args, options) => runCli(['-p', '0', ...args], { cwd: root, ...options })
        const stopped = await signalWhileDownloading(run, peer, signal)
        assert.equal(stopped.code, code, stopped.stderr)
        assert.match(stopped.stderr, /stopped at [1-9]/)
        const again = await run(['--peer', peer, 'a.torrent'])
        assert.equal(again.code, 0, again.stderr)
        assert.ok(readFileSync(join(root, 'a.bin')).equals(torrent.data))
      })
    })
  }

  test('each code of --help has its situation here', () => {
    const documented = EXIT_CODE_TABLE.flatMap(([codes]) => codes.split(', ').map(Number))
    const produced = new Set(SITUATIONS.map(({ code }) => code))
    assert.deepEqual(
      [...produced].toSorted((a, b) => a - b),
      documented.toSorted((a, b) => a - b),
    )
  })
})
