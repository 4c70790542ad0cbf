import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { InputError } from '../../src/common/errors.ts'
import { SourceListParser } from '../../src/cli/source-list.ts'
import type { ListItem } from '../../src/cli/source-list.ts'

const LIMITS = { interruptAfterTimeLimit: 2000, markInterruptAsFailure: false }

/** @returns undefined when the list is refused as a whole */
function parse(parts: readonly string[], pauses = false): ListItem[] | undefined {
  const parser = new SourceListParser()
  const items: ListItem[] = []
  try {
    for (const part of parts) {
      items.push(...parser.push(part))
      const item = pauses ? parser.pause() : undefined
      if (item !== undefined) items.push(item)
    }
    items.push(...parser.end())
    return items
  } catch (error) {
    assert.ok(error instanceof InputError)
    return undefined
  }
}

/** Text with many of the characters that mean something. */
const listText = fc.stringMatching(/^[ab=# \t\r\n\0é-]*$/)

test('whatever a list holds, items or an InputError come out, the same for every cut', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(listText, fc.string({ unit: 'binary' }))), (parts) => {
      const items = parse(parts)
      assert.deepEqual(parse([parts.join('')]), items)
      for (const { source, line, problem } of items ?? []) {
        assert.ok(line > 0)
        assert.ok(source !== '' || problem !== undefined)
        assert.doesNotMatch(source, /^[\s#]|[\n]|\s$/)
      }
    }),
    LIMITS,
  )
})

test('pauses change when sources begin, not which there are', () => {
  fc.assert(
    fc.property(fc.array(listText), (parts) => {
      const sources = (items: ListItem[] | undefined): string[] | undefined =>
        items
          ?.filter(({ source, problem }) => source !== '' && problem === undefined)
          .map(({ source }) => source)
      assert.deepEqual(sources(parse(parts, true)), sources(parse(parts)))
    }),
    LIMITS,
  )
})
