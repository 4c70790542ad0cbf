/** Logging without a destination: the sink comes from cli (or a test). Levels are those of `-v`. */

export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'trace'

/** Scopes name the subsystem a line is about. */
export type LogScope =
  'torrent' | 'peer' | 'tracker' | 'storage' | 'session' | 'swarm' | 'file' | 'hook' | 'run'

/** Receives every line; decides what to show. Must not throw. */
export type LogSink = (level: LogLevel, scope: LogScope, message: string) => void

export const silentLog: LogSink = () => undefined
