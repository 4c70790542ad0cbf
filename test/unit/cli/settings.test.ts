import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runProgram } from '../../../src/cli/run-program.ts'
import type { DownloadFlags, InfoFlags } from '../../../src/cli/flags.ts'
import { UsageError } from '../../../src/common/errors.ts'

const root = mkdtempSync(join(tmpdir(), 'torrent-dl-settings-'))
after(() => {
  rmSync(root, { recursive: true })
})

const FILE = join(root, 'config.json')

interface Given {
  readonly argv?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Written to a file that `--config` names. */
  readonly file?: unknown
}

interface Seen {
  flags: DownloadFlags
  info: InfoFlags
  readonly warnings: string[]
}

async function run({ argv = ['x'], env = {}, file }: Given): Promise<Seen> {
  const seen: Partial<Seen> & Pick<Seen, 'warnings'> = { warnings: [] }
  const config = file === undefined ? [] : ['--config', FILE]
  if (file !== undefined) writeFileSync(FILE, JSON.stringify(file))
  await runProgram(
    [...config, ...argv],
    {
      download: async (_sources, flags) => {
        seen.flags = flags
        return Promise.resolve(0)
      },
      info: async (_source, flags) => {
        seen.info = flags
        return Promise.resolve(0)
      },
      cat: async () => Promise.resolve(0),
      verify: async () => Promise.resolve(0),
      seed: async () => Promise.resolve(0),
      create: async () => Promise.resolve(0),
      tracker: async () => Promise.resolve(0),
      testbed: async () => Promise.resolve(0),
      completion: async () => Promise.resolve(0),
      serve: async () => Promise.resolve(0),
    },
    {
      env: { HOME: join(root, 'nobody'), ...env },
      writeOut: () => undefined,
      warn: (text) => seen.warnings.push(text),
    },
  )
  return seen as Seen
}

async function refuses(given: Given, message: string): Promise<void> {
  await assert.rejects(run(given), (error) => {
    assert.ok(error instanceof UsageError)
    assert.equal(error.message.replace(`${FILE}: `, 'config.json: '), message)
    return true
  })
}

test('flag over environment over file over default', async () => {
  const file = { jobs: 7 }
  const env = { TORRENT_DL_JOBS: '8' }
  assert.equal((await run({})).flags.jobs, 3)
  assert.equal((await run({ file })).flags.jobs, 7)
  assert.equal((await run({ file, env })).flags.jobs, 8)
  assert.equal((await run({ file, env, argv: ['-j', '9', 'x'] })).flags.jobs, 9)
  assert.equal((await run({ file, env: { TORRENT_DL_JOBS: '' } })).flags.jobs, 7, 'empty counts as unset')
})

test('every kind of option, from a file', async () => {
  const { flags } = await run({
    file: {
      output: 'out',
      part: false,
      force: true,
      'listen-port': 0,
      peer: ['a:1', '[::1]:2'],
      'stall-timeout': '5m',
      timeout: 30,
      color: 'never',
      verbose: 2,
    },
  })
  const { output, part, force, listenPort, peer, stallTimeout, timeout, color, verbose } = flags
  assert.deepEqual(
    [output, part, force, listenPort, stallTimeout, timeout, color, verbose],
    ['out', false, true, { first: 0, last: 0 }, 300_000, 30_000, 'never', 2],
  )
  assert.deepEqual(peer, [
    { host: 'a', port: 1 },
    { host: '::1', port: 2 },
  ])
})

test('every kind of option, from the environment; of a list each line is a value', async () => {
  const { flags } = await run({
    env: {
      TORRENT_DL_OUTPUT: 'out',
      TORRENT_DL_NO_PART: '1',
      TORRENT_DL_FORCE: 'Yes',
      TORRENT_DL_JSON: 'off',
      TORRENT_DL_LISTEN_PORT: '7000-7001',
      TORRENT_DL_PEER: 'a:1\n[::1]:2\n',
      TORRENT_DL_VERBOSE: 'true',
    },
  })
  const { output, part, force, json, listenPort, peer, verbose } = flags
  assert.deepEqual(
    [output, part, force, json, listenPort, verbose],
    ['out', false, true, false, { first: 7000, last: 7001 }, 1],
  )
  assert.equal(peer.length, 2)
  assert.equal((await run({ env: { TORRENT_DL_PART: '0' } })).flags.part, false)
  assert.equal((await run({ env: { TORRENT_DL_PART: 'on' } })).flags.part, true)
  assert.equal((await run({ file: { 'no-part': false } })).flags.part, true)
  assert.equal((await run({ file: { 'no-part': true }, env: { TORRENT_DL_PART: '1' } })).flags.part, true)
})

