import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LocalAddresses } from '../../../src/common/local-addresses.ts'

test('any address leaves all to the system', () => {
  const { any } = LocalAddresses
  assert.deepEqual([any.reaches('1.2.3.4'), any.reaches('::1')], [true, true])
  assert.deepEqual([any.toward('1.2.3.4'), any.toward('::1')], [undefined, undefined])
  assert.deepEqual([any.listenHosts, any.family, any.isBound], [undefined, 0, false])
})

test('one family: the other is not reached, not listened on and not looked up', () => {
  const v4 = new LocalAddresses({ v4: '0.0.0.0', reason: 'IPv6 is off (-4)' })
  assert.deepEqual(
    [v4.reaches('1.2.3.4'), v4.reaches('::1'), v4.reaches('::ffff:1.2.3.4')],
    [true, false, true],
  )
  assert.deepEqual(
    [v4.listenHosts, v4.family, v4.isBound, v4.toward('1.2.3.4')],
    [['0.0.0.0'], 4, false, undefined],
  )
  const v6 = new LocalAddresses({ v6: '::' })
  assert.deepEqual(
    [v6.reaches('1.2.3.4'), v6.reaches('::1'), v6.reaches('::ffff:1.2.3.4')],
    [false, true, false],
  )
  assert.deepEqual([v6.listenHosts, v6.family, v6.isBound], [['::'], 6, false])
})

test('an interface: each family leaves by its own address', () => {
  const eth = new LocalAddresses({ v4: '10.0.0.7', v6: 'fd00::7' })
  assert.deepEqual([eth.toward('1.2.3.4'), eth.toward('2001:db8::1')], ['10.0.0.7', 'fd00::7'])
  assert.deepEqual([eth.listenHosts, eth.family, eth.isBound], [['10.0.0.7', 'fd00::7'], 0, true])
})
