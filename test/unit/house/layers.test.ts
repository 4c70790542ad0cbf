/** The layer rules of .eslintrc.json refuse one violation of each kind, and let the allowed direction pass. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadESLint } from 'eslint'

const REFUSED: readonly (readonly [filePath: string, code: string, rule: string])[] = [
  [
    'src/wire/x.ts',
    "import net from 'node:net'\nexport const a = net",
    '@typescript-eslint/no-restricted-imports',
  ],
  [
    'src/swarm/x.ts',
    "import { a } from '../peer/a.ts'\nexport const b = a",
    '@typescript-eslint/no-restricted-imports',
  ],
  ['src/swarm/x.ts', 'export const a = Date.now()', 'no-restricted-properties'],
  ['src/swarm/x.ts', 'export const a = Math.random()', 'no-restricted-properties'],
  ['src/metainfo/x.ts', 'setTimeout(() => undefined, 1)', 'no-restricted-globals'],
  [
    'src/tracker/udp-codec.ts',
    "import fs from 'node:fs'\nexport const a = fs",
    '@typescript-eslint/no-restricted-imports',
  ],
  [
    'src/net/x.ts',
    "import { a } from '../peer/a.ts'\nexport const b = a",
    '@typescript-eslint/no-restricted-imports',
  ],
  [
    'src/peer/x.ts',
    "import { a } from '../swarm/a.ts'\nexport const b = a",
    '@typescript-eslint/no-restricted-imports',
  ],
  [
    'src/tracker/x.ts',
    "import { a } from '../dht/a.ts'\nexport const b = a",
    '@typescript-eslint/no-restricted-imports',
  ],
  [
    'src/dht/x.ts',
    "import { a } from '../tracker/a.ts'\nexport const b = a",
    '@typescript-eslint/no-restricted-imports',
  ],
  [
    'src/storage/x.ts',
    "import { a } from '../net/a.ts'\nexport const b = a",
    '@typescript-eslint/no-restricted-imports',
  ],
  [
    'src/torrent/x.ts',
    "import type { A } from '../cli/a.ts'\nexport type B = A",
    '@typescript-eslint/no-restricted-imports',
  ],
  [
    'src/session/x.ts',
    "import { a } from '../cli/a.ts'\nexport const b = a",
    '@typescript-eslint/no-restricted-imports',
  ],
  [
    'src/session/x.ts',
    "import { a } from '../share/a.ts'\nexport const b = a",
    '@typescript-eslint/no-restricted-imports',
  ],
  [
    'src/share/x.ts',
    "import { a } from '../cli/a.ts'\nexport const b = a",
    '@typescript-eslint/no-restricted-imports',
  ],
  [
    'src/api/x.ts',
    "import { a } from '../cli/a.ts'\nexport const b = a",
    '@typescript-eslint/no-restricted-imports',
  ],
  [
    'src/cli/x.ts',
    "import { a } from '../api/a.ts'\nexport const b = a",
    '@typescript-eslint/no-restricted-imports',
  ],
  ['src/torrent/x.ts', 'export const a = process.argv', 'no-restricted-globals'],
  ['src/share/x.ts', 'setTimeout(() => undefined, 1)', 'no-restricted-globals'],
  ['src/api/x.ts', "export const a = process.env['HOME']", 'no-restricted-globals'],
  ['src/api/x.ts', "console.log('x')", 'no-console'],
  ['src/tracker/x.ts', 'setTimeout(() => undefined, 1)', 'no-restricted-globals'],
  ['src/session/x.ts', "console.log('x')", 'no-console'],
]

const ALLOWED: readonly (readonly [filePath: string, code: string])[] = [
  ['src/cli/x.ts', "import { a } from '../session/a.ts'\nexport const b = a"],
  ['src/cli/x.ts', "import { a } from '../share/a.ts'\nexport const b = a"],
  ['src/api/x.ts', "import { a } from '../share/a.ts'\nexport const b = a"],
  ['src/share/x.ts', "import { a } from '../tracker/a.ts'\nexport const b = a"],
  ['src/torrent/x.ts', "import { a } from '../swarm/a.ts'\nexport const b = a"],
  ['src/peer/x.ts', "import { a } from '../wire/a.ts'\nexport const b = a"],
  ['src/wire/x.ts', "import { a } from '../bencode/a.ts'\nexport const b = a"],
]

const LegacyESLint = await loadESLint({ useFlatConfig: false })
const eslint = new LegacyESLint({
  // Rules that need types need real files; the layer rules do not.
  overrideConfig: { extends: ['plugin:@typescript-eslint/disable-type-checked'] },
})

async function rulesBroken(filePath: string, code: string): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(code, { filePath })
  return result?.messages.map(({ ruleId }) => ruleId) ?? []
}

for (const [filePath, code, rule] of REFUSED) {
  test(`${filePath} may not say: ${code.split('\n')[0] ?? ''}`, async () => {
    const broken = await rulesBroken(filePath, code)
    assert.ok(broken.includes(rule), `expected ${rule}, got ${broken.join(', ')}`)
  })
}

for (const [filePath, code] of ALLOWED) {
  test(`${filePath} may say: ${code.split('\n')[0] ?? ''}`, async () => {
    assert.deepEqual(await rulesBroken(filePath, code), [])
  })
}
