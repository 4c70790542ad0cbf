import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseChecksums } from '../../src/cli/checksum-list.ts'
import { InputError } from '../../src/common/errors.ts'

const LIMITS = { interruptAfterTimeLimit: 2000, markInterruptAsFailure: false }
const hex = fc.stringMatching(/^[0-9a-f]{64}$/)
/** What a Linux file name may be, and that holds more than blanks: sha256sum writes no other. */
const fileName = fc
  .string({
    minLength: 1,
    maxLength: 40,
    unit: fc.constantFrom('a', 'é', '\\', '\n', '\r', 'n', ' ', '(', ')', '*', '=', '#'),
  })
  .filter((name) => /^[^ *\n\r]/.test(name))

/** As sha256sum writes them. */
function escapeName(name: string): { readonly mark: string; readonly text: string } {
  const text = name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
  return { mark: text === name ? '' : '\\', text }
}

test('what sha256sum would write is read as it was meant, in each of its forms', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(hex, fileName), { minLength: 1 }),
      fc.constantFrom('  ', ' *', 'bsd'),
      (files, form) => {
        const lines = files.map(([digest, name]) => {
          const { mark, text } = escapeName(name)
          return form === 'bsd' ? `${mark}SHA256 (${text}) = ${digest}` : `${mark}${digest}${form}${text}`
        })
        const read = parseChecksums(`${lines.join('\n')}\n`, 'SUMS')
        assert.deepEqual(
          read.map(({ digest, name }) => [digest, name]),
          files,
        )
      },
    ),
    LIMITS,
  )
})

test('any text gives checksums or an error that we know', () => {
  const junk = fc.oneof(fc.string(), fc.stringMatching(/^[\\0-9a-f SHA256()=*\n\r-]*$/))
  fc.assert(
    fc.property(junk, (text) => {
      try {
        for (const { digest, name } of parseChecksums(text, 'SUMS'))
          assert.ok(/^[0-9a-f]+$/.test(digest) && name !== '')
      } catch (error) {
        assert.ok(error instanceof InputError, String(error))
      }
    }),
    LIMITS,
  )
})
