/** W13: making a .torrent of what is in memory, beside other makers. */
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { readTorrentFile } from '../../src/metainfo/torrent-file.ts'
import { pseudoRandom } from '../../test/support/make-torrent.ts'
import { runNow } from '../../test/interop/support/processes.ts'
import { projectDirectory } from '../../test/interop/support/project.ts'
import { costing, readCost } from '../../test/interop/support/run-cost.ts'
import { commandIn } from '../contenders.ts'
import { COST_COLUMNS, COST_RATIOS, GIB, MIB } from './workload.ts'
import type { Case, Stage, Workload } from './workload.ts'

const FILES_PER_DIRECTORY = 300

const LIBTORRENT = [
  'import os, sys, libtorrent as lt',
  'storage = lt.file_storage()',
  'lt.add_files(storage, sys.argv[1])',
  'torrent = lt.create_torrent(storage, 0, lt.create_torrent.v1_only)',
  'lt.set_piece_hashes(torrent, os.path.dirname(sys.argv[1]))',
  'open(sys.argv[2], "wb").write(lt.bencode(torrent.generate()))',
].join('\n')

/** From what is in memory to a .torrent; each chooses its own piece length but mktorrent, which would take 256 KiB. */
const MAKERS: Readonly<Record<string, (path: string, output: string) => readonly string[]>> = {
  'torrent-dl': (path, output) => [...commandIn(projectDirectory), 'create', '-q', '-f', '-o', output, path],
  libtorrent: (path, output) => ['/usr/bin/python3', '-c', LIBTORRENT, path, output],
  mktorrent: (path, output) => ['mktorrent', '-t', '2', '-l', '19', '-o', output, path],
  transmission: (path, output) => ['transmission-create', '-o', output, path],
}

/** @param write makes `data` in a directory of its own; @param totalBytes what the torrent must hold */
function open(totalBytes: number, write: (path: string) => void): Stage {
  const directory = mkdtempSync('/dev/shm/torrent-dl-create-')
  const remove = (): void => {
    rmSync(directory, { recursive: true, force: true })
  }
  process.once('exit', remove)
  const path = join(directory, 'data')
  write(path)
  return {
    run: async (contender) => {
      const [output, cost] = ['made.torrent', 'cost'].map((name) => join(directory, name))
      rmSync(output!, { force: true })
      runNow(costing(cost!, MAKERS[contender]!(path, output!)))
      const metainfo = readTorrentFile(readFileSync(output!))
      if (metainfo.geometry.totalBytes !== totalBytes || metainfo.name !== basename(path))
        throw new Error(`${contender} made a torrent of something else`)
      const { wallSeconds, userSeconds, systemSeconds, peakRssBytes } = readCost(cost!)
      const cpuSeconds = userSeconds + systemSeconds
      return Promise.resolve({ wallSeconds, cpuSeconds, userSeconds, systemSeconds, peakRssBytes })
    },
    close: async () => {
      remove()
      return Promise.resolve()
    },
  }
}

function writeLarge(path: string, totalBytes: number): void {
  const fd = openSync(path, 'w')
  const random = pseudoRandom(1)(16 * MIB)
  for (let at = 0; at < totalBytes; at += random.length)
    writeSync(fd, random, 0, Math.min(random.length, totalBytes - at))
  closeSync(fd)
}

function writeMany(path: string, count: number, fileBytes: number): void {
  const random = pseudoRandom(1)(fileBytes)
  for (let i = 0; i < count; i++) {
    const file = join(path, `d${Math.floor(i / FILES_PER_DIRECTORY)}`, `f${i}`)
    if (i % FILES_PER_DIRECTORY === 0) mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, random)
  }
}

export const w13: Workload = {
  id: 'W13',
  what: 'making a .torrent',
  cases: ({ divisor }) => {
    const totalBytes = (2 * GIB) / divisor
    const fileCount = Math.ceil(100_000 / divisor)
    const common = {
      contenders: Object.keys(MAKERS),
      rounds: 5,
      columns: COST_COLUMNS,
      ratios: COST_RATIOS.filter(({ over }) => over === 'libtorrent'),
      targets: [{ text: 'wall <= 0.75 x libtorrent', key: 'wallSeconds', over: 'libtorrent' }],
    }
    const cases: Case[] = [
      {
        ...common,
        title: `one file of ${totalBytes / MIB} MiB, in memory`,
        open: async () =>
          Promise.resolve(
            open(totalBytes, (path) => {
              writeLarge(path, totalBytes)
            }),
          ),
      },
      {
        ...common,
        title: `${fileCount} files of 4 KiB in directories of ${FILES_PER_DIRECTORY}, in memory`,
        open: async () =>
          Promise.resolve(
            open(fileCount * 4096, (path) => {
              writeMany(path, fileCount, 4096)
            }),
          ),
      },
    ]
    return cases
  },
}
