/** What a figure depends on besides the code: printed with every result. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { projectDirectory } from '../../test/interop/support/project.ts'

export type MachineFacts = Readonly<Record<string, string>>

export function machineFacts(): MachineFacts {
  const processors = cpus()
  return {
    'torrent-dl': revision(),
    processor: `${processors.length} x ${processors[0]?.model.trim() ?? 'unknown'}`,
    sha: /\bsha_ni\b/.test(textOf('/proc/cpuinfo')) ? 'SHA-NI' : 'no SHA-NI',
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    kernel: release(),
    'load at the start': loadavg()
      .map((load) => load.toFixed(2))
      .join(' '),
    'congestion control': textOf('/proc/sys/net/ipv4/tcp_congestion_control'),
    'tcp_rmem, tcp_wmem': `${textOf('/proc/sys/net/ipv4/tcp_rmem')}; ${textOf('/proc/sys/net/ipv4/tcp_wmem')}`,
    node: process.version,
    libtorrent: firstLine(['/usr/bin/python3', '-c', 'import libtorrent; print(libtorrent.__version__)']),
    aria2: firstLine(['aria2c', '--version']),
    transmission: firstLine(['sh', '-c', 'transmission-daemon --version 2>&1']),
    qbittorrent: firstLine(['qbittorrent-nox', '--version']),
    gcc: firstLine(['gcc', '--version']),
  }
}

function revision(): string {
  const git = ['git', '--no-optional-locks', '-C', projectDirectory]
  const changes = spawnSync(git[0]!, [...git.slice(1), 'status', '--porcelain', 'src', 'bin'], {
    encoding: 'utf8',
  })
  const isChanged = changes.status === 0 && changes.stdout !== ''
  return firstLine([...git, 'rev-parse', '--short', 'HEAD']) + (isChanged ? ' with changes' : '')
}

function firstLine(command: readonly string[]): string {
  const result = spawnSync(command[0]!, command.slice(1), { encoding: 'utf8' })
  return result.status === 0 ? result.stdout.split('\n')[0]!.trim() : 'unknown'
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim().replaceAll('\t', ' ')
  } catch {
    // Not Linux: then nothing is known.
    return ''
  }
}
