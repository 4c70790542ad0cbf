/** The names that users rely on, from the product's description. They are final: a test holds the program to them. */

/** Every command, `torrent-dl` itself apart. */
export const COMMANDS: readonly string[] = [
  ...['info', 'cat', 'completion', 'verify', 'create', 'seed', 'tracker', 'serve', 'testbed'],
  ...['magnet', 'scrape', 'metadata'],
]

/** Long names (and `-4`, `-6`, which have none), with their short ones and the aliases that are kept for habits. */
export const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  '--output': ['-o', '-d', '--dir'],
  '--file-allocation': [],
  '--no-part': [],
  '--select': ['-s'],
  '--exclude': [],
  '--list': ['-l'],
  '--dry-run': ['-n'],
  '--max-size': [],
  '--input-file': ['-i'],
  '--jobs': ['-j'],
  '--failed-to': [],
  '--listen-port': ['-p'],
  '--interface': [],
  '--peer': [],
  '--tracker': ['-t', '-a', '--announce'],
  '--only-tracker': [],
  '--max-peers': [],
  '--dht-node': [],
  '--blocklist': [],
  '--no-dht': [],
  '--no-pex': [],
  '--no-lsd': [],
  '--no-utp': [],
  '--no-portmap': [],
  '--no-webseed': [],
  '--local': [],
  '--proxy': [],
  '--encryption': [],
  '-4': [],
  '-6': [],
  '--download-limit': ['--limit-rate', '--max-download-limit'],
  '--upload-limit': [],
  '--seed': [],
  '--seed-ratio': [],
  '--seed-time': [],
  '--timeout': [],
  '--stall-timeout': [],
  '--metadata-timeout': [],
  '--expect': [],
  '--checksum-file': [],
  '--verify': [],
  '--fsync': [],
  '--disk-wait': [],
  '--force': ['-f'],
  '--continue': ['-c'],
  '--json': [],
  '--quiet': ['-q'],
  '--verbose': ['-v'],
  '--version': ['-V'],
  '--help': ['-h'],
  '--progress': [],
  '--color': [],
  '--log-file': [],
  '--explain': [],
  '--on-complete': [],
  '--on-error': [],
  '--hook-timeout': [],
  '--config': [],
  '--no-config': [],
}

/** Of commands other than the download. */
export const COMMAND_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  cat: ['--tar', '--no-store'],
  tracker: [
    ...['--bind', '--port', '--interval', '--allow', '--allow-file'],
    ...['--max-torrents', '--max-peers-per-host'],
  ],
  create: [
    ...['--v1', '--piece-length', '--web-seed', '--private', '--source', '--comment', '--name', '--date'],
    ...['--follow-links', '--executable', '--magnet'],
  ],
  seed: ['--until-completed', '--super-seed'],
  serve: [
    ...['--piece-length', '--private', '--web-seed', '--super-seed', '--bind', '--host', '--port', '--tracker-port'],
    ...['--until-completed', '--expire'],
  ],
  testbed: [
    ...['--size', '--files', '--random-seed', '--name', '--piece-length', '--peers', '--tracker-drop'],
    ...['--tracker-fail', '--peer-latency', '--peer-rate', '--corrupt', '--leave-at', '--ready-fd'],
  ],
}

/** Not there yet, and the issue that brings it. What is offered is taken off this list in the same commit. */
export const NOT_OFFERED_YET: Readonly<Record<string, number>> = {
  magnet: 7,
  scrape: 7,
  metadata: 7,
  '--explain': 7,
  '--dht-node': 7,
  '--no-dht': 7,
  '--no-utp': 7,
  '--no-portmap': 7,
  '--no-webseed': 7,
  '--local': 7,
  '--proxy': 7,
  '--encryption': 7,
  '--metadata-timeout': 7,
}
