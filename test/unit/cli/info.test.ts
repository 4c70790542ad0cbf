import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatInfo, formatInfoJson } from '../../../src/cli/commands/info.ts'
import { describeTerminal } from '../../../src/cli/terminal.ts'
import { loadTheme } from '../../../src/cli/theme.ts'
import type { Metainfo } from '../../../src/metainfo/metainfo.ts'
import { MemoryStream, makeMetainfo } from './fake-session.ts'

async function layout(metainfo: Metainfo): Promise<string> {
  const terminal = describeTerminal(new MemoryStream(), { LANG: 'C.UTF-8' }, 'auto')
  return formatInfo(metainfo, { terminal, theme: await loadTheme(terminal) })
}

const LINUX: Metainfo = {
  ...makeMetainfo('linux-12.iso', 661_651_456),
  infoHash: Buffer.from('6f84758b0ddd8dc05840bf932a77935d8b5b8b93', 'hex'),
  trackerTiers: [['udp://tracker.example.org:6969/announce'], ['http://b/', 'http://c/']],
  createdBy: 'mktorrent 1.1',
  creationDateSeconds: 1_794_139_200,
}

test('the layout puts labels to the right of one column and values beside them', async () => {
  assert.deepEqual((await layout(LINUX)).split('\n'), [
    '     Name  linux-12.iso',
    'Info hash  6f84758b0ddd8dc05840bf932a77935d8b5b8b93',
    '     Size  631.0 MiB (661,651,456 bytes)',
    '   Pieces  631 × 1.0 MiB',
    ' Trackers  1  udp://tracker.example.org:6969/announce',
    '           2  http://b/',
    '           2  http://c/',
    '  Created  2026-11-08 12:00:00Z  by mktorrent 1.1',
    '    Files  0  631.0 MiB  linux-12.iso',
    '',
  ])
})

test('of several files their number stands beside the size', async () => {
  const [file] = LINUX.files
  const files = [file!, { ...file!, path: ['b'] }, { ...file!, path: ['.pad', '1'], isPadding: true }]
  assert.match(
    await layout({ ...LINUX, isSingleFile: false, files }),
    /Size {2}631\.0 MiB \(661,651,456 bytes\) in 2 files\n/,
  )
})

test('foreign text is shown escaped, wherever the torrent has it', async () => {
  const evil = '\x1b[2J\u202e\u009b'
  const text = await layout({
    ...LINUX,
    comment: evil,
    createdBy: evil,
    trackerTiers: [[evil]],
    webSeeds: [evil],
    renames: [{ from: evil, to: '_' }],
    notices: [evil],
  })
  for (const character of evil.match(/[^ -~]/g) ?? []) assert.ok(!text.includes(character))
  assert.equal(text.split('\\x1b[2J\\u{202e}\\x9b').length - 1, 6)
})

test('the JSON has stable keys, shows no padding, and is safe to print', () => {
  const [file] = LINUX.files
  const json = formatInfoJson({
    ...LINUX,
    comment: '\x1b\u009b\u202e',
    files: [file!, { ...file!, path: ['.pad', '1'], isPadding: true }],
  })
  assert.doesNotMatch(json, /[^ -~\n]/)
  const value = JSON.parse(json) as Record<string, unknown>
  assert.deepEqual(Object.keys(value), [
    'v',
    'name',
    'infoHash',
    'totalBytes',
    'pieceBytes',
    'pieceCount',
    'isPrivate',
    'trackers',
    'webSeeds',
    'comment',
    'createdBy',
    'createdAt',
    'files',
    'renames',
    'notices',
  ])
  assert.equal(value['comment'], '\x1b\u009b\u202e')
  assert.equal(value['createdAt'], '2026-11-08T12:00:00.000Z')
  assert.deepEqual(value['files'], [{ index: 0, path: 'linux-12.iso', lengthBytes: 661_651_456 }])
})

test('a date that no calendar has is left out', async () => {
  assert.doesNotMatch(await layout({ ...LINUX, createdBy: undefined, creationDateSeconds: 1e15 }), /Created/)
})
