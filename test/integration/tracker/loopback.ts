/** Loopback servers that say whatever a test wants, and waiting for the network without sleeping. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { TrackerServer, type TrackerServerOptions } from '../../../src/tracker/tracker-server.ts'

/** A tracker that is gone after the test, however that ends. */
export async function openTracker(
  t: TestContext,
  options: Partial<TrackerServerOptions> = {},
): Promise<TrackerServer> {
  const server = await TrackerServer.open({ host: '127.0.0.1', port: 0, intervalSeconds: 1800, ...options })
  t.after(async () => server.close())
  return server
}

export interface RawServer {
  readonly port: number
  readonly connectionCount: number
  /** What clients sent, one text a connection. */
  readonly requests: string[]
  close(): Promise<void>
}

/** Calls `respond` once per connection, when the head of a request is there. */
export async function serveRaw(
  respond: (socket: Socket, request: string) => void,
  host = '127.0.0.1',
): Promise<RawServer> {
  const sockets = new Set<Socket>()
  const requests: string[] = []
  let connectionCount = 0
  const server: Server = createServer((socket) => {
    connectionCount += 1
    sockets.add(socket)
    socket.on('error', () => undefined) // clients hang up in the middle here
    socket.on('close', () => sockets.delete(socket))
    let request = ''
    socket.on('data', (chunk) => {
      const wasWhole = request.includes('\r\n\r\n')
      request += chunk.toString('latin1')
      if (wasWhole || !request.includes('\r\n\r\n')) return
      requests.push(request)
      respond(socket, request)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    get connectionCount() {
      return connectionCount
    },
    requests,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A whole answer: `status` line rest, headers, body. */
export function reply(
  socket: Socket,
  body: string | Buffer,
  headers: readonly string[] = [],
  status = '200 OK',
): void {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body, 'latin1')
  const head = [`HTTP/1.1 ${status}`, `Content-Length: ${bytes.length}`, ...headers, '', ''].join('\r\n')
  socket.end(Buffer.concat([Buffer.from(head, 'latin1'), bytes]))
}

/** Lets the event loop turn until `isSo`. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let turn = 0; turn < 100_000; turn++) {
    if (isSo()) return
    await new Promise<void>((resolve) => {
      setImmediate(resolve)
    })
  }
  throw new Error(`never happened: ${what}`)
}

/** Loopback hosts of this machine: IPv6 where it has it. */
export async function loopbackHosts(): Promise<string[]> {
  const hasV6 = await new Promise<boolean>((resolve) => {
    const probe = createServer()
    probe.once('error', () => {
      resolve(false)
    })
    probe.listen(0, '::1', () => {
      probe.close(() => {
        resolve(true)
      })
    })
  })
  return hasV6 ? ['127.0.0.1', '::1'] : ['127.0.0.1']
}

/** Sockets and servers that are still open. */
export function openHandles(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /UDP|TCP|TLS|Timeout|GetAddrInfo/.test(name))
}
