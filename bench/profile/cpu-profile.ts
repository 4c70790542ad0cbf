/** Reads what Node's --cpu-prof writes: where one JavaScript thread spent its time. */

/** The part of a .cpuprofile file that we need. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  /** Node ids, one a sample. */
  readonly samples: readonly number[]
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[]
}

export interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly children?: readonly number[]
}

export interface ProfileSummary {
  /** In JavaScript and what it calls: without waiting, and without receiving, which Node's profiler takes for that. */
  readonly busySeconds: number
  /** What the time went into, the largest first. */
  readonly categories: readonly (readonly [name: string, seconds: number])[]
  /** Functions of our own sources, by the time in themselves. */
  readonly functions: readonly (readonly [name: string, seconds: number])[]
}

const IDLE = '(idle)'

/** What Node's modules, and the native functions they call, do: [function, module, category]. */
const NODE_CATEGORIES: readonly (readonly [name: RegExp, module: RegExp, category: string])[] = [
  [/./, /^node:internal\/crypto/, 'sha1'],
  [/^(write|ftruncate)/i, /^node:(internal\/)?fs/, 'write to files'],
  [/^read/i, /^node:(internal\/)?fs/, 'read from files'],
  [/./, /^node:(internal\/)?fs/, 'other file calls (open, stat, ...)'],
  [/./, /^node:(net|dgram|internal\/(stream_base_commons|dgram))/, 'write to sockets, connect'],
  [/./, /^node:(vm|internal\/(modules|vm|bootstrap))/, 'loading modules'],
]

/** @param sources what the urls of our own sources begin with */
export function summarize(profile: CpuProfile, sources: string): ProfileSummary {
  const parents = parentsOf(profile.nodes)
  const selfSeconds = selfTimes(profile)
  const [categories, functions] = [new Map<string, number>(), new Map<string, number>()]
  let busySeconds = 0
  for (const node of profile.nodes) {
    const seconds = selfSeconds.get(node.id) ?? 0
    const { functionName, url, lineNumber } = node.callFrame
    if (seconds === 0 || functionName === IDLE) continue
    busySeconds += seconds
    add(categories, categoryOf(node, parents, sources), seconds)
    if (url.startsWith(sources)) {
      const place = `${url.slice(sources.length)}:${lineNumber + 1}`
      add(functions, `${functionName || '(unnamed)'} ${place}`, seconds)
    }
  }
  return { busySeconds, categories: largestFirst(categories), functions: largestFirst(functions) }
}

function parentsOf(nodes: readonly ProfileNode[]): ReadonlyMap<number, ProfileNode> {
  return new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node] as const)))
}

function selfTimes({ samples, timeDeltas }: CpuProfile): ReadonlyMap<number, number> {
  const seconds = new Map<number, number>()
  samples.forEach((id, index) => {
    // A delta is the time since the sample before: it is charged to the one that was running then.
    add(seconds, id, (timeDeltas[index + 1] ?? 0) / 1e6)
  })
  return seconds
}

function categoryOf(node: ProfileNode, parents: ReadonlyMap<number, ProfileNode>, sources: string): string {
  const { functionName, url } = node.callFrame
  if (functionName === '(garbage collector)') return 'garbage collection in this thread'
  if (functionName === '(program)') return 'native code outside of JavaScript'
  // A native function has no url; what counts is who called it.
  const module = url === '' ? (parents.get(node.id)?.callFrame.url ?? '') : url
  if (module.startsWith(sources)) return 'our own code'
  const known = NODE_CATEGORIES.find(([name, url]) => name.test(functionName) && url.test(module))
  if (known) return known[2]
  return module === '' || module.startsWith('node:') ? "the rest of Node's own code" : 'packages'
}

function add<Key>(sums: Map<Key, number>, key: Key, seconds: number): void {
  sums.set(key, (sums.get(key) ?? 0) + seconds)
}

function largestFirst(sums: ReadonlyMap<string, number>): [string, number][] {
  return [...sums].sort((a, b) => b[1] - a[1])
}
