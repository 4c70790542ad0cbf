/** What a figure depends on besides the code: printed with every result. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { onHost } from '../test/interop/support/lab.ts'
import type { Host } from '../test/interop/support/lab.ts'

export type MachineFacts = Readonly<Record<string, string>>

export function machineFacts(host: Host): MachineFacts {
  const processors = cpus()
  return {
    processor: `${processors.length} x ${processors[0]?.model.trim() ?? 'unknown'}`,
    sha: /\bsha_ni\b/.test(textOf('/proc/cpuinfo')) ? 'SHA-NI' : 'no SHA-NI',
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    kernel: release(),
    load: loadavg()
      .map((load) => load.toFixed(2))
      .join(' '),
    'congestion control': firstLine(onHost(host, ['cat', '/proc/sys/net/ipv4/tcp_congestion_control'])),
    node: process.version,
    libtorrent: firstLine(['/usr/bin/python3', '-c', 'import libtorrent; print(libtorrent.__version__)']),
    aria2: firstLine(['aria2c', '--version']),
    gcc: firstLine(['gcc', '--version']),
  }
}

function firstLine(command: readonly string[]): string {
  const result = spawnSync(command[0]!, command.slice(1), { encoding: 'utf8' })
  return result.status === 0 ? result.stdout.split('\n')[0]!.trim() : 'unknown'
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Not Linux: then nothing is known.
    return ''
  }
}
