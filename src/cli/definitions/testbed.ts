import { Command, Option } from 'commander'
import { UsageError } from '../../common/errors.ts'
import { TESTBED_LIMITS } from '../../share/testbed-options.ts'
import { parseName, parseText } from '../create-options.ts'
import { pieceLengthOption } from '../option-groups.ts'
import type { TestbedFlags } from '../flags.ts'
import { parseCount, parseRate, parseSize } from '../options.ts'
import { checked, collected } from '../option-values.ts'
import type { Actions } from '../program.ts'

const MAX_PIECE_INDEX = 2 ** 31 - 1
const MAX_DESCRIPTOR = 1023

/** What stands behind `--` is a command, options and all. */
class TestbedCommand extends Command {
  /** Undefined without `--`. */
  words: readonly string[] | undefined

  override parseOptions(argv: string[]): { operands: string[]; unknown: string[] } {
    const end = argv.indexOf('--')
    if (end < 0) return super.parseOptions(argv)
    this.words = argv.slice(end + 1)
    return super.parseOptions(argv.slice(0, end))
  }
}

/** Takes nothing from environment and configuration: a test should be the same everywhere. */
export function addTestbed(program: Command, actions: Actions, done: (code: number) => void): void {
  const testbed = new TestbedCommand('testbed')
  testbed
    .usage('[options] [path...] [-- command...]')
    .description('Runs a tracker, seeders and a torrent on this machine, and a command with them')
    .argument('[path...]', 'files and directories to share; without: made-up data')
  addDataOptions(testbed)
  addFaultOptions(testbed)
  testbed
    .optionsGroup('Output (without a command: one line on standard output):')
    .option('--json', 'the line that says where it is, as JSON', false)
    .option('--ready-fd <n>', 'write that line to this descriptor', count('--ready-fd', [1, MAX_DESCRIPTOR]))
    .optionsGroup('')
  testbed.action(async (paths: string[]) => {
    const { words } = testbed
    if (words?.length === 0) throw new UsageError('USAGE', "missing command behind '--'")
    done(await actions.testbed(paths, words, testbed.opts<TestbedFlags>()))
  })
  program.addCommand(testbed)
}

function addDataOptions(testbed: Command): void {
  testbed
    .optionsGroup('Made-up data:')
    .option(
      '--size <size>',
      'of all files together (default 10M)',
      checked('--size', (text) => bounded(parseSize(text), TESTBED_LIMITS.sizeBytes, '1 byte to 1T')),
    )
    .option('--files <n>', 'so many (default 1)', count('--files', TESTBED_LIMITS.fileCount))
    .option(
      '--random-seed <n>',
      'other data for another number (default 1)',
      checked('--random-seed', (text) => parseCount(text, 0, 999_999_999_999_999)),
    )
    .optionsGroup('The torrent:')
    .option('--name <name>', "instead of the path's own", checked('--name', parseName))
    .addOption(pieceLengthOption())
}

function addFaultOptions(testbed: Command): void {
  const peers = new Option('--peers <n>', 'seeders')
  const trackerDrop = new Option('--tracker-drop <n>', 'lose the first UDP packets')
  const peerLatency = new Option('--peer-latency <ms>', 'answers of peers come so much later')
  testbed
    .optionsGroup('Peers and faults:')
    .addOption(peers.argParser(count('--peers', TESTBED_LIMITS.peerCount)).default(1))
    .addOption(trackerDrop.argParser(count('--tracker-drop', TESTBED_LIMITS.trackerDropCount)).default(0))
    .option(
      '--tracker-fail <text>',
      'refuse every announce, and say this',
      checked('--tracker-fail', parseText),
    )
    .addOption(peerLatency.argParser(count('--peer-latency', TESTBED_LIMITS.peerLatencyMs)).default(0))
    .option('--peer-rate <rate>', 'each peer sends no more (500K, 2M)', checked('--peer-rate', parseRate))
    .option(
      '--corrupt <piece>',
      'the first peer sends this one wrongly (repeatable)',
      collected('--corrupt', (text) => parseCount(text, 0, MAX_PIECE_INDEX)),
      [],
    )
    .option(
      '--leave-at <percent>',
      'the first peer leaves when it sent so much',
      count('--leave-at', TESTBED_LIMITS.leaveAtPercent),
    )
}

function count(name: string, [min, max]: readonly [number, number]): (text: string) => number {
  return checked(name, (text) => parseCount(text, min, max))
}

function bounded(value: number, [min, max]: readonly [number, number], wanted: string): number {
  if (value >= min && value <= max) return value
  throw new UsageError('USAGE', `${value} is not ${wanted}`)
}
