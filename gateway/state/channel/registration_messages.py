"""Commands, events and outcomes of a channel's registration, and of the doubt about a registration.

`life` is the id of the registration of the caller's account, and `account` the account's name. `changes` of an event
are the changes of members' ranks that the event causes, for people to see.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from gateway.state.channel.emptying_messages import EmptyingCommand, EmptyingEvent
from gateway.state.channel.mode_change import ModeChange
from gateway.state.channel.registration import MOST_ACCESSES, MOST_AKICKS, Access, Akick, Holder, Registration, Setting
from gateway.state.channel.upkeep_messages import UpkeepCommand, UpkeepEvent


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    SINCE: ClassVar = 2


# Commands ------------------------------------------------------------------------------------------------------------


class Register(_Tagged, frozen=True, tag=70):
    """Register the channel. id: chosen by the caller's node, network-unique. uid: the caller, who has to be operator of
    the channel. override: the caller is an operator of the network."""

    id: str
    uid: str
    life: str
    account: str
    override: bool = False


class Unregister(_Tagged, frozen=True, tag=71):
    """Drop the registration. id: of the registration; "" stands for any. override: as in Register."""

    life: str
    id: str = ""
    override: bool = False


class SetAccess(_Tagged, frozen=True, tag=72):
    """Change the access of an account. target, name: the account. flags: all flags from now on, "" for no access.
    most: the most accesses of a channel."""

    NEWER: ClassVar = {"most": 3}

    life: str
    account: str
    target: str
    name: str
    flags: str
    override: bool = False
    most: int = MOST_ACCESSES


class Bereave(_Tagged, frozen=True, tag=73):
    """The account is dropped: the account's access ends. The successor inherits a channel of the account, and without a
    successor the registration ends."""

    life: str


class Doubt(_Tagged, frozen=True, tag=74):
    """The master tells the channel whether absent nodes may hold a registration that the channel does not know. over:
    the doubt has ended."""

    over: bool = False


class SetHolder(_Tagged, frozen=True, tag=75):
    """Make another account the founder or the successor. target: "" for nobody, only for the successor."""

    life: str
    role: Literal["founder", "successor"]
    target: str
    name: str
    override: bool = False


class GiveRank(_Tagged, frozen=True, tag=76):
    """Give or take a rank of a member by the access of the caller. uid, nick: the member, as in Kick. source: of the
    MODE that people read."""

    life: str
    source: str
    adding: bool
    letter: str
    uid: str | None
    nick: str
    account: str | None = None
    override: bool = False


class SetSetting(_Tagged, frozen=True, tag=77):
    """Change a setting of the channel. value: "" for the default."""

    life: str
    name: str
    value: str
    override: bool = False


class SetAkick(_Tagged, frozen=True, tag=78):
    """Keep people who match the mask out of the channel, or no longer (gone). until: as in Akick. most: the most
    masks of a channel."""

    NEWER: ClassVar = {"most": 3}

    life: str
    account: str
    mask: str
    reason: str = ""
    until: int = 0
    gone: bool = False
    override: bool = False
    most: int = MOST_AKICKS


RegistrationCommand = (
    SetSetting | SetAkick | Register | Unregister | SetAccess | Bereave | Doubt | SetHolder | GiveRank
    | UpkeepCommand | EmptyingCommand
)  # fmt: skip


# Events --------------------------------------------------------------------------------------------------------------


class Registered(_Tagged, frozen=True, tag=80):
    registration: Registration
    changes: tuple[ModeChange, ...] = ()


class Unregistered(_Tagged, frozen=True, tag=81):
    changes: tuple[ModeChange, ...] = ()


class AccessSet(_Tagged, frozen=True, tag=82):
    target: str
    access: Access
    changes: tuple[ModeChange, ...] = ()


class Doubted(_Tagged, frozen=True, tag=83):
    over: bool
    changes: tuple[ModeChange, ...] = ()


class HolderSet(_Tagged, frozen=True, tag=84):
    role: Literal["founder", "successor"]
    holder: Holder
    changes: tuple[ModeChange, ...] = ()


class SettingSet(_Tagged, frozen=True, tag=85):
    """changes: of the channel's modes, where modes were locked."""

    name: str
    setting: Setting
    changes: tuple[ModeChange, ...] = ()


class AkickSet(_Tagged, frozen=True, tag=86):
    key: str
    akick: Akick


RegistrationEvent = (
    SettingSet | AkickSet | Registered | Unregistered | AccessSet | Doubted | HolderSet | UpkeepEvent | EmptyingEvent
)


# Outcomes ------------------------------------------------------------------------------------------------------------

Why = Literal[
    "registered", "unregistered", "rank", "access", "flags", "full", "doubt", "absent", "operator", "forbidden"
]


class Done(_Tagged, frozen=True, tag=90):
    """The command has taken effect, now or before. name: the channel, as first typed. count: how many people or
    entries the command has changed, for commands about a whole channel."""

    NEWER: ClassVar = {"count": 3}

    name: str
    count: int = 0


class NotDone(_Tagged, frozen=True, tag=91):
    """registered: another account has registered the channel. unregistered: the channel is not registered. rank: the
    caller is no operator of the channel. access: the caller's access does not allow the command. flags: there is no
    such flag. full: the list is full, with `most` entries. doubt: absent nodes may hold a registration. absent:
    too few nodes are there to keep the change. nobody: the person is not in the channel. value: the value does not fit
    the setting, or the mask fits nobody. operator: the channel has an operator. forbidden: operators of the network
    forbid the channel."""

    NEWER: ClassVar = {"most": 3}

    why: Why | Literal["nobody", "value"]
    most: int = 0


RegistrationOutcome = Done | NotDone
