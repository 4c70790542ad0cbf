/** `torrent-dl cat`: bytes on standard output, in order, however the swarm delivers them and however they are read. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { extract } from 'tar-stream'
import { READING_WINDOW_BYTES } from '../../src/torrent/ordered-reader.ts'
import { makeTorrent } from '../support/make-torrent.ts'
import type { MadeTorrent } from '../support/make-torrent.ts'
import { runCli, spawnCli } from '../support/run-cli.ts'
import { ScriptedPeer, isHandshake, isRequest, readRange } from '../support/scripted-peer.ts'
import type { RequestedBlock } from '../support/scripted-peer.ts'
import { waitUntil } from '../support/wait-until.ts'
import { withSeed } from './local-seed.ts'

const SINGLE = { name: 'a.bin', files: [{ path: 'a.bin', length: 300_000 }] }
/** Pieces of 32 KiB: all files but the large one share pieces with their neighbours. */
const MANY = {
  name: 'dir',
  files: [
    { path: 'first.txt', data: Buffer.from('the first\n') },
    { path: 'sub/large.bin', length: 500_000 },
    { path: 'empty', length: 0 },
    { path: '.pad/17', length: 17, attr: 'p' },
    { path: 'run.sh', length: 5_000, attr: 'x' },
    { path: 'ü/' + 'long-'.repeat(30) + '.bin', length: 70_000 },
  ],
  extra: { 'creation date': 1_700_000_000 },
}

interface CatResult {
  readonly code: number | null
  readonly bytes: Buffer
  readonly stderr: string
}

/** Runs `cat` to its end. */
async function cat(args: readonly string[], cwd: string): Promise<CatResult> {
  const child = spawnCli(['cat', '-p', '0', ...args], { cwd })
  const chunks: Buffer[] = []
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, bytes: Buffer.concat(chunks), stderr }
}

function assertSame(result: CatResult, expected: Buffer): void {
  assert.equal(result.code, 0, result.stderr)
  assert.equal(result.bytes.length, expected.length)
  assert.ok(result.bytes.equals(expected))
}

