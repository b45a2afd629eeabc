"""Prints the tags that are in use, or were, for each space of tags: python -m tests.levels.tags"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.levels.make import space, structs


def used() -> dict[str, set[int]]:
    """Space -> tags, of today's structs and of those of earlier levels."""
    found: dict[str, set[int]] = {}
    for name, cls in structs():
        if isinstance(tag := cls.__struct_config__.tag, int):
            found.setdefault(space(name), set()).add(tag)
    for path in Path(__file__).parent.glob("level_*.txt"):
        for name, tag, *_ in (
            line.split(" ") for line in path.read_text().splitlines() if not line.startswith("state")
        ):
            if tag.isdigit():
                found.setdefault(space(name), set()).add(int(tag))
    return found


def main() -> None:
    for name, tags in used().items():
        sys.stdout.write(f"{name}: {', '.join(map(str, sorted(tags)))}\n")


if __name__ == "__main__":
    main()
