"""Mode strings: "+ov-k a b *" to changes and back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from gateway.irc import mode_params
from gateway.irc.extbans import WRONG, complete, is_extended, is_good_mask
from gateway.irc.flood_limits import WIDEST, is_within, read_param
from gateway.irc.limits import Limits
from gateway.irc.message import encode, is_utf8
from gateway.irc.mode_table import CHANNEL_TABLE, USER_TABLE, Kind
from gateway.irc.numerics import ERR_INVALIDMODEPARAM, ERR_UNKNOWNMODE, TEXT

USER_MODES = "".join(mode.letter for mode in USER_TABLE)
MASK_BYTES = 200
MAX_PROBLEMS = 52  # replies to a single line: every ASCII letter could be unknown
NOT_UNDERSTOOD = "That mask fits nobody: write nick!user@host; the host may be an address or a network (10.0.0.0/8)"
_NO_KEY = re.compile(r"[\x00-\x20,\x7f]")


class ModeSpec(NamedTuple):
    """The letters of the channel modes by kind, and the signs of the ranks; the highest rank first."""

    lists: str
    always: str
    when_set: str
    flags: str
    ranks: str
    signs: str


def _letters(kind: Kind) -> str:
    return "".join(mode.letter for mode in CHANNEL_TABLE if mode.kind == kind)


CHANNEL_MODES = ModeSpec(
    _letters("list"),
    _letters("always"),
    _letters("when_set"),
    _letters("flag"),
    _letters("rank"),
    "".join(mode.sign for mode in CHANNEL_TABLE),
)


@cache
def modes_at(level: int) -> ModeSpec:
    """List the letters that a network of the feature level knows."""
    newer = "".join(mode.letter for mode in CHANNEL_TABLE if mode.since > level)
    flags = "".join(letter for letter in CHANNEL_MODES.flags if letter not in newer)
    when_set = "".join(letter for letter in CHANNEL_MODES.when_set if letter not in newer)
    return CHANNEL_MODES._replace(flags=flags, when_set=when_set)


class ModeChange(NamedTuple):
    adding: bool
    letter: str
    param: str | None = None


class ListQuery(NamedTuple):
    letter: str


class ModeProblem(NamedTuple):
    """numeric: 472 (parameters: letter, text) or 696 (parameters: channel, letter, param or "*", text)."""

    numeric: str
    letter: str
    param: str | None
    text: str


@dataclass(slots=True)
class ParsedModes:
    """The requests of a MODE line for a channel, in order. If a flag appears several times, the last counts."""

    changes: list[ModeChange] = field(default_factory=list)
    queries: list[ListQuery] = field(default_factory=list)
    problems: list[ModeProblem] = field(default_factory=list)

    def _flag(self, change: ModeChange) -> None:
        self.changes = [old for old in self.changes if old.letter != change.letter or old.param is not None]
        self.changes.append(change)

    def _query(self, letter: str) -> None:
        if ListQuery(letter) not in self.queries:
            self.queries.append(ListQuery(letter))

    def _problem(self, problem: ModeProblem) -> None:
        if problem not in self.problems and len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)


def parse_changes(
    params: Sequence[str],
    limits: Limits,
    spec: ModeSpec = CHANNEL_MODES,
    *,
    extended: bool = True,
    bounds: mode_params.Bounds = WIDEST,
) -> ParsedModes:
    """Read the parameters of MODE after the channel: the mode string and the mode parameters.

    At most limits.modes changes may have a parameter; further changes with a parameter are ignored (MODES in 005). In
    the result, masks are complete, and keys and limits are valid. "-k" needs no key. A list mode without a mask is a
    query, with either sign. extended: whether the network knows extended bans. bounds: of +F and +j.
    """
    parsed = ParsedModes()
    rest = iter(params[1:])
    room = limits.modes
    adding = True
    for letter in params[0] if params else "":
        if letter in "+-":
            adding = letter == "+"
        elif letter in spec.flags or (letter in spec.when_set and not adding):
            parsed._flag(ModeChange(adding, letter))
        elif letter in spec.lists or letter in spec.always or letter in spec.when_set or letter in spec.ranks:
            param = next(rest, "").strip(" ")
            if not param and letter in spec.lists:
                parsed._query(letter)
            elif not param and (adding or letter not in spec.always):
                parsed._problem(ModeProblem(ERR_INVALIDMODEPARAM, letter, None, "You must give a parameter"))
            elif room > 0:
                room -= 1
                outcome = _read_param(adding, letter, param, spec, limits, bounds, extended=extended)
                if isinstance(outcome, ModeChange):
                    parsed.changes.append(outcome)
                else:
                    parsed._problem(outcome)
        else:
            parsed._problem(ModeProblem(ERR_UNKNOWNMODE, letter, None, TEXT[ERR_UNKNOWNMODE]))
    return parsed


def _read_param(
    adding: bool,
    letter: str,
    param: str,
    spec: ModeSpec,
    limits: Limits,
    bounds: mode_params.Bounds,
    *,
    extended: bool,
) -> ModeChange | ModeProblem:
    why = ""
    if letter in spec.lists:
        is_ban = extended and is_extended(param)
        word = param.partition(" ")[0]
        param = complete(word, extended=extended)
        if not is_utf8(param):
            why = "A mask must be UTF-8"
        elif adding and not is_good_mask(letter, param):
            param, why = (word, WRONG) if is_ban else (param, NOT_UNDERSTOOD)
        elif len(encode(param)) > MASK_BYTES:
            why = f"A mask has at most {MASK_BYTES} bytes"
    elif letter in spec.always and not adding:
        param = "*"  # to unset the key, a person need not know the key
    elif letter in spec.always:
        if not is_utf8(param):
            why = "A key must be UTF-8"
        elif len(encode(param)) > limits.key_len or param.startswith(":") or _NO_KEY.search(param):
            why = f"A key has at most {limits.key_len} bytes, no space, comma or control character, no colon first"
    elif letter in spec.when_set:
        found = read_param(letter, param)
        if found is None:
            why = mode_params.WRONG[letter]
        elif not is_within(letter, found, bounds):
            why = str(bounds)
        else:
            param = found
    return ModeProblem(ERR_INVALIDMODEPARAM, letter, param, why) if why else ModeChange(adding, letter, param)


def parse_user_changes(params: Sequence[str], letters: str = USER_MODES) -> tuple[list[ModeChange], bool]:
    """Read the parameters of MODE after the nick: the changes (the last of each letter), and whether some letter is
    unknown (501)."""
    changes: dict[str, ModeChange] = {}
    unknown = False
    adding = True
    for letter in params[0] if params else "":
        if letter in "+-":
            adding = letter == "+"
        elif letter in letters:
            changes[letter] = ModeChange(adding, letter)
        else:
            unknown = True
    return list(changes.values()), unknown


def render_changes(changes: Sequence[ModeChange], modes: int, room: int = 400) -> Iterator[list[str]]:
    """Write the changes as parameters of MODE lines: ["+o-v", "a", "b"], ...

    modes: the most parameters of a line. room: bytes of a line for the mode string, the parameters, and the spaces
    between; 400 suits the longest prefix and channel name of the default limits.
    """
    letters, size = "", 0
    params: list[str] = []
    sign: bool | None = None
    for change in changes:
        cost = 2 if change.param is None else 3 + len(encode(change.param))
        if letters and (size + cost > room or (change.param is not None and len(params) == modes)):
            yield [letters, *params]
            letters, params, size, sign = "", [], 0, None
        if change.adding is not sign:
            letters += "+" if change.adding else "-"
        sign = change.adding
        letters += change.letter
        size += cost
        if change.param is not None:
            params.append(change.param)
    if letters:
        yield [letters, *params]
