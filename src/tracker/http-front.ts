/**
 * Where a tracker hears HTTP: one short request a connection, a bounded number of connections, and no patience with slow
 * ones. When too many are open the oldest goes, so that those who only hold on keep nobody out.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Endpoint } from '../common/endpoint.ts'

export interface HttpFront {
  readonly port: number
  /** Frees the port; connections end at once. Never rejects. */
  close(): Promise<void>
}

/** @param host where the request comes from; IPv4 as IPv4 @returns the body, or undefined for what is not there */
export type AnswerHttp = (path: string, query: string, host: string) => Buffer | undefined

const MAX_CONNECTIONS = 512
/** A scrape of a hundred torrents fits. */
const MAX_HEAD_BYTES = 8192
const REQUEST_MS = 5000
/** How often Node looks for slow requests. */
const LOOK_MS = 1000
/** Without a byte in either direction. */
const SILENCE_MS = 10_000
const MAPPED_PREFIX = '::ffff:'

/** @throws Error a Node system error (`EADDRINUSE`...) */
export async function listenHttp(
  { host, port }: Endpoint,
  answer: AnswerHttp,
  { isV6Only }: { readonly isV6Only: boolean },
): Promise<HttpFront> {
  const { createServer } = await import('node:http')
  const server = createServer({
    maxHeaderSize: MAX_HEAD_BYTES,
    headersTimeout: REQUEST_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: LOOK_MS,
  })
  server.timeout = SILENCE_MS
  boundConnections(server)
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    onRequest(request, response, answer)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, ipv6Only: isV6Only }, () => {
      server.off('error', reject)
      server.on('error', () => undefined) // a failed accept ends one connection, not the tracker
      resolve()
    })
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: async () => closeServer(server),
  }
}

function boundConnections(server: Server): void {
  const open = new Set<Socket>()
  server.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    const [oldest] = open
    if (open.size > MAX_CONNECTIONS) oldest?.destroy()
  })
}

function onRequest(request: IncomingMessage, response: ServerResponse, answer: AnswerHttp): void {
  response.on('error', () => undefined) // the client left
  const [path = '', query = ''] = (request.url ?? '').split('?', 2)
  const host = request.socket.remoteAddress
  const isAsked = request.method === 'GET' && host !== undefined
  const body = isAsked ? answer(path, query, withoutMapping(host)) : undefined
  if (body === undefined) {
    response.writeHead(404, { 'Content-Length': 0, Connection: 'close' }).end()
    return
  }
  response.writeHead(200, {
    'Content-Type': 'text/plain',
    'Content-Length': body.length,
    Connection: 'close',
  })
  response.end(body)
}

function withoutMapping(host: string): string {
  return host.startsWith(MAPPED_PREFIX) ? host.slice(MAPPED_PREFIX.length) : host
}

async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve() // an error says that it was not listening: fine as well
    })
    server.closeAllConnections()
  })
}
