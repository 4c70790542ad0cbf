import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../../src/common/errors.ts'
import {
  parseCount,
  parseDuration,
  parseHookTimeout,
  parseHostAndPort,
  parsePortRange,
  parseRate,
} from '../../../src/cli/options.ts'

const refuses = (parse: () => unknown, message: RegExp): void => {
  assert.throws(parse, (error) => error instanceof UsageError && message.test(error.message))
}

test('durations: a bare number is seconds, units add up', () => {
  const cases: [string, number][] = [
    ['30', 30_000],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['0.5', 500],
    ['1.5h', 5_400_000],
    ['1h30m', 5_400_000],
    ['365d', 365 * 86_400_000],
  ]
  for (const [text, ms] of cases) assert.equal(parseDuration(text), ms, text)
})

test('what is no duration is refused with an example', () => {
  for (const text of ['', 's', '5x', '-1', '1e9', ' 5', '5 m', '5m30', '0x10', '١']) {
    refuses(() => parseDuration(text), /is not a duration such as 30s/)
  }
  refuses(() => parseDuration('0'), /above 0/)
  refuses(() => parseDuration('366d'), /at most 365d/)
  assert.equal(parseHookTimeout('20d'), 20 * 86_400_000)
  refuses(() => parseHookTimeout('21d'), /at most 20d/)
  refuses(() => parseDuration('9'.repeat(400)), /at most 365d/)
})

test('a port or a range of ports', () => {
  assert.deepEqual(parsePortRange('6881'), { first: 6881, last: 6881 })
  assert.deepEqual(parsePortRange('6881-6999'), { first: 6881, last: 6999 })
  assert.deepEqual(parsePortRange('0'), { first: 0, last: 0 })
  for (const text of ['', '-', '1-', 'a', '1-2-3', '123456', '-5'])
    refuses(() => parsePortRange(text), /a port or a range/)
  refuses(() => parsePortRange('65536'), /at most 65535/)
  refuses(() => parsePortRange('7-3'), /from low to high/)
  refuses(() => parsePortRange('0-7'), /from 1 on/)
})

test('rates: K, M and G are 1024-fold, a bare number is bytes a second', () => {
  const cases: [string, number][] = [
    ['1024', 1024],
    ['500K', 512_000],
    ['500k', 512_000],
    ['1.5M', 1_572_864],
    ['2MiB', 2_097_152],
    ['2 MiB/s', 2_097_152],
    ['1G', 1_073_741_824],
    ['none', Infinity],
    ['0', Infinity],
  ]
  for (const [text, rate] of cases) assert.equal(parseRate(text), rate, text)
  for (const text of ['', 'K', '-5K', '5X', '1e6', '5Mbit', 'fast', '1 000K', '.5M'])
    refuses(() => parseRate(text), /a rate such as 500K/)
  refuses(() => parseRate('1000'), /at least 1K/)
  refuses(() => parseRate('2000T'), /at most 1024G/)
})

test('HOST:PORT takes names, IPv4, and IPv6 in brackets', () => {
  assert.deepEqual(parseHostAndPort('10.0.0.7:6881'), { host: '10.0.0.7', port: 6881 })
  assert.deepEqual(parseHostAndPort('seed.example.org:1'), { host: 'seed.example.org', port: 1 })
  assert.deepEqual(parseHostAndPort('[::1]:65535'), { host: '::1', port: 65_535 })
  assert.deepEqual(parseHostAndPort('[fe80::1%eth0]:6881'), { host: 'fe80::1%eth0', port: 6881 })
  for (const text of ['', 'host', ':1', 'host:', '::1:6881', '[::1]', 'a b:1', 'http://x:1']) {
    refuses(() => parseHostAndPort(text), /is not HOST:PORT/)
  }
  for (const text of ['h:0', 'h:65536']) refuses(() => parseHostAndPort(text), /from 1 to 65535/)
  refuses(() => parseHostAndPort(`${'a'.repeat(254)}:1`), /253 characters/)
})

test('counts lie within their bounds', () => {
  assert.equal(parseCount('7', 1, 10), 7)
  for (const text of ['0', '11', '', '1.5', '-1', '1e1', '9'.repeat(20)]) {
    refuses(() => parseCount(text, 1, 10), /a whole number from 1 to 10/)
  }
})
