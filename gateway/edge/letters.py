"""A private message on its way: the nick's master knows who has the nick; then it goes to the conversation (P32).

Whoever wants to say something to somebody who does not sit in the conversation yet opens it first: both sessions are
told of it, and their nodes seat their users. What was said first is said first, whatever way it goes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from gateway.edge.call import Token
from gateway.groups.account_messages import Info, InfoView
from gateway.groups.conversation import Conversation, Party, conversation, other_of
from gateway.groups.conversation_messages import Say
from gateway.groups.nick_messages import Reached, Tell
from gateway.groups.once import Once, Repeat
from gateway.groups.people import Person, Refusal
from gateway.groups.session_messages import Converse, Present, Stored
from gateway.irc import numerics as n
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.call import Call
    from gateway.edge.edge import Edge
    from gateway.edge.user import User


class Letter(NamedTuple):
    """A private message on its way to who has the nick, which has an account. home: the nick's group."""

    call: Call
    user: User
    home: GroupId
    tell: Tell
    holder: Person
    done: Callable[[Any], None]


class _Turn:
    """A private message of which the nick's group has been asked."""

    __slots__ = ("found", "outcomes")

    def __init__(self, found: Callable[[Any], None]) -> None:
        self.found = found
        self.outcomes: list[Any] = []  # the one, once it is there


