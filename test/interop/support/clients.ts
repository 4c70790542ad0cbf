/**
 * The real clients, as data: how each is told to seed or to download one torrent and nothing else. What is switched off
 * (DHT, PEX, LSD, uTP, port mapping, encryption) would reach outside the lab or hide which way a byte came; PEX and LSD
 * are on where a test asks for them.
 */
import { join } from 'node:path'
import type { Host } from './lab.ts'
import type { BigTorrent } from './big-torrent.ts'
import { projectDirectory } from './project.ts'

export type Role = 'seed' | 'download'

export interface Finds {
  /** The torrent's own trackers; asked unless this is false. Heeded by aria2 and libtorrent. */
  readonly trackers?: boolean
  readonly pex?: boolean
  readonly lsd?: boolean
}

export interface Job {
  readonly role: Role
  readonly host: Host
  readonly torrent: BigTorrent
  /** Where the payload is or shall be. */
  readonly directory: string
  /** The client's own folder: configuration, session, logs. */
  readonly home: string
  readonly port: number
  /** How it finds peers; undefined: through trackers alone. */
  readonly finds?: Finds | undefined
  /** A client that does not end by itself makes this file when the torrent is whole. */
  readonly doneFile: string
}

export interface Launch {
  readonly command: readonly string[]
  /** Paths below `home`. Those that end in `.sh` are made executable. */
  readonly files?: Readonly<Record<string, string>>
}

export interface Client {
  readonly name: string
  readonly program: string
  /** Of Debian. */
  readonly packageName: string
  launch(job: Job): Launch
}

const aria2: Client = {
  name: 'aria2',
  program: 'aria2c',
  packageName: 'aria2',
  launch: ({ role, torrent, directory, port, finds }) => ({
    command: [
      'aria2c',
      '--no-conf',
      `--dir=${directory}`,
      `--listen-port=${port}`,
      ...[
        '--enable-dht=false',
        '--enable-dht6=false',
        `--enable-peer-exchange=${finds?.pex === true}`,
        `--bt-enable-lpd=${finds?.lsd === true}`,
        ...(finds?.trackers === false ? ['--bt-exclude-tracker=*'] : []),
      ],
      ...[
        '--file-allocation=none',
        '--allow-overwrite=true',
        '--summary-interval=0',
        '--console-log-level=warn',
      ],
      ...(role === 'seed' ? ['--check-integrity=true', '--seed-ratio=0.0'] : ['--seed-time=0']),
      // It asks UDP trackers through its DHT socket only.
      torrent.httpTorrentFile,
    ],
  }),
}

const libtorrent: Client = {
  name: 'libtorrent',
  program: '/usr/bin/python3',
  packageName: 'python3-libtorrent',
  launch: (job) => ({
    command: libtorrentCommand(
      job,
      [job.torrent.torrentFile],
      job.finds?.lsd === true ? { enable_lsd: 1 } : {},
    ),
  }),
}

/** @param settings libtorrent's own, beside those that the lab needs */
export function libtorrentCommand(
  { role, directory, host, port, finds }: Pick<Job, 'role' | 'directory' | 'host' | 'port' | 'finds'>,
  torrentFiles: readonly string[],
  settings: Readonly<Record<string, number>> = {},
): string[] {
  const script = join(projectDirectory, 'test/interop/support/libtorrent-peer.py')
  const place = [directory, `${host.address}:${port}`]
  const does = finds?.trackers === false ? `${role}-without-trackers` : role
  return ['/usr/bin/python3', script, does, ...place, JSON.stringify(settings), ...torrentFiles]
}

