/** A list of sources that is read while its items run: a file, a FIFO or standard input -> items, one at a time. */
import { closeSync, createReadStream, fstatSync, realpathSync } from 'node:fs'
import type { Clock } from '../common/clock.ts'
import { InputError } from '../common/errors.ts'
import type { Ending } from './ending.ts'
import { openFifo, openWithoutWaiting, readFailure, sourceLabel } from './source.ts'
import { SourceListParser } from './source-list.ts'
import type { ListItem } from './source-list.ts'

/** A source at the end of what was written so far begins after this: its options are written right behind it. */
const PAUSE_MS = 1000

type Chunks = AsyncIterator<Buffer | string>

export interface ListFile {
  /** For messages. */
  readonly label: string
  /** Of a file; undefined: what nobody has written yet cannot be waited for. */
  readonly path: string | undefined
  readonly open: () => AsyncIterable<Buffer | string>
}

/** @param name a path, or `-` for standard input @throws InputError LIST_UNREADABLE */
export async function openListFile(name: string, stdin: AsyncIterable<Buffer | string>): Promise<ListFile> {
  const label = sourceLabel(name)
  if (name === '-') return { label, path: undefined, open: () => stdin }
  let fd: number | undefined
  try {
    fd = openWithoutWaiting(name)
    const stat = fstatSync(fd)
    if (stat.isDirectory()) throw listUnreadable(label, undefined, 'it is a directory')
    const taken = fd
    fd = undefined
    if (stat.isFIFO()) {
      const socket = await openFifo(taken)
      return { label, path: undefined, open: () => socket }
    }
    const stream = createReadStream(name, { fd: taken })
    return { label, path: stat.isFile() ? realpathSync(name) : undefined, open: () => stream }
  } catch (error) {
    if (error instanceof InputError) throw error
    throw listUnreadable(label, error)
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/**
 * Reads on as the items are taken. When `cut` ends it gives the last item that is complete, and ends.
 * @throws InputError LIST_UNREADABLE, LIST_INVALID, after the items in front
 */
export async function* readListFile(
  { label, open }: ListFile,
  { clock, cut }: { readonly clock: Clock; readonly cut: Ending },
): AsyncGenerator<ListItem> {
  const parser = new SourceListParser()
  const decoder = new TextDecoder() // drops a byte order mark
  const chunks = open()[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = nextChunk(chunks, label)
      if (parser.isWaiting && (await cut.before(pausesFirst(next, clock))) !== false)
        yield* itemOf(parser.pause())
      const chunk = await cut.before(next)
      if (chunk === undefined) {
        yield* itemOf(parser.pause())
        return
      }
      if (chunk.done === true) break
      yield* parser.push(decode(decoder, chunk.value))
    }
    yield* parser.end()
  } catch (error) {
    if (!(error instanceof InputError) || error.code !== 'LIST_INVALID') throw error
    throw new InputError('LIST_INVALID', `${label}: ${error.message}`, { cause: error })
  }
}

/** @returns false when the chunk is there before the pause is over */
async function pausesFirst(next: Promise<unknown>, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.after(PAUSE_MS, () => {
      resolve(true)
    })
    const arrive = (): void => {
      cancel()
      resolve(false)
    }
    next.then(arrive, arrive)
  })
}

async function nextChunk(chunks: Chunks, label: string): Promise<IteratorResult<Buffer | string>> {
  try {
    return await chunks.next()
  } catch (error) {
    throw listUnreadable(label, error)
  }
}

function decode(decoder: InstanceType<typeof TextDecoder>, chunk: Buffer | string): string {
  return decoder.decode(Buffer.from(chunk), { stream: true })
}

function itemOf(item: ListItem | undefined): ListItem[] {
  return item === undefined ? [] : [item]
}

function listUnreadable(label: string, cause: unknown, reason?: string): InputError {
  return new InputError('LIST_UNREADABLE', `cannot read the list ${label}: ${reason ?? readFailure(cause)}`, {
    cause,
  })
}
