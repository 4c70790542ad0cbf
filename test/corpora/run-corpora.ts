/**
 * Reads every .torrent below a folder of other projects' test torrents and compares with the tables beside this file.
 * Usage: node dist/test/corpora/run-corpora.js DIR. One line for each file that is not as promised, is missing or is
 * not in the tables; then one line of totals. Exit 1 when anything failed.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { InputError, messageOf } from '../../src/common/errors.ts'
import type { FileEntry, Metainfo } from '../../src/metainfo/metainfo.ts'
import { readTorrentFile } from '../../src/metainfo/torrent-file.ts'
import type { AcceptedFile, Expectation } from './expectation.ts'
import { LIBTORRENT } from './libtorrent.ts'
import { TRANSMISSION } from './transmission.ts'
import { WEBTORRENT } from './webtorrent.ts'

const EXPECTATIONS: readonly Expectation[] = [...LIBTORRENT, ...TRANSMISSION, ...WEBTORRENT]

function main(directory: string | undefined): number {
  if (directory === undefined) {
    console.error(
      'usage: run-corpora DIR (the folder that holds libtorrent, transmission, webtorrent-fixtures)',
    )
    return 2
  }
  const found = new Set(torrentsBelow(directory))
  const failures = EXPECTATIONS.map((row) =>
    found.delete(row.file) ? compare(directory, row) : `${row.file}: the file is missing`,
  ).filter((failure) => failure !== undefined)
  for (const file of found) failures.push(`${file}: the file is in no table`)
  for (const failure of failures) console.log(failure)
  console.log(`${EXPECTATIONS.length + found.size - failures.length} passed, ${failures.length} failed`)
  return failures.length === 0 ? 0 : 1
}

/** Paths below `directory`, separated by `/`. */
function torrentsBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.torrent'))
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
}

/** @returns what is wrong, or undefined */
function compare(directory: string, { file, outcome }: Expectation): string | undefined {
  let metainfo: Metainfo
  try {
    metainfo = readTorrentFile(readFileSync(join(directory, file)))
  } catch (error) {
    const got = error instanceof InputError ? error.code : messageOf(error)
    const expected = 'code' in outcome ? outcome.code : 'accepted'
    return got === expected ? undefined : `${file}: ${got} (${messageOf(error)}), expected ${expected}`
  }
  if ('code' in outcome) return `${file}: accepted, expected ${outcome.code}`
  try {
    assert.deepEqual(factsOf(metainfo), promisedFacts(outcome, metainfo))
    return undefined
  } catch (error) {
    return `${file}: ${messageOf(error)}`
  }
}

function promisedFacts(promised: AcceptedFile, metainfo: Metainfo): Required<AcceptedFile> {
  return {
    paddingCount: 0,
    links: [],
    trackers: [],
    webSeeds: [],
    renameCount: 0,
    noticeCount: 0,
    isPrivate: false,
    ...unpromised(metainfo),
    ...promised,
  }
}

/** What a row may leave open. */
function unpromised(
  metainfo: Metainfo,
): Pick<Required<AcceptedFile>, 'paths' | 'fileCount' | 'creationDateSeconds'> {
  const { paths, fileCount, creationDateSeconds } = factsOf(metainfo)
  return { paths, fileCount, creationDateSeconds }
}

function factsOf(metainfo: Metainfo): Required<AcceptedFile> {
  const { files } = metainfo
  return {
    infoHash: metainfo.infoHash.toString('hex'),
    totalBytes: metainfo.geometry.totalBytes,
    paths: files.filter((file) => !file.isPadding && !file.isSymlink).map(pathOf),
    fileCount: files.length,
    paddingCount: files.filter((file) => file.isPadding).length,
    links: files.filter((file) => file.isSymlink).map(pathOf),
    trackers: metainfo.trackerTiers.flat(),
    webSeeds: metainfo.webSeeds,
    renameCount: metainfo.renames.length,
    noticeCount: metainfo.notices.length,
    isPrivate: metainfo.isPrivate,
    creationDateSeconds: metainfo.creationDateSeconds ?? -1,
  }
}

function pathOf(file: FileEntry): string {
  return file.path.join('/')
}

process.exitCode = main(process.argv[2])