test('a list of a stronger source replaces the weaker one', async () => {
  const { flags } = await run({ file: { peer: ['a:1', 'b:2'] }, argv: ['--peer', 'c:3', 'x'] })
  assert.deepEqual(flags.peer, [{ host: 'c', port: 3 }])
})

test('~ in a path is the home, which no shell replaces here', async () => {
  const env = { HOME: '/home/me', TORRENT_DL_OUTPUT: '~/iso' }
  assert.equal((await run({ env })).flags.output, '/home/me/iso')
  assert.equal((await run({ env: { HOME: '/home/me' }, file: { output: '~' } })).flags.output, '/home/me')
  assert.equal((await run({ file: { output: '~other' } })).flags.output, '~other')
  await refuses(
    { env: { ...env, HOME: '' } },
    "TORRENT_DL_OUTPUT: '~/iso' is not a path here: HOME is not set",
  )
})

test('a wrong value is told like that of a flag, with its place', async () => {
  const wanted = 'is not a whole number from 1 to 1000'
  await refuses({ argv: ['-j', '0', 'x'] }, `--jobs: '0' ${wanted}`)
  await refuses({ env: { TORRENT_DL_JOBS: '0' } }, `TORRENT_DL_JOBS: '0' ${wanted}`)
  await refuses({ file: { jobs: 0 } }, `config.json: jobs: '0' ${wanted}`)
  await refuses({ file: { jobs: 1e21 } }, `config.json: jobs: '1e+21' ${wanted}`)
  await refuses({ file: { jobs: true } }, 'config.json: jobs: true is not a string or a number')
  await refuses({ file: { jobs: [1] } }, 'config.json: jobs: [1] is not a string or a number')
  await refuses({ file: { json: 'true' } }, "config.json: json: 'true' is not true or false")
  await refuses({ file: { output: '' } }, "config.json: output: '' is not a directory (the current one is .)")
  await refuses({ env: { TORRENT_DL_JSON: 'maybe' } }, "TORRENT_DL_JSON: 'maybe' is not true or false")
  await refuses({ file: { color: 'red' } }, "config.json: color: 'red' is not one of auto, always, never")
  await refuses(
    { file: { verbose: 10 } },
    "config.json: verbose: '10' is not true, false or a number from 0 to 9",
  )
  await refuses(
    { env: { TORRENT_DL_PEER: 'a:1\nb' } },
    "TORRENT_DL_PEER: 'b' is not HOST:PORT (IPv6 in brackets: [::1]:6881)",
  )
})

test('what a stronger source says is not checked in a weaker one', async () => {
  assert.equal((await run({ file: { jobs: 0 }, argv: ['-j', '1', 'x'] })).flags.jobs, 1)
  assert.equal((await run({ file: { jobs: 0 }, env: { TORRENT_DL_JOBS: '1' } })).flags.jobs, 1)
})

test('an unknown key is an error: a slip that nobody notices would be worse', async () => {
  await refuses({ file: { jbos: 5 } }, 'config.json: jbos: no such setting (did you mean jobs?)')
  await refuses({ file: { Jobs: 5 } }, 'config.json: Jobs: no such setting (did you mean jobs?)')
  await refuses({ file: { 'seed-the-world': 5 } }, 'config.json: seed-the-world: no such setting')
  await refuses({ file: JSON.parse('{ "__proto__": 5 }') }, 'config.json: __proto__: no such setting')
  for (const name of ['help', 'version', 'config', 'no-config', 'continue']) {
    await refuses({ file: { [name]: true } }, `config.json: ${name}: cannot be set in a file`)
  }
})

