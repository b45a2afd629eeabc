"""The texts of the files that `circlet init` writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from config.schema import EDITOR_LINE
from config.values import Endpoint

DIRECTORY_PORT = 7700
"""UDP port of the first directory."""

DIRECTORY_PAGE = 8071
"""TCP port of the first directory. Further directories have the next ports, since they may share a machine."""


class NetworkText(NamedTuple):
    """The facts shared by all files of a network. directories: the addresses of the directories."""

    name: str
    server_name: str
    directories: Sequence[Endpoint]


class NodeText(NamedTuple):
    """The facts of a node's file. http_host, clients: depend on whether the network has one machine or several."""

    number: int
    name: str
    ip: str
    state_dir: str
    http_host: str
    clients: str
    place: str  # for /ADMIN


_NODE = """\
{editor_line}
# A supernode of the network {network}. Check it with: circlet check {file}
# Every setting there is, explained: config/node.example.yaml in the sources.

network: # the same on every node
  name: {network}
  server_name: {server_name} # to its users the network is one server
  key_file: network.key # who has this file belongs to the network: keep it secret

{directories}

node: # this node's own
  name: {name}
  ip: {ip} # where other nodes reach this one; its place on the ring is md5 of this
  state_dir: {state_dir}

listeners: # for IRC clients
  - host: {ip}
    port: 6667
#  - host: {ip}
#    port: 6697
#    tls: {{ cert: cert.pem, key: key.pem }}

links: # for other nodes
  port: 7600
  heartbeat_s: 1s
  dead_after_s: 5s # silence after which a peer counts as dead

http: # the page of the ring, metrics: http://{http_host}:8067/
  host: {http_host}
  port: 8067

cloaks: # people do not see each other's addresses
  key_file: cloak.key # the same on every node: keep it secret

{clients}motd: |
  Welcome to {network}. This is node-{number}.
  Try /join #erlang

# admin:
#   location1: {place}
#   email: admin@example.org

# operators: # the hash comes from: circlet hash-password
#   - name: joe # may do everything, unless operator_class says what joe may do
#     password_hash: '$argon2id$...'

log:
  level: info # debug, info, warning or error
"""

_DIRECTORY = """\
{editor_line}
# A directory of the network {network}: it keeps the list of live nodes. Check it with: circlet check {file}
# Every setting there is, explained: config/directory.example.yaml in the sources.

network: # the same as in the nodes' files
  name: {network}
  key_file: network.key

directory:
  host: {host}
  port: {port} # UDP
  lease_s: 10s # a node not heard for this long is forgotten

http: # the page of the ring, metrics: http://{http_host}:{page}/
  host: {http_host}
  port: {page}

log:
  level: info # debug, info, warning or error
"""


def node_text(network: NetworkText, node: NodeText) -> str:
    lines = [f"  - {quoted(str(address))}" for address in network.directories]
    head = "directories: # where nodes find each other; they may all be down for a while"
    facts = node._asdict() | {"ip": quoted(node.ip)}
    return _NODE.format(
        editor_line=EDITOR_LINE,
        file=f"node-{node.number}.yaml",
        network=network.name,
        server_name=network.server_name,
        directories="\n".join([head, *lines]) if lines else "directories: [] # none: this node is the whole network",
        **facts,
    )


def directory_text(network: NetworkText, number: int, http_host: str) -> str:
    """Fill in the file of a directory. number: from 1, the position of the address in `network.directories`."""
    address = network.directories[number - 1]
    return _DIRECTORY.format(
        editor_line=EDITOR_LINE,
        file=f"directory-{number}.yaml",
        network=network.name,
        host=quoted(address.host),
        port=address.port,
        http_host=http_host,
        page=DIRECTORY_PAGE + number - 1,
    )


def quoted(address: str) -> str:
    """Quote an IPv6 address, because colons and brackets have a meaning in YAML."""
    return f"'{address}'" if ":" in address and ("[" in address or address.count(":") > 1) else address
