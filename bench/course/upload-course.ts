/**
 * Where an upload is measured: a seeder and a machine of leechers joined by a cable, everything in memory. Each run gets
 * a fresh seeder; what it cost is counted from when all leechers may ask until the last byte is there.
 */
import type { Client } from '../../test/interop/support/clients.ts'
import { Lab } from '../../test/interop/support/lab.ts'
import type { Host } from '../../test/interop/support/lab.ts'
import { nativeProgram } from '../../test/interop/support/native.ts'
import { runNow, waitUntil } from '../../test/interop/support/processes.ts'
import { PEER_PORT, startSeeding } from '../../test/interop/support/run-client.ts'
import { makeTorrent } from './torrents.ts'
import type { BenchTorrent } from './torrents.ts'
import type { Figures } from './course.ts'

export interface UploadPlan {
  readonly totalBytes: number
  readonly pieceLength: number
  /** Connections, each from an address of its own; each fetches the whole torrent. */
  readonly leecherCount: number
  /** Of each leecher; undefined: as fast as it goes. */
  readonly bytesPerSecond?: number
  /** Requests that each leecher keeps open. */
  readonly openRequests?: number
  /** Pieces in random order, as in a swarm, another one for each leecher. */
  readonly isShuffled: boolean
  /** Connections that want everything and ask for nothing. Default: none. */
  readonly idleCount?: number
  /** Ends after so long, whatever came by then. */
  readonly seconds?: number
}

const RUN_TIMEOUT_MS = 120_000

export class UploadCourse {
  readonly torrent: BenchTorrent
  readonly #lab: Lab
  readonly #plan: UploadPlan
  readonly #seeder: Host
  readonly #leecher: Host
  readonly #addresses: readonly string[]
  #samples: readonly number[] = []

  private constructor(lab: Lab, plan: UploadPlan, hosts: readonly [Host, Host], torrent: BenchTorrent) {
    this.#lab = lab
    this.#plan = plan
    ;[this.#seeder, this.#leecher] = hosts
    this.torrent = torrent
    const subnet = this.#leecher.address.replace(/\.\d+$/, '')
    this.#addresses = Array.from(
      { length: plan.leecherCount + (plan.idleCount ?? 0) },
      (_, i) => `${subnet}.${i + 101}`,
    )
    const lines = this.#addresses.map((address) => `addr add ${address}/24 dev eth0\n`)
    runNow(['ip', '-n', this.#leecher.namespace, '-batch', '-'], lines.join(''))
  }

  static async open(plan: UploadPlan): Promise<UploadCourse> {
    const lab = Lab.open()
    try {
      const hosts = lab.addPair('seeder', 'leecher')
      const torrent = await makeTorrent({
        directory: lab.newDirectory('torrents'),
        name: 'bench.bin',
        content: plan.totalBytes,
        pieceLength: plan.pieceLength,
        trackers: { http: `http://${hosts[0].address}:6969/announce` }, // nobody answers there
      })
      return new UploadCourse(lab, plan, hosts, torrent)
    } catch (error) {
      await lab.close()
      throw error
    }
  }

  /** Of the last run with `seconds`: bytes that had come after each 100 ms. */
  get samples(): readonly number[] {
    return this.#samples
  }

  async close(): Promise<void> {
    await this.#lab.close()
  }

  /** Uploads once. @throws Error when a leecher did not get every byte, or a wrong one */
  async run(client: Client): Promise<Figures> {
    const job = { host: this.#seeder, torrent: this.torrent, directory: this.torrent.dataDirectory }
    const seeder = startSeeding(this.#lab, client, job)
    const leechers = this.#lab.start(this.#leecher, this.#command(seeder.pid), { label: 'leecher' })
    let output: string | undefined
    void leechers.exit.then(({ stdout }) => (output = stdout))
    try {
      await waitUntil('the leechers have it all', RUN_TIMEOUT_MS, () => output !== undefined)
      const text = output ?? ''
      if (!text.startsWith('{')) throw new Error(`${leechers.output()}\n${seeder.output().slice(-2000)}`)
      const { samples, ...figures } = JSON.parse(text) as Figures & { samples: readonly number[] }
      this.#samples = samples
      return figures
    } finally {
      await Promise.all([leechers.stop(), seeder.stop()])
    }
  }

  #command(seederPid: number): string[] {
    const { leecherCount, bytesPerSecond, openRequests, isShuffled, seconds } = this.#plan
    const { infoHash, pieceLength, payloadFile } = this.torrent
    return [
      ...[nativeProgram('leecher'), '--seeder-pid', String(seederPid)],
      ...['--address', this.#seeder.address, '--port', String(PEER_PORT)],
      ...['--info-hash', infoHash, '--piece-length', String(pieceLength), '--file', payloadFile],
      ...(bytesPerSecond === undefined ? [] : ['--rate', String(bytesPerSecond)]),
      ...(openRequests === undefined ? [] : ['--open', String(openRequests)]),
      ...(isShuffled ? ['--shuffle'] : []),
      ...(seconds === undefined ? [] : ['--seconds', String(seconds)]),
      ...this.#addresses.flatMap((address, i) => [i < leecherCount ? '--from' : '--idle', address]),
    ]
  }
}
