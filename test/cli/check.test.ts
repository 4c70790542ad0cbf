/** The bundled command checks what is there in threads, whose script is a file of its own. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { encodeRaw } from '../support/bencode-raw.ts'
import { runCli } from '../support/run-cli.ts'

const MIB = 1 << 20
const HAS_CORES = availableParallelism() > 1

/** `zeros.bin`, a hole of that size, in a directory of its own, and its torrent. */
async function withHole(
  { totalBytes, pieceBytes }: { totalBytes: number; pieceBytes: number },
  use: (root: string) => Promise<void>,
): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  try {
    const hash = createHash('sha1').update(Buffer.alloc(pieceBytes)).digest()
    const pieces = Buffer.concat(Array.from({ length: totalBytes / pieceBytes }, () => hash))
    const info = { length: totalBytes, name: 'zeros.bin', 'piece length': pieceBytes, pieces }
    writeFileSync(join(root, 'a.torrent'), encodeRaw({ announce: 'udp://127.0.0.1:9/announce', info }))
    const fd = openSync(join(root, 'zeros.bin'), 'w')
    ftruncateSync(fd, totalBytes)
    closeSync(fd)
    await use(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

describe('the command checks a large file', () => {
  test('right or wrong, on all cores', async () => {
    await withHole({ totalBytes: 1024 * MIB, pieceBytes: MIB }, async (root) => {
      const right = await runCli(['-vv', '-p', '0', 'a.torrent'], { cwd: root })
      assert.deepEqual([right.code, right.stdout], [0, 'zeros.bin\n'])
      const [, inThreads] = /hashed 1073741824 bytes, (\d+) of them in other threads/.exec(right.stderr) ?? []
      assert.equal(Number(inThreads) > 0, HAS_CORES, right.stderr)
      assert.doesNotMatch(right.stderr, /thread failed/)
      const fd = openSync(join(root, 'zeros.bin'), 'r+')
      for (const piece of [0, 511, 1022]) writeSync(fd, 'x', piece * MIB + 99)
      closeSync(fd)
      const wrong = await runCli(['-p', '0', 'a.torrent'], {
        cwd: root,
        env: { XDG_STATE_HOME: join(root, 'without a record') },
      })
      assert.equal(wrong.code, 13)
      assert.match(wrong.stderr, /zeros\.bin is in the way: a different file, 1021 of 1024 pieces match/)
    })
  })

  test('and stops at once when it is told to, in the middle of a piece', async () => {
    await withHole({ totalBytes: 2 ** 40, pieceBytes: 512 * MIB }, async (root) => {
      const { code } = await runCli(['-vv', '-p', '0', 'a.torrent'], {
        cwd: root,
        onStart: (child) => {
          child.stderr?.on('data', (text: string) => {
            if (text.includes(HAS_CORES ? 'thread has started' : 'listening')) child.kill('SIGINT')
          })
        },
      })
      assert.equal(code, 130)
    })
  })
})
