"""An account's state: the name, the credentials and the holdings (P35-P37). The group has no subscribers: nodes ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from gateway.state import metadata
from gateway.state.account.hearing_messages import HeardSet, SetHeard
from gateway.state.account.messages import (
    Accepted,
    AddCertificate,
    AddChannel,
    AddNick,
    Alias,
    CertificateAdded,
    CertificateRemoved,
    ChangeVhost,
    ChannelAdded,
    ChannelRemoved,
    CredentialsSet,
    Denied,
    Drop,
    Dropped,
    Ended,
    EndedView,
    InfoView,
    LoggedIn,
    Login,
    LoginView,
    Merged,
    MetadataSet,
    NickAdded,
    NickRemoved,
    Question,
    Register,
    Registered,
    RemoveCertificate,
    RemoveChannel,
    RemoveNick,
    Seen,
    SeenFrom,
    SetCredentials,
    SetMetadata,
    SetSettings,
    SettingsSet,
    Unalias,
    Unaliased,
    VhostChanged,
    View,
    Why,
)
from gateway.state.account.operator_messages import (
    Adopt,
    Adopted,
    Redirect,
    Suspend,
    Suspended,
    Whole,
    WholeView,
)
from gateway.state.account.snapshot import (
    ACCEPTS,
    CERTIFICATES,
    CHANNELS,
    FIELDS,
    NICKS,
    SILENCES,
    SOURCES,
    TOMBSTONES,
    Life,
    Settings,
    Stored,
    Vhost,
    merge,
)
from gateway.state.times import newest
from ring.ids import Incarnation
from ring.replication.state_machine import Decision, StateBase

SEEN_MS = 3600 * 1000
"""The precision of the time of the last login."""

SOURCE_MS = 24 * SEEN_MS
"""The precision of the time of the last login from a source."""

LATELY_MS = 30 * SOURCE_MS
"""After a login, the source counts as the account owner's source for this time."""

STALE_MS = 30 * 1000
"""If the account does not list an alias, another account may take the alias after this time. Before, the account may be
about to list the alias."""

TOMBSTONE_MS = 400 * 24 * 3600 * 1000

NOTHING = Decision(None, None)
_HOSTS: Mapping[Incarnation, int] = {}

_replace = msgspec.structs.replace


class Account(StateBase):
    """The replicated state of a name."""

    __slots__ = ("name", "stored")

    def __init__(self, name: str) -> None:
        self.name = name  # folded
        self.stored = Stored()

    @property
    def subscribers(self) -> Mapping[Incarnation, int]:
        return _HOSTS

    @property
    def life(self) -> Life | None:
        """The registration or alias that has the name now; None for a free name."""
        return self.stored.lives[0] if self.stored.lives else None

    # The state machine ----------------------------------------------------------------------------------------------

    def decide(self, command: Any, at: int) -> Decision:
        if isinstance(command, Register | Alias):
            return self._take(command, at)
        life = self.life
        if isinstance(command, Adopt):
            return self._adopt(command)
        if isinstance(command, Redirect):
            return self._redirect(command)
        if isinstance(command, Unalias):
            return Decision(None, Unaliased()) if life is not None and life.alias == command.of else NOTHING
        if life is None or life.alias or command.life not in ("", life.id):
            return denied("unknown")
        return _DECIDE[type(command)](life, command, at)

    def _take(self, command: Register | Alias, at: int) -> Decision:
        life = self.life
        alias = command.of if isinstance(command, Alias) else ""
        if life is not None:
            # The same command again is a repeat: the node has not had the answer.
            same = life.id == command.life if not alias else life.alias == alias
            stale = life.alias and life.id == command.over and at - life.created > STALE_MS
            if same or not stale:
                return Decision(Accepted(life.name), None) if same else denied("taken")
        credentials = command.credentials if isinstance(command, Register) else None
        return Decision(Accepted(command.name), Registered(command.life, command.name, credentials, alias))

    def _adopt(self, command: Adopt) -> Decision:
        life, new = self.life, command.registration
        if life is not None and life.alias != command.of:
            same = life.id == new.id and not life.alias
            return Decision(Accepted(life.name), None) if same else denied("taken")
        return Decision(Accepted(new.name), Adopted(new))

    def _redirect(self, command: Redirect) -> Decision:
        life = self.life
        if life is None or not (life.alias == command.of if life.alias else life.id == command.life):
            same = life is not None and life.alias == command.to
            return Decision(Accepted(command.to), None) if same else denied("unknown")
        return Decision(Accepted(command.to), Registered(command.alias, life.name, None, command.to))

    def apply(self, event: Any, at: int) -> bool:
        if isinstance(event, Adopted):
            before = self.life  # an alias, which gives way
            dropped = max(self.stored.dropped, before.created if before is not None else 0)
            self.stored = Stored((_replace(event.registration, created=at),), dropped)
        elif isinstance(event, Merged):
            self.stored = event.stored
        elif isinstance(event, Dropped):
            gone = {life.id: at for life in self.stored.lives} if event.ends else {}
            self.stored = Stored((), at, newest({**self.stored.ended, **gone}, TOMBSTONES))
        elif isinstance(event, Unaliased):
            # No tombstone is needed: if the alias comes back from an old replica, no account lists the alias, and an
            # unlisted alias counts for nothing.
            self.stored = _replace(self.stored, lives=())
        elif isinstance(event, Registered):
            written = {"credentials": at}
            life = Life(at, event.life, event.name, event.credentials, event.alias, written=written, seen=at)
            before = self.life  # a stale alias: void from now on
            dropped = before.created if before is not None else self.stored.dropped
            self.stored = Stored((life,), dropped, self.stored.ended)
        elif self.life is not None:
            changed = _APPLY[type(event)](self.life, event, at)
            self.stored = _replace(self.stored, lives=(changed, *self.stored.lives[1:]))
        return False

    # Copies and questions -------------------------------------------------------------------------------------------

    def snapshot(self) -> Stored:
        return self.stored

    def merge(self, other: Account, at: int) -> Merged | None:
        both = merge(self.stored, other.stored)
        return Merged(both) if both != self.stored else None

    def view(self) -> str | None:
        return self.life.id if self.life is not None else None

    def answer(self, question: Question, at: int) -> View:
        life = self.life
        if isinstance(question, Ended):
            return EndedView(question.life in self.stored.ended)
        suspension = life.suspension if life is not None and life.suspension and life.suspension.holds(at) else None
        if isinstance(question, Whole):
            return WholeView(life)
        if isinstance(question, Login):
            if life is None:
                return LoginView()
            certificates, nicks = tuple(life.certificates), tuple(life.nicks)
            sources = tuple(source for source, then in life.sources.items() if at - then < LATELY_MS)
            facts = (life.name, life.id, life.alias, life.credentials, certificates, nicks, sources)
            return LoginView(*facts, tuple(life.channels), life.vhost.active, suspension)
        if life is None:
            return InfoView()
        return InfoView(
            life.name,
            life.id,
            life.alias,
            life.created,
            life.seen,
            tuple(life.nicks),
            tuple(life.certificates),
            life.settings,
            life.vhost,
            suspension,
            metadata.values(life.metadata),
            life.heard,
        )

    # Upkeep ---------------------------------------------------------------------------------------------------------

    def is_collectable(self, at: int) -> bool:
        """Whether the tombstone is old enough (P37): an old replica that comes back must not bring the account back."""
        return not self.stored.lives and at - self.stored.dropped > TOMBSTONE_MS


