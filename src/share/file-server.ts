/**
 * What `serve` answers over HTTP: an index, the .torrent, and the data as a web seed (BEP 19). Everything that a stranger
 * can make large or slow is bounded: header, address, connections, and the time in which nothing moves.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { formatEndpoint } from '../common/endpoint.ts'
import { systemCodeOf, UsageError } from '../common/errors.ts'
import { whyNotListening } from '../common/listen-failure.ts'
import { readRange } from './byte-range.ts'
import type { SendPart } from './send-file.ts'
import { DATA_PATH, openServedFile, type ServedData, type ServedFile } from './served-data.ts'

const MAX_HEADER_BYTES = 8192
const MAX_TARGET_LENGTH = 4096
const MAX_CONNECTIONS = 512
const MAX_REQUESTS_PER_CONNECTION = 1000
/** Sent before the answer to the first has come; browsers and downloaders send one. */
const MAX_PIPELINED = 8
/** For a whole request; there is nothing to upload. */
const REQUEST_MS = 10_000
const KEEP_ALIVE_MS = 5000
/** A reader that takes nothing for this long is cut off. */
const IDLE_MS = 30_000
const TEXT = 'text/plain; charset=utf-8'

/** Bytes that are ready, and what they are. */
export interface Document {
  readonly body: Buffer
  readonly type: string
}

/** What there is to be had. */
export interface Content {
  /** By decoded path. */
  readonly documents: ReadonlyMap<string, Document>
  /** Undefined: the data is not given over HTTP. */
  readonly data: ServedData | undefined
}

export interface FileServerOptions {
  /** An address of this machine. */
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** Sends a part of a file. */
  readonly sendPart: SendPart
  /** A file that is not any more what the torrent describes. */
  readonly onChanged?: (path: string) => void
}

export class FileServer {
  readonly #server: Server
  readonly #options: FileServerOptions
  readonly #lines = new WeakMap<Socket, Line>()
  #content: Content | undefined

  private constructor(server: Server, options: FileServerOptions) {
    this.#server = server
    this.#options = options
    server.maxConnections = MAX_CONNECTIONS
    server.maxRequestsPerSocket = MAX_REQUESTS_PER_CONNECTION
    server.setTimeout(IDLE_MS)
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      response.on('error', () => undefined) // the client left
      this.#answerInTurn(request, response).catch(() => response.destroy())
    })
  }

  /** Listens, and answers 503 until there is something to give. @throws UsageError SERVE_PORT_TAKEN, LISTEN_FAILED */
  static async open(options: FileServerOptions): Promise<FileServer> {
    const { createServer } = await import('node:http')
    const server = createServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      requestTimeout: REQUEST_MS,
      headersTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: 1000,
    })
    const { host, port } = options
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => {
        reject(listenFailure(host, port, error))
      })
      server.listen(port, host, resolve)
    })
    server.removeAllListeners('error').on('error', () => undefined) // a failed accept ends one connection
    return new FileServer(server, options)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0
  }

  publish(content: Content): void {
    this.#content = content
  }

  /** Frees the port; connections end at once. Never rejects. */
  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve()
      })
    })
  }

  /** One after another on each connection: whoever sends many requests at once has one file open. */
  async #answerInTurn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request
    const line = this.#lines.get(socket) ?? { count: 0, last: Promise.resolve() }
    this.#lines.set(socket, line)
    const { last } = line
    line.count++
    line.last = ended(response).then(() => {
      line.count--
    })
    if (line.count > MAX_PIPELINED) {
      socket.destroy()
      return
    }
    await last
    if (!socket.destroyed) await this.#answer(request, response)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '' } = request
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      refuse(response, 405, 'only GET and HEAD')
      return
    }
    if (url.length > MAX_TARGET_LENGTH) refuse(response, 414, 'the address is too long')
    else if (this.#content === undefined) {
      response.setHeader('Retry-After', '5')
      refuse(response, 503, 'the torrent is still being made')
    } else await this.#answerPath(decodedPath(url), this.#content, { request, response })
  }

  async #answerPath(path: string | undefined, content: Content, exchange: Exchange): Promise<void> {
    const { response } = exchange
    if (path === undefined) {
      refuse(response, 400, 'the address cannot be read')
      return
    }
    const document = content.documents.get(path)
    if (document !== undefined) {
      sendDocument(document, exchange)
      return
    }
    const file = path.startsWith(DATA_PATH) ? content.data?.find(path) : undefined
    if (file === undefined) refuse(response, 404, 'there is nothing at this address')
    else await this.#sendFile(file, exchange)
  }

  async #sendFile(file: ServedFile, exchange: Exchange): Promise<void> {
    const { request, response } = exchange
    const part = chooseRange(file, request)
    writeFileHead(file, response)
    if (request.headers['if-none-match'] === file.tag) {
      response.writeHead(304).end()
      return
    }
    if (part === 'unsatisfiable') {
      response.setHeader('Content-Range', `bytes */${file.lengthBytes}`)
      refuse(response, 416, 'the file is not that long', false)
      return
    }
    const handle = await openServedFile(file)
    if (handle === undefined) {
      this.#options.onChanged?.(file.path)
      // For good: a web seed that answers 404 is not asked again.
      for (const name of FILE_HEADERS) response.removeHeader(name)
      refuse(response, 404, 'the file has changed since it was served')
      return
    }
    try {
      const { first, last } = part ?? { first: 0, last: file.lengthBytes - 1 }
      response.setHeader('Content-Length', last - first + 1)
      if (part !== undefined)
        response.setHeader('Content-Range', `bytes ${first}-${last}/${file.lengthBytes}`)
      response.writeHead(part === undefined ? 200 : 206)
      if (request.method === 'HEAD') response.end()
      else await this.#options.sendPart(handle, { first, last }, response)
    } finally {
      await handle.close()
    }
  }
}

