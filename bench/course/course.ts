/**
 * Where a download is measured: a server and a client joined by a cable or by a long link, the seeders' addresses on the
 * server, a tracker that knows them. Everything is in memory; each run gets a fresh seeder, folder and state.
 */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '../../test/interop/support/clients.ts'
import { Lab } from '../../test/interop/support/lab.ts'
import type { Host } from '../../test/interop/support/lab.ts'
import { nativeProgram } from '../../test/interop/support/native.ts'
import { runNow, waitUntil } from '../../test/interop/support/processes.ts'
import type { RunningProcess } from '../../test/interop/support/processes.ts'
import { compiledPath } from '../../test/interop/support/project.ts'
import { costingClient } from '../../test/interop/support/run-cost.ts'
import type { RunCost } from '../../test/interop/support/run-cost.ts'
import { download, startDownload } from '../../test/interop/support/run-client.ts'
import { monotonicSeconds, processFigures } from './process-figures.ts'
import { startLink } from './link.ts'
import type { LinkPlan } from './link.ts'
import { outputDifference } from './torrents.ts'
import type { BenchTorrent } from './torrents.ts'

/** One address of the seeders. */
export interface SeederPeer {
  /** For each connection; undefined: as fast as it goes. */
  readonly bytesPerSecond?: number
  /** It goes silent after so many bytes of a connection. */
  readonly stallAfterBytes?: number
  /** The share of pieces it has at first; it announces the others within 5 s. */
  readonly havePercent?: number
}

export interface Place {
  /** A new folder for the torrent and its payload. */
  readonly directory: string
  readonly trackers: { readonly udp: string; readonly http: string }
}

export interface CoursePlan {
  readonly torrents: (place: Place) => Promise<readonly BenchTorrent[]>
  /** Of every torrent, unless `swarmOf` says otherwise. */
  readonly peers: readonly SeederPeer[]
  /** Which of `peers` the tracker names for this torrent. */
  readonly swarmOf?: (torrentIndex: number) => readonly [first: number, end: number]
  /** Undefined: a cable without delay. */
  readonly link?: LinkPlan
  /** Of the seeder's sockets; undefined: what the system does. */
  readonly sendBufferBytes?: number
  /** Open requests that the seeders say they take; undefined: they do not speak of it. */
  readonly reqq?: number
}

export interface RunOptions {
  /** Those of the course that the client downloads; undefined: all. */
  readonly torrents?: readonly BenchTorrent[]
  /** The client's output; kept. Undefined: a new one in memory, removed afterwards. */
  readonly directory?: string
  /** Before the client starts. */
  readonly prepare?: (directory: string) => void
}

/** What one run gave. Times in seconds; NaN where it cannot be told. */
export type Figures = Readonly<Record<string, number>>

/** What bench/native/runstat.c writes. */
interface BenchCost extends RunCost {
  readonly beganAt: number
  readonly endedAt: number
  readonly endedAtFileTime: number
}

const TRACKER_PORT = 6969
const SEEDER_PORT = 51_000
const RUN_TIMEOUT_MS = 300_000
const FIRST_REQUEST_TIMEOUT_MS = 60_000
const SETTLED_AFTER_MS = 3000
const CABLE = 'eth0'

export class Course {
  readonly lab: Lab
  readonly client: Host
  readonly torrents: readonly BenchTorrent[]
  readonly #server: Host
  readonly #plan: CoursePlan
  readonly #link: RunningProcess | undefined
  readonly #addresses: readonly string[]
  readonly #tracker: RunningProcess

  private constructor(parts: Parts) {
    this.lab = parts.lab
    this.client = parts.client
    this.#server = parts.server
    this.#plan = parts.plan
    this.#link = parts.link
    this.torrents = parts.torrents
    this.#addresses = parts.addresses
    this.#tracker = parts.tracker
  }

  static async open(plan: CoursePlan): Promise<Course> {
    const lab = Lab.open()
    try {
      return new Course(await layOut(lab, plan))
    } catch (error) {
      await lab.close()
      throw error
    }
  }

  async close(): Promise<void> {
    await this.lab.close()
  }

