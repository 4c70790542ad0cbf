import assert from 'node:assert/strict'
import { test } from 'node:test'
import { itemOptionsFrom } from '../../../src/cli/item-flags.ts'
import { itemOptionsOf } from '../../../src/cli/item-options.ts'
import type { ItemOptions } from '../../../src/cli/item-options.ts'
import { runProgram } from '../../../src/cli/program.ts'
import type { DownloadFlags } from '../../../src/cli/program.ts'

async function flagsOf(...argv: string[]): Promise<DownloadFlags> {
  let found: DownloadFlags | undefined
  const download = async (_sources: readonly string[], flags: DownloadFlags): Promise<number> => {
    found = flags
    return Promise.resolve(0)
  }
  const info = async (): Promise<number> => Promise.resolve(0)
  const ignore = (): undefined => undefined
  await runProgram([...argv, 'x'], { download, info } as never, { env: {}, writeOut: ignore, warn: ignore })
  return found!
}

function read(flags: DownloadFlags, ...lines: string[]): ItemOptions {
  return itemOptionsFrom(
    lines.map((text, index) => ({ line: index + 2, text })),
    flags,
    'list',
  )
}

test('without lines a source has the options of the command line', async () => {
  const flags = await flagsOf('-o', 'out', '--force', '--peer', 'a:1')
  assert.deepEqual(read(flags), itemOptionsOf(flags))
})

test('what a source says stands in place of what the command line says', async () => {
  const flags = await flagsOf('-o', 'out', '--force', '--peer', 'a:1')
  const own = read(flags, 'output=x=y', 'force=false', 'peer = b:2', 'peer=[::1]:3', 'no-part=true')
  assert.equal(own.outputDirectory, 'x=y')
  assert.equal(own.force, false)
  assert.equal(own.usePartFiles, false)
  assert.deepEqual(own.peers, [
    { host: 'b', port: 2 },
    { host: '::1', port: 3 },
  ])
  assert.deepEqual(itemOptionsOf(flags).peers, [{ host: 'a', port: 1 }])
})

test('flags in both directions, and the other name of --output', async () => {
  const flags = await flagsOf('--no-part')
  assert.equal(read(flags, 'no-part=false').usePartFiles, true)
  assert.equal(read(flags, 'part=true').usePartFiles, true)
  assert.equal(read(flags, 'part=false').usePartFiles, false)
  assert.equal(read(flags, 'force=true').force, true)
  assert.equal(read(flags, 'dir=x').outputDirectory, 'x')
})

test('a wrong line is told with its number, in the words of the command line', async () => {
  const flags = await flagsOf()
  for (const [line, message] of [
    ['outptu=x', "unknown option 'outptu'"],
    ['=x', "unknown option ''"],
    ['force', "'force' is not key=value, such as output=DIR or force=true"],
    ['force=yes', "force: 'yes' is not true or false"],
    ['output=', "--output: '' is not a directory (the current one is .)"],
    ['peer=x', "--peer: 'x' is not HOST:PORT (IPv6 in brackets: [::1]:6881)"],
    ['jobs=3', "'jobs' is for the whole run, not for one source"],
    ['json=true', "'json' is for the whole run, not for one source"],
    ['help=true', "unknown option 'help'"],
    ['o=x', "unknown option 'o'"],
  ] as const) {
    assert.throws(() => read(flags, 'output=x', line), {
      code: 'LIST_INVALID',
      message: `list:3: ${message}`,
    })
  }
})
