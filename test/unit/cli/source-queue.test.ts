import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ItemOptions } from '../../../src/cli/item-options.ts'
import type { ListFile } from '../../../src/cli/list-file.ts'
import { SourceQueue } from '../../../src/cli/source-queue.ts'
import type { QueuedSource } from '../../../src/cli/source-queue.ts'
import { InputError } from '../../../src/common/errors.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const OPTIONS = { outputDirectory: '.' } as ItemOptions

/** A pipe whose other end is the test. */
class Pipe {
  readonly list: ListFile
  readonly #chunks: Buffer[] = []
  #isClosed = false
  #failure: Error | undefined
  #wake: () => void = () => undefined

  constructor(path?: string) {
    this.list = { label: 'pipe', path, open: () => this.#read() }
  }

  write(text: string | Buffer): void {
    this.#chunks.push(Buffer.from(text))
    this.#wake()
  }

  end(failure?: Error): void {
    this.#isClosed = true
    this.#failure = failure
    this.#wake()
  }

  async *#read(): AsyncGenerator<Buffer> {
    for (;;) {
      const chunk = this.#chunks.shift()
      if (chunk !== undefined) yield chunk
      else if (this.#failure !== undefined) throw this.#failure
      else if (this.#isClosed) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}

interface Rig {
  readonly clock: FakeClock
  readonly queue: SourceQueue
  readonly taken: string[]
  /** Takes on and on; a source is noted when it comes. */
  readonly takeAll: () => Promise<void>
}

function open(args: readonly string[], ...pipes: Pipe[]): Rig {
  const clock = new FakeClock()
  const itemOptions = (): ItemOptions => OPTIONS
  const queue = new SourceQueue({ args, lists: pipes.map(({ list }) => list), itemOptions, clock })
  const taken: string[] = []
  const takeAll = async (): Promise<void> => {
    for (let next = await queue.next(); next !== undefined; next = await queue.next()) taken.push(shown(next))
  }
  return { clock, queue, taken, takeAll }
}

function shown({ index, source, optionLines, item }: QueuedSource): string {
  const problem = item instanceof InputError ? [`!${item.message}`] : []
  return [`${index}:${source}`, ...optionLines, ...problem].join(' ')
}

test('arguments come first, then the lists in order', async () => {
  const [first, second] = [new Pipe(), new Pipe()]
  first.write('c\n  output=x\nd')
  second.write('\ufeffe\r\n')
  first.end()
  second.end()
  const { taken, takeAll, queue } = open(['a', 'b'], first, second)
  assert.deepEqual(queue.count, { known: 2, isAll: false })
  await takeAll()
  assert.deepEqual(taken, ['0:a', '1:b', '2:c output=x', '3:d', '4:e'])
  assert.deepEqual(queue.count, { known: 5, isAll: true })
})

test('a source begins while the pipe stays open, a second after nothing followed it', async () => {
  const pipe = new Pipe()
  const { taken, takeAll, clock } = open([], pipe)
  const all = takeAll()
  pipe.write('a\nb\n')
  await clock.advance(0)
  assert.deepEqual(taken, ['0:a'])
  await clock.advance(900)
  pipe.write('  output=x\n')
  await clock.advance(1000)
  assert.deepEqual(taken, ['0:a', '1:b output=x'])
  pipe.end()
  await all
  assert.equal(clock.timerCount, 0)
})

test('several may wait for the next one; each gets its own', async () => {
  const pipe = new Pipe()
  const { taken, takeAll, clock } = open([], pipe)
  const workers = [takeAll(), takeAll(), takeAll()]
  await clock.advance(0)
  pipe.write('a\nb\nc\n')
  pipe.end()
  await Promise.all(workers)
  assert.deepEqual(taken.toSorted(), ['0:a', '1:b', '2:c'])
})

test('a list is read no more than a thousand sources ahead', async () => {
  const pipe = new Pipe('/list')
  for (let block = 0; block < 50; block++) pipe.write(`${block}\n`.repeat(100))
  pipe.end()
  const { queue, clock } = open([], pipe)
  await queue.next()
  await clock.advance(0)
  assert.deepEqual(queue.count, { known: 1001, isAll: false })
  for (let taken = 1; taken < 5000; taken++) assert.ok(await queue.next())
  assert.equal(await queue.next(), undefined)
  assert.deepEqual(queue.count, { known: 5000, isAll: true })
})

test('a list that breaks is one failure, after its sources; the next list is read', async () => {
  const [broken, good] = [new Pipe(), new Pipe()]
  broken.write('a\nb\n')
  broken.end(Object.assign(new Error('read EIO'), { code: 'EIO' }))
  good.write('c\n')
  good.end()
  const { taken, takeAll, queue } = open([], broken, good)
  await takeAll()
  assert.deepEqual(taken, ['0:a', '1:pipe !cannot read the list pipe: the disk reports an error', '2:c'])
  assert.deepEqual(queue.unreadLists, [broken.list])
  assert.equal(queue.isCut, false)
})

test('at the end of a run what is there still comes, a silent pipe is left, a file is read to its end', async () => {
  const [pipe, file] = [new Pipe(), new Pipe('/list')]
  const { taken, takeAll, clock, queue } = open([], pipe, file)
  pipe.write('a\nb\npartial')
  file.write('c\nd\n')
  file.end()
  await queue.next()
  queue.end()
  const all = takeAll()
  await clock.advance(500)
  await all
  assert.deepEqual(taken, ['1:b', '2:c', '3:d'])
  assert.deepEqual(queue.unreadLists, [pipe.list])
  assert.equal(queue.isCut, true)
})

test('at the end of a run a pipe that never ends is listened to for two seconds', async () => {
  const pipe = new Pipe()
  const { taken, takeAll, clock, queue } = open([], pipe)
  const all = takeAll()
  queue.end()
  for (let step = 0; step < 40; step++) {
    pipe.write('a\n')
    await clock.advance(100)
  }
  await all
  assert.ok(taken.length >= 15 && taken.length <= 25, String(taken.length))
})

test('a bug while a list is read comes out where it is taken from', async () => {
  const list = { label: 'x', path: undefined, open: () => [1] as never }
  const clock = new FakeClock()
  const queue = new SourceQueue({ args: [], lists: [list], itemOptions: () => OPTIONS, clock })
  await assert.rejects(queue.next(), TypeError)
})
