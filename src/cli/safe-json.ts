/** JSON that is safe to print and on one line, whatever its strings hold. Pure. */
import { UNSAFE_CHARACTERS } from './terminal.ts'

/** What could move or hide on a terminal is written as `\uXXXX`. `undefined` fields are left out. */
export function toSafeJson(value: unknown, indent?: number): string {
  // JSON.stringify escapes C0 and lone surrogates itself, so a newline here is its own indentation.
  return JSON.stringify(value, undefined, indent).replace(UNSAFE_CHARACTERS, (character) =>
    character === '\n' ? character : escapeUnits(character),
  )
}

function escapeUnits(character: string): string {
  return Array.from({ length: character.length }, (_, i) => {
    return `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
  }).join('')
}
