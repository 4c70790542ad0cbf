/** What a UDP tracker says in tests that play one (BEP 15). */
import { writeCompact } from '../../src/common/endpoint.ts'
import { ANNOUNCE_HEAD_BYTES, writeAnnounceHead } from '../../src/tracker/udp-codec.ts'
import type { UdpAnnounceAnswer } from '../../src/tracker/udp-codec.ts'

/** Endpoints must all be of the family of the socket that this goes out on. */
export function writeAnnounceResponse(transactionId: number, answer: UdpAnnounceAnswer): Buffer {
  const peers = Buffer.concat(answer.endpoints.map(writeCompact))
  const packet = writeAnnounceHead(transactionId, answer, peers.length)
  peers.copy(packet, ANNOUNCE_HEAD_BYTES)
  return packet
}
