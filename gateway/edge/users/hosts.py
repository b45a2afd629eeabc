"""The host by which people know a user: the cloak, the account's own host, or the address (P54).

Theory of operation. A person carries the address, the cloak, and the host of the account, and `host`, the one that
people are shown: the node of the user computes `host` from the others, here alone. So an event never holds an address
that people may not see, and the rest of the program shows `host` and `source` as they are. Operators read
`Person.origin`.

Before feature level 3, and without a key, `host` is the address, as ever. What was stored then is shown with cloaks:
`source` and `mask` below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from gateway.edge import slices
from gateway.edge.slices import PART, Slices
from gateway.irc.addresses import read_network
from gateway.irc.cloaks import ACCOUNT_SUFFIX
from gateway.state.nick.messages import Change
from gateway.state.people import Person

if TYPE_CHECKING:
    from gateway.edge.client.answer_port import AnswerPort
    from gateway.edge.client.connection import Connection
    from gateway.edge.client.lines import Line
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User

LEVEL: Final = 3
"""Nodes of older levels know no cloaks."""

MODE: Final = "x"
"""The mode of a user whose address is hidden."""

EVERY_S: Final = 5.0
AWAKE_S: Final = 60.0
"""How often, and for how long at least, users are looked for who have no cloak, once a node has cloaks."""

_replace = msgspec.structs.replace

LIFE_LEVEL: Final = 2
"""The feature level from which a profile has the id of the account's registration."""


def is_on(edge: AnswerPort) -> bool:
    """Whether people of this node have cloaks."""
    return bool(edge.settings.cloak_key) and edge.network.level >= LEVEL


def dressed(edge: AnswerPort, person: Person) -> Person:
    """Return the person with the host that people are shown. Every change of the account, of the account's host and of
    the mode x goes through here."""
    host = _host(edge, person) if person.cloak else person.host
    return person if host == person.host else _replace(person, host=host)


def _host(edge: AnswerPort, person: Person) -> str:
    settings = edge.settings
    if MODE not in person.modes:
        return person.address
    if person.vhost and settings.cloaks.vhosts:
        return person.vhost
    by_account = f"{person.account}{ACCOUNT_SUFFIX}"
    if person.account and settings.cloaks.account_hosts and len(by_account) <= settings.limits.host_len:
        return by_account
    return person.cloak


def cloak(edge: EdgePort, person: Person) -> Person:
    """Give a person whose host is the address a cloak, if people here have cloaks, and the mode x by default."""
    if not is_on(edge) or person.cloak:
        return person
    modes = "".join(sorted({*person.modes, MODE})) if edge.settings.cloaks.by_default else person.modes
    made = _replace(person, address=person.host, cloak=edge.outside.cloaked(person.host), modes=modes)
    return dressed(edge, made)


def as_account(edge: EdgePort, person: Person, name: str | None, life: str, vhost: str) -> Person:
    """Return the person as logged in to the account; name: None for nobody. vhost: the account's host, "" for none."""
    return dressed(edge, _replace(person, account=name, life=life, vhost=vhost if is_on(edge) else ""))


def know(edge: EdgePort, user: User, vhost: str) -> None:
    """Show the user by the account's host from now on; "": by the cloak again."""
    before = user.identity.pending
    if user.quitting or before.account is None or not before.cloak or before.vhost == vhost:
        return
    _change(edge, user, dressed(edge, _replace(before, vhost=vhost)))


def given(person: Person, host: str) -> Person:
    """Return a person who has a cloak with the host that an operator gives. Bans know the person by address and cloak,
    as before. A login, a logout, or a change of the account's host takes the given host away."""
    return _replace(person, host=host, vhost=host)


def keep_life(edge: EdgePort, user: User, name: str, life: str) -> None:
    """Tell the user's group the id of the account's registration again, if the group does not know the id: a network
    below level 2, such as a network that starts without roster files, does not keep the id (P42)."""
    before = user.identity.pending
    if user.quitting or user.person.account is None or user.person.life == life or edge.network.level < LIFE_LEVEL:
        return
    if before.account is not None and edge.settings.casemap(before.account) == edge.settings.casemap(name):
        _change(edge, user, _replace(before, life=life))


