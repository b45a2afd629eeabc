"""Compares two configurations for SIGHUP, and applies the changes that need no restart."""

from __future__ import annotations

from typing import TypeVar

from config.section import Section, fact

S = TypeVar("S", bound=Section)


def changes(old: S, new: S) -> tuple[list[str], list[str]]:
    """List the dotted keys of changed settings: (changes applied at once, changes that need a restart)."""
    live: list[str] = []
    restart: list[str] = []
    _compare(old, new, "", live, restart)
    return live, restart


def apply_live(old: S, new: S) -> S:
    """Return `old` with those settings of `new` that apply at once. The process goes on with the result."""
    update: dict[str, object] = {}
    for name, field in type(old).model_fields.items():
        was, now = getattr(old, name), getattr(new, name)
        if isinstance(was, Section) and isinstance(now, Section):
            update[name] = apply_live(was, now)
        elif fact(field, "live"):
            update[name] = now
    return old.model_copy(update=update)


def _compare(old: Section, new: Section, prefix: str, live: list[str], restart: list[str]) -> None:
    for name, field in type(old).model_fields.items():
        was, now = getattr(old, name), getattr(new, name)
        if isinstance(was, Section) and isinstance(now, Section):
            _compare(was, now, f"{prefix}{name}.", live, restart)
        elif was != now:
            (live if fact(field, "live") else restart).append(f"{prefix}{name}")
