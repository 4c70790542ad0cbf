/** Announces to raw HTTP servers, and what comes of them. */
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { after } from 'node:test'
import { TrackerError } from '../../../src/common/errors.ts'
import { HttpTracker, type HttpTrackerOptions } from '../../../src/tracker/http-tracker.ts'
import type { AnnounceResponse } from '../../../src/tracker/tracker.ts'
import { NEVER, REQUEST } from '../../unit/tracker/fake-udp.ts'
import { openHandles, serveRaw, until, type RawServer } from './loopback.ts'

/** One peer, 10.0.0.1:6881. */
export const ANSWER = 'd8:intervali1800e5:peers6:\x0a\x00\x00\x01\x1a\xe1e'
const servers: RawServer[] = []

after(async () => {
  await Promise.all(servers.map(async (server) => server.close()))
  await until(() => openHandles().length === 0, `everything is closed: ${openHandles().join()}`)
})

/** Gone after the tests of the file. */
export async function serve(respond: (socket: Socket, request: string) => void): Promise<RawServer> {
  const server = await serveRaw(respond)
  servers.push(server)
  return server
}

export async function announceTo(
  url: string,
  options: Partial<HttpTrackerOptions> = {},
): Promise<AnnounceResponse> {
  return new HttpTracker(url, { userAgent: 'torrent-dl/test', ...options }).announce(REQUEST, NEVER)
}

/** What an announce to a server that behaves like this ends with. */
export async function failureOf(
  respond: (socket: Socket, request: string) => void,
  options: Partial<HttpTrackerOptions> = {},
): Promise<TrackerError> {
  const { port } = await serve(respond)
  return failure(announceTo(`http://127.0.0.1:${port}/announce`, options))
}

export async function failure(announce: Promise<unknown>): Promise<TrackerError> {
  try {
    await announce
  } catch (error) {
    assert.ok(error instanceof TrackerError, String(error))
    return error
  }
  return assert.fail('it answered')
}
