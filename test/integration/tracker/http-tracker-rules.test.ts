import assert from 'node:assert/strict'
import type { AddressInfo, Socket } from 'node:net'
import { describe, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { announceTo, ANSWER, failure, failureOf, serve } from './http-client.ts'
import { reply, serveRaw } from './loopback.ts'
import { SELF_SIGNED_CERT, SELF_SIGNED_KEY } from './self-signed.ts'

describe('an HTTP tracker that redirects', () => {
  const redirect = (location: string) => (socket: Socket) => {
    reply(socket, '', [`Location: ${location}`], '302 Found')
  }

  test('is followed five times, and not in circles', async () => {
    let left = 5
    const server = await serve((socket) => {
      if (left-- > 0) redirect(`/announce?left=${left}`)(socket)
      else reply(socket, ANSWER)
    })
    const url = `http://127.0.0.1:${server.port}/announce`
    assert.equal((await announceTo(url)).endpoints.length, 1)
    assert.ok(server.requests[5]!.startsWith('GET /announce?left=0 '))
    left = Infinity
    assert.equal((await failure(announceTo(url))).code, 'TRACKER_REDIRECT_REFUSED')
    assert.equal(server.requests.length, 12)
  })

  test('to another scheme is not followed', async () => {
    for (const location of [
      'file:///etc/passwd',
      'ftp://127.0.0.1/',
      'gopher://127.0.0.1/',
      'data:,de',
      'http://',
    ]) {
      assert.equal((await failureOf(redirect(location))).code, 'TRACKER_REDIRECT_REFUSED', location)
    }
  })

  test('further inwards than it lies itself is not followed, and the target sees no packet', async () => {
    const target = await serve((socket) => {
      reply(socket, ANSWER)
    })
    const options = {
      // This machine has no public address, so its own plays one.
      scopeOf: (host: string) =>
        host === '127.0.0.1' ? 'public' : host === '127.0.0.2' ? 'private' : 'loopback',
      resolve: async (host: string) =>
        Promise.resolve([host === 'inside.example' ? '127.0.0.2' : '127.0.0.1']),
    } as const
    for (const host of ['127.0.0.2', '127.0.0.3', 'inside.example', '[::1]']) {
      const error = await failureOf(redirect(`http://${host}:${target.port}/announce`), options)
      assert.equal(error.code, 'TRACKER_ADDRESS_REFUSED', host)
    }
    assert.equal(target.connectionCount, 0)
    const { port } = await serve(redirect(`http://outside.example:${target.port}/announce`))
    assert.equal((await announceTo(`http://127.0.0.1:${port}/announce`, options)).scope, 'public')
  })

  test('hears the password of its URL, and nobody else does', async () => {
    const target = await serve((socket) => {
      reply(socket, ANSWER)
    })
    const server = await serve((socket, request) => {
      redirect(request.startsWith('GET /announce/2') ? `http://127.0.0.1:${target.port}/a` : '/announce/2')(
        socket,
      )
    })
    await announceTo(`http://user:p%40ss@127.0.0.1:${server.port}/announce`)
    const secret = `Authorization: Basic ${Buffer.from('user:p@ss').toString('base64')}`
    assert.deepEqual(
      server.requests.map((request) => request.includes(secret)),
      [true, true],
    )
    assert.ok(!target.requests[0]!.includes('Authorization'))
  })
})

describe('the address of an HTTP tracker', () => {
  test('may be on this machine or network only when its path is an announce, or the user named it', async () => {
    const server = await serve((socket) => {
      reply(socket, ANSWER)
    })
    const url = `http://127.0.0.1:${server.port}/x?y`
    assert.equal((await failure(announceTo(url))).code, 'TRACKER_ADDRESS_REFUSED')
    const named = url.replace('127.0.0.1', 'inside.example')
    const resolve = async (): Promise<string[]> => Promise.resolve(['127.0.0.1'])
    assert.equal((await failure(announceTo(named, { resolve }))).code, 'TRACKER_ADDRESS_REFUSED')
    assert.equal(server.connectionCount, 0)
    assert.equal((await announceTo(url, { isUserNamed: true })).endpoints.length, 1)
    assert.equal((await announceTo(url.replace('/x', '/announce.php'))).endpoints.length, 1)
  })

  test('is looked up once, and what was checked is what is dialled', async () => {
    const { port } = await serve((socket) => {
      reply(socket, ANSWER)
    })
    const answers = [['127.0.0.1'], ['127.0.0.9']]
    const asked: string[] = []
    const resolve = async (host: string): Promise<string[]> => {
      asked.push(host)
      return Promise.resolve(answers.shift() ?? [])
    }
    assert.equal(
      (await announceTo(`http://rebinding.example:${port}/announce`, { resolve })).endpoints.length,
      1,
    )
    assert.deepEqual(asked, ['rebinding.example'])
  })

  test('may be one of several, of which the first is dead', async () => {
    const { port } = await serve((socket) => {
      reply(socket, ANSWER)
    })
    const resolve = async (): Promise<string[]> => Promise.resolve(['::1', '127.0.0.1'])
    assert.equal((await announceTo(`http://two.example:${port}/announce`, { resolve })).endpoints.length, 1)
  })

  test('that does not exist is reported in those words', async () => {
    const resolve = async (): Promise<string[]> =>
      Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' }))
    const error = await failure(announceTo('http://gone.example/announce', { resolve }))
    assert.deepEqual([error.code, error.message], ['TRACKER_NO_SUCH_HOST', 'no such host gone.example'])
  })
})

describe('an HTTPS tracker', () => {
  test('with a certificate nobody vouches for is refused', async () => {
    let requestCount = 0
    const server = createTlsServer({ cert: SELF_SIGNED_CERT, key: SELF_SIGNED_KEY }, (socket) => {
      socket.on('error', () => undefined) // the client hangs up
      socket.on('data', () => {
        requestCount += 1
      })
    })
    server.on('tlsClientError', () => undefined)
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const { port } = server.address() as AddressInfo
    const error = await failure(announceTo(`https://127.0.0.1:${port}/announce`))
    assert.deepEqual([error.code, requestCount], ['TRACKER_TLS', 0])
    await new Promise((resolve) => server.close(resolve))
  })

  test('that is not there, or shakes hands badly, fails', async () => {
    const garbage = await serveRaw(() => undefined)
    await garbage.close()
    assert.equal(
      (await failure(announceTo(`https://127.0.0.1:${garbage.port}/announce`))).code,
      'TRACKER_UNREACHABLE',
    )
    const plain = createTlsServer({}, () => undefined)
    plain.on('tlsClientError', () => undefined)
    await new Promise<void>((resolve) => {
      plain.listen(0, '127.0.0.1', resolve)
    })
    const { port } = plain.address() as AddressInfo
    assert.equal((await failure(announceTo(`https://127.0.0.1:${port}/announce`))).code, 'TRACKER_TLS')
    await new Promise((resolve) => plain.close(resolve))
  })
})
