"""libtorrent's verdict on data on disk: checks all of it, and prints a digit a piece, 1 where it is right.

usage: libtorrent-check.py DIRECTORY TORRENT
"""
import sys
import time
import libtorrent as lt

directory, torrent = sys.argv[1:]
session = lt.session({
    'listen_interfaces': '',
    'enable_dht': False,
    'enable_lsd': False,
    'enable_upnp': False,
    'enable_natpmp': False,
})
params = lt.add_torrent_params()
params.ti = lt.torrent_info(torrent)
params.save_path = directory
params.flags &= ~lt.torrent_flags.auto_managed
params.flags |= lt.torrent_flags.upload_mode
handle = session.add_torrent(params)
handle.resume()
ends_at = time.monotonic() + 60
while True:
    status = handle.status()
    if status.errc.value() != 0:
        sys.exit(status.errc.message())
    if str(status.state) in ('downloading', 'finished', 'seeding'):
        break
    if time.monotonic() > ends_at:
        sys.exit('it checks for ever: ' + str(status.state))
    time.sleep(0.02)
pieces = status.pieces or [status.is_seeding] * params.ti.num_pieces()
print(''.join('1' if has else '0' for has in pieces))
