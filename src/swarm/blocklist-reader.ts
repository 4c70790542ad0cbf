/**
 * Blocklists as they are found in the field, one range a line, mixed at will:
 *
 *   1.2.3.4              1.2.3.0/24             2001:db8::/32          an address or a network
 *   1.2.3.4 - 1.2.3.9    2001:db8::1-2001:db8::9                       a range
 *   some name:1.2.3.4-1.2.3.9                                          P2P text (PeerGuardian)
 *   001.002.003.004 - 001.002.003.009 , 000 , some name                DAT (eMule): a level above 127 lets it pass
 *
 * Lines that are empty or begin with `#`, `;` or `//` are comments, and so is what follows a range behind `#` or `;`.
 * Other lines are counted, not fatal. Bytes go in as they come; no string is made for a line of IPv4.
 */
import { IpRangesBuilder, MAX_RANGES, type IpRanges } from './ip-ranges.ts'

export interface Blocklist {
  readonly ranges: IpRanges
  /** Lines that held a range, those that a level lets pass included. */
  readonly lineCount: number
  /** Lines that hold nothing that can be read, and the 1-based number of the first. */
  readonly badLineCount: number
  readonly firstBadLine: number | undefined
}

/** A longer line is no range with a name. */
const MAX_LINE_BYTES = 4096
/** Where in a line the range of P2P text may begin: names may hold colons too. */
const MAX_COLONS = 32
/** eMule blocks what is below its level, 127 unless told otherwise. */
const LAST_BLOCKED_LEVEL = 127

const CHAR = {
  tab: 9,
  newline: 10,
  cr: 13,
  space: 32,
  hash: 35,
  comma: 44,
  dash: 45,
  dot: 46,
  slash: 47,
  zero: 48,
  nine: 57,
  colon: 58,
  semicolon: 59,
}
const BOM = Buffer.from([0xef, 0xbb, 0xbf])

/** What a place in a line holds. */
type Found = 'range' | 'nothing'
/** Behind a name stands a range with both its ends; else an address or a network will do as well. */
type Wanted = 'any' | 'range' | 'v4 range'

export class BlocklistReader {
  readonly #ranges = new IpRangesBuilder()
  readonly #cursor = new LineCursor()
  /** Both ends of a range of IPv6. */
  readonly #words = new Uint32Array(8)
  /** The beginning of a line whose end has not come yet. */
  #open: Buffer = Buffer.alloc(0)
  #isOpenTooLong = false
  #lineNumber = 0
  #lineCount = 0
  #badLineCount = 0
  #firstBadLine: number | undefined

  /** There are more ranges than are taken: the rest is of no use. */
  get isFull(): boolean {
    return this.#ranges.count >= MAX_RANGES
  }

  push(chunk: Buffer): void {
    let start = 0
    for (;;) {
      const end = chunk.indexOf(CHAR.newline, start)
      if (end < 0) break
      if (this.#open.length > 0 || this.#isOpenTooLong) this.#endOpenLine(chunk.subarray(start, end))
      else this.#onLine(chunk, start, end)
      start = end + 1
    }
    this.#keepOpen(chunk.subarray(start))
  }

  finish(): Blocklist {
    if (this.#open.length > 0 || this.#isOpenTooLong) this.#endOpenLine(Buffer.alloc(0))
    return {
      ranges: this.#ranges.build(),
      lineCount: this.#lineCount,
      badLineCount: this.#badLineCount,
      firstBadLine: this.#firstBadLine,
    }
  }

  #keepOpen(rest: Buffer): void {
    if (this.#isOpenTooLong || rest.length === 0) return
    this.#isOpenTooLong = this.#open.length + rest.length > MAX_LINE_BYTES
    this.#open = this.#isOpenTooLong ? Buffer.alloc(0) : Buffer.concat([this.#open, rest])
  }

  #endOpenLine(rest: Buffer): void {
    this.#keepOpen(rest)
    const line = this.#open
    const isTooLong = this.#isOpenTooLong
    this.#open = Buffer.alloc(0)
    this.#isOpenTooLong = false
    if (isTooLong) this.#onBadLine(++this.#lineNumber)
    else this.#onLine(line, 0, line.length)
  }

  #onLine(bytes: Buffer, start: number, end: number): void {
    this.#lineNumber++
    const from = this.#lineNumber === 1 && bytes.subarray(start, start + 3).equals(BOM) ? start + 3 : start
    const cursor = this.#cursor
    cursor.set(bytes, from, end)
    if (cursor.isComment()) return
    if (end - start <= MAX_LINE_BYTES && this.#readLine(cursor) === 'range') this.#lineCount++
    else this.#onBadLine(this.#lineNumber)
  }

  #onBadLine(number: number): void {
    this.#badLineCount++
    this.#firstBadLine ??= number
  }