const transmission: Client = {
  name: 'transmission',
  program: 'transmission-daemon',
  packageName: 'transmission-daemon',
  launch: ({ torrent, directory, home, port, doneFile, finds }) => ({
    // It takes the torrent from the folder it watches, and checks what is there of it.
    command: [
      'sh',
      '-c',
      `cp "$0" "$1/watch/" && exec transmission-daemon -f -g "$1"`,
      torrent.torrentFile,
      home,
    ],
    files: {
      'watch/.keep': '',
      'done.sh': `#!/bin/sh\ntouch '${doneFile}'\n`,
      'settings.json': JSON.stringify({
        'dht-enabled': false,
        'pex-enabled': finds?.pex === true,
        'lpd-enabled': finds?.lsd === true,
        'utp-enabled': false,
        'port-forwarding-enabled': false,
        'rpc-enabled': false,
        encryption: 0,
        preallocation: 0,
        'peer-port': port,
        'download-dir': directory,
        'watch-dir': join(home, 'watch'),
        'watch-dir-enabled': true,
        'script-torrent-done-enabled': true,
        'script-torrent-done-filename': join(home, 'done.sh'),
      }),
    },
  }),
}

const qbittorrent: Client = {
  name: 'qbittorrent',
  program: 'qbittorrent-nox',
  packageName: 'qbittorrent-nox',
  launch: ({ torrent, directory, home, port, doneFile, finds }) => ({
    command: [
      'qbittorrent-nox',
      `--profile=${home}`,
      `--save-path=${directory}`,
      ...['--add-paused=false', '--skip-dialog=true'],
      torrent.torrentFile,
    ],
    files: {
      // Its settings cannot hold a semicolon or quotes, so the command is a script.
      'done.sh': `#!/bin/sh\ntouch '${doneFile}'\n`,
      'qBittorrent/config/qBittorrent.conf': [
        '[LegalNotice]',
        'Accepted=true',
        '[Preferences]',
        'WebUI\\Enabled=false',
        '[Network]',
        'PortForwardingEnabled=false',
        '[AutoRun]',
        'enabled=true',
        `program=${join(home, 'done.sh')}`,
        '[BitTorrent]',
        'Session\\DHTEnabled=false',
        `Session\\PeXEnabled=${finds?.pex === true}`,
        `Session\\LSDEnabled=${finds?.lsd === true}`,
        'Session\\BTProtocol=TCP',
        'Session\\Encryption=2',
        'Session\\QueueingSystemEnabled=false',
        'Session\\MultiConnectionsPerIp=true',
        `Session\\Port=${port}`,
        '',
      ].join('\n'),
    },
  }),
}

const rtorrent: Client = {
  name: 'rtorrent',
  program: 'rtorrent',
  packageName: 'rtorrent',
  launch: ({ torrent, directory, home, port, doneFile }) => ({
    command: ['rtorrent', '-n', '-o', `import=${join(home, 'rtorrent.rc')}`],
    files: {
      'session/.keep': '',
      'rtorrent.rc': [
        'system.daemon.set = true',
        `session.path.set = ${join(home, 'session')}`,
        `directory.default.set = ${directory}`,
        `network.port_range.set = ${port}-${port}`,
        'network.port_random.set = no',
        'dht.mode.set = disable',
        'protocol.pex.set = no',
        'protocol.encryption.set = allow_incoming',
        'pieces.hash.on_completion.set = no',
        `method.set_key = event.download.finished, zz_done, "execute2={touch,${doneFile}}"`,
        `schedule2 = load, 0, 0, "load.start=${torrent.torrentFile}"`,
        '',
      ].join('\n'),
    },
  }),
}

export const CLIENTS = { aria2, libtorrent, transmission, qbittorrent, rtorrent } as const

export type ClientName = keyof typeof CLIENTS

export const CLIENT_NAMES = Object.keys(CLIENTS) as ClientName[]

/** The product: what a user types. */
export const torrentDl: Client = {
  name: 'torrent-dl',
  program: process.execPath,
  packageName: 'nodejs',
  launch: ({ torrent, directory, port, finds }) => ({
    command: [
      ...torrentDlCommand(),
      ...onlyFinding(finds),
      '-p',
      String(port),
      '-o',
      directory,
      torrent.torrentFile,
    ],
  }),
}

function onlyFinding({ pex, lsd }: Finds = {}): string[] {
  return [...(pex === true ? [] : ['--no-pex']), ...(lsd === true ? [] : ['--no-lsd'])]
}

/** Options and sources follow. */
export function torrentDlCommand(): string[] {
  return [process.execPath, join(projectDirectory, 'bin/torrent-dl.js'), '--progress', 'none']
}