def denied(why: Why) -> Decision:
    return Decision(Denied(why), None)


# Commands to a registration -------------------------------------------------------------------------------------------


def _set_credentials(life: Life, command: SetCredentials, at: int) -> Decision:
    return Decision(Accepted(life.name), CredentialsSet(command.credentials))


def _add(life: Life, known: Mapping[str, int], name: str, most: int, event: Any) -> Decision:
    if name in known:
        return Decision(Accepted(life.name), None)
    return Decision(Accepted(life.name), event) if len(known) < most else denied("full")


def _remove(life: Life, known: Mapping[str, int], name: str, event: Any) -> Decision:
    return Decision(Accepted(life.name), event if name in known else None)


def _set_settings(life: Life, command: SetSettings, at: int) -> Decision:
    changes = command.changes
    try:
        for name, value in changes.items():
            msgspec.convert(value, FIELDS[name])
    except (KeyError, msgspec.ValidationError):
        return denied("invalid")
    if all(getattr(life.settings, name) == value for name, value in changes.items()):
        return Decision(Accepted(life.name), None)
    return Decision(Accepted(life.name), SettingsSet(changes))


def _set_metadata(life: Life, command: SetMetadata, at: int) -> Decision:
    """Set or remove keys. Source: IRCv3 metadata."""
    present = metadata.values(life.metadata)
    if command.value is not None and command.key not in present and len(present) >= min(command.most, metadata.KEYS):
        return denied("full")
    keys = (command.key,) if command.key else tuple(present)
    if all(present.get(key) == command.value for key in keys):
        return Decision(Accepted(life.name), None)
    return Decision(Accepted(life.name), MetadataSet(keys, command.value))


def _set_heard(life: Life, command: SetHeard, at: int) -> Decision:
    if len(command.heard.silence) > SILENCES or len(command.heard.accepts) > ACCEPTS:
        return denied("full")
    return Decision(Accepted(life.name), HeardSet(command.heard) if command.heard != life.heard else None)


def _logged_in(life: Life, command: LoggedIn, at: int) -> Decision:
    if any(at - life.sources.get(source, -SOURCE_MS) >= SOURCE_MS for source in command.sources):
        return Decision(Accepted(life.name), SeenFrom(command.sources))
    return Decision(Accepted(life.name), Seen() if at - life.seen >= SEEN_MS else None)


