/** The end of all connections of a torrent: what was said last must be heard, a seed counts who has it all by that. */
import { PeerError } from '../common/errors.ts'
import type { Peer } from './peer.ts'
import type { TorrentContext } from './torrent-context.ts'

/** Peers far away hear it all the same, as long as the process lives. */
const GOODBYE_MS = 100

/** Closes them. Resolves when those that are sending to us have hung up, or soon after. Never rejects. */
export async function sayGoodbye({ peers, clock }: TorrentContext): Promise<void> {
  const heard: Promise<void>[] = []
  for (const peer of [...peers.values()]) {
    const isSending = maySend(peer)
    const ended = peer.connection.finish(new PeerError('PEER_STOPPING', 'the torrent stops'))
    if (isSending) heard.push(ended)
  }
  if (heard.length === 0) return
  let cancel = (): void => undefined
  const limit = new Promise<void>((resolve) => {
    cancel = clock.after(GOODBYE_MS, resolve)
  })
  await Promise.race([Promise.all(heard), limit])
  cancel()
}

/** A peer that does not has nothing on its way to us that would make our end a reset. */
function maySend({ connection, ledger }: Peer): boolean {
  return ledger.size > 0 || connection.peerInterested
}
