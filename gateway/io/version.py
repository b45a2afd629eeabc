"""The version of this build, and the modules that run compiled."""

from __future__ import annotations

from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import version
from pathlib import Path
from typing import Final

VERSION: Final = version("circlet")


@cache
def compiled_modules() -> tuple[str, ...]:
    """Return the names of the modules that run compiled (contrib/packaging/cores.py), sorted: `ring.node`. Empty in the
    repository: cores run interpreted."""
    root = Path(__file__).parents[2]
    files = (path for folder in ("ring", "gateway") for path in (root / folder).rglob(f"*{EXTENSION_SUFFIXES[0]}"))
    places = (path.relative_to(root).with_name(path.name.partition(".")[0]) for path in files)
    return tuple(sorted(".".join(place.parts) for place in places))


def cores() -> str:
    """Tell in words how the cores run."""
    compiled = len(compiled_modules())
    return f"compiled ({compiled} modules)" if compiled else "interpreted"
