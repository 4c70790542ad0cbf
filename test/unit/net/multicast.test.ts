/** On this machine's own interface only: nothing leaves it. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Endpoint } from '../../../src/common/endpoint.ts'
import { joinMulticast } from '../../../src/net/multicast.ts'
import type { MulticastPlace, MulticastSockets } from '../../../src/net/multicast.ts'
import { assertNothingOpen } from '../../support/leaks.ts'

after(assertNothingOpen)

/** Not the group of local service discovery: other tests and programs speak there. */
const GROUP = { host: '239.192.152.200', port: 26_771 }
const LO: MulticastPlace = { group: GROUP, address: '127.0.0.1', interfaceName: 'lo' }
const NOWHERE: MulticastPlace = { group: GROUP, address: '192.0.2.77', interfaceName: 'nowhere' }

interface Member {
  readonly sockets: MulticastSockets
  /** Resolves with the first datagram of this text. */
  readonly heard: (text: string) => Promise<Endpoint>
  readonly errors: Error[]
}

async function join(places: readonly MulticastPlace[]): Promise<Member> {
  const errors: Error[] = []
  const waiting = new Map<string, (from: Endpoint) => void>()
  const sockets = await joinMulticast(places, {
    onPacket: (bytes, from) => waiting.get(bytes.toString())?.(from),
    onError: (error) => errors.push(error),
  })
  const heard = async (text: string): Promise<Endpoint> =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new Error(`not heard: ${text}`))
      }, 10_000)
      waiting.set(text, (from) => {
        clearTimeout(late)
        resolve(from)
      })
    })
  return { sockets, heard, errors }
}

test('what one sends all on the machine hear, and it comes from the address of the interface', async () => {
  const [one, two] = [await join([LO]), await join([LO])]
  try {
    const text = `hello ${process.pid}`
    const heard = [one.heard(text), two.heard(text)]
    one.sockets.send(one.sockets.places[0]!, Buffer.from(text))
    for (const from of await Promise.all(heard)) assert.equal(from.host, '127.0.0.1')
    assert.deepEqual([...one.errors, ...two.errors], [])
  } finally {
    for (const { sockets } of [one, two]) sockets.close()
  }
})

test('an address that is not ours is told, and the others are joined all the same', async () => {
  const { sockets, errors } = await join([NOWHERE, LO])
  try {
    assert.deepEqual(sockets.places, [LO])
    assert.match(errors[0]?.message ?? '', /EADDRNOTAVAIL/)
  } finally {
    sockets.close()
    sockets.close()
    sockets.send(LO, Buffer.from('after the end'))
  }
})

test('no interface at all is no error', async () => {
  const { sockets, errors } = await join([])
  assert.deepEqual(sockets.places, [])
  assert.deepEqual(errors, [])
  sockets.close()
})
