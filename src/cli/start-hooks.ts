/** From the hooks' options and the process to commands that can run. Loaded only when there is one. */
import type { Clock } from '../common/clock.ts'
import { UsageError } from '../common/errors.ts'
import type { LogSink } from '../common/log.ts'
import type { CliContext } from './context.ts'
import { resultFields } from './event-fields.ts'
import { findProgram } from './find-program.ts'
import { hookEnvironment } from './hook-environment.ts'
import { Hooks } from './hooks.ts'
import type { HookReport } from './hook-report.ts'
import type { DownloadFlags } from './flags.ts'
import { itemResult } from './run-tally.ts'
import { RunningHook } from './run-hook.ts'
import type { HookCommand } from './run-hook.ts'
import { toSafeJson } from './safe-json.ts'
import type { EventView, JobResult, Screen } from './view.ts'

/** With so much waiting on standard error, output of hooks waits too. */
const MAX_WAITING_BYTES = 1024 * 1024

export interface HookSurroundings {
  readonly context: CliContext
  readonly clock: Clock
  readonly screen: Screen
  readonly clean: (text: string) => string
  readonly events: readonly EventView[]
  readonly log: LogSink
  /** What they print is on the screen anyway: this is for the log file. */
  readonly logOutput: (line: string) => void
  /** Commands at a time. */
  readonly limit: number
}

/** @throws UsageError when a command's program does not exist */
export function openHooks(flags: DownloadFlags, surroundings: HookSurroundings): Hooks {
  const { context, clock, screen, clean, log, logOutput } = surroundings
  return new Hooks({
    onComplete: findCommand('on-complete', flags.onComplete, context),
    onError: findCommand('on-error', flags.onError, context),
    limit: surroundings.limit,
    run(command, result, index) {
      log('info', 'hook', `--${command.option} begins for ${labelOf(result)}: ${command.path}`)
      return new RunningHook(command, {
        env: hookEnvironment(result, context.env, { index: index + 1, now: new Date() }),
        input: `${toSafeJson(resultFields(itemResult(result)))}\n`,
        timeoutMs: flags.hookTimeout,
        clock,
        onLine: (text) => {
          screen.line(clean(text))
          logOutput(text)
        },
        isBehind: () => (context.stderr.writableLength ?? 0) > MAX_WAITING_BYTES,
        kill: context.kill,
      })
    },
    onReport: (result, command, report) => {
      tell(result, command, report, surroundings)
    },
  })
}

function tell(
  result: JobResult,
  { option, words }: HookCommand,
  report: HookReport,
  { screen, events, log }: HookSurroundings,
): void {
  const { message, seconds } = report
  const how = message ?? `ended well after ${seconds.toFixed(1)} s`
  log(message === undefined ? 'info' : 'warn', 'hook', `--${option} for ${labelOf(result)} ${how}`)
  if (message !== undefined) screen.onWarning(result.job, `--${option}: '${words[0] ?? ''}' ${message}`)
  for (const view of events) view.onHook(result, report)
}

function findCommand(
  option: HookCommand['option'],
  words: readonly string[] | undefined,
  { env }: CliContext,
): HookCommand | undefined {
  if (words === undefined) return undefined
  const found = findProgram(words[0] ?? '', env)
  if ('problem' in found) throw new UsageError('USAGE', `--${option}: ${found.problem}`)
  return { option, words, path: found.path }
}

function labelOf({ job, source }: JobResult): string {
  return job?.metainfo.name ?? source
}
