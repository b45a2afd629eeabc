"""The bans, modes and ranks of a registered channel, changed from any node while the network suffers.

One thing at a time is done to each setting, so an answer tells the true state, as in bans.py. Where a side of a
partition has made the channel anew, or where nodes were missing, both the old and the new state are right: the younger
channel's lists and modes go (P26). Once all is healed, no ban, access or mode is lost or is back, and nobody has a
rank that neither the access nor a MODE has given.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from gateway.state.channel.channel import Channel
from gateway.state.channel.messages import ModesDone, SetModes
from gateway.state.channel.mode_change import ModeChange
from gateway.state.channel.registration_messages import Done, Register, SetAccess, SetAkick
from tests.sim.accounts import GONE_S, TALK_CHECKS, Name
from tests.sim.chaos import FLUSHED_S
from tests.sim.net import Client, Node
from tests.sim.registrations import CHANNEL, FLAGS, FOUNDER, FRIEND, RegistrationStory, enter

LEVEL = 3
"""The feature level that knows all of these modes."""

LISTED = (
    ("b", "*!*@192.0.2.1"),
    ("b", "*!*@192.0.2.2"),
    ("b", "nobody!*@*"),
    ("b", "~a:nobody"),
    ("b", "~q:noone!*@*"),
    ("e", "*!*@192.0.2.3"),
    ("I", "*!*@192.0.2.4"),
)
AKICKS = ("*!*@198.51.100.1", "*!*@198.51.100.2")
LETTERS = "MTUuD"
PARAMS = {
    "f": ("#elsewhere", "#away"),
    "L": ("#overflow", "#more"),
    "j": ("90:10", "80:20"),
    "F": ("90l:5", "80j#i:10", "70n#m1:20"),
}
RANKS = "ohv"

Value = str | None
"""What a setting is: None while not set."""


class Setting(Name):
    """A ban, an access, a mode, or the rank of a guest. values: the setting may be set to these. may: the setting's
    possible values now. before: the possible values before the last answer, which came at the time `told_at`."""

    def __init__(self, letter: str, param: str, values: tuple[str, ...], uid: str = "", now: Value = None) -> None:
        super().__init__(f"{letter} {param}")
        self.letter, self.param, self.values, self.uid = letter, param, values, uid
        self.may: set[Value] = {now}
        self.before: set[Value] = {now}
        self.told_at = 0.0

    def command(self, wanted: Value) -> Any:
        """Make the command that gives the setting the value."""
        if self.letter == "access":
            return SetAccess(FOUNDER, "founder", FRIEND, "friend", wanted or "")
        if self.letter == "akick":
            return SetAkick(FOUNDER, "founder", self.param, "why", gone=wanted is None)
        param = wanted if self.letter in PARAMS else self.param or None
        change = ModeChange(wanted is not None, self.letter, param, self.uid or None)
        return SetModes("0op-1", "op!op@h", (change,), override=True)

    def read(self, state: Channel) -> Value:
        """Read the setting's value in the state."""
        known = state.register.kept[0] if state.register.kept else None
        if self.letter == "access":
            return (known.flags(FRIEND) if known is not None else "") or None
        if self.letter == "akick":
            kept = known.akicks.values() if known is not None else ()
            return "on" if any(one.mask == self.param and not one.gone for one in kept) else None
        if self.letter in state.lists:
            return "on" if self.param in state.lists[self.letter].entries else None
        if self.letter in PARAMS:
            return state.params.get(self.letter)
        return "on" if self.letter in state.modes else None


class Begun(NamedTuple):
    """base: the key of the channel's first registration: a channel with another base is younger (P26)."""

    base: tuple[int, str]


