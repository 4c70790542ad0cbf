/** The `completion` command: a script for a shell, made from the definition of all commands. */
import { bashCompletion } from './completion/bash.ts'
import { fishCompletion } from './completion/fish.ts'
import { zshCompletion } from './completion/zsh.ts'
import { describeCommand } from './command-model.ts'
import type { CliContext } from './context.ts'
import { describeProgram } from './program.ts'
import type { Shell } from './completion/shells.ts'

export function completionScript(shell: Shell): string {
  const program = describeCommand(describeProgram())
  switch (shell) {
    case 'bash':
      return bashCompletion(program)
    case 'zsh':
      return zshCompletion(program)
    case 'fish':
      return fishCompletion(program)
  }
}

/** @returns the exit code */
export function startCompletion(shell: Shell, { stdout }: Pick<CliContext, 'stdout'>): number {
  stdout.write(completionScript(shell))
  return 0
}
