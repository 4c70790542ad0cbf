import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server as TcpServer } from 'node:net'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { fetchTorrent } from '../../../src/cli/fetch-torrent.ts'
import { readSource, sourceLabel } from '../../../src/cli/source.ts'
import type { AddressScope } from '../../../src/common/address-scope.ts'
import { KnownError } from '../../../src/common/errors.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const TORRENT = Buffer.from('d4:infod4:name1:xee')
const MAX_BYTES = 10_000

async function listen(server: Server | TcpServer): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return (server.address() as AddressInfo).port
}

/** Runs `use` with the base address of a server that answers as `answer` says. */
async function withServer(answer: RequestListener, use: (base: string) => Promise<void>): Promise<void> {
  const server = createServer(answer)
  const port = await listen(server)
  try {
    await use(`http://127.0.0.1:${port}`)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

async function refuses(url: string, code: string, message: RegExp, options = {}): Promise<void> {
  await assert.rejects(fetchTorrent(url, { maxBytes: MAX_BYTES, ...options }), (error) => {
    assert.ok(error instanceof KnownError, String(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.message, message)
    return true
  })
}

test('the bytes at an address are a source, also compressed and after redirects', async () => {
  const answer: RequestListener = ({ url, headers }, response) => {
    assert.match(String(headers['user-agent']), /^torrent-dl\//)
    if (url === '/a%20b.torrent?x=1') response.end(TORRENT)
    else if (url === '/gz') response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(TORRENT))
    else if (url?.startsWith('/hop/') === true) {
      const left = Number(url.slice('/hop/'.length))
      response.writeHead(302, { Location: left === 1 ? '/gz' : `/hop/${left - 1}` }).end()
    }
  }
  await withServer(answer, async (base) => {
    for (const path of ['/a b.torrent?x=1#part', '/gz', '/hop/5'])
      assert.deepEqual(await readSource(base + path, emptyInput()), TORRENT, path)
    await refuses(`${base}/hop/6`, 'TORRENT_URL_FAILED', /more than 5 redirects/)
  })
})

test('a redirect to itself ends', async () => {
  await withServer(
    ({ url }, response) => response.writeHead(301, { Location: url }).end(),
    async (base) => refuses(`${base}/loop`, 'TORRENT_URL_FAILED', /loop: more than 5 redirects/),
  )
})

test('redirects lead neither to other schemes nor further inwards', async () => {
  let location = ''
  await withServer(
    (_request, response) => response.writeHead(302, { Location: location }).end(),
    async (base) => {
      for (const to of ['file:///etc/passwd', 'ftp://127.0.0.1/a']) {
        location = to
        await refuses(base, 'TORRENT_URL_FAILED', /not http or https/)
      }
      location = 'http://127.0.0.2:1/a'
      const scopeOf = (host: string): AddressScope => (host === '127.0.0.1' ? 'public' : 'private')
      await refuses(base, 'TORRENT_URL_FAILED', /leads to 127\.0\.0\.2/, { scopeOf })
    },
  )
})

test('what the server says is told, and whether another try is worth while', async () => {
  const cases: [number, string, RegExp][] = [
    [404, 'TORRENT_URL_STATUS', /cannot read http.*there is nothing at this address, HTTP status 404/],
    [401, 'TORRENT_URL_STATUS', /asks for a name and a password/],
    [206, 'TORRENT_URL_STATUS', /HTTP status 206/],
    [503, 'TORRENT_URL_UNAVAILABLE', /HTTP status 503/],
    [429, 'TORRENT_URL_UNAVAILABLE', /asked too often/],
  ]
  for (const [status, code, message] of cases) {
    await withServer(
      (_request, response) => response.writeHead(status).end('x'),
      async (base) => refuses(`${base}/a.torrent`, code, message),
    )
  }
})

test('a web page is told from a .torrent', async () => {
  for (const page of ['<!DOCTYPE html><title>x', '\n <html>', '\ufeff<?xml version="1.0"?>']) {
    await withServer(
      (_request, response) => response.end(page),
      async (base) => refuses(base, 'TORRENT_URL_WEB_PAGE', /it is a web page, not a \.torrent/),
    )
  }
})

test('an endless answer, and one that grows when it is unpacked, are cut off', async () => {
  const endless: RequestListener = (_request, response) => {
    const more = (): void => {
      while (response.write(Buffer.alloc(4096)));
      response.once('drain', more)
    }
    more()
  }
  const bomb: RequestListener = (_request, response) => {
    response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(Buffer.alloc(MAX_BYTES + 1)))
  }
  for (const answer of [endless, bomb])
    await withServer(answer, async (base) => refuses(base, 'TORRENT_FILE_TOO_LARGE', /not a \.torrent file/))
})

test('a server that says nothing, or too slowly, is given up', async () => {
  for (const [isSilent, message] of [
    [true, /no answer in 20 s/],
    [false, /no whole answer in 120 s/],
  ] as const) {
    const clock = new FakeClock()
    // The head's deadline is gone as soon as the head is there.
    const advance = (): void => {
      if (!isSilent && clock.timerCount > 1) setImmediate(advance)
      else void clock.advance(120_000)
    }
    const answer: RequestListener = (_request, response) => {
      if (!isSilent) response.write('d')
      advance()
    }
    await withServer(answer, async (base) => refuses(base, 'TORRENT_URL_UNREACHABLE', message, { clock }))
  }
})

test('nobody there, and something else there', async () => {
  const gone = createTcpServer()
  const port = await listen(gone)
  await new Promise((resolve) => gone.close(resolve))
  await refuses(`http://127.0.0.1:${port}/a`, 'TORRENT_URL_UNREACHABLE', /connection refused by 127/)
  const other = createTcpServer((socket) => {
    socket
      .on('error', () => undefined)
      .resume()
      .end('SSH-2.0-x\r\n')
  })
  const otherPort = await listen(other)
  try {
    await refuses(`http://127.0.0.1:${otherPort}/a`, 'TORRENT_URL_FAILED', /not an HTTP answer/)
    await refuses(`https://127.0.0.1:${otherPort}/a`, 'TORRENT_URL_FAILED', /no secure connection/)
  } finally {
    await new Promise((resolve) => other.close(resolve))
  }
})

test('what is no address is refused before anything is sent', async () => {
  for (const url of ['http://', 'http://host:99999/a', 'http://h:0/a', `http://h/${'x'.repeat(9000)}`])
    await refuses(url, 'TORRENT_URL_INVALID', /not a valid address/)
})

test('it can be called off', async () => {
  const controller = new AbortController()
  await withServer(
    () => {
      controller.abort()
    },
    async (base) => refuses(base, 'TORRENT_URL_FAILED', /called off/, { signal: controller.signal }),
  )
})

test('names and passwords go to the server, and into no message', async () => {
  let authorization: string | undefined
  const answer: RequestListener = ({ headers }, response) => {
    authorization = headers.authorization
    response.writeHead(403).end()
  }
  await withServer(answer, async (base) => {
    const url = base.replace('//', '//me:p%40ss@') + '/a.torrent?token=abc&n=1'
    const shown = new RegExp(`cannot read ${base.replace('//', '//\\*{3}@')}/a.torrent\\?token=\\*{3}&n=1: `)
    await refuses(url, 'TORRENT_URL_STATUS', shown)
    assert.equal(authorization, `Basic ${Buffer.from('me:p@ss').toString('base64')}`)
    assert.doesNotMatch(sourceLabel(url), /me|p%40ss|abc/)
  })
  assert.equal(sourceLabel('odd@name.torrent?key=1'), 'odd@name.torrent?key=1')
})

async function* emptyInput(): AsyncGenerator<Buffer> {
  // Standard input that nobody asks for.
}