  #readLine(cursor: LineCursor): Found {
    const start = cursor.at
    if (this.#readRange(cursor, 'any') === 'range') return 'range'
    // P2P text: nearly always behind the last colon, but IPv6 has colons of its own.
    cursor.at = start
    const lastColon = cursor.lastColon()
    if (lastColon < 0) return 'nothing'
    cursor.at = lastColon + 1
    if (this.#readRange(cursor, 'v4 range') === 'range') return 'range'
    // A name without a letter of its own could be the beginning of the address behind it: nobody knows then.
    let colon = cursor.nextColon(start)
    for (let tries = 0; colon >= 0 && tries < MAX_COLONS; tries++) {
      cursor.at = colon + 1
      if (cursor.hasName(start, colon) && this.#readRange(cursor, 'range') === 'range') return 'range'
      colon = cursor.nextColon(colon + 1)
    }
    return 'nothing'
  }

  /** Reads from the cursor to the end of the line. @param wanted what will do */
  #readRange(cursor: LineCursor, wanted: Wanted): Found {
    cursor.skipBlanks()
    const start = cursor.at
    const first = cursor.readV4()
    if (first >= 0) return this.#readV4Rest(cursor, first, wanted)
    if (wanted === 'v4 range') return 'nothing'
    cursor.at = start
    return this.#readV6Range(cursor, wanted)
  }

  #readV4Rest(cursor: LineCursor, start: number, wanted: Wanted): Found {
    cursor.skipBlanks()
    let first = start
    let last = start
    if (cursor.take(CHAR.dash)) {
      cursor.skipBlanks()
      last = cursor.readV4()
    } else if (wanted !== 'any') {
      return 'nothing'
    } else if (cursor.take(CHAR.slash)) {
      const bits = cursor.readNumber(32)
      if (bits < 0) return 'nothing'
      const size = 2 ** (32 - bits)
      first = Math.floor(start / size) * size
      last = first + size - 1
    }
    const isBlocked = last < 0 ? undefined : cursor.readTail()
    if (isBlocked === undefined || first > last) return 'nothing'
    if (isBlocked) this.#ranges.addV4(first, last)
    return 'range'
  }

  #readV6Range(cursor: LineCursor, wanted: Wanted): Found {
    const words = this.#words
    if (!cursor.readV6(words, 0)) return 'nothing'
    cursor.skipBlanks()
    if (cursor.take(CHAR.dash)) {
      cursor.skipBlanks()
      if (!cursor.readV6(words, 4)) return 'nothing'
    } else if (wanted !== 'any') {
      return 'nothing'
    } else {
      const bits = cursor.take(CHAR.slash) ? cursor.readNumber(128) : 128
      if (bits < 0) return 'nothing'
      widen(words, bits)
    }
    const isBlocked = cursor.readTail()
    if (isBlocked === undefined) return 'nothing'
    if (!isBlocked) return 'range'
    return this.#ranges.addV6(words) ? 'range' : 'nothing'
  }
}

/** Words 0-3 are an address: makes words 0-7 its network of `bits`, first and last address. */
function widen(words: Uint32Array, bits: number): void {
  for (let i = 0; i < 4; i++) {
    const kept = Math.min(Math.max(bits - 32 * i, 0), 32)
    const hostMask = kept === 32 ? 0 : 0xffffffff >>> kept
    const word = words[i] ?? 0
    words[i] = (word & ~hostMask) >>> 0
    words[i + 4] = (word | hostMask) >>> 0
  }
}

/** Reads one line from left to right, without making strings for what is common. */
class LineCursor {
  #bytes: Buffer = Buffer.alloc(0)
  #end = 0
  at = 0

