/**
 * A tracker that knows its swarms beforehand and tells all of them at once: BEP 15 over UDP, BEP 3 and 23 over HTTP.
 * A program, because it must live on a host of the lab: `node tracker-program.js ADDRESS PORT SWARMS_FILE`; the file is
 * `{ INFO_HASH: ["IP:PORT", ...] }`. Prints "ready", and "packet T" for the first sign of life of each client
 * (a datagram that asks for a connection, or an HTTP connection), T in seconds of CLOCK_MONOTONIC.
 */
import { createSocket } from 'node:dgram'
import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'

const [address = '', port = '', swarmsFile = ''] = process.argv.slice(2)
const CONNECT = 0
const ANNOUNCE = 1
const CONNECTION_ID = Buffer.from('0123456789abcdef', 'hex')
const INTERVAL_SECONDS = 1800
const ANNOUNCE_BYTES = 98

const swarms = new Map(
  Object.entries(JSON.parse(readFileSync(swarmsFile, 'utf8')) as Record<string, string[]>).map(
    ([infoHash, endpoints]) => [infoHash, Buffer.concat(endpoints.map(compact))],
  ),
)

function compact(endpoint: string): Buffer {
  const [ip = '', peerPort = ''] = endpoint.split(':')
  const bytes = Buffer.alloc(6)
  ip.split('.').forEach((part, index) => bytes.writeUInt8(Number(part), index))
  bytes.writeUInt16BE(Number(peerPort), 4)
  return bytes
}

function peersOf(infoHash: string): Buffer {
  return swarms.get(infoHash) ?? Buffer.alloc(0)
}

function notePacket(): void {
  const [seconds, nanoseconds] = process.hrtime()
  console.log(`packet ${(seconds + nanoseconds / 1e9).toFixed(6)}`)
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, index) => bytes.writeUInt32BE(value, 4 * index))
  return bytes
}

/** connect: <0 u32> <transaction> <connection id>; announce: <1> <transaction> <interval> <leechers> <seeders> <peers> */
function answer(request: Buffer): Buffer | undefined {
  const transaction = request.subarray(12, 16)
  if (request.readUInt32BE(8) === CONNECT) {
    notePacket()
    return Buffer.concat([words(CONNECT), transaction, CONNECTION_ID])
  }
  if (request.length < ANNOUNCE_BYTES || request.readUInt32BE(8) !== ANNOUNCE) return undefined
  const peers = peersOf(request.toString('hex', 16, 36))
  return Buffer.concat([words(ANNOUNCE), transaction, words(INTERVAL_SECONDS, 0, peers.length / 6), peers])
}

/** The 20 bytes behind `info_hash=`, percent-encoded or bare. */
function infoHashOf(url: string): string {
  const text = /[?&]info_hash=([^&]*)/.exec(url)?.[1] ?? ''
  const bytes = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('hex')
}

const http = createServer((request, response) => {
  const peers = peersOf(infoHashOf(request.url ?? ''))
  const head = `d8:completei${peers.length / 6}e10:incompletei0e8:intervali${INTERVAL_SECONDS}e5:peers${peers.length}:`
  response.end(Buffer.concat([Buffer.from(head), peers, Buffer.from('e')]))
})
http.on('connection', notePacket)

const udp = createSocket('udp4')
udp.on('message', (request, from) => {
  const reply = request.length >= 16 ? answer(request) : undefined
  if (reply) udp.send(reply, from.port, from.address)
})
http.listen(Number(port), address, () => {
  udp.bind(Number(port), address, () => {
    console.log('ready')
  })
})
