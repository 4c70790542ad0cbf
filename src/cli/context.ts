/** What a command gets of the process it runs in. Only main.ts touches `process` itself. */
import type { JobControlSource } from './job-control.ts'
import type { SignalSource } from './signals.ts'
import type { Environment, OutputStream } from './terminal.ts'

export interface CliContext {
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly stdin: AsyncIterable<Buffer | string>
  readonly env: Environment
  readonly signals: SignalSource
  readonly jobControl: JobControlSource
  /** Of this process, where the system has such a thing. */
  readonly userId: number | undefined
  /** Has `close` run before the process dies of something unexpected. */
  readonly onRescue: (close: () => Promise<void>) => void
}
