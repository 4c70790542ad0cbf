/**
 * Peer exchange (BEP 11): tells peers whom else we are connected to, and takes their word for whom we might call. What
 * they say is hearsay: how often and how much is bounded here, which addresses may be dialled is the pool's to decide.
 * A private torrent has none of this (BEP 27).
 */
import type { Endpoint } from '../common/endpoint.ts'
import type { Peer } from './peer.ts'
import type { PexContact } from '../wire/pex.ts'
import type { TorrentContext } from './torrent-context.ts'
import { mayLeadTo, scopeOf } from '../common/address-scope.ts'
import { PeerError } from '../common/errors.ts'
import { formatEndpoint } from '../common/endpoint.ts'
import { FloodLimit } from '../peer/flood-limit.ts'
import { FIRST_UNPRIVILEGED_PORT } from '../swarm/peer-pool.ts'
import { decodePex, encodePex, MAX_PEX_CONTACTS, PEX_EXTENSION, PexFlag } from '../wire/pex.ts'

/** The number under which peers send it to us. */
export const PEX_ID = 1

const EVERY_MS = 60_000
/** The first message waits for this long after the handshake, so that it has more to tell than one peer. */
const FIRST_AFTER_MS = 2_000
/** Read in a minute, where one is allowed: clocks differ. More are not looked at, and so many are a flood. */
const MAX_READ_A_MINUTE = 3
const MAX_SENT_A_MINUTE = 6
/** New addresses of one source: the others' word shall count, too. */
const MAX_NEW_OF_SOURCE = 200
const NEW_WINDOW_MS = 600_000

/** What we said to one peer, and it to us. */
interface Link {
  /** The contacts that it counts among ours, by `formatEndpoint`. */
  readonly told: Map<string, Endpoint>
  readonly readLimit: FloodLimit
  readonly sentLimit: FloodLimit
  /** New addresses that it named since then. */
  newCount: number
  newSinceMs: number
  nextSendMs: number
}

export class PeerExchange {
  readonly #links = new WeakMap<Peer, Link>()
  readonly #isOurs: (endpoint: Endpoint) => boolean

  /** @param isOurs does this address lead to us? */
  constructor(isOurs: (endpoint: Endpoint) => boolean) {
    this.#isOurs = isOurs
  }

  /** To be called once a second. O(peers), and O(peers) more for each peer that is due. */
  onSecond(context: TorrentContext, nowMs: number): void {
    let contacts: readonly PexContact[] | undefined
    for (const peer of context.peers.values()) {
      const id = peer.connection.extension?.m.get(PEX_EXTENSION)
      if (id === undefined) continue
      const link = this.#linkOf(peer)
      if (nowMs < link.nextSendMs) continue
      contacts ??= contactsOf(context)
      this.#tell(peer, { id, link, contacts, nowMs })
    }
  }

  /** @param payload a view @throws PeerError PEER_FLOOD, WIRE_PEX */
  onMessage(context: TorrentContext, peer: Peer, payload: Buffer): void {
    const nowMs = context.clock.now()
    const link = this.#linkOf(peer)
    if (!link.sentLimit.take(nowMs)) throw new PeerError('PEER_FLOOD', 'too many peer exchanges in a minute')
    if (!link.readLimit.take(nowMs)) return
    const { added } = decodePex(payload)
    // A seed calls nobody on hearsay: those who want something call it.
    if (context.state !== 'downloading') return
    const newCount = this.#take(context, peer, added)
    const what = `${newCount} of ${added.length} addresses are new`
    context.log(
      newCount > 0 ? 'info' : 'debug',
      'swarm',
      `${formatEndpoint(peer.endpoint)} names peers: ${what}`,
    )
  }

