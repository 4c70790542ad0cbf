"""libtorrent as a peer of the interop tests and benches.

usage: libtorrent-peer.py seed|download TORRENT DIRECTORY ADDRESS PORT [SETTINGS_JSON]
`seed` shares what is in DIRECTORY until it is killed; `download` ends with 0 when the torrent is whole.
"""
import json
import sys
import libtorrent as lt

role, torrent, directory, address, port, *more = sys.argv[1:]
session = lt.session({
    'listen_interfaces': f'{address}:{port}',
    'enable_dht': False,
    'enable_lsd': False,
    'enable_upnp': False,
    'enable_natpmp': False,
    'enable_incoming_utp': False,
    'enable_outgoing_utp': False,
    'allow_multiple_connections_per_ip': True,
    'out_enc_policy': 2,  # plain only: what is measured is the transfer
    'alert_mask': lt.alert.category_t.status_notification | lt.alert.category_t.error_notification,
    **(json.loads(more[0]) if more else {}),
})
params = lt.add_torrent_params()
params.ti = lt.torrent_info(torrent)
params.save_path = directory
params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
if role == 'seed':
    params.flags |= lt.torrent_flags.seed_mode
handle = session.add_torrent(params)

done = False
while not done:
    session.wait_for_alert(1000)
    for alert in session.pop_alerts():
        if 'error' in alert.what():
            print(alert.what(), alert.message(), file=sys.stderr, flush=True)
        if role == 'download' and isinstance(alert, lt.torrent_finished_alert):
            done = True
