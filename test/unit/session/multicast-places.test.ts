import assert from 'node:assert/strict'
import type { NetworkInterfaceInfo } from 'node:os'
import { test } from 'node:test'
import { LocalAddresses } from '../../../src/common/local-addresses.ts'
import { isNeighbour, multicastPlaces } from '../../../src/session/multicast-places.ts'
import { LOCAL_GROUPS } from '../../../src/wire/local-search.ts'

function v4(address: string, netmask = '255.255.255.0', internal = false): NetworkInterfaceInfo {
  return { address, netmask, internal, family: 'IPv4', mac: '00:00:00:00:00:00', cidr: null }
}

function v6(address: string, netmask = 'ffff:ffff:ffff:ffff::', internal = false): NetworkInterfaceInfo {
  return { address, netmask, internal, family: 'IPv6', mac: '00:00:00:00:00:00', cidr: null, scopeid: 0 }
}

const LO = [v4('127.0.0.1', '255.0.0.0', true), v6('::1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', true)]
const INTERFACES = {
  lo: LO,
  eth0: [v4('192.168.1.5'), v6('fe80::5')],
  eth1: [v6('fe80::6'), v6('fd00::6')],
}
const { any } = LocalAddresses

function placesOf(interfaces: typeof INTERFACES | { lo: typeof LO }, local: LocalAddresses): string[] {
  return multicastPlaces(interfaces, local).map((place) => `${place.interfaceName} ${place.address}`)
}

test('every interface that leads outward is asked, by IPv6 only where it has no IPv4', () => {
  assert.deepEqual(placesOf(INTERFACES, any), ['eth0 192.168.1.5', 'eth1 fe80::6'])
  assert.deepEqual(
    multicastPlaces(INTERFACES, any).map(({ group }) => group),
    [LOCAL_GROUPS.v4, LOCAL_GROUPS.v6],
  )
})

test("without a network it is this machine's own", () => {
  assert.deepEqual(placesOf({ lo: LO }, any), ['lo 127.0.0.1'])
})

test('bound to an address, it is the interface that has it, and no other', () => {
  assert.deepEqual(placesOf(INTERFACES, new LocalAddresses({ v4: '127.0.0.1' })), ['lo 127.0.0.1'])
  assert.deepEqual(placesOf(INTERFACES, new LocalAddresses({ v4: '192.168.1.5' })), ['eth0 192.168.1.5'])
  assert.deepEqual(placesOf(INTERFACES, new LocalAddresses({ v6: 'fd00::6' })), ['eth1 fd00::6'])
  assert.deepEqual(placesOf(INTERFACES, new LocalAddresses({ v4: '10.9.9.9' })), [])
})

test('a family that is off is not used', () => {
  assert.deepEqual(placesOf(INTERFACES, new LocalAddresses({ v6: '::' })), ['eth0 fe80::5', 'eth1 fe80::6'])
  assert.deepEqual(placesOf(INTERFACES, new LocalAddresses({ v4: '0.0.0.0' })), ['eth0 192.168.1.5'])
})

test('a hundred interfaces do not have it join a hundred times', () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`veth${i}`, [v4(`10.0.${i}.1`)]]))
  assert.equal(multicastPlaces(many, any).length, 16)
})

test('neighbours are hosts of our networks, and others with addresses that no stranger has', () => {
  const places = multicastPlaces(INTERFACES, any)
  for (const host of ['192.168.1.77', '10.1.1.1', '127.0.0.1', 'fe80::1%eth1']) {
    assert.equal(isNeighbour(host, places, any), true, host)
  }
  for (const host of ['80.1.1.1', '2001:db8::1', '0.0.0.0', '224.0.0.1']) {
    assert.equal(isNeighbour(host, places, any), false, host)
  }
  const publicPlaces = multicastPlaces({ eth0: [v4('80.1.1.5')] }, any)
  assert.equal(isNeighbour('80.1.1.1', publicPlaces, any), true)
})

test('bound to one network, hosts of another are none', () => {
  const local = new LocalAddresses({ v4: '127.0.0.1' })
  const places = multicastPlaces(INTERFACES, local)
  assert.equal(isNeighbour('127.0.0.9', places, local), true)
  assert.equal(isNeighbour('192.168.1.77', places, local), false)
})
