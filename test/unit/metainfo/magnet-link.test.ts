import assert from 'node:assert/strict'
import { test } from 'node:test'
import { magnetLink } from '../../../src/metainfo/magnet-link.ts'
import { makeTorrent } from '../../support/make-torrent.ts'

test('hash, name, size, trackers in tier order and web seeds, each encoded', () => {
  const { metainfo } = makeTorrent({
    name: 'ä & b',
    trackers: [['udp://one.example:1/announce', 'http://two.example/a?b=c&d'], ['udp://three.example:1']],
    extra: { 'url-list': 'https://seed.example/ä' },
  })
  const link = magnetLink(metainfo)
  assert.match(link, /^[!-~]+$/)
  const fields = [...new URL(link).searchParams]
  assert.deepEqual(fields, [
    ['xt', `urn:btih:${metainfo.infoHash.toString('hex')}`],
    ['dn', 'ä & b'],
    ['xl', '100000'],
    ['tr', 'udp://one.example:1/announce'],
    ['tr', 'http://two.example/a?b=c&d'],
    ['tr', 'udp://three.example:1'],
    ['ws', 'https://seed.example/ä'],
  ])
})
