/**
 * One torrent: owner of everything below it, and its life cycle:
 *
 *   checking -> downloading -> complete -> stopped
 *       \____________\____________\-> failed
 *
 * From `checking` straight to `complete` when everything is there. All state changes happen here, on one thread, in
 * reaction to events; the reactions themselves are the functions beside this file.
 */
import type { CancelTimer } from '../common/clock.ts'
import type { Handshake } from '../wire/handshake.ts'
import type { KnownError } from '../common/errors.ts'
import type { Acceptance } from '../peer/peer-handler.ts'
import type { PeerConnection } from '../peer/peer-connection.ts'
import type { Endpoint } from '../common/endpoint.ts'
import type { TorrentContext } from './torrent-context.ts'
import type { TorrentParts } from './torrent-parts.ts'
import type { TorrentSnapshot, TorrentState } from './snapshot.ts'
import { Announcer } from '../tracker/announcer.ts'
import { Bitfield } from '../common/bitfield.ts'
import {
  BugError,
  KnownError as AnyKnownError,
  messageOf,
  PeerError,
  StorageError,
} from '../common/errors.ts'
import { CompletedPeers } from './completed-peers.ts'
import { Discovery } from './discovery.ts'
import { LateBlocks } from './duplicate-late-blocks.ts'
import { OpenPieces } from './open-pieces.ts'
import { OrderedReader } from './ordered-reader.ts'
import { Pace } from './pace.ts'
import { Peer } from './peer.ts'
import { PeerPool } from '../swarm/peer-pool.ts'
import { PeerPlaces } from './peer-places.ts'
import { PeerExchange } from './peer-exchange.ts'
import { PeerRegistry } from './peer-registry.ts'
import { PieceBuffers } from '../storage/piece-buffers.ts'
import { PieceMemory } from '../storage/piece-memory.ts'
import { PieceInquiry } from '../swarm/piece-inquiry.ts'
import { PiecePicker } from '../swarm/piece-picker.ts'
import { TransferStats } from './transfer-stats.ts'
import { WriteBehind } from './write-behind.ts'
import { SuperSeed } from './super-seed.ts'
import { UploadReader } from './upload-reader.ts'
import { WantedPieces } from './wanted-pieces.ts'
import { admitPeer } from './admit-peer.ts'
import { checkInvariants } from './check-invariants.ts'
import { sayGoodbye } from './say-goodbye.ts'
import { setPiecePriorities } from './piece-priorities.ts'
import { tellUploadOnly } from './our-extensions.ts'
import { onTick, TICK_MS } from './tick.ts'
import { missingBytes, takeSnapshot } from './take-snapshot.ts'

const SAVE_EVERY_TICKS = 100
/** Many files take time to look at: between two looks there is this many times as much. */
const CONFIRM_PAUSES = 50
const TICKS_A_SECOND = 10

export class Torrent {
  readonly #parts: TorrentParts
  readonly #context: TorrentContext
  readonly #discovery: Discovery
  readonly #ourHandshake: Handshake
  readonly #stopping = new AbortController()
  #state: TorrentState = 'checking'
  #superSeed: SuperSeed | undefined
  #checkedBytes = 0
  #bytesToCheck = 0
  #ticks = 0
  #mayConfirmAtMs = -Infinity
  #cancelTicker: CancelTimer | undefined
  #stopped: Promise<void> | undefined
  #storageClosed = Promise.resolve()

