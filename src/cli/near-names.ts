/** Names that somebody may have meant. Pure; bounded whatever the names are. */

const MAX_LOOKED_AT = 10_000
const MAX_CHARACTERS = 100
const MAX_NAMES = 3

/** The names most like `text`, the likest first; none when nothing is like it. Big and small letters count alike. */
export function nearNames(text: string, names: Iterable<string>): string[] {
  const wanted = plain(text)
  const found: { name: string; distance: number }[] = []
  const seen = new Set<string>()
  let lookedAt = 0
  for (const name of names) {
    if (++lookedAt > MAX_LOOKED_AT) break
    const distance = seen.has(name) ? Infinity : distanceTo(plain(name), wanted)
    seen.add(name)
    if (distance <= Math.max(2, wanted.length / 3)) found.push({ name, distance })
  }
  found.sort((a, b) => a.distance - b.distance)
  return found.slice(0, MAX_NAMES).map(({ name }) => name)
}

function plain(text: string): string {
  return text.slice(0, MAX_CHARACTERS).toLowerCase()
}

/** A name that holds the whole text is near; else the number of characters to change. */
function distanceTo(name: string, wanted: string): number {
  if (wanted.length >= 3 && name.includes(wanted)) return 1
  if (Math.abs(name.length - wanted.length) > Math.max(2, wanted.length / 3)) return Infinity
  let row = Array.from({ length: wanted.length + 1 }, (_, index) => index)
  for (let at = 0; at < name.length; at++) {
    const next = [at + 1]
    for (let index = 0; index < wanted.length; index++) {
      const replaced = (row[index] ?? 0) + (wanted[index] === name[at] ? 0 : 1)
      next.push(Math.min(replaced, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? Infinity
}
