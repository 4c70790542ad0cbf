/** jq for tests, where the machine has none: `node jq.js [flags] FILTER [FILE...]`, by the npm package jq-wasm. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

interface JqWasm {
  readonly raw: (input: string, filter: string, flags: readonly string[]) => Promise<string>
}

// It is CommonJS, and the build must not need its types.
const { raw } = createRequire(import.meta.url)('jq-wasm') as JqWasm

const STANDARD_INPUT = 0

const words = process.argv.slice(2)
// --unbuffered matters only to who reads at the same time: this one reads to the end first.
const flags = words.filter((word) => word.startsWith('-') && word !== '--unbuffered')
const [filter = '.', ...files] = words.filter((word) => !word.startsWith('-'))
const input = (files.length === 0 ? [STANDARD_INPUT] : files)
  .map((file) => readFileSync(file, 'utf8'))
  .join('')
const output = await raw(input, filter, flags)
process.stdout.write(output === '' || output.endsWith('\n') ? output : `${output}\n`)