class Letters:
    """The private messages of people here that have no place yet."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self._opening: dict[tuple[str, str], deque[Letter]] = {}  # by the two accounts, the speaker's first
        self._turns: dict[tuple[str, GroupId], deque[_Turn]] = {}
        self._sending: dict[str, int] = {}  # uid -> how many private messages have no place yet
        self._quitting: dict[str, Callable[[], None]] = {}  # what waits for that

    def tell(self, call: Call, home: GroupId, tell: Tell, done: Callable[[Any], None]) -> None:
        """done(Reached, or why not); the message goes its way though the client should go meanwhile."""
        user = call.user
        call.hold()
        self._sending[user.uid] = self._sending.get(user.uid, 0) + 1

        def ended(outcome: Any) -> None:
            self._sent(user)
            if call.connection.closed is None and call.connection.user is user:
                done(outcome)
            call.release()

        def found(outcome: Any) -> None:
            if isinstance(outcome, Reached) and outcome.talks:
                self._say(Letter(call, user, home, tell, outcome.person, ended))
            else:
                ended(outcome)

        turn = _Turn(found)
        turns = self._turns.setdefault((user.uid, home), deque())
        turns.append(turn)

        def known(outcome: Any) -> None:
            self._in_turn((user.uid, home), turn, outcome)

        def answered(outcome: Any) -> None:
            if isinstance(outcome, Refusal) and outcome.numeric == n.ERR_NOSUCHNICK:
                self._look_for(home.name, outcome, known)
            else:
                known(outcome)

        def go() -> None:
            talks = self.talks(user, tell.once)
            self._submit(home, msgspec.structs.replace(tell, talks=talks), call, user, answered)

        self.edge.sessions.once_known(user, go)

    def talks(self, user: User, once: Once | None) -> bool:
        """Whether the user would rather speak in a conversation, or may have, where its session was before (P9)."""
        talks = self.edge.talks
        return talks.keeps(user) or (once is not None and bool(talks.of(user)))

    def _look_for(self, name: str, refusal: Refusal, known: Callable[[Any], None]) -> None:
        """Nobody has the nick: perhaps the node of a session that lasts is dead, and none has taken it up yet."""

        def looked(stored: Stored | None) -> None:
            person = stored.person if stored is not None and stored.lasts else None
            lasts = person is not None and self.edge.settings.casemap(person.nick) == name
            known(Reached(person, talks=True) if person is not None and lasts else refusal)

        self.edge.sessions.look(name, looked)

    def _in_turn(self, key: tuple[str, GroupId], turn: _Turn, outcome: Any) -> None:
        """Answers come in any order; what was said first is said first."""
        turn.outcomes.append(outcome)
        turns = self._turns[key]
        while turns and turns[0].outcomes:
            first = turns.popleft()
            first.found(first.outcomes[0])
        if not turns:
            self._turns.pop(key, None)

    def _submit(self, group: GroupId, command: Any, call: Call, user: User, done: Callable[[Any], None]) -> None:
        user.unsettled[group] = None
        self.edge.engine.submit(group, command, Token(call, done))

    def _sent(self, user: User) -> None:
        self._sending[user.uid] -= 1
        if not self._sending[user.uid]:
            del self._sending[user.uid]
            self._quitting.pop(user.uid, lambda: None)()

    def when_sent(self, user: User, run: Callable[[], None]) -> None:
        """Run once the user's private messages have found their way."""
        if user.uid in self._sending:
            self._quitting[user.uid] = run
        else:
            run()

    def _say(self, letter: Letter) -> None:
        """In the conversation of the two, or not, if one of them keeps none."""
        account = self.edge.settings.casemap(letter.holder.account or "")
        key = (letter.user.session, account)
        if not self.edge.talks.keeps(letter.user):
            self._plainly(letter)
        elif key in self._opening:
            self._opening[key].append(letter)
        elif (group := self._open(letter, account)) is not None:
            self._converse(group, letter)
        else:
            self._opening[key] = deque((letter,))
            self._begin(key)

    def _plainly(self, letter: Letter) -> None:
        """Unless it was said in the conversation, where the speaker's session was before (P9)."""
        user, once = letter.user, letter.tell.once
        account = self.edge.settings.casemap(letter.holder.account or "")
        group = self.edge.talks.with_account(user, account) if once is not None else None
        tell = msgspec.structs.replace(letter.tell, talks=False)

        def asked(outcome: Any) -> None:
            if isinstance(outcome, Refusal):
                self._submit(letter.home, tell, letter.call, user, letter.done)
            else:  # and the speaker reads it there, if it is told of it any more
                letter.done(Reached(letter.holder, talks=group in user.talks) if outcome is None else outcome)

        if group is not None:
            self._submit(group, Repeat(once), letter.call, user, asked)
        else:
            self._submit(letter.home, tell, letter.call, user, letter.done)

    def _converse(self, group: GroupId, letter: Letter) -> None:
        user, tell, holder = letter.user, letter.tell, letter.holder
        person = user.person

        def said(outcome: Any) -> None:
            letter.done(Reached(holder, talks=True) if outcome is None else outcome)

        facts = (user.uid, user.session, person.source, tell.verb, tell.text, holder.nick, person.account, tell.tags)
        self._submit(group, Say(*facts, "B" in person.modes, tell.once), letter.call, user, said)

    def _open(self, letter: Letter, account: str) -> GroupId | None:
        """The conversation, if both are in it."""
        for group in letter.user.talks:
            found, state = other_of(group.name, self.edge.talks.party(letter.user)), self.edge.engine.state(group)
            if found is not None and found.account == account and isinstance(state, Conversation):
                seat = state.seats.get(account)
                if seat is not None and seat.uid == letter.holder.uid:
                    return group
        return None

    def _begin(self, key: tuple[str, str]) -> None:
        """Open the conversation for the first of those that wait."""
        letter, edge, account = self._opening[key][0], self.edge, key[1]
        engine, sessions = edge.engine, edge.sessions
        uids: list[str] = []

        def known(view: InfoView | None) -> None:
            if view is None or not view.life or view.alias or not self.edge.talks.allows(view.settings.keep_private):
                self._end(key, None)
                return
            group = conversation(self.edge.talks.party(letter.user), Party(account, view.life))
            engine.submit(sessions.group(key[0]), Converse(group.name, account), present)
            engine.submit(sessions.group(account), Converse(group.name, key[0]), present)
            both = dict.fromkeys((sessions.group(key[0]), sessions.group(account)))
            engine.settle(both, lambda: self._end(key, group if uids == [letter.user.uid, letter.holder.uid] else None))

        def present(outcome: Any) -> None:
            uid = outcome.uid if isinstance(outcome, Present) else ""
            uids.insert(0 if uid == letter.user.uid else len(uids), uid)

        engine.ask(edge.account(account), Info(), known)

    def _end(self, key: tuple[str, str], group: GroupId | None) -> None:
        """The conversation is open, or is not to be."""
        letter = self._opening[key].popleft()
        if group is not None:
            self._converse(group, letter)
        else:
            self._plainly(letter)
        while self._opening[key]:
            letter = self._opening[key][0]
            found = self._open(letter, key[1]) if self.edge.talks.keeps(letter.user) else None
            if found is None:
                self._begin(key)
                return
            self._converse(found, self._opening[key].popleft())
        del self._opening[key]
