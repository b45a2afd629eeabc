"""A channel that is registered, changed and dropped from any node, while the network suffers.

One thing at a time is done to the registration, so confirmed answers tell the true state, as in accounts.py. Guests
come to the channel all the time: a guest has a rank only where nobody had registered the channel. At the end, the
accesses of two accounts are tried: a member has the ranks that the access gives, and no others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.state.channel.channel import Channel
from gateway.state.channel.emptying_messages import Clear, Forbid, Purge, Recover
from gateway.state.channel.messages import Join
from gateway.state.channel.questions import ChannelView, Look
from gateway.state.channel.registration_messages import (
    Done,
    NotDone,
    Register,
    SetAccess,
    SetSetting,
    Unregister,
)
from gateway.state.channel.upkeep_messages import Expire, TrimHistory
from gateway.state.channel.views import REGISTRATION
from gateway.state.people import Person
from ring.ids import GroupId
from tests.sim.accounts import TALK_CHECKS, AccountStory, Name
from tests.sim.net import Client, Node

CHANNEL = GroupId("channel", "#own")
FOUNDER, FRIEND = "l-founder", "l-friend"
FLAGS = ("", "O", "Vv", "Pf")
GUESTS = 4

State = tuple[tuple[str, str] | None, bool]
"""The id of the registration and the friend's flags, or None: the channel is not registered; whether the channel is
forbidden."""


class Registered(Name):
    def __init__(self) -> None:
        super().__init__("#own")
        self.states: set[State] = {(None, False)}


class RegistrationStory(AccountStory):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.own = Registered()
        self.names = [self.own]
        self.guests: list[Any] = []

    def _act(self, name: Name, node: Node) -> None:
        self.serial += 1
        self._come(node)
        act, before = self.acts.random(), set(self.own.states)
        command: Any
        wanted: set[State]
        if act < 0.45:
            command = Register(f"r{self.serial}", "", FOUNDER, "founder", override=True)
            wanted = {((command.id, ""), False)} if (None, False) in before else set()
        elif act < 0.7:
            flags = self.acts.choice(FLAGS)
            command = SetAccess(FOUNDER, "founder", FRIEND, "friend", flags)
            wanted = {((known[0], flags), forbidden) for known, forbidden in before if known is not None}
        elif act < 0.8:
            command, wanted = self._upkeep(), {one for one in before if one[0] is not None}
        elif act < 0.82:
            command, wanted = Expire(2**50), {(None, forbidden) for _, forbidden in before}
        elif act < 0.86:
            command, wanted = Unregister(FOUNDER), {(None, forbidden) for _, forbidden in before}
        elif act < 0.9:
            command, wanted = Purge("ChanServ", "why"), {(None, forbidden) for _, forbidden in before}
        elif act < 0.94:
            command, wanted = Forbid("ChanServ", "why", "root"), {(None, True)}
        else:
            command, wanted = Forbid("ChanServ", "", "root", over=True), {(known, False) for known, _ in before}
        self.own.asked, self.own.since = node, self.net.now
        if self._side(node) is None:
            self.own.sides.clear()
        self.own.states |= wanted
        self._deals(name, node)

        def told(outcome: Any) -> None:
            self._tell(f"#own: {command} {outcome}")
            self._deals(name, node)
            self._heard(command, before, wanted, outcome)
            self.own.asked = None

        life = node.core
        self.net.turn(node, lambda: life.engine.submit(CHANNEL, command, told))

    def _upkeep(self) -> Any:
        """Choose a command that needs a registration, and changes neither the registration's id nor an access."""
        who = Person("0stranger-1", 1, "stranger", "u", "h", "r", "127.0.0.1", 1)
        return self.acts.choice(
            (
                Clear(FOUNDER, "users", "ChanServ", ""),
                Clear(FOUNDER, "ops", "ChanServ", ""),
                Recover(FOUNDER, "ChanServ", who),
                SetSetting(FOUNDER, "mlock", self.acts.choice(("+kl sesame 50", "+t", ""))),
                SetSetting(FOUNDER, "history", self.acts.choice(("1", ""))),
                SetSetting(FOUNDER, "readers", self.acts.choice(("access", ""))),
                TrimHistory(),
            )
        )

    def _come(self, node: Node) -> None:
        """Let a guest come to the channel, or go."""
        self.guests = [guest for guest in self.guests if guest.closed is None and guest.node.up]
        if len(self.guests) >= GUESTS:
            self.guests.pop(0).quit()
        guest = Client(self.net, node, f"guest{self.serial}", "", "10.0.0.1")
        self.guests.append(guest)
        if self.net.until(
            lambda: any(" 221 " in line for line in guest.got), 10
        ):  # else a fault keeps the guest waiting
            guest.send("JOIN #own")

    def _heard(self, command: Any, before: set[State], wanted: set[State], outcome: Any) -> None:
        alone, own = len(self.own.sides) < 2, self.own
        if isinstance(outcome, Done):
            self.done += 1
            if alone and not wanted:
                self.impossible.append(f"#own was {before}, and {command} is done")
            own.states = wanted or before if alone else own.states | wanted
        elif isinstance(outcome, NotDone) and alone:
            if outcome.why == "unregistered":
                own.states = {state for state in before if state[0] is None}
            elif outcome.why == "registered":
                own.states = {state for state in before if state[0] is not None}
            elif outcome.why == "forbidden":
                own.states = {state for state in before if state[1]}
            else:
                own.states = before
            if not own.states:
                self.impossible.append(f"#own was {before}, and {command} is {outcome}")


