/** Runs the built command as a user would: bin/torrent-dl.js in a process of its own. */
import { spawn } from 'node:child_process'
import type { ChildProcess, ChildProcessWithoutNullStreams } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** From dist/test/support up to the root. */
const BIN = fileURLToPath(new URL('../../../bin/torrent-dl.js', import.meta.url))
/** A test that hangs must fail by itself. */
const LIMIT_MS = 20_000

/** No test speaks to the network of the machine that it runs on. */
export const QUIET_NETWORK = { TORRENT_DL_LSD: 'false' }

export interface CliResult {
  /** -1 when a signal ended the process. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  readonly cwd?: string
  /** Added to a bare environment (PATH, a UTF-8 locale, HOME=cwd, QUIET_NETWORK). */
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: Buffer | string
  /** Called with the process as soon as it runs. */
  readonly onStart?: (child: ChildProcess) => void
}

/** The process alone, for a test that reads its output itself. */
export function spawnCli(
  args: readonly string[],
  { cwd = process.cwd(), env = {} }: Pick<CliOptions, 'cwd' | 'env'> = {},
): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [BIN, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], LANG: 'C.UTF-8', HOME: cwd, ...QUIET_NETWORK, ...env },
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  })
}

/** Sends the signal when the process listens: then it expects one. For `onStart`; needs `-v`. */
export function signalWhenListening({ stderr }: ChildProcess, send: () => void): void {
  let text = ''
  const onData = (chunk: Buffer | string): void => {
    text += chunk.toString()
    if (!text.includes('listening on port')) return
    stderr?.off('data', onData)
    send()
  }
  stderr?.on('data', onData)
}

/** Resolves when the process has ended and its output is read. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const child = spawnCli(args, options)
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  }
  child.stdin.on('error', () => {
    // The command ended before it read everything, as it may.
  })
  child.stdin.end(options.stdin ?? '')
  options.onStart?.(child)
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode) => {
      resolve(exitCode ?? -1)
    })
  })
  return { code, ...output }
}
