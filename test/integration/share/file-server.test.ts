/** What serve answers over HTTP, to good clients and to bad ones. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../../src/common/clock.ts'
import { FileServer } from '../../../src/share/file-server.ts'
import { HttpUpload } from '../../../src/share/send-file.ts'
import type { SendPart } from '../../../src/share/send-file.ts'
import { ServedData } from '../../../src/share/served-data.ts'
import { makeTorrent } from '../../support/make-torrent.ts'

const torrent = makeTorrent({
  name: 'tree',
  files: [
    { path: 'a b.bin', length: 300_000 },
    { path: 'deep/ü', length: 10 },
    { path: 'empty', length: 0 },
  ],
})

interface Served {
  readonly base: string
  readonly port: number
  readonly root: string
  readonly changed: string[]
  readonly server: FileServer
}

async function withServer(use: (served: Served) => Promise<void>, sendPart?: SendPart): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  await torrent.writeTo(root)
  writeFileSync(join(root, 'secret'), 'secret')
  const changed: string[] = []
  const upload = new HttpUpload({ clock: systemClock, onSent: () => undefined })
  const server = await FileServer.open({
    host: '127.0.0.1',
    port: 0,
    sendPart: sendPart ?? upload.sendPart,
    onChanged: (path) => changed.push(path),
  })
  const { port } = server
  try {
    server.publish({
      documents: new Map([['/', { body: Buffer.from('index'), type: 'text/plain' }]]),
      data: await ServedData.open(torrent.metainfo, join(root, 'tree')),
    })
    await use({ base: `http://127.0.0.1:${port}`, port, root, changed, server })
  } finally {
    await server.close()
    rmSync(root, { recursive: true, force: true })
  }
}

/** Sends this, and reads until the server hangs up. */
async function rawly(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.setEncoding('latin1').on('data', (part: string) => (answer += part))
    socket
      .on('error', () => undefined)
      .on('close', () => {
        resolve(answer)
      })
  })
}

async function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
  return fetch(url, { headers: { Connection: 'close', ...headers }, method })
}

test('files come whole and in parts', async () => {
  await withServer(async ({ base }) => {
    const url = `${base}/data/tree/a%20b.bin`
    const data = torrent.fileData(0)
    const whole = await get(url)
    assert.equal(whole.status, 200)
    assert.equal(whole.headers.get('accept-ranges'), 'bytes')
    assert.equal(whole.headers.get('content-type'), 'application/octet-stream')
    assert.ok(data.equals(Buffer.from(await whole.arrayBuffer())))
    const part = await get(url, { Range: 'bytes=70000-199999' })
    assert.equal(part.status, 206)
    assert.equal(part.headers.get('content-range'), 'bytes 70000-199999/300000')
    assert.ok(data.subarray(70_000, 200_000).equals(Buffer.from(await part.arrayBuffer())))
    const head = await get(url, { Range: 'bytes=0-0' }, 'HEAD')
    assert.deepEqual([head.status, head.headers.get('content-length')], [200, '300000'])
    const beyond = await get(url, { Range: 'bytes=300000-' })
    assert.deepEqual([beyond.status, beyond.headers.get('content-range')], [416, 'bytes */300000'])
    assert.equal((await (await get(`${base}/data/tree/deep/%C3%BC`)).arrayBuffer()).byteLength, 10)
    assert.equal((await get(`${base}/data/tree/empty`)).headers.get('content-length'), '0')
  })
})

test('a part is for those who have the same file', async () => {
  await withServer(async ({ base }) => {
    const url = `${base}/data/tree/deep/%C3%BC`
    const { headers } = await get(url)
    const [tag, time] = [headers.get('etag') ?? '', headers.get('last-modified') ?? '']
    for (const [condition, status] of [
      [tag, 206],
      [time, 206],
      ['"other"', 200],
    ] as const)
      assert.equal((await get(url, { Range: 'bytes=0-1', 'If-Range': condition })).status, status, condition)
    assert.equal((await get(url, { 'If-None-Match': tag })).status, 304)
  })
})

