/** What docs/library.md and docs/testbed.md show of the library and of CI services really runs. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { ROOT, blocks, runBlock, runCommand, shellBlocks } from './docs-shell.ts'

const LIBRARY = 'docs/library.md'
const TESTBED = 'docs/testbed.md'
const NODE = process.execPath

/** What scripts import lies in node_modules, as after an installation. */
async function inProject(use: (root: string) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  try {
    mkdirSync(join(root, 'node_modules/@types'), { recursive: true })
    symlinkSync(ROOT, join(root, 'node_modules/torrent-dl'))
    for (const name of ['vitest', '@types/node']) {
      symlinkSync(join(ROOT, 'node_modules', name), join(root, 'node_modules', name))
    }
    writeFileSync(join(root, 'package.json'), '{ "type": "module" }\n')
    await use(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

interface GitHubWorkflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly { readonly run?: string }[] }>>
}

type GitLabJobs = Readonly<Record<string, { readonly script: readonly string[] }>>

/** The commands of a CI job, in order. */
function commandsOf(text: string): string[] {
  const document = parse(text) as GitHubWorkflow | GitLabJobs
  if ('jobs' in document) {
    const { jobs } = document as GitHubWorkflow
    return Object.values(jobs).flatMap(({ steps }) =>
      steps.flatMap(({ run }) => (run === undefined ? [] : [run])),
    )
  }
  return Object.values(document).flatMap(({ script }) => script)
}

describe('docs of the library', { concurrency: 2 }, () => {
  for (const [index, script] of blocks(LIBRARY, 'js').entries()) {
    test(`script ${index + 1} of ${LIBRARY} runs`, async () => {
      await inProject(async (root) => {
        const isTest = script.includes("from 'node:test'")
        writeFileSync(join(root, 'script.js'), script)
        const output = await runCommand([NODE, ...(isTest ? ['--test'] : []), 'script.js'], root)
        assert.match(output, isTest ? /pass 1\b/ : /hello\.txt [0-9a-f]{40} 1|TORRENT_FILE_UNREADABLE/)
      })
    })
  }

  test(`the vitest suite of ${LIBRARY} passes, and its types hold`, async () => {
    const [suite] = blocks(LIBRARY, 'ts')
    assert.ok(suite)
    await inProject(async (root) => {
      writeFileSync(join(root, 'smoke.test.ts'), suite)
      const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
      const output = await runCommand([NODE, vitest, 'run', '--reporter=json', '--root', root], root)
      assert.match(output, /"numPassedTests":2/)
      const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
      const options = [
        '--noEmit',
        '--strict',
        '--module',
        'nodenext',
        '--target',
        'es2022',
        '--types',
        'node',
      ]
      await runCommand([NODE, tsc, ...options, '--skipLibCheck', 'smoke.test.ts'], root)
    })
  })

  test('require gives the same as import', async () => {
    await inProject(async (root) => {
      const script = `
        const library = require('torrent-dl')
        import('torrent-dl').then((imported) => {
          for (const name of Object.keys(imported)) if (imported[name] !== library[name]) throw new Error(name)
          console.log(Object.keys(imported).sort().join())
        })`
      const output = await runCommand([NODE, '--input-type=commonjs', '-e', script], root)
      assert.equal(output, 'KnownError,create,download,seed,startTestbed,tracker\n')
    })
  })

  for (const [index, text] of blocks(TESTBED, 'yaml').entries()) {
    test(`the CI job ${index + 1} of ${TESTBED} passes`, async () => {
      const root = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
      try {
        // What the page shows before is what the job runs.
        for (const block of shellBlocks(TESTBED)) {
          const scripts = block.match(/^cat >.*?^END\nchmod .*?$/gms) ?? []
          for (const script of scripts) await runBlock(script, root)
        }
        const commands = commandsOf(text)
        assert.ok(commands.length >= 3, text)
        for (const command of commands)
          await runCommand(['bash', '-e', '-o', 'pipefail', '-c', command], root)
      } finally {
        rmSync(root, { recursive: true, force: true })
      }
    })
  }
})
