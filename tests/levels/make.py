"""Writes down the encodings of the build in the current folder: one line a struct, with a sample's bytes.

Run the script once, at the last commit of a feature level, before the next level begins: `python make.py >
level_N.txt`. A line holds the struct's module and name, tag, fields, and the sample in hex.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect

MODULES = (
    "ring.roster",
    "ring.storage.store",
    "ring.storage.journal",
    "ring.links.hello",
    "ring.membership.directory.datagrams",
)
PACKAGES = ("ring.wire", "gateway.state", "gateway.edge")


def structs() -> Iterator[tuple[str, type[msgspec.Struct]]]:
    """Return the structs written by nodes and directories to each other and to disk, by name."""
    names = list(MODULES)
    for package in PACKAGES:
        path = importlib.import_module(package).__path__
        names += [module.name for module in pkgutil.walk_packages(path, f"{package}.")]
    for name in names:
        for each in vars(importlib.import_module(name)).values():
            if isinstance(each, type) and issubclass(each, msgspec.Struct) and each.__module__ == name:
                yield f"{name}:{each.__name__}", each


def space(name: str) -> str:
    """Return the structs with tags that have to differ: the structs of one module, and all messages between nodes."""
    module = name.split(":")[0]
    return "ring.wire" if module.startswith("ring.wire.") else module


def sample(info: inspect.Type) -> Any:
    """Some value of the type, always the same, and of an optional type never None."""
    match info:
        case inspect.Metadata(type=inner):
            return sample(inner)
        case inspect.UnionType(types=types):
            return sample(next(one for one in types if not isinstance(one, inspect.NoneType)))
        case inspect.LiteralType(values=values):
            return sorted(values, key=str)[-1]
        case inspect.StructType(cls=cls, fields=fields):
            return cls(*(sample(field.type) for field in fields))
        case inspect.NamedTupleType(cls=cls, fields=fields):
            return cls(*(sample(field.type) for field in fields))
        case inspect.TupleType(item_types=types):
            return tuple(sample(one) for one in types)
        case inspect.ListType(item_type=one) | inspect.VarTupleType(item_type=one):
            return [sample(one)]
        case inspect.SetType(item_type=one) | inspect.FrozenSetType(item_type=one):
            return [sample(one)]
        case inspect.DictType(key_type=key, value_type=value):
            return {sample(key): sample(value)}
    return _plain(info)


def _plain(info: inspect.Type) -> Any:
    match info:
        case inspect.BoolType():
            return True
        case inspect.IntType():
            return 7
        case inspect.FloatType():
            return 1.5
        case inspect.StrType():
            return "127.0.0.1"
        case inspect.BytesType():
            return b"bytes"
        case inspect.NoneType():
            return None
        case inspect.RawType():
            return msgspec.Raw(b"\x07")
        case inspect.AnyType():
            return 7
    raise TypeError(f"no sample of {info}: add one")


def states() -> Iterator[tuple[str, str, bytes]]:
    """Snapshots of the states of a small network after some talk: kind, name (in hex in the file), bytes."""
    from tests.sim.net import Net

    net = Net(3, disks=True)
    ann, bob = net.client("n1", "ann"), net.client("n2", "bob")
    for who, lines in ((ann, ANN), (bob, BOB), (ann, ANN_LATER)):
        for line in lines:
            who.send(line)
            who.sync()
            net.run(1.0)
    for node in net.nodes.values():
        for group, m in node.core.engine.replicas.masters.items():
            yield group.kind, group.name, bytes(m.replica.snapshot().state)


ANN = (
    "NS REGISTER secret-password ann@example.org",
    "JOIN #level",
    "TOPIC #level :what was",
    "MODE #level +ktb key *!*@bad.example",
    "MODE #level +l 12",
    "PRIVMSG #level :hello",
)
BOB = ("NS REGISTER secret-password", "JOIN #level key", "AWAY :out", "PRIVMSG #level :hello ann", "PRIVMSG ann :psst")
ANN_LATER = (
    "MODE #level +v bob",
    "INVITE bob #level",
    "NS SET ALWAYS-ON on",
    "PRIVMSG bob :psst yourself",
    "NICK anne",
)


def main() -> None:
    for kind, name, snapshot in states():
        sys.stdout.write(f"state {kind} {name.encode().hex()} {snapshot.hex()}\n")
    for name, cls in structs():
        try:
            written = msgspec.msgpack.encode(sample(inspect.type_info(cls)))
        except TypeError:  # settings and the like, which no node writes
            continue
        fields = ",".join(cls.__struct_fields__) or "-"
        sys.stdout.write(f"{name} {cls.__struct_config__.tag} {fields} {written.hex()}\n")


if __name__ == "__main__":
    main()
