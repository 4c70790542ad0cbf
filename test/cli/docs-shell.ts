/** Runs the ```sh blocks of a page as its reader would. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { QUIET_NETWORK } from '../support/run-cli.ts'

/** From dist/test/cli up to the root. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const BIN = join(ROOT, 'bin/torrent-dl.js')
const JQ = fileURLToPath(new URL('../support/jq.js', import.meta.url))
const LIMIT_MS = 30_000

/** Commands that the blocks call, and what they run here. */
const SHIMS = {
  'torrent-dl': `exec "${process.execPath}" "${BIN}" "$@"`,
  npx: `shift\nexec "${process.execPath}" "${BIN}" "$@"`,
  // Of a CI job's steps: what it installs is here.
  npm: `test "$*" = ci`,
  // Not every machine has one: it is that of npm.
  jq: `exec "${process.execPath}" "${JQ}" "$@"`,
}

/** @param page from the root @returns the text of its ```sh blocks */
export function shellBlocks(page: string): string[] {
  return blocks(page, 'sh')
}

/** @param page from the root @param language behind the ``` */
export function blocks(page: string, language: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8')
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, block = '']) => block,
  )
}

/** Fails when a command of the block does. @param realJq takes the machine's jq @returns what they printed, both streams */
export async function runBlock(block: string, root: string, realJq = false): Promise<string> {
  return await runCommand(['sh', '-e', '-c', block], root, realJq)
}

/** The same for a program and its arguments. */
export async function runCommand(words: readonly string[], root: string, realJq = false): Promise<string> {
  const shims = join(root, realJq ? 'shims-but-jq' : 'shims')
  mkdirSync(shims, { recursive: true })
  for (const [name, body] of Object.entries(SHIMS)) {
    if (realJq && name === 'jq') continue
    writeFileSync(join(shims, name), `#!/bin/sh\n${body}\n`)
    chmodSync(join(shims, name), 0o755)
  }
  const env = { PATH: `${shims}:${process.env['PATH'] ?? ''}`, HOME: root, LANG: 'C.UTF-8', ...QUIET_NETWORK }
  const [program = '', ...args] = words
  const child = spawn(program, args, { cwd: root, env, timeout: LIMIT_MS, killSignal: 'SIGKILL' })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  child.stdin.end()
  const [code] = (await once(child, 'close')) as [number | null]
  assert.equal(code, 0, `${words.join(' ')}\n${output}`)
  return output
}
