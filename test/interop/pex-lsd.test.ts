/** Peers find each other without a tracker: through a peer that both know (BEP 11), and on the local network (BEP 14). */
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { makeBigTorrent } from './support/big-torrent.ts'
import type { BigTorrent } from './support/big-torrent.ts'
import { CLIENTS, torrentDl } from './support/clients.ts'
import type { ClientName } from './support/clients.ts'
import type { Host, Lab } from './support/lab.ts'
import { onHost } from './support/lab.ts'
import type { RunningProcess } from './support/processes.ts'
import { runNow, waitUntil } from './support/processes.ts'
import { compiledPath } from './support/project.ts'
import { download, PEER_PORT, requirePrograms, startDownload, startSeeding } from './support/run-client.ts'
import { assertWhole, MIB, startOurs, withLab } from './support/swarm.ts'

/** Some clients tell nobody of others in their first minute. */
const PEX_TIMEOUT_MS = 150_000
const LSD_TIMEOUT_MS = 30_000
/** So slow that nobody is done before peers have told each other. */
const SLOW = ['--download-limit', '50K', '-v', '--timeout', '5m']

const LSD = { lsd: true }
const PEX = { pex: true }

const PEX_CLIENTS: readonly ClientName[] = ['libtorrent', 'transmission', 'qbittorrent']
const LSD_CLIENTS: readonly ClientName[] = ['libtorrent', 'transmission', 'qbittorrent']

function trackerless(lab: Lab, name: string, bytes: number): BigTorrent {
  requirePrograms()
  const directory = lab.newDirectory('torrent')
  return makeBigTorrent({ directory, name, content: bytes, pieceLength: 256 * 1024, trackers: {} })
}

/** Is there a connection of these two, whoever called? */
function areConnected(one: Host, other: Host): boolean {
  const connections = runNow(onHost(one, ['ss', '-tnH', 'state', 'established']))
  // A socket of both families shows it as [::ffff:10.77.0.1]:51413.
  return [':', ']:'].some((end) => connections.includes(`${other.address}${end}`))
}

async function untilConnected(one: Host, other: Host, running: readonly RunningProcess[]): Promise<void> {
  const details = (): string => running.map((each) => each.output()).join('\n--\n')
  const what = `${one.label} and ${other.label} are connected`
  await waitUntil(what, PEX_TIMEOUT_MS, () => areConnected(one, other), details)
}

describe('peers are named by a peer that both know', { concurrency: true }, () => {
  for (const name of PEX_CLIENTS) {
    it(`${name} names us to each other`, async () => {
      await withLab(async (lab) => {
        const torrent = trackerless(lab, `pex-of-${name}.bin`, 64 * MIB)
        const hub = lab.addHost(name)
        const directory = torrent.dataDirectory
        const real = startSeeding(lab, CLIENTS[name], { host: hub, torrent, directory, finds: PEX })
        const extraArguments = [...SLOW, '--peer', `${hub.address}:${PEER_PORT}`]
        const options = { timeoutMs: PEX_TIMEOUT_MS * 2, finds: PEX, extraArguments }
        const [one, two] = [startOurs(lab, torrent, options), startOurs(lab, torrent, options)]
        for (const { finished } of [one, two]) finished.catch(() => undefined)
        await untilConnected(one.host, two.host, [real, one.running, two.running])
        await Promise.all([one, two].map(async ({ running }) => running.stop()))
      })
    })

    it(`we name two of ${name} to each other`, async () => {
      await withLab(async (lab) => {
        const torrent = trackerless(lab, `pex-to-${name}.bin`, 64 * MIB)
        const hosts = [lab.addHost(`${name} one`), lab.addHost(`${name} two`)] as const
        const jobs = hosts.map((host) => ({
          host,
          torrent,
          directory: lab.newDirectory('downloaded'),
          finds: PEX,
        }))
        const reals = jobs.map((job) =>
          startDownload(lab, CLIENTS[name], job, { timeoutMs: PEX_TIMEOUT_MS * 2 }),
        )
        for (const { finished } of reals) finished.catch(() => undefined)
        const peers = hosts.flatMap(({ address }) => ['--peer', `${address}:${PEER_PORT}`])
        const options = { timeoutMs: PEX_TIMEOUT_MS * 2, finds: PEX, extraArguments: [...SLOW, ...peers] }
        const ours = startOurs(lab, torrent, options)
        ours.finished.catch(() => undefined)
        await untilConnected(...hosts, [ours.running, ...reals.map(({ running }) => running)])
        await Promise.all([ours, ...reals].map(async ({ running }) => running.stop()))
      })
    })
  }
})