def _change_vhost(life: Life, command: ChangeVhost, at: int) -> Decision:
    """Judge a change of the host. An operator judges the request that the operator has read: not a later request."""
    known, host = life.vhost, command.host
    if command.what == "reject" and known.wanted != host:
        return denied("invalid")
    if command.what == "request":
        after = _replace(known, wanted=host, text="")
    elif command.what == "activate":
        wanted = "" if known.wanted == host else known.wanted
        after = _replace(known, active=host, wanted=wanted, by=command.by, text="")
    elif command.what == "reject":
        after = _replace(known, wanted="", by=command.by, text=command.text)
    else:
        after = Vhost(by=command.by)
    if after == known or (command.what == "off" and not known.active and not known.wanted):
        return Decision(Accepted(life.name), None)
    return Decision(Accepted(life.name), VhostChanged(_replace(after, at=at)))


def _suspend(life: Life, command: Suspend, at: int) -> Decision:
    changes = life.suspension != command.suspension
    return Decision(Accepted(life.name), Suspended(command.suspension) if changes else None)


_DECIDE: dict[type, Callable[[Life, Any, int], Decision]] = {
    SetCredentials: _set_credentials,
    Suspend: _suspend,
    AddCertificate: lambda life, c, at: _add(
        life, life.certificates, c.fingerprint, CERTIFICATES, CertificateAdded(c.fingerprint)
    ),
    RemoveCertificate: lambda life, c, at: _remove(
        life, life.certificates, c.fingerprint, CertificateRemoved(c.fingerprint)
    ),
    AddNick: lambda life, c, at: _add(life, life.nicks, c.nick, NICKS, NickAdded(c.nick)),
    RemoveNick: lambda life, c, at: _remove(life, life.nicks, c.nick, NickRemoved(c.nick)),
    AddChannel: lambda life, c, at: _add(
        life, life.channels, c.channel, min(c.most, CHANNELS), ChannelAdded(c.channel)
    ),
    RemoveChannel: lambda life, c, at: _remove(life, life.channels, c.channel, ChannelRemoved(c.channel)),
    SetSettings: _set_settings,
    SetMetadata: _set_metadata,
    SetHeard: _set_heard,
    LoggedIn: _logged_in,
    ChangeVhost: _change_vhost,
    Drop: lambda life, c, at: Decision(Accepted(life.name), Dropped(c.ends)),
}


def _with(known: Mapping[str, int], name: str, at: int) -> dict[str, int]:
    return dict(sorted({**known, name: at}.items()))


def _without(known: Mapping[str, int], name: str) -> dict[str, int]:
    return {other: at for other, at in known.items() if other != name}


def _removed(life: Life, name: str, at: int) -> dict[str, int]:
    return newest({**life.removed, name: at}, TOMBSTONES)


def _apply_settings(life: Life, event: SettingsSet, at: int) -> Life:
    settings: Settings = _replace(life.settings, **event.changes)
    return _replace(life, settings=settings, written=life.written | dict.fromkeys(event.changes, at))


_APPLY: dict[type, Callable[[Life, Any, int], Life]] = {
    Suspended: lambda life, e, at: _replace(life, suspension=e.suspension, written=life.written | {"suspension": at}),
    CredentialsSet: lambda life, e, at: _replace(
        life, credentials=e.credentials, written=life.written | {"credentials": at}
    ),
    CertificateAdded: lambda life, e, at: _replace(life, certificates=_with(life.certificates, e.fingerprint, at)),
    CertificateRemoved: lambda life, e, at: _replace(
        life, certificates=_without(life.certificates, e.fingerprint), removed=_removed(life, e.fingerprint, at)
    ),
    NickAdded: lambda life, e, at: _replace(life, nicks=_with(life.nicks, e.nick, at)),
    NickRemoved: lambda life, e, at: _replace(
        life, nicks=_without(life.nicks, e.nick), removed=_removed(life, e.nick, at)
    ),
    ChannelAdded: lambda life, e, at: _replace(life, channels=_with(life.channels, e.channel, at)),
    ChannelRemoved: lambda life, e, at: _replace(
        life, channels=_without(life.channels, e.channel), removed=_removed(life, e.channel, at)
    ),
    SettingsSet: _apply_settings,
    VhostChanged: lambda life, e, at: _replace(life, vhost=e.vhost),
    HeardSet: lambda life, e, at: _replace(life, heard=e.heard, written=life.written | {"heard": at}),
    MetadataSet: lambda life, e, at: _replace(life, metadata=metadata.changed(life.metadata, e.keys, e.value, at)),
    Seen: lambda life, e, at: _replace(life, seen=at),
    SeenFrom: lambda life, e, at: _replace(
        life, seen=at, sources=newest({**life.sources, **dict.fromkeys(e.sources, at)}, SOURCES)
    ),
}

_stored = msgspec.msgpack.Decoder(Stored)


def restore(name: str, snapshot: msgspec.Raw) -> Account:
    """Raises msgspec.MsgspecError."""
    account = Account(name)
    account.stored = _stored.decode(snapshot)
    return account
