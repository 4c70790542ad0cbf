import type { Command } from 'commander'
import type { InfoFlags } from '../flags.ts'
import { addConfigOptions, colorOption } from '../option-groups.ts'
import type { Actions } from '../program.ts'

export function addInfo(program: Command, actions: Actions, done: (code: number) => void): void {
  const info = program
    .command('info')
    .description('Shows names, sizes, files, trackers and hashes')
    .argument('<source>', 'a .torrent file, its http(s) address, or - (stdin)')
    .option('--json', 'as one JSON object', false)
    .addOption(colorOption())
  addConfigOptions(info)
  info.action(async (source: string) => {
    done(await actions.info(source, info.opts<InfoFlags>()))
  })
}
