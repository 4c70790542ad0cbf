/** What the package ships for other tools: file names below a prefix's `share`, and their contents. */
import { VERSION } from '../common/version.ts'
import { describeCommand } from './command-model.ts'
import { manPage } from './man-page.ts'
import { describeProgram } from './program.ts'
import { completionScript } from './start-completion.ts'

/** @param date of the man page, `2026-11-24` or empty */
export function shareFiles(date: string): Readonly<Record<string, string>> {
  return {
    'man/man1/torrent-dl.1': manPage(describeCommand(describeProgram()), VERSION, date),
    'bash-completion/completions/torrent-dl': completionScript('bash'),
    'zsh/site-functions/_torrent-dl': completionScript('zsh'),
    'fish/vendor_completions.d/torrent-dl.fish': completionScript('fish'),
  }
}
