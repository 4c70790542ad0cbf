/** Which names of a new torrent other systems cannot hold, or would change: told when it is made, while it can be helped. */
import type { FileEntry, Metainfo } from './metainfo.ts'
import { Notices } from './notices.ts'

/** Devices, whatever extension follows. */
const DEVICE = /^(con|prn|aux|nul|com[1-9]|lpt[1-9])(\.|$)/i
const NOT_ON_WINDOWS = /[<>:"|?*\\]|\p{Cc}/u

/** A sentence a kind, with examples. */
export function portabilityNotices({ files, renames }: Metainfo): string[] {
  const notices = new Notices()
  for (const { from, to } of renames)
    notices.add('the name is changed where it is downloaded', `${from} to ${to}`)
  let before: readonly string[] = []
  for (const file of files) {
    check(file.path, newFrom(file, before), notices)
    before = file.path
  }
  return notices.list()
}

/** Where a path leaves that of the file before: the directories in front have been looked at. */
function newFrom({ path }: FileEntry, before: readonly string[]): number {
  const at = path.findIndex((element, depth) => element !== before[depth])
  return at < 0 ? path.length : at
}

function check(path: readonly string[], from: number, notices: Notices): void {
  for (const [depth, element] of path.entries()) {
    if (depth < from || isOnWindows(element)) continue
    notices.add('Windows cannot hold the name', path.slice(0, depth + 1).join('/'))
  }
}

function isOnWindows(name: string): boolean {
  return !DEVICE.test(name) && !NOT_ON_WINDOWS.test(name) && !/[. ]$/.test(name)
}
