import assert from 'node:assert/strict'
import type { NetworkInterfaceInfo } from 'node:os'
import { test } from 'node:test'
import { chooseOwnAddresses } from '../../../src/cli/own-addresses.ts'
import type { OwnAddressChoice } from '../../../src/cli/own-addresses.ts'
import { UsageError } from '../../../src/common/errors.ts'
import type { LocalAddresses } from '../../../src/common/local-addresses.ts'

const at = (address: string): NetworkInterfaceInfo =>
  ({ address, family: address.includes(':') ? 'IPv6' : 'IPv4' }) as NetworkInterfaceInfo

const interfaces = {
  lo: [at('127.0.0.1'), at('::1')],
  eth0: [at('10.0.0.7'), at('10.0.0.8'), at('fe80::1'), at('fd00::7')],
  v6only: [at('fe80::2'), at('fd00::8')],
  link: [at('fe80::3')],
}

async function choose(choice: Partial<OwnAddressChoice>): Promise<LocalAddresses> {
  const canBind = async (address: string): Promise<boolean> => Promise.resolve(address === '127.0.0.2')
  return chooseOwnAddresses({ family: undefined, interface: undefined, ...choice }, { interfaces, canBind })
}

async function refuses(choice: Partial<OwnAddressChoice>, message: RegExp): Promise<void> {
  await assert.rejects(choose(choice), (error) => {
    assert.ok(error instanceof UsageError)
    assert.match(error.message, message)
    return true
  })
}

test('an interface stands for its first address of each family, link-local IPv6 aside', async () => {
  assert.deepEqual((await choose({ interface: 'eth0' })).listenHosts, ['10.0.0.7', 'fd00::7'])
  const v6only = await choose({ interface: 'v6only' })
  assert.deepEqual(v6only.listenHosts, ['fd00::8'])
  assert.equal(v6only.reason, '--interface v6only has no address of its family')
})

test('an address stands for itself, also one that no interface lists', async () => {
  assert.deepEqual((await choose({ interface: '127.0.0.2' })).listenHosts, ['127.0.0.2'])
})

test('-4 and -6 leave one family, of an interface as well', async () => {
  assert.deepEqual((await choose({ family: 4 })).listenHosts, ['0.0.0.0'])
  assert.deepEqual((await choose({ family: 6 })).listenHosts, ['::'])
  assert.deepEqual((await choose({ family: 6, interface: 'eth0' })).listenHosts, ['fd00::7'])
  await refuses({ family: 4, interface: 'v6only' }, /'v6only' has no IPv4 address, and -4 asks for one/)
})

test('what is not here is refused with what is', async () => {
  const list = /there are lo \(127\.0\.0\.1, ::1\), eth0 \(10\.0\.0\.7, .*link \(fe80::3\)$/
  await refuses({ interface: 'eht0' }, list)
  await refuses({ interface: 'eht0' }, /'eht0' is not here; /)
  await refuses({ interface: '10.0.0.9' }, list)
  await refuses({ interface: 'link' }, /'link' has no address that can be used; /)
})
