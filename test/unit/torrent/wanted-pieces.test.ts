import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WantedPieces } from '../../../src/torrent/wanted-pieces.ts'
import { pieces } from '../../support/picker-strings.ts'

function setup(had: string): { have: ReturnType<typeof pieces>; wanted: WantedPieces } {
  const have = pieces(had)
  return { have, wanted: new WantedPieces(have) }
}

test('everything is wanted at first', () => {
  const { have, wanted } = setup('#..')
  assert.deepEqual([wanted.count, wanted.hadCount, wanted.missingCount], [3, 1, 2])
  have.setAll()
  assert.equal(wanted.isComplete, true)
})

test('it is complete when the wanted pieces are had, whatever else is missing', () => {
  const { have, wanted } = setup('#....')
  wanted.set(pieces('##.#.'))
  assert.deepEqual([wanted.count, wanted.hadCount, wanted.missingCount], [3, 1, 2])
  for (const piece of [1, 2, 3]) {
    have.set(piece)
    wanted.onHave(piece)
  }
  assert.equal(wanted.hadCount, 3, 'piece 2 is had and not wanted')
  assert.equal(wanted.isComplete, true)
})

test('only what is wanted and lacking is missing', () => {
  const { wanted } = setup('#...')
  wanted.set(pieces('##..'))
  assert.deepEqual(
    [0, 1, 2, 3].filter((piece) => wanted.isMissing(piece)),
    [1],
  )
})

test('what is wanted can change, also to nothing', () => {
  const { wanted } = setup('##..')
  wanted.set(pieces('..##'))
  assert.equal(wanted.missingCount, 2)
  wanted.set('all')
  assert.deepEqual([wanted.count, wanted.hadCount], [4, 2])
  wanted.set(pieces('....'))
  assert.equal(wanted.isComplete, true)
})
