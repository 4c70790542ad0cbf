import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { Bitfield } from '../../../src/common/bitfield.ts'
import { ResumeFile, type ResumeFileOptions, type ResumeRecord } from '../../../src/storage/resume-file.ts'
import { isCode } from '../../support/storage-compliance.ts'
import { temporaryDirectory } from '../../support/storage-fixture.ts'

function makeOptions(stateDirectory: string): ResumeFileOptions {
  return { stateDirectory, infoHash: Buffer.alloc(20, 7), root: '/out/数据', pieceCount: 11, fileCount: 4 }
}

function makeRecord(): ResumeRecord {
  const pieces = new Bitfield(11)
  for (const piece of [0, 3, 10]) pieces.set(piece)
  return {
    bootId: '3f5a',
    pieces,
    files: [
      { place: 'final', identity: '64768:12:1000:1790000000123456789:1790000000123456789' },
      { place: 'part', identity: undefined },
      { place: 'none', identity: undefined },
      { place: 'adopted', identity: '64768:13:0:-1:1790000000000000000' },
    ],
    parts: '64768:14:65572:1790000000000000000:1790000000000000000',
  }
}

function toPlain(record: ResumeRecord | undefined | string): unknown {
  return typeof record === 'object' ? { ...record, pieces: [...record.pieces.indices()] } : record
}

test('a saved record is read back as it was', async (context) => {
  const options = makeOptions(await temporaryDirectory(context))
  assert.equal(new ResumeFile(options).load(), undefined)
  new ResumeFile(options).save(makeRecord)
  assert.deepEqual(toPlain(new ResumeFile(options).load()), toPlain(makeRecord()))
})

test('saving the same again writes nothing, and nothing temporary is left', async (context) => {
  const options = makeOptions(await temporaryDirectory(context))
  const resume = new ResumeFile(options)
  resume.save(makeRecord)
  const { ino } = statSync(resume.path)
  resume.save(makeRecord)
  assert.equal(statSync(resume.path).ino, ino)
  const later = new ResumeFile(options)
  later.load()
  later.save(makeRecord)
  assert.equal(statSync(resume.path).ino, ino)
  assert.equal(readdirSync(dirname(resume.path)).length, 1)
})

test('a file whose final name was noted is ours under that name, and has to be hashed', async (context) => {
  const resume = new ResumeFile(makeOptions(await temporaryDirectory(context)))
  resume.save(makeRecord)
  resume.appendFinal([1])
  resume.appendFinal([2])
  const record = resume.load()
  assert.ok(typeof record === 'object')
  assert.deepEqual(record.files[1], { place: 'final', identity: undefined })
  assert.deepEqual(record.files[2], { place: 'final', identity: undefined })
  resume.save(makeRecord)
  assert.deepEqual(toPlain(resume.load()), toPlain(makeRecord()), 'the next whole record replaces such notes')
})

test('a note that names a file which the torrent does not have counts for nothing', async (context) => {
  const resume = new ResumeFile(makeOptions(await temporaryDirectory(context)))
  resume.save(makeRecord)
  for (const files of [[1, 4], [-1], [1.5]]) {
    resume.appendFinal(files)
    assert.deepEqual(toPlain(resume.load()), toPlain(makeRecord()))
  }
})

test('a record of another torrent, place or version, or with other counts, is not used', async (context) => {
  const options = makeOptions(await temporaryDirectory(context))
  const resume = new ResumeFile(options)
  resume.save(makeRecord)
  const text = readFileSync(resume.path)
  const others: Partial<ResumeFileOptions>[] = [
    { infoHash: Buffer.alloc(20, 8) },
    { root: '/out' },
    { pieceCount: 17 },
    { fileCount: 5 },
  ]
  for (const other of others) {
    const otherResume = new ResumeFile({ ...options, ...other })
    writeFileSync(otherResume.path, text)
    const record = otherResume.load()
    assert.ok(typeof record === 'string')
    assert.match(record, /is damaged or not for this torrent: existing data is checked instead/)
  }
})

test('whatever bit is wrong or bytes are missing, the record is as it was or not used', async (context) => {
  const resume = new ResumeFile(makeOptions(await temporaryDirectory(context)))
  resume.save(makeRecord)
  resume.appendFinal([2, 0])
  const whole = toPlain(resume.load())
  const text = readFileSync(resume.path)
  const accept = (bytes: Buffer, what: string): void => {
    writeFileSync(resume.path, bytes)
    const record = resume.load()
    if (typeof record === 'string') return
    const plain = JSON.stringify(toPlain(record))
    assert.ok(
      [whole, toPlain(makeRecord())].some((right) => plain === JSON.stringify(right)),
      what,
    )
  }
  for (let at = 0; at < text.length; at++) {
    const bytes = Buffer.from(text)
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (at & 7)), at)
    accept(bytes, `bit of byte ${at}`)
    accept(text.subarray(0, at), `first ${at} bytes`)
  }
})

test('where the state directory is a file, saving says so', async (context) => {
  const directory = await temporaryDirectory(context)
  writeFileSync(`${directory}/file`, '')
  const resume = new ResumeFile(makeOptions(`${directory}/file`))
  assert.throws(() => {
    resume.save(makeRecord)
  }, isCode('DISK_NOT_A_DIRECTORY'))
})
