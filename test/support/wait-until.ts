/** Waits for what another process, a disk or a real clock will bring about; the runner's time limit is the last bound. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

const STEP_MS = 20
const MAX_STEPS = 1000

export async function waitUntil(isSo: () => boolean, what: string): Promise<void> {
  for (let step = 0; step < MAX_STEPS; step++) {
    if (isSo()) return
    await sleep(STEP_MS)
  }
  assert.fail(`not in ${MAX_STEPS} looks: ${what}`)
}
