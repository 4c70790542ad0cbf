import assert from 'node:assert/strict'
import { test } from 'node:test'
import { itemOptionsFrom } from '../../../src/cli/item-flags.ts'
import { itemOptionsOf } from '../../../src/cli/item-options.ts'
import type { ItemOptions } from '../../../src/cli/item-options.ts'
import { runProgram } from '../../../src/cli/run-program.ts'
import type { DownloadFlags } from '../../../src/cli/flags.ts'

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
  return readFor(flags, false, ...lines)
}

function readFor(flags: DownloadFlags, onlySeeds: boolean, ...lines: string[]): ItemOptions {
  return itemOptionsFrom(
    lines.map((text, index) => ({ line: index + 2, text })),
    flags,
    { label: 'list', onlySeeds },
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

test('limits and care for one source', async () => {
  const flags = await flagsOf('--download-limit', '5M', '--stall-timeout', '1m')
  const own = read(flags, 'limit-rate=100K', 'stall-timeout=5m', 'verify=true', 'file-allocation=sparse')
  assert.deepEqual(
    [own.downloadLimit, own.stallTimeoutMs, own.hashesAll, own.allocation, own.syncs],
    [102_400, 300_000, true, 'sparse', false],
  )
  assert.equal(read(flags, 'download-limit=none').downloadLimit, Infinity)
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
    ['on-complete=true', "'on-complete' is for the whole run, not for one source"],
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

test('trackers of a source come in tiers, line by line, in place of those of the command line', async () => {
  const flags = await flagsOf('-t', 'udp://x.example:1')
  const own = read(flags, 'tracker=udp://a.example:1,udp://b.example:1', 'announce=udp://c.example:1')
  assert.deepEqual(own.trackers, {
    extra: [['udp://a.example:1', 'udp://b.example:1'], ['udp://c.example:1']],
    only: [],
  })
  assert.deepEqual(read(flags).trackers.extra, [['udp://x.example:1']])
  assert.deepEqual(read(flags, 'only-tracker=udp://d.example:1').trackers.only, [['udp://d.example:1']])
})

test('a list of seed cannot say of a source that it is not seeded; one of a download can', async () => {
  const flags = await flagsOf('--seed')
  assert.throws(() => readFor(flags, true, 'seed-time=0'), {
    code: 'LIST_INVALID',
    message: "list:2: 'seed-time=0' would seed nothing at all",
  })
  assert.equal(read(flags, 'seed-time=0').seeding, undefined)
})
