/** The screens that show how the bars fit: widths x names x numbers of torrents. */
import {
  ScriptedBatch,
  checking,
  connecting,
  moving,
  seeding,
  stalled,
} from '../test/unit/cli/scripted-batch.ts'
import type { Script } from '../test/unit/cli/scripted-batch.ts'

const MIB = 1024 * 1024
const GIB = 1024 * MIB

export interface ScreenCase {
  readonly columns: number
  readonly rows: number
  readonly names: 'english' | 'unicode'
  readonly torrents: number
}

export const CASES: readonly ScreenCase[] = [60, 80, 140].flatMap((columns) =>
  (['english', 'unicode'] as const).flatMap((names) =>
    [1, 5, 50].map((torrents) => ({ columns, rows: 24, names, torrents })),
  ),
)

const NAMES: Readonly<Record<ScreenCase['names'], readonly string[]>> = {
  english: [
    'linux-12.iso',
    'dataset-a',
    'backup-2026.tar',
    'alpine.tar.gz',
    'weights-large-v3.safetensors',
    'wikipedia-en-all-maxi-2026-10.zim',
    'photos',
  ],
  unicode: [
    '數據集-二〇二六年十月完整版本-高解析度.tar.zst',
    'Фотографии из путешествия по Камчатке, лето 2026 года.zip',
    '👩‍👩‍👧‍👦 family 📷 album 🇯🇵🇫🇷 — été à l\u2019océan ❤️.tar',
    '한국어-자료-모음집-전체.iso',
    'e\u0301te\u0301-fra\u0302nc\u0327ais-de\u0301compose\u0301-version-longue.mkv',
    'موسيقى-عربية-كلاسيكية.flac',
    'ภาพถ่ายวันหยุดฤดูร้อนที่ทะเล.zip',
  ],
}

export const SEED_COLUMNS: readonly number[] = [40, 60, 80, 140]

/** Torrents that seed, beside one that is downloaded. */
export async function seedScreenOf(columns: number): Promise<string[]> {
  const batch = await ScriptedBatch.open({ columns, rows: 24, sourceCount: 4 })
  batch.start(moving('alpine.tar.gz', 400 * MIB, 12 * MIB, { doneBytes: 120 * MIB }))
  const goals = [{}, { ratio: 1.5, timeMs: 600_000 }, { completedPeers: 3 }]
  for (const [index, goal] of goals.entries())
    batch.start(seeding(NAMES.english[index] ?? '', 200 * MIB, 41.3 * MIB, goal))
  await batch.clock.advance(4000)
  const shown = batch.grid.screen()
  batch.screen.close()
  return shown
}

export function titleOf({ columns, names, torrents }: ScreenCase): string {
  return `${columns} columns, ${names} names, ${torrents} torrent${torrents === 1 ? '' : 's'}`
}

/** The rows of the terminal some seconds after the start. */
export async function screenOf({ columns, rows, names, torrents }: ScreenCase): Promise<string[]> {
  const sourceCount = torrents === 50 ? 1000 : torrents
  const batch = await ScriptedBatch.open({ columns, rows, sourceCount })
  const jobs = Array.from({ length: torrents }, (_, index) => batch.start(scriptOf(index, NAMES[names])))
  await batch.clock.advance(3000)
  const [, , , fourth, , , , , , tenth] = jobs
  if (fourth !== undefined) batch.complete(fourth, 0.3)
  if (tenth !== undefined) {
    batch.fail(tenth, 'nothing came for 2 min (stall limit), at 12%, 48.0/400.0 MiB: 2 peers, all choking')
  }
  await batch.clock.advance(1000)
  const shown = batch.grid.screen()
  batch.screen.close()
  return shown
}

function scriptOf(index: number, names: readonly string[]): Script {
  const first = names[index % names.length] ?? ''
  const name = index < names.length ? first : first.replace(/(\.\w+)?$/, `-${index}$1`)
  const size = (index % 5 === 2 ? 10 * GIB : 400 * MIB) + 37 * MIB * index
  if (index % 5 === 2) return checking(name, size, 1.7 * GIB, 0.3 * GIB)
  if (index % 8 === 4) return stalled(name, size, size / 3, { connected: 3, known: 9 })
  if (index % 16 === 9) return connecting(name, size, { dialing: 8, known: 31 })
  return moving(name, size, (1 + ((index * 7) % 40)) * 1.07 * MIB, {
    doneBytes: 120 * MIB,
    peers: 1 + ((index * 5) % 23),
  })
}