  set(bytes: Buffer, start: number, end: number): void {
    this.#bytes = bytes
    this.at = start
    this.#end = end
    while (this.#end > start && isBlank(bytes[this.#end - 1] ?? 0)) this.#end--
    this.skipBlanks()
  }

  /** Nothing to read in this line. */
  isComment(): boolean {
    const first = this.#peek()
    if (first < 0 || first === CHAR.hash || first === CHAR.semicolon) return true
    return first === CHAR.slash && this.#bytes[this.at + 1] === CHAR.slash
  }

  skipBlanks(): void {
    while (this.at < this.#end && isBlank(this.#bytes[this.at] ?? 0)) this.at++
  }

  take(char: number): boolean {
    if (this.#peek() !== char) return false
    this.at++
    return true
  }

  /** -1 when there is none from here on. */
  lastColon(): number {
    for (let at = this.#end - 1; at >= this.at; at--) if (this.#bytes[at] === CHAR.colon) return at
    return -1
  }

  /** -1 when there is none. */
  nextColon(from: number): number {
    for (let at = from; at < this.#end; at++) if (this.#bytes[at] === CHAR.colon) return at
    return -1
  }

  /** Does something stand there that is no part of an IPv6 address? */
  hasName(start: number, end: number): boolean {
    for (let at = start; at < end; at++) if (!isV6Char(this.#bytes[at] ?? 0)) return true
    return false
  }

  /** One to three decimal digits; leading zeros are no octal here. -1 for anything else. */
  readNumber(max: number): number {
    let value = 0
    let digits = 0
    for (; digits < 3; digits++) {
      const digit = this.#peek() - CHAR.zero
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
      this.at++
    }
    return digits === 0 || value > max ? -1 : value
  }

  /** -1 when there is none here. */
  readV4(): number {
    let address = 0
    for (let part = 0; part < 4; part++) {
      if (part > 0 && !this.take(CHAR.dot)) return -1
      const byte = this.readNumber(255)
      if (byte < 0) return -1
      address = address * 256 + byte
    }
    return address
  }

  /** Writes four words at `into`. */
  readV6(words: Uint32Array, into: number): boolean {
    const start = this.at
    while (isV6Char(this.#peek())) this.at++
    const groups = v6Groups(this.#bytes.toString('latin1', start, this.at))
    if (groups === undefined) return false
    for (let i = 0; i < 4; i++)
      words[into + i] = (((groups[2 * i] ?? 0) << 16) | (groups[2 * i + 1] ?? 0)) >>> 0
    return true
  }

  /** What may follow a range. @returns is it blocked? undefined when something else stands there */
  readTail(): boolean | undefined {
    this.skipBlanks()
    const next = this.#peek()
    if (next < 0 || next === CHAR.hash || next === CHAR.semicolon) return true
    if (next !== CHAR.comma) return undefined
    this.at++
    this.skipBlanks()
    return this.readNumber(999) <= LAST_BLOCKED_LEVEL
  }

  #peek(): number {
    return this.at < this.#end ? (this.#bytes[this.at] ?? -1) : -1
  }
}

function isBlank(char: number): boolean {
  return char === CHAR.space || char === CHAR.tab || char === CHAR.cr
}

function isV6Char(char: number): boolean {
  if (char >= CHAR.dot && char <= CHAR.colon) return char !== CHAR.slash
  const lower = char | 32
  return lower >= 97 && lower <= 102
}

/** Eight groups of an IPv6 address in any of its forms; undefined when it is none. */
function v6Groups(text: string): readonly number[] | undefined {
  const [head = '', tail, more] = text.split('::')
  if (more !== undefined || !text.includes(':')) return undefined
  const front = groupsOf(head)
  const back = tail === undefined ? [] : groupsOf(tail)
  if (front === undefined || back === undefined) return undefined
  const missing = 8 - front.length - back.length
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined
  return [...front, ...Array<number>(missing).fill(0), ...back]
}

function groupsOf(text: string): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    const dotted = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(part)?.slice(1).map(Number)
    if (dotted !== undefined && index === parts.length - 1 && dotted.every((byte) => byte <= 255)) {
      const [a = 0, b = 0, c = 0, d = 0] = dotted
      groups.push((a << 8) | b, (c << 8) | d)
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(parseInt(part, 16))
    } else {
      return undefined
    }
  }
  return groups
}
