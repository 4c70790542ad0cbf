/**
 * Lets received bytes gather before they are read, as network cards do with interrupts. A stream at a gigabit arrives in
 * packets of some 20 KB, and to wake up for each costs more than to read it. So while packets come in close succession
 * and the loop's turn had little to do, the thread sleeps for a moment; the next turn then reads ten packets at once,
 * from all sockets. A slow stream is not delayed, and a busy loop never sleeps.
 *
 *   packets   . . . . . . . . . . . . . . .        each a wake-up: 28,000 reads for 512 MiB
 *   turns     |---nap---|---nap---|---nap---|      at most one a millisecond: 3,500
 */
import { platform } from 'node:os'
import { performance } from 'node:perf_hooks'

/** Nothing in the process is so urgent that it could not wait this long; round trips to peers grow by it. */
const NAP_MS = 1
/** Turns that follow each other by less than this are one stream of packets. */
const CLOSE_MS = 1
/** A turn that brought this much (most of the receive buffer) was worth its wake-up. */
const WORTHWHILE_BYTES = 192 * 1024
/** Whether the thread has time to sleep is reckoned anew so often. */
const REVIEW_MS = 100
/**
 * It has when it was idle (or asleep) for this share of the time. Naps while the processor is the limit, even a few at the
 * start, make the kernel believe in a slow reader with a long way: it lets megabytes gather in the socket, and what is
 * read from there is out of the cache. (1 GiB unlimited: 1.75 s without naps, 1.92 with a few.)
 */
const MIN_IDLE_SHARE = 0.4
/** Windows sleeps in steps of 16 ms. */
const CAN_NAP = platform() !== 'win32'

/** Nobody ever wakes us by it: waiting for it is sleeping. */
const bell = new Int32Array(new SharedArrayBuffer(4))

let turnBytes = 0
let isTurnOpen = false
let turnEndedMs = -Infinity

let hasTime = false
let reviewedMs = -Infinity
let reviewedIdleMs = 0
let nappedMs = 0

/** Bytes were read from some socket in this turn of the event loop. */
export function countReceived(bytes: number): void {
  turnBytes += bytes
  if (isTurnOpen || !CAN_NAP) return
  isTurnOpen = true
  setImmediate(endTurn)
}

/** Every socket that had something has been read. */
function endTurn(): void {
  let nowMs = performance.now()
  if (nowMs - reviewedMs >= REVIEW_MS) review(nowMs)
  if (hasTime && nowMs - turnEndedMs < CLOSE_MS && turnBytes < WORTHWHILE_BYTES) {
    Atomics.wait(bell, 0, 0, NAP_MS)
    const awakeMs = performance.now()
    nappedMs += awakeMs - nowMs
    nowMs = awakeMs
  }
  isTurnOpen = false
  turnBytes = 0
  turnEndedMs = nowMs
}

function review(nowMs: number): void {
  const idleMs = performance.eventLoopUtilization().idle + nappedMs
  const elapsedMs = nowMs - reviewedMs
  // After a pause the time says nothing about the stream that begins now.
  hasTime = elapsedMs < 2 * REVIEW_MS && idleMs - reviewedIdleMs > MIN_IDLE_SHARE * elapsedMs
  reviewedMs = nowMs
  reviewedIdleMs = idleMs
}
