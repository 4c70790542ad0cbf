/**
 * argv -> exit code. The one place that catches whatever was thrown, and the only one that holds `process`. Commands
 * are loaded when they are asked for, so that `--version` costs little more than starting Node.
 */
import { UsageError, messageOf, systemCodeOf } from '../common/errors.ts'
import type { CliContext } from './context.ts'
import { EXIT, describeError, exitCodeOf, isExpected } from './exit-codes.ts'
import { runProgram } from './run-program.ts'
import type { Actions } from './program.ts'
import type { OutputStream } from './terminal.ts'
import { show } from './terminal.ts'

const RESCUE_LIMIT_MS = 5000

/** Runs the command line. Resolves when all output is written; the caller ends the process with the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const output = watchOutput()
  const rescues: ((error: unknown) => Promise<void>)[] = []
  watchCrashes(rescues)
  const context: CliContext = {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: standardInput(),
    env: process.env,
    signals: {
      on: (signal, listener) => process.on(signal, listener),
      off: (signal, listener) => process.off(signal, listener),
      exit: (code) => process.exit(code),
    },
    jobControl: {
      on: (signal, listener) => process.on(signal, listener),
      off: (signal, listener) => process.off(signal, listener),
      raise: (signal) => process.kill(process.pid, signal),
    },
    nodeVersion: process.versions.node,
    userId: process.getuid?.(),
    abandonOutput: output.abandon,
    onRescue: (close) => rescues.push(close),
    kill: (pid, signal) => process.kill(pid, signal),
  }
  const code = await run(argv, context)
  await Promise.all([output.isAbandoned() ? undefined : flush(process.stdout), flush(process.stderr)])
  return output.hasFailed() && code === EXIT.ok ? EXIT.fileSystem : code
}

async function run(argv: readonly string[], context: CliContext): Promise<number> {
  try {
    return await runProgram(argv, actionsFor(context), {
      env: context.env,
      writeOut: (text) => context.stdout.write(text),
      warn: (text) => context.stderr.write(`torrent-dl: warning: ${show(text)}\n`),
    })
  } catch (error) {
    report(error, context.stderr)
    return exitCodeOf(error)
  }
}

function actionsFor(context: CliContext): Actions {
  return {
    async download(sources, flags) {
      const { startDownload } = await import('./start-download.ts')
      return await startDownload(sources, flags, context)
    },
    async cat(source, file, flags) {
      const { startCat } = await import('./start-cat.ts')
      return await startCat(source, file, flags, context)
    },
    async seed(args, flags, isOutputGiven) {
      const { startSeed } = await import('./start-seed.ts')
      return await startSeed(args, flags, { context, isOutputGiven })
    },
    async info(source, flags) {
      const { startInfo } = await import('./start-info.ts')
      return await startInfo(source, flags, context)
    },
    async verify(source, directory, flags) {
      const { startVerify } = await import('./start-verify.ts')
      return await startVerify(source, directory, flags, context)
    },
    async create(path, flags) {
      const { startCreate } = await import('./start-create.ts')
      return await startCreate(path, flags, context)
    },
    async tracker(flags) {
      const { startTracker } = await import('./start-tracker.ts')
      return await startTracker(flags, context)
    },
    async testbed(paths, command, flags) {
      const { startTestbed } = await import('./start-testbed.ts')
      return await startTestbed(paths, command, flags, context)
    },
    async serve(path, flags) {
      const { startServe } = await import('./start-serve.ts')
      return await startServe(path, flags, context)
    },
    async completion(shell) {
      const { startCompletion } = await import('./start-completion.ts')
      return startCompletion(shell, context)
    },
  }
}

/** One line for what is expected, the stack for what is not. */
function report(error: unknown, stderr: Pick<OutputStream, 'write'>): void {
  const text = describeError(error)
  stderr.write(`torrent-dl: ${isExpected(error) ? show(text) : text.split('\n').map(show).join('\n')}\n`)
  if (error instanceof UsageError) stderr.write('Try torrent-dl --help.\n')
}

/**
 * A reader that went away (`| head -1`, a closed terminal) is not our failure: the download goes on. Anything else that
 * goes wrong with standard output is told and remembered.
 */
function watchOutput(): { hasFailed: () => boolean; isAbandoned: () => boolean; abandon: () => void } {
  let failed = false
  let abandoned = false
  process.stderr.on('error', () => {
    // Nobody is left who could be told.
  })
  process.stdout.on('error', (error) => {
    const isHandled = process.stdout.listenerCount('error') > 1 // by a command that writes bytes
    if (systemCodeOf(error) === 'EPIPE' || failed || isHandled) return
    failed = true
    process.stderr.write(`torrent-dl: cannot write to standard output: ${messageOf(error)}\n`)
  })
  const abandon = (): void => {
    abandoned = true
  }
  return { hasFailed: () => failed, isAbandoned: () => abandoned, abandon }
}

/** What nobody caught: save what can be saved, say it, end. */
function watchCrashes(rescues: readonly ((error: unknown) => Promise<void>)[]): void {
  let isCrashing = false
  const crash = (error: unknown): void => {
    if (isCrashing) return
    isCrashing = true
    const end = (): void => {
      report(error, process.stderr)
      process.exit(EXIT.internal)
    }
    setTimeout(end, RESCUE_LIMIT_MS)
    void Promise.allSettled(rescues.map(async (close) => close(error))).then(end)
  }
  process.on('uncaughtException', crash)
  process.on('unhandledRejection', crash)
}

/** Opens standard input only when it is read. */
function standardInput(): AsyncIterable<Buffer | string> {
  return {
    [Symbol.asyncIterator]: () => process.stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer | string>,
  }
}

/** Pipes are written in the background: what is not flushed would be lost when the process ends. */
async function flush(stream: NodeJS.WriteStream): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.write('', () => {
      resolve()
    })
  })
}
