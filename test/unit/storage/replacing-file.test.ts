import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ReplacingFile } from '../../../src/storage/replacing-file.ts'

function inDirectory(use: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  try {
    use(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

test('the old file stays until the new one is whole, and keeps its mode', () => {
  inDirectory((directory) => {
    const path = join(directory, 'list')
    writeFileSync(path, 'old')
    chmodSync(path, 0o640)
    const file = ReplacingFile.open(path)
    const text = 'ü'.repeat(100_000)
    file.write(text)
    file.write('end')
    assert.equal(readFileSync(path, 'utf8'), 'old')
    file.commit()
    assert.equal(readFileSync(path, 'utf8'), `${text}end`)
    assert.equal(statSync(path).mode & 0o777, 0o640)
    assert.deepEqual(readdirSync(directory), ['list'])
  })
})

test('given up, nothing is left of it', () => {
  inDirectory((directory) => {
    const file = ReplacingFile.open(join(directory, 'list'))
    file.write('x')
    file.discard()
    file.discard()
    assert.deepEqual(readdirSync(directory), [])
  })
})

test('a symbolic link stays one; the file it names is replaced', () => {
  inDirectory((directory) => {
    writeFileSync(join(directory, 'real'), 'old')
    symlinkSync('real', join(directory, 'link'))
    const file = ReplacingFile.open(join(directory, 'link'))
    file.write('new')
    file.commit()
    assert.equal(readFileSync(join(directory, 'real'), 'utf8'), 'new')
    assert.deepEqual(readdirSync(directory).toSorted(), ['link', 'real'])
  })
})

test('what is no file is not replaced by one, and what cannot be made is told', () => {
  inDirectory((directory) => {
    assert.throws(() => ReplacingFile.open(directory), { code: 'FILE_NOT_REGULAR' })
    assert.throws(() => ReplacingFile.open('/dev/null'), { code: 'FILE_NOT_REGULAR' })
    assert.throws(() => ReplacingFile.open(join(directory, 'missing', 'list')), /no such directory$/)
    const path = join(directory, 'list')
    const file = ReplacingFile.open(path)
    mkdirSync(path)
    assert.throws(() => {
      file.commit()
    }, /cannot write .*list/)
    assert.deepEqual(readdirSync(directory), ['list'])
  })
})
