import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseChecksums } from '../../../src/cli/checksum-list.ts'
import { InputError } from '../../../src/common/errors.ts'

const SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const SHA1 = 'da39a3ee5e6b4b0d3255bfef95601890afd80709'
const SHA512 = SHA256 + SHA256

function parse(...lines: string[]): string[] {
  return parseChecksums(lines.join('\n'), 'SUMS').map(
    ({ line, algorithm, digest, name }) => `${line} ${algorithm} ${digest.slice(0, 4)} ${name}`,
  )
}

function refuses(message: RegExp, ...lines: string[]): void {
  assert.throws(
    () => parse(...lines),
    (error) => {
      assert.ok(error instanceof InputError)
      assert.equal(error.code, 'CHECKSUM_FILE_INVALID')
      assert.match(error.message, message)
      return true
    },
  )
}

describe('a list of checksums', () => {
  test('text and binary lines, of each algorithm by its digits', () => {
    assert.deepEqual(
      parse(`${SHA256}  a b.bin`, `${SHA1.toUpperCase()} *sub/b`, `${SHA512} c`, `${SHA256}  *d`),
      ['1 sha256 e3b0 a b.bin', '2 sha1 da39 sub/b', '3 sha512 e3b0 c', '4 sha256 e3b0 *d'],
    )
  })

  test('the lines of BSD and OpenSSL', () => {
    assert.deepEqual(
      parse(
        `SHA256 (a (1).bin) = ${SHA256}`,
        `SHA1(b)= ${SHA1}`,
        `SHA2-512(c)= ${SHA512}`,
        `SHA-256 (d) = ${SHA256}`,
      ),
      ['1 sha256 e3b0 a (1).bin', '2 sha1 da39 b', '3 sha512 e3b0 c', '4 sha256 e3b0 d'],
    )
  })

  test('escaped names are read as they were before', () => {
    assert.deepEqual(parse(`\\${SHA256}  a\\\\n\\nb\\rc`, `\\SHA256 (d\\\\) = ${SHA256}`), [
      '1 sha256 e3b0 a\\n\nb\rc',
      '2 sha256 e3b0 d\\',
    ])
    assert.deepEqual(parse(`${SHA256}  a\\nb`), ['1 sha256 e3b0 a\\nb'])
    refuses(/^SUMS:1: a backslash in the name/, `\\${SHA256}  a\\tb`)
  })

  test('comments, blank lines and CRLF may stand between', () => {
    assert.deepEqual(parse('# made today\r', '\r', `${SHA256}  a\r`, '', '# end'), ['3 sha256 e3b0 a'])
  })

  test('a clear-signed list is read without its signature', () => {
    const signed = ['-----BEGIN PGP SIGNED MESSAGE-----', 'Hash: SHA256', '', `${SHA256}  a`, '- # b']
    const signature = ['-----BEGIN PGP SIGNATURE-----', '', 'iQIzBAEBCAAd', '-----END PGP SIGNATURE-----']
    assert.deepEqual(parse(...signed, ...signature), ['4 sha256 e3b0 a'])
  })

  test('what is no checksum is an error with its line', () => {
    refuses(/^SUMS:2: not a checksum and a name/, `${SHA256}  a`, 'hello')
    refuses(/^SUMS:1: 63 digits are no checksum/, `${SHA256.slice(1)}  a`)
    refuses(/^SUMS:1: MD5 is not supported/, `${SHA256.slice(32)}  a`)
    refuses(/^SUMS:1: MD5 is not supported/, `MD5 (a) = ${SHA256.slice(32)}`)
    refuses(/^SUMS:1: 40 digits are not SHA256/, `SHA256 (a) = ${SHA1}`)
    refuses(/^SUMS:1: not a checksum and a name/, `${SHA256}  `)
    refuses(/^SUMS holds no checksum/, '# nothing', '')
  })
})
