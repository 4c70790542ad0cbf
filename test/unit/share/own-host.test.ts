import assert from 'node:assert/strict'
import type { NetworkInterfaceInfo } from 'node:os'
import { test } from 'node:test'
import { reachableAddress } from '../../../src/share/own-host.ts'

function info(address: string): NetworkInterfaceInfo {
  const family = address.includes(':') ? 'IPv6' : 'IPv4'
  return {
    address,
    family,
    netmask: '',
    mac: '',
    internal: false,
    cidr: null,
    scopeid: 0,
  }
}

const INTERFACES = {
  lo: [info('127.0.0.1'), info('::1')],
  docker0: [info('172.17.0.1')],
  eth0: [info('fe80::1'), info('10.0.0.5'), info('fd00::5')],
  eth1: [info('203.0.113.9')],
}

test('an address that is bound is the one that others use', () => {
  assert.equal(reachableAddress('127.0.0.1', INTERFACES), '127.0.0.1')
  assert.equal(reachableAddress('203.0.113.9', INTERFACES), '203.0.113.9')
})

test('of all addresses the one of the private network is taken, before bridges of containers', () => {
  assert.equal(reachableAddress('0.0.0.0', INTERFACES), '10.0.0.5')
  assert.equal(reachableAddress('::', INTERFACES), '10.0.0.5')
  assert.equal(reachableAddress('0.0.0.0', { lo: INTERFACES.lo, eth1: INTERFACES.eth1 }), '203.0.113.9')
})

test('a machine without a network has itself', () => {
  assert.equal(reachableAddress('0.0.0.0', { lo: INTERFACES.lo }), '127.0.0.1')
  assert.equal(reachableAddress('::', {}), '::1')
})
