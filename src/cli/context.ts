/** What a command gets of the process it runs in. Only main.ts touches `process` itself. */
import type { ByteStream } from './byte-output.ts'
import type { EventStream } from './event-queue.ts'
import type { StopSignal } from './exit-codes.ts'
import type { JobControlSource } from './job-control.ts'
import type { SignalSource } from './signals.ts'
import type { Environment, OutputStream } from './terminal.ts'

export interface CliContext {
  readonly stdout: OutputStream & EventStream & ByteStream
  readonly stderr: OutputStream
  readonly stdin: AsyncIterable<Buffer | string>
  readonly env: Environment
  readonly signals: SignalSource
  readonly jobControl: JobControlSource
  /** `20.19.0` */
  readonly nodeVersion: string
  /** Of this process, where the system has such a thing. */
  readonly userId: number | undefined
  /** What was written to stdout and not read yet need not be: its reader may never go on. */
  readonly abandonOutput: () => void
  /** Has `close` run before the process dies of something unexpected. */
  readonly onRescue: (close: (error: unknown) => Promise<void>) => void
  /** `process.kill`. @throws when there is no such process, or group for a negative id */
  readonly kill: (pid: number, signal: StopSignal | 'SIGKILL') => void
}
