import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { LogFile } from '../../../src/cli/log-file.ts'
import type { LogFileParts } from '../../../src/cli/log-file.ts'
import { systemClock } from '../../../src/common/clock.ts'
import { UsageError } from '../../../src/common/errors.ts'

interface Line {
  readonly time: string
  readonly level: string
  readonly area: string
  readonly message: string
}

async function withDirectory(use: (directory: string) => Promise<void> | void): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  try {
    await use(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function makeParts(fields: Partial<LogFileParts> = {}): LogFileParts {
  const onFailed = (message: string): void => {
    throw new Error(message)
  }
  return { clock: systemClock, wallClock: () => new Date(0), onFailed, ...fields }
}

const linesOf = (path: string): Line[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)

test('lines are JSON behind what was there, readable by the user alone', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'log')
    for (const message of ['one', 'evil \x1b[2J\n\u202e']) {
      const file = LogFile.open(path, makeParts())
      file.add({ level: 'info', area: 'peer', message })
      await file.close()
      file.add({ level: 'info', area: 'peer', message: 'too late' })
    }
    assert.deepEqual(
      linesOf(path).map(({ message }) => message),
      ['one', 'evil \x1b[2J\n\u202e'],
    )
    assert.deepEqual(linesOf(path)[0], {
      time: '1970-01-01T00:00:00.000Z',
      level: 'info',
      area: 'peer',
      message: 'one',
    })
    const text = readFileSync(path, 'utf8')
    assert.ok(!text.includes('\x1b') && !text.includes('\u202e'))
    assert.equal(statSync(path).mode & 0o777, 0o600)
  })
})

test('keys in addresses are left out, whoever wrote them', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'log')
    const file = LogFile.open(path, makeParts())
    const url = 'https://u:pw@t.example/0123456789abcdef/announce?passkey=abc'
    file.add({ level: 'info', area: 'tracker', message: `${url}: no`, fields: { url } })
    await file.close()
    const text = readFileSync(path, 'utf8')
    assert.ok(!/pw|0123456789abcdef|abc/.test(text), text)
    assert.equal(linesOf(path)[0]?.message, 'https://***@t.example/***/announce?passkey=***: no')
  })
})

test('what waits is on disk after flushNow, in order and once', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'log')
    const file = LogFile.open(path, makeParts())
    for (let i = 0; i < 5000; i++) file.add({ level: 'info', area: 'run', message: `line ${i}` })
    file.flushNow()
    file.add({ level: 'info', area: 'run', message: 'line 5000' })
    await file.close()
    const seen = linesOf(path).map(({ message }) => message)
    assert.equal(seen.length, 5001)
    assert.equal(new Set(seen).size, 5001)
  })
})

test('a run does not fill the disk: at its limit only warnings and errors are written', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'log')
    const file = LogFile.open(path, makeParts({ maxFileBytes: 10_000 }))
    for (let i = 0; i < 1000; i++) file.add({ level: 'debug', area: 'peer', message: `line ${i}` })
    file.add({ level: 'error', area: 'run', message: 'at last' })
    for (let i = 0; i < 1000; i++) file.add({ level: 'warn', area: 'run', message: `again ${i}` })
    await file.close()
    assert.ok(statSync(path).size < 21_000)
    const lines = linesOf(path)
    assert.ok(lines.some(({ message }) => message.endsWith('from here on only warnings and errors')))
    assert.ok(lines.some(({ message }) => message === 'at last'))
  })
})

test('a file that cannot be opened is a usage error with the reason', async () => {
  await withDirectory((directory) => {
    writeFileSync(join(directory, 'file'), '')
    execFileSync('mkfifo', [join(directory, 'pipe')])
    for (const [name, reason] of [
      ['missing/log', /its directory does not exist/],
      ['.', /it is a directory/],
      ['file/log', /not a directory/],
      ['pipe', /nobody reads this pipe/],
    ] as const) {
      assert.throws(
        () => LogFile.open(join(directory, name), makeParts()),
        (error) =>
          error instanceof UsageError && error.code === 'LOG_FILE_UNWRITABLE' && reason.test(error.message),
        name,
      )
    }
  })
})

test('a disk that is full is told once, and the log ends', async () => {
  const failures: string[] = []
  const file = LogFile.open('/dev/full', makeParts({ onFailed: (message) => failures.push(message) }))
  file.add({ level: 'info', area: 'run', message: 'x' })
  await file.close()
  file.add({ level: 'info', area: 'run', message: 'y' })
  await file.close()
  assert.deepEqual(failures, ['cannot write /dev/full: disk full; the log ends here, the download goes on'])
})
