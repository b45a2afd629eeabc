"""A local network's files, as `circlet init` writes them."""

from __future__ import annotations

from pathlib import Path

from config.keyfile import create_key
from config.schema import EDITOR_LINE, SCHEMA_FILE, schema_text

MAX_NODES = 250  # node i listens on 127.0.0.i
MAX_DIRECTORIES = 9

_NODE = """\
{editor_line}
# A supernode of the network Circlet. Check it with: circlet check {file}
# Every setting there is, explained: config/node.example.yaml in the sources.

network: # the same on every node
  name: Circlet
  server_name: irc.circlet.local # to its users the network is one server
  key_file: network.key # who has this file belongs to the network: keep it secret

{directories}

node: # this node's own
  name: node-{number}.circlet.local
  ip: 127.0.0.{number} # where other nodes reach this one; its place on the ring is md5 of this
  state_dir: state/node-{number}

listeners: # for IRC clients
  - host: 127.0.0.{number}
    port: 6667
#  - host: 127.0.0.{number}
#    port: 6697
#    tls: {{ cert: cert.pem, key: key.pem }}

links: # for other nodes
  port: 7600
  heartbeat_s: 1s
  dead_after_s: 5s # silence after which a peer counts as dead

http: # the page of the ring, metrics: http://127.0.0.{number}:8067/
  host: 127.0.0.{number}
  port: 8067

clients:
  per_address: 0 # no limit: on a local network everybody comes from one address
  total: 500

motd: |
  Welcome to Circlet. This is node-{number}.
  Try /join #erlang

# admin:
#   location1: A local network
#   email: admin@example.org

# operators: # the hash comes from: circlet hash-password
#   - name: joe
#     password_hash: '$argon2id$...'

log:
  level: info # debug, info, warning or error
"""

_DIRECTORY = """\
{editor_line}
# A directory of the network Circlet: it keeps the list of live nodes. Check it with: circlet check {file}
# Every setting there is, explained: config/directory.example.yaml in the sources.

network: # the same as in the nodes' files
  name: Circlet
  key_file: network.key

directory:
  host: 127.0.0.1
  port: {port} # UDP
  lease_s: 10s # a node not heard for this long is forgotten

http: # the page of the ring, metrics: http://127.0.0.1:{page}/
  host: 127.0.0.1
  port: {page}

log:
  level: info # debug, info, warning or error
"""


class InitError(Exception):
    """The files cannot be written; the text says why. Nothing was overwritten."""


def write_network(folder: Path, nodes: int, directories: int) -> list[Path]:
    """Write the key, the schema and a file for each process of a network on loopback; return their paths.

    Node i: IRC on 127.0.0.i:6667, links on 127.0.0.i:7600, HTTP on 127.0.0.i:8067, state in `folder`/state/node-i.
    Directory i: 127.0.0.1, UDP port 7699 + i, HTTP on port 8070 + i.
    nodes: 1 to 250; directories: 0 to 9, at least 1 for several nodes.
    Raises InitError, and writes nothing, if a number is out of bounds or one of the files is there already.
    """
    if not 1 <= nodes <= MAX_NODES:
        raise InitError(f"found {nodes} nodes: 1 to {MAX_NODES}, as node i listens on 127.0.0.i")
    if not 0 <= directories <= MAX_DIRECTORIES:
        raise InitError(f"found {directories} directories: 0 to {MAX_DIRECTORIES}")
    if nodes > 1 and not directories:
        raise InitError(f"{nodes} nodes and no directory: several nodes need one to find each other")
    texts = {folder / SCHEMA_FILE: schema_text()}
    texts |= {folder / f"node-{n}.yaml": _node(n, directories) for n in range(1, nodes + 1)}
    texts |= {folder / f"directory-{n}.yaml": _directory(n) for n in range(1, directories + 1)}
    key = folder / "network.key"
    if there := [path.name for path in (key, *texts) if path.exists() or path.is_symlink()]:
        raise InitError(f"{folder} already holds {', '.join(there)}: nothing is overwritten, choose another directory")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        create_key(key)
        for path, text in texts.items():
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise InitError(f"cannot write to {folder}: {error.strerror}") from error
    return [key, *texts]


def _node(number: int, directories: int) -> str:
    lines = [f"  - 127.0.0.1:{_port(n)}" for n in range(1, directories + 1)]
    head = "directories: # where nodes find each other; they may all be down for a while"
    return _NODE.format(
        editor_line=EDITOR_LINE,
        file=f"node-{number}.yaml",
        number=number,
        directories="\n".join([head, *lines]) if lines else "directories: [] # none: this node is the whole network",
    )


def _directory(number: int) -> str:
    return _DIRECTORY.format(
        editor_line=EDITOR_LINE, file=f"directory-{number}.yaml", port=_port(number), page=8070 + number
    )


def _port(number: int) -> int:
    return 7699 + number
