import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayLeadTo, scopeOf } from '../../../src/common/address-scope.ts'

const SCOPES = {
  loopback: ['127.0.0.1', '127.255.0.9', '::1', '::ffff:127.0.0.1'],
  'link-local': ['169.254.169.254', 'fe80::1', 'febf::1'],
  private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', 'fc00::1', 'fd12::1'],
  public: ['1.1.1.1', '172.15.0.1', '172.32.0.1', '100.128.0.1', '169.253.0.1', '2001:db8::1', '::2'],
  unusable: ['0.0.0.0', '0.1.2.3', '224.0.0.1', '255.255.255.255', '::', 'ff02::1', '::ffff:0.0.0.0'],
} as const

for (const [scope, hosts] of Object.entries(SCOPES)) {
  test(`${hosts.join(', ')}: ${scope}`, () => {
    for (const host of hosts) assert.equal(scopeOf(host), scope, host)
  })
}

test('a public source never leads to this machine or this network', () => {
  assert.equal(mayLeadTo('public', 'public'), true)
  for (const target of ['private', 'link-local', 'loopback'] as const)
    assert.equal(mayLeadTo('public', target), false)
})

test('a local source may name its own scope and wider ones, not this machine', () => {
  assert.equal(mayLeadTo('private', 'private'), true)
  assert.equal(mayLeadTo('private', 'public'), true)
  assert.equal(mayLeadTo('private', 'loopback'), false)
  assert.equal(mayLeadTo('loopback', 'private'), true)
})

test('nobody leads to an address that cannot be dialled', () => {
  assert.equal(mayLeadTo('loopback', 'unusable'), false)
})