  constructor(parts: TorrentParts) {
    this.#parts = parts
    const { infoHash } = parts.metainfo
    this.#ourHandshake = { infoHash, peerId: parts.peerId, hasFast: true, hasExtensions: true, hasDht: false }
    this.#context = this.#makeContext()
    const { reader } = this.#context
    const priorities = reader?.priorities(parts.metainfo.geometry) ?? parts.priorities
    if (priorities !== undefined) setPiecePriorities(this.#context, priorities)
    reader?.begin(this.#context)
    this.#discovery = this.#makeDiscovery()
  }

  /** Begins: checks what is there, then downloads. Results arrive at the observer. */
  start(): void {
    void this.#run()
  }

  snapshot(): TorrentSnapshot {
    return takeSnapshot(this.#context, {
      checkedBytes: this.#checkedBytes,
      bytesToCheck: this.#bytesToCheck,
      dialingCount: this.#discovery.dialingCount,
      trackers: this.#discovery.statuses(),
      asksLocalNetwork: this.#discovery.asksLocalNetwork,
    })
  }

  /** For tests. @throws BugError where the parts disagree: nobody else sees it before a download hangs */
  checkInvariants(): void {
    checkInvariants(this.#context)
  }

  /** An address that the user names later on. */
  addPeer(endpoint: Endpoint): void {
    this.#context.pool.add(endpoint, 'user', 'loopback')
    this.#discovery.dialMore()
  }

  /**
   * Changes which pieces are wanted (0: not), and which come first. Complete is when all wanted ones are there; nothing
   * changes any more then. @param priorities one a piece, 0 to 255
   */
  setPiecePriorities(priorities: Uint8Array): void {
    if (this.#state === 'checking' || this.#state === 'downloading') {
      setPiecePriorities(this.#context, priorities)
    }
  }

  /**
   * The next bytes of `reading`, when they are here; the ones before are done with. One call at a time.
   * @returns undefined at the end, or without `reading` @throws KnownError what ended the torrent
   */
  async read(): Promise<Buffer | undefined> {
    return this.#context.reader?.read(this.#context)
  }

  /** Takes in a peer that shook hands, whoever dialled. @throws PeerError when it is refused */
  accept(connection: PeerConnection, peerHandshake: Handshake): Acceptance {
    if (this.#state !== 'downloading' && this.#state !== 'complete') {
      throw new PeerError('PEER_NOT_READY', `the torrent is ${this.#state}`)
    }
    const context = this.#context
    admitPeer(context, connection, { ourPeerId: this.#parts.peerId, peerId: peerHandshake.peerId })
    const peer = new Peer(context, connection, peerHandshake.peerId)
    context.peers.add(peer)
    context.pool.onConnected(connection.endpoint)
    return {
      handler: peer,
      ourHandshake: this.#ourHandshake,
      pieceCount: this.#parts.metainfo.geometry.pieceCount,
    }
  }

  /** Stops asking, saves, says goodbye to trackers (2 s at most). Never rejects; calling it again waits for the first. */
  async stop(): Promise<void> {
    this.#stopped ??= this.#shutDown('stopped')
    await this.#stopped
  }

  /** Stops, and waits only until its files and their lock are let go of: `stop` waits for the trackers too. Never rejects. */
  async release(): Promise<void> {
    this.#stopped ??= this.#shutDown('stopped')
    await this.#storageClosed
  }

  async #run(): Promise<void> {
    try {
      await this.#check()
      if (this.#stopping.signal.aborted) return
      const { isComplete } = this.#context.wanted
      if (isComplete) this.#beginComplete()
      else this.#setState('downloading')
      if (!isComplete || this.#parts.seedWhenComplete) this.#goLive()
      if (isComplete) this.#parts.observer.onComplete()
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#fail(asKnown(error))
    }
  }

  #beginComplete(): void {
    if (this.#parts.isSuperSeeding === true && this.#context.have.isFull) this.#superSeed = new SuperSeed()
    this.#setState('complete')
  }

  async #check(): Promise<void> {
    const { observer } = this.#parts
    observer.onState('checking')
    const found = await this.#parts.storage.open({
      onChecked: (checkedBytes, totalBytes) => {
        this.#checkedBytes = checkedBytes
        this.#bytesToCheck = totalBytes
      },
      onFileWhole: (file) => {
        observer.onFile(file)
      },
      onNotice: (message) => {
        observer.onWarning(message)
      },
      signal: this.#stopping.signal,
    })
    for (const piece of found.indices()) {
      this.#context.have.set(piece)
      this.#context.wanted.onHave(piece)
      this.#context.picker.setHave(piece)
    }
    this.#context.reader?.onPieceDone()
  }

  #goLive(): void {
    this.#context.stats.restartIdleTime(this.#parts.clock.now())
    this.#cancelTicker = this.#parts.clock.every(TICK_MS, () => {
      this.#tick()
    })
    if (this.#state === 'downloading') this.#context.limit?.start(this.#context)
    this.#context.uploadLimit?.start(this.#context)
    this.#discovery.start()
  }

  #tick(): void {
    this.#ticks++
    onTick(this.#context, this.#ticks)
    if (this.#ticks % TICKS_A_SECOND === 0) {
      const { reader, stats, clock } = this.#context
      if (reader?.isConsumerBusy === true) stats.restartIdleTime(clock.now())
      this.#discovery.onSecond()
    }
    if (this.#ticks % SAVE_EVERY_TICKS === 0) void this.#save()
  }

  async #save(): Promise<void> {
    const { storage, clock } = this.#parts
    const startedAtMs = clock.now()
    if (this.#state === 'complete' && startedAtMs < this.#mayConfirmAtMs) return
    this.#mayConfirmAtMs = Infinity
    try {
      // What peers are given must still be what was hashed.
      if (this.#state === 'complete') await storage.confirm()
      if (!this.#stopping.signal.aborted) await storage.save()
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#fail(asKnown(error))
    }
    this.#mayConfirmAtMs = startedAtMs + CONFIRM_PAUSES * (clock.now() - startedAtMs)
  }

  /** Complete is what lies on disk: said only after a last look at the files. */
  async #finish(): Promise<void> {
    try {
      await this.#parts.storage.confirm()
      if (this.#stopping.signal.aborted) return
      this.#setState('complete')
      this.#context.limit?.stop()
      tellUploadOnly(this.#context)
      if (this.#context.have.isFull) this.#discovery.completed()
      this.#parts.observer.onComplete()
    } catch (error) {
      this.#fail(asKnown(error))
    }
  }

  #fail(error: KnownError): void {
    if (this.#stopped !== undefined) return
    this.#context.reader?.close(error)
    this.#stopped = this.#shutDown('failed')
    this.#parts.observer.onFailed(error)
  }

  async #shutDown(last: 'stopped' | 'failed'): Promise<void> {
    this.#stopping.abort()
    this.#setState(last)
    this.#cancelTicker?.()
    this.#context.limit?.stop()
    this.#context.uploadLimit?.stop()
    const goodbyes = sayGoodbye(this.#context)
    this.#context.openPieces.discardAll()
    this.#context.uploadReader.close()
    this.#context.reader?.close(new StorageError('STORAGE_CLOSED', 'the torrent was stopped'))
    this.#storageClosed = this.#parts.storage.close()
    await Promise.all([this.#discovery.stop(), this.#storageClosed, goodbyes])
    this.#parts.onEnded?.()
  }

  #setState(state: TorrentState): void {
    this.#state = state
    this.#parts.log('debug', 'torrent', `${this.#parts.metainfo.name}: ${state}`)
    this.#parts.observer.onState(state)
  }

  #makeContext(): TorrentContext {
    const { metainfo, random, storage, log, uploadMemory, pieceMemory = new PieceMemory() } = this.#parts
    const { places = new PeerPlaces() } = this.#parts
    const { pieceCount, pieceBytes } = metainfo.geometry
    const have = new Bitfield(pieceCount)
    const stateOf = (): TorrentState => this.#state
    const superSeedOf = (): SuperSeed | undefined => this.#superSeed
    return {
      ...this.#parts,
      picker: new PiecePicker(pieceCount, random),
      openPieces: new OpenPieces(new PieceBuffers({ pieceBytes, memory: pieceMemory })),
      writeBehind: new WriteBehind(),
      lateBlocks: new LateBlocks(),
      pace: new Pace(),
      places: places.ofTorrent(),
      limit: this.#parts.downloadLimits?.limitOf(this.#parts.downloadLimit),
      uploadLimit: this.#parts.uploadLimits?.limitOf(this.#parts.uploadLimit),
      inquiry: new PieceInquiry(),
      pool: new PeerPool({ random, refusalOf: this.#parts.refusalOf }),
      peers: new PeerRegistry(this.#parts.isOwnAddress),
      pex: this.#makePex(),
      stats: new TransferStats(this.#parts.clock.now()),
      completedPeers: new CompletedPeers(),
      get superSeed() {
        return superSeedOf()
      },
      uploadReader: new UploadReader({
        ...{ geometry: metainfo.geometry, storage, have, log },
        memory: uploadMemory,
      }),
      have,
      wanted: new WantedPieces(have),
      reader: this.#parts.reading === undefined ? undefined : new OrderedReader(this.#parts.reading),
      get state() {
        return stateOf()
      },
      onPieceDone: () => {
        this.#context.reader?.onPieceDone()
        if (this.#context.wanted.isComplete && this.#state === 'downloading') void this.#finish()
      },
      fail: (error) => {
        this.#fail(error)
      },
    }
  }

  #makePex(): PeerExchange | undefined {
    const { metainfo, usesPex = false, isOurs = () => false } = this.#parts
    return usesPex && !metainfo.isPrivate ? new PeerExchange(isOurs) : undefined
  }

  #makeDiscovery(): Discovery {
    const { metainfo, clock, random, log, peerId, listenPort, observer } = this.#parts
    const announcer = new Announcer({
      tiers: metainfo.trackerTiers,
      makeTracker: this.#parts.makeTracker,
      clock,
      random,
      log,
      counters: () => ({
        uploadedBytes: this.#context.stats.uploadedBytes,
        downloadedBytes: this.#context.stats.downloadedBytes,
        leftBytes: missingBytes(this.#context),
      }),
      identity: {
        infoHash: metainfo.infoHash,
        peerId,
        key: Math.floor(random() * 2 ** 32),
        port: listenPort,
      },
      handler: {
        onEndpoints: (endpoints, scope, trackerUrl) => {
          this.#discovery.onEndpoints(endpoints, scope, trackerUrl)
        },
        onStatus: (status) => {
          observer.onTracker(status)
        },
        onWarning: (message) => {
          observer.onWarning(message)
        },
      },
    })
    return new Discovery(this.#context, {
      announcer,
      dialer: this.#parts.dialer,
      ourHandshake: this.#ourHandshake,
      accept: (connection, peerHandshake) => this.accept(connection, peerHandshake),
      userPeers: this.#parts.userPeers,
      localNetwork: metainfo.isPrivate ? undefined : this.#parts.localNetwork,
      seeds: this.#parts.seedWhenComplete,
    })
  }
}

function asKnown(error: unknown): KnownError {
  if (error instanceof AnyKnownError) return error
  return new BugError('BUG_TORRENT', `the torrent stopped: ${messageOf(error)}`, { cause: error })
}
