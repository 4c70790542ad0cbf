/**
 * A UDP tracker (BEP 15) that ignores the first datagrams, then answers every announce with one peer. A program, because
 * it must live on a host of the lab: `node dropping-tracker.js ADDRESS PORT DATAGRAMS_TO_DROP PEER_ADDRESS PEER_PORT`.
 */
import { createSocket } from 'node:dgram'

const [address, port, dropCount, peerAddress, peerPort] = process.argv.slice(2)
const CONNECT = 0
const ANNOUNCE = 1
const CONNECTION_ID = Buffer.from('0123456789abcdef', 'hex')
const INTERVAL_SECONDS = 1800

let left = Number(dropCount)
const socket = createSocket('udp4')

/** connect: <0 u32> <transaction> <connection id u64>; announce: <1> <transaction> <interval> <leechers> <seeders> <peer> */
function answer(request: Buffer): Buffer | undefined {
  const action = request.readUInt32BE(8)
  const transaction = request.subarray(12, 16)
  if (action === CONNECT) return Buffer.concat([words(CONNECT), transaction, CONNECTION_ID])
  if (action !== ANNOUNCE || !request.subarray(0, 8).equals(CONNECTION_ID)) return undefined
  const peer = Buffer.alloc(6)
  peerAddress!.split('.').forEach((part, index) => peer.writeUInt8(Number(part), index))
  peer.writeUInt16BE(Number(peerPort), 4)
  return Buffer.concat([words(ANNOUNCE), transaction, words(INTERVAL_SECONDS, 0, 1), peer])
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, index) => bytes.writeUInt32BE(value, 4 * index))
  return bytes
}

socket.on('message', (request, from) => {
  if (left > 0) {
    left -= 1
    console.log('dropped', request.length)
    return
  }
  const reply = request.length >= 16 ? answer(request) : undefined
  if (reply) socket.send(reply, from.port, from.address)
})
socket.bind(Number(port), address, () => {
  console.log('ready')
})
