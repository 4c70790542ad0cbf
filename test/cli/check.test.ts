/** The bundled command checks what is there in threads, whose script is a file of its own. */
import assert from 'node:assert/strict'
import { closeSync, openSync, writeSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { runCli } from '../support/run-cli.ts'
import { withHole } from './hole.ts'

const MIB = 1 << 20
const HAS_CORES = availableParallelism() > 1

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
