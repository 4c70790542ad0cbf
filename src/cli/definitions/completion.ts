import { Argument } from 'commander'
import type { Command } from 'commander'
import { SHELLS } from '../completion/shells.ts'
import type { Shell } from '../completion/shells.ts'
import type { Actions } from '../program.ts'

export function addCompletion(program: Command, actions: Actions, done: (code: number) => void): void {
  const shell = new Argument('<shell>', 'which one:').choices(SHELLS)
  program
    .command('completion')
    .description('Prints what lets a shell complete torrent-dl')
    .addArgument(shell)
    .action(async (name: Shell) => {
      done(await actions.completion(name))
    })
}