def _ask(story: RegistrationStory, node: Node) -> ChannelView | None:
    found: list[Any] = []
    life = node.core
    story.net.turn(node, lambda: life.engine.ask(CHANNEL, Look("", REGISTRATION), found.append))
    return found[0] if story.net.until(lambda: bool(found), 15.0) else None


def _state(view: ChannelView | None) -> Any:
    if view is None or view.doubtful:
        return "?"
    known = view.registration
    return (known.id, known.flags(FRIEND)) if known is not None else None, view.forbidden is not None


def registration_agrees(story: RegistrationStory) -> Iterator[str]:
    """Every node says the same of the registration, as confirmed."""
    nodes = [node for node in story.net.nodes.values() if node.up]
    said = {node.name: _state(_ask(story, node)) for node in nodes}
    if len({*said.values()}) != 1:
        yield f"#own is not the same everywhere: {said}"
    (one, *_) = said.values()
    missing = len(story.net.nodes) - len(nodes)
    if one == "?":
        if missing < story.net.engine.ring.copies:
            yield f"#own is doubtful, though only {missing} nodes are missing"
    elif one not in story.own.states:
        yield f"#own is {one}, and may only be {story.own.states}"


def enter(story: RegistrationStory, life: str) -> None:
    """Let a made-up member with the account enter the channel from some node."""
    story.serial += 1
    node = next(node for node in story.net.nodes.values() if node.up)
    core, uid = node.core, f"0made-{story.serial}-1"
    me = core.engine.me
    person = Person(uid, 1, f"m{story.serial}", "u", "h", "r", me.key, me.number, account=life, life=life)
    found: list[Any] = []
    join = Join(person, name="#own", override=True)
    story.net.turn(node, lambda: core.engine.submit(CHANNEL, join, found.append))
    story.net.until(lambda: bool(found), 15.0)


def ranks_by_access(story: RegistrationStory) -> Iterator[str]:
    """Nobody has a rank that the access does not give, on any replica; and who enters has the ranks of the access."""
    for life in (FOUNDER, FRIEND):
        enter(story, life)
    story.net.run(2.0)
    for other in story.net.nodes.values():
        replica = other.core.engine.replicas.newest(CHANNEL) if other.up else None
        if replica is None or not isinstance(replica.state, Channel) or not replica.state.register.kept:
            continue
        state = replica.state
        known = state.register.kept[0]
        for member in state.members.values():
            wanted = "" if state.doubtful else known.ranks(member.person.life)
            early = not member.person.life and "q" not in member.prefixes and member.joined_at < known.at
            if member.prefixes != wanted and not early:
                yield f"{other.name}: {member.person.nick} has {member.prefixes!r}, and the access gives {wanted!r}"


def possible(story: RegistrationStory) -> Iterator[str]:
    yield from story.impossible


REGISTRATION_CHECKS = (*TALK_CHECKS, possible, registration_agrees, ranks_by_access)
