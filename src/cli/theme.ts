/**
 * Symbols and colours: one colour a meaning, and plain ASCII without colour where the terminal has no more. The colours
 * of the 256 have a contrast of at least 3.8 : 1 on white and on black alike (WCAG); the 16 are what the user made them.
 */
import type { ChalkInstance } from 'chalk'
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

/** Of the 256: middle tones, which the user's palette does not change. */
export const COLORS_256: Readonly<Record<Exclude<Meaning, 'strong'>, number>> = {
  done: 28, // green
  failed: 160, // red
  stalled: 130, // amber
  checking: 98, // violet
  moving: 31, // blue
  quiet: 243, // grey
}

/** Loads chalk only when there is something to colour. */
export async function loadTheme(terminal: Terminal): Promise<Theme> {
  const symbols = terminal.isUtf8 ? UTF8 : ASCII
  if (!terminal.useColor) {
    // Without colour a line for the empty part could not be told from the filled one.
    return { symbols: { ...symbols, empty: ' ' }, useColor: false, paint: (_meaning, text) => text }
  }
  const { Chalk } = await import('chalk')
  const chalk = new Chalk({ level: terminal.has256Colors ? 2 : 1 })
  const paints = { ...(terminal.has256Colors ? middleTones(chalk) : sixteen(chalk)), strong: chalk.bold }
  return { symbols, useColor: true, paint: (meaning, text) => (text === '' ? '' : paints[meaning](text)) }
}

type Paint = (text: string) => string
type Paints = Readonly<Record<Exclude<Meaning, 'strong'>, Paint>>

function middleTones(chalk: ChalkInstance): Paints {
  const paints = Object.entries(COLORS_256).map(([meaning, color]) => [meaning, chalk.ansi256(color)])
  return Object.fromEntries(paints) as Paints
}

function sixteen(chalk: ChalkInstance): Paints {
  return {
    done: chalk.green,
    failed: chalk.red,
    stalled: chalk.yellow,
    checking: chalk.magenta,
    moving: chalk.cyan,
    quiet: chalk.dim,
  }
}
