/** docs/configuration.md as its reader would try it, and the built command with a configuration at the usual place. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCli } from '../support/run-cli.ts'
import { runBlock, shellBlocks } from './docs-shell.ts'
import { withDocsSwarm } from './docs-swarm.ts'

test('every command of docs/configuration.md ends well', async () => {
  const blocks = shellBlocks('docs/configuration.md')
  assert.ok(blocks.length > 0)
  await withDocsSwarm(async ({ root, torrents }) => {
    for (const block of blocks) await runBlock(block, root)
    for (const path of ['iso/linux.bin', 'linux.bin']) {
      assert.ok(readFileSync(join(root, path)).equals(torrents['linux']!.data), path)
    }
  })
})

test('the usual file sets where files go; the environment and the command line are stronger', async () => {
  await withDocsSwarm(async ({ root }) => {
    configure(root, { output: '~/from-file', 'listen-port': 0, color: 'never' })
    const file = await runCli(['-v', 'a.torrent'], { cwd: root })
    assert.equal(file.code, 0, file.stderr)
    assert.equal(file.stdout, `${join(root, 'from-file', 'a.bin')}\n`)
    assert.match(
      file.stderr,
      /options not from the command line: TORRENT_DL_LSD, output, listen-port, color \(.*\/\.config\/torrent-dl\/config\.json\)/,
    )
    const env = { TORRENT_DL_OUTPUT: 'from-env' }
    assert.equal((await runCli(['a.torrent'], { cwd: root, env })).stdout, 'from-env/a.bin\n')
    const flag = await runCli(['-o', 'from-flag', 'a.torrent'], { cwd: root, env })
    assert.equal(flag.stdout, 'from-flag/a.bin\n')
    assert.ok(existsSync(join(root, 'from-flag', 'a.bin')))
  })
})

test('a broken configuration: exit 2 and where it is; help, version and completion do not care', async () => {
  const root = mkdtempSync(join(tmpdir(), 'torrent-dl-configured-'))
  try {
    const path = configure(root, { jbos: 5 })
    const { code, stdout, stderr } = await runCli(['x.torrent'], { cwd: root })
    assert.deepEqual([code, stdout], [2, ''])
    assert.equal(
      stderr,
      `torrent-dl: ${path}: jbos: no such setting (did you mean jobs?)\nTry torrent-dl --help.\n`,
    )
    for (const args of [['--help'], ['--version'], ['completion', 'bash']]) {
      assert.equal((await runCli(args, { cwd: root })).code, 0, args.join(' '))
    }
    assert.equal((await runCli(['--no-config', 'x.torrent'], { cwd: root })).code, 3)
  } finally {
    rmSync(root, { recursive: true })
  }
})

test('a mistyped variable is a warning that cannot harm a terminal', async () => {
  const env = { 'TORRENT_DL_JOB\x1b': '5' }
  const { stderr } = await runCli(['missing.torrent'], { env })
  assert.match(
    stderr,
    /^torrent-dl: warning: TORRENT_DL_JOB\\x1b sets nothing \(did you mean TORRENT_DL_JOBS\?\)\n/,
  )
})

test('a word that is nearly a command is not taken for a source', async () => {
  const { code, stderr } = await runCli(['inof', 'x.torrent'])
  assert.equal(code, 2)
  assert.match(stderr, /^torrent-dl: 'inof' is neither a file nor a command \(did you mean info\?\)\n/)
  assert.match((await runCli(['help'])).stderr, /did you mean --help\?/)
  const root = mkdtempSync(join(tmpdir(), 'torrent-dl-inof-'))
  try {
    writeFileSync(join(root, 'inof'), 'no torrent')
    assert.equal((await runCli(['inof'], { cwd: root })).code, 3, 'a file of that name is a source')
  } finally {
    rmSync(root, { recursive: true })
  }
})

/** @returns the path; HOME of a test's command is its directory */
function configure(home: string, settings: unknown): string {
  const directory = join(home, '.config', 'torrent-dl')
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'config.json'), JSON.stringify(settings))
  return join(directory, 'config.json')
}
