/**
 * A network of its own for each run: hosts in network namespaces (10.77.x.y), joined by a bridge or in pairs by a cable,
 * and a folder in memory for their data. Clients refuse 127.0.0.0/8 or keep one peer an address, so each gets a host.
 * Needs root. Everything is removed at close, at exit and on a signal; what a killed run left is swept by the next one.
 */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killAllGroups, runNow, startProcess } from './processes.ts'
import type { RunningProcess } from './processes.ts'

const NAMESPACE_PATTERN = /^td(\d+)[a-z]\d+$/
const DIRECTORY_PATTERN = /^torrent-dl-lab-(\d+)-/
const BRIDGE = 'br0'
const CABLE = 'eth0'
const BYTES_WANTED_IN_MEMORY = 6 * 2 ** 30

/** One machine of the lab. */
export interface Host {
  readonly label: string
  readonly namespace: string
  readonly address: string
}

export interface HostProcessOptions {
  readonly label: string
  readonly environment?: Readonly<Record<string, string>>
}

let labCount = 0
const openLabs = new Set<Lab>()

export class Lab {
  /** Removed at close. Readable for everybody, because trackers drop their rights. */
  readonly directory: string
  readonly #prefix: string
  readonly #namespaces: string[] = []
  readonly #mounts: string[] = []
  readonly #processes: RunningProcess[] = []
  #hub: string | undefined
  #hostCount = 0

  /** @throws Error when we are not root */
  static open(): Lab {
    if (process.getuid?.() !== 0)
      throw new Error('the interop tests and benches need root (network namespaces)')
    if (labCount === 0) {
      sweepLeftovers()
      cleanUpAtExit()
    }
    return new Lab()
  }

  private constructor() {
    labCount += 1
    this.#prefix = `td${process.pid}${String.fromCharCode(96 + labCount)}`
    this.directory = mkdtempSync(join(baseDirectory(), `torrent-dl-lab-${process.pid}-`))
    runNow(['chmod', '755', this.directory])
    openLabs.add(this)
  }

  /** A host on the lab's bridge, reached by all others there. */
  addHost(label: string): Host {
    this.#hub ??= this.#addHub()
    const host = this.#addNamespace(label, '10.77.0')
    const port = `p${this.#hostCount}`
    ip(`link add ${port} netns ${this.#hub} type veth peer name ${CABLE} netns ${host.namespace}`)
    ipIn(this.#hub, `link set ${port} master ${BRIDGE}`, `link set ${port} up`)
    configure(host)
    return host
  }

  /** Two hosts joined by one cable and nothing between them: for measuring. */
  addPair(firstLabel: string, secondLabel: string): [Host, Host] {
    const subnet = `10.77.${this.#hostCount + 1}`
    const first = this.#addNamespace(firstLabel, subnet)
    const second = this.#addNamespace(secondLabel, subnet)
    ip(`link add ${CABLE} netns ${first.namespace} type veth peer name ${CABLE} netns ${second.namespace}`)
    configure(first)
    configure(second)
    return [first, second]
  }

  /** Starts a command on a host. Ended at close at the latest. */
  start(host: Host, command: readonly string[], options: HostProcessOptions): RunningProcess {
    const running = startProcess(onHost(host, command), {
      logFile: join(this.newDirectory(`log-${options.label}`), options.label),
      workingDirectory: this.directory,
      ...(options.environment && { environment: options.environment }),
    })
    this.#processes.push(running)
    return running
  }

  /** A fresh folder. */
  newDirectory(label: string): string {
    const directory = mkdtempSync(join(this.directory, `${label}-`))
    runNow(['chmod', '755', directory])
    return directory
  }

  /** A disk of this size, in memory. */
  mountDisk(label: string, sizeBytes: number): string {
    const directory = join(this.directory, label)
    mkdirSync(directory)
    runNow(['mount', '-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', directory])
    this.#mounts.push(directory)
    return directory
  }

  /** A disk that is larger than memory, as long as little is written to it. Needs loop devices and mkfs.ext4. */
  mountSparseDisk(label: string, sizeBytes: number): string {
    const [directory, image] = [join(this.directory, label), join(this.directory, `${label}.image`)]
    mkdirSync(directory)
    runNow(['truncate', '-s', String(sizeBytes), image])
    // As little as can be: what is not written now is written later, if at all.
    const layout = ['-m', '0', '-T', 'largefile4', '-O', '^has_journal', '-E', 'lazy_itable_init=1,nodiscard']
    runNow(['mkfs.ext4', '-q', ...layout, image])
    runNow(['mount', '-o', 'loop', image, directory])
    this.#mounts.push(directory)
    return directory
  }

  /** Ends every process, takes the network down and removes the data. */
  async close(): Promise<void> {
    await Promise.all(this.#processes.map(async (running) => running.stop()))
    this.closeNow()
  }

  /** The same without waiting for processes; for exit handlers. */
  closeNow(): void {
    if (!openLabs.delete(this)) return
    for (const mount of this.#mounts) attempt(['umount', '-l', mount])
    for (const namespace of this.#namespaces) attempt(['ip', 'netns', 'del', namespace])
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 })
  }

  #addHub(): string {
    const hub = `${this.#prefix}0`
    ip(`netns add ${hub}`)
    this.#namespaces.push(hub)
    ipIn(hub, `link add ${BRIDGE} type bridge forward_delay 0`, `link set ${BRIDGE} up`)
    return hub
  }

  #addNamespace(label: string, subnet: string): Host {
    this.#hostCount += 1
    const host = {
      label,
      namespace: `${this.#prefix}${this.#hostCount}`,
      address: `${subnet}.${this.#hostCount}`,
    }
    ip(`netns add ${host.namespace}`)
    this.#namespaces.push(host.namespace)
    return host
  }
}

