import { ScriptedPeer, isHandshake } from '../support/scripted-peer.ts'

/** A peer that has everything and gives nothing: it never unchokes. @param use gets its address, for `--peer` */
export async function withChokingPeer<T>(infoHash: Buffer, use: (peer: string) => Promise<T>): Promise<T> {
  const peer = await ScriptedPeer.listen({
    infoHash,
    onMessage: (self, message) => {
      if (isHandshake(message)) self.send('haveAll')
    },
  })
  try {
    return await use(`127.0.0.1:${peer.endpoint.port}`)
  } finally {
    await peer.close()
  }
}
