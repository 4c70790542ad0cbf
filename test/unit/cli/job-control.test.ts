import assert from 'node:assert/strict'
import { test } from 'node:test'
import { belongsToForeground, watchJobControl } from '../../../src/cli/job-control.ts'
import type { JobControlSignal } from '../../../src/cli/job-control.ts'
import { FakeClock } from '../../support/fake-clock.ts'

class Process {
  readonly said: string[] = []
  readonly clock = new FakeClock()
  readonly listeners = new Map<JobControlSignal, () => void>()
  isForeground = true
  readonly unwatch: () => void

  constructor() {
    const say = (what: string) => (): void => {
      this.said.push(what)
    }
    const source = {
      on: (signal: JobControlSignal, listener: () => void) => this.listeners.set(signal, listener),
      off: (signal: JobControlSignal) => this.listeners.delete(signal),
      raise: (signal: JobControlSignal) => {
        this.said.push(`${signal} ${this.listeners.has(signal) ? 'handled' : 'unhandled'}`)
      },
    }
    const drawing = { suspend: say('suspend'), lose: say('lose'), resume: say('resume') }
    const isForeground = (): boolean => this.isForeground
    this.unwatch = watchJobControl({ source, isForeground, clock: this.clock }, drawing)
  }

  get(signal: JobControlSignal): void {
    this.listeners.get(signal)?.()
  }
}

test('Ctrl-Z clears the screen, then the system stops us; going on draws again', () => {
  const process = new Process()
  process.get('SIGTSTP')
  assert.deepEqual(process.said, ['suspend', 'SIGTSTP unhandled'])
  process.get('SIGCONT')
  assert.deepEqual(process.said.slice(2), ['lose', 'resume'])
  assert.equal(process.clock.timerCount, 0)
})

test('where nothing stops us (no shell to wake us again) it draws on', async () => {
  const process = new Process()
  process.get('SIGTSTP')
  await process.clock.advance(1000)
  assert.deepEqual(process.said.slice(2), ['resume'])
})

test('in the background nothing is drawn; `fg` is noticed though no signal tells of it', async () => {
  const process = new Process()
  process.get('SIGTSTP')
  process.isForeground = false
  process.get('SIGCONT')
  await process.clock.advance(10_000)
  assert.deepEqual(process.said.slice(2), ['lose'])
  process.isForeground = true
  await process.clock.advance(1000)
  assert.deepEqual(process.said.slice(3), ['resume'])
})

test('the end takes handlers and timers away', () => {
  const process = new Process()
  process.get('SIGTSTP')
  process.unwatch()
  assert.equal(process.listeners.size, 0)
  assert.equal(process.clock.timerCount, 0)
})

test('the foreground is read from /proc/self/stat, whatever the name in it', () => {
  assert.equal(belongsToForeground('7 (a) b) c) S 1 50 40 34816 50 4194304'), true)
  assert.equal(belongsToForeground('7 (node) S 1 50 40 34816 60 4194304'), false)
  assert.equal(belongsToForeground('7 (node) S 1 50 40 0 -1 4194304'), true)
  assert.equal(belongsToForeground(''), true)
})