test('nothing but the files of the torrent can be had', async () => {
  await withServer(async ({ port }) => {
    const targets = [
      ...['/data/../secret', '/data/tree/../../secret', '/data/tree/%2e%2e/%2e%2e/secret', '/data/secret'],
      ...['/data//tree/empty', '/data/tree/', '/data/tree', '/data/', '/data/tree/deep', '/data/tree/empty/'],
      ...[
        '/data/tree/empty%00',
        '/data/tree/%2fetc%2fpasswd',
        '//etc/passwd',
        '/../../../../etc/passwd',
        '*',
      ],
    ]
    for (const target of targets) {
      const answer = await rawly(port, `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`)
      assert.match(answer, /^HTTP\/1\.1 404 /, target)
      assert.doesNotMatch(answer, /secret|root:/)
    }
    for (const target of ['/%', '/%ff', '/%zz'])
      assert.match(await rawly(port, `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`), /^HTTP\/1\.1 400 /)
  })
})

test('what is too large, or no request, is refused', async () => {
  await withServer(async ({ port }) => {
    const cases: [string, RegExp][] = [
      [`GET /${'x'.repeat(5000)} HTTP/1.1\r\nHost: x\r\n\r\n`, /^HTTP\/1\.1 414 /],
      [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(9000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
      [`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, /^HTTP\/1\.1 431 /],
      [
        'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n',
        /^HTTP\/1\.1 405 .*Allow: GET, HEAD/s,
      ],
      ['DELETE / HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1\.1 405 /],
      ['\u0013BitTorrent protocol\r\n\r\n', /^HTTP\/1\.1 400 /],
      ['GET / HTTP/1.0\r\n\r\n', /^HTTP\/1\.1 200 .*index$/s],
      ['GET http://x/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 200 .*index$/s],
    ]
    for (const [request, expected] of cases) assert.match(await rawly(port, request), expected)
  })
})

test('a file that has changed is not given any more', async () => {
  await withServer(async ({ base, root, changed }) => {
    truncateSync(join(root, 'tree', 'a b.bin'), 100)
    const answer = await get(`${base}/data/tree/a%20b.bin`)
    assert.deepEqual(
      [answer.status, await answer.text()],
      [404, 'the file has changed since it was served\n'],
    )
    assert.deepEqual(changed, [join(root, 'tree', 'a b.bin')])
  })
})

test('a client that leaves in the middle, or reads nothing, holds nobody up', async () => {
  await withServer(async ({ base, port, server }) => {
    const lazy = connect(port, '127.0.0.1')
    lazy.on('error', () => undefined).pause()
    lazy.write('GET /data/tree/a%20b.bin HTTP/1.1\r\nHost: x\r\n\r\n')
    const leaving = await get(`${base}/data/tree/a%20b.bin`)
    await leaving.body?.cancel()
    assert.equal((await get(`${base}/`)).status, 200)
    await server.close()
    lazy.destroy()
  })
})

test('requests that come all at once have one file open, and none when the client has left', async () => {
  let openCount = 0
  let mostOpen = 0
  const upload = new HttpUpload({ clock: systemClock, onSent: () => undefined })
  await withServer(
    async ({ port, base }) => {
      const request = 'GET /data/tree/a%20b.bin HTTP/1.1\r\nHost: x\r\n\r\n'
      assert.equal((await rawly(port, request.repeat(50))).match(/HTTP/g)?.length ?? 0, 0, 'too many')
      const closing = request.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')
      const answers = await rawly(port, request.repeat(4) + closing)
      assert.equal(answers.match(/HTTP\/1\.1 200 OK/g)?.length, 5)
      const leaving = connect(port, '127.0.0.1')
      leaving.on('error', () => undefined).pause()
      leaving.write(request.repeat(5))
      const deadline = Date.now() + 20_000
      while (openCount === 0 && Date.now() < deadline) await get(`${base}/`)
      leaving.destroy()
      while (openCount > 0 && Date.now() < deadline) await get(`${base}/`)
      assert.deepEqual({ openCount, mostOpen }, { openCount: 0, mostOpen: 1 })
    },
    async (...args) => {
      mostOpen = Math.max(mostOpen, ++openCount)
      try {
        await upload.sendPart(...args)
      } finally {
        openCount--
      }
    },
  )
})

test('a port that is taken is named', async () => {
  await withServer(async ({ port }) => {
    const upload = new HttpUpload({ clock: systemClock, onSent: () => undefined })
    await assert.rejects(FileServer.open({ host: '127.0.0.1', port, sendPart: upload.sendPart }), {
      code: 'SERVE_PORT_TAKEN',
    })
  })
})
