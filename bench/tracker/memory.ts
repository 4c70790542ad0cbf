/**
 * The memory of a full tracker, through the code that answers packets: `node memory.js PEERS TORRENTS`. Then all of them
 * expire, as the tracker forgets them. Prints one line of JSON.
 */
import { ConnectionIds } from '../../src/tracker/connection-ids.ts'
import { PLACE_BYTES, writePlace } from '../../src/tracker/peer-place.ts'
import { TrackerDesk } from '../../src/tracker/tracker-desk.ts'
import { UdpService } from '../../src/tracker/udp-service.ts'

const [peerCount = 0, torrentCount = 1] = process.argv.slice(2).map(Number)
const KEY = Uint32Array.of(1, 2, 3, 4)
let nowMs = 0

const desk = new TrackerDesk({
  intervalSeconds: 300,
  limits: { maxPeers: peerCount, maxTorrents: torrentCount, maxPeersPerTorrent: peerCount },
  nowMs: () => nowMs,
  random: Math.random,
  key: KEY,
  failWith: undefined,
  isAllowed: undefined,
})
const connectionIds = new ConnectionIds(KEY)
const service = new UdpService({ desk, connectionIds, nowMs: () => nowMs, onAnnounce: undefined })

const emptyBytes = process.memoryUsage().rss
const packet = Buffer.alloc(98)
packet.writeUInt32BE(1, 8)
packet.writeInt32BE(50, 92)
packet.writeUInt16BE(6881, 96)
const place = new Uint8Array(PLACE_BYTES)
const began = performance.now()
let slowestMs = 0
for (let i = 0; i < peerCount; i++) {
  const at = performance.now()
  const host = `${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.7`
  writePlace(place, host, 0)
  connectionIds.current(place, nowMs).copy(packet)
  packet.writeUInt32BE(i % torrentCount, 32)
  packet.writeUInt32BE(i, 48)
  packet.writeUInt32BE(i % 10, 68)
  if (service.answer(packet, { host, port: 6881 })?.readUInt32BE(0) !== 1)
    throw new Error(`peer ${i} was refused`)
  slowestMs = Math.max(slowestMs, performance.now() - at)
}
const fillSeconds = (performance.now() - began) / 1000
const fullBytes = process.memoryUsage().rss
const fullPeers = desk.registry.peerCount
nowMs += 3_600_000
let longestSweepMs = 0
for (let hasMore = true; hasMore;) {
  const at = performance.now()
  hasMore = desk.tidy()
  longestSweepMs = Math.max(longestSweepMs, performance.now() - at)
}
if (desk.registry.peerCount !== 0) throw new Error('some never expired')
const figures = { fullPeers, torrentCount, emptyBytes, fullBytes, fillSeconds, slowestMs, longestSweepMs }
process.stdout.write(`${JSON.stringify(figures)}\n`)
