import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { watchSignals } from '../../../src/cli/signals.ts'

class FakeProcess extends EventEmitter {
  readonly exits: number[] = []

  exit(code: number): void {
    this.exits.push(code)
  }
}

function watch(): { process: FakeProcess; stops: string[]; at: (ms: number) => void; end: () => void } {
  const process = new FakeProcess()
  const stops: string[] = []
  let nowMs = 0
  const end = watchSignals(
    process,
    () => nowMs,
    (signal) => stops.push(signal),
  )
  const at = (ms: number): void => {
    nowMs = ms
  }
  return { process, stops, at, end }
}

test('the first signal asks to stop, the second ends the process with its code', () => {
  const { process, stops, at } = watch()
  process.emit('SIGINT')
  assert.deepEqual([stops, process.exits], [['SIGINT'], []])
  at(400)
  process.emit('SIGINT')
  assert.deepEqual([stops, process.exits], [['SIGINT'], [130]])
})

test('SIGTERM after SIGHUP ends with 143', () => {
  const { process, stops, at } = watch()
  process.emit('SIGHUP')
  at(1000)
  process.emit('SIGTERM')
  assert.deepEqual([stops, process.exits], [['SIGHUP'], [143]])
})

test('one press of Ctrl-C that arrives twice is still one press', () => {
  const { process, stops, at } = watch()
  process.emit('SIGINT')
  at(3)
  process.emit('SIGINT')
  assert.deepEqual([stops, process.exits], [['SIGINT'], []])
})

test('the handlers can be taken away', () => {
  const { process, end } = watch()
  end()
  assert.equal(
    process.listenerCount('SIGINT') + process.listenerCount('SIGTERM') + process.listenerCount('SIGHUP'),
    0,
  )
})