/** A seed that answers as the test says. @param onRequest gets what was asked, and a way to answer it */
async function withScripted(
  torrent: MadeTorrent,
  onRequest: (range: RequestedBlock, answer: () => void) => void,
  use: (parts: { peer: string; scripted: ScriptedPeer; root: string }) => Promise<void>,
): Promise<void> {
  const { pieceBytes } = torrent.metainfo.geometry
  const scripted = await ScriptedPeer.listen({
    infoHash: torrent.metainfo.infoHash,
    onMessage: (self, message) => {
      if (isHandshake(message)) {
        self.send('haveAll')
        self.send('unchoke')
      } else if (isRequest(message)) {
        const range = readRange(message.payload)
        onRequest(range, () => {
          self.sendBlock(range, torrent.data.subarray(range.piece * pieceBytes + range.offset))
        })
      }
    },
  })
  const root = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  writeFileSync(join(root, 'a.torrent'), torrent.bytes)
  try {
    await use({ peer: `127.0.0.1:${scripted.endpoint.port}`, scripted, root })
  } finally {
    await scripted.close()
    rmSync(root, { recursive: true, force: true })
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

describe('cat', { concurrency: 4 }, () => {
  test('the only file goes to standard output and is stored; the second time it comes from the disk', async () => {
    await withSeed(SINGLE, async ({ torrent, root, peer }) => {
      const first = await cat(['--peer', peer, 'a.torrent'], root)
      assertSame(first, torrent.data)
      assert.match(first.stderr, /^torrent-dl: a\.bin: 293\.0 KiB in .* -> \.\/a\.bin$/m)
      assert.ok(readFileSync(join(root, 'a.bin')).equals(torrent.data))
      const second = await cat(['a.torrent'], root)
      assertSame(second, torrent.data)
      assert.match(second.stderr, /was there already, verified/)
    })
  })

  test('a file of many by its path, with or without the name of the torrent, or by its number', async () => {
    await withSeed(MANY, async ({ torrent, root, peer }) => {
      const options = ['-q', '--no-store', '--peer', peer, 'a.torrent']
      for (const [name, index] of [
        ['dir/sub/large.bin', 1],
        ['sub/large.bin', 1],
        ['1', 1],
        ['first.txt', 0],
        ['empty', 2],
        ['run.sh', 4],
        ['5', 5],
      ] as const) {
        const result = await cat([...options, name], root)
        assertSame(result, torrent.fileData(index))
        assert.equal(result.stderr, '')
      }
    })
  })

  test('--no-store leaves nothing on the disk', async () => {
    await withSeed(MANY, async ({ torrent, root, peer }) => {
      const result = await cat(['--no-store', '--peer', peer, 'a.torrent', 'run.sh'], root)
      assertSame(result, torrent.fileData(4))
      assert.deepEqual(readdirSync(root), ['a.torrent'])
      assert.match(result.stderr, /^torrent-dl: dir: 32\.0 KiB in [^>]*$/m)
    })
  })

  test('what is stored is the file alone, though its pieces reach into its neighbours', async () => {
    await withSeed(MANY, async ({ torrent, root, peer }) => {
      const result = await cat(['-q', '-o', 'out', '--peer', peer, 'a.torrent', 'run.sh'], root)
      assertSame(result, torrent.fileData(4))
      assert.deepEqual(readdirSync(join(root, 'out', 'dir')), ['run.sh'])
      assertSame(await cat(['-q', '-o', 'out', 'a.torrent', 'run.sh'], root), torrent.fileData(4))
    })
  })

  test('when it is not clear which file, all are listed and it ends with 2', async () => {
    await withSeed(MANY, async ({ root }) => {
      const { code, bytes, stderr } = await cat(['a.torrent'], root)
      assert.deepEqual([code, bytes.length], [2, 0])
      assert.match(stderr, /^1 {2}488\.3 KiB {2}dir\/sub\/large\.bin$/m)
      assert.match(stderr, /^torrent-dl: dir has 5 files: say which one, or --tar$/m)
      const wrong = await cat(['a.torrent', 'nothing'], root)
      assert.equal(wrong.code, 2)
      assert.match(wrong.stderr, /^torrent-dl: dir has no file 'nothing'$/m)
      assert.equal((await cat(['a.torrent', '3'], root)).code, 2, 'padding is no file')
    })
  })

  test('wrong usage is refused', async () => {
    await withSeed(SINGLE, async ({ root }) => {
      for (const args of [
        ['cat', '--json', 'a.torrent'],
        ['--json', 'cat', 'a.torrent'],
        ['cat', '--tar', 'a.torrent', 'a.bin'],
        ['cat'],
      ]) {
        assert.equal((await runCli(args, { cwd: root })).code, 2, args.join(' '))
      }
    })
  })

  test('blocks that come in any order leave in order', async () => {
    const torrent = makeTorrent({ ...SINGLE, files: [{ path: 'a.bin', length: 2_000_000 }] })
    const waiting: (() => void)[] = []
    const timer = setInterval(() => {
      for (const answer of waiting.splice(0).reverse()) answer()
    }, 30)
    try {
      await withScripted(
        torrent,
        (_range, answer) => waiting.push(answer),
        async ({ peer, root }) => {
          assertSame(await cat(['--no-store', '--peer', peer, 'a.torrent'], root), torrent.data)
        },
      )
    } finally {
      clearInterval(timer)
    }
  })

  test('a peer that keeps the front back holds up only what comes after it, until it gives it', async () => {
    const torrent = makeTorrent({ ...SINGLE, files: [{ path: 'a.bin', length: 1_000_000 }] })
    const held: (() => void)[] = []
    let isHolding = true
    await withScripted(
      torrent,
      ({ piece }, answer) => {
        if (piece === 0 && isHolding) held.push(answer)
        else answer()
      },
      async ({ peer, scripted, root }) => {
        const child = spawnCli(['cat', '-p', '0', '-q', '--no-store', '--peer', peer, 'a.torrent'], {
          cwd: root,
        })
        const chunks: Buffer[] = []
        child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
        await waitUntil(
          () => scripted.requests.some(({ piece }) => piece === 30),
          'the rest is fetched meanwhile',
        )
        assert.equal(chunks.length, 0)
        isHolding = false
        for (const answer of held) answer()
        const [code] = (await once(child, 'close')) as [number]
        assert.equal(code, 0)
        assert.ok(Buffer.concat(chunks).equals(torrent.data))
      },
    )
  })

  test('what one peer never gives is asked of another, though it gives all else', async () => {
    await withSeed(SINGLE, async ({ torrent, peer: good }) => {
      await withScripted(
        torrent,
        ({ piece }, answer) => {
          if (piece > 1) answer()
        },
        async ({ peer, root }) => {
          assertSame(
            await cat(['--no-store', '--peer', peer, '--peer', good, 'a.torrent'], root),
            torrent.data,
          )
        },
      )
    })
  })

  test('a reader that stops: no more is asked for than the window, and it all comes when it goes on', async () => {
    const pieceBytes = 262_144
    const length = READING_WINDOW_BYTES + 16 * 1024 * 1024
    const torrent = makeTorrent({ name: 'a.bin', files: [{ path: 'a.bin', length }], pieceBytes })
    let askedBytes = 0
    await withScripted(
      torrent,
      (range, answer) => {
        askedBytes = Math.max(askedBytes, range.piece * pieceBytes + range.offset + range.length)
        answer()
      },
      async ({ peer, root }) => {
        const args = ['cat', '-p', '0', '-q', '--no-store', '--peer', peer, 'a.torrent']
        const child = spawnCli(args, { cwd: root })
        await waitUntil(() => askedBytes >= READING_WINDOW_BYTES - pieceBytes, 'the window is filled')
        await pause(500) // it could ask for all of the rest in this time
        assert.ok(askedBytes <= READING_WINDOW_BYTES + 2 * pieceBytes, `asked for ${askedBytes}`)
        const chunks: Buffer[] = []
        child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
        const [code] = (await once(child, 'close')) as [number]
        assert.equal(code, 0)
        assert.ok(Buffer.concat(chunks).equals(torrent.data))
      },
    )
  })

  test('a reader that goes away, as head does: exit 141 without a word', async () => {
    await withSeed(SINGLE, async ({ root, peer }) => {
      const child = spawnCli(['cat', '-p', '0', '--progress', 'none', '--peer', peer, 'a.torrent'], {
        cwd: root,
      })
      let stderr = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
      child.stdout.once('data', () => child.stdout.destroy())
      const [code] = (await once(child, 'close')) as [number]
      assert.deepEqual([code, stderr], [141, ''])
    })
  })

  test('SIGINT and SIGTERM end it at once, also while nobody reads; what came is kept', async () => {
    await withSeed(SINGLE, async ({ root, peer }) => {
      for (const [signal, expected] of [
        ['SIGINT', 130],
        ['SIGTERM', 143],
      ] as const) {
        const child = spawnCli(['cat', '-p', '0', '-o', signal, '--peer', peer, 'a.torrent'], { cwd: root })
        let stderr = ''
        child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
        await waitUntil(
          () => existsSync(join(root, signal, 'a.bin')),
          'the download is done, its reader is not',
        )
        child.kill(signal)
        const [code] = (await once(child, 'exit')) as [number]
        assert.equal(code, expected)
        child.stdout.destroy()
        await once(child, 'close')
        assert.match(stderr, /what came is kept: the same command begins again/)
      }
    })
  })

  test('--tar is an archive of all files, the same every time', async () => {
    await withSeed(MANY, async ({ torrent, root, peer }) => {
      const first = await cat(['--tar', '--peer', peer, 'a.torrent'], root)
      assert.equal(first.code, 0, first.stderr)
      const reader = extract()
      reader.end(first.bytes)
      const entries: [string, number | undefined, number | undefined][] = []
      for await (const entry of reader) {
        const { name, mode, mtime } = entry.header
        const chunks: Buffer[] = []
        for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk)
        const index = torrent.metainfo.files.findIndex(({ path }) => path.join('/') === name)
        assert.ok(Buffer.concat(chunks).equals(torrent.fileData(index)), name)
        entries.push([name, mode, mtime.getTime()])
      }
      const time = 1_700_000_000_000
      assert.deepEqual(entries, [
        ['dir/first.txt', 0o644, time],
        ['dir/sub/large.bin', 0o644, time],
        ['dir/empty', 0o644, time],
        ['dir/run.sh', 0o755, time],
        [`dir/ü/${'long-'.repeat(30)}.bin`, 0o644, time],
      ])
      const second = await cat(['--tar', '--no-store', '--peer', peer, 'a.torrent'], root)
      assert.ok(second.bytes.equals(first.bytes))
    })
  })

  test('a stored file that was changed is not passed off as verified', async () => {
    await withSeed(SINGLE, async ({ torrent, root, peer }) => {
      assertSame(await cat(['--peer', peer, 'a.torrent'], root), torrent.data)
      const changed = Buffer.from(torrent.data)
      changed.writeUInt8(changed.readUInt8(7) ^ 1, 7)
      writeFileSync(join(root, 'a.bin'), changed)
      const { code, bytes } = await cat(['--timeout', '0.5s', 'a.torrent'], root)
      assert.notEqual(code, 0)
      assert.equal(bytes.length, 0)
    })
  })

  test('limits hold for it: exit 4 when nobody gives it, within the time', async () => {
    await withSeed(SINGLE, async ({ root }) => {
      const { code, bytes, stderr } = await cat(['--no-store', '--timeout', '0.3s', 'a.torrent'], root)
      assert.deepEqual([code, bytes.length], [4, 0])
      assert.match(stderr, /time limit of 0\.3 s reached/)
      assert.ok(!stderr.includes('goes on from there'))
    })
  })
})
