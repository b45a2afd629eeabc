"""Delivers private messages between guests of two nodes, from edge to edge in one hop (P49).

Theory of operation
===================

Nobody keeps such a message, so the message needs no place in a replicated order. The speaker's node sends the message
to the node where the holder of the nick was last, over a stream between the two lives of nodes (ring/duplex.py): parts
are numbered, sent again until acknowledged, and taken once and in order. The holder's node judges the message as
direct/local.py does, shows the message, and answers in the same order; the speaker's command ends with the answer.

    shown, refused   the speaker reads so. A PONG waits for the answer, so the message is settled then
    not here         the holder has left, renames, logs in, or the node catches up after a stop: the message goes to the
                     nick's group. The holder's node refuses what follows from the same speaker to the same nick, until
                     the speaker's node has heard the refusal (`floor`), so nothing overtakes
    stream lost      the node died, was cut off, or forgot the stream: the message may have been shown. The message goes
                     to the nick's group under its msgid, for this holder alone; the holder's node shows no msgid twice.
                     If the group refuses, the speaker is told that the message may or may not have come
    no answer        within settle_max_s: the speaker is told so, as of any command

- Link break: the stream goes on, over any way between the nodes. New life of either node: the stream is lost.
- Another user takes the nick: the uid in the message is not the holder's. Renaming holder: not here, until it is over.
- Partition: whoever is beyond it counts as dead after a while (stream lost). Once any node was lost or came back, the
  places known before are void: the next message asks the nick's group, as a node may have given the nick away since.
- Stopped node: before it has caught up, it shows nothing directly; what lay in its sockets is shown once, by msgid.
- Change of way, from the nick's group to the stream: the message names the position of the group's last answer to this
  speaker (`after`), and the holder's node shows the message only if the holder was shown the group up to there.
- Older builds: below feature level 2, the nick's group takes all messages.

Invariants: for each pair of speaker and nick, no message goes directly while an earlier one waits for the nick's group
(direct/messages.py). Answers come in the order of the messages. Of the streams of one node, only the newest is read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import takewhile
from math import inf
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from gateway.edge.direct.local import LocalMessages
from gateway.edge.direct.remote_ends import Incoming, Place
from gateway.edge.direct.remote_messages import AS_KNOWN, MISTAKE, NOT_HERE, OPENING, OUTCOME, Answer, Sent
from gateway.edge.ports import EdgePort, RemoteMessagesPort
from gateway.edge.views.nick import show_call, show_message
from gateway.state.nick.hearing import HEARD, hearing, hears_all
from gateway.state.nick.messages import Reached
from gateway.state.people import Person, Refusal
from ring.duplex import WAITING_BYTES, Stream
from ring.features import LEVEL as CURRENT
from ring.features import at_level
from ring.ids import UNREADABLE, GroupId, Incarnation
from ring.replication.application import FAILED, EventId

if TYPE_CHECKING:
    from gateway.edge.users.user import User

LEVEL: Final = 2
"""From this feature level on, nodes send private messages directly."""

PLACES: Final = 10_000
"""At most so many holders of nicks are known by earlier answers."""

SHOWN: Final = 10_000
"""So many msgids are known of messages that may be told again."""

STEADY_S: Final = 60.0
"""A seat in a channel tells where a user is if no node was lost, or came back, within this time."""

IDLE_S: Final = 60.0
"""A stream without messages is closed after this time."""

_IDLE: Final = "idle"


class Direct(NamedTuple):
    """What became of a message sent directly. event_id: the id under which the message is shown.

    outcome: Reached, a refusal, or FAILED (a mistake of the program).
    """

    outcome: Any
    event_id: EventId


class Elsewhere(NamedTuple):
    """The message was not shown: ask the nick's group."""


class InDoubt(NamedTuple):
    """The stream was lost, and the message may have been shown to the user with this uid under this id."""

    uid: str
    event_id: EventId


class Late(NamedTuple):
    """No answer came within settle_max_s. What became of the message is told later, too."""


Done = Callable[[Direct | Elsewhere | InDoubt | Late], None]


Said = tuple[Person, str, bytes, dict[str, str] | None]
"""The speaker, the verb, the text and the client-only tags of a message."""


class _Letter:
    """A message sent directly, without an answer yet. since: when the message was sent, or infinity once it is late."""

    __slots__ = ("after", "done", "event_id", "holder", "home", "since", "user")

    def __init__(
        self, user: User, home: GroupId, holder: Person, event_id: EventId, after: str, done: Done, since: float
    ) -> None:
        self.user = user
        self.home = home
        self.holder = holder
        self.event_id = event_id
        self.after = after
        self.done = done
        self.since = since


class _Outgoing:
    """The messages from here to another node. answered: how many messages have an answer."""

    __slots__ = ("answered", "stream", "used_at", "waiting")

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.waiting: deque[_Letter] = deque()
        self.answered = 0
        self.used_at = 0.0


_encode = msgspec.msgpack.Encoder().encode
_read_sent = msgspec.msgpack.Decoder(Sent).decode
_read_answer = msgspec.msgpack.Decoder(Answer).decode
_AS_KNOWN: Final = _encode(Answer(AS_KNOWN))


