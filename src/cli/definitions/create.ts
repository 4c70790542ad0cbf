import { Option } from 'commander'
import type { Command } from 'commander'
import { parseDate, parseName, parseText, parseWebSeed } from '../create-options.ts'
import { parseGlob } from '../file-pattern.ts'
import type { CreateFlags } from '../flags.ts'
import { addAlias, addScreenOptions, pieceLengthOption } from '../option-groups.ts'
import { checked, checkedNext, collected, file } from '../option-values.ts'
import type { Actions } from '../program.ts'
import { addTrackerTier } from '../tracker-option.ts'

/** Takes nothing from environment and configuration: the same command makes the same torrent everywhere. */
export function addCreate(program: Command, actions: Actions, done: (code: number) => void): void {
  const create = program
    .command('create')
    .description('Makes a .torrent of a file or a directory, the same bytes on every machine')
    .argument('<path>', 'the file, or the directory with the files')
    .optionsGroup('Where:')
  addAlias(create, 'tracker', '-a, --announce <urls>', checkedNext('--announce', addTrackerTier))
  create
    .option(
      '-o, --output <file>',
      'the .torrent, or a directory for it; -: standard output (default NAME.torrent)',
      checked('--output', file),
    )
    .option('-f, --force', 'replace a file that is there', false)
    .optionsGroup('What:')
    .option('--exclude <glob>', 'leave these out (repeatable)', collected('--exclude', parseGlob), [])
    .option('--follow-links', 'also symbolic links that lead out of the directory', false)
    .option('--executable', 'note which files may be executed', false)
    .option('--name <name>', "instead of the path's own", checked('--name', parseName))
    .optionsGroup('The torrent:')
    .option('--v1', 'of BitTorrent version 1 (it always is)')
    .addOption(pieceLengthOption())
    .option(
      '-t, --tracker <urls>',
      'trackers, comma between: one tier (repeatable: next tier)',
      checkedNext('--tracker', addTrackerTier),
      [],
    )
    .option(
      '--web-seed <url>',
      'where HTTP has the files (repeatable)',
      collected('--web-seed', parseWebSeed),
      [],
    )
    .option('--private', 'peers only from its trackers', false)
    .option('--source <text>', 'who publishes it; changes the info-hash', checked('--source', parseText))
    .option('--comment <text>', 'a comment', checked('--comment', parseText))
    .option(
      '--date <when>',
      'when it was made: now, 2026-11-24, seconds (default none)',
      checked('--date', (text) => parseDate(text, Date.now)),
    )
    .optionsGroup('Output:')
    .addOption(
      new Option('--magnet', 'print its magnet link instead of its path').default(false).conflicts('json'),
    )
    .option('--json', 'print an object that describes it', false)
  addScreenOptions(create)
  create.optionsGroup('')
  create.action(async (path: string) => {
    done(await actions.create(path, create.opts<CreateFlags>()))
  })
}
