/** The commands of docs/ run, page by page, each in a directory of its own. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { EXIT_CODE_TABLE } from '../../src/cli/exit-codes.ts'
import { ROOT, runBlock, shellBlocks } from './docs-shell.ts'
import { withDocsSwarm } from './docs-swarm.ts'

/** Those with something to run; docs/scripting.md needs the scripts that it shows, and has a test of its own. */
const PAGES = readdirSync(join(ROOT, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`)
  .filter((page) => page !== 'docs/scripting.md' && shellBlocks(page).length > 0)

describe('docs', { concurrency: 4 }, () => {
  for (const page of PAGES) {
    test(`every command of ${page} ends well`, async () => {
      await withDocsSwarm(async ({ root }) => {
        for (const block of shellBlocks(page)) await runBlock(block, root)
      })
    })
  }

  test('each task has its page', () => {
    const tasks = [
      'download',
      'batch',
      'selection',
      'cat',
      'verify',
      'create',
      'seeding',
      'serve',
      'fleet',
      'tracker',
      'testbed',
      'network',
      'exit-codes',
      'security',
      'troubleshooting',
    ]
    assert.deepEqual(
      tasks.filter((task) => !PAGES.includes(`docs/${task}.md`)),
      [],
    )
  })

  test('the exit codes of docs/exit-codes.md are those of --help', () => {
    const text = readFileSync(join(ROOT, 'docs/exit-codes.md'), 'utf8')
    assert.deepEqual(
      [...text.matchAll(/^\| ([\d, ]+) \| /gm)].map(([, codes]) => codes),
      EXIT_CODE_TABLE.map(([codes]) => codes),
    )
  })

  test('what the pages point to is there', () => {
    for (const page of PAGES) {
      const text = readFileSync(join(ROOT, page), 'utf8')
      for (const [, target = ''] of text.matchAll(/\]\(([^)#:]+)\)/g)) {
        assert.ok(existsSync(join(ROOT, dirname(page), target)), `${page}: ${target}`)
      }
    }
  })
})
