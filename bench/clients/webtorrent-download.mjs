/*
 * webtorrent for the benches: downloads all torrents and ends with 0 when they are whole. Where it is installed is an
 * argument, because this project does not depend on it.
 *
 * usage: node webtorrent-download.mjs WEBTORRENT_URL DIRECTORY PORT TORRENT...
 */
const [url, directory, port, ...torrents] = process.argv.slice(2)
const { default: WebTorrent } = await import(url)

// Plain connections, as everybody's here: its own handshake is refused before it falls back.
const plain = { dht: false, lsd: false, utPex: false, natUpnp: false, natPmp: false, utp: false, secure: 0 }
const client = new WebTorrent({ ...plain, torrentPort: Number(port) })
client.on('error', (error) => {
  console.error(error)
  process.exit(1)
})

let left = torrents.length
for (const torrent of torrents) {
  client.add(torrent, { path: directory }).on('done', () => {
    left -= 1
    if (left === 0) process.exit(0)
  })
}
