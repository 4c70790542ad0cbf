/** The torrents of Transmission's own tests (tests/libtransmission/assets, tests/utils/assets). docs/corpora.md tells where and why we decide otherwise. */
import { accepted, refused, type Expectation } from './expectation.ts'

const FOLDER = 'transmission/tests'

export const TRANSMISSION: readonly Expectation[] = [
  accepted('libtransmission/assets/Android-x86 8.1 r6 iso', {
    infoHash: '70341e8e1fe8778af23f6318ca75a22f8b1f1c05',
    paths: ['android x86 8.1 r6 ISO/android-x86-8.1-r6.iso'],
    totalBytes: 689_963_008,
    trackers: [
      'http://linuxtracker.org:2710/00000000000000000000000000000000/announce',
      'udp://tracker.opentrackr.org:1337/announce',
    ],
  }),
  accepted('libtransmission/assets/alice_in_wonderland_librivox_archive', {
    infoHash: '55e5f8c36e7cb3208b164f31d3e0b28b0e687d04',
    fileCount: 106,
    totalBytes: 458_775_682,
    trackers: ['http://bt1.archive.org:6969/announce', 'http://bt2.archive.org:6969/announce'],
    webSeeds: ['https://archive.org/download/', 'http://ia600707.us.archive.org/8/items/'],
    noticeCount: 1,
  }),
  accepted('libtransmission/assets/archlinux-2025.05.01-x86_64.iso', {
    infoHash: '2e34989b1c60df821b2d046c884d8f4d1858b97a',
    paths: ['archlinux-2025.05.01-x86_64.iso'],
    totalBytes: 1_243_643_904,
  }),
  accepted('libtransmission/assets/bad-utf8-path', {
    infoHash: '6c519c6ad9f461fd3755dff7f6392bf65118815b',
    paths: ['bad-utf8-path/πfile.😀😀😀', 'bad-utf8-path/file_.foo'],
    totalBytes: 24,
    renameCount: 1,
  }),
  accepted('libtransmission/assets/debian-11.2.0-amd64-DVD-1.iso', {
    infoHash: 'c9a337562cb0360fd6f5ab40fd2b1b81d5325dbd',
    paths: ['debian-11.2.0-amd64-DVD-1.iso'],
    totalBytes: 3_897_638_912,
    trackers: ['http://bttracker.debian.org:6969/announce'],
  }),
  accepted('libtransmission/assets/perfect-pieces', {
    infoHash: 'efa7eb3dec5661698f353fde079418543a63e872',
    paths: ['ThisIsMyTorrent/file1.txt', 'ThisIsMyTorrent/file2.mkv', 'ThisIsMyTorrent/file3.nfo'],
    totalBytes: 25_165_824,
    trackers: ['https://example.com/announce'],
    isPrivate: true,
  }),
  accepted('libtransmission/assets/ubuntu-18.04.6-desktop-amd64.iso', {
    infoHash: 'bc26c6bc83d0ca1a7bf9875df1ffc3fed81ff555',
    paths: ['ubuntu-18.04.6-desktop-amd64.iso'],
    totalBytes: 2_514_124_800,
    trackers: ['https://torrent.ubuntu.com/announce', 'https://ipv6.torrent.ubuntu.com/announce'],
  }),
  accepted('libtransmission/assets/ubuntu-20.04.4-desktop-amd64.iso', {
    infoHash: 'f09c8d0884590088f4004e010a928f8b6178c2fd',
    paths: ['ubuntu-20.04.4-desktop-amd64.iso'],
    totalBytes: 3_379_068_928,
    trackers: ['https://torrent.ubuntu.com/announce', 'https://ipv6.torrent.ubuntu.com/announce'],
  }),
  accepted('libtransmission/assets/unordered-info-dict', {
    infoHash: 'e44a814ac5ed962f9181638d1136a6aface3f734',
    paths: ['ThisIsMyTorrent/file1.txt', 'ThisIsMyTorrent/file2.mkv', 'ThisIsMyTorrent/file3.nfo'],
    totalBytes: 25_165_824,
    trackers: ['https://example.com/announce'],
    isPrivate: true,
  }),
  accepted('libtransmission/assets/webseed-getright-list', {
    infoHash: '146e9ee0534797d39c457fa1f72621f867a4676e',
    paths: ['hello/world'],
    totalBytes: 14,
    trackers: ['http://www.example.com/announce'],
    webSeeds: ['http://www.webseed-one.com/', 'http://webseed-two.com/'],
  }),
  accepted('libtransmission/assets/webseed-getright-string', {
    infoHash: '146e9ee0534797d39c457fa1f72621f867a4676e',
    paths: ['hello/world'],
    totalBytes: 14,
    trackers: ['http://www.example.com/announce'],
    webSeeds: ['http://www.webseed-one.com/'],
  }),
  accepted('utils/assets/Inner_Sanctum_movie_archive', {
    infoHash: 'f735d5be075bdb8832e29c96e80e53fdace6178b',
    fileCount: 32,
    paddingCount: 16,
    totalBytes: 2_285_895_680,
    trackers: ['http://bt1.archive.org:6969/announce', 'http://bt2.archive.org:6969/announce'],
    webSeeds: ['https://archive.org/download/', 'http://ia601406.us.archive.org/32/items/'],
    noticeCount: 1,
  }),
  accepted('utils/assets/Thor_and_the_Amazon_Women.avi', {
    infoHash: '43fdd3e72588e9119c9c94c54332ee533cf80bd6',
    paths: ['Thor_and_the_Amazon_Women.avi'],
    totalBytes: 782_290_944,
    trackers: ['http://files2.publicdomaintorrents.com/bt/announce.php'],
  }),
  accepted('utils/assets/bitcomet.utf-8.special', {
    infoHash: '52bb66ab192b38cad7ce20fb8ee2dfe1d870bea8',
    paths: ['modified test-utf8/別の世界f1.txt', 'modified test-utf8/別の世界f2.txt'],
    totalBytes: 13,
    trackers: ['http://fake.example.com:7070/announce'],
  }),
  accepted('utils/assets/bittorrent-v2-hybrid-test', {
    infoHash: '631a31dd0a46257d5078c0dee4e66e26f73e42ac',
    fileCount: 17,
    paddingCount: 8,
    totalBytes: 898_631_684,
  }),
  accepted('utils/assets/hybrid-single-ubuntu-20.04.3-desktop-amd64.iso', {
    infoHash: 'c4b7a178451f4f1a5154ffe1e780b168d6482e98',
    paths: ['ubuntu-20.04.3-desktop-amd64.iso'],
    totalBytes: 3_071_934_464,
    trackers: ['http://example.com/announce'],
  }),
  accepted('utils/assets/ubuntu-20.04.3-desktop-amd64.iso', {
    infoHash: 'b26c81363ac1a236765385a702aec107a49581b5',
    paths: ['ubuntu-20.04.3-desktop-amd64.iso'],
    totalBytes: 3_071_934_464,
    trackers: ['https://torrent.ubuntu.com/announce', 'https://ipv6.torrent.ubuntu.com/announce'],
  }),
  ...refused('TORRENT_PIECES_TYPE', 'libtransmission/assets/bad-pieces-key'),
  ...refused('TORRENT_PATH_DUPLICATE', 'libtransmission/assets/dup-files'),
  ...refused('BENCODE_DUPLICATE_KEY', 'libtransmission/assets/dup-pieces-key'),
  ...refused(
    'TORRENT_PIECES_COUNT',
    'libtransmission/assets/empty-pieces-key',
    'libtransmission/assets/too-few-pieces',
    'libtransmission/assets/too-many-pieces',
  ),
  ...refused('TORRENT_INFO_MISSING', 'libtransmission/assets/gimp-2.10.32-1-arm64.dmg'),
  ...refused('TORRENT_PIECES_UNALIGNED', 'libtransmission/assets/invalid-pieces-length'),
  ...refused('TORRENT_PIECES_MISSING', 'libtransmission/assets/missing-pieces-key'),
  ...refused('TORRENT_V2_UNSUPPORTED', 'utils/assets/bittorrent-v2-test'),
].map((row) => ({ ...row, file: `${FOLDER}/${row.file}` }))
