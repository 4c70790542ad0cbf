import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** From dist/test/unit/cli up to the root. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))

/** Codes of most folders have these prefixes, and may come from tables and helpers. */
const PREFIXED =
  /'(?!TORRENT_DL_)((?:BENCODE|BUG|DISK|FILE|LISTEN|PEER|SERVE|SOURCE|STORAGE|TORRENT|TRACKER|WIRE)_[A-Z0-9_]+)'/g
const THROWN = /new \w*Error\(\s*'([A-Z][A-Z0-9_]*)'/g

function codesInSource(): Set<string> {
  const codes = new Set<string>()
  const directory = join(ROOT, 'src')
  for (const path of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.ts')) continue
    const text = readFileSync(join(directory, path), 'utf8')
    for (const pattern of [PREFIXED, THROWN])
      for (const [, code = ''] of text.matchAll(pattern)) codes.add(code)
  }
  return codes
}

test('docs/errors.md lists exactly the codes that the source has', () => {
  const text = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')
  const documented = [...text.matchAll(/^\| `([A-Z0-9_]+)` \|/gm)].map(([, code = '']) => code)
  assert.deepEqual(documented.toSorted(), [...codesInSource()].toSorted())
})
