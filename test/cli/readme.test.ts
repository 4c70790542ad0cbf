/** What README.md says holds: its commands run, and its tables are those of the program. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { EXIT_CODE_TABLE } from '../../src/cli/exit-codes.ts'
import { runCli } from '../support/run-cli.ts'
import { ROOT, runBlock, shellBlocks } from './docs-shell.ts'
import { withDocsSwarm } from './docs-swarm.ts'

const README = readFileSync(join(ROOT, 'README.md'), 'utf8')

test('every option of --help is in the table of README.md, and no other', async () => {
  const helps = await Promise.all(
    [['--help'], ['cat', '--help'], ['create', '--help']].map(async (args) => runCli(args)),
  )
  const text = helps.map(({ stdout }) => stdout).join('')
  const inHelp = [...text.matchAll(/^ {2}(?:-\w, | {4})(--[\w-]+)/gm)].map(([, name = '']) => name)
  const rows = README.split('\n').filter((line) => line.startsWith('| `-'))
  const inTable = rows.flatMap((row) => row.split(' | ', 1)[0]?.match(/--[\w-]+/g) ?? [])
  assert.ok(inHelp.length > 10)
  // Accepted for habit; they stand in the help of --output and --tracker.
  const habits = ['--dir', '--announce']
  const all = [...new Set(inHelp)].toSorted()
  assert.deepEqual(inTable.filter((name) => !habits.includes(name)).toSorted(), all)
})

test('the exit codes of README.md are those of --help', () => {
  const rows = [...README.matchAll(/^\| ([\d, ]+) \| /gm)].map(([, codes]) => codes)
  assert.deepEqual(
    rows,
    EXIT_CODE_TABLE.map(([codes]) => codes),
  )
})

test('files that README.md points to are there', () => {
  const targets = [...README.matchAll(/\]\(([^)#]+)\)/g)].map(([, target = '']) => target)
  assert.ok(targets.length > 3)
  for (const target of targets) assert.ok(existsSync(join(ROOT, target)), target)
})

test('every command of README.md ends well', async () => {
  const blocks = shellBlocks('README.md').filter((text) => !text.includes('npm ci'))
  assert.ok(blocks.length >= 4)
  await withDocsSwarm(async ({ root, torrents }) => {
    for (const block of blocks) {
      assert.doesNotMatch(await runBlock(block, root), /torrent-dl ended with|try again later/)
    }
    for (const [name, path] of [
      ['linux', 'linux.bin'],
      ['a', 'iso/a.bin'],
      ['b', 'data/b.bin'],
    ] as const) {
      assert.ok(readFileSync(join(root, path)).equals(torrents[name]!.data), path)
    }
    assert.equal(readFileSync(join(root, 'paths.txt'), 'utf8'), 'fixtures/a.bin\n')
  })
})
