import { createHash } from 'node:crypto'
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeRaw } from '../support/bencode-raw.ts'

/** `zeros.bin`, a hole of that size, in a directory of its own, and its torrent. */
export async function withHole(
  { totalBytes, pieceBytes }: { totalBytes: number; pieceBytes: number },
  use: (root: string) => Promise<void>,
): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  try {
    const hash = createHash('sha1').update(Buffer.alloc(pieceBytes)).digest()
    const pieces = Buffer.concat(Array.from({ length: totalBytes / pieceBytes }, () => hash))
    const info = { length: totalBytes, name: 'zeros.bin', 'piece length': pieceBytes, pieces }
    writeFileSync(join(root, 'a.torrent'), encodeRaw({ announce: 'udp://127.0.0.1:9/announce', info }))
    const fd = openSync(join(root, 'zeros.bin'), 'w')
    ftruncateSync(fd, totalBytes)
    closeSync(fd)
    await use(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}
