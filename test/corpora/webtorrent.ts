/** The torrents of the webtorrent-fixtures package. docs/corpora.md tells where and why we decide otherwise. */
import { accepted, refused, type Expectation } from './expectation.ts'

const FOLDER = 'webtorrent-fixtures/fixtures'

export const WEBTORRENT: readonly Expectation[] = [
  accepted('alice', {
    infoHash: '722fe65b2aa26d14f35b4ad627d20236e481d924',
    paths: ['alice.txt'],
    totalBytes: 163_783,
  }),
  accepted('bunny', {
    infoHash: 'af8f10f30bf9aefecf3686922bfa0d5bd290a395',
    paths: ['bbb_sunflower_1080p_30fps_stereo_abl.mp4'],
    totalBytes: 434_839_491,
    webSeeds: [
      'http://distribution.bbb3d.renderfarming.net/video/mp4/bbb_sunflower_1080p_30fps_stereo_abl.mp4',
    ],
    isPrivate: true,
  }),
  accepted('folder', {
    infoHash: 'b88da2caac6648e6c7d7687e3f89085f7e230e6b',
    paths: ['folder/file.txt'],
    totalBytes: 15,
  }),
  accepted('leaves-metadata', {
    infoHash: 'd2474e86c95b19b8bcfdb92bc12c9d44667cfa36',
    paths: ['Leaves of Grass by Walt Whitman.epub'],
    totalBytes: 362_017,
  }),
  accepted('leaves', {
    infoHash: 'd2474e86c95b19b8bcfdb92bc12c9d44667cfa36',
    paths: ['Leaves of Grass by Walt Whitman.epub'],
    totalBytes: 362_017,
  }),
  accepted('lots-of-numbers', {
    infoHash: '114ead6243792ba56297edbb9a78dfba84d4fc00',
    paths: [
      'lots-of-numbers/big numbers/10.txt',
      'lots-of-numbers/big numbers/11.txt',
      'lots-of-numbers/big numbers/12.txt',
      'lots-of-numbers/small numbers/1.txt',
      'lots-of-numbers/small numbers/2.txt',
      'lots-of-numbers/small numbers/3.txt',
    ],
    totalBytes: 12,
  }),
  accepted('numbers', {
    infoHash: '89d97c2261a21b040cf11caa661a3ba7233bb7e6',
    paths: ['numbers/1.txt', 'numbers/2.txt', 'numbers/3.txt'],
    totalBytes: 6,
  }),
  accepted('sintel', {
    infoHash: 'c334138ef5bfc2d568ea7324e0e2a3a7ec229bdd',
    paths: ['Sintel.2010.4K.DMRip.x264.DD.DTS.SRT-MaLLIeHbKa.mkv'],
    totalBytes: 5_490_455_272,
  }),
  ...refused('TORRENT_NAME_MISSING', 'corrupt'),
].map((row) => ({ ...row, file: `${FOLDER}/${row.file}` }))
