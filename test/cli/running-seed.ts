/** `torrent-dl seed` (or a download that goes on to seed) while it runs, for a test that downloads from it. */
import { spawnCli } from '../support/run-cli.ts'
import type { CliResult } from '../support/run-cli.ts'

export interface RunningSeed {
  readonly port: number
  /** For `--peer`. */
  readonly peer: string
  readonly ended: Promise<CliResult>
  /** Resolves when standard output holds the text; rejects when the process has ended without. */
  printed(text: string): Promise<void>
  signal(name: NodeJS.Signals): void
}

/** Resolves when it listens. Its process ends with the test's own time limit at the latest. */
export async function startSeed(args: readonly string[], cwd: string): Promise<RunningSeed> {
  const child = spawnCli([...args, '-v', '-p', '0', '--interface', '127.0.0.1'], { cwd })
  const output = { stdout: '', stderr: '' }
  const watchers = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
      for (const look of [...watchers]) look()
    })
  }
  child.stdin.end()
  let hasEnded = false
  const ended = new Promise<CliResult>((resolve) => {
    child.on('close', (code) => {
      hasEnded = true
      for (const look of [...watchers]) look()
      resolve({ code: code ?? -1, ...output })
    })
  })
  const found = async (pattern: RegExp, where: 'stdout' | 'stderr'): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(output[where])
        if (match === null && !hasEnded) return
        watchers.delete(look)
        if (match !== null) resolve(match[1] ?? '')
        else reject(new Error(`ended without ${String(pattern)}: ${output.stdout}${output.stderr}`))
      }
      watchers.add(look)
      look()
    })
  const port = Number(await found(/listening on port (\d+)/, 'stderr'))
  return {
    port,
    peer: `127.0.0.1:${port}`,
    ended,
    printed: async (text) => {
      await found(new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')), 'stdout')
    },
    signal: (name) => child.kill(name),
  }
}
