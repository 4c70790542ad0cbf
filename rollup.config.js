/**
 * The compiled modules of the command -> dist/bundle, as few files as its start allows (docs/decisions/0005). Packages
 * that every start needs are joined in, too; those that only some need (chalk, cli-progress, picomatch) and the add-on stay outside.
 */
import { fileURLToPath } from 'node:url'
import commonjs from '@rollup/plugin-commonjs'

const JOINED = new Set(['commander', 'bencode', 'uint8-util'])

const joinedPackages = {
  name: 'joined-packages',
  resolveId: (id) => (JOINED.has(id) ? fileURLToPath(import.meta.resolve(id)) : undefined),
}

/** To import node:process Node reads each of its properties, which opens standard input and more: the global does not. */
const GLOBAL_PROCESS = 'global-process.js'
const globalProcess = {
  name: 'global-process',
  resolveId: (id) => (id === 'node:process' ? GLOBAL_PROCESS : undefined),
  load: (id) => (id === GLOBAL_PROCESS ? 'module.exports = process' : undefined),
}

export default {
  input: ['dist/src/cli/main.js', 'dist/src/storage/hash-worker.js'],
  external: ['chalk', 'cli-progress', 'bignum', 'picomatch', 'tar-stream'],
  plugins: [joinedPackages, globalProcess, commonjs()],
  preserveEntrySignatures: 'allow-extension', // no file between bin and the entry
  output: {
    dir: 'dist/bundle',
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
  },
}
