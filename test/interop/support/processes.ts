/**
 * Child processes for the interop tests and the benches: each leads a process group of its own, so that it can be ended
 * together with everything it started, and nothing else. Their output goes to files, so that nobody blocks on a pipe.
 */
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export interface ProcessOptions {
  /** Standard output and error go to `<logFile>.out` and `<logFile>.err`. */
  readonly logFile: string
  readonly workingDirectory?: string
  /** Added to our own environment. */
  readonly environment?: Readonly<Record<string, string>>
}

export interface ProcessExit {
  /** 128 + signal number when a signal ended it, as a shell says. */
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunningProcess {
  readonly pid: number
  /** Resolves when it has ended. Never rejects. */
  readonly exit: Promise<ProcessExit>
  /** Both streams as far as they are. */
  readonly output: () => string
  /** To the whole group. */
  signal(name: NodeJS.Signals): void
  /** Kills the group and waits for its end. */
  stop(): Promise<void>
}

const SIGNAL_NUMBERS: Partial<Record<NodeJS.Signals, number>> = {
  SIGINT: 2,
  SIGKILL: 9,
  SIGPIPE: 13,
  SIGTERM: 15,
}

const liveGroups = new Set<number>()

export function startProcess(command: readonly string[], options: ProcessOptions): RunningProcess {
  const files = [`${options.logFile}.out`, `${options.logFile}.err`] as const
  const [out, err] = [openSync(files[0], 'w'), openSync(files[1], 'w')]
  const child = spawn(command[0]!, command.slice(1), {
    cwd: options.workingDirectory,
    env: { ...process.env, ...options.environment },
    stdio: ['ignore', out, err],
    detached: true,
  })
  closeSync(out)
  closeSync(err)
  const pid = child.pid ?? 0
  if (pid > 0) liveGroups.add(pid)
  const exit = new Promise<ProcessExit>((resolve) => {
    const finish = (exitCode: number, note: string): void => {
      resolve({ exitCode, stdout: readText(files[0]), stderr: readText(files[1]) + note })
    }
    child.once('error', (error) => {
      finish(127, error.message)
    })
    child.once('exit', (code, signal) => {
      // What it left behind in its group goes with it.
      killGroup(pid, 'SIGKILL')
      liveGroups.delete(pid)
      finish(code ?? 128 + (SIGNAL_NUMBERS[signal ?? 'SIGKILL'] ?? 0), '')
    })
  })
  return {
    pid,
    exit,
    output: () => readText(files[0]) + readText(files[1]),
    signal: (name) => {
      killGroup(pid, name)
    },
    stop: async () => {
      killGroup(pid, 'SIGKILL')
      await exit
    },
  }
}

/** Ends every group still alive, at once; for exit handlers. */
export function killAllGroups(): void {
  for (const pid of liveGroups) killGroup(pid, 'SIGKILL')
  liveGroups.clear()
}

/** Runs a short command to its end. @throws Error with what it printed when it fails */
export function runNow(command: readonly string[], input = ''): string {
  const result = spawnSync(command[0]!, command.slice(1), { input, encoding: 'utf8' })
  if (result.error) throw result.error
  if (result.status !== 0) {
    throw new Error(
      `${command.join(' ')}: exit ${result.status ?? 'by signal'}\n${input}${result.stdout}${result.stderr}`,
    )
  }
  return result.stdout
}

/** Asks `probe` again and again until it says true. @throws Error naming `what` (and `details`) when time is up */
export async function waitUntil(
  what: string,
  timeoutMs: number,
  probe: () => boolean | Promise<boolean>,
  details: () => string = () => '',
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await probe())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs / 1000} s\n${details()}`)
    await sleep(25)
  }
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  if (pid <= 0) return
  try {
    process.kill(-pid, signal)
  } catch {
    // ESRCH: the group is gone already, which is what we want.
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // The folder was removed by a cleanup that came first; there is nobody left to read the text.
    return ''
  }
}
