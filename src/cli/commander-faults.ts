/** What commander makes of a wrong command line: thrown, and told on one line. */
import type { Command } from 'commander'
import { HELP_COLUMNS } from './help-text.ts'

/** Faults are thrown, and only help and version are printed. */
export function silence(command: Command, writeOut: (text: string) => void = ignore): void {
  command.exitOverride().configureOutput({
    writeOut,
    writeErr: ignore,
    outputError: ignore,
    getOutHelpWidth: () => HELP_COLUMNS,
  })
}

/** `error: unknown option '--outptu'\n(Did you mean --output?)` on one line, without the word that main adds. */
export function oneLine(message: string): string {
  return message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\)/, ' (did you mean $1)')
}

function ignore(): void {
  // Usage errors are thrown; main prints them.
}
