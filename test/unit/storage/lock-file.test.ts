import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { LockFile } from '../../../src/storage/lock-file.ts'
import { isCode } from '../../support/storage-compliance.ts'
import { countTo, temporaryDirectory } from '../../support/storage-fixture.ts'

const LOCK_MODULE = new URL('../../../src/storage/lock-file.js', import.meta.url).href

/** Starts a process that takes the lock once a line comes in, says so, and holds it until it is killed. */
function startHolder(state: string): { child: ReturnType<typeof spawn>; line: () => Promise<string> } {
  const script = `
    const { LockFile } = await import(${JSON.stringify(LOCK_MODULE)})
    console.log('ready')
    process.stdin.on('data', () => {
      try {
        LockFile.acquire(${JSON.stringify(state)}, '/target', 'target')
        console.log('won')
      } catch (error) {
        console.log(error.code)
      }
    })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const line = async (): Promise<string> => {
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
    return chunk.toString().trim()
  }
  return { child, line }
}

test('a second writer of the same path is refused until the first is done', async (context) => {
  const state = await temporaryDirectory(context)
  const first = LockFile.acquire(state, '/target', 'target')
  assert.throws(() => LockFile.acquire(state, '/target', 'target'), isCode('LOCKED'))
  LockFile.acquire(state, '/other', 'other').release()
  first.release()
  const second = LockFile.acquire(state, '/target', 'target')
  assert.throws(() => LockFile.acquire(state, '/target', 'target'), isCode('LOCKED'))
  second.release()
})

test('of processes that start at once exactly one wins, and a killed one leaves the path free', async (context) => {
  const state = await temporaryDirectory(context)
  const holders = countTo(3).map(() => startHolder(state))
  context.after(() => holders.map(({ child }) => child.kill('SIGKILL')))
  await Promise.all(holders.map(async ({ line }) => line()))
  const answers = holders.map(async ({ line }) => line())
  for (const { child } of holders) child.stdin?.write('go\n')
  const words = await Promise.all(answers)
  assert.deepEqual([...words].sort(), ['LOCKED', 'LOCKED', 'won'])
  const winner = holders[words.indexOf('won')]!.child
  assert.throws(() => LockFile.acquire(state, '/target', 'out/data'), {
    code: 'LOCKED',
    message: `out/data is in use by process ${winner.pid} already: it downloads or shares it`,
  })
  winner.kill('SIGKILL')
  await once(winner, 'exit')
  LockFile.acquire(state, '/target', 'target').release()
})

test('a lock of an earlier process with the same id, and one that makes no sense, are taken over', async (context) => {
  const state = await temporaryDirectory(context)
  const directory = join(state, 'locks', createHash('sha1').update('/target').digest('hex'))
  mkdirSync(directory, { recursive: true })
  const leftovers = [
    JSON.stringify({ pid: process.pid, startedAt: '1' }),
    '',
    'null',
    '{"pid":-1}',
    'x'.repeat(99),
  ]
  for (const [index, text] of leftovers.entries()) {
    writeFileSync(join(directory, String(index * 10 + 1)), text)
    const lock = LockFile.acquire(state, '/target', 'target')
    assert.deepEqual(readdirSync(directory), [String(index * 10 + 2)])
    lock.release()
  }
})