def _change(edge: EdgePort, user: User, person: Person) -> None:
    user.identity.pending = person
    user.unsettled[user.identity.home] = None
    edge.network.submit(user.identity.home, Change(person))


def kept(granted: Person, wanted: Person) -> Person:
    """Return the person that a master has granted, with the wanted hosts if the master has left these out: while a
    network begins to have cloaks, a master may act at the former level for a moment longer than this node."""
    if granted.cloak or not wanted.cloak:
        return granted
    return _replace(granted, host=wanted.host, address=wanted.address, cloak=wanted.cloak, vhost=wanted.vhost)


class Cloaking:
    """Gives cloaks to the users who were here before the network had cloaks: before the last old node was upgraded.

    The users are looked through again and again until all have cloaks, and AWAKE_S have passed.
    """

    def __init__(self, edge: EdgePort) -> None:
        self._edge = edge
        self._began = 0.0
        self._next: float | None = 0.0  # when the users are looked through; None: never again

    def tick(self, now: float) -> None:
        if self._next is None or now < self._next or not is_on(self._edge):
            return
        self._began = self._began or now
        self._next = now + EVERY_S
        slices.do(self._edge, self._cloak_all())

    def _cloak_all(self) -> Slices[None]:
        found = False
        for number, user in enumerate(list(self._edge.users.values()), 1):
            if not user.person.cloak and not user.quitting:
                found = True
                _change(self._edge, user, cloak(self._edge, user.identity.pending))
            if number % PART == 0:
                yield
        if not found and self._edge.now - self._began > AWAKE_S:
            self._next = None


# What was stored before -----------------------------------------------------------------------------------------------


def source(edge: EdgePort, text: str) -> str:
    """Return a stored nick!user@host as people may read it: an address is shown by its cloak."""
    who, at, host = text.rpartition("@")
    return f"{who}@{_shown(edge, host)}" if at and is_on(edge) else text


def past(edge: EdgePort, line: Line) -> Line:
    """Return a line of the history as people may read the line. The line has not been rendered yet."""
    if not is_on(edge) or not _is_address((line.source or "").rpartition("@")[2]):
        return line
    if line.command == "MODE":
        line.params = [hidden(edge, param) for param in line.params]
    line.source = source(edge, line.source or "")
    return line


def mask(edge: EdgePort, text: str, by: str) -> str:
    """Return a mask of a list as people may read it. by: the source that has set the mask.

    A mask that was set while people saw addresses tells the address of somebody: the mask is shown by the cloak. A
    later mask is shown as the author typed the mask, and tells only what the author knew: otherwise a ban on any
    address would tell the cloak of the address.
    """
    if not is_on(edge) or not _is_address(by.rpartition("@")[2]):
        return text
    return hidden(edge, text)


def hidden(edge: EdgePort, text: str) -> str:
    """Return the mask with the cloak in place of an address, or of a network that cloaks tell."""
    head, at, host = text.rpartition("@")
    if not at or not _is_address(host):
        return text
    return f"{head}@{edge.outside.cloaked(host) or host}"


def stored(edge: EdgePort, person: Person) -> Person:
    """Return a stored person as people may see the person: somebody from before the cloaks has the address as host."""
    host = person.host if person.cloak or not is_on(edge) else _shown(edge, person.host)
    return person if host == person.host else _replace(person, host=host)


def own_source(connection: Connection) -> str:
    """Return nick!user@host of the user for a mask that others read: never with the address."""
    person = connection.user.person if connection.user is not None else None
    if person is None or not person.cloak or MODE in person.modes:
        return connection.source
    return f"{person.nick}!{person.user}@{person.cloak}"


def _shown(edge: EdgePort, host: str) -> str:
    return edge.outside.cloaked(host) if _is_address(host) else host


def _is_address(host: str) -> bool:
    return read_network(host) is not None
