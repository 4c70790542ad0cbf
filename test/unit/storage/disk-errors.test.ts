import assert from 'node:assert/strict'
import { constants, tmpdir } from 'node:os'
import { test } from 'node:test'
import { StorageError } from '../../../src/common/errors.ts'
import { diskError } from '../../../src/storage/disk-errors.ts'

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: something failed`), { code })
}

test('each system error gets the code that decides the exit code', () => {
  const codes = {
    ENOSPC: 'DISK_FULL',
    EDQUOT: 'DISK_FULL',
    EACCES: 'DISK_NOT_WRITABLE',
    EPERM: 'DISK_NOT_WRITABLE',
    EROFS: 'DISK_NOT_WRITABLE',
    ENAMETOOLONG: 'DISK_NAME_TOO_LONG',
    ENOTDIR: 'DISK_NOT_A_DIRECTORY',
    EMFILE: 'DISK_IO',
    EFBIG: 'DISK_IO',
    EIO: 'DISK_IO',
    ESTALE: 'DISK_IO',
  }
  for (const [system, code] of Object.entries(codes)) {
    const cause = systemError(system)
    const error = diskError(cause, { verb: 'write', path: 'out/data.iso.part' })
    assert.equal(error.code, code)
    assert.equal(error.cause, cause)
    assert.match(error.message, /^cannot write out\/data\.iso\.part: ./)
  }
})

test('a used up quota, for which Node has no name, is a full disk', () => {
  const cause = Object.assign(new Error('UNKNOWN: unknown error, write'), {
    code: 'UNKNOWN',
    errno: -constants.errno.EDQUOT,
  })
  assert.equal(diskError(cause, { verb: 'write', path: 'x' }).code, 'DISK_FULL')
})

test('a full disk is told with what is needed and what is free', () => {
  const space = { neededBytes: 4.1 * 2 ** 30, directory: tmpdir() }
  const { message } = diskError(systemError('ENOSPC'), { verb: 'write', path: 'out/data.iso.part', space })
  assert.match(message, /^cannot write out\/data\.iso\.part: disk full \(needs 4\.1 GiB, .+ free\)$/)
})

test('an error that is ours already stays as it is', () => {
  const error = new StorageError('FILE_CHANGED', 'out/a changed')
  assert.equal(diskError(error, { verb: 'read', path: 'x' }), error)
})
