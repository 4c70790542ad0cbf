/**
 * What `import ... from 'torrent-dl'` gives: docs/library.md. Nothing here prints, reads the environment, or listens to
 * signals; several calls at a time do not know of each other.
 */
export { create } from './create.ts'
export type { CreatedTorrent, CreateOptions } from './create.ts'
export { download } from './download.ts'
export type { DownloadedFile, DownloadOptions, DownloadProgress, DownloadResult } from './download.ts'
export { seed } from './seed.ts'
export type { Seeding, SeedOptions } from './seed.ts'
export type { TorrentSource } from './source.ts'
export { startTestbed } from './testbed.ts'
export type { RunningTestbed } from './testbed.ts'
export { tracker } from './tracker.ts'
export type { RunningTracker, TrackerOptions } from './tracker.ts'
export { KnownError } from '../common/errors.ts'
export type { TestbedOptions } from '../share/testbed-options.ts'
export type { TestbedEnvironment } from '../share/testbed-environment.ts'
