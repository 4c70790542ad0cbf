/** How many cells of a terminal a text takes, and cutting and padding by cells. Pure. Input is clean (terminal.ts). */

/** Wide and fullwidth ranges of Unicode's East Asian Width, blocks joined where what lies between is unassigned. */
const WIDE_RANGES: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18dff],
  [0x1aff0, 0x1b2ff],
  [0x1f200, 0x1f2ff],
  [0x20000, 0x3fffd],
]
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u
const EMOJI = /^\p{Emoji_Presentation}$/u
/** Two of them make a flag of two cells. */
const FLAG_LETTER = /^\p{Regional_Indicator}$/u
/** Joiners, variation selectors, and skin tones behind the emoji that they colour. */
const DISPUTED = /\u200d|[\ufe00-\ufe0f]|(?<=\p{Emoji})\p{Emoji_Modifier}/gu
/** More marks on one character reach into the lines above. */
const PILED_MARKS = /([\p{Mn}\p{Me}]{4})[\p{Mn}\p{Me}]+/gu
const EXTENSION = /(?:\.[A-Za-z0-9]{1,5})?\.[A-Za-z0-9]{1,8}$/

/** Cells of a text without control characters. */
export function displayWidth(text: string): number {
  if (isAscii(text)) return text.length
  let cells = 0
  for (const character of text) cells += characterWidth(character)
  return cells
}

/**
 * The text without what terminals disagree about: some draw a family of joined emoji in two cells, others in six. What is
 * left takes the same cells everywhere, so columns line up and no line wraps.
 */
export function steadyText(text: string): string {
  return isAscii(text) ? text : text.replace(DISPUTED, '').replace(PILED_MARKS, '$1')
}

/** At most `cells` wide, cut at the end; `mark` shows the cut. */
export function truncateEnd(text: string, cells: number, mark: string): string {
  if (displayWidth(text) <= cells) return text
  if (cells <= displayWidth(mark)) return takeStart(mark, cells)
  return takeStart(text, cells - displayWidth(mark)) + mark
}

/** At most `cells` wide, cut in the middle so that a file name keeps its extension; `mark` shows the cut. */
export function truncateMiddle(text: string, cells: number, mark: string): string {
  if (displayWidth(text) <= cells) return text
  const room = cells - displayWidth(mark)
  if (room < 6) return truncateEnd(text, cells, mark)
  const extension = EXTENSION.exec(text)?.[0].length ?? 0
  const tailCells = Math.min(Math.max(extension + 2, Math.floor(room / 3)), Math.floor(room / 2))
  const tail = takeEnd(text, tailCells)
  return takeStart(text, room - displayWidth(tail)) + mark + tail
}

/** Filled up with spaces to `cells`; longer text stays as it is. */
export function padEndCells(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - displayWidth(text)))
}

/** What may only be cut as a whole: a character with the zero-width ones after it, the two letters of a flag. */
export function clustersOf(text: string): string[] {
  const clusters: string[] = []
  for (const character of text) {
    const last = clusters.at(-1)
    if (last !== undefined && belongsTo(last, character)) clusters[clusters.length - 1] = last + character
    else clusters.push(character)
  }
  return clusters
}

function belongsTo(cluster: string, character: string): boolean {
  return characterWidth(character) === 0 || (FLAG_LETTER.test(character) && FLAG_LETTER.test(cluster))
}

/**
 * The lines of a message on a terminal: broken at spaces, those after the first begin with `indent` spaces. A longer word
 * (an address, a path) stays in one piece for the terminal to wrap, so that it can be copied.
 */
export function wrapWords(text: string, columns: number, indent: number): string {
  if (displayWidth(text) <= columns || columns < 4 * indent) return text
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/(?<! ) /)) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line === '' || displayWidth(longer) <= columns) line = longer
    else {
      lines.push(line)
      line = ' '.repeat(indent) + word.trimStart()
    }
  }
  return [...lines, line].join('\n')
}

function takeStart(text: string, cells: number): string {
  let taken = ''
  let left = cells
  for (const cluster of clustersOf(text)) {
    left -= displayWidth(cluster)
    if (left < 0) break
    taken += cluster
  }
  return taken
}

function takeEnd(text: string, cells: number): string {
  let taken = ''
  let left = cells
  for (const cluster of clustersOf(text).reverse()) {
    left -= displayWidth(cluster)
    if (left < 0) break
    taken = cluster + taken
  }
  return taken
}

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x300) return code === 0xad ? 0 : 1
  if (ZERO_WIDTH.test(character) || (code >= 0x1160 && code <= 0x11ff)) return 0
  if (FLAG_LETTER.test(character)) return 1
  return EMOJI.test(character) || isWide(code) ? 2 : 1
}

function isWide(code: number): boolean {
  return WIDE_RANGES.some(([first, last]) => code >= first && code <= last)
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7e) return false
  return true
}