/** Of one connection. */
interface Line {
  /** Not answered yet. */
  count: number
  /** Until all of them are; for ever when the connection ended before. */
  last: Promise<void>
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

const FILE_HEADERS = ['Accept-Ranges', 'ETag', 'Last-Modified', 'Content-Type']

function writeFileHead({ tag, modifiedMs }: ServedFile, response: ServerResponse): void {
  response.setHeader('Accept-Ranges', 'bytes')
  response.setHeader('ETag', tag)
  response.setHeader('Last-Modified', new Date(modifiedMs).toUTCString())
  response.setHeader('Content-Type', 'application/octet-stream')
  // A browser must not take data for a page of ours.
  response.setHeader('X-Content-Type-Options', 'nosniff')
}

async function ended(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    response.once('finish', resolve).once('close', resolve)
  })
}

/** HEAD has no ranges; `If-Range` with another tag or time means all of it. */
function chooseRange(
  { lengthBytes, tag, modifiedMs }: ServedFile,
  { method, headers }: IncomingMessage,
): ReturnType<typeof readRange> {
  const condition = headers['if-range']
  const holds = [undefined, tag, new Date(modifiedMs).toUTCString()].includes(condition as string | undefined)
  return method === 'GET' && holds ? readRange(headers.range, lengthBytes) : undefined
}

function sendDocument({ body, type }: Document, { request, response }: Exchange): void {
  response.writeHead(200, {
    'Content-Type': type,
    'Content-Length': body.length,
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-cache',
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** @param ends whether the connection ends, too: after a request that may have a body we do not read */
function refuse(response: ServerResponse, status: number, why: string, ends = true): void {
  const body = Buffer.from(`${why}\n`)
  if (ends) response.setHeader('Connection', 'close')
  response.setHeader('Content-Length', body.length)
  response.setHeader('Content-Type', TEXT)
  response.writeHead(status)
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

/** @returns undefined when it is not UTF-8 in percent encoding */
function decodedPath(target: string): string | undefined {
  // A proxy's form of a request has the whole address (RFC 9112, 3.2.2).
  const local = target.replace(/^https?:\/\/[^/?]*/i, '')
  const [path = ''] = local.split(/[?#]/, 1)
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

function listenFailure(host: string, port: number, error: unknown): UsageError {
  const code = systemCodeOf(error) === 'EADDRINUSE' ? 'SERVE_PORT_TAKEN' : 'LISTEN_FAILED'
  const where = formatEndpoint({ host, port })
  return new UsageError(code, `cannot serve on ${where}: ${whyNotListening(error)}`, { cause: error })
}
