/** `--blocklist FILE`: reads it, unpacks it when it is gzip, and says what is wrong with it. */
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { InputError } from '../common/errors.ts'
import { BlocklistReader } from '../swarm/blocklist-reader.ts'
import type { Blocklist } from '../swarm/blocklist-reader.ts'
import { MAX_RANGES } from '../swarm/ip-ranges.ts'
import { formatCount, plural } from './format.ts'
import { readFailure } from './source.ts'

/** After unpacking: 2,000,000 lines with long names. */
export const MAX_BLOCKLIST_BYTES = 256 * 1024 * 1024
const READ_BYTES = 256 * 1024

/** Formats that a list may come in and that cannot be read. */
const OTHER_FORMATS: readonly (readonly [magic: string, what: string])[] = [
  ['\xff\xff\xff\xffP2B', 'a binary P2B list; take the P2P text form of it'],
  ['PK\x03\x04', 'a zip archive; unpack it first'],
  ['\xfd7zXZ', 'an xz file; unpack it first'],
  ['7z\xbc\xaf', 'a 7z archive; unpack it first'],
]

/** @throws InputError BLOCKLIST_UNREADABLE, BLOCKLIST_INVALID, BLOCKLIST_TOO_LARGE */
export async function readBlocklist(path: string, maxBytes = MAX_BLOCKLIST_BYTES): Promise<Blocklist> {
  const reader = new BlocklistReader()
  let total = 0
  try {
    for await (const chunk of unpacked(path)) {
      total += chunk.length
      if (total > maxBytes || reader.isFull) throw tooLarge(path, maxBytes)
      reader.push(chunk)
    }
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError('BLOCKLIST_UNREADABLE', `cannot read the blocklist ${path}: ${readFailure(error)}`, {
      cause: error,
    })
  }
  const list = reader.finish()
  if (list.lineCount === 0) {
    throw new InputError('BLOCKLIST_INVALID', `the blocklist ${path} holds no address or range`)
  }
  return list
}

/** A sentence about lines that could not be read; undefined when there are none. */
export function blocklistWarning(
  path: string,
  { badLineCount, firstBadLine }: Blocklist,
): string | undefined {
  if (firstBadLine === undefined) return undefined
  const verb = badLineCount === 1 ? 'holds' : 'hold'
  const where = badLineCount === 1 ? `line ${firstBadLine}` : `the first is line ${firstBadLine}`
  return `the blocklist ${path}: ${plural(badLineCount, 'line')} left out, ${verb} no address or range (${where})`
}

async function* unpacked(path: string): AsyncIterable<Buffer> {
  const chunks = createReadStream(path, { highWaterMark: READ_BYTES })[
    Symbol.asyncIterator
  ]() as AsyncIterator<Buffer>
  const first = await chunks.next()
  if (first.done === true) return
  const head = first.value
  const other = OTHER_FORMATS.find(([magic]) => head.toString('latin1', 0, magic.length) === magic)
  if (other !== undefined) throw new InputError('BLOCKLIST_INVALID', `the blocklist ${path} is ${other[1]}`)
  const all = allOf(head, chunks)
  yield* head[0] === 0x1f && head[1] === 0x8b ? gunzipped(all) : all
}

async function* allOf(first: Buffer, rest: AsyncIterator<Buffer>): AsyncIterable<Buffer> {
  yield first
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}

async function* gunzipped(packed: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const { createGunzip } = await import('node:zlib')
  const gunzip = createGunzip({ chunkSize: READ_BYTES })
  pipeline(packed, gunzip, () => {
    // What goes wrong ends the loop below.
  })
  for await (const chunk of gunzip) yield chunk as Buffer
}

function tooLarge(path: string, maxBytes: number): InputError {
  const limit = `${formatCount(MAX_RANGES)} ranges or ${formatCount(maxBytes)} bytes`
  return new InputError('BLOCKLIST_TOO_LARGE', `the blocklist ${path} has more than ${limit}`)
}
