/** W5: 100,000 pieces; from one seeder, and with twenty more peers that have half of them and announce the others. */
import { downloadCase, singleFile } from './download-case.ts'
import type { Workload } from './workload.ts'

const PIECES = 100_000
const PIECE_BYTES = 16 * 1024
const PARTIAL_PEERS = 20
/** Slow: what is measured is the bookkeeping for them. */
const PARTIAL = { bytesPerSecond: 100e3, havePercent: 50 }

export const w5: Workload = {
  id: 'W5',
  what: '100,000 pieces of 16 KiB, alone and with twenty half peers',
  cases: ({ divisor }) => {
    const pieceCount = Math.round(PIECES / divisor)
    const torrents = singleFile(pieceCount * PIECE_BYTES, PIECE_BYTES)
    const target = { text: 'cpu <= 1.5 x floor', key: 'cpuSeconds', over: 'floor' }
    return [
      downloadCase({
        title: `${pieceCount} pieces of 16 KiB, one seeder, unlimited`,
        contenders: ['floor', 'torrent-dl', 'libtorrent', 'libtorrent-tuned', 'aria2'],
        rounds: 3,
        targets: [target],
        course: { peers: [{}], torrents },
      }),
      downloadCase({
        title: `${pieceCount} pieces of 16 KiB, one unlimited seeder and ${PARTIAL_PEERS} peers with half of them that announce the rest within 5 s`,
        contenders: ['floor', 'torrent-dl', 'libtorrent', 'libtorrent-tuned'],
        rounds: 3,
        targets: [target],
        course: { peers: [{}, ...Array.from({ length: PARTIAL_PEERS }, () => PARTIAL)], torrents },
      }),
    ]
  },
}
