"""Writes the files of a local network, for `circlet init`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

from config.keyfile import create_key
from config.schema import SCHEMA_FILE, schema_text
from config.templates import DIRECTORY_PORT, NetworkText, NodeText, directory_text, node_text
from config.values import Endpoint

MAX_NODES = 250  # node i listens on 127.0.0.i
MAX_DIRECTORIES = 9
KEY_FILE = "network.key"
CLOAK_FILE = "cloak.key"

LOCAL_CLIENTS = """\
clients:
  per_address: 0 # no limit: on a local network everybody comes from one address
  total: 500

"""


class InitError(Exception):
    """The files cannot be written; the text has the reason. No file was overwritten."""


def write_network(folder: Path, nodes: int, directories: int) -> list[Path]:
    """Write the key, the schema and a file for each process of a network on loopback; return the paths.

    Node i: IRC on 127.0.0.i:6667, links on 127.0.0.i:7600, HTTP on 127.0.0.i:8067, state in `folder`/state/node-i.
    Directory i: 127.0.0.1, UDP port 7699 + i, HTTP on port 8070 + i.

    nodes: 1 to 250. directories: 0 to 9, at least 1 for several nodes. Raises InitError, before any file is written, if
    a number is out of bounds or a file exists already.
    """
    if not 1 <= nodes <= MAX_NODES:
        raise InitError(f"found {nodes} nodes: 1 to {MAX_NODES}, as node i listens on 127.0.0.i")
    if not 0 <= directories <= MAX_DIRECTORIES:
        raise InitError(f"found {directories} directories: 0 to {MAX_DIRECTORIES}")
    if nodes > 1 and not directories:
        raise InitError(f"{nodes} nodes and no directory: several nodes need a directory to find each other")
    addresses = [Endpoint("127.0.0.1", DIRECTORY_PORT + n) for n in range(directories)]
    network = NetworkText("Circlet", "irc.circlet.local", addresses)
    texts = {folder / SCHEMA_FILE: schema_text()}
    texts |= {folder / f"node-{n}.yaml": node_text(network, _node(n)) for n in range(1, nodes + 1)}
    texts |= {
        folder / f"directory-{n}.yaml": directory_text(network, n, "127.0.0.1") for n in range(1, directories + 1)
    }
    return write_files(folder, [[folder / KEY_FILE], [folder / CLOAK_FILE]], texts)


def _node(number: int) -> NodeText:
    ip = f"127.0.0.{number}"
    return NodeText(
        number, f"node-{number}.circlet.local", ip, f"state/node-{number}", ip, LOCAL_CLIENTS, "A local network"
    )


def write_files(folder: Path, keys: Sequence[Sequence[Path]], texts: Mapping[Path, str]) -> list[Path]:
    """Write a new key to the paths of each part of `keys`, and write the texts. All paths are inside the folder.

    Returns the paths. Raises InitError, before any file is written, if a file exists already.
    """
    paths = [*chain(*keys), *texts]
    if there := [str(path.relative_to(folder)) for path in paths if path.exists() or path.is_symlink()]:
        raise InitError(f"{folder} already holds {', '.join(there)}: nothing is overwritten, choose another directory")
    try:
        for parent in {path.parent: None for path in paths}:
            parent.mkdir(parents=True, exist_ok=True)
        for same in keys:
            create_key(*same)
        for path, text in texts.items():
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise InitError(f"cannot write to {folder}: {error.strerror}") from error
    return paths
