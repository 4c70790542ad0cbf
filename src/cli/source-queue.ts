/**
 * The sources of a run, in order: arguments, then what the lists hold, which may still be growing. A list is read no
 * further ahead than a thousand items, so a run of a million holds few of them.
 */
import { sleep } from '../common/clock.ts'
import type { Clock } from '../common/clock.ts'
import { InputError } from '../common/errors.ts'
import { Ending } from './ending.ts'
import type { ItemOptions } from './item-options.ts'
import { readListFile } from './list-file.ts'
import type { ListFile } from './list-file.ts'
import type { ListItem, OptionLine } from './source-list.ts'
import type { SourceCount } from './view.ts'

const READ_AHEAD = 1000
/** Once the run ends, a pipe whose writer says nothing for this long has said all it will. */
const SILENCE_MS = 200
/** And one that says more and more is not listened to for longer than this. */
const END_LIMIT_MS = 2000

export interface QueuedSource {
  /** From 0, in the order they were given. */
  readonly index: number
  /** As typed; for a line that is none, the list and the line. */
  readonly source: string
  /** As they stand in the list. */
  readonly optionLines: readonly string[]
  /** Or what is wrong with its lines. */
  readonly item: ItemOptions | InputError
  /** Is it a source that could be tried again? */
  readonly isSource: boolean
}

export interface QueueParts {
  readonly args: readonly string[]
  readonly lists: readonly ListFile[]
  /** @throws InputError LIST_INVALID */
  readonly itemOptions: (lines: readonly OptionLine[], label: string) => ItemOptions
  readonly clock: Clock
}

/** A queued source without its number, made when it is taken. */
type Waiting = () => Omit<QueuedSource, 'index'>

export class SourceQueue {
  readonly #parts: QueueParts
  /** Called when there may be something to take. */
  #takers: (() => void)[] = []
  readonly #unread = new Set<ListFile>()
  /** Read and not taken. */
  readonly #ahead: Waiting[] = []
  #taken = 0
  #known: number
  #isAll: boolean
  #current: { readonly list: ListFile; readonly cut: Ending } | undefined
  #isReading = false
  #onRoom: (() => void) | undefined
  #isEnding = false
  #wasCut = false
  #bug: unknown

  constructor(parts: QueueParts) {
    this.#parts = parts
    this.#known = parts.args.length
    this.#isAll = parts.lists.length === 0
  }

  /** How many there are, as far as that is known. */
  get count(): SourceCount {
    return { known: this.#known, isAll: this.#isAll }
  }

  /** The list that is being read. */
  get currentList(): ListFile | undefined {
    return this.#current?.list
  }

  /** Lists of which not everything was taken in: they broke, or the run ended before they did. */
  get unreadLists(): readonly ListFile[] {
    return [...this.#unread]
  }

  /** Did the run end before a list did? Then nobody knows what it would still have asked for. */
  get wasCut(): boolean {
    return this.#wasCut
  }

  /** The next one, as soon as there is one; several may wait. @returns undefined at the end */
  async next(): Promise<QueuedSource | undefined> {
    this.#beginReading()
    const source = this.#parts.args[this.#taken]
    if (source !== undefined) {
      const item = this.#parts.itemOptions([], '')
      return { index: this.#taken++, source, optionLines: [], item, isSource: true }
    }
    for (;;) {
      if (this.#bug !== undefined) throw this.#bug as Error
      const make = this.#ahead.shift()
      if (make !== undefined) {
        this.#onRoom?.()
        return { index: this.#taken++, ...make() }
      }
      if (this.#isAll) return undefined
      await new Promise<void>((resolve) => this.#takers.push(resolve))
    }
  }

  /** What is there, and what comes at once, is still given; nothing is waited for any longer. */
  end(): void {
    if (this.#isEnding) return
    this.#isEnding = true
    void this.#cutSilentLists()
  }

  #beginReading(): void {
    if (this.#isReading) return
    this.#isReading = true
    void this.#readAll()
  }

  async #readAll(): Promise<void> {
    try {
      for (const list of this.#parts.lists) await this.#readList(list)
    } catch (error) {
      this.#bug = error
    }
    this.#isAll = true
    this.#wake()
  }

  async #readList(list: ListFile): Promise<void> {
    const cut = new Ending()
    this.#current = { list, cut }
    try {
      for await (const item of readListFile(list, { clock: this.#parts.clock, cut })) {
        this.#add(() => this.#make(item, list))
        if (this.#ahead.length >= READ_AHEAD) await this.#room()
      }
      if (cut.isOver()) {
        this.#unread.add(list)
        this.#wasCut = true
      }
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      this.#unread.add(list)
      this.#add(() => ({ source: list.label, optionLines: [], item: error, isSource: false }))
    }
    this.#current = undefined
  }

  #add(make: Waiting): void {
    this.#known++
    this.#ahead.push(make)
    this.#wake()
  }

  #make({ source, line, options, problem }: ListItem, { label }: ListFile): Omit<QueuedSource, 'index'> {
    const shared = {
      source: source === '' ? `${label}:${line}` : source,
      optionLines: options.map(({ text }) => text),
      isSource: source !== '',
    }
    if (problem !== undefined) {
      return { ...shared, item: new InputError('LIST_INVALID', `${label}:${problem.line}: ${problem.text}`) }
    }
    try {
      return { ...shared, item: this.#parts.itemOptions(options, label) }
    } catch (error) {
      if (error instanceof InputError) return { ...shared, item: error }
      throw error
    }
  }

  #wake(): void {
    const takers = this.#takers
    this.#takers = []
    for (const take of takers) take()
  }

  async #room(): Promise<void> {
    await new Promise<void>((resolve) => (this.#onRoom = resolve))
    this.#onRoom = undefined
  }

  /** A file ends by itself; of what a pipe would still bring, nobody knows when. */
  async #cutSilentLists(): Promise<void> {
    const { clock } = this.#parts
    const endsAtMs = clock.now() + END_LIMIT_MS
    while (!this.#isAll) {
      const known = this.#known
      await sleep(clock, SILENCE_MS)
      const isSilent = known === this.#known && this.#ahead.length === 0
      if (this.#current?.list.path === undefined && (isSilent || clock.now() >= endsAtMs))
        this.#current?.cut.end()
    }
  }
}
