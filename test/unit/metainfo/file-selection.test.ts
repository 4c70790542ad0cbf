import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Bitfield } from '../../../src/common/bitfield.ts'
import {
  bytesOfPieces,
  piecePriorities,
  wantedFiles,
  wantedPieces,
} from '../../../src/metainfo/file-selection.ts'
import { makeTorrent } from '../../support/make-torrent.ts'

const { metainfo } = makeTorrent({
  name: 'set',
  pieceBytes: 16_384,
  files: [
    { path: 'a', length: 20_000 },
    { path: 'empty', length: 0 },
    { path: 'b', length: 100 },
    { path: '.pad/1', length: 12_668, attr: 'p' },
    { path: 'c', length: 5 },
  ],
})

test('a piece has the highest priority of its files', () => {
  assert.deepEqual([...piecePriorities(metainfo, Uint8Array.of(0, 9, 3, 0, 0))], [0, 3, 0])
  assert.deepEqual([...piecePriorities(metainfo, Uint8Array.of(5, 0, 3, 0, 1))], [5, 5, 1])
})

test('wanted pieces hold a byte of a wanted file; empty files have none', () => {
  const files = new Bitfield(5)
  files.set(1)
  assert.deepEqual([...wantedPieces(metainfo, files).indices()], [])
  files.set(2)
  files.set(4)
  assert.deepEqual([...wantedPieces(metainfo, files).indices()], [1, 2])
  assert.equal(bytesOfPieces(metainfo, Uint8Array.of(0, 1, 1)), 16_384 + 5)
})

test('to want every file but padding is to want all', () => {
  assert.equal(wantedFiles(metainfo, Uint8Array.of(1, 1, 2, 0, 1)), undefined)
  assert.deepEqual([...(wantedFiles(metainfo, Uint8Array.of(1, 0, 2, 0, 1))?.indices() ?? [])], [0, 2, 4])
})
