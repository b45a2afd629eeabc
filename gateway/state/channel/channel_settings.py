"""The settings and akicks of a registered channel: who may change these, and the effect on the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from gateway.irc.flood_limits import read_param
from gateway.irc.masks import MaskSet, is_understood
from gateway.irc.modes import CHANNEL_MODES
from gateway.state.channel.mode_change import ModeChange
from gateway.state.channel.registration import READERS, SETTINGS, Akick, Setting, bounded_akicks
from gateway.state.channel.registration_messages import (
    AkickSet,
    Done,
    NotDone,
    SetAkick,
    SetSetting,
    SettingSet,
)
from gateway.state.people import Person
from ring.replication.state_machine import Decision

if TYPE_CHECKING:
    from gateway.state.channel.state import ChannelState

TEXT_BYTES: Final = 300
"""The longest text for people who enter, and the longest reason, in bytes of UTF-8."""

_replace = msgspec.structs.replace


def is_good(letter: str, param: str | None) -> bool:
    """Whether the parameter is valid. The parser of MODE has checked the parameter, but the command may come from
    another node."""
    if not param:
        return False
    if letter == "k":
        return " " not in param and "," not in param
    return read_param(letter, param) == param


class Lock(NamedTuple):
    """Locked modes. modes: letter -> whether the mode is set. params: of k and l, where these are set."""

    modes: Mapping[str, bool] = {}
    params: Mapping[str, str] = {}

    def forbids(self, change: ModeChange) -> bool:
        """Whether nobody may make the change."""
        is_set = self.modes.get(change.letter)
        if is_set is None or change.adding != is_set:
            return is_set is not None
        return change.adding and change.letter in self.params and change.param != self.params[change.letter]


def locked(channel: ChannelState) -> Lock:
    """List the locked modes."""
    kept = channel.register.kept
    lock = parse_lock(kept[0].setting("mlock")) if kept else None
    return lock if lock is not None else Lock()


def parse_lock(text: str) -> Lock | None:
    """Read a lock such as +nt-i, or +kl-i sesame 50: a key and a limit stand behind the letters. None: a bad lock."""
    letters, *params = text.split(" ")
    modes: dict[str, bool] = {}
    taken: dict[str, str] = {}
    adding: bool | None = None
    for letter in letters:
        if letter in "+-":
            adding = letter == "+"
        elif adding is None or (letter not in CHANNEL_MODES.flags and letter not in ("k", "l")):
            return None
        else:
            modes[letter] = adding
            if adding and letter in ("k", "l"):
                taken[letter] = params.pop(0) if params else ""
    return None if params or not all(is_good(letter, value) for letter, value in taken.items()) else Lock(modes, taken)


def _moved(channel: ChannelState, lock: Lock) -> tuple[ModeChange, ...]:
    """List the changes that make the channel's modes fit the lock."""
    found = []
    for letter, adding in lock.modes.items():
        if letter in ("k", "l"):
            limit = str(channel.limit) if channel.limit is not None else None
            before, after = channel.key if letter == "k" else limit, lock.params.get(letter)
            if before != after:
                found.append(ModeChange(adding, letter, after if adding else before if letter == "k" else None))
        elif (letter in channel.modes) != adding:
            found.append(ModeChange(adding, letter))
    return tuple(found)


def akick_of(channel: ChannelState, person: Person, at: int) -> Akick | None:
    """Find the akick that keeps the person out; None for a person with access."""
    kept = channel.register.kept
    if not kept or not kept[0].akicks or kept[0].flags(person.life):
        return None

    def matches(mask: str) -> bool:
        masks = MaskSet(channel.rules.casemap)
        masks.add(mask)
        return masks.matches(person.known_as)

    return kept[0].akick(matches, at)


def may_set_topic(channel: ChannelState, uid: str) -> bool:
    """Whether the lock of the topic lets the member change the topic."""
    kept, member = channel.register.kept, channel.members.get(uid)
    if not kept or not kept[0].setting("topiclock"):
        return True
    return member is not None and "t" in kept[0].flags(member.person.life)


def _refusal(channel: ChannelState, life: str, flag: str, *, override: bool) -> Decision | None:
    """Say why the account may not change settings or akicks; None if the account may."""
    kept = channel.register.kept
    if not kept:
        return Decision(NotDone("unregistered"), None)
    if not override and flag not in kept[0].flags(life):
        return Decision(NotDone("access"), None)
    return Decision(NotDone("doubt"), None) if channel.doubtful else None


_VALUES: Final[Mapping[str, Callable[[str], bool]]] = {
    "mlock": lambda value: parse_lock(value) is not None,
    "history": lambda value: not value or (value.isascii() and value.isdecimal() and 0 < int(value[:6]) <= 36_500),
    "readers": lambda value: value in READERS,
}
"""The settings that take some values only."""


def _is_valid(name: str, value: str) -> bool:
    is_value = _VALUES.get(name)
    return name in SETTINGS and len(value.encode()) <= TEXT_BYTES and (is_value is None or is_value(value))


def decide_setting(channel: ChannelState, command: SetSetting, at: int) -> Decision:
    refusal = _refusal(channel, command.life, "s", override=command.override)
    if refusal is not None:
        return refusal
    if not _is_valid(command.name, command.value):
        return Decision(NotDone("value"), None)
    if channel.register.kept[0].setting(command.name) == command.value:
        return Decision(Done(channel.name), None)
    lock = parse_lock(command.value) if command.name == "mlock" else None
    changes = _moved(channel, lock) if lock is not None else ()
    return Decision(Done(channel.name), SettingSet(command.name, Setting(command.value, at), changes))


def decide_akick(channel: ChannelState, command: SetAkick, at: int) -> Decision:
    refusal = _refusal(channel, command.life, "r", override=command.override)
    if refusal is not None:
        return refusal
    if not is_understood(command.mask) or len(command.reason.encode()) > TEXT_BYTES:
        return Decision(NotDone("value"), None)
    known, key = channel.register.kept[0].akicks, MaskSet(channel.rules.casemap).key(command.mask)
    before = known.get(key)
    if command.gone and (before is None or before.gone):
        return Decision(Done(channel.name), None)
    if (before is None or before.gone) and sum(not one.gone for one in known.values()) >= command.most:
        return Decision(NotDone("full", command.most), None)
    akick = Akick(command.mask, command.reason, command.account, at, command.until, command.gone)
    return Decision(Done(channel.name), AkickSet(key, akick))


def _setting_set(channel: ChannelState, event: SettingSet, at: int) -> bool:
    if channel.register.kept:
        known = channel.register.kept[0]
        channel.write(_replace(known, settings={**known.settings, event.name: event.setting}))
    for change in event.changes:
        channel.set_mode(change, "", at)
    return False


def _akick_set(channel: ChannelState, event: AkickSet, at: int) -> bool:
    if channel.register.kept:
        known = channel.register.kept[0]
        channel.write(_replace(known, akicks=bounded_akicks({**known.akicks, event.key: event.akick})))
    return False


SETTING_APPLY: Final[Mapping[type, Callable[[Any, Any, int], bool]]] = {
    SettingSet: _setting_set,
    AkickSet: _akick_set,
}
SETTING_DECIDE: Final[Mapping[type, Callable[[Any, Any, int], Decision]]] = {
    SetSetting: decide_setting,
    SetAkick: decide_akick,
}
