/** Who is measured: the least a machine can spend, ourselves, and the clients we want to be better than. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CLIENTS, torrentDl } from '../test/interop/support/clients.ts'
import type { Client } from '../test/interop/support/clients.ts'
import { nativeProgram } from '../test/interop/support/native.ts'
import type { BigTorrent } from '../test/interop/support/big-torrent.ts'
import type { PayloadSeeder } from '../test/interop/support/payload-seeder.ts'

export const CONTENDER_NAMES = ['floor', 'torrent-dl', 'libtorrent', 'libtorrent-tuned', 'aria2'] as const

export type ContenderName = (typeof CONTENDER_NAMES)[number]

/** With its own defaults alone, being faster than libtorrent would prove little. */
const LIBTORRENT_TUNING = {
  max_out_request_queue: 2000,
  max_queued_disk_bytes: 64 * 2 ** 20,
  aio_threads: 4,
  hashing_threads: 2,
}

/** Each ends by itself when the torrent is whole. */
export function contender(name: ContenderName, torrent: BigTorrent, seeder: PayloadSeeder): Client {
  switch (name) {
    case 'floor':
      return floor(torrent, seeder)
    case 'torrent-dl':
      return torrentDl
    case 'libtorrent-tuned':
      return withArguments(CLIENTS.libtorrent, name, [JSON.stringify(LIBTORRENT_TUNING)])
    case 'libtorrent':
    case 'aria2':
      return CLIENTS[name]
  }
}

function withArguments(client: Client, name: string, extraArguments: readonly string[]): Client {
  return {
    ...client,
    name,
    launch: (job) => {
      const launch = client.launch(job)
      return { ...launch, command: [...launch.command, ...extraArguments] }
    },
  }
}

/** It knows its seeder and its hashes beforehand. */
function floor(torrent: BigTorrent, seeder: PayloadSeeder): Client {
  return {
    name: 'floor',
    program: 'gcc',
    packageName: 'gcc',
    launch: ({ directory, home }) => {
      const hashes = join(home, 'piece-hashes')
      writeFileSync(hashes, torrent.pieceHashes)
      const numbers = [torrent.pieceLength, torrent.totalBytes].map(String)
      const place = [seeder.host.address, String(seeder.port), torrent.infoHash]
      return {
        command: [nativeProgram('floor'), ...place, ...numbers, hashes, join(directory, torrent.files[0]!)],
      }
    },
  }
}