  #take(context: TorrentContext, peer: Peer, added: readonly PexContact[]): number {
    const connected = new Set([...context.peers.values()].map((one) => keyOf(one)))
    const sourceScope = scopeOf(peer.endpoint.host)
    const link = this.#linkOf(peer)
    const nowMs = context.clock.now()
    if (nowMs - link.newSinceMs >= NEW_WINDOW_MS) Object.assign(link, { newCount: 0, newSinceMs: nowMs })
    const hosts = new Set<string>()
    let newCount = 0
    for (const { endpoint } of added) {
      if (connected.has(formatEndpoint(endpoint)) || !isTold(endpoint) || this.#isOurs(endpoint)) continue
      // Many ports of one public host look like somebody to be attacked (BEP 11).
      if (scopeOf(endpoint.host) === 'public' && hosts.size === hosts.add(endpoint.host).size) continue
      if (link.newCount >= MAX_NEW_OF_SOURCE) break
      if (!context.pool.add(endpoint, 'pex', sourceScope)) continue
      newCount++
      link.newCount++
    }
    return newCount
  }

  #tell(
    peer: Peer,
    { id, link, contacts, nowMs }: { id: number; link: Link; contacts: readonly PexContact[]; nowMs: number },
  ): void {
    const scope = scopeOf(peer.endpoint.host)
    const own = keyOf(peer)
    const current = new Map<string, PexContact>()
    for (const contact of contacts) {
      const key = formatEndpoint(contact.endpoint)
      if (key !== own && mayLeadTo(scope, scopeOf(contact.endpoint.host))) current.set(key, contact)
    }
    const added = [...current].filter(([key]) => !link.told.has(key)).slice(0, MAX_PEX_CONTACTS)
    const dropped = [...link.told].filter(([key]) => !current.has(key)).slice(0, MAX_PEX_CONTACTS)
    if (added.length + dropped.length === 0) return
    for (const [key, { endpoint }] of added) link.told.set(key, endpoint)
    for (const [key] of dropped) link.told.delete(key)
    link.nextSendMs = nowMs + EVERY_MS
    peer.connection.extended(
      id,
      encodePex({ added: added.map(([, one]) => one), dropped: dropped.map(([, one]) => one) }),
    )
  }

  #linkOf(peer: Peer): Link {
    let link = this.#links.get(peer)
    if (link === undefined) {
      link = {
        told: new Map(),
        readLimit: new FloodLimit(MAX_READ_A_MINUTE, EVERY_MS),
        sentLimit: new FloodLimit(MAX_SENT_A_MINUTE, EVERY_MS),
        newCount: 0,
        newSinceMs: -Infinity,
        nextSendMs: peer.connection.connectedAtMs + FIRST_AFTER_MS,
      }
      this.#links.set(peer, link)
    }
    return link
  }
}

/** Where our peers listen, as far as we know. */
function contactsOf(context: TorrentContext): readonly PexContact[] {
  return [...context.peers.values()].flatMap((peer) => {
    const endpoint = listenEndpoint(peer)
    return endpoint === undefined || !isTold(endpoint) ? [] : [{ endpoint, flags: flagsOf(peer) }]
  })
}

/** One that called us says itself where it listens (BEP 10 `p`); undefined when it does not. */
function listenEndpoint({ connection: { isInbound, endpoint, extension } }: Peer): Endpoint | undefined {
  if (!isInbound) return endpoint
  const port = extension?.listenPort
  return port === undefined ? undefined : { host: endpoint.host, port }
}

function keyOf(peer: Peer): string {
  return formatEndpoint(listenEndpoint(peer) ?? peer.endpoint)
}

/** A link-local address means another host on every link, and no peer has reason to listen where services do. */
function isTold({ host, port }: Endpoint): boolean {
  return port >= FIRST_UNPRIVILEGED_PORT && scopeOf(host) !== 'link-local'
}

function flagsOf({ isSeed, connection: { extension, isInbound } }: Peer): number {
  return (
    (extension?.prefersEncryption === true ? PexFlag.prefersEncryption : 0) |
    (isSeed || extension?.uploadOnly === true ? PexFlag.uploadOnly : 0) |
    (isInbound ? 0 : PexFlag.isReachable)
  )
}
