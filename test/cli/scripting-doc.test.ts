/** What docs/scripting.md says holds: its events fit the schema, its commands give what they are said to give. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { hookEnvironment } from '../../src/cli/hook-environment.ts'
import { eventTypes, readEvents } from '../support/event-schema.ts'
import { ROOT, runBlock, shellBlocks } from './docs-shell.ts'
import { withDocsSwarm } from './docs-swarm.ts'

const PAGE = readFileSync(join(ROOT, 'docs/scripting.md'), 'utf8')

/** What each command prints, in the order of the page; `undefined`: whatever it likes. */
const PRINTED: readonly (readonly [begin: RegExp, printed: RegExp])[] = [
  [/\[\.code, \.outcome/, /^0\tcomplete\tlinux\.torrent\n0\tcomplete\ta\.torrent$/m],
  [/absolutePath/, /^\/.*\/iso\/linux\.bin$/m],
  [
    /missing\.torrent/,
    /^exit code 8\nTORRENT_FILE_UNREADABLE\tmissing\.torrent\tcannot read missing\.torrent/m,
  ],
  [/floor/, /^100$/m],
  [/\.code == 4/, /done/],
  [/announce\.sh/, /^told: new image linux\.bin$/m],
  [/move\.sh --on-error/, /^moved linux\.bin \(\d+ bytes\)$/m],
  [/--log-file/, /^linux\.bin\ndone$/m],
]

test('the example of each event fits the schema, and every type has one', () => {
  const lines = [...PAGE.matchAll(/^```json\n(.*?)^```$/gms)].map(([, text = '']) => text).join('')
  const types = readEvents(lines).map(({ type }) => String(type))
  assert.deepEqual([...new Set(types)].toSorted(), eventTypes().toSorted())
  const inTable = [...PAGE.matchAll(/^\| `([a-z]+)` \| /gm)].map(([, type = '']) => type)
  assert.deepEqual(inTable.toSorted(), eventTypes().toSorted())
})

test('the variables of hooks are those of the page', () => {
  const result = { source: 'x', outcome: 'failed', code: 3, seconds: 0 } as const
  const nothing = { error: undefined, job: undefined, snapshot: undefined }
  const known = Object.keys(
    hookVariables(hookEnvironment({ ...result, ...nothing }, {}, { index: 1, now: new Date() })),
  )
  for (const name of known) assert.ok(PAGE.includes(`\`${name}\``), name)
})

function hookVariables(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => /^T(ORRENT_DL|R)_/.test(name)))
}

const hasJq = spawnSync('jq', ['--version']).status === 0

for (const realJq of hasJq ? [false, true] : [false]) {
  test(`the commands of the page do what it says, with ${realJq ? "this machine's jq" : 'the jq of npm'}`, async () => {
    const blocks = shellBlocks('docs/scripting.md')
    await withDocsSwarm(async ({ root }) => {
      writeScripts(blocks, root)
      const commands = blocks.filter((block) => !block.startsWith('#!'))
      const seen = new Set<RegExp>()
      for (const command of commands) {
        const printed = await runBlock(`${command}\necho done >&2\n`, root, realJq)
        const [begin, wanted] = PRINTED.find(([pattern]) => pattern.test(command)) ?? []
        assert.ok(begin !== undefined && wanted !== undefined, `what should it print?\n${command}`)
        assert.match(printed, wanted, command)
        seen.add(begin)
      }
      assert.equal(seen.size, PRINTED.length)
      assert.ok(existsSync(join(root, 'done/linux.bin')))
    })
  })
}

/** The scripts that the page shows, and one that it only names. */
function writeScripts(blocks: readonly string[], root: string): void {
  const scripts = blocks.filter((block) => block.startsWith('#!'))
  assert.ok(scripts.length >= 2)
  const announce = '#!/bin/sh\n# announce.sh\necho "told: $1 $TORRENT_DL_NAME"\n'
  for (const text of [announce, ...scripts]) {
    const [, name = ''] = /^# (\S+)$/m.exec(text) ?? []
    writeFileSync(join(root, name), text)
    chmodSync(join(root, name), 0o755)
  }
}
