"""The parts of which connections and users are composed, and the files that write a part's fields.

A part is a class of its own: at most MOST fields, written by the files of one folder only. Another folder that wants a
change calls a method of the part. A write is an assignment to a field, a deletion, or a call that changes a list, a set
or a dictionary in a field.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from contrib.house.measure import modules

MOST: Final = 12
"""Most fields of a part."""

_CHANGES: Final = frozenset(
    "add append clear discard extend insert pop popitem popleft appendleft remove setdefault subtract update".split()  # noqa: SIM905
)


class Part(NamedTuple):
    """A part: the field that holds the part, the part's class and file, and the folder whose files write the fields."""

    field: str
    name: str
    path: str
    folder: str


PARTS: Final = (
    Part("identity", "Identity", "gateway/edge/users/identity.py", "gateway/edge/users"),
    Part("session", "Membership", "gateway/edge/sessions/membership.py", "gateway/edge/sessions"),
    Part("seats", "Seats", "gateway/edge/users/rooms.py", "gateway/edge/users"),
    Part("privacy", "Privacy", "gateway/edge/direct/privacy.py", "gateway/edge/direct"),
    Part("monitoring", "Monitoring", "gateway/edge/users/monitoring.py", "gateway/edge/users"),
    Part("socket", "SocketSide", "gateway/edge/client/socket_side.py", "gateway/edge/client"),
    Part("queue", "CommandQueue", "gateway/edge/client/queue.py", "gateway/edge/client"),
    Part("bucket", "Bucket", "gateway/edge/client/queue.py", "gateway/edge/client"),
    Part("draft", "Draft", "gateway/edge/client/draft.py", "gateway/edge/client"),
    Part("proof", "Proof", "gateway/edge/accounts/proof.py", "gateway/edge/accounts"),
    Part("delivery", "Delivery", "gateway/edge/cursors/delivery.py", "gateway/edge/cursors"),
    Part("remote", "RemoteSide", "gateway/edge/sessions/remote.py", "gateway/edge/sessions"),
)
"""The parts of a user (gateway/edge/users/user.py) and of a connection (gateway/edge/client/connection.py)."""


def fields(path: Path, name: str) -> list[str]:
    """Return the fields of a class, by its `__slots__`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef) and node.name == name:
            for line in node.body:
                if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "__slots__":
                    return list(ast.literal_eval(line.value))
    raise LookupError(f"{path}: no class {name} with __slots__")


def _written(tree: ast.AST) -> Iterator[ast.Attribute]:
    """Find the expressions `x.part.field` of which the program changes the value."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            yield node
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            yield from _field(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGES:
            yield from _field(node.func.value)


def _field(node: ast.expr) -> Iterator[ast.Attribute]:
    if isinstance(node, ast.Attribute):
        yield node


def writers(root: Path, part: Part, folder: str = "gateway") -> dict[str, list[str]]:
    """Return the files that write the part, and the fields that each file writes. Files reach the part by its field."""
    own = set(fields(root / part.path, part.name))
    found: dict[str, list[str]] = {}
    for module in modules(root, folder):
        for node in _written(module.tree):
            owner = node.value
            if node.attr in own and isinstance(owner, ast.Attribute) and owner.attr == part.field:
                found.setdefault(str(module.path), []).append(node.attr)
    return found


def strangers(root: Path, part: Part) -> dict[str, list[str]]:
    """Return the files outside the part's folder that write the part."""
    return {path: names for path, names in writers(root, part).items() if not path.startswith(f"{part.folder}/")}
