/** Nothing may stay open after a test: no socket, no server, no timer. */
import assert from 'node:assert/strict'

/** Node lists a closed handle for some turns of the event loop. */
const MAX_TURNS = 1_000

export async function assertNothingOpen(): Promise<void> {
  let open = openNow()
  for (let turn = 0; turn < MAX_TURNS && open.length > 0; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    open = openNow()
  }
  assert.deepEqual(open, [], 'sockets or timers left behind')
}

function openNow(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /TCP|UDP|Timeout/.test(name))
}
