/** Sends back what it gets, at the size of an answer with fifty peers: what Node's datagrams cost without any work. */
import { bindUdp } from '../../src/net/udp-socket.ts'

const ANSWER_BYTES = 320

const answer = Buffer.alloc(ANSWER_BYTES)
const socket = await bindUdp(
  { host: '127.0.0.1', port: 0 },
  {
    onPacket: (_packet, from) => {
      socket.send(answer, from)
    },
    onError: () => undefined,
  },
)
process.stdout.write(`udp://127.0.0.1:${socket.local.port}/\n`)
