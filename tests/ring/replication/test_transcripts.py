"""Ten situations of the group protocol, each as its messages: read transcripts/*.txt as documentation.

A transcript lists the messages between nodes about one group, and the texts shown to people on these nodes. A change of
the protocol changes transcripts: `python -m tests.ring.replication.test_transcripts` writes them anew, and the change
is reviewed with the commit.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ring.ids import GroupId
from ring.wire.codec import encode
from ring.wire.messages import Message
from ring.wire.replication import Publish
from tests.ring.toy import STEPS, ToyNet
from tests.sim.trace import describe

FOLDER = Path(__file__).parent / "transcripts"
ERLANG = GroupId("channel", "#erlang")
N1, N2, N3, N4 = (f"127.0.0.{number}" for number in range(1, 5))
WAY_S = 0.01
"""How long every message is on its way."""


def name(key: str) -> str:
    return "n" + key.rpartition(".")[2]


class Transcript(ToyNet):
    """A network that writes down the messages about #erlang. cut: pairs of nodes without hearing of each other."""

    def __init__(self, nodes: int) -> None:
        self.text: list[str] = []
        self.quiet = True
        self.cut: set[frozenset[str]] = set()
        self.lost: Callable[[str, str, Message], bool] = lambda sender, to, message: False
        super().__init__(nodes, delay_s=(WAY_S, WAY_S))
        self.began = self.now

    def begin(self, what: str) -> None:
        """From here on everything is written down; times count from here."""
        self.quiet, self.began = False, self.now
        self.does(what)

    def does(self, what: str) -> None:
        self.text.append(f"-- {what}")

    def write_down(self, text: str) -> None:
        if not self.quiet:
            self.text.append(f"{(self.now - self.began) * 1000:6.0f} ms  {text}")

    def turn(self, key: str, job: Callable[[], Any]) -> None:
        """Run one turn of a node; write down the texts shown to people there, and the messages that leave the node."""
        if key in self.down:
            return
        engine, host = self.engines[key], self.hosts[key]
        before = (len(host.heard.get(ERLANG, ())), len(host.answers), len(engine.notes))
        engine.begin(self.now)
        job()
        engine.carry_on(STEPS)
        sent = engine.drain()
        for note in engine.notes[before[2] :]:
            if note.group == ERLANG or note.event.startswith("node_"):
                facts = ", ".join(f"{k}={v}" for k, v in note.facts.items() if k not in ("took_ms", "frozen_ms"))
                self.write_down(f"{name(key)} notes {note.event}: {facts}")
        for text in host.heard.get(ERLANG, [])[before[0] :]:
            self.write_down(f"{name(key)} shows: {text}")
        for token, outcome in host.answers[before[1] :]:
            self.write_down(f"{name(key)} answers {token}: {outcome}")
        for peer, messages in sent.items():
            for message in messages:
                self._send(key, peer, message)

    def _send(self, key: str, peer: str, message: Message) -> None:
        is_lost = frozenset((key, peer)) in self.cut or self.lost(key, peer, message)
        if getattr(message, "group", ERLANG) == ERLANG and type(message).__name__ != "Records":
            self.write_down(f"{name(key)} > {name(peer)}  {describe(encode([message]))}{'  (lost)' if is_lost else ''}")
        if not is_lost:
            self.at(WAY_S, self.delivery(self.engines[key].me, peer, encode([message])))

    def say(self, key: str, text: str) -> None:
        self.does(f"somebody on {name(key)} says {text!r}")
        self.submit(key, ERLANG, ["say", text], text)

    def meet(self, *keys: str) -> None:
        """Somebody on each of the nodes is in #erlang, and all is quiet again."""
        for key in keys:
            self.join(key, ERLANG)
            self.run(1.0)
        self.run(3.0)

    def part_sides(self, ours: list[str], theirs: list[str]) -> None:
        """Let neither side hear the other any more, and take the other side's nodes for dead."""
        for one in ours:
            for other in theirs:
                self.cut.add(frozenset((one, other)))
        for one in (*ours, *theirs):
            for other in theirs if one in ours else ours:
                node = self.engines[other].me
                self.turn(one, lambda e=self.engines[one], n=node: e.lost(n.key, n.number, "refused"))  # type: ignore[misc]

    def heal(self) -> None:
        pairs, self.cut = sorted(sorted(pair) for pair in self.cut), set()
        for one, other in pairs:
            for here, there in ((one, other), (other, one)):
                record = self.engines[there].peers.me
                self.turn(here, lambda e=self.engines[here], r=record: e.linked(r))  # type: ignore[misc]


# The situations -------------------------------------------------------------------------------------------------------


def first_member() -> Transcript:
    """The first member of a group: no node holds the group, so the master starts the group empty and makes a backup."""
    net = Transcript(3)
    net.begin("somebody on n1 joins #erlang, whose owner by the ring is n3")
    net.join(N1, ERLANG)
    net.run(0.5)
    return net


