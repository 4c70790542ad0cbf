import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SuspectBlock } from '../../../src/swarm/piece-inquiry.ts'
import { PieceInquiry } from '../../../src/swarm/piece-inquiry.ts'

/** `'ann:good ben:bad'`: who sent what, block by block. The digest is of whatever stands there. */
function blocks(text: string): SuspectBlock[] {
  return text.split(' ').map((entry) => {
    const [sender = '', content = ''] = entry.split(':')
    return { sender, digest: Buffer.from(content) }
  })
}

const allGood = (): Buffer => Buffer.from('good')

test('the only sender of a bad piece is banned at once', () => {
  const inquiry = new PieceInquiry()
  assert.deepEqual(inquiry.onHashFailed(3, blocks('ann:bad ann:good')), { ban: ['ann'] })
  assert.equal(inquiry.mustBeSingleSource(3), false)
})

test('of several senders nobody is banned before it is known who lied', () => {
  const inquiry = new PieceInquiry()
  assert.deepEqual(inquiry.onHashFailed(3, blocks('ann:good ben:bad')), { ban: [] })
  assert.equal(inquiry.mustBeSingleSource(3), true)
  assert.equal(inquiry.mustBeSingleSource(4), false)
})

test('when the piece passes, whoever sent a different block is found, and nobody else', () => {
  const inquiry = new PieceInquiry()
  inquiry.onHashFailed(3, blocks('ann:good ben:bad ann:good cat:good dan:worse'))
  assert.deepEqual(inquiry.onPiecePassed(3, allGood), ['ben', 'dan'])
  assert.equal(inquiry.mustBeSingleSource(3), false)
  assert.deepEqual(inquiry.onPiecePassed(3, allGood), [])
})

test('a liar that sends good blocks when it is watched is found by its earlier ones', () => {
  const inquiry = new PieceInquiry()
  inquiry.onHashFailed(3, blocks('ann:good liar:bad'))
  assert.deepEqual(inquiry.onPiecePassed(3, allGood), ['liar'])
})

test('a peer that fails alone is banned, and what was known of the others is kept', () => {
  const inquiry = new PieceInquiry()
  inquiry.onHashFailed(3, blocks('ann:good ben:bad'))
  assert.deepEqual(inquiry.onHashFailed(3, blocks('cat:bad cat:bad')), { ban: ['cat'] })
  assert.equal(inquiry.mustBeSingleSource(3), true)
  assert.deepEqual(inquiry.onPiecePassed(3, allGood), ['ben'])
})

test('a piece that never failed costs no digests', () => {
  const inquiry = new PieceInquiry()
  const banned = inquiry.onPiecePassed(3, () => {
    throw new Error('not needed')
  })
  assert.deepEqual(banned, [])
})

test('two failures with several senders are both remembered', () => {
  const inquiry = new PieceInquiry()
  inquiry.onHashFailed(3, blocks('ann:good ben:bad'))
  inquiry.onHashFailed(3, blocks('cat:bad ann:good'))
  assert.deepEqual(inquiry.onPiecePassed(3, allGood), ['ben', 'cat'])
})

test('at most 64 failing pieces are remembered, the oldest goes first', () => {
  const inquiry = new PieceInquiry()
  for (let piece = 0; piece < 65; piece++) inquiry.onHashFailed(piece, blocks('ann:good ben:bad'))
  assert.equal(inquiry.size, 64)
  assert.equal(inquiry.mustBeSingleSource(0), false)
  assert.equal(inquiry.mustBeSingleSource(64), true)
})

test('one block in fifty wrong, in pieces shared with an honest peer: only the liar is found, in few pieces', () => {
  const inquiry = new PieceInquiry()
  const banned = new Set<string>()
  let badPieces = 0
  for (let piece = 0; piece < 40 && banned.size === 0; piece++) {
    const sent = Array.from({ length: 16 }, (_, block) => {
      const serial = piece * 16 + block
      if (serial % 2 === 0) return 'honest:good'
      return serial % 50 === 1 ? 'liar:bad' : 'liar:good'
    })
    if (!sent.includes('liar:bad')) continue
    badPieces++
    for (const sender of inquiry.onHashFailed(piece, blocks(sent.join(' '))).ban) banned.add(sender)
    for (const sender of inquiry.onPiecePassed(piece, allGood)) banned.add(sender)
  }
  assert.deepEqual([...banned], ['liar'])
  assert.equal(badPieces, 1)
})

test('each handover of a piece doubles the time that its next peer is given', () => {
  const inquiry = new PieceInquiry()
  inquiry.onHashFailed(1, blocks('ann:good ben:bad'))
  assert.equal(inquiry.patienceMs(1), 10_000)
  inquiry.onHandedOver(1)
  inquiry.onHandedOver(1)
  assert.equal(inquiry.patienceMs(1), 40_000)
})
