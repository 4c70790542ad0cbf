import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bindUdp, connectUdp } from '../../../src/net/udp-socket.ts'

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

test('the local address asked for is the one the other side sees; one that is not ours is an error', async () => {
  const from = await new Promise<string>((resolve, reject) => {
    const onError = reject
    void bindUdp(
      { host: '127.0.0.1', port: 0 },
      {
        onError,
        onPacket: (_bytes, { host }) => {
          client.close()
          server?.close()
          resolve(host)
        },
      },
    ).then((bound) => {
      server = bound
      client = connectUdp(bound.local, { onError, onPacket: () => undefined }, '127.0.0.2')
      client.send(Buffer.from('x'))
    }, reject)
    let server: Awaited<ReturnType<typeof bindUdp>> | undefined
    let client: ReturnType<typeof connectUdp>
  })
  assert.equal(from, '127.0.0.2')
  const error = await new Promise<Error>((resolve) => {
    const socket = connectUdp(
      { host: '127.0.0.1', port: 9 },
      {
        onPacket: () => undefined,
        onError: (failure) => {
          socket.close()
          resolve(failure)
        },
      },
      '192.0.2.77',
    )
    socket.send(Buffer.from('x'))
  })
  assert.match(error.message, /EADDRNOTAVAIL/)
})
