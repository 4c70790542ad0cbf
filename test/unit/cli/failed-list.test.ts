import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { FailedList } from '../../../src/cli/failed-list.ts'
import type { ItemOptions } from '../../../src/cli/item-options.ts'
import { SourceListParser } from '../../../src/cli/source-list.ts'
import type { QueuedSource } from '../../../src/cli/source-queue.ts'
import type { JobResult } from '../../../src/cli/view.ts'

function withFile(use: (path: string, directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  try {
    use(join(directory, 'failed.txt'), directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function queued(source: string, ...optionLines: string[]): QueuedSource {
  return { index: 0, source, optionLines, item: {} as ItemOptions, isSource: true }
}

function ended(outcome: JobResult['outcome'], duplicateOf?: string): JobResult {
  const nothing = { error: undefined, job: undefined, snapshot: undefined, seconds: 0 }
  return { source: '', outcome, code: 0, ...nothing, ...(duplicateOf === undefined ? {} : { duplicateOf }) }
}

test('what is not done comes back as a list with the same sources and options', () => {
  withFile((path) => {
    const list = new FailedList(path)
    list.add(queued('done'), ended('complete'))
    list.add(queued('a', 'output=x y', 'force=true'), ended('failed'))
    list.add(queued('b'), ended('stopped'))
    list.add(queued('again'), ended('failed', 'a'))
    list.add(queued('#c'), ended('failed'))
    list.add(queued('  d'), ended('failed'))
    assert.deepEqual(list.save([]), { path, count: 4, notices: [], error: undefined, isKept: false })
    const parser = new SourceListParser()
    const items = [...parser.push(readFileSync(path, 'utf8')), ...parser.end()]
    assert.deepEqual(
      items.map(({ source, options }) => [source, ...options.map(({ text }) => text)]),
      [['a', 'output=x y', 'force=true'], ['b'], ['./#c'], ['./  d']],
    )
  })
})

test('what no list can hold is a comment', () => {
  withFile((path) => {
    const list = new FailedList(path)
    list.add(queued('-'), ended('failed'))
    list.add(queued('a\nb'), ended('failed'))
    list.add({ ...queued('list:3'), isSource: false }, ended('failed'))
    assert.equal(list.save([]).count, 0)
    assert.equal(
      readFileSync(path, 'utf8'),
      '# cannot be given in a list: "-"\n# cannot be given in a list: "a\\nb"\n# cannot be given in a list: "list:3"\n',
    )
  })
})

test('nothing failed: the file is there and empty', () => {
  withFile((path, directory) => {
    writeFileSync(path, 'old\n')
    const list = new FailedList(path)
    assert.equal(readFileSync(path, 'utf8'), 'old\n')
    list.save([])
    list.discard()
    assert.deepEqual([readFileSync(path, 'utf8'), readdirSync(directory)], ['', ['failed.txt']])
  })
})

test('the list that was read stays when it was not read to its end', () => {
  withFile((path, directory) => {
    writeFileSync(path, 'old\n')
    const list = new FailedList(path)
    list.add(queued('a'), ended('failed'))
    const unread = { label: 'failed.txt', path: realpathSync(path), open: () => [] as never }
    const saved = list.save([unread])
    assert.equal(saved.isKept, true)
    assert.match(saved.notices.join(), /was not read to its end, so it stays as it is/)
    assert.deepEqual([readFileSync(path, 'utf8'), readdirSync(directory)], ['old\n', ['failed.txt']])
  })
})
