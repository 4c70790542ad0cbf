/** The README's picture: a batch in which each state can be seen. */
import { ScriptedBatch, checking, connecting, moving, stalled } from '../test/unit/cli/scripted-batch.ts'
import type { Cell } from '../test/support/terminal-grid.ts'

const MIB = 1024 * 1024
const GIB = 1024 * MIB

export interface Picture {
  readonly columns: number
  /** Rows of cells; the first one is the command. */
  readonly rows: readonly (readonly Cell[])[]
}

const COLUMNS = 92
const COMMAND = '$ torrent-dl -j 6 *.torrent'

export async function heroScreen(): Promise<Picture> {
  const batch = await ScriptedBatch.open({ columns: COLUMNS, rows: 24, sourceCount: 12, color: 'always' })
  batch.grid.type(`${COMMAND}\n`)
  const alpine = batch.start(moving('alpine-3.22.tar.gz', 4.1 * MIB, 13 * MIB))
  const broken = batch.start(moving('model-q4.gguf', 8 * GIB, 8 * MIB))
  batch.start(moving('linux-12.iso', 631 * MIB, 41.3 * MIB, { doneBytes: 201 * MIB }))
  batch.start(moving('数据集-b', 560.3 * MIB, 12.4 * MIB, { doneBytes: 46 * MIB, peers: 3 }))
  batch.start(checking('backup-2026.tar', 10 * GIB, 1.7 * GIB, 0.3 * GIB))
  batch.start(moving('photos 📷 été', 2.1 * GIB, 22.6 * MIB, { doneBytes: 1.4 * GIB, peers: 8 }))
  batch.start(stalled('wikipedia-en.zim', 97 * GIB, 31 * GIB, { connected: 3, known: 9 }))
  batch.start(connecting('paper.pdf', 2.4 * MIB, { dialing: 4, known: 20 }))
  batch.complete(alpine, 0.3)
  batch.fail(broken, 'nothing came for 2 min (stall limit), at 1%, 0.1/8.0 GiB')
  await batch.clock.advance(4000)
  const rows = batch.grid.cells()
  batch.screen.close()
  return { columns: COLUMNS, rows }
}