describe('the local network is enough', { concurrency: true }, () => {
  for (const name of LSD_CLIENTS) {
    it(`${name} seeds, and we find it`, async () => {
      await withLab(async (lab) => {
        const torrent = trackerless(lab, `lsd-from-${name}.bin`, 8 * MIB)
        const host = lab.addHost(name)
        const directory = torrent.dataDirectory
        const real = startSeeding(lab, CLIENTS[name], { host, torrent, directory, finds: LSD })
        await untilListening(host, real)
        const ours = startOurs(lab, torrent, {
          timeoutMs: LSD_TIMEOUT_MS,
          finds: LSD,
          extraArguments: ['-vv'],
        })
        assertWhole(torrent, ours.directory, await ours.finished)
      })
    })

    it(`we seed, and ${name} finds us`, async () => {
      await withLab(async (lab) => {
        const torrent = trackerless(lab, `lsd-to-${name}.bin`, 8 * MIB)
        await startOurSeeder(lab, torrent)
        const host = lab.addHost(name)
        const directory = lab.newDirectory('downloaded')
        const job = { host, torrent, directory, finds: LSD }
        assertWhole(
          torrent,
          directory,
          await download(lab, CLIENTS[name], job, { timeoutMs: LSD_TIMEOUT_MS }),
        )
      })
    })
  }

  it('we seed, and we find us', async () => {
    await withLab(async (lab) => {
      const torrent = trackerless(lab, 'lsd-ours.bin', 8 * MIB)
      await startOurSeeder(lab, torrent)
      const ours = startOurs(lab, torrent, { timeoutMs: LSD_TIMEOUT_MS, finds: LSD, extraArguments: ['-vv'] })
      assertWhole(torrent, ours.directory, await ours.finished)
    })
  })

  it('also where no route leads anywhere', async () => {
    await withLab(async (lab) => {
      const torrent = trackerless(lab, 'lsd-no-route.bin', 8 * MIB)
      const host = await startOurSeeder(lab, torrent)
      const ours = lab.addHost('torrent-dl')
      for (const { namespace } of [host, ours]) runNow(['ip', '-n', namespace, 'route', 'del', 'default'])
      const directory = lab.newDirectory('downloaded')
      const client = torrentDl
      const job = { host: ours, torrent, directory, finds: LSD }
      assertWhole(torrent, directory, await download(lab, client, job, { timeoutMs: LSD_TIMEOUT_MS }))
    })
  })
})

async function untilListening(host: Host, running: RunningProcess): Promise<void> {
  const isListening = (): boolean => runNow(onHost(host, ['ss', '-ltnH'])).includes(`:${PEER_PORT}`)
  await waitUntil(`${host.label} listens`, LSD_TIMEOUT_MS, isListening, running.output)
}

async function startOurSeeder(lab: Lab, torrent: BigTorrent): Promise<Host> {
  const host = lab.addHost('our seeder')
  const state = join(lab.newDirectory('our-seeder'), 'state')
  const program = compiledPath('test/interop/support/our-seeder')
  const command = [process.execPath, program, state, torrent.torrentFile, torrent.dataDirectory]
  const environment = { OUR_SEEDER_LSD: '1' }
  const running = lab.start(host, command, { label: 'our-seeder', environment })
  await waitUntil(
    'our seeder is on',
    LSD_TIMEOUT_MS,
    () => running.output().includes(': whole'),
    running.output,
  )
  return host
}
