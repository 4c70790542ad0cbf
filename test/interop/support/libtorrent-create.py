"""Makes torrents with libtorrent, for the interop tests of `create`.

usage: libtorrent-create.py REQUESTS_JSON
REQUESTS_JSON is a list of {"root": PATH, "pieceBytes": N or 0 for libtorrent's own choice, "private": BOOL,
"attributes": BOOL}. One line for each: {"infoHash": HEX, "pieceBytes": N, "canonicalOrder": [PATHS below the root]}.

libtorrent's v1 torrents have files in the order in which they were added, and add_files adds them as the directory
lists them. So they are added here one by one, in the order that libtorrent itself gives them when it is asked for a
canonical one (which it asks for v2, and which adds padding to v1).
"""
import hashlib
import json
import os
import sys
import libtorrent as lt

CREATE = lt.create_torrent


def canonical_order(root):
    """Paths as libtorrent sorts them, the root's name first; padding left out."""
    storage = lt.file_storage()
    lt.add_files(storage, root)
    torrent = CREATE(storage, 16384, CREATE.v1_only | CREATE.canonical_files)
    files = torrent.files()
    flags = lt.file_flags_t.flag_pad_file
    return [files.file_path(i) for i in range(files.num_files()) if not files.file_flags(i) & flags]


def make(root, pieceBytes, private, attributes):
    parent = os.path.dirname(root)
    order = canonical_order(root)
    storage = lt.file_storage()
    for path in order:
        mode = os.stat(os.path.join(parent, path)).st_mode
        flags = lt.file_flags_t.flag_executable if attributes and mode & 0o100 else 0
        storage.add_file(path, os.path.getsize(os.path.join(parent, path)), flags)
    torrent = CREATE(storage, pieceBytes, CREATE.v1_only)
    torrent.set_priv(private)
    lt.set_piece_hashes(torrent, parent)
    info = torrent.generate()[b'info']
    return {
        'infoHash': hashlib.sha1(lt.bencode(info)).hexdigest(),
        'pieceBytes': torrent.piece_length(),
        'canonicalOrder': order,
    }


for request in json.loads(sys.argv[1]):
    print(json.dumps(make(**request)))
