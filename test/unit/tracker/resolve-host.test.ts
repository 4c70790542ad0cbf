import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TrackerError } from '../../../src/common/errors.ts'
import { LocalAddresses } from '../../../src/common/local-addresses.ts'
import { resolveWithin, resolveWithSystem } from '../../../src/tracker/resolve-host.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { NEVER } from './fake-udp.ts'

const never = async (): Promise<string[]> => new Promise<string[]>(() => undefined)

test('an address is its own answer, without asking anybody', async () => {
  const resolve = async (): Promise<string[]> => Promise.resolve(assert.fail('asked'))
  for (const host of ['10.0.0.1', '2001:db8::1']) {
    assert.deepEqual(
      await resolveWithin(host, {
        resolve,
        local: LocalAddresses.any,
        clock: new FakeClock(),
        signal: NEVER,
      }),
      [host],
    )
  }
})

test('asking twice at the same time is one lookup', async () => {
  const [first, second] = await Promise.all([
    resolveWithSystem('localhost', 0),
    resolveWithSystem('localhost', 0),
  ])
  assert.equal(first, second)
  assert.ok(first.length > 0)
})

test('no address is no such host; any other trouble names its code', async () => {
  const options = { local: LocalAddresses.any, clock: new FakeClock(), signal: NEVER }
  const failing = (code?: string) => async (): Promise<string[]> => {
    const error = new Error('odd')
    return Promise.reject(code === undefined ? error : Object.assign(error, { code }))
  }
  for (const [resolve, code, message] of [
    [async () => Promise.resolve([]), 'TRACKER_NO_SUCH_HOST', 'no such host t.example'],
    [failing('ENOTFOUND'), 'TRACKER_NO_SUCH_HOST', 'no such host t.example'],
    [failing('EAI_AGAIN'), 'TRACKER_DNS_FAILED', 'cannot look up t.example (EAI_AGAIN)'],
    [failing(), 'TRACKER_DNS_FAILED', 'cannot look up t.example (no reason given)'],
  ] as const) {
    await assert.rejects(resolveWithin('t.example', { ...options, resolve }), (error) => {
      assert.ok(error instanceof TrackerError)
      assert.deepEqual([error.code, error.message], [code, message])
      return true
    })
  }
  assert.equal(options.clock.timerCount, 0)
})

test('a lookup can be called off, before and while it is under way', async () => {
  const clock = new FakeClock()
  const abort = new AbortController()
  const lookup = resolveWithin('t.example', {
    resolve: never,
    local: LocalAddresses.any,
    clock,
    signal: abort.signal,
  })
  abort.abort()
  const isAborted = (error: unknown): boolean =>
    error instanceof TrackerError && error.code === 'TRACKER_ABORTED'
  await assert.rejects(lookup, isAborted)
  await assert.rejects(
    resolveWithin('t.example', { resolve: never, local: LocalAddresses.any, clock, signal: abort.signal }),
    isAborted,
  )
  assert.equal(clock.timerCount, 0)
})

test('addresses that ours do not reach are left out, and of one family alone is asked for', async () => {
  const local = new LocalAddresses({ v4: '0.0.0.0', reason: 'IPv6 is off (-4)' })
  const families: number[] = []
  const answering =
    (...found: string[]) =>
    async (_host: string, family: number): Promise<string[]> => {
      families.push(family)
      return Promise.resolve(found)
    }
  const look = async (host: string, ...found: string[]): Promise<readonly string[]> =>
    resolveWithin(host, { resolve: answering(...found), local, clock: new FakeClock(), signal: NEVER })
  assert.deepEqual(await look('t.example', '::1', '10.0.0.1'), ['10.0.0.1'])
  await assert.rejects(look('::1'), {
    code: 'TRACKER_ADDRESS_REFUSED',
    message: 'cannot reach ::1: IPv6 is off (-4)',
  })
  await assert.rejects(look('t.example'), {
    code: 'TRACKER_NO_SUCH_HOST',
    message: 'no such host t.example, or none with an IPv4 address (IPv6 is off (-4))',
  })
  assert.deepEqual(families, [4, 4])
})
