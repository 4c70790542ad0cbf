/**
 * Our own session as a seeder of many torrents, until it is killed. A program, because it must live on a host of the lab:
 * `node our-seeder.js [--upload-limit BYTES_PER_SECOND] [--super-seed] STATE_DIRECTORY (TORRENT_FILE DATA_DIRECTORY)...`; OUR_SEEDER_LSD=1 in its
 * environment: the local network hears of it.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { systemClock } from '../../../src/common/clock.ts'
import { LocalAddresses } from '../../../src/common/local-addresses.ts'
import { readTorrentFile } from '../../../src/metainfo/torrent-file.ts'
import { Session } from '../../../src/session/session.ts'
import type { TorrentObserver } from '../../../src/torrent/snapshot.ts'

const PORT = 51413

function observer(name: string): TorrentObserver {
  const say = (text: string): void => {
    console.log(`${name}: ${text}`)
  }
  return {
    onState: say,
    onTracker: (status) => {
      say(`${status.url} ${status.state} ${status.lastError ?? ''}`)
    },
    onFile: () => undefined,
    onComplete: () => {
      say('whole')
    },
    onWarning: say,
    onFailed: (error) => {
      say(`failed: ${error.code} ${error.message}`)
    },
  }
}

const { values, positionals } = parseArgs({
  options: { 'upload-limit': { type: 'string' }, 'super-seed': { type: 'boolean', default: false } },
  allowPositionals: true,
})
const [stateDirectory, ...sources] = positionals
const uploadLimit = values['upload-limit']
const session = await Session.open(
  {
    listenPorts: { first: PORT, last: PORT },
    local: LocalAddresses.any,
    maxPeers: 200,
    uploadLimit: uploadLimit === undefined ? undefined : Number(uploadLimit),
    usesLsd: process.env['OUR_SEEDER_LSD'] === '1',
    stateDirectory: stateDirectory!,
  },
  {
    clock: systemClock,
    log: (level, scope, message) => {
      console.log(level, scope, message)
    },
  },
)
for (let index = 0; index < sources.length; index += 2) {
  const metainfo = readTorrentFile(readFileSync(sources[index]!))
  const settings = {
    outputDirectory: sources[index + 1]!,
    usePartFiles: true,
    force: false,
    seedWhenComplete: true,
    isSuperSeeding: values['super-seed'],
    peers: [],
  }
  session.add(metainfo, settings, observer(metainfo.name)).start()
}
