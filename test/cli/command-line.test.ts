import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { VERSION } from '../../src/common/version.ts'
import { runCli } from '../support/run-cli.ts'

test('--version and --help go to standard output and end with 0', async () => {
  const version = await runCli(['--version'])
  assert.deepEqual(version, { code: 0, stdout: `torrent-dl ${VERSION}\n`, stderr: '' })
  const help = await runCli(['--help'])
  assert.equal(help.code, 0)
  assert.match(help.stdout, /^Usage: torrent-dl \[options\] <source>\.\.\.\n/)
  assert.equal(help.stderr, '')
})

test('the version is the one of the package', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  assert.equal(manifest.version, VERSION)
})

test('wrong usage: exit 2, what is wrong and where help is, nothing on standard output', async () => {
  const { code, stdout, stderr } = await runCli(['--outptu', 'x', 'a.torrent'])
  assert.equal(code, 2)
  assert.equal(stdout, '')
  assert.equal(
    stderr,
    "torrent-dl: unknown option '--outptu' (did you mean --output?)\nTry torrent-dl --help.\n",
  )
})

test('standard input can be a source only once', async () => {
  const { code, stderr } = await runCli(['-', '-'])
  assert.equal(code, 2)
  assert.match(stderr, /^torrent-dl: standard input \(-\) can be a source only once\n/)
})

test('what the user typed is printed harmless', async () => {
  const { code, stderr } = await runCli(['--\x1b[2J'])
  assert.equal(code, 2)
  assert.ok(!stderr.includes('\x1b'))
})

test('standard output that is closed early does not show a stack trace', () => {
  const bin = new URL('../../../bin/torrent-dl.js', import.meta.url).pathname
  const script = `"$0" "$1" --help | true; exec 2>&1; "$0" "$1" --help >&- ; echo "code $?"`
  const { stdout, stderr } = spawnSync('sh', ['-c', script, process.execPath, bin], { encoding: 'utf8' })
  assert.equal(stderr, '')
  assert.equal(stdout, 'code 0\n')
})

test('standard error that is closed does not matter', () => {
  const bin = new URL('../../../bin/torrent-dl.js', import.meta.url).pathname
  const script = '"$0" "$1" missing.torrent 2>&-'
  assert.equal(spawnSync('sh', ['-c', script, process.execPath, bin]).status, 3)
})

test('a full disk behind standard output is told, and ends with 9', () => {
  const bin = new URL('../../../bin/torrent-dl.js', import.meta.url).pathname
  const script = '"$0" "$1" --help >/dev/full'
  const { status, stderr } = spawnSync('sh', ['-c', script, process.execPath, bin], { encoding: 'utf8' })
  assert.equal(stderr, 'torrent-dl: cannot write to standard output: disk full\n')
  assert.equal(status, 9)
})