class ChannelStory(RegistrationStory):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.settings = [Setting(letter, mask, ("on",)) for letter, mask in LISTED]
        self.settings += [Setting("akick", mask, ("on",)) for mask in AKICKS]
        self.settings += [Setting(letter, "", ("on",)) for letter in LETTERS]
        self.settings += [Setting(letter, "", values) for letter, values in PARAMS.items()]
        self.settings += [Setting("access", "", tuple(flags for flags in FLAGS if flags))]
        self.permanent = Setting("P", "", ("on",), now="on")  # never taken off
        self.ranks: dict[str, list[Setting]] = {}  # uid of a guest -> ranks that MODE may have given
        self.names = [*self.settings]
        self.begun: Begun | None = None
        self._missed_at = self._lost_at = 0.0  # when a node, or more than one, was seen missing
        self._has_wrong_clocks = False

    # The channel is registered before the first fault ----------------------------------------------------------------

    def _fault(self) -> None:
        node = next((node for node in self.net.nodes.values() if node.up), None)
        ready = node is not None and all(one.core.engine.level >= LEVEL for one in self.net.nodes.values() if one.up)
        if self.begun is None and node is not None and ready and self._side(node) is None:
            self._begin(node)
        super()._fault()

    def _begin(self, node: Node) -> None:
        self._come(node)
        self.net.run(1.0)
        permanent = SetModes("0op-1", "op!op@h", (ModeChange(True, "P"),), override=True)
        outcomes = [self.outcome(node, Register("r0", "", FOUNDER, "founder", override=True))]
        outcomes.append(self.outcome(node, permanent))
        state = next(iter(serving(self)), None)
        if isinstance(outcomes[0], Done) and outcomes[1] is None and state is not None and "P" in state.modes:
            self.begun = Begun(state.register.base)
            for guest in self.guests:  # the first made the channel, and is an operator
                self._rank(guest, may={None, "on"})

    def outcome(self, node: Node, command: Any) -> Any:
        found: list[Any] = []
        life = node.core
        self.net.turn(node, lambda: life.engine.submit(CHANNEL, command, found.append))
        self.net.until(lambda: bool(found), 10.0)
        return found[0] if found else "nobody answers"

    # What is done -----------------------------------------------------------------------------------------------------

    def _act_somewhere(self) -> None:
        self._look()
        for _ in range(3 if self.begun is not None else 0):
            super()._act_somewhere()

    def _act(self, name: Name, node: Node) -> None:
        assert isinstance(name, Setting)
        self.serial += 1
        if self.serial % 6 == 0:
            self._come(node)
        before = set(name.may)
        can = (*name.values, None, None) if len(name.values) > 1 else (*name.values, None)
        fresh = [value for value in can if {value} != before]
        wanted = self.acts.choice(fresh)
        name.asked, name.since = node, self.net.now
        if self._side(node) is None:
            name.sides.clear()
        name.may.add(wanted)
        self._deals(name, node)

        def told(outcome: Any) -> None:
            self._tell(f"{name.name}: {wanted} {outcome}")
            self._deals(name, node)
            self._look()
            self._answered(name, before, wanted, outcome)
            name.asked = None

        life, command = node.core, name.command(wanted)
        self.net.turn(node, lambda: life.engine.submit(CHANNEL, command, told))

    def _answered(self, name: Setting, before: set[Value], wanted: Value, outcome: Any) -> None:
        if outcome is None or isinstance(outcome, Done):
            self.done += 1
            name.before, name.told_at = before, self.net.now
            if self._is_sure(name, before):
                name.may = {wanted}
        elif isinstance(outcome, ModesDone):
            name.may = name.may if wanted in before else name.may - {wanted}

    def _is_sure(self, name: Setting, before: set[Value]) -> bool:
        """Tell whether the answer's change is the last word: one side alone has dealt with the setting, that side has
        the channel, and the change was no repetition of a change that others may not know."""
        if len(name.sides) > 1 or self.net.now < self._lost_at + GONE_S:
            return False
        if self.net.now >= self._missed_at + GONE_S and self._side(self._asked(name)) is None:
            return True
        bases = {state.register.base for state in serving(self, name)}
        has_channel = self.begun is not None and bases == {self.begun.base}
        return has_channel and not self._has_wrong_clocks and len(before) == 1

    @staticmethod
    def _asked(name: Setting) -> Node:
        assert name.asked is not None
        return name.asked

    def _look(self) -> None:
        """See which nodes are missing."""
        nodes = self.net.nodes.values()
        self._has_wrong_clocks = self._has_wrong_clocks or any(node.ahead_s for node in nodes)
        missing = sum(not (node.up and node.core.attending) for node in nodes)
        if missing:
            self._missed_at = self.net.now
        if missing > 1:
            self._lost_at = self.net.now

    def _come(self, node: Node) -> None:
        """Let a guest come, and let MODE give the guests ranks from now on. Guests who are there say something."""
        for guest in self.guests:
            if guest.closed is None and guest.node.up and not guest.node.hung:
                guest.send(f"PRIVMSG #own :{self.serial}")
        super()._come(node)
        for guest in self.guests[:-1]:
            self._rank(guest)

    def _rank(self, guest: Client, may: Collection[Value] = (None,)) -> None:
        user = guest.connection.user
        if user is not None and user.uid not in self.ranks and self.begun is not None:
            found = [Setting(rank, user.person.nick, ("on",), user.uid) for rank in RANKS]
            for one in found:
                one.may.update(may)
            self.ranks[user.uid] = found
            self.names += found

    def last_words(self) -> None:
        """Messages and modes are written a moment after the answer (P35): the last node dies after that moment."""
        self.net.until(lambda: not any(name.asked for name in self.names), 3.0)
        self.net.run(FLUSHED_S)
        for name in self.names:
            if isinstance(name, Setting) and name.told_at > self.net.now - FLUSHED_S:
                name.may |= name.before


