"""The conditions of LIST (ELIST=CMNTU)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.irc.casemapping import Casemap
from gateway.irc.masks import compile_mask

_CONDITION = re.compile(r"([CT]?)([<>])([0-9]{1,9})", re.IGNORECASE)
_MINUTE_S = 60


class ListFilter:
    """The filter of a LIST: a channel matches any of the names and masks, none of the !masks, all of the conditions.

    params: as the client sent the parameters. Parameters are plain text: every node builds the same filter from the
    same parameters. A malformed condition holds for every channel.
    """

    __slots__ = ("_casemap", "_conditions", "_unwanted", "_wanted")

    def __init__(self, params: Sequence[str], casemap: Casemap) -> None:
        self._casemap = casemap
        self._wanted: list[re.Pattern[str]] = []
        self._unwanted: list[re.Pattern[str]] = []
        self._conditions: list[tuple[str, str, int]] = []
        for item in ",".join(params).split(","):
            if condition := _CONDITION.fullmatch(item):
                kind, sign, number = condition.groups()
                self._conditions.append((kind.upper(), sign, int(number)))
            elif item.startswith("!"):
                self._unwanted.append(compile_mask(item[1:], casemap.name))
            elif item and item[0] not in "<>" and item[1:2] not in ("<", ">"):
                self._wanted.append(compile_mask(item, casemap.name))

    def matches(self, name: str, users: int, created_s: float, topic_set_s: float | None, now: float) -> bool:
        """Whether the channel passes the filter.

        created_s, topic_set_s, now: Unix seconds. A channel without a topic meets no condition on the topic's time.
        """
        folded = self._casemap(name)
        if self._wanted and not any(pattern.match(folded) for pattern in self._wanted):
            return False
        if any(pattern.match(folded) for pattern in self._unwanted):
            return False
        for kind, sign, number in self._conditions:
            since_s = topic_set_s if kind == "T" else created_s
            if since_s is None:
                return False
            value = (now - since_s) / _MINUTE_S if kind else users
            if not (value < number if sign == "<" else value > number):
                return False
        return True
