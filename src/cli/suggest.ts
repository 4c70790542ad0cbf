/** "Did you mean": the known name that a mistyped one is closest to. Pure. */

/** More edits than this are another word. */
const MAX_EDITS = 3
/** The share of letters that must be right. */
const MIN_SIMILARITY = 0.5

/** @returns the nearest of `names`, the first of several; undefined when none is near */
export function suggest(word: string, names: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestEdits = MAX_EDITS + 1
  for (const name of names) {
    const longer = Math.max(word.length, name.length)
    if (Math.abs(word.length - name.length) >= bestEdits) continue
    const edits = countEdits(word, name)
    if (edits >= bestEdits || (longer - edits) / longer <= MIN_SIMILARITY) continue
    best = name
    bestEdits = edits
  }
  return best
}

/** ` (did you mean NAME?)`, or nothing. */
export function didYouMean(word: string, names: Iterable<string>): string {
  const near = suggest(word, names)
  return near === undefined ? '' : ` (did you mean ${near}?)`
}

/** Letters added, left out, changed, or swapped with their neighbour. O(a * b). */
function countEdits(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1]
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      const edits = [
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
        isSwap ? at(beforeLast, column - 2) + 1 : Infinity,
      ]
      current.push(Math.min(...edits))
    }
    beforeLast = last
    last = current
  }
  return at(last, b.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? 0
}
