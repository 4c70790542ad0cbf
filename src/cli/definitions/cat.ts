import type { Command } from 'commander'
import type { CatFlags } from '../flags.ts'
import { addConfigOptions, addNetworkOptions, addPlaceOptions, addProgressOptions } from '../option-groups.ts'
import type { Actions } from '../program.ts'

export function addCat(program: Command, actions: Actions, done: (code: number) => void): void {
  const cat = program
    .command('cat')
    .description('Writes one file to standard output, in order, as it comes')
    .argument('<source>', 'a .torrent file, its http(s) address, or - (stdin)')
    .argument('[file]', 'its path or number (see info); the only file needs none')
    .optionsGroup('What:')
    .option('--tar', 'all files, as a tar archive', false)
    .option('--no-store', 'write nothing to disk')
  addPlaceOptions(cat)
  addNetworkOptions(cat)
  cat.optionsGroup('Output:')
  addProgressOptions(cat)
  addConfigOptions(cat)
  cat.action(async (source: string, file: string | undefined) => {
    done(await actions.cat(source, file, { ...program.opts(), ...cat.opts<CatFlags>() }))
  })
}
