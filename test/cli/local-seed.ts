/** A seed inside the test's process, for the command to download from. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/common/clock.ts'
import { LocalAddresses } from '../../src/common/local-addresses.ts'
import { silentLog } from '../../src/common/log.ts'
import { Session } from '../../src/session/session.ts'
import type { Settings } from '../../src/session/settings.ts'
import type { MadeTorrent, TorrentSpec } from '../support/make-torrent.ts'
import { makeTorrent } from '../support/make-torrent.ts'

export interface LocalSeed {
  readonly torrent: MadeTorrent
  /** A directory of its own, with `a.torrent` in it. */
  readonly root: string
  /** For `--peer`. */
  readonly peer: string
}

/** Runs `use` while a seed of the torrent listens on the loopback address. @param more of its session's settings */
export async function withSeed(
  spec: TorrentSpec,
  use: (seed: LocalSeed) => Promise<void>,
  more: Partial<Settings> = {},
): Promise<void> {
  const torrent = makeTorrent(spec)
  const useIt = async ({ root, port }: { readonly root: string; readonly port: number }): Promise<void> => {
    writeFileSync(join(root, 'a.torrent'), torrent.bytes)
    await use({ torrent, root, peer: `127.0.0.1:${port}` })
  }
  await seedAll([torrent], useIt, more)
}

/** The same for several torrents. @param use gets an empty directory and the seed's port */
export async function seedAll(
  torrents: readonly MadeTorrent[],
  use: (seed: { readonly root: string; readonly port: number }) => Promise<void>,
  more: Partial<Settings> = {},
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  const root = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  const settings = {
    listenPorts: { first: 0, last: 0 },
    local: new LocalAddresses({ v4: '127.0.0.1' }),
    maxPeers: 20,
    stateDirectory: join(directory, 'state'),
    ...more,
  }
  const session = await Session.open(settings, { clock: systemClock, log: silentLog })
  try {
    for (const torrent of torrents) {
      await torrent.writeTo(directory)
      await startSeeding(session, torrent, directory)
    }
    await use({ root, port: session.listenPort })
  } finally {
    await session.close()
    for (const path of [directory, root]) rmSync(path, { recursive: true, force: true })
  }
}

async function startSeeding(session: Session, { metainfo }: MadeTorrent, directory: string): Promise<void> {
  const settings = {
    outputDirectory: directory,
    usePartFiles: true,
    force: false,
    peers: [],
    seedWhenComplete: true,
  }
  const ignore = (): undefined => undefined
  await new Promise<void>((resolve, reject) => {
    const observer = { onState: ignore, onTracker: ignore, onFile: ignore, onWarning: ignore }
    session.add(metainfo, settings, { ...observer, onComplete: resolve, onFailed: reject }).start()
  })
}
