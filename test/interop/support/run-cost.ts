/** What a run cost, as the kernel counts it for a process and the children it waited for. */
import { readFileSync } from 'node:fs'
import type { Client } from './clients.ts'
import { nativeProgram } from './native.ts'

export interface RunCost {
  readonly exitCode: number
  readonly wallSeconds: number
  readonly userSeconds: number
  readonly systemSeconds: number
  readonly peakRssBytes: number
  readonly voluntarySwitches: number
  readonly involuntarySwitches: number
}

/** The command line that runs `command` and leaves its cost in `file`. */
export function costing(file: string, command: readonly string[]): string[] {
  return [nativeProgram('runstat'), file, ...command]
}

/** A client whose runs leave their cost in `file`. */
export function costingClient(file: string, client: Client): Client {
  return {
    ...client,
    launch: (job) => {
      const launch = client.launch(job)
      return { ...launch, command: costing(file, launch.command) }
    },
  }
}

export function readCost(file: string): RunCost {
  return JSON.parse(readFileSync(file, 'utf8')) as RunCost
}