test('an unknown variable is passed over; one that looks like a slip is told, unless -q', async () => {
  const env = { TORRENT_DL_JOBBS: '5', TORRENT_DL_SERVICE_HOST: '10.0.0.1', TORRENT_DL_SOMETHING: 'x' }
  const warning = 'TORRENT_DL_JOBBS sets nothing (did you mean TORRENT_DL_JOBS?)'
  assert.deepEqual((await run({ env })).warnings, [warning])
  assert.deepEqual((await run({ env, argv: ['-q', 'x'] })).warnings, [])
})

test('a variable with the name of an alias sets nothing, and says so', async () => {
  const { flags, warnings } = await run({ env: { TORRENT_DL_LIMIT_RATE: '5K', TORRENT_DL_DIR: 'x' } })
  assert.deepEqual([flags.downloadLimit, flags.output], [undefined, '.'])
  assert.deepEqual(
    warnings,
    ['TORRENT_DL_LIMIT_RATE', 'TORRENT_DL_DIR'].map(
      (name) => `${name} sets nothing: it takes the option's own name (see torrent-dl --help)`,
    ),
  )
})

test('of two options that exclude each other the one of the stronger source counts', async () => {
  const quiet = { quiet: true }
  const both = async (given: Given): Promise<[boolean, number]> => {
    const { flags } = await run(given)
    return [flags.quiet, flags.verbose]
  }
  assert.deepEqual(await both({ file: quiet, argv: ['-v', 'x'] }), [false, 1])
  assert.deepEqual(await both({ file: { verbose: 2 }, argv: ['-q', 'x'] }), [true, 0])
  assert.deepEqual(await both({ file: quiet, env: { TORRENT_DL_VERBOSE: '2' } }), [false, 2])
  assert.deepEqual(await both({ file: quiet, env: { TORRENT_DL_VERBOSE: '0' } }), [true, 0])
  await refuses(
    { file: { quiet: true, verbose: 1 } },
    'config.json: verbose: cannot be used together with quiet',
  )
  await refuses(
    { file: { part: false, 'no-part': true } },
    'config.json: no-part: cannot be used together with part',
  )
})

test('--config, --no-config and their variables choose the file', async () => {
  const other = join(root, 'other.json')
  writeFileSync(other, '{ "jobs": 11 }')
  assert.equal((await run({ env: { TORRENT_DL_CONFIG: other } })).flags.jobs, 11)
  assert.equal((await run({ env: { TORRENT_DL_CONFIG: other }, argv: ['--no-config', 'x'] })).flags.jobs, 3)
  assert.equal((await run({ env: { TORRENT_DL_CONFIG: other }, file: { jobs: 12 } })).flags.jobs, 12)
  assert.equal((await run({ env: { TORRENT_DL_NO_CONFIG: '1' }, file: { jobs: 12 } })).flags.jobs, 12)
  assert.equal((await run({ argv: ['--config', other, '--no-config', 'x'] })).flags.jobs, 3)
})

test('other commands take what they have of it, before or behind their name', async () => {
  const file = { json: true, color: 'never', jobs: 0 }
  assert.deepEqual(pick((await run({ file, argv: ['info', 'x'] })).info), { json: true, color: 'never' })
  assert.deepEqual(pick((await run({ argv: ['info', '--config', FILE, 'x'] })).info), {
    json: true,
    color: 'never',
  })
  const { info } = await run({ file, argv: ['--color', 'always', 'info', 'x'] })
  assert.equal(info.color, 'always')
  assert.equal((await run({ env: { TORRENT_DL_JSON: '1' }, argv: ['info', 'x'] })).info.json, true)
})

test('completion, help and version read no configuration: a broken one must not break a shell', async () => {
  const env = { TORRENT_DL_CONFIG: join(root, 'missing.json') }
  await run({ env, argv: ['completion', 'bash'] })
  await run({ env, argv: ['--help'] })
  await run({ env, argv: ['--version'] })
})

test('where values came from is known, for --verbose', async () => {
  const { flags } = await run({
    file: { jobs: 5, output: 'x', json: false },
    env: { TORRENT_DL_PEER: 'a:1' },
  })
  assert.deepEqual(flags.origins, ['TORRENT_DL_PEER', `jobs, output (${FILE})`])
  assert.equal((await run({})).flags.origins, undefined)
})

function pick({ json, color }: InfoFlags): InfoFlags {
  return { json, color }
}
