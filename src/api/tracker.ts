/** `tracker` of the library: a tracker in this process, UDP and HTTP on one port number. */
import { TrackerServer } from '../tracker/tracker-server.ts'
import { checkNumber } from './source.ts'

export interface TrackerOptions {
  /** An IP address of this machine; default `127.0.0.1`. */
  readonly host?: string
  /** Default: any free one. */
  readonly port?: number
  /** What peers are told to ask again after; default 1800. */
  readonly intervalSeconds?: number
}

/** A tracker that runs. */
export interface RunningTracker {
  /** For UDP and TCP. */
  readonly port: number
  readonly udpUrl: string
  readonly httpUrl: string
  /** Never rejects. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** @throws KnownError TRACKER_SERVER_PORT when the port is not to be had */
export async function tracker(options: TrackerOptions = {}): Promise<RunningTracker> {
  const { host = '127.0.0.1', port = 0, intervalSeconds = 1800 } = options
  const server = await TrackerServer.open({
    host,
    port: checkNumber('port', port, [0, 65_535]),
    intervalSeconds: checkNumber('intervalSeconds', intervalSeconds, [1, 86_400]),
  })
  const close = async (): Promise<void> => server.close()
  const { udpUrl, httpUrl } = server
  return { port: server.port, udpUrl, httpUrl, close, [Symbol.asyncDispose]: close }
}
