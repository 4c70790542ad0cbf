import { Option } from 'commander'
import type { Command } from 'commander'
import { parseGlob } from '../file-pattern.ts'
import type { ServeFlags } from '../flags.ts'
import { addConfigOptions, pieceLengthOption } from '../option-groups.ts'
import { parseBindAddress, parseCount, parseDuration, parseHostName } from '../options.ts'
import { parsePort, parsePortRange, parseRate } from '../options.ts'
import { checked, collected } from '../option-values.ts'
import type { Actions } from '../program.ts'

const MAX_DOWNLOADS = 1_000_000
const ANY_PORT = { first: 0, last: 0 }

export function addServe(program: Command, actions: Actions, done: (code: number) => void): void {
  const serve = program
    .command('serve')
    .description('Gives a file or directory to a fleet: torrent, tracker, seeder, one URL')
    .argument('<path>', 'the file or directory; it is not changed')
    .optionsGroup('What:')
    .addOption(pieceLengthOption())
    .option('--exclude <glob>', 'leave these out (repeatable)', collected('--exclude', parseGlob), [])
    .option('--private', 'peers from this tracker only', false)
    .option('--super-seed', 'send each piece about once (BEP 16): for many that want all', false)
    .option('--web-seed', 'give the data over HTTP, too (BEP 19)', false)
  addServeNetwork(serve)
  serve
    .optionsGroup('Until (without either until Ctrl-C):')
    .option(
      '--until-completed <n>',
      'end when so many downloads are complete',
      checked('--until-completed', (text) => parseCount(text, 1, MAX_DOWNLOADS)),
    )
    .option('--expire <time>', 'end after this (30s, 5m, 2h, 1d)', checked('--expire', parseDuration))
    .optionsGroup('Output:')
    .option('--json', 'events on standard output, a JSON object a line', false)
    .option('-q, --quiet', 'print errors and the URL only', false)
  addConfigOptions(serve)
  serve.action(async (path: string) => {
    done(await actions.serve(path, serve.opts<ServeFlags>()))
  })
}

function addServeNetwork(serve: Command): void {
  serve
    .optionsGroup('Network:')
    .addOption(
      new Option('--bind <address>', 'where to listen; 0.0.0.0: everywhere')
        .argParser(checked('--bind', parseBindAddress))
        .default('127.0.0.1'),
    )
    .option('--host <name>', 'what others call this machine', checked('--host', parseHostName))
    .addOption(
      new Option('--port <n>', 'of HTTP (default: any free one)')
        .argParser(checked('--port', parsePort))
        .default(0),
    )
    .addOption(
      new Option('--tracker-port <n>', 'of the tracker, TCP and UDP (default: any)')
        .argParser(checked('--tracker-port', parsePort))
        .default(0),
    )
    .addOption(
      new Option('-p, --listen-port <port>', 'port(s) peers call')
        .argParser(checked('--listen-port', parsePortRange))
        .default(ANY_PORT, 'any'),
    )
    .option(
      '--upload-limit <rate>',
      'send no more (500K, 20M a second)',
      checked('--upload-limit', parseRate),
    )
}