/** The command line that runs `command` on a host; the process keeps its id. */
export function onHost(host: Host, command: readonly string[]): string[] {
  return ['ip', 'netns', 'exec', host.namespace, ...command]
}

/** What the host's network card received since it was made, headers included. */
export function receivedBytes(host: Host): number {
  const text = runNow(['ip', '-n', host.namespace, '-s', '-j', 'link', 'show', 'dev', CABLE])
  const links = JSON.parse(text) as { stats64: { rx: { bytes: number } } }[]
  return links[0]!.stats64.rx.bytes
}

function configure(host: Host): void {
  ipIn(
    host.namespace,
    `addr add ${host.address}/24 dev ${CABLE}`,
    `link set ${CABLE} up`,
    'link set lo up',
    `route add default dev ${CABLE}`,
  )
}

function ip(...lines: string[]): void {
  runNow(['ip', '-batch', '-'], lines.join('\n') + '\n')
}

function ipIn(namespace: string, ...lines: string[]): void {
  runNow(['ip', '-n', namespace, '-batch', '-'], lines.join('\n') + '\n')
}

/** Memory where there is enough of it, so that no disk's speed shows. */
function baseDirectory(): string {
  try {
    const stats = statfsSync('/dev/shm')
    if (stats.bavail * stats.bsize >= BYTES_WANTED_IN_MEMORY) return '/dev/shm'
  } catch {
    // No /dev/shm here: an ordinary folder will do.
  }
  return tmpdir()
}

function cleanUpAtExit(): void {
  process.once('exit', () => {
    killAllGroups()
    for (const lab of openLabs) lab.closeNow()
  })
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.on(signal, () => process.exit(code))
  }
}

/** Removes what runs that were killed left behind: names carry the id of a process that is gone. */
function sweepLeftovers(): void {
  const names = runNow(['ip', 'netns', 'list']).split('\n')
  for (const name of names.map((line) => line.split(' ')[0]!)) {
    if (!isOfDeadRun(NAMESPACE_PATTERN, name)) continue
    for (const pid of runNow(['ip', 'netns', 'pids', name]).split('\n').filter(Boolean)) {
      attempt(['kill', '-9', pid])
    }
    attempt(['ip', 'netns', 'del', name])
  }
  for (const base of ['/dev/shm', tmpdir()]) {
    for (const name of listDirectory(base).filter((entry) => isOfDeadRun(DIRECTORY_PATTERN, entry))) {
      removeLeftover(join(base, name))
    }
  }
}

function removeLeftover(directory: string): void {
  for (const entry of listDirectory(directory)) {
    // Most are no mount points; umount says so and nothing happens.
    attempt(['umount', '-l', join(directory, entry)])
  }
  rmSync(directory, { recursive: true, force: true })
}

function isOfDeadRun(pattern: RegExp, name: string): boolean {
  const pid = pattern.exec(name)?.[1]
  if (pid === undefined) return false
  try {
    // A process that ended stays as a zombie where nobody collects it.
    return readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ')
  } catch {
    // Gone altogether.
    return true
  }
}

function listDirectory(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    // Not there: then nothing is in it.
    return []
  }
}

/** Cleaning goes on whatever one step says. */
function attempt(command: readonly string[]): void {
  try {
    runNow(command)
  } catch {
    // Gone already, or never there.
  }
}
