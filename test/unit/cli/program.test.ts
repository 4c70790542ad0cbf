import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../../src/common/errors.ts'
import { runProgram } from '../../../src/cli/program.ts'
import type { DownloadFlags, InfoFlags } from '../../../src/cli/program.ts'
import { VERSION } from '../../../src/common/version.ts'

interface Run {
  code: number
  out: string
  sources: readonly string[]
  flags: DownloadFlags | undefined
  info: [string, InfoFlags] | undefined
}

async function run(...argv: string[]): Promise<Run> {
  const result: Run = { code: -1, out: '', sources: [], flags: undefined, info: undefined }
  const actions = {
    download: async (sources: readonly string[], flags: DownloadFlags) => {
      result.sources = sources
      result.flags = flags
      return Promise.resolve(7)
    },
    info: async (source: string, flags: InfoFlags) => {
      result.info = [source, flags]
      return Promise.resolve(9)
    },
    completion: async () => Promise.resolve(11),
  }
  result.code = await runProgram(argv, actions, {
    env: {},
    writeOut: (text) => {
      result.out += text
    },
    warn: (text) => {
      assert.fail(text)
    },
  })
  return result
}

async function refuses(message: RegExp, ...argv: string[]): Promise<void> {
  await assert.rejects(run(...argv), (error) => {
    assert.ok(error instanceof UsageError)
    assert.match(error.message, message)
    assert.doesNotMatch(error.message, /\n/)
    return true
  })
}

test('sources alone are a download with the defaults', async () => {
  const { code, sources, flags } = await run('a.torrent', 'b.torrent')
  assert.equal(code, 7)
  assert.deepEqual(sources, ['a.torrent', 'b.torrent'])
  const {
    jobs,
    output,
    part,
    force,
    listenPort,
    peer,
    maxPeers,
    timeout,
    json,
    progress,
    color,
    quiet,
    verbose,
  } = flags!
  assert.deepEqual(
    { jobs, output, part, force, listenPort, peer, maxPeers, timeout, json, progress, color, quiet, verbose },
    {
      jobs: 3,
      output: '.',
      part: true,
      force: false,
      listenPort: { first: 6881, last: 6999 },
      peer: [],
      maxPeers: 200,
      timeout: undefined,
      json: false,
      progress: 'auto',
      color: 'auto',
      quiet: false,
      verbose: 0,
    },
  )
})

test('every option reaches the download, before or after the source', async () => {
  const { sources, flags } = await run(
    ...[
      '-o',
      'out',
      '--no-part',
      '-f',
      '-c',
      '-p',
      '0',
      '--peer',
      '[::1]:1',
      'x',
      '--peer',
      'h:2',
      '-vv',
      '-v',
    ],
    ...[
      '-j',
      '200',
      '--max-peers',
      '5',
      '--timeout',
      '2m',
      '--stall-timeout',
      '10',
      '--json',
      '--progress',
      'none',
    ],
  )
  assert.deepEqual(sources, ['x'])
  const { output, part, force, listenPort, peer, verbose, maxPeers, timeout, stallTimeout, json, progress } =
    flags!
  assert.deepEqual([output, part, force, json, progress, verbose], ['out', false, true, true, 'none', 3])
  assert.deepEqual([listenPort, maxPeers, timeout, stallTimeout], [{ first: 0, last: 0 }, 5, 120_000, 10_000])
  assert.equal(flags!.jobs, 200)
  assert.deepEqual(peer, [
    { host: '::1', port: 1 },
    { host: 'h', port: 2 },
  ])
})

test('-d and --dir are --output; the last one counts', async () => {
  assert.equal((await run('-d', 'a', 'x')).flags?.output, 'a')
  assert.equal((await run('-o', 'a', '--dir', 'b', 'x')).flags?.output, 'b')
  assert.equal((await run('--dir', 'b', '-o', 'a', 'x')).flags?.output, 'a')
})

test('info is a command, ./info a file', async () => {
  assert.deepEqual((await run('info', 'x')).info, ['x', { json: false, color: 'auto' }])
  assert.deepEqual((await run('info', '--json', 'x')).info?.[1].json, true)
  assert.deepEqual((await run('--json', 'info', 'x')).info?.[1].json, true)
  assert.deepEqual((await run('./info')).sources, ['./info'])
  assert.deepEqual((await run('x', './info')).sources, ['x', './info'])
})

test('wrong usage is told in one line with a hint', async () => {
  await refuses(/missing required argument 'source'/)
  await refuses(/unknown option '--ouput' \(did you mean --output\?\)/, '--ouput', 'x')
  await refuses(/--listen-port: '7-3' is not a range/, '-p', '7-3', 'x')
  await refuses(/--peer: 'x' is not HOST:PORT/, '--peer', 'x', 'x')
  await refuses(/--timeout: '1y' is not a duration/, '--timeout', '1y', 'x')
  await refuses(/--max-peers: '0' is not a whole number from 1/, '--max-peers', '0', 'x')
  await refuses(/--jobs: '0' is not a whole number from 1 to 1000/, '-j', '0', 'x')
  await refuses(/--jobs: '1001' is not a whole number from 1 to 1000/, '-j', '1001', 'x')
  await refuses(/--output: '' is not a directory/, '-o', '', 'x')
  await refuses(/--color: .x. is not one of auto, always, never/, '--color', 'x', 'x')
  await refuses(/'-q, --quiet' cannot be used with option '-v, --verbose'/, '-q', '-v', 'x')
  await refuses(/command 'info' comes first/, 'x', 'info')
  await refuses(/option '-o, --output <dir>' does not belong to 'info'/, '-o', 'a', 'info', 'x')
  await refuses(/too many arguments/, 'info', 'a', 'b')
})

test('help and version go to standard output; help fits 80 columns and has examples and exit codes', async () => {
  const { code, out } = await run('--help')
  assert.equal(code, 0)
  for (const line of out.split('\n')) assert.ok(line.length <= 80, line)
  for (const part of ['Examples:', 'Exit codes:', '--stall-timeout', 'info <source>', 'disk full']) {
    assert.ok(out.includes(part), part)
  }
  assert.equal((await run('-V')).out, `torrent-dl ${VERSION}\n`)
  assert.match((await run('info', '--help')).out, /Usage: torrent-dl info/)
})
