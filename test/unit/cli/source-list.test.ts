import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  MAX_LINE_CHARACTERS,
  MAX_LINES,
  MAX_OPTION_LINES,
  SourceListParser,
} from '../../../src/cli/source-list.ts'
import type { ListItem } from '../../../src/cli/source-list.ts'

function parse(...parts: string[]): ListItem[] {
  const parser = new SourceListParser()
  return [...parts.flatMap((part) => [...parser.push(part)]), ...parser.end()]
}

/** `SOURCE@LINE option option`, and `!LINE problem`. */
function shown(items: readonly ListItem[]): string[] {
  return items.map(({ source, line, options, problem }) => {
    const words = [`${source}@${line}`, ...options.map(({ text }) => text)]
    return [...words, ...(problem === undefined ? [] : [`!${problem.line} ${problem.text}`])].join(' ')
  })
}

const LIST = `# a comment
a.torrent
  output=x

\t# indented comment
\tforce=true
数据 集.torrent
 output = a b\t
https://h/x#y
`

test('sources, their options, comments and blank lines', () => {
  assert.deepEqual(shown(parse(LIST)), [
    'a.torrent@2 output=x force=true',
    '数据 集.torrent@7 output = a b',
    'https://h/x#y@9',
  ])
})

test('the same wherever the text is cut, with CRLF, and without the last newline', () => {
  const whole = shown(parse(LIST))
  for (let cut = 0; cut <= LIST.length; cut++)
    assert.deepEqual(shown(parse(LIST.slice(0, cut), LIST.slice(cut))), whole, `cut at ${cut}`)
  assert.deepEqual(shown(parse(...Array.from(LIST))), whole)
  assert.deepEqual(shown(parse(LIST.replaceAll('\n', '\r\n'))), whole)
  assert.deepEqual(shown(parse(LIST.trimEnd())), whole)
  assert.deepEqual(parse(''), [])
})

test('a source is given out when the next one begins, or at a pause', () => {
  const parser = new SourceListParser()
  assert.deepEqual(shown([...parser.push('a\n  output=x\nb\n')]), ['a@1 output=x'])
  assert.equal(parser.isWaiting, true)
  assert.equal(parser.pause()?.source, 'b')
  assert.equal(parser.isWaiting, false)
  assert.equal(parser.pause(), undefined)
  assert.deepEqual(shown([...parser.push('c\n'), ...parser.end()]), ['c@4'])
})

test('at a pause inside an option line the source waits for the rest of it', () => {
  const parser = new SourceListParser()
  assert.deepEqual([...parser.push('a\n  outp')], [])
  assert.equal(parser.pause(), undefined)
  assert.deepEqual(shown([...parser.push('ut=x\n'), ...parser.end()]), ['a@1 output=x'])
})

test('an option that comes after its source had begun is a fault of its own, with all options for the next try', () => {
  const parser = new SourceListParser()
  const items = [...parser.push('a\n  force=true\n')]
  parser.pause()
  items.push(...parser.push('  output=x\nb\n'), ...parser.end())
  assert.deepEqual(shown(items), [
    'a@1 force=true output=x !3 this option came after a had begun without it',
    'b@4',
  ])
})

test('what is wrong with one line leaves the others alone', () => {
  const long = 'x'.repeat(MAX_LINE_CHARACTERS + 1)
  const many = '  force=true\n'.repeat(MAX_OPTION_LINES + 5)
  assert.deepEqual(shown(parse(`  force=true\na\n-\n${long}\n  output=x\nb\n  output=${long}\nc\n`)), [
    '@1 force=true !1 an option without a source above it',
    'a@2',
    '@3 !3 standard input (-) is a source on the command line only',
    '@4 output=x !4 longer than 65,536 characters',
    'b@6 !7 longer than 65,536 characters',
    'c@8',
  ])
  const [a, b] = parse(`a\n${many}b\n`)
  assert.deepEqual([a!.options.length, a!.problem?.line], [MAX_OPTION_LINES, MAX_OPTION_LINES + 2])
  assert.equal(b!.source, 'b')
})

test('a long line is not kept, however it comes', () => {
  const parser = new SourceListParser()
  for (let part = 0; part < 1000; part++) assert.deepEqual([...parser.push('x'.repeat(10_000))], [])
  assert.deepEqual(shown([...parser.push('\nb\n'), ...parser.end()]), [
    '@1 !1 longer than 65,536 characters',
    'b@2',
  ])
})

test('what is no list is refused, after the sources in front', () => {
  const found: ListItem[] = []
  const fill = (text: string): void => {
    for (const item of new SourceListParser().push(text)) found.push(item)
  }
  assert.throws(() => {
    fill('a\nb\nc\0\nd\n')
  }, /zero byte/)
  assert.deepEqual(shown(found), ['a@1', 'b@2'])
  found.length = 0
  assert.throws(
    () => {
      fill('a\n'.repeat(MAX_LINES + 2))
    },
    { code: 'LIST_INVALID' },
  )
  assert.equal(found.length, MAX_LINES)
})
