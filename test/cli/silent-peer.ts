import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

/** A peer that takes the call and says nothing. */
export async function withSilentPeer(
  use: (peer: string, onCall: (run: () => void) => void) => Promise<void>,
): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.resume() // so that it sees the other end hang up
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    await use(`127.0.0.1:${(server.address() as AddressInfo).port}`, (run) => server.once('connection', run))
  } finally {
    server.close()
    await once(server, 'close')
  }
}