class RemoteMessages(RemoteMessagesPort):
    """Both ends: messages of people here to people elsewhere, and the other way round."""

    def __init__(self, edge: EdgePort, local: LocalMessages) -> None:
        self._edge = edge
        self._local = local
        self._places: dict[GroupId, Place] = {}  # by nick's group
        self._outgoing: dict[Incarnation, _Outgoing] = {}
        self._incoming: dict[str, Incoming] = {}  # by ring key
        self._shown: dict[str, None] = {}  # msgids that may come again: by a lost stream, or by a nick's group

    # The speaker's node -----------------------------------------------------------------------------------------------

    def send(self, user: User, home: GroupId, said: Said, done: Done) -> bool:
        """Send the message to the holder's node. Returns False, and sends nothing, if the nick's group has to be asked.

        done: called with what became of the message; before that, perhaps, once with Late.
        """
        network = self._edge.network
        level = network.level
        if level < LEVEL or not self._local.is_guest(user, said[0]):
            return False
        place, after = self._place(home), user.privacy.position(home)
        if place is None or after is None:
            return False
        outgoing, holder = self._outgoing.get(place.edge), place.holder
        if outgoing is None:
            outgoing = self._open(place.edge)
        if outgoing.stream.bytes > WAITING_BYTES // 2:
            return False
        event_id = self._local.event_id()
        floor = outgoing.answered
        sent = Sent(home.name, holder.uid, holder.version, *said, event_id.msgid, event_id.at, floor, after)
        outgoing.waiting.append(_Letter(user, home, holder, event_id, after, done, network.now))
        outgoing.used_at = network.now
        outgoing.stream.send(_encode(sent if level >= CURRENT else at_level(sent, level)))
        return True

    def asked(self, user: User, home: GroupId, outcome: Any, event_id: EventId | None) -> None:
        """Learn from an answer of the nick's group to a message of the user. event_id: the answer's position; None if
        the group has not answered in time, so the message may come later."""
        user.privacy.remember_position(home, event_id.msgid if event_id is not None else None)
        if isinstance(outcome, Reached):
            self._learn(home, outcome.person, self._edge.now)
        else:
            self._places.pop(home, None)

    def _learn(self, home: GroupId, person: Person, at: float) -> None:
        self._places.pop(home, None)
        if person.account is None and person.edge != self._edge.network.me:
            self._keep(home, Place(person, at))

    def _keep(self, home: GroupId, place: Place) -> None:
        self._places[home] = place
        if len(self._places) > PLACES:
            del self._places[next(iter(self._places))]

    def _place(self, home: GroupId) -> Place | None:
        """Return where the holder of the nick, a guest on another node, was last, if this node knows."""
        network, place = self._edge.network, self._places.get(home)
        if place is not None and place.checked == network.peers_version:
            return place
        if place is None:
            found = self._edge.people.called(home.name)
            if found is None or found.account is not None or found.edge == network.me:
                return None
            place, within_s = Place(found, network.now), STEADY_S
        else:
            within_s = network.now - place.at + 0.001
        if network.lost_lately(within_s) or network.returned_lately(within_s) or not network.is_current(place.edge):
            self._places.pop(home, None)
            return None
        place.checked = network.peers_version
        self._keep(home, place)
        return place

    def _open(self, peer: Incarnation) -> _Outgoing:
        outgoing = self._outgoing[peer] = _Outgoing(self._edge.network.open_stream(peer, OPENING))
        outgoing.stream.received = partial(self._answered, outgoing)
        outgoing.stream.ended = lambda _: self._lost(outgoing)
        return outgoing

    def _answered(self, outgoing: _Outgoing, part: bytes) -> None:
        """Take the answer to the oldest message without an answer."""
        if part != _AS_KNOWN:
            try:
                answer = _read_answer(part)
            except UNREADABLE:
                outgoing.stream.close("unreadable")
                self._lost(outgoing)
                return
        if not outgoing.waiting:
            return
        letter = outgoing.waiting.popleft()
        outgoing.answered += 1
        if part == _AS_KNOWN and not letter.after:
            letter.done(Direct(Reached(letter.holder), letter.event_id))
        elif part == _AS_KNOWN or answer.what == AS_KNOWN:
            self._came(letter, Reached(letter.holder))
        elif answer.what == OUTCOME:
            if isinstance(answer.outcome, Reached) and (known := self._places.get(letter.home)) is not None:
                self._learn(letter.home, answer.outcome.person, known.at)
            self._came(letter, answer.outcome)
        elif answer.what == MISTAKE:
            letter.done(Direct(FAILED, letter.event_id))
        else:
            self._places.pop(letter.home, None)
            letter.done(Elsewhere())

    def _came(self, letter: _Letter, outcome: Any) -> None:
        if letter.after and letter.user.privacy.position(letter.home) == letter.after:
            letter.user.privacy.remember_position(letter.home, "")  # the holder has been shown the group up to there
        letter.done(Direct(outcome, letter.event_id))

    def _lost(self, outgoing: _Outgoing) -> None:
        """Send all messages without an answer to the nick's groups: the stream is lost."""
        peer = outgoing.stream.peer
        if self._outgoing.get(peer) is outgoing:
            del self._outgoing[peer]
        waiting, outgoing.waiting = outgoing.waiting, deque()
        for letter in waiting:
            letter.done(InDoubt(letter.holder.uid, letter.event_id))

    @property
    def is_busy(self) -> bool:
        """Tell whether a message waits for an answer."""
        return any(outgoing.waiting for outgoing in self._outgoing.values())

    def tick(self, now: float) -> None:
        """Give up waiting for late answers, and close idle streams."""
        before = now - self._edge.network.settings.settle_max_s
        for peer, outgoing in list(self._outgoing.items()):
            late = takewhile(lambda letter: letter.since < before or letter.since == inf, outgoing.waiting)
            for letter in [letter for letter in late if letter.since < before]:
                letter.since = inf
                letter.done(Late())
            if not outgoing.waiting and now - outgoing.used_at > IDLE_S:
                del self._outgoing[peer]
                outgoing.stream.close(_IDLE)

    # The holder's node ------------------------------------------------------------------------------------------------

    def accept(self, stream: Stream) -> None:
        """Take a stream of another node. A stream of that node from before is read no more."""
        before = self._incoming.get(stream.peer.key)
        if before is not None:
            old = before.stream
            if (old.peer.number, old.number) > (stream.peer.number, stream.number):
                stream.close("replaced")
                return
            self._remember(before)
            old.close("replaced")
        incoming = self._incoming[stream.peer.key] = Incoming(stream)
        stream.received = partial(self._received, incoming)
        stream.ended = lambda reason: self._ended(incoming, reason)

    def _ended(self, incoming: Incoming, reason: str) -> None:
        key = incoming.stream.peer.key
        if self._incoming.get(key) is incoming:
            del self._incoming[key]
            if reason != _IDLE:
                self._remember(incoming)

    def _remember(self, incoming: Incoming) -> None:
        for msgid in incoming.shown:
            self._note_shown(msgid)

    def _note_shown(self, msgid: str) -> None:
        self._shown[msgid] = None
        if len(self._shown) > SHOWN:
            del self._shown[next(iter(self._shown))]

    def is_news(self, msgid: str) -> bool:
        """Tell whether a message of a nick's group is to be shown here: not if it came directly. A later direct message
        with this msgid is no news either."""
        if msgid in self._shown or any(msgid in incoming.shown for incoming in self._incoming.values()):
            return False
        self._note_shown(msgid)
        return True

    def _received(self, incoming: Incoming, part: bytes) -> None:
        try:
            sent = _read_sent(part)
        except UNREADABLE:
            self._ended(incoming, "")
            incoming.stream.close("unreadable")
            return
        number = incoming.taken
        incoming.taken += 1
        if sent.floor > incoming.floor:
            incoming.forget(sent.floor)
        try:
            answer = self._judge(incoming, number, sent)
        except Exception as problem:  # no message may end one node after the other (P43)
            self._edge.network.note_bug("direct", problem)
            answer = _encode(Answer(MISTAKE))
        incoming.stream.send(answer)

    def _judge(self, incoming: Incoming, number: int, sent: Sent) -> bytes:
        """Show the message to the holder, or refuse it. Returns the answer."""
        network, home = self._edge.network, GroupId("nick", sent.name)
        is_late = incoming.refused and (sent.sender.uid, sent.name) in incoming.refused
        found = None if is_late or network.catches_up else self._local.holder(home)
        if found is not None and (found[1].uid != sent.uid or (sent.after and not network.has_shown(home, sent.after))):
            found = None
        if found is None:
            key = sent.sender.uid, sent.name
            incoming.refused.pop(key, None)
            incoming.refused[key] = number
            return _encode(Answer(NOT_HERE))
        user, holder = found
        heard = HEARD if hears_all(holder) else hearing(holder, sent.sender, sent.verb, self._edge.settings.casemap)
        refusal = heard.refusal
        if heard.calls and sent.verb == "PRIVMSG":
            show_call(self._edge, user, sent.sender)
        # No other node has given this msgid.
        if heard.is_shown and sent.msgid not in incoming.shown and sent.msgid not in self._shown:
            incoming.shown[sent.msgid] = number
            self._show(user, sent)
        if refusal is None and holder.version == sent.version:
            return _AS_KNOWN
        return self._answer(refusal if refusal is not None else Reached(holder))

    def _show(self, user: User, sent: Sent) -> None:
        event_id = EventId(sent.msgid, sent.at)
        if sent.tags or not self._local.show(user, sent.sender, sent.verb, sent.text, event_id):
            show_message(self._edge, user, sent.sender, sent.verb, sent.text, sent.tags, event_id)

    def _answer(self, outcome: Reached | Refusal) -> bytes:
        return _encode(at_level(Answer(OUTCOME, outcome), self._edge.network.level))
