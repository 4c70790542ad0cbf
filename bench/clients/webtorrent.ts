/**
 * webtorrent, which is no dependency of this project (large, with native parts): installed from the registry into
 * .cache/ the first time that somebody asks for it, without its native parts (WebRTC, uTP), which TCP does not need.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Client } from '../../test/interop/support/clients.ts'
import { projectDirectory } from '../../test/interop/support/project.ts'
import type { Entry } from '../contenders.ts'

const VERSION = '3.0.21'
const INSTALL_TIMEOUT_MS = 120_000
const directory = join(projectDirectory, '.cache', `webtorrent-${VERSION}`)
const entryPoint = join(directory, 'node_modules/webtorrent/index.js')

/** What it imports of its WebRTC library even when nobody uses that. */
const NO_WEBRTC = [
  'export const RTCPeerConnection = undefined',
  'export const RTCSessionDescription = undefined',
  'export const RTCIceCandidate = undefined',
  'export default {}',
  '',
].join('\n')

const PACKAGE = {
  private: true,
  dependencies: { webtorrent: VERSION },
  overrides: { 'webrtc-polyfill': 'file:./no-webrtc' },
}
const NO_WEBRTC_PACKAGE = { name: 'webrtc-polyfill', version: '1.0.0', type: 'module', exports: './index.js' }

/** @throws Error when it cannot be installed */
export function installWebtorrent(): void {
  if (existsSync(entryPoint)) return
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(join(directory, 'no-webrtc'), { recursive: true })
  writeFileSync(join(directory, 'package.json'), JSON.stringify(PACKAGE))
  writeFileSync(join(directory, 'no-webrtc/package.json'), JSON.stringify(NO_WEBRTC_PACKAGE))
  writeFileSync(join(directory, 'no-webrtc/index.js'), NO_WEBRTC)
  const options = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--no-package-lock']
  const result = spawnSync('npm', ['install', '--prefix', directory, ...options], {
    cwd: directory,
    encoding: 'utf8',
    timeout: INSTALL_TIMEOUT_MS,
  })
  if (result.status === 0 && existsSync(entryPoint)) return
  rmSync(directory, { recursive: true, force: true })
  throw new Error(`npm install webtorrent@${VERSION}: ${result.error?.message ?? result.stderr.trim()}`)
}

export function webtorrent({ torrents }: Entry): Client {
  return {
    name: 'webtorrent',
    program: process.execPath,
    packageName: 'nodejs',
    launch: ({ directory: output, port }) => ({
      command: [
        ...[process.execPath, join(projectDirectory, 'bench/clients/webtorrent-download.mjs')],
        ...[pathToFileURL(entryPoint).href, output, String(port)],
        ...torrents.map(({ torrentFile }) => torrentFile),
      ],
    }),
  }
}
