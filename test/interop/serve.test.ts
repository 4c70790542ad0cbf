/** What `serve` publishes is whole for real clients: through its tracker, and from its web seed where there is no peer. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { makeBigTorrent } from './support/big-torrent.ts'
import type { BigTorrent } from './support/big-torrent.ts'
import { CLIENTS, torrentDlCommand } from './support/clients.ts'
import type { ClientName, Finds } from './support/clients.ts'
import { Lab, onHost } from './support/lab.ts'
import { runNow, waitUntil } from './support/processes.ts'
import type { RunningProcess } from './support/processes.ts'
import { requirePrograms, startDownload } from './support/run-client.ts'
import type { DownloadOptions } from './support/run-client.ts'
import { assertWhole, MIB } from './support/swarm.ts'
import type { SwarmTorrent } from './support/swarm.ts'

const LIMITS = { timeoutMs: 60_000 }
const LISTENING_MS = 20_000
/** Names that must be written otherwise in an address, and a file without bytes. */
const TREE = [
  { path: ['weights', 'teil-ä 1.bin'], lengthBytes: 9 * MIB + 17 },
  { path: ['weights', '50%+2#3.bin'], lengthBytes: 3 * MIB },
  { path: ['empty'], lengthBytes: 0 },
  { path: ['read me.txt'], lengthBytes: 4711 },
]
const CONTENTS: Readonly<Record<string, SwarmTorrent['content']>> = {
  'a file': 16 * MIB + 1,
  'a directory': TREE,
}
const THROUGH_TRACKER: readonly ClientName[] = ['aria2', 'libtorrent', 'transmission']
const WEB_SEEDED: readonly ClientName[] = ['aria2', 'libtorrent']
const ALONE: Finds = { trackers: false }

interface Serving {
  readonly running: RunningProcess
  /** Of the data; its torrent files are what was published. */
  readonly torrent: BigTorrent
}

for (const [what, content] of Object.entries(CONTENTS)) {
  describe(`serve of ${what}`, { concurrency: true }, () => {
    let lab: Lab
    before(() => {
      requirePrograms()
      lab = Lab.open()
    })
    after(async () => lab.close())

    it('is downloaded whole through its tracker, and ends with 0 when all have it', async () => {
      const count = String(THROUGH_TRACKER.length)
      // At a rate, because aria2 tells no tracker that it lacked something when it had all before its first announce.
      const rate = ['--upload-limit', '10M']
      // Without the last option a client that is not counted would be waited for until the clients' own limit.
      const options = [...rate, '--until-completed', count, '--expire', '50s']
      const { running, torrent } = await serve(lab, content, options)
      const limits = { timeoutMs: 60_000, until: running.exit }
      await Promise.all(THROUGH_TRACKER.map(async (name) => assertDownload(lab, name, torrent, limits)))
      const { exitCode, stdout, stderr } = await running.exit
      assert.equal(exitCode, 0, stdout + stderr)
    })

    for (const name of WEB_SEEDED) {
      it(`is downloaded whole by ${name}, which knows no peer, from the web seed`, async () => {
        const { running, torrent } = await serve(lab, content)
        await assertDownload(lab, name, torrent, { ...LIMITS, finds: ALONE })
        running.signal('SIGTERM')
        const { stdout, stderr } = await running.exit
        assert.ok(uploadedBytes(stdout) >= torrent.totalBytes, stdout + stderr)
      })
    }
  })
}

/** On a host of its own; resolves with what it published. */
async function serve(
  lab: Lab,
  content: SwarmTorrent['content'],
  options: readonly string[] = [],
): Promise<Serving> {
  const host = lab.addHost('serve')
  const directory = lab.newDirectory('served')
  const data = makeBigTorrent({
    ...{ directory, name: 'model ö', content, pieceLength: 256 * 1024 },
    trackers: {},
  })
  const path = join(data.dataDirectory, data.name)
  const command = [...torrentDlCommand().slice(0, 2), 'serve', '--json', '--web-seed', '--bind', host.address]
  const home = lab.newDirectory('serve-home')
  const running = lab.start(host, [...command, ...options, path], {
    label: 'serve',
    environment: { HOME: home, TMPDIR: home },
  })
  const urlNow = (): string | undefined => /"url":"(http:[^"]+)"/.exec(running.output())?.[1]
  await waitUntil('serve prints its URL', LISTENING_MS, () => urlNow() !== undefined, running.output)
  const url = urlNow() ?? ''
  const torrentFile = join(directory, 'published.torrent')
  runNow(onHost(host, ['curl', '-s', '-f', '-m', '5', '-o', torrentFile, url]))
  // aria2 follows the address itself; the other clients are given the file that was there.
  return { running, torrent: { ...data, torrentFile, httpTorrentFile: url } }
}

async function assertDownload(
  lab: Lab,
  name: ClientName,
  torrent: BigTorrent,
  { finds, ...options }: DownloadOptions & { readonly finds?: Finds },
): Promise<void> {
  const directory = lab.newDirectory('downloaded')
  const job = { host: lab.addHost(name), torrent, directory, ...(finds && { finds }) }
  // transmission makes no file that has no bytes.
  const isMade = (file: string): boolean => name !== 'transmission' || !file.endsWith('/empty')
  const made = { ...torrent, files: torrent.files.filter(isMade) }
  assertWhole(made, directory, await startDownload(lab, CLIENTS[name], job, options).finished)
}

/** As the last event has it. */
function uploadedBytes(events: string): number {
  return Number(/"type":"exit".*"uploadedBytes":(\d+)/.exec(events)?.[1] ?? 0)
}
