"""The spam filter of the network: globs and regular expressions, tried in time that is linear in the text.

Theory of operation. All patterns of a part (messages, nicks, real names) are compiled into one set of RE2, whose time
is linear in the length of the text, whatever the patterns (https://github.com/google/re2/wiki/WhyRE2). A set is made
when the list changes. The library is loaded with the first filter, so a network without filters pays nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from gateway.state.bans.messages import Entry

MEMORY: Final = 8 << 20
"""Bytes that a set of patterns may take."""

ACTIONS: Final = ("block", "report", "kill", "ban")
PARTS: Final = {"m": "messages", "n": "nicks", "r": "real names"}

_STYLES: Final = re.compile("\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?|\x04[0-9A-Fa-f]{0,6}|[\x02\x0f\x11\x16\x1d-\x1f]")
"""Codes of colours and styles. Source: https://modern.ircdocs.horse/formatting"""

_TOKEN: Final = re.compile(r"\\s|\\[*?]|[*?]|[^*?\\]+|\\", re.DOTALL)


def pattern_of(mask: str) -> str:
    """Return the regular expression of a filter: of /expression/, or of a glob with *, ? and \\s."""
    if is_expression(mask):
        return mask[1:-1]
    parts = {"*": "(?s:.*)", "?": "(?s:.)", r"\s": " ", r"\*": r"\*", r"\?": r"\?"}
    return "^" + "".join(parts.get(token) or re.escape(token) for token in _TOKEN.findall(mask)) + "$"


def is_expression(mask: str) -> bool:
    return len(mask) > 2 and mask[0] == mask[-1] == "/"


def flaw(mask: str) -> str:
    """Return why a filter cannot be used, in words; "" for a good filter."""
    import re2

    try:
        re2.compile(pattern_of(mask), _options())
    except re2.error as problem:
        said = problem.args[0] if problem.args else ""
        return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said) or "no regular expression"
    return ""


def _options() -> Any:
    import re2

    options = re2.Options()
    options.case_sensitive, options.log_errors, options.max_mem = False, False, MEMORY
    return options


def plain(text: str) -> str:
    """Return the text without styles, and with a replacement for bytes that are not UTF-8."""
    return _STYLES.sub("", text).encode("utf-8", "replace").decode()


class Filters:
    """The filters of the list. `find` returns the filter with the strongest action among those that fit."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._sets: dict[str, tuple[Any, list[Entry]]] = {}  # by part

    def __len__(self) -> int:
        return len(self._entries)

    def change(self, entries: Iterable[Entry], at: int) -> None:
        """Take over changed entries, and make the sets anew. Expired entries are dropped."""
        for entry in entries:
            self._entries[entry.mask] = entry
        self._entries = {mask: entry for mask, entry in self._entries.items() if entry.is_active(at)}
        self._sets = {part: made for part in PARTS if (made := self._made(part)) is not None}

    def watches(self, part: str) -> bool:
        return part in self._sets

    def _made(self, part: str) -> tuple[Any, list[Entry]] | None:
        wanted = [entry for _, entry in sorted(self._entries.items()) if part in entry.parts]
        if not wanted:
            return None
        import re2

        found, entries = re2.Set.SearchSet(_options()), list[Entry]()
        for entry in wanted:
            try:
                found.Add(pattern_of(entry.mask))
            except re2.error:
                continue  # from a build with another library
            entries.append(entry)
        found.Compile()
        return (found, entries) if entries else None

    def find(self, part: str, text: str, at: int) -> Entry | None:
        """Return the filter that the text falls under. Time O(len(text)) for each part."""
        made = self._sets.get(part)
        if made is None:
            return None
        hits = [made[1][number] for number in made[0].Match(plain(text)) or ()]
        hits = [entry for entry in hits if entry.is_active(at)]
        return min(hits, key=_weakness, default=None)


def _weakness(entry: Entry) -> tuple[int, str]:
    return -(("report", "block", "kill", "ban").index(entry.action) if entry.action in ACTIONS else -1), entry.mask
