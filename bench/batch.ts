/**
 * Memory of a long batch: many small torrents in one run, from a list on standard input. No root, no other clients.
 *
 *   npm run bench:batch                 1,000 torrents
 *   npm run bench:batch -- 5000 -j 50   others, with options for the command
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { seedAll } from '../test/cli/local-seed.ts'
import { projectDirectory } from '../test/interop/support/project.ts'
import { makeTorrent } from '../test/support/make-torrent.ts'
import type { MadeTorrent } from '../test/support/make-torrent.ts'
import { commandIn } from './contenders.ts'
import { processFigures } from './course/process-figures.ts'
import type { Figures } from './course/course.ts'

const DEFAULT_COUNT = 1000
const BYTES = 64 * 1024
const TARGET_MB = 200
const SAMPLE_MS = 50

async function main(): Promise<void> {
  const [first = '', ...rest] = process.argv.slice(2)
  const isCount = /^\d+$/.test(first)
  const count = isCount ? Number(first) : DEFAULT_COUNT
  const options = isCount || first === '' ? rest : [first, ...rest]
  const torrents = Array.from({ length: count }, (_, index) => makeNumbered(index))
  await seedAll(torrents, async ({ root, port }) => {
    for (const [index, { bytes }] of torrents.entries()) writeFileSync(join(root, `${index}.torrent`), bytes)
    const list = torrents.map((_, index) => `${index}.torrent\n  output=out/${index % 10}\n`).join('')
    const { figures, code, seconds } = await run([...options, '--peer', `127.0.0.1:${port}`], root, list)
    const { peakRssBytes = NaN, cpuSeconds = NaN } = figures
    const megabytes = peakRssBytes / 1e6
    const row = [count, BYTES / 1024, options.join(' ') || '-', code, megabytes.toFixed(0)]
    const times = [seconds.toFixed(1), cpuSeconds.toFixed(1)]
    process.stdout.write(
      '| torrents | KiB each | options | exit | peak RSS MB | wall s | cpu s |\n|---|---|---|---|---|---|---|\n' +
        `| ${[...row, ...times].join(' | ')} |\n\ntarget peak RSS <= ${TARGET_MB} MB: ${megabytes <= TARGET_MB ? 'reached' : 'missed'}\n`,
    )
  })
}

function makeNumbered(index: number): MadeTorrent {
  const name = `${index}.bin`
  return makeTorrent({ name, files: [{ path: name, length: BYTES }], pieceBytes: 16_384, seed: index + 1 })
}

async function run(
  options: readonly string[],
  cwd: string,
  list: string,
): Promise<{ figures: Figures; code: number; seconds: number }> {
  const [program = '', ...args] = commandIn(projectDirectory)
  const child = spawn(program, [...args, '-i', '-', '-q', '-p', '0', ...options], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd },
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  const startedAtMs = performance.now()
  let figures: Figures = {}
  const sampler = setInterval(() => {
    try {
      figures = processFigures(child.pid ?? 0)
    } catch {
      // It has ended: the last sample counts.
    }
  }, SAMPLE_MS)
  child.stdin.end(list)
  const [code] = (await once(child, 'close')) as [number | null]
  clearInterval(sampler)
  return { figures, code: code ?? -1, seconds: (performance.now() - startedAtMs) / 1000 }
}

await main()
