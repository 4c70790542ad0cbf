"""libtorrent as a peer of the interop tests and benches.

usage: libtorrent-peer.py seed|download|download-without-trackers DIRECTORY ADDRESS:PORT SETTINGS_JSON TORRENT...
`seed` shares what is in DIRECTORY until it is killed; `download` takes all torrents at once and ends with 0 when they
are whole; `-without-trackers` asks none of those that the torrents name.
"""
import json
import sys
import libtorrent as lt

role, directory, endpoint, settings, *torrents = sys.argv[1:]
session = lt.session({
    'listen_interfaces': endpoint,
    'enable_dht': False,
    'enable_lsd': False,
    'enable_upnp': False,
    'enable_natpmp': False,
    'enable_incoming_utp': False,
    'enable_outgoing_utp': False,
    'allow_multiple_connections_per_ip': True,
    'out_enc_policy': 2,  # plain only: what is measured is the transfer
    'alert_mask': lt.alert.category_t.status_notification | lt.alert.category_t.error_notification,
    'alert_queue_size': 100000,
    **json.loads(settings),
})
everywhere = lt.ip_filter()
everywhere.add_rule('0.0.0.0', '255.255.255.255', 1 << session.global_peer_class_id)
session.set_peer_class_filter(everywhere)  # else limits do not hold for addresses of a local network, as the lab's are
for torrent in torrents:
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(torrent)
    params.save_path = directory
    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    if role == 'seed':
        params.flags |= lt.torrent_flags.seed_mode
    if role.endswith('-without-trackers'):
        params.flags |= lt.torrent_flags.override_trackers  # by the list in params, which is empty
    session.async_add_torrent(params)

left = len(torrents)
while role == 'seed' or left > 0:
    session.wait_for_alert(1000)
    for alert in session.pop_alerts():
        if 'error' in alert.what():
            print(alert.what(), alert.message(), file=sys.stderr, flush=True)
        if isinstance(alert, lt.torrent_finished_alert):
            left -= 1