  /** The first seeder, for clients that are told. */
  get seeder(): { readonly address: string; readonly port: number } {
    return { address: this.#addresses[0]!, port: SEEDER_PORT }
  }

  /** What the link delivered to the client: [time, bytes so far] each 100 ms. */
  get linkReports(): readonly (readonly [number, number])[] {
    const lines = this.#link?.output().matchAll(/^([\d.]+) (\d+) \d+$/gm) ?? []
    return Array.from(lines, ([, at, bytes]) => [Number(at), Number(bytes)] as const)
  }

  /** Downloads once. @throws Error when the client fails, or when what it wrote is not the payload */
  async run(client: Client, options: RunOptions = {}): Promise<Figures> {
    const torrents = options.torrents ?? this.torrents
    const directory = options.directory ?? this.lab.newDirectory(`out-${client.name.replaceAll('/', '-')}`)
    const costFile = join(this.lab.directory, 'cost')
    rmSync(costFile, { force: true })
    options.prepare?.(directory)
    const seeder = await this.#startSeeder(torrents)
    try {
      const job = { host: this.client, torrent: torrents[0]!, directory }
      const exit = await download(this.lab, costingClient(costFile, client), job, {
        timeoutMs: RUN_TIMEOUT_MS,
      })
      if (exit.exitCode !== 0) throw new Error(`exit ${exit.exitCode}\n${exit.stdout}${exit.stderr}`)
      for (const torrent of torrents) {
        const difference = outputDifference(torrent, directory)
        if (difference !== undefined) throw new Error(`downloaded something else: ${difference}`)
      }
      const cost = JSON.parse(readFileSync(costFile, 'utf8')) as BenchCost
      return this.#figures(cost, seeder.output(), lastWriteSeconds(torrents, directory))
    } finally {
      await seeder.stop()
      if (options.directory === undefined) rmSync(directory, { recursive: true, force: true })
    }
  }

  /**
   * Starts a client that is to ask for a first block and no more: from then on nobody answers (the plan says so).
   * @param directory for its output
   * @throws Error when no request comes
   */
  async runToFirstRequest(client: Client, directory: string): Promise<Figures> {
    const seeder = await this.#startSeeder(this.torrents)
    const beganAt = monotonicSeconds()
    const job = { host: this.client, torrent: this.torrents[0]!, directory }
    const { running, finished } = startDownload(this.lab, client, job, { timeoutMs: RUN_TIMEOUT_MS })
    // It is stopped below, in the middle of its work, or fails: then what it says is in the error below.
    finished.catch(() => undefined)
    try {
      const hasAsked = (): boolean => !Number.isNaN(milestone(seeder.output(), 'first'))
      await waitUntil('a first request', FIRST_REQUEST_TIMEOUT_MS, hasAsked, running.output)
      const firstRequestSeconds = milestone(seeder.output(), 'first') - beganAt
      await sleep(SETTLED_AFTER_MS)
      return { firstRequestSeconds, ...processFigures(running.pid) }
    } finally {
      await running.stop()
      await seeder.stop()
    }
  }

  #figures(cost: BenchCost, seederOutput: string, lastWrite: number): Figures {
    const [first, almost, all] = ['first', '99%', '100%'].map((name) => milestone(seederOutput, name))
    const packets = Array.from(this.#tracker.output().matchAll(/^packet ([\d.]+)$/gm), ([, at]) => Number(at))
    const sent = Array.from(seederOutput.matchAll(/^closed \S+ sent (\d+)$/gm), ([, bytes]) => Number(bytes))
    return {
      wallSeconds: cost.wallSeconds,
      cpuSeconds: cost.userSeconds + cost.systemSeconds,
      userSeconds: cost.userSeconds,
      systemSeconds: cost.systemSeconds,
      peakRssBytes: cost.peakRssBytes,
      switches: cost.voluntarySwitches + cost.involuntarySwitches,
      beganAt: cost.beganAt,
      endedAt: cost.endedAt,
      firstRequestAt: first!,
      firstPacketSeconds: (packets.find((at) => at >= cost.beganAt) ?? NaN) - cost.beganAt,
      firstRequestSeconds: first! - cost.beganAt,
      transferSeconds: all! - first!,
      tailSeconds: all! - almost!,
      exitSeconds: cost.endedAtFileTime - lastWrite,
      sentBytes: sent.reduce((sum, bytes) => sum + bytes, 0),
      connections: sent.length,
    }
  }

  async #startSeeder(torrents: readonly BenchTorrent[]): Promise<RunningProcess> {
    const directory = this.lab.newDirectory('seeder')
    const [torrentList, peerList] = [join(directory, 'torrents'), join(directory, 'peers')]
    writeLines(
      torrentList,
      torrents.map((t) => [t.infoHash, t.pieceLength, t.totalBytes, t.payloadFile].join(' ')),
    )
    writeLines(peerList, this.#plan.peers.map(peerLine(this.#addresses)))
    const { sendBufferBytes, reqq } = this.#plan
    const seeder = this.lab.start(
      this.#server,
      [
        nativeProgram('seeder'),
        ...['--port', String(SEEDER_PORT), '--torrents', torrentList, '--peers', peerList, '--milestones'],
        ...(sendBufferBytes === undefined ? [] : ['--send-buffer', String(sendBufferBytes)]),
        ...(reqq === undefined ? [] : ['--reqq', String(reqq)]),
      ],
      { label: 'seeder' },
    )
    await waitUntil('the seeder listens', 10_000, () => seeder.output().includes('ready'), seeder.output)
    return seeder
  }
}

interface Parts {
  readonly lab: Lab
  readonly plan: CoursePlan
  readonly server: Host
  readonly client: Host
  readonly link: RunningProcess | undefined
  readonly addresses: readonly string[]
  readonly torrents: readonly BenchTorrent[]
  readonly tracker: RunningProcess
}

async function layOut(lab: Lab, plan: CoursePlan): Promise<Parts> {
  const [server, client] = lab.addPair('server', 'client')
  const subnet = plan.link ? '10.78' : '10.79'
  const link = plan.link && (await startLink(lab, server, client, plan.link))
  const addresses = plan.peers.map((_, i) => `${subnet}.${Math.floor(i / 250)}.${(i % 250) + 1}`)
  const device = plan.link ? plan.link.interfaceName : CABLE
  addAddresses(server, device, addresses)
  const clientAddress = plan.link ? `${subnet}.255.254` : client.address
  if (plan.link) addAddresses(client, device, [clientAddress])
  const tracker = `${plan.link ? addresses[0]! : server.address}:${TRACKER_PORT}/announce`
  const directory = lab.newDirectory('torrents')
  const trackers = { udp: `udp://${tracker}`, http: `http://${tracker}` }
  const torrents = await plan.torrents({ directory, trackers })
  return {
    ...{ lab, plan, server, link, addresses, torrents },
    client: { ...client, address: clientAddress },
    tracker: await startTracker(lab, server, tracker.split(':')[0]!, swarms(plan, torrents, addresses)),
  }
}

function addAddresses(host: Host, device: string, addresses: readonly string[]): void {
  const lines = addresses.map((address) => `addr add ${address}/16 dev ${device}\n`)
  runNow(['ip', '-n', host.namespace, '-batch', '-'], lines.join(''))
}

function swarms(
  { swarmOf }: CoursePlan,
  torrents: readonly BenchTorrent[],
  addresses: readonly string[],
): Record<string, string[]> {
  return Object.fromEntries(
    torrents.map(({ infoHash }, index) => [
      infoHash,
      addresses.slice(...(swarmOf?.(index) ?? [])).map((address) => `${address}:${SEEDER_PORT}`),
    ]),
  )
}

async function startTracker(
  lab: Lab,
  host: Host,
  address: string,
  peers: Record<string, string[]>,
): Promise<RunningProcess> {
  const swarmsFile = join(lab.newDirectory('tracker'), 'swarms.json')
  writeFileSync(swarmsFile, JSON.stringify(peers))
  const program = compiledPath('bench/course/tracker-program')
  const command = [process.execPath, program, address, String(TRACKER_PORT), swarmsFile]
  const tracker = lab.start(host, command, { label: 'tracker' })
  await waitUntil('the tracker listens', 10_000, () => tracker.output().includes('ready'), tracker.output)
  return tracker
}

function peerLine(addresses: readonly string[]): (peer: SeederPeer, index: number) => string {
  return ({ bytesPerSecond = 0, stallAfterBytes = 0, havePercent = 100 }, index) =>
    [addresses[index], Math.round(bytesPerSecond), Math.round(stallAfterBytes), havePercent].join(' ')
}

/** When the seeder reached it, in seconds of CLOCK_MONOTONIC; NaN: not yet. */
function milestone(seederOutput: string, name: string): number {
  return Number(new RegExp(`^${name} ([\\d.]+)$`, 'm').exec(seederOutput)?.[1] ?? NaN)
}

function writeLines(file: string, lines: readonly string[]): void {
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''))
}

function lastWriteSeconds(torrents: readonly BenchTorrent[], directory: string): number {
  const times = torrents.flatMap(({ files }) => files.map((file) => statSync(join(directory, file)).mtimeMs))
  return times.reduce((latest, time) => Math.max(latest, time), 0) / 1000
}
