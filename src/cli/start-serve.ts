/** From flags and the process to `serve`. */
import { networkInterfaces } from 'node:os'
import { basename, resolve } from 'node:path'
import { scopeOf } from '../common/address-scope.ts'
import { systemClock } from '../common/clock.ts'
import { Serve } from '../share/serve.ts'
import { serve } from './commands/serve.ts'
import type { ServeView } from './commands/serve.ts'
import type { CliContext } from './context.ts'
import { loadExcluder } from './file-glob.ts'
import type { ServeFlags } from './flags.ts'
import { ServeEvents, ServeScreen } from './serve-view.ts'
import { watchSignals } from './signals.ts'
import { describeTerminal } from './terminal.ts'

/** @returns the exit code */
export async function startServe(path: string, flags: ServeFlags, context: CliContext): Promise<number> {
  const name = basename(resolve(path))
  const excludes = flags.exclude.length === 0 ? undefined : await loadExcluder(flags.exclude, name)
  return await serve({
    clock: systemClock,
    view: makeView(flags, context),
    untilCompleted: flags.untilCompleted,
    expireMs: flags.expire,
    watchSignals: (onStop) => watchSignals(context.signals, () => systemClock.now(), onStop),
    open: async (observer, signal) =>
      Serve.open({
        ...{ path, excludes, observer, signal },
        bind: flags.bind,
        host: flags.host,
        port: flags.port,
        trackerPort: flags.trackerPort,
        listenPorts: flags.listenPort,
        uploadLimit: flags.uploadLimit === Infinity ? undefined : flags.uploadLimit,
        pieceBytes: flags.pieceLength,
        isPrivate: flags.private,
        hasWebSeed: flags.webSeed,
        isSuperSeeding: flags.superSeed,
        interfaces: networkInterfaces(),
      }),
  })
}

function makeView(flags: ServeFlags, { stdout, stderr, env }: CliContext): ServeView {
  if (flags.json) return new ServeEvents(stdout, () => new Date())
  return new ServeScreen({
    ...{ stdout, stderr, clock: systemClock },
    terminal: describeTerminal(stderr, env, 'auto'),
    isQuiet: flags.quiet,
    isLocal: scopeOf(flags.bind) === 'loopback',
    untilCompleted: flags.untilCompleted,
  })
}
