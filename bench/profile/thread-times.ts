/** CPU time of a running process by thread, as /proc shows it (Linux). */
import { readdirSync, readFileSync } from 'node:fs'

export interface ThreadTime {
  /** js-main, js-worker-N, libuv pool, v8 (compile, collect), v8:ProfEvntProc (the profiler itself) */
  readonly name: string
  readonly userSeconds: number
  readonly systemSeconds: number
  /** Ready to run while others had the cores. */
  readonly waitingSeconds: number
}

/** What is lost of each thread at its end is at most this long. */
const SAMPLE_EVERY_MS = 25

/** Watches a process whose threads name-threads.cjs has named. */
export class ThreadTimes {
  readonly #seen = new Map<string, ThreadTime>()
  readonly #timer: NodeJS.Timeout

  /** @param pidOf undefined while the process is not there yet */
  constructor(pidOf: () => string | undefined) {
    this.#timer = setInterval(() => {
      const pid = pidOf()
      if (pid !== undefined) this.#sample(pid)
    }, SAMPLE_EVERY_MS)
  }

  /** Summed up by name, the busiest first. */
  get threads(): ThreadTime[] {
    return sumByName([...this.#seen.values()])
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #sample(pid: string): void {
    const directory = `/proc/${pid}/task`
    try {
      for (const thread of readdirSync(directory)) {
        const textOf = (file: string): string => readFileSync(`${directory}/${thread}/${file}`, 'latin1')
        const time = threadTime(textOf('stat'), textOf('schedstat'))
        const isPool = time.name === 'js-main' && thread !== pid
        this.#seen.set(thread, isPool ? { ...time, name: 'libuv pool' } : time)
      }
    } catch {
      // The process, or this thread of it, has just ended.
    }
  }
}

/**
 * @param stat of proc(5): `TID (NAME) STATE ...`, utime and stime are fields 14 and 15, in ticks
 * @param schedstat `RUNNING WAITING SLICES`, in nanoseconds
 */
export function threadTime(stat: string, schedstat: string): ThreadTime {
  const [open, close] = [stat.indexOf('('), stat.lastIndexOf(')')]
  const fields = stat.slice(close + 2).split(' ')
  const [user, system] = [Number(fields[11]), Number(fields[12])]
  const [running, waiting] = schedstat.split(' ').map((nanoseconds) => Number(nanoseconds) / 1e9)
  // The ticks are coarse; the sum is known to the nanosecond, so they only say how it is divided.
  const perTick = user + system === 0 ? 0 : (running ?? 0) / (user + system)
  return {
    name: stat.slice(open + 1, close),
    userSeconds: user * perTick,
    systemSeconds: system * perTick,
    waitingSeconds: waiting ?? 0,
  }
}

function sumByName(times: readonly ThreadTime[]): ThreadTime[] {
  const sums = new Map<string, ThreadTime>()
  for (const { name, userSeconds, systemSeconds, waitingSeconds } of times) {
    const sum = sums.get(name)
    sums.set(name, {
      name,
      userSeconds: userSeconds + (sum?.userSeconds ?? 0),
      systemSeconds: systemSeconds + (sum?.systemSeconds ?? 0),
      waitingSeconds: waitingSeconds + (sum?.waitingSeconds ?? 0),
    })
  }
  const all = ({ userSeconds, systemSeconds }: ThreadTime): number => userSeconds + systemSeconds
  return [...sums.values()].filter((time) => all(time) > 0).sort((a, b) => all(b) - all(a))
}
