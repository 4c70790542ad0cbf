import assert from 'node:assert/strict'
import net from 'node:net'
import { test } from 'node:test'
import { RecordingHandler, openTcpPair, until } from '../../support/stream-pair.ts'
import { TcpListener } from '../../../src/net/tcp-listener.ts'
import { checkByteStream } from '../../support/byte-stream-compliance.ts'
import { acceptTcp, connectTcp } from '../../../src/net/tcp-stream.ts'

checkByteStream('TCP into the shared buffer', openTcpPair('shared'))
checkByteStream('TCP by data events', openTcpPair('data'))

const LOOPBACK = '127.0.0.1'
const noop = (): void => undefined

/** A port of loopback where nobody listens (any more). */
async function closedPort(): Promise<number> {
  const attach = new RecordingHandler().attach
  const listener = await TcpListener.open({ ports: { first: 0, last: 0 }, hosts: [LOOPBACK], attach })
  await listener.close()
  return listener.port
}

test('a dial that is refused ends in onClose with the system error', async () => {
  const heard = new RecordingHandler()
  let isConnected = false
  connectTcp({ host: LOOPBACK, port: await closedPort() }, heard.attach, {
    onConnect: () => (isConnected = true),
  })
  await until(() => heard.closeCount > 0)
  assert.equal((heard.error as NodeJS.ErrnoException).code, 'ECONNREFUSED')
  assert.equal(heard.closeCount, 1)
  assert.equal(isConnected, false)
})

for (const [what, endpoint, localAddress] of [
  ['a port out of range', { host: LOOPBACK, port: 70_000 }, undefined],
  ['a local address that is none', { host: LOOPBACK, port: 9 }, 'not an address'],
  ['a local address of the other family', { host: LOOPBACK, port: 9 }, '::1'],
] as const) {
  test(`${what} ends in onClose, not in an exception`, async () => {
    const heard = new RecordingHandler()
    connectTcp(endpoint, heard.attach, { onConnect: noop, localAddress })
    await until(() => heard.closeCount > 0)
    assert.ok(heard.error instanceof Error)
    assert.equal(heard.closeCount, 1)
  })
}

test('the local address asked for is the one the other side sees', async () => {
  const heard = new RecordingHandler()
  let remoteHost = ''
  const listener = await TcpListener.open({
    ports: { first: 0, last: 0 },
    hosts: [LOOPBACK],
    attach: (stream) => {
      remoteHost = stream.remote.host
      return heard
    },
  })
  connectTcp({ host: LOOPBACK, port: listener.port }, heard.attach, {
    onConnect: noop,
    localAddress: '127.0.0.5',
  })
  await until(() => remoteHost !== '')
  assert.equal(remoteHost, '127.0.0.5')
  await listener.close()
})

test('what onConnect throws closes the stream with that error', async () => {
  const listener = await TcpListener.open({
    ports: { first: 0, last: 0 },
    hosts: [LOOPBACK],
    attach: new RecordingHandler().attach,
  })
  const heard = new RecordingHandler()
  connectTcp({ host: LOOPBACK, port: listener.port }, heard.attach, {
    onConnect: () => {
      throw new Error('from onConnect')
    },
  })
  await until(() => heard.closeCount > 0)
  assert.equal(heard.error?.message, 'from onConnect')
  await listener.close()
})

test('what attach throws comes out of connectTcp, and the socket is gone', async () => {
  const port = await closedPort()
  const attach = (): never => {
    throw new Error('from attach')
  }
  assert.throws(() => connectTcp({ host: LOOPBACK, port }, attach, { onConnect: noop }), {
    message: 'from attach',
  })
})

test('what was written before the connection stands leaves after it', async () => {
  const heard = new RecordingHandler()
  const ours = new RecordingHandler()
  const listener = await TcpListener.open({
    ports: { first: 0, last: 0 },
    hosts: [LOOPBACK],
    attach: heard.attach,
  })
  const stream = connectTcp({ host: LOOPBACK, port: listener.port }, ours.attach, { onConnect: noop })
  assert.equal(stream.write(Buffer.from('early')), false)
  await until(() => heard.byteCount === 5 && ours.drainCount === 1)
  await listener.close()
})

test('a reset by the other side is an error, an orderly end is none', async () => {
  for (const isReset of [true, false]) {
    const heard = new RecordingHandler()
    const server = net.createServer((socket) => {
      if (isReset) socket.resetAndDestroy()
      else socket.end()
    })
    server.listen(0, LOOPBACK)
    await until(() => server.listening)
    const { port } = server.address() as net.AddressInfo
    connectTcp({ host: LOOPBACK, port }, heard.attach, { onConnect: noop })
    await until(() => heard.closeCount > 0)
    assert.equal((heard.error as NodeJS.ErrnoException | undefined)?.code, isReset ? 'ECONNRESET' : undefined)
    server.close()
  }
})

test('all sockets that read into the shared buffer share one memory', async () => {
  const memories = new Set<ArrayBufferLike>()
  const attach = (): RecordingHandler => {
    const heard = new RecordingHandler()
    heard.onBytes = (bytes) => {
      memories.add(bytes.buffer)
      assert.equal(bytes.toString(), 'hello')
    }
    return heard
  }
  const listener = await TcpListener.open({
    ports: { first: 0, last: 0 },
    hosts: [LOOPBACK],
    attach,
    receive: 'shared',
  })
  for (let i = 0; i < 5; i++) {
    const stream = connectTcp({ host: LOOPBACK, port: listener.port }, attach, {
      onConnect: noop,
      receive: 'shared',
    })
    stream.write(Buffer.from('hello'))
  }
  await until(() => listener.connectionCount === 5 && memories.size > 0)
  await listener.close()
  assert.equal(memories.size, 1)
})

test('an accepted socket whose handle cannot be moved is read by data events', async () => {
  const heard = new RecordingHandler()
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    const holder = socket as unknown as { _handle: unknown }
    const handle = holder._handle
    let isHidden = true
    // A Node that keeps its handle elsewhere.
    Object.defineProperty(socket, '_handle', { configurable: true, writable: true, value: undefined })
    acceptTcp(socket, (stream) => {
      if (isHidden) holder._handle = handle
      isHidden = false
      assert.ok(stream.bufferedBytes === 0)
      return heard
    })
  })
  server.listen(0, LOOPBACK)
  await until(() => server.listening)
  const { port } = server.address() as net.AddressInfo
  const other = new RecordingHandler()
  const stream = connectTcp({ host: LOOPBACK, port }, other.attach, { onConnect: noop })
  stream.write(Buffer.from('hello'))
  await until(() => heard.byteCount === 5)
  stream.close()
  await until(() => heard.closeCount > 0)
  server.close()
})
