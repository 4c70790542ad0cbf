import assert from 'node:assert/strict'
import { fstatSync, openSync } from 'node:fs'
import { test } from 'node:test'
import { OpenFiles } from '../../../src/storage/open-files.ts'
import { countTo } from '../../support/storage-fixture.ts'

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd)
    return true
  } catch {
    return false // EBADF
  }
}

test('at most 64 files are open, and the one not used for longest goes first', (context) => {
  const opened: number[] = []
  const files = new OpenFiles((file) => {
    opened.push(file)
    return openSync('/', 'r')
  })
  context.after(() => {
    files.closeAll()
  })
  for (const file of countTo(64)) files.get(file)
  files.get(0)
  files.get(64)
  files.get(0)
  files.get(1)
  assert.equal(files.size, 64)
  assert.deepEqual(opened.slice(64), [64, 1])
})

test('a file that is being read from stays open until the read has ended', async () => {
  const files = new OpenFiles(() => openSync('/', 'r'))
  let fdDuringRead = -1
  await files.withFile(0, async (fd) => {
    fdDuringRead = fd
    files.closeAll()
    await Promise.resolve()
    assert.ok(isOpen(fd))
  })
  assert.ok(!isOpen(fdDuringRead))
  assert.equal(files.size, 0)
})

test('when descriptors run out, one of ours is closed, at last the one held back', () => {
  let isScarce = false
  const files = new OpenFiles(() => {
    if (!isScarce) return openSync('/', 'r')
    isScarce = false
    throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })
  })
  files.holdReserve('/')
  files.get(0)
  isScarce = true
  files.get(1)
  assert.equal(files.size, 1)
  files.closeAll()
  files.holdReserve('/')
  isScarce = true
  files.get(2)
  files.closeAll()
  isScarce = true
  assert.throws(() => files.get(3), { code: 'EMFILE' })
})

test('other work that finds no descriptor left gets one of ours', () => {
  const files = new OpenFiles(() => openSync('/', 'r'))
  files.get(0)
  files.get(1)
  let failures = 2
  const run = (): string => {
    if (failures-- > 0)
      throw new Error('cannot write', { cause: Object.assign(new Error(), { code: 'EMFILE' }) })
    return 'done'
  }
  assert.equal(files.withSpare(run), 'done')
  assert.equal(files.size, 0)
})
