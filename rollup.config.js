/**
 * The compiled modules of the command -> dist/bundle, as few files as its start allows (docs/decisions/0005). Packages
 * that every start needs are joined in, too; those that only some need (chalk, cli-progress, picomatch) and the add-on stay outside.
 * The library is joined by itself into dist/api, so that the command's files stay as they are: one for `require`, one
 * for `import` that passes it on, so that there is one library whoever asks for it, and its types.
 */
import { fileURLToPath } from 'node:url'
import commonjs from '@rollup/plugin-commonjs'
import { dts } from 'rollup-plugin-dts'

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

const EXTERNAL = ['chalk', 'cli-progress', 'bignum', 'picomatch', 'tar-stream']
const PLUGINS = [joinedPackages, globalProcess, commonjs()]
const LIBRARY = 'torrent-dl'

/** For `import`: the same objects that `require` gives. */
const importFile = {
  name: 'import-file',
  generateBundle(_options, bundle) {
    const { exports } = bundle[`${LIBRARY}.cjs`]
    const source = `import library from './${LIBRARY}.cjs'\n\nexport const { ${exports.join(', ')} } = library\n`
    this.emitFile({ type: 'asset', fileName: `${LIBRARY}.mjs`, source })
  },
}

const command = {
  input: ['dist/src/cli/main.js', 'dist/src/storage/hash-worker.js'],
  external: EXTERNAL,
  plugins: PLUGINS,
  preserveEntrySignatures: 'allow-extension', // no file between bin and the entry
  output: {
    dir: 'dist/bundle',
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
  },
}

const library = {
  input: ['dist/src/api/torrent-dl.js', 'dist/src/storage/hash-worker.js'],
  external: EXTERNAL,
  plugins: [...PLUGINS, importFile],
  output: { ...command.output, dir: 'dist/api' },
}

const types = {
  input: 'src/api/torrent-dl.ts',
  plugins: [dts()],
  output: ['mts', 'cts'].map((kind) => ({ file: `dist/api/${LIBRARY}.d.${kind}`, format: 'es' })),
}

export default [command, library, types]
