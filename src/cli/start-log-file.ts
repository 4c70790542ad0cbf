/** `--log-file` from the option to a log that is open. Loaded only when it was given. */
import { systemClock } from '../common/clock.ts'
import type { LogSink } from '../common/log.ts'
import { VERSION } from '../common/version.ts'
import type { CliContext } from './context.ts'
import { LogFile } from './log-file.ts'
import { LogView } from './log-view.ts'

/** Of `-v`: from here on single messages of peers are logged, on the screen and in the file. */
const TRACE_VERBOSITY = 3

export interface OpenLogFile {
  readonly sink: LogSink
  readonly view: LogView
  flushNow(): void
  close(): Promise<void>
}

/**
 * The file has everything up to `debug`, whatever `-v` and `-q` say; `trace` comes with `-vvv`.
 * @param onFailed gets a sentence when the file cannot be written any more
 * @throws UsageError LOG_FILE_UNWRITABLE
 */
export function startLogFile(
  path: string,
  verbosity: number,
  context: CliContext,
  onFailed: (message: string) => void,
): OpenLogFile {
  const file = LogFile.open(path, { clock: systemClock, wallClock: () => new Date(), onFailed })
  const flushNow = (): void => {
    file.flushNow()
  }
  context.onRescue(async () => {
    flushNow()
    await Promise.resolve()
  })
  const { nodeVersion } = context
  const message = `torrent-dl ${VERSION} on Node.js ${nodeVersion} begins`
  file.add({ level: 'info', area: 'run', message, fields: { version: VERSION, nodeVersion } })
  return {
    sink(level, area, text) {
      if (level !== 'trace' || verbosity >= TRACE_VERBOSITY) file.add({ level, area, message: text })
    },
    view: new LogView((entry) => {
      file.add(entry)
    }, flushNow),
    flushNow,
    close: async () => file.close(),
  }
}
