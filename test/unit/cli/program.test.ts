import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../../src/common/errors.ts'
import { runProgram } from '../../../src/cli/run-program.ts'
import type { CatFlags, DownloadFlags, InfoFlags, SeedFlags } from '../../../src/cli/flags.ts'
import { VERSION } from '../../../src/common/version.ts'

interface Run {
  code: number
  out: string
  sources: readonly string[]
  flags: DownloadFlags | undefined
  info: [string, InfoFlags] | undefined
  cat: [string, string | undefined, CatFlags] | undefined
  seed: [readonly string[], SeedFlags, boolean] | undefined
}

async function run(...argv: string[]): Promise<Run> {
  const result: Run = {
    code: -1,
    out: '',
    sources: [],
    flags: undefined,
    info: undefined,
    cat: undefined,
    seed: undefined,
  }
  const actions = {
    download: async (sources: readonly string[], flags: DownloadFlags) => {
      result.sources = sources
      result.flags = flags
      return Promise.resolve(7)
    },
    cat: async (source: string, file: string | undefined, flags: CatFlags) => {
      result.cat = [source, file, flags]
      return Promise.resolve(8)
    },
    seed: async (sources: readonly string[], flags: SeedFlags, isOutputGiven: boolean) => {
      result.seed = [sources, flags, isOutputGiven]
      return Promise.resolve(10)
    },
    info: async (source: string, flags: InfoFlags) => {
      result.info = [source, flags]
      return Promise.resolve(9)
    },
    verify: async () => Promise.resolve(10),
    create: async () => Promise.resolve(0),
    tracker: async () => Promise.resolve(0),
    testbed: async () => Promise.resolve(13),
    completion: async () => Promise.resolve(11),
    serve: async () => Promise.resolve(12),
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

test('--limit-rate and --max-download-limit are --download-limit; a wrong rate is named', async () => {
  for (const name of ['--download-limit', '--limit-rate', '--max-download-limit'])
    assert.equal((await run(name, '500K', 'x')).flags?.downloadLimit, 512_000, name)
  assert.equal((await run('x')).flags?.downloadLimit, undefined)
  assert.equal(
    (await run('--limit-rate', '5M', '--download-limit', 'none', 'x')).flags?.downloadLimit,
    Infinity,
  )
  await refuses(/^--limit-rate: 'fast' is not a rate such as/, '--limit-rate', 'fast', 'x')
})

test('how files are made and trusted', async () => {
  const { flags } = await run('x')
  assert.deepEqual(
    [flags!.fileAllocation, flags!.verify, flags!.fsync, flags!.diskWait],
    ['none', false, false, undefined],
  )
  const given = (await run('--file-allocation', 'full', '--verify', '--fsync', '--disk-wait', '1h', 'x'))
    .flags!
  assert.deepEqual(
    [given.fileAllocation, given.verify, given.fsync, given.diskWait],
    ['full', true, true, 3_600_000],
  )
  await refuses(
    /^--file-allocation: 'half' is not one of none, sparse, full/,
    '--file-allocation',
    'half',
    'x',
  )
  await refuses(/^--disk-wait: 'long' is not a duration/, '--disk-wait', 'long', 'x')
})

test('trackers come in tiers, in the order of -t and -a; addresses of our own and the blocklist arrive', async () => {
  const nothing = (await run('x')).flags!
  assert.deepEqual([nothing.tracker, nothing.onlyTracker, nothing[4], nothing[6]], [[], [], false, false])
  assert.deepEqual([nothing.interface, nothing.blocklist], [undefined, undefined])
  const { flags } = await run(
    ...['-t', 'udp://a:1,udp://b:1', '-a', 'udp://c:1', '--tracker', 'udp://d:1', '--announce=udp://e:1'],
    ...['--only-tracker', 'udp://f:1', '--only-tracker', 'udp://g:1'],
    ...['-4', '--interface', 'eth0', '--blocklist', 'list', 'x'],
  )
  assert.deepEqual(flags!.tracker, [['udp://a:1', 'udp://b:1'], ['udp://c:1'], ['udp://d:1'], ['udp://e:1']])
  assert.deepEqual(flags!.onlyTracker, [['udp://f:1'], ['udp://g:1']])
  assert.deepEqual([flags![4], flags![6], flags!.interface, flags!.blocklist], [true, false, 'eth0', 'list'])
  assert.equal((await run('-6', 'x')).flags![6], true)
  assert.deepEqual([nothing.pex, nothing.lsd], [true, true])
  const alone = (await run('--no-pex', '--no-lsd', 'x')).flags!
  assert.deepEqual([alone.pex, alone.lsd], [false, false])
  await refuses(/'-4' cannot be used with option '-6'/, '-46', 'x')
  await refuses(/^--announce: 'foo' is not a tracker's address/, '-a', 'foo', 'x')
  await refuses(/^--interface: '' is not the name/, '--interface', '', 'x')
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
  for (const look of ['-l', '-n']) {
    await refuses(/cannot be used with option '--failed-to <file>'/, look, '--failed-to', 'f', 'x')
    await refuses(/cannot be used with option '--on-complete <cmd>'/, look, '--on-complete', 'true', 'x')
    await refuses(/cannot be used with option '--on-error <cmd>'/, look, '--on-error', 'true', 'x')
    await refuses(/cannot be used with option '--log-file <file>'/, look, '--log-file', 'f', 'x')
  }
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

test('cat takes the options of the download that make sense for it, before or after its name', async () => {
  const { cat } = await run('cat', '--tar', '--no-store', '-o', 'out', '--peer', 'h:1', 'x')
  assert.deepEqual(cat?.slice(0, 2), ['x', undefined])
  const { tar, store, output, peer, maxPeers, json } = cat[2]
  assert.deepEqual([tar, store, output, peer.length, maxPeers, json], [true, false, 'out', 1, 200, false])
  const before = await run('-q', '--timeout', '5', 'cat', 'x', 'a/b')
  assert.deepEqual(before.cat?.slice(0, 2), ['x', 'a/b'])
  const flags = before.cat[2]
  assert.deepEqual([flags.quiet, flags.timeout, flags.store, flags.tar], [true, 5_000, true, false])
  await refuses(/option '--json' does not belong to 'cat'/, '--json', 'cat', 'x')
  await refuses(/unknown option '--jobs'/, 'cat', '--jobs', '3', 'x')
  await refuses(/command 'cat' comes first/, 'x', 'cat')
})

test('what every command has, --help, does not stand before what the command is about', async () => {
  for (const command of ['cat', 'create', 'seed', 'serve', 'testbed', 'tracker', 'verify']) {
    const { out } = await run(command, '--help')
    const groups = [...out.matchAll(/^([A-Z]\w+)[^\n]*:$/gm)].map(([, group]) => group)
    assert.ok(groups.indexOf('Options') > groups.indexOf('Output'), `${command}: ${groups.join(' ')}`)
  }
})
