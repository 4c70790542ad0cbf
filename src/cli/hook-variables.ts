/** Variables that hooks find (hook-environment.ts), as names of settings would be: a torrent-dl within a hook takes them for none. */
export const HOOK_VARIABLES: ReadonlySet<string> = new Set([
  'event',
  'source',
  'exit-code',
  'error-code',
  'error',
  'info-hash',
  'name',
  'path',
  'directory',
  'file-count',
  'size-bytes',
  'downloaded-bytes',
  'uploaded-bytes',
  'seconds',
])