def append_and_commit() -> Transcript:
    """A message gets its place, is held by the backup, is committed, and is shown on all nodes with members."""
    net = Transcript(3)
    net.meet(N1, N2)
    net.begin("members sit on n1 and n2; n3 is the master")
    net.say(N1, "hello")
    net.run(0.3)
    return net


def gap_and_resync() -> Transcript:
    """A follower that lacks an entry applies nothing past the gap, and asks for the missing entries."""
    net = Transcript(3)
    net.meet(N1, N2)
    net.begin("the next entry is lost on its way to n1")
    lost: list[Message] = []

    def first_publish(sender: str, to: str, message: Message) -> bool:
        if to == N1 and isinstance(message, Publish) and message.entries and not lost:
            lost.append(message)
            return True
        return False

    net.lost = first_publish
    net.say(N2, "one")
    net.run(0.05)
    net.say(N2, "two")
    net.run(0.4)
    return net


def lagging_follower() -> Transcript:
    """A follower without an acknowledgement is asked again, at longer and longer intervals, and catches up."""
    net = Transcript(3)
    net.meet(N1, N2)
    net.begin("n1 hears nothing for a second")
    net.lost = lambda sender, to, message: to == N1
    net.say(N2, "hello")
    net.run(1.0)
    net.does("n1 hears again")
    net.lost = lambda sender, to, message: False
    net.run(2.0)
    return net


def barrier() -> Transcript:
    """A PING is answered once all earlier messages are on every node with members."""
    net = Transcript(3)
    net.meet(N1, N2)
    net.begin("what n2 acknowledges is lost for 100 ms")
    net.lost = lambda sender, to, message: sender == N2 and type(message).__name__ == "Ack"
    net.say(N1, "hello")
    net.does("the speaker sends PING")
    net.turn(N1, lambda: net.engines[N1].settle([ERLANG], lambda: net.write_down("n1 answers PONG")))
    net.run(0.1)
    net.lost = lambda sender, to, message: False
    net.run(1.5)
    return net


def last_member() -> Transcript:
    """The last member leaves: the followers let go, and the master forgets the group with its backup."""
    net = Transcript(3)
    net.meet(N1)
    net.begin("the only member, on n1, leaves")
    net.part(N1, ERLANG)
    net.run(3.0)
    return net


def takeover() -> Transcript:
    """The master dies: the next owner asks the holders, has a higher term promised, and serves the newest replica."""
    net = Transcript(4)
    net.meet(N1, N2)
    (master,) = net.masters(ERLANG)
    net.begin(f"{name(master)}, the master, dies")
    net.kill(master)
    net.run(1.0)
    net.say(N1, "hello again")
    net.run(0.3)
    return net


def hand_off() -> Transcript:
    """A better owner starts: the master installs the group there, and its last entry names the new master."""
    net = Transcript(2)
    net.meet(N1)
    net.begin("n3 starts, the owner by the ring")
    net.start(N3)
    net.run(8.0)
    return net


def fork_and_merge() -> Transcript:
    """Both sides of a partition talk on; after the heal, the lower term's log is appended to the higher term's."""
    net = Transcript(3)
    net.meet(N1, N2, N3)
    net.begin("n3 is cut off from n1 and n2")
    net.part_sides([N1, N2], [N3])
    net.run(1.0)
    net.say(N1, "on this side")
    net.run(0.2)
    net.say(N3, "on the other side")
    net.run(0.2)
    net.does("the partition heals")
    net.heal()
    net.run(4.0)
    return net


def witness() -> Transcript:
    """A node unheard by one other node alone is not dead: a third node hears the node, and carries the messages."""
    net = Transcript(3)
    net.meet(N1, N2)
    net.begin("n1 and n3, the master, do not hear each other; n2 hears both")
    net.cut.add(frozenset((N1, N3)))
    for heard in (N1, N3):  # heartbeats on the links
        net.turn(N2, lambda n=net.engines[heard].me: net.engines[N2].heard(n))  # type: ignore[misc]
    for here, there in ((N1, N3), (N3, N1)):
        node = net.engines[there].me
        net.turn(here, lambda e=net.engines[here], n=node: e.lost(n.key, n.number, "silent"))  # type: ignore[misc]
    net.run(0.3)
    net.say(N1, "hello")
    net.run(0.5)
    return net


SITUATIONS = (
    first_member, append_and_commit, gap_and_resync, lagging_follower, barrier, last_member, takeover, hand_off,
    fork_and_merge, witness,
)  # fmt: skip


def text_of(situation: Callable[[], Transcript]) -> str:
    assert situation.__doc__ is not None
    return "\n".join([situation.__doc__, "", *situation().text, ""])


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.__name__)
def test_a_situation_takes_these_messages(situation: Callable[[], Transcript]) -> None:
    assert text_of(situation) == (FOLDER / f"{situation.__name__}.txt").read_text()


if __name__ == "__main__":
    for each in SITUATIONS:
        (FOLDER / f"{each.__name__}.txt").write_text(text_of(each))
