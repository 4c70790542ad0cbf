/**
 * `npm run demo`: a whole swarm on this machine, in one command. A tracker and a seeder of our own run in this process on
 * 127.0.0.1; the real command downloads from them as a child process, with its real progress bar; the bytes are compared.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { LocalAddresses } from '../src/common/local-addresses.ts'
import { readTorrentFile } from '../src/metainfo/torrent-file.ts'
import { Seeder } from '../src/share/seeder.ts'
import type { TrackerStatus } from '../src/tracker/tracker.ts'
import { TrackerServer } from '../src/tracker/tracker-server.ts'
import { firstDifference, makeBigTorrent } from '../test/interop/support/big-torrent.ts'
import type { BigTorrent } from '../test/interop/support/big-torrent.ts'
import { projectDirectory } from '../test/interop/support/project.ts'

const HOST = '127.0.0.1'
const PAYLOAD_BYTES = 256 * 2 ** 20
const PIECE_LENGTH = 256 * 1024

async function demo(directory: string): Promise<number> {
  const tracker = await TrackerServer.open({ host: HOST, port: 0, intervalSeconds: 1800 })
  say(`tracker    ${tracker.udpUrl}`)
  const torrent = makeBigTorrent({
    directory,
    name: 'demo.bin',
    content: PAYLOAD_BYTES,
    pieceLength: PIECE_LENGTH,
    trackers: { udp: tracker.udpUrl },
  })
  say(`torrent    ${basename(torrent.torrentFile)}, ${PAYLOAD_BYTES / 2 ** 20} MiB, in ${directory}`)
  const seeder = await startSeeder(torrent, join(directory, 'seeder-state'))
  say(`seeder     ${HOST}:${seeder.port}`)
  try {
    return await downloadAndCompare(torrent, directory)
  } finally {
    await seeder.close()
    await tracker.close()
  }
}

async function downloadAndCompare(torrent: BigTorrent, directory: string): Promise<number> {
  const options = ['-o', 'downloaded', basename(torrent.torrentFile)]
  say(`download   torrent-dl ${options.join(' ')}\n`)
  const exitCode = await runCommand(options, directory)
  say('')
  if (exitCode !== 0) {
    say(`FAILED     torrent-dl ended with ${exitCode}`)
    return 1
  }
  const difference = firstDifference(torrent, join(directory, 'downloaded'))
  say(difference === undefined ? 'compared   identical, byte for byte' : `FAILED     ${difference}`)
  return difference === undefined ? 0 : 1
}

/** Resolves when the tracker has been told of it. */
async function startSeeder(torrent: BigTorrent, stateDirectory: string): Promise<Seeder> {
  const seeder = await Seeder.open({ local: new LocalAddresses({ v4: HOST }), stateDirectory })
  const metainfo = readTorrentFile(readFileSync(torrent.torrentFile))
  await new Promise<void>((resolve, reject) => {
    const onTracker = ({ state }: TrackerStatus): void => {
      if (state === 'working') resolve()
    }
    seeder.add(metainfo, torrent.dataDirectory, { onTracker, onWarning: say }).catch(reject)
  })
  return seeder
}

/** The real command, in the demo's directory, on the terminal that we were started on. */
async function runCommand(options: readonly string[], directory: string): Promise<number> {
  const child = spawn(process.execPath, [join(projectDirectory, 'bin/torrent-dl.js'), ...options], {
    stdio: ['ignore', 'inherit', 'inherit'],
    cwd: directory,
    env: { ...process.env, XDG_STATE_HOME: join(directory, 'downloader-state'), TORRENT_DL_LSD: 'false' },
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code ?? 1
}

function say(text: string): void {
  console.error(text)
}

const directory = mkdtempSync(join(tmpdir(), 'torrent-dl-demo-'))
const removeDirectory = (): void => {
  rmSync(directory, { recursive: true, force: true })
}
process.once('exit', removeDirectory)
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => process.exit(code))
}
process.exitCode = await demo(directory)
