import type { Command } from 'commander'
import { UsageError } from '../../common/errors.ts'
import type { VerifyFlags } from '../flags.ts'
import {
  addChecksumOption,
  addConfigOptions,
  addExpectOption,
  addOutput,
  addScreenOptions,
  addSelectionOptions,
  addVerboseOption,
} from '../option-groups.ts'
import type { Actions } from '../program.ts'

export function addVerify(program: Command, actions: Actions, done: (code: number) => void): void {
  const verify = program
    .command('verify')
    .description('Checks data on disk against a torrent; writes nothing')
    .argument('<source>', 'a .torrent file, its http(s) address, or - (stdin)')
    .argument('[dir]', 'where its files are; the same as -o')
  addOutput(verify, 'directory of the data (or -d, --dir)')
  addSelectionOptions(verify)
  addExpectOption(verify)
  addChecksumOption(verify)
  verify.optionsGroup('Output:').option('--json', 'the result as one JSON object', false)
  addScreenOptions(verify)
  addVerboseOption(verify, 'list good files, too')
  addConfigOptions(verify)
  verify.action(async (source: string, directory: string | undefined) => {
    if (directory === '') throw new UsageError('USAGE', "'' is not a directory (the current one is .)")
    if (directory !== undefined && verify.getOptionValueSource('output') === 'cli')
      throw new UsageError('USAGE', `two directories: '${directory}' and that of --output`)
    done(await actions.verify(source, directory, verify.opts<VerifyFlags>()))
  })
}
