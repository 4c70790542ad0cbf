/** A seed inside the test's process, for the command to download from. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LocalAddresses } from '../../src/common/local-addresses.ts'
import { Seeder } from '../../src/share/seeder.ts'
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
  const seeder = await Seeder.open({
    local: new LocalAddresses({ v4: '127.0.0.1' }),
    stateDirectory: join(directory, 'state'),
    ...more,
  })
  try {
    for (const torrent of torrents) {
      await torrent.writeTo(directory)
      await seeder.add(torrent.metainfo, directory)
    }
    await use({ root, port: seeder.port })
  } finally {
    await seeder.close()
    for (const path of [directory, root]) rmSync(path, { recursive: true, force: true })
  }
}