def serving(story: ChannelStory, name: Setting | None = None) -> list[Channel]:
    """List the states of the channel where the channel is served, on the side of the node that is asked. After a cut
    there are two for a moment."""
    parts = story.net.links.parts(node.key for node in story.net.nodes.values())
    here = next((part for part in parts if name and name.asked and name.asked.key in part), None)
    found = []
    for node in story.net.nodes.values():
        if node.up and (here is None or node.key in here):
            mastered = node.core.engine.replicas.masters.get(CHANNEL)
            if mastered is not None and mastered.serving and isinstance(mastered.replica.state, Channel):
                found.append(mastered.replica.state)
    return found


def _found(story: ChannelStory) -> Channel | None:
    """Return the channel once all is healed. None: the channel was never registered, or so many nodes are missing that
    nobody may have the channel."""
    missing = sum(not node.up for node in story.net.nodes.values())
    if story.begun is None or missing >= story.net.engine.ring.copies:
        return None
    if not serving(story):
        node = next(node for node in story.net.nodes.values() if node.up)
        story.outcome(node, SetModes("0op-1", "op!op@h", (), override=True))  # starts a channel that nobody uses
    return next(iter(serving(story)), None)


def _wrong(story: ChannelStory, letters: str) -> Iterator[str]:
    state = _found(story)
    if state is None:
        return
    for one in (*story.settings, story.permanent):
        if one.letter in letters.split() and (value := one.read(state)) not in one.may:
            yield f"#own has {one.name} {value}, and may only have {one.may}"


def the_channel_is_found(story: ChannelStory) -> Iterator[str]:
    """The registered channel is there, and is not doubtful, while fewer nodes are missing than hold a group."""
    missing = sum(not node.up for node in story.net.nodes.values())
    if story.begun is not None and missing < story.net.engine.ring.copies:
        state = _found(story)
        if state is None or state.doubtful or state.register.base != story.begun.base:
            yield f"#own is lost: {state and (state.doubtful, state.register.base)}"


def channel_bans_hold(story: ChannelStory) -> Iterator[str]:
    """No ban of the channel is lost, and none is back: of the lists by MODE, and of those that ChanServ keeps out."""
    yield from _wrong(story, "b e I akick")


def channel_modes_hold(story: ChannelStory) -> Iterator[str]:
    """The modes and the access are as last confirmed."""
    yield from _wrong(story, f"{' '.join(LETTERS)} {' '.join(PARAMS)} P access")


def ranks_are_given(story: ChannelStory) -> Iterator[str]:
    """On no replica has a member a rank that neither the access gives nor MODE has given, or that MODE has taken; and
    an account that enters has the ranks of the access."""
    if story.begun is not None:
        for life in (FOUNDER, FRIEND):
            enter(story, life)
        story.net.run(2.0)
    for node in story.net.nodes.values() if story.begun is not None else ():
        replica = node.core.engine.replicas.newest(CHANNEL) if node.up else None
        if replica is None or not isinstance(replica.state, Channel) or not replica.state.register.kept:
            continue
        for member in replica.state.members.values():
            ranks = story.ranks.get(member.person.uid, ())
            may = {one.letter for one in ranks if "on" in one.may}
            given = "" if replica.state.doubtful else replica.state.register.kept[0].ranks(member.person.life)
            if not {*given} <= {*member.prefixes} <= may.union(given):
                allowed = f"{sorted(may)} beside {given!r}"
                yield f"{node.name}: {member.person.nick} has {member.prefixes!r}, and may only have {allowed}"


CHANNEL_CHECKS = (*TALK_CHECKS, the_channel_is_found, channel_bans_hold, channel_modes_hold, ranks_are_given)
