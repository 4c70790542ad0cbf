/** Symbols and colours: one colour a meaning, and plain ASCII without colour where the terminal has no more. */
import type { Terminal } from './terminal.ts'

/** done: it is there; failed: it is not; stalled: something is wrong; checking: existing data; quiet: less important */
export type Meaning = 'done' | 'failed' | 'stalled' | 'checking' | 'moving' | 'quiet' | 'strong'

export interface Symbols {
  readonly done: string
  readonly failed: string
  readonly stopped: string
  readonly arrow: string
  readonly dot: string
  /** Shows where text was cut. */
  readonly cut: string
  readonly times: string
  readonly filled: string
  /** The end of the filled part when it ends inside a cell. */
  readonly halfFilled: string
  readonly empty: string
}

export interface Theme {
  readonly symbols: Symbols
  readonly useColor: boolean
  paint(meaning: Meaning, text: string): string
}

const UTF8: Symbols = {
  done: '✔',
  failed: '✖',
  stopped: '■',
  arrow: '→',
  dot: '·',
  cut: '…',
  times: '×',
  filled: '━',
  halfFilled: '╸',
  empty: '━',
}
const ASCII: Symbols = {
  done: '+',
  failed: 'x',
  stopped: '#',
  arrow: '->',
  dot: '|',
  cut: '~',
  times: 'x',
  filled: '=',
  halfFilled: '-',
  empty: ' ',
}

/** Loads chalk only when there is something to colour. */
export async function loadTheme(terminal: Terminal): Promise<Theme> {
  const symbols = terminal.isUtf8 ? UTF8 : ASCII
  if (!terminal.useColor) {
    // Without colour a line for the empty part could not be told from the filled one.
    return { symbols: { ...symbols, empty: ' ' }, useColor: false, paint: (_meaning, text) => text }
  }
  const { Chalk } = await import('chalk')
  const chalk = new Chalk({ level: 1 })
  const paints: Readonly<Record<Meaning, (text: string) => string>> = {
    done: chalk.green,
    failed: chalk.red,
    stalled: chalk.yellow,
    checking: chalk.magenta,
    moving: chalk.cyan,
    quiet: chalk.dim,
    strong: chalk.bold,
  }
  return { symbols, useColor: true, paint: (meaning, text) => paints[meaning](text) }
}
