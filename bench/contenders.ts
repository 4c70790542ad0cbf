/** Who is measured: the least a machine can spend, ourselves, and the clients we want to be better than. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CLIENTS, libtorrentCommand } from '../test/interop/support/clients.ts'
import type { Client } from '../test/interop/support/clients.ts'
import { nativeProgram } from '../test/interop/support/native.ts'
import { compiledPath, projectDirectory } from '../test/interop/support/project.ts'
import { webtorrent } from './clients/webtorrent.ts'
import type { Course } from './course/course.ts'
import type { BenchTorrent } from './course/torrents.ts'

/** With its own defaults alone, being faster than libtorrent would prove little. */
const LIBTORRENT_TUNING = {
  max_out_request_queue: 2000,
  max_queued_disk_bytes: 64 * 2 ** 20,
  aio_threads: 4,
  hashing_threads: 2,
}

/** What its manual names for fast seeding: more to send at a time, larger sockets. */
const LIBTORRENT_SEED_TUNING = {
  send_buffer_watermark: 3 * 2 ** 20,
  send_buffer_watermark_factor: 150,
  send_buffer_low_watermark: 2 ** 20,
  aio_threads: 4,
}

/** What libtorrent and aria2 need to have as many peers as there are. */
const LIBTORRENT_MANY = { connections_limit: 2000, active_limit: 2000, connection_speed: 200 }

export interface Entry {
  readonly course: Course
  readonly torrents: readonly BenchTorrent[]
}

export const DOWNLOADERS = ['floor', 'torrent-dl', 'libtorrent', 'libtorrent-tuned', 'aria2']

/** Downloads everything and ends by itself. @throws Error for a name that nobody has */
export function downloader(name: string, entry: Entry): Client {
  switch (name) {
    case 'floor':
      return floor(entry)
    case 'torrent-dl':
      return torrentDl(commandIn(projectDirectory), entry)
    case 'libtorrent':
      return libtorrent(name, {}, entry)
    case 'libtorrent-tuned':
      return libtorrent(name, { ...LIBTORRENT_TUNING, ...LIBTORRENT_MANY }, entry)
    case 'aria2':
      return aria2([], entry)
    case 'transmission':
    case 'qbittorrent':
      return endingItself(CLIENTS[name])
    case 'webtorrent':
      return webtorrent(entry)
    default:
      throw new Error(`nobody is called ${name}`)
  }
}

/** The same, no faster than this. @throws Error for a name that has no limit */
export function limitedDownloader(name: string, entry: Entry, bytesPerSecond: number): Client {
  const rate = String(bytesPerSecond)
  if (name === 'torrent-dl') return torrentDl(commandIn(projectDirectory), entry, ['--download-limit', rate])
  if (name === 'aria2') return aria2([`--max-download-limit=${rate}`], entry)
  throw new Error(`${name} is not told limits here`)
}

/** Finds that everything is there. */
export function checker(name: string, entry: Entry): Client {
  if (name === 'floor') return checkingFloor(entry)
  if (name === 'aria2') return aria2(['--check-integrity=true', '--hash-check-only=true'], entry)
  return downloader(name, entry)
}

/** Seeds until it is killed. @throws Error for a name that nobody has */
export function uploader(name: string): Client {
  switch (name) {
    case 'floor':
      return seedingFloor
    case 'torrent-dl':
      return ourSeeder()
    case 'libtorrent':
      return CLIENTS.libtorrent
    case 'libtorrent-tuned':
      return libtorrentSeeder(name, LIBTORRENT_SEED_TUNING)
    case 'aria2':
    case 'transmission':
    case 'qbittorrent':
      return CLIENTS[name]
    default:
      throw new Error(`nobody is called ${name}`)
  }
}

/** The same, no faster than this. @throws Error for a name that nobody has */
export function limitedUploader(name: string, bytesPerSecond: number): Client {
  if (name === 'torrent-dl') return ourSeeder(['--upload-limit', String(bytesPerSecond)])
  if (name === 'libtorrent') return libtorrentSeeder(name, { upload_rate_limit: bytesPerSecond })
  throw new Error(`${name} is not told limits here`)
}

/** The command as a user types it. @param directory of its package.json, built */
export function commandIn(directory: string): string[] {
  return [process.execPath, join(directory, 'bin/torrent-dl.js')]
}

