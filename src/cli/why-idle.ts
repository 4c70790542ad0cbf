/** Why nothing moves, in one phrase for people: what the peers do and what the trackers said. Pure. */
import type { PeerCounts, TorrentSnapshot } from '../torrent/snapshot.ts'
import type { TrackerStatus } from '../tracker/tracker.ts'
import { formatCount, formatEta, plural } from './format.ts'

/** A shorter pause is normal life. */
const STALLED_AFTER_SECONDS = 10
const MAX_ERROR_CHARACTERS = 160

export function isStalled({ state, idleSeconds, downloadBytesPerSecond }: TorrentSnapshot): boolean {
  return state === 'downloading' && idleSeconds >= STALLED_AFTER_SECONDS && downloadBytesPerSecond <= 0
}

/** `3 peers, all choking; tracker.example: 412 seeds, next try in 25 s`. Holds foreign text. */
export function whyIdle({ peers, trackers, asksLocalNetwork }: TorrentSnapshot): string {
  const local = asksLocalNetwork === true && trackers.length === 0 ? ', the local network is asked' : ''
  return `${describePeers(peers)}; ${describeTrackers(trackers)}${local}`
}

/** The part of whyIdle about peers: short enough for a bar. */
export function describePeers(peers: PeerCounts): string {
  const left = origins(peers) + leftOut(peers)
  if (peers.connected === 1) return `1 peer, ${peers.unchoking === 0 ? 'choking' : 'sends nothing'}${left}`
  if (peers.connected > 0) {
    return `${plural(peers.connected, 'peer')}, ${peers.unchoking === 0 ? 'all choking' : 'none sends'}${left}`
  }
  if (peers.dialing > 0) return `calling ${peers.dialing} of ${addresses(peers.known)}${left}`
  if (peers.known === 1) return `1 address, does not answer${left}`
  if (peers.known > 0) return `${addresses(peers.known)}, none answers${left}`
  return `no peers known${left}`
}

/** Where addresses came from that no tracker and no user named. */
function origins({ connected, known, fromPeers = 0, fromLocalNetwork = 0 }: PeerCounts): string {
  if (connected > 0 || known === 0) return ''
  const parts = [
    [fromPeers, 'from peers'],
    [fromLocalNetwork, 'on the local network'],
  ] as const
  const told = parts.flatMap(([count, where]) => (count > 0 ? [`${formatCount(count)} ${where}`] : []))
  return told.length === 0 ? '' : ` (${told.join(', ')})`
}

/** Whom we know and do not call. */
function leftOut({ banned, blocked = 0, unreachable = 0 }: PeerCounts): string {
  const parts = [
    [banned, 'banned'],
    [blocked, 'in the blocklist'],
    [unreachable, 'of the other IP version'],
  ] as const
  return parts.map(([count, what]) => (count > 0 ? `, ${formatCount(count)} ${what}` : '')).join('')
}

/** The same for a bar, in 18 cells and in two words: where no peer is known it is the trackers that matter. */
export function barReasons({ peers, trackers }: TorrentSnapshot): readonly [reason: string, brief: string] {
  const { connected, unchoking, dialing, known } = peers
  if (connected > 0 && unchoking === 0)
    return [connected === 1 ? 'the peer chokes' : `all ${connected} peers choke`, 'choked']
  if (connected > 0) return [`${plural(connected, 'peer')}, no data`, 'no data']
  if (dialing > 0) return [`calling ${dialing} of ${formatCount(known)}`, 'calling']
  if (known > 0) return [known === 1 ? 'no answer' : `none of ${formatCount(known)} answers`, 'no answer']
  return [trackers.length > 0 ? trackersReason(trackers) : 'no peers known', 'no peers']
}

function trackersReason(trackers: readonly TrackerStatus[]): string {
  const noun = trackers.length === 1 ? 'tracker' : 'trackers'
  if (trackers.some(({ state }) => state === 'working')) return `${noun}: no peers`
  const verb = (word: string): string => `${noun} ${word}${noun === 'tracker' ? 's' : ''}`
  if (trackers.every(({ state }) => state === 'refused')) return verb('refuse')
  if (trackers.some(({ lastError }) => lastError !== undefined)) return verb('fail')
  return `asking ${noun}`
}

/** One line a tracker that failed: `udp://tracker.example:6969: no answer`. Foreign text inside. */
export function trackerFailures(trackers: readonly TrackerStatus[]): string[] {
  return trackers.map(({ url, state, lastError, endpointCount }) => {
    if (lastError !== undefined) return `${url}: ${shorten(lastError)}`
    if (state === 'working') return `${url}: answered with ${plural(endpointCount ?? 0, 'peer')}`
    return `${url}: ${state === 'announcing' ? 'no answer yet' : 'not asked yet'}`
  })
}

function describeTrackers(trackers: readonly TrackerStatus[]): string {
  const shown =
    trackers.find(({ state }) => state === 'working') ??
    trackers.find(({ lastError }) => lastError !== undefined) ??
    trackers.find(({ state }) => state === 'announcing') ??
    trackers[0]
  if (shown === undefined) return 'no trackers'
  const others = trackers.length > 1 ? ` (and ${plural(trackers.length - 1, 'more tracker')})` : ''
  return `${hostOf(shown.url)}: ${describeTracker(shown)}${others}`
}

function describeTracker(tracker: TrackerStatus): string {
  const next = nextTry(tracker.nextAnnounceInMs)
  if (tracker.state === 'refused') return `refused: ${shorten(tracker.lastError ?? 'no reason given')}`
  if (tracker.state === 'working') {
    return answerOf(tracker) + next
  }
  if (tracker.lastError !== undefined) return shorten(tracker.lastError) + next
  return tracker.state === 'announcing' ? 'asked, no answer yet' : `not asked yet${next}`
}

function answerOf({ seederCount, endpointCount }: TrackerStatus): string {
  if (seederCount !== undefined) return plural(seederCount, 'seed')
  return endpointCount === undefined ? 'answered' : `answered with ${plural(endpointCount, 'peer')}`
}

function nextTry(inMs: number | undefined): string {
  if (inMs === undefined) return ''
  const seconds = Math.max(0, Math.ceil(inMs / 1000))
  return `, next try in ${seconds < 120 ? `${seconds} s` : formatEta(seconds)}`
}

function shorten(error: string): string {
  return error.length <= MAX_ERROR_CHARACTERS ? error : `${error.slice(0, MAX_ERROR_CHARACTERS)}...`
}

/** The host of a URL, or the text as it is when it is none. */
function hostOf(url: string): string {
  return /^[a-z]+:\/\/(?:[^/@]*@)?(\[[^\]]+\]|[^/:?#]+)/i.exec(url)?.[1] ?? url
}

function addresses(count: number): string {
  return `${formatCount(count)} address${count === 1 ? '' : 'es'}`
}
