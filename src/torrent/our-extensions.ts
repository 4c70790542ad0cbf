/** What we say of ourselves in the extension protocol (BEP 10). A later handshake says all of it again: some clients take it so. */
import type { ExtensionHandshake } from '../wire/extensions.ts'
import type { TorrentContext } from './torrent-context.ts'
import { VERSION } from '../common/version.ts'
import { PEX_EXTENSION } from '../wire/pex.ts'
import { PEX_ID } from './peer-exchange.ts'
import { MAX_QUEUED_REQUESTS } from './request-queue.ts'

/** The name peers see (`v`). */
const CLIENT_NAME = `torrent-dl ${VERSION}`

/**
 * One byte: 1 when the sender wants no more pieces (BEP 21). In no BEP: libtorrent's way to tell of a change, and what it
 * sends to those who offer to hear it.
 */
export const UPLOAD_ONLY_ID = 3

export function ourExtensions({ listenPort, pex, state, superSeed }: TorrentContext): ExtensionHandshake {
  const m = new Map([['upload_only', UPLOAD_ONLY_ID]])
  if (pex !== undefined) m.set(PEX_EXTENSION, PEX_ID)
  return {
    m,
    clientName: CLIENT_NAME,
    requestQueueLimit: MAX_QUEUED_REQUESTS,
    listenPort,
    uploadOnly: state === 'complete' && superSeed === undefined, // it would tell who has everything
  }
}

/** We want nothing any more (BEP 21): peers that do not either have no use for us. */
export function tellUploadOnly(context: TorrentContext): void {
  for (const { connection } of context.peers.values()) {
    if (connection.supportsExtensions) connection.extensionHandshake(ourExtensions(context))
  }
}
