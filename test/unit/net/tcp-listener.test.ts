import assert from 'node:assert/strict'
import net from 'node:net'
import { test } from 'node:test'
import type { ByteStream } from '../../../src/net/byte-stream.ts'
import type { ReceiveMode } from '../../../src/net/tcp-stream.ts'
import { RecordingHandler, until } from '../../support/stream-pair.ts'
import { TcpListener } from '../../../src/net/tcp-listener.ts'
import { UsageError } from '../../../src/common/errors.ts'
import { connectTcp } from '../../../src/net/tcp-stream.ts'

const LOOPBACK = '127.0.0.1'
const ANY = { first: 0, last: 0 }
const attach = new RecordingHandler().attach
const dial = (port: number, heard = new RecordingHandler(), host = LOOPBACK): ByteStream =>
  connectTcp({ host, port }, heard.attach, { onConnect: () => undefined })

test('port 0 is some free port', async () => {
  const listener = await TcpListener.open({ ports: ANY, hosts: [LOOPBACK], attach })
  assert.ok(listener.port > 0)
  await listener.close()
})

test('a taken port gives way to the next of the range', async () => {
  const first = await TcpListener.open({ ports: ANY, hosts: [LOOPBACK], attach })
  const second = await TcpListener.open({
    ports: { first: first.port, last: Math.min(first.port + 50, 65_535) },
    hosts: [LOOPBACK],
    attach,
  })
  assert.ok(second.port > first.port)
  await Promise.all([first.close(), second.close()])
})

test('a range that is all taken is refused as such', async () => {
  const first = await TcpListener.open({ ports: ANY, hosts: [LOOPBACK], attach })
  const ports = { first: first.port, last: first.port }
  await assert.rejects(TcpListener.open({ ports, hosts: [LOOPBACK], attach }), (error) => {
    assert.ok(error instanceof UsageError)
    assert.equal(error.code, 'LISTEN_PORT_TAKEN')
    assert.match(error.message, new RegExp(`port ${first.port} of 127.0.0.1`))
    return true
  })
  await first.close()
})

test('an address that is not ours is refused as such', async () => {
  await assert.rejects(TcpListener.open({ ports: ANY, hosts: ['192.0.2.1'], attach }), {
    code: 'LISTEN_FAILED',
  })
})

test('without a host, IPv4 peers are accepted and seen under their IPv4 address', async () => {
  let remoteHost = ''
  const listener = await TcpListener.open({
    ports: ANY,
    attach: (stream) => {
      remoteHost = stream.remote.host
      return new RecordingHandler()
    },
  })
  dial(listener.port)
  await until(() => remoteHost !== '')
  assert.equal(remoteHost, LOOPBACK)
  await listener.close()
})

for (const receive of ['shared', 'data'] as const satisfies readonly ReceiveMode[]) {
  test(`close frees the port and ends what was accepted (${receive})`, async () => {
    const heard = new RecordingHandler()
    const ours = new RecordingHandler()
    const listener = await TcpListener.open({ ports: ANY, hosts: [LOOPBACK], attach: heard.attach, receive })
    dial(listener.port, ours)
    await until(() => listener.connectionCount === 1)
    await listener.close()
    await listener.close()
    await until(() => heard.closeCount === 1 && ours.closeCount === 1)
    assert.equal(listener.connectionCount, 0)
    const again = await TcpListener.open({
      ports: { first: listener.port, last: listener.port },
      hosts: [LOOPBACK],
      attach,
    })
    await again.close()
  })

  test(`connections beyond the limit are closed, and room is made when one ends (${receive})`, async () => {
    const listener = await TcpListener.open({
      ports: ANY,
      hosts: [LOOPBACK],
      attach,
      maxConnections: 1,
      receive,
    })
    const first = new RecordingHandler()
    const stream = dial(listener.port, first)
    await until(() => listener.connectionCount === 1)
    const second = new RecordingHandler()
    dial(listener.port, second)
    await until(() => second.closeCount === 1)
    assert.equal(first.closeCount, 0)
    stream.close()
    await until(() => listener.connectionCount === 0)
    dial(listener.port)
    await until(() => listener.connectionCount === 1)
    await listener.close()
  })

  test(`an attach that throws closes that connection only (${receive})`, async () => {
    const errors: unknown[] = []
    let count = 0
    const listener = await TcpListener.open({
      ports: ANY,
      hosts: [LOOPBACK],
      receive,
      onError: (error) => errors.push(error),
      attach: () => {
        if (count++ === 0) throw new Error('from attach')
        return new RecordingHandler()
      },
    })
    const refused = new RecordingHandler()
    dial(listener.port, refused)
    await until(() => refused.closeCount === 1)
    assert.match(String(errors[0]), /from attach/)
    dial(listener.port)
    await until(() => listener.connectionCount === 1)
    await listener.close()
  })
}

test('a peer that resets at once does no harm', async () => {
  const heard = new RecordingHandler()
  const listener = await TcpListener.open({ ports: ANY, hosts: [LOOPBACK], attach: heard.attach })
  const socket = net.connect(listener.port, LOOPBACK)
  await until(() => !socket.connecting)
  socket.resetAndDestroy()
  await until(() => heard.closeCount > 0)
  assert.equal((heard.error as NodeJS.ErrnoException | undefined)?.code, 'ECONNRESET')
  await listener.close()
})

test('several addresses share one port, and nobody else is listened to', async () => {
  const listener = await TcpListener.open({ ports: ANY, hosts: ['127.0.0.2', '127.0.0.3'], attach })
  const reaches = async (host: string): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = net.connect({ host, port: listener.port })
      socket.once('connect', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => {
        resolve(false)
      })
    })
  assert.deepEqual(
    [await reaches('127.0.0.2'), await reaches('127.0.0.3'), await reaches('127.0.0.1')],
    [true, true, false],
  )
  await listener.close()
  assert.equal(await reaches('127.0.0.2'), false)
})
