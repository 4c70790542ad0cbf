/** The seeder of bench/native/seeder.c on a lab host: unlimited or at a rate, honest or not, and it counts what it sent. */
import { join } from 'node:path'
import type { Host, Lab } from './lab.ts'
import type { BigTorrent } from './big-torrent.ts'
import { nativeProgram } from './native.ts'
import { waitUntil } from './processes.ts'

export interface SeederOptions {
  /** For each connection; undefined: as fast as it goes. */
  readonly bytesPerSecond?: number
  /** One byte of every so many pieces is wrong. */
  readonly corruptEvery?: number
}

export interface PayloadSeeder {
  readonly host: Host
  readonly port: number
  /** Payload sent on connections that have ended. */
  sentBytes(): number
  stop(): Promise<void>
}

const PORT = 51000

/** @param torrent of one file */
export async function startPayloadSeeder(
  lab: Lab,
  host: Host,
  torrent: BigTorrent,
  options: SeederOptions = {},
): Promise<PayloadSeeder> {
  const running = lab.start(
    host,
    [
      nativeProgram('seeder'),
      ...['--address', host.address, '--port', String(PORT), '--info-hash', torrent.infoHash],
      ...[
        '--piece-length',
        String(torrent.pieceLength),
        '--file',
        join(torrent.dataDirectory, torrent.files[0]!),
      ],
      ...[
        '--rate',
        String(options.bytesPerSecond ?? 0),
        '--corrupt-every',
        String(options.corruptEvery ?? 0),
      ],
    ],
    { label: 'seeder' },
  )
  await waitUntil('the seeder listens', 5000, () => running.output().includes('ready'), running.output)
  return {
    host,
    port: PORT,
    sentBytes: () =>
      Array.from(running.output().matchAll(/^closed \S+ sent (\d+)$/gm)).reduce(
        (sum, [, n]) => sum + Number(n),
        0,
      ),
    stop: async () => running.stop(),
  }
}
