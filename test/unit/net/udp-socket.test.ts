import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bindUdp } from '../../../src/net/udp-socket.ts'

test('an answer to a datagram from port 0 fails quietly', async () => {
  const errors: string[] = []
  const socket = await bindUdp(
    { host: '127.0.0.1', port: 0 },
    { onPacket: () => undefined, onError: ({ message }) => errors.push(message) },
  )
  socket.send(Buffer.from('x'), { host: '127.0.0.1', port: 0 })
  socket.close()
  assert.deepEqual(errors, ['cannot send to 127.0.0.1:0'])
})