/** As a user runs it. */
export function torrentDl(
  program: readonly string[],
  { torrents }: Entry,
  extraArguments: readonly string[] = [],
): Client {
  return {
    name: 'torrent-dl',
    program: process.execPath,
    packageName: 'nodejs',
    launch: ({ directory: output, port }) => ({
      command: [
        ...[...program, '--progress', 'none', '-p', String(port), '-o', output],
        ...['-j', String(torrents.length), ...extraArguments],
        ...torrents.map(({ torrentFile }) => torrentFile),
      ],
    }),
  }
}

function libtorrent(name: string, settings: Readonly<Record<string, number>>, { torrents }: Entry): Client {
  return {
    ...CLIENTS.libtorrent,
    name,
    launch: (job) => ({
      command: libtorrentCommand(
        job,
        torrents.map(({ torrentFile }) => torrentFile),
        settings,
      ),
    }),
  }
}

function aria2(extraArguments: readonly string[], { torrents }: Entry): Client {
  return {
    ...CLIENTS.aria2,
    launch: (job) => {
      const { command } = CLIENTS.aria2.launch(job)
      const many = [`--max-concurrent-downloads=${torrents.length}`, '--bt-max-peers=0']
      // Its last argument is the torrent.
      const options = [...command.slice(0, -1), ...many, ...extraArguments]
      return { command: [...options, ...torrents.map(({ httpTorrentFile }) => httpTorrentFile)] }
    },
  }
}

/** A client that stays: its own script for "done" ends it, so that its cost can be told. */
function endingItself(client: Client): Client {
  return {
    ...client,
    launch: (job) => {
      const { command, files } = client.launch(job)
      const pidFile = join(job.home, 'pid')
      return {
        command: ['sh', '-c', `echo $$ >'${pidFile}'; exec "$@"`, 'sh', ...command],
        files: { ...files, 'done.sh': `#!/bin/sh\nkill -TERM "$(cat '${pidFile}')"\n` },
      }
    },
  }
}

/** It knows its seeder and its hashes beforehand. Several torrents come one after the other. */
function floor({ course, torrents }: Entry): Client {
  return {
    name: 'floor',
    program: 'gcc',
    packageName: 'gcc',
    launch: ({ directory, home }) => {
      const { address, port } = course.seeder
      const lines = torrents.map((torrent) =>
        [
          ...[nativeProgram('floor'), address, port, torrent.infoHash, torrent.pieceLength],
          ...[torrent.totalBytes, writeHashes(torrent, home), join(directory, torrent.files[0]!)],
        ].join(' '),
      )
      return { command: ['sh', '-ec', lines.length === 1 ? `exec ${lines[0]!}` : lines.join('\n')] }
    },
  }
}

function checkingFloor({ torrents: [torrent] }: Entry): Client {
  return {
    name: 'floor',
    program: 'gcc',
    packageName: 'gcc',
    launch: ({ directory, home }) => {
      const { pieceLength, totalBytes, files } = torrent!
      const numbers = [String(pieceLength), String(totalBytes)]
      const paths = [writeHashes(torrent!, home), join(directory, files[0]!)]
      return { command: [nativeProgram('floor'), 'check', ...numbers, ...paths] }
    },
  }
}

/** It maps the payload and knows its leechers' requests for what they are. */
const seedingFloor: Client = {
  name: 'floor',
  program: 'gcc',
  packageName: 'gcc',
  launch: ({ torrent, directory, host, port }) => ({
    command: [
      ...[nativeProgram('seeder'), '--port', String(port), '--address', host.address],
      ...['--info-hash', torrent.infoHash, '--piece-length', String(torrent.pieceLength)],
      ...['--file', join(directory, torrent.files[0]!)],
    ],
  }),
}

/** Our session as a program. */
function ourSeeder(options: readonly string[] = []): Client {
  return {
    name: 'torrent-dl',
    program: process.execPath,
    packageName: 'nodejs',
    launch: ({ torrent, directory, home }) => ({
      command: [
        ...[process.execPath, compiledPath('test/interop/support/our-seeder'), ...options],
        ...[join(home, 'state'), torrent.torrentFile, directory],
      ],
    }),
  }
}

function libtorrentSeeder(name: string, settings: Readonly<Record<string, number>>): Client {
  return {
    ...CLIENTS.libtorrent,
    name,
    launch: (job) => ({ command: libtorrentCommand(job, [job.torrent.torrentFile], settings) }),
  }
}

function writeHashes({ name, pieceHashes }: BenchTorrent, home: string): string {
  const file = join(home, `${name}.hashes`)
  writeFileSync(file, pieceHashes)
  return file
}
