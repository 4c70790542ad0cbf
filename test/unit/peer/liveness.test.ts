import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Liveness } from '../../../src/peer/liveness.ts'

const QUIET = { frameCount: 0, openBytes: 0, unsentBytes: 0 }

/** Asks once a second. @returns the verdicts other than "nothing", as `second: verdict` */
function watch(liveness: Liveness, seconds: number, state: (second: number) => typeof QUIET): string[] {
  const verdicts: string[] = []
  for (let second = 1; second <= seconds; second++) {
    const verdict = liveness.check(second * 1000, state(second))
    if (verdict === undefined) continue
    if (verdict !== 'keep-alive') return [...verdicts, `${second}: ${verdict.code}`]
    verdicts.push(`${second}: keep-alive`)
    liveness.onOutput(second * 1000)
  }
  return verdicts
}

test('a keep-alive is due after 100 s of our silence, and silence of 130 s ends it', () => {
  assert.deepEqual(
    watch(new Liveness(0), 200, () => QUIET),
    ['100: keep-alive', '130: PEER_IDLE'],
  )
})

test('a peer that sends something every two minutes stays', () => {
  const liveness = new Liveness(0)
  const verdicts = watch(liveness, 500, (second) => {
    if (second % 120 === 0) liveness.onInput(second * 1000)
    return QUIET
  })
  assert.deepEqual(verdicts, [
    '100: keep-alive',
    '200: keep-alive',
    '300: keep-alive',
    '400: keep-alive',
    '500: keep-alive',
  ])
})

test('a message that trickles in at a byte a second ends it', () => {
  const liveness = new Liveness(0)
  const verdicts = watch(liveness, 200, (second) => {
    liveness.onInput(second * 1000)
    return { ...QUIET, openBytes: second }
  })
  assert.deepEqual(verdicts, ['30: PEER_SLOW_FRAME'])
})

test('a message that comes slowly but steadily may take its time', () => {
  const liveness = new Liveness(0)
  const verdicts = watch(liveness, 90, (second) => {
    liveness.onInput(second * 1000)
    return { ...QUIET, openBytes: second * 110 }
  })
  assert.deepEqual(verdicts, [])
})

test('messages that end are not slow, however small', () => {
  const liveness = new Liveness(0)
  const verdicts = watch(liveness, 90, (second) => {
    liveness.onInput(second * 1000)
    return { ...QUIET, frameCount: Math.floor(second / 5), openBytes: 3 }
  })
  assert.deepEqual(verdicts, [])
})

test('silence and slowness do not count while we do not read', () => {
  const liveness = new Liveness(0)
  liveness.pause()
  const paused = watch(liveness, 400, () => ({ ...QUIET, openBytes: 10 }))
  assert.deepEqual(paused, ['100: keep-alive', '200: keep-alive', '300: keep-alive', '400: keep-alive'])
  liveness.resume(400_000)
  assert.equal(liveness.check(401_000, { ...QUIET, openBytes: 10 }), undefined)
  assert.equal(liveness.check(425_000, { ...QUIET, openBytes: 10 }), undefined)
})

test('a peer that takes none of what is queued for 120 s ends it, one that takes some does not', () => {
  const stuck = new Liveness(0)
  const verdicts = watch(stuck, 200, (second) => {
    stuck.onInput(second * 1000)
    return { ...QUIET, unsentBytes: 5000 + second }
  })
  assert.deepEqual(verdicts, ['121: PEER_NOT_READING'])
  const slow = new Liveness(0)
  const none = watch(slow, 300, (second) => {
    slow.onInput(second * 1000)
    return { ...QUIET, unsentBytes: 10_000_000 - Math.floor(second / 60) }
  })
  assert.deepEqual(none, [])
})
