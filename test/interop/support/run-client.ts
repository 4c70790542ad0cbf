/** Starts clients on the lab's hosts, waits for their downloads, and says clearly when a client is not installed. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import type { Client, Finds, Role } from './clients.ts'
import { CLIENTS } from './clients.ts'
import type { Host, Lab } from './lab.ts'
import type { BigTorrent } from './big-torrent.ts'
import { waitUntil } from './processes.ts'
import type { ProcessExit, RunningProcess } from './processes.ts'

/** Where every client listens. */
export const PEER_PORT = 51413

export interface ClientJob {
  readonly host: Host
  readonly torrent: BigTorrent
  readonly directory: string
  /** The client's own folder; undefined: a new one. Given again, the client finds what it knew. */
  readonly home?: string
  readonly finds?: Finds
}

export interface DownloadOptions {
  readonly timeoutMs: number
  /** Added to the command line. */
  readonly extraArguments?: readonly string[]
  /** It runs on until this has happened, as a user's client does; undefined: it is ended when it is whole. */
  readonly until?: Promise<unknown>
}

/** @throws Error that names every missing program and its Debian package */
export function requirePrograms(): void {
  const needed = [
    ...Object.values(CLIENTS),
    { program: 'opentracker', packageName: 'opentracker' },
    { program: 'ip', packageName: 'iproute2' },
    { program: 'curl', packageName: 'curl' },
    { program: 'gcc', packageName: 'gcc' },
    { program: 'mktorrent', packageName: 'mktorrent' },
    { program: 'transmission-create', packageName: 'transmission-cli' },
    { program: 'transmission-show', packageName: 'transmission-cli' },
  ]
  const missing = needed.filter(
    ({ program }) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0,
  )
  const packages = [...new Set(missing.map(({ packageName }) => packageName))]
  if (spawnSync('/usr/bin/python3', ['-c', 'import libtorrent']).status !== 0)
    packages.push('python3-libtorrent')
  if (packages.length > 0) {
    throw new Error(`not installed, and the interop tests need it: apt-get install ${packages.join(' ')}`)
  }
}

/** Shares `directory` until the lab closes or it is stopped. */
export function startSeeding(lab: Lab, client: Client, job: ClientJob): RunningProcess {
  return launch(lab, client, { ...job, role: 'seed' }).running
}

/** A download under way; its exit code is 0 when a client that does not end by itself had the torrent whole. */
export interface RunningDownload {
  readonly running: RunningProcess
  /** Rejects with the client's output when time is up. */
  readonly finished: Promise<ProcessExit>
}

export function startDownload(
  lab: Lab,
  client: Client,
  job: ClientJob,
  options: DownloadOptions,
): RunningDownload {
  const { running, doneFile } = launch(lab, client, { ...job, role: 'download' }, options.extraArguments)
  return { running, finished: awaitDownload(client, running, doneFile, options) }
}

export async function download(
  lab: Lab,
  client: Client,
  job: ClientJob,
  options: DownloadOptions,
): Promise<ProcessExit> {
  return startDownload(lab, client, job, options).finished
}

function launch(
  lab: Lab,
  client: Client,
  job: ClientJob & { readonly role: Role },
  extraArguments: readonly string[] = [],
): { running: RunningProcess; doneFile: string } {
  const home = job.home ?? lab.newDirectory(client.name)
  const doneFile = join(home, 'done')
  const { command, files = {} } = client.launch({ ...job, home, doneFile, port: PEER_PORT })
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true })
    writeFileSync(join(home, path), text, { mode: path.endsWith('.sh') ? 0o755 : 0o644 })
  }
  const running = lab.start(job.host, [...command, ...extraArguments], {
    label: `${client.name}-${job.role}`,
    environment: { HOME: home, XDG_STATE_HOME: join(home, 'state'), XDG_CACHE_HOME: join(home, 'cache') },
  })
  return { running, doneFile }
}

async function awaitDownload(
  client: Client,
  running: RunningProcess,
  doneFile: string,
  { timeoutMs, until }: DownloadOptions,
): Promise<ProcessExit> {
  let exit: ProcessExit | undefined
  void running.exit.then((value) => (exit = value))
  const hasEnded = (): boolean => exit !== undefined || existsSync(doneFile)
  try {
    await waitUntil(`${client.name} downloads`, timeoutMs, hasEnded, running.output)
    await until
    return exit ?? { exitCode: 0, stdout: '', stderr: '' }
  } finally {
    await running.stop()
  }
}
