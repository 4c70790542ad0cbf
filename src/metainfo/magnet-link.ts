/** A torrent's magnet link (BEP 9, "magnet URI format"): what another program needs to find it without the .torrent. */
import type { Metainfo } from './metainfo.ts'

/**
 * `magnet:?xt=urn:btih:HASH&dn=NAME&xl=BYTES&tr=...&ws=...`: every tracker in tier order (a link has no tiers), then the
 * web seeds. Printable ASCII, whatever the names hold.
 */
export function magnetLink(metainfo: Metainfo): string {
  const { infoHash, name, geometry, trackerTiers, webSeeds } = metainfo
  const fields = [
    `xt=urn:btih:${infoHash.toString('hex')}`,
    `dn=${encodeURIComponent(name)}`,
    `xl=${geometry.totalBytes}`,
    ...trackerTiers.flat().map((url) => `tr=${encodeURIComponent(url)}`),
    ...webSeeds.map((url) => `ws=${encodeURIComponent(url)}`),
  ]
  return `magnet:?${fields.join('&')}`
}
