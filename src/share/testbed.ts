/**
 * A swarm for tests: tracker, seeders and torrent in one process, on loopback addresses and free ports. What it needs on
 * disk lies in one temporary directory; `close` removes all of it. Faults are wrappers around streams and storage, so
 * that the engine itself behaves as always.
 */
import { rmSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { Seeder } from './seeder.ts'
import type { CheckedOptions, TestbedOptions } from './testbed-options.ts'
import { formatEndpoint } from '../common/endpoint.ts'
import { UsageError } from '../common/errors.ts'
import { magnetLink } from '../metainfo/magnet-link.ts'
import { createTorrent } from '../storage/create-torrent.ts'
import { diskError } from '../storage/disk-errors.ts'
import { readFileTree } from '../storage/file-tree.ts'
import { TrackerServer } from '../tracker/tracker-server.ts'
import { nameOf, stageData } from './testbed-data.ts'
import type { TestbedEnvironment } from './testbed-environment.ts'
import { checkTestbedOptions } from './testbed-options.ts'
import { openTestbedSeeder, seederHost, SeedersAtTracker } from './testbed-seeders.ts'

const TRACKER_HOST = '127.0.0.1'
/** Short, so that whoever lost a peer soon hears of others. */
const INTERVAL_SECONDS = 30

/** What `open` fills. */
interface Made {
  readonly options: CheckedOptions
  /** Absolute; the temporary directory. */
  readonly root: string
  tracker?: TrackerServer
  readonly seeders: Seeder[]
}

export class Testbed {
  readonly torrentBytes: Buffer
  readonly metainfo: Metainfo
  readonly env: TestbedEnvironment
  readonly #made: Made
  #closing: Promise<void> | undefined

  private constructor(made: Made, torrentBytes: Buffer, metainfo: Metainfo, env: TestbedEnvironment) {
    this.#made = made
    this.torrentBytes = torrentBytes
    this.metainfo = metainfo
    this.env = env
  }

  /**
   * Resolves when every seeder can be called and the tracker names them. What was made is gone when it rejects.
   * @throws UsageError USAGE; InputError INPUT_... for paths; StorageError; TrackerError; the signal's reason
   */
  static async open(options: TestbedOptions = {}): Promise<Testbed> {
    const checked = checkTestbedOptions(options)
    checked.signal?.throwIfAborted()
    const made: Made = { options: checked, root: await makeRoot(checked), seeders: [] }
    try {
      return await openTestbed(made, (...parts) => new Testbed(made, ...parts))
    } catch (error) {
      await closeAll(made)
      throw error
    }
  }

  /** For a process that ends at once: only the temporary directory is removed. */
  removeFiles(): void {
    rmSync(this.#made.root, { recursive: true, force: true })
  }

  /** Frees the ports and removes the temporary directory. Never rejects; calling it again waits for the first. */
  async close(): Promise<void> {
    this.#closing ??= closeAll(this.#made)
    await this.#closing
  }
}

async function openTestbed(
  made: Made,
  make: (bytes: Buffer, metainfo: Metainfo, env: TestbedEnvironment) => Testbed,
): Promise<Testbed> {
  const { options, root } = made
  const { signal } = options
  const name = nameOf(options)
  const dataDirectory = join(root, 'data')
  await stageData(options, dataDirectory, name)
  const waiting = new SeedersAtTracker(options.peerCount)
  const tracker = await TrackerServer.open({
    host: TRACKER_HOST,
    port: 0,
    intervalSeconds: INTERVAL_SECONDS,
    dropFirstUdpPackets: options.trackerDropCount,
    ...(options.trackerFailure === undefined ? {} : { failWith: options.trackerFailure }),
    onAnnounce: (announce) => {
      waiting.onAnnounce(announce)
    },
  })
  made.tracker = tracker
  signal?.throwIfAborted()
  const path = join(dataDirectory, name)
  const { bytes, metainfo } = await createTorrent(path, {
    ...{ name, followsLinks: true, signal, pieceBytes: options.pieceBytes },
    // By HTTP nothing is lost: whoever is to meet losses must not be offered it.
    trackers: options.trackerDropCount > 0 ? [[tracker.udpUrl]] : [[tracker.udpUrl], [tracker.httpUrl]],
  })
  assertPieces(metainfo, options)
  const torrentFile = join(root, `${name}.torrent`)
  await writeFile(torrentFile, bytes).catch((error: unknown) => {
    throw diskError(error, { verb: 'write', path: torrentFile })
  })
  const tree = await readFileTree(path, name, { followsLinks: true, signal })
  const plan = { options, metainfo, tree, root, trackerHttpUrl: tracker.httpUrl }
  for (let index = 0; index < options.peerCount; index++)
    made.seeders.push(await openTestbedSeeder(index, plan))
  if (options.trackerFailure === undefined) await waiting.all(signal)
  signal?.throwIfAborted()
  return make(bytes, metainfo, environmentOf(made, { tracker, metainfo, torrentFile, dataDirectory }))
}

function environmentOf(
  { root, seeders }: Made,
  {
    tracker,
    metainfo,
    torrentFile,
    dataDirectory,
  }: {
    readonly tracker: TrackerServer
    readonly metainfo: Metainfo
    readonly torrentFile: string
    readonly dataDirectory: string
  },
): TestbedEnvironment {
  const peers = seeders.map(({ port }, index) => formatEndpoint({ host: seederHost(index), port }))
  return {
    TORRENT_FILE: resolve(root, torrentFile),
    TRACKER_URL: tracker.udpUrl,
    TRACKER_HTTP_URL: tracker.httpUrl,
    MAGNET: magnetLink(metainfo),
    PEER: peers[0] ?? '',
    PEERS: peers.join(' '),
    INFO_HASH: metainfo.infoHash.toString('hex'),
    DATA_DIR: dataDirectory,
  }
}

async function makeRoot({ temporaryRoot = tmpdir() }: CheckedOptions): Promise<string> {
  try {
    return await mkdtemp(join(resolve(temporaryRoot), 'torrent-dl-testbed-'))
  } catch (error) {
    throw diskError(error, { verb: 'create', path: join(temporaryRoot, 'torrent-dl-testbed-') })
  }
}

function assertPieces({ geometry }: Metainfo, { corruptPieces }: CheckedOptions): void {
  const { pieceCount } = geometry
  const wrong = corruptPieces.find((piece) => !(Number.isInteger(piece) && piece >= 0 && piece < pieceCount))
  if (wrong === undefined) return
  throw new UsageError('USAGE', `piece ${wrong} is to be corrupt, and the torrent has 0 to ${pieceCount - 1}`)
}

async function closeAll({ root, tracker, seeders }: Made): Promise<void> {
  await Promise.all(seeders.map(async (seeder) => seeder.close()))
  await tracker?.close()
  await rm(root, { recursive: true, force: true }).catch(() => undefined)
}
