/** `torrent-dl completion`: what it prints, and what bash makes of it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { SHELLS } from '../../src/cli/completion/shells.ts'
import { runCli } from '../support/run-cli.ts'

const root = mkdtempSync(join(tmpdir(), 'torrent-dl-completion-'))
after(() => {
  rmSync(root, { recursive: true })
})
mkdirSync(join(root, 'dir'))
for (const name of ['a.torrent', 'b c.torrent', 'notes.txt']) writeFileSync(join(root, name), '')

const hasBash = spawnSync('bash', ['-c', ':']).status === 0

test('a script for each shell, and no other', async () => {
  for (const shell of SHELLS) {
    const { code, stdout, stderr } = await runCli(['completion', shell])
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, new RegExp(`${shell} completion for torrent-dl`))
  }
  const { code, stderr } = await runCli(['completion', 'tcsh'])
  assert.equal(code, 2)
  assert.match(stderr, /^torrent-dl: .*'tcsh'.* bash, zsh, fish/)
})

/** `torrent-dl -o|`: the words before the cursor, the last one being completed. */
const CASES: readonly (readonly [words: readonly string[], candidates: readonly string[]])[] = [
  [['inf'], ['info']],
  [['--prog'], ['--progress']],
  [
    ['--progress', ''],
    ['auto', 'bar', 'plain', 'none'],
  ],
  [['--color', '=', 'al'], ['always']],
  [
    ['--color', '='],
    ['auto', 'always', 'never'],
  ],
  [['-o', ''], ['dir']],
  [['--jobs', ''], []],
  [['--config', 'n'], ['notes.txt']],
  [['a'], ['a.torrent']],
  [['b'], ['b c.torrent']],
  [['n'], []],
  [
    ['a.torrent', ''],
    ['a.torrent', 'b c.torrent', 'dir'],
  ],
  [['a.torrent', 'inf'], []],
  [['--', 'inf'], []],
  [['--', '-'], []],
  [['-o', 'info', 'inf'], ['info']],
  [['--output', '=', 'info', 'inf'], ['info']],
  [
    ['info', ''],
    ['a.torrent', 'b c.torrent', 'dir'],
  ],
  [
    ['create', ''],
    ['a.torrent', 'b c.torrent', 'dir', 'notes.txt'],
  ],
  [['testbed', 'a.torrent', 'd'], ['dir']],
  [['tracker', '--allow', 'n'], ['notes.txt']],
  [['info', 'a.torrent', ''], []],
  [['info', '--js'], ['--json']],
  [['info', '--jo'], []],
  [
    ['completion', ''],
    ['bash', 'fish', 'zsh'],
  ],
]

test('bash completes options, their values, sources and commands', async (context) => {
  if (!hasBash) {
    context.diagnostic('THERE IS NO BASH HERE: its completion was not run')
    return
  }
  const { stdout: script } = await runCli(['completion', 'bash'])
  const asked = CASES.map(
    ([words]) =>
      `COMP_WORDS=(torrent-dl ${words.map(quote).join(' ')}); COMP_CWORD=${words.length}; _torrent_dl; printf '%s|' "\${COMPREPLY[@]}"; echo`,
  )
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', `${script}\n${asked.join('\n')}`], {
    cwd: root,
    encoding: 'utf8',
    timeout: 20_000,
  })
  assert.deepEqual([stderr, status], ['', 0])
  const answers = stdout.trimEnd().split('\n')
  for (const [index, [words, candidates]] of CASES.entries()) {
    const given = (answers[index] ?? '').split('|').filter((word) => word !== '')
    assert.deepEqual(given.toSorted(), candidates.toSorted(), words.join(' '))
  }
})

test('the script of bash can be read twice, and with strict settings', async (context) => {
  if (!hasBash) {
    context.diagnostic('THERE IS NO BASH HERE: its completion was not run')
    return
  }
  const { stdout: script } = await runCli(['completion', 'bash'])
  const strict = `set -euo pipefail\n${script}\n${script}\ncomplete -p torrent-dl`
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', strict], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  assert.equal(stderr, '')
  assert.equal(stdout, 'complete -F _torrent_dl torrent-dl\n')
})

function quote(word: string): string {
  return `'${word}'`
}
