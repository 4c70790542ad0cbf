/**
 * What the user's terminal can do, and the one door through which foreign text (names, tracker messages, arguments)
 * reaches it. Writing itself is done by whoever holds the stream.
 */

export type ColorChoice = 'auto' | 'always' | 'never'

/** The part of stdout or stderr that we use; tests give their own. */
export interface OutputStream {
  readonly isTTY?: boolean | undefined
  /** Cells of a line; 0 or undefined where nobody knows. */
  readonly columns?: number | undefined
  /** Lines of the screen; 0 or undefined where nobody knows. */
  readonly rows?: number | undefined
  /** Bytes that wait because the reader is slow. */
  readonly writableLength?: number | undefined
  write(text: string): unknown
  on?(event: 'resize', listener: () => void): unknown
  off?(event: 'resize', listener: () => void): unknown
}

export type Environment = Readonly<Record<string, string | undefined>>

export interface Terminal {
  readonly isTty: boolean
  /** Can the cursor be moved? (a terminal, and not TERM=dumb) */
  readonly canRedraw: boolean
  readonly useColor: boolean
  /** Does it show the 256 colours of xterm, beside the 16 that users redefine? */
  readonly has256Colors: boolean
  /** Does the locale show more than ASCII? */
  readonly isUtf8: boolean
  /** Does it wrap rows anew when its width changes? Others cut them. */
  readonly wrapsAnew: boolean
  /** Cells of a line right now, at least 1. */
  width(): number
  /** Lines of the screen right now, at least 1. */
  height(): number
  /** Foreign text, safe to print here. */
  readonly clean: (text: string) => string
}

const FALLBACK_COLUMNS = 80
const FALLBACK_ROWS = 24
/** Longer foreign text says nothing more to a person. */
const MAX_SHOWN_CHARACTERS = 4096

/**
 * Control characters (C0, DEL, C1), format characters (bidi, zero-width, tags), line and paragraph separators, lone
 * surrogates, and the letters that show as nothing. The joiner between two emoji is none of them: it makes one picture
 * of two that would be seen anyhow.
 */
export const UNSAFE_CHARACTERS =
  /\p{Cc}|(?!(?<=\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier})?)\u200d\p{Extended_Pictographic})\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}|\u034f|[\u115f\u1160\u3164\uffa0]|\u17b4|\u17b5|[\u{e0100}-\u{e01ef}]/gu
const NOT_ASCII = /[^ -~]/gu
const HAS_256_COLORS = /256color|direct|kitty|alacritty|foot|ghostty|wezterm|contour/
/** The Linux console, and screen. */
const CUTS_ROWS = /^(?:linux|screen)\b/

/** @param choice `--color`; it wins over NO_COLOR and TERM */
export function describeTerminal(stream: OutputStream, env: Environment, choice: ColorChoice): Terminal {
  const isTty = stream.isTTY === true
  const isDumb = env['TERM'] === 'dumb'
  const wantsColor = isTty && !isDumb && !isSet(env['NO_COLOR'])
  const isUtf8 = hasUtf8Locale(env)
  return {
    isTty,
    canRedraw: isTty && !isDumb,
    useColor: choice === 'always' || (choice === 'auto' && wantsColor),
    has256Colors: HAS_256_COLORS.test(env['TERM'] ?? '') || isSet(env['COLORTERM']),
    isUtf8,
    wrapsAnew: isSet(env['TMUX']) || !(isSet(env['XTERM_VERSION']) || CUTS_ROWS.test(env['TERM'] ?? '')),
    // 0 columns (a serial line, a detached screen) means nobody knows.
    width: () => (stream.columns === undefined || stream.columns < 1 ? FALLBACK_COLUMNS : stream.columns),
    height: () => (stream.rows === undefined || stream.rows < 1 ? FALLBACK_ROWS : stream.rows),
    clean: (text) => (isUtf8 ? show(text) : showAscii(text)),
  }
}

/**
 * Foreign text made harmless: characters that move, hide or reorder are written as `\x1b` or `\u{202e}`, and what is
 * longer than 4,096 characters is cut.
 */
export function show(text: string): string {
  return cut(text).replace(UNSAFE_CHARACTERS, escapeCharacter)
}

/** The same for a terminal that shows ASCII only. */
export function showAscii(text: string): string {
  return cut(text).replace(NOT_ASCII, escapeCharacter)
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== ''
}

/** LC_ALL over LC_CTYPE over LANG, as the C library decides. */
function hasUtf8Locale(env: Environment): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find(isSet)
  return /utf-?8/i.test(locale ?? '')
}

function cut(text: string): string {
  return text.length <= MAX_SHOWN_CHARACTERS ? text : `${text.slice(0, MAX_SHOWN_CHARACTERS)}...`
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const hex = code.toString(16)
  return code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`
}
