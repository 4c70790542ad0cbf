/**
 * Peer ids (BEP 20): ours, and what another's says about its client. Anything a peer says about itself is only for
 * display: never a reason to treat it differently.
 */
import { BugError } from '../common/errors.ts'

/** Every peer id has this length. */
export const PEER_ID_BYTES = 20

const OUR_PREFIX = '-TD0100-'
const MAX_NAME_LENGTH = 64

/** Two-letter client codes of the `-XX1234-` style. */
const CLIENT_CODES: ReadonlyMap<string, string> = new Map([
  ['AZ', 'Vuze'],
  ['A2', 'aria2'],
  ['BC', 'BitComet'],
  ['BI', 'BiglyBT'],
  ['BT', 'BitTorrent'],
  ['DE', 'Deluge'],
  ['FD', 'Free Download Manager'],
  ['KT', 'KTorrent'],
  ['LT', 'libtorrent'],
  ['lt', 'rTorrent'],
  ['qB', 'qBittorrent'],
  ['RN', 'rain'],
  ['rQ', 'rqbit'],
  ['TD', 'torrent-dl'],
  ['TR', 'Transmission'],
  ['UM', 'µTorrent Mac'],
  ['UT', 'µTorrent'],
  ['WW', 'WebTorrent'],
])

/** @param random 12 bytes, new for each run @returns 20 bytes */
export function makePeerId(random: Uint8Array): Buffer {
  if (random.length !== PEER_ID_BYTES - OUR_PREFIX.length) {
    throw new BugError('BUG_PEER_ID', `peer id from ${random.length} random bytes`)
  }
  return Buffer.concat([Buffer.from(OUR_PREFIX, 'latin1'), random])
}

/** `qBittorrent 4.6.3` from `-qB4630-...`; a peer id of another style as its printable start. At most 64 characters. */
export function clientNameOf(peerId: Buffer): string {
  const text = peerId.toString('latin1')
  const azureus = /^-([A-Za-z0-9]{2})([0-9A-Za-z]{4})-/.exec(text)
  if (azureus === null) return printable(text.slice(0, 8))
  const [, code = '', version = ''] = azureus
  return `${CLIENT_CODES.get(code) ?? code} ${dotted(version)}`
}

/** Text of a peer made safe to show: control and format characters become `?`, and it is cut to 64 characters. */
export function printable(text: string): string {
  return Array.from(text.slice(0, 2 * MAX_NAME_LENGTH))
    .slice(0, MAX_NAME_LENGTH)
    .join('')
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')
}

/** `4630` -> `4.6.3`: one place a digit, letters count on from 10, a last zero is not shown. */
function dotted(version: string): string {
  const places = Array.from(version, (place) => (/[0-9A-Za-z]/.test(place) ? parseInt(place, 36) : 0))
  if (places[3] === 0) places.pop()
  return places.join('.')
}
