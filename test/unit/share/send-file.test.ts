import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createServer, get } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { HttpUpload } from '../../../src/share/send-file.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const IDLE_MS = 30_000
const LENGTH = 200_000

test('who waits for its turn below a limit is not taken for an idle reader', async () => {
  const root = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  writeFileSync(join(root, 'file'), Buffer.alloc(LENGTH, 'x'))
  const clock = new FakeClock()
  const upload = new HttpUpload({ clock, limit: 10_000, onSent: () => undefined })
  const handle = await open(join(root, 'file'))
  const server = createServer().listen(0, '127.0.0.1')
  server.setTimeout(IDLE_MS)
  try {
    await once(server, 'listening')
    const answered = once(get({ port: (server.address() as AddressInfo).port, agent: false }), 'response')
    const [, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse]
    const { socket } = response
    const progress = { isSent: false }
    const sent = upload
      .sendPart(handle, { first: 0, last: LENGTH - 1 }, response)
      .then(() => (progress.isSent = true))
    assert.equal(socket?.timeout, 0, 'the bucket is empty at first')
    response.flushHeaders()
    const [message] = (await answered) as [IncomingMessage]
    let received = 0
    message.on('data', (part: Buffer) => (received += part.length))
    const ended = once(message, 'end')
    const deadline = Date.now() + 20_000
    while (!progress.isSent && Date.now() < deadline) {
      await clock.advance(20)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await Promise.all([sent, ended])
    assert.equal(received, LENGTH)
    assert.equal(socket.timeout, IDLE_MS)
  } finally {
    server.closeAllConnections()
    server.close()
    await handle.close()
    rmSync(root, { recursive: true })
  }
})
