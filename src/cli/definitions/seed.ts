import { Command } from 'commander'
import { assertSources } from '../check-sources.ts'
import type { SeedFlags } from '../flags.ts'
import {
  addConfigOptions,
  addGoalOptions,
  addManyOptions,
  addOutputOptions,
  addPeerOptions,
  addTimeout,
  addUploadLimit,
  addDataPlace,
} from '../option-groups.ts'
import { parseCount } from '../options.ts'
import { checked } from '../option-values.ts'
import type { Actions } from '../program.ts'

const MAX_COMPLETED = 1_000_000

/** All of them but where defaults come from: a list may say them of one source. */
export function seedOptions(seed = new Command()): Command {
  addDataPlace(seed)
  addManyOptions(seed)
  seed.optionsGroup('Until (what is reached first ends it; without one it goes on until stopped):')
  addGoalOptions(seed)
  seed
    .option(
      '--until-completed <n>',
      'until so many peers became complete',
      checked('--until-completed', (text) => parseCount(text, 1, MAX_COMPLETED)),
    )
    .optionsGroup('How:')
    .option('--super-seed', 'show peers one piece after another: for a first seed', false)
  addPeerOptions(seed)
  addUploadLimit(seed)
  addTimeout(seed)
  addOutputOptions(seed)
  return seed
}

export function addSeed(program: Command, actions: Actions, done: (code: number) => void): void {
  const seed = program
    .command('seed')
    .description('Shares what is on disk, and fetches nothing')
    .usage('[options] <source>... [dir]')
    .argument(
      '[source...]',
      '.torrent files, their http(s) addresses, or -; at the end the directory of the data',
    )
  seedOptions(seed)
  addConfigOptions(seed)
  seed.action(async (args: string[]) => {
    const given: SeedFlags = { ...program.opts(), ...seed.opts<SeedFlags>() }
    // A default of 0 means that downloads do not go on to seed. It is not for a command that does nothing else.
    const isNotMeant = given.seedTime === 0 && seed.getOptionValueSource('seedTime') !== 'cli'
    const flags = isNotMeant ? { ...given, seedTime: undefined } : given
    assertSources(args, flags)
    done(await actions.seed(args, flags, seed.getOptionValueSource('output') === 'cli'))
  })
}
