"""A client speaks on one node to its session on another: if either node dies, the line is not lost, and is said once
(P9).
"""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec
import pytest

from gateway.edge.client.call import Call
from gateway.edge.client.connection import Connection
from gateway.edge.cursors.playback import Playback
from gateway.edge.sessions import unsettled
from gateway.state.account.messages import SetSettings
from ring.ids import GroupId
from tests.gateway.commands.accounts import Newcomer, register
from tests.sim.history import ALL as ALL_LINES
from tests.sim.history import recall, told
from tests.sim.net import Client, Net
from tests.sim.test_sessions import drop, login, made

MASTERS = {"#irc": "n1", "#go": "n2", "#erlang": "n3"}
"""Of three nodes."""


class Story:
    """Bob on n3; ann's laptop on n1, where her session is, and her phone on n2, which talks while n1 ends; her tablet
    listens on n3."""

    def __init__(self, seed: int, caps: str, channel: str = "#erlang", always_on: bool = True) -> None:
        self.net = net = Net(3, seed, disks=True)
        self.chance = random.Random(seed)
        self.channel = channel
        made(net, always_on=always_on)
        self.bob = self._bob()
        self.laptop = login(net, "n1", "laptop")
        self.laptop.send(f"JOIN {channel}")
        self.laptop.sync()
        self.phone = login(net, "n2", "phone", f"sasl {caps}")
        self.tablet = login(net, "n3", "tablet", "sasl znc.in/self-message")
        self.phone.send("PRIVMSG bob :and so they talk")
        self.phone.sync()
        net.run(2)
        assert net.nodes["n1"].core.edge.sessions.users["ann"]
        assert net.masters(GroupId("channel", channel)) == [MASTERS[channel]]

    def _bob(self) -> Client:
        """Bob has an account, too."""
        bob = Newcomer(self.net, "n3", "sasl")
        bob.enter("bob")
        assert any(line.startswith("REGISTER SUCCESS") for line in register(bob, "mellon"))
        bob.send(f"JOIN {self.channel}")
        bob.sync()
        return bob

    def tell(self, end: str) -> None:
        """Sixteen lines of each kind, and n1's end somewhere among the first fifteen, which take 150 ms."""
        net = self.net
        for number in range(15):
            net.at(number * 0.01, lambda n=number: self.say(n))  # type: ignore[misc]
        net.run(self.chance.uniform(0.0, 0.2))
        END[end](net)
        net.run(12)
        self.say(15)
        self.phone.send("PING end")
        net.run(3)

    def say(self, number: int) -> None:
        self.phone.send(f"PRIVMSG {self.channel} :line {number}", f"PRIVMSG bob :word {number}")

    def numbers(self, client: Client, word: str) -> list[int]:
        said = [m.params[1].split(" ") for m in client.messages() if m.command == "PRIVMSG"]
        return [int(words[1]) for words in said if words[0] == word]


END: dict[str, Callable[[Net], None]] = {
    "killed": lambda net: net.kill("n1"),
    "dark": lambda net: net.kill("n1", dark=True),
    "left": lambda net: net.leave("n1"),
}
ALL = list(range(16))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("caps", ["", "echo-message"])
@pytest.mark.parametrize("end", [*END])
def test_nothing_that_was_said_to_a_session_is_lost_with_its_node(seed: int, end: str, caps: str) -> None:
    story = Story(seed, caps, sorted(MASTERS)[(seed + len(caps)) % 3], always_on=seed % 2 == 0)
    story.tell(end)
    assert story.phone.closed is None
    for word in ("line", "word"):
        assert story.numbers(story.bob, word) == ALL == story.numbers(story.tablet, word)
        assert story.numbers(story.phone, word) == (ALL if caps else [])
    assert any(" PONG " in line and line.endswith("end") for line in story.phone.got)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("quits", [False, True])
def test_who_says_something_and_goes_is_heard_though_the_session_dies(seed: int, quits: bool) -> None:
    """quits: and says so; else the connection breaks."""
    story = Story(seed, "", sorted(MASTERS)[seed % 3])
    net, phone = story.net, story.phone
    for number in range(10):
        story.say(number)
    net.run(story.chance.uniform(0.0, 0.03))
    if quits:
        phone.quit()
    net.turn(phone.node, lambda: phone.node.core.edge.clients.gone(phone.connection, "reset"))
    net.run(story.chance.uniform(0.0, 0.02))
    net.kill("n1")
    net.run(20)
    for word in ("line", "word"):
        assert story.numbers(story.bob, word) == [*range(10)] == story.numbers(story.tablet, word)
    edges = [node.core.edge for node in net.nodes.values() if node.up]
    assert not any(edge.forwarding.lingering for edge in edges)
    assert not any(c.device == "phone" for edge in edges for c in edge.clients.connections.values())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("end", ["killed", "dark"])
def test_what_a_leaving_node_has_read_is_said_though_the_session_dies(seed: int, end: str) -> None:
    """n2 leaves while the lines are on their way to n1, with the session; n3 takes the session up."""
    story = Story(seed, "", sorted(MASTERS)[seed % 3])
    net, node = story.net, story.phone.node
    net.turn(node, lambda: node.core.engine.leave(msgspec.structs.replace(node.core.engine.peers.me, leaving=True)))
    assert net.until(lambda: not node.core.holds_groups, 10)
    for number in range(10):
        story.say(number)
    net.run(story.chance.uniform(0.0, 0.03))
    net.turn(node, lambda: node.core.edge.clients.close_all("Server is shutting down"))
    END[end](net)
    assert net.until(lambda: node.core.edge.clients.idle, 20)
    net.kill("n2")
    net.run(20)
    for word in ("line", "word"):
        assert story.numbers(story.bob, word) == [*range(10)] == story.numbers(story.tablet, word)


@pytest.mark.parametrize("seed", [0, 3])
def test_who_says_goodbye_to_a_session_whose_node_is_dead_has_not_read_what_was_said_since(seed: int) -> None:
    """n3 takes the session up, or n2, where the client was."""
    story = Story(seed, "", sorted(MASTERS)[seed % 3])
    net, phone = story.net, story.phone
    net.run(3)
    net.kill("n1", dark=True)
    for number in range(5):
        story.bob.send(f"PRIVMSG {story.channel} :late {number}")
    net.run(1)
    story.say(0)
    phone.quit()
    net.turn(phone.node, lambda: phone.node.core.edge.clients.gone(phone.connection, "reset"))
    net.run(20)
    assert story.numbers(story.bob, "line") == [0]
    assert sum("ann" in net.nodes[name].core.edge.sessions.users for name in ("n2", "n3")) == 1
    again = login(net, "n2", "phone")
    assert story.numbers(again, "late") == [*range(5)]


@pytest.mark.parametrize("seed", range(2))
def test_what_both_sides_of_a_partition_were_told_is_said_once(seed: int) -> None:
    """n1, with the session, is cut off while the client's lines are on their way; n1 masters the channel."""
    story = Story(seed, "echo-message", "#irc")
    net = story.net
    for number in range(10):
        net.at(number * 0.01, lambda n=number: story.say(n))  # type: ignore[misc]
    net.run(story.chance.uniform(0.02, 0.1))
    others = {node.key for node in net.nodes.values()} - {"127.0.0.1"}
    net.links.isolate({"127.0.0.1"}, others)
    net.run(25)
    net.links.heal()
    net.run(20)
    for word in ("line", "word"):
        for client in (story.bob, story.tablet, story.phone):
            assert story.numbers(client, word) == [*range(10)]
    assert told(recall(net, "n3", ALL_LINES, GroupId("channel", "#irc"))) == [f"line {n}" for n in range(10)]


def begun(caps: str, seed: int, channel: str) -> Story:
    """Say something deletable, and read earlier lines."""
    story = Story(seed, caps, channel)
    story.phone.send(f"PRIVMSG {channel} :secret")
    for client in (story.phone, story.bob):
        client.sync()
    story.net.run(1)
    return story


def end_while_it_says(story: Story, after_s: float, *lines: str) -> list[str]:
    """Return the phone's last lines when its session's node is killed this long after: the deed is done, or is not."""
    story.phone.send(*lines)
    story.net.run(after_s)
    story.net.kill("n1")
    story.net.run(15)
    return story.phone.sync()


@pytest.mark.parametrize(("channel", "after_s"), [("#go", 0.0), ("#irc", 0.02), ("#go", 0.036)])
def test_who_parts_reads_so_once_whichever_node_did_it(channel: str, after_s: float) -> None:
    story = begun("", 0, channel)
    assert end_while_it_says(story, after_s, f"PART {channel} :bye") == [f":ann!~ann@10.0.0.1 PART {channel} bye"]
    assert story.bob.sync() == [f":ann!~ann@10.0.0.1 PART {channel} bye"]


@pytest.mark.parametrize(("target", "after_s"), [("#irc", 0.02), ("#irc", 0.04), ("bob", 0.05)])
def test_who_deletes_a_message_reads_so_once_whichever_node_did_it(target: str, after_s: float) -> None:
    story = begun("message-tags draft/message-redaction", 0, "#irc")
    (bob,) = story.net.nodes["n3"].core.edge.users.values()
    group = GroupId("channel", "#irc") if target == "#irc" else next(iter(bob.seats.conversations))
    said = recall(story.net, "n3", ALL_LINES, group)
    assert said
    read = end_while_it_says(story, after_s, f"REDACT {target} {said[-1].msgid}")
    assert [line.partition(" REDACT ")[2] for line in read] == [f"{target} {said[-1].msgid}"]
    assert told(recall(story.net, "n3", ALL_LINES, group)) == told(said[:-1])


@pytest.mark.parametrize(("seed", "after_s"), [(0, 0.035), (1, 0.033)])
def test_who_joins_is_there_though_its_session_s_node_dies(seed: int, after_s: float) -> None:
    story = begun("", seed, "#irc")
    read = end_while_it_says(story, after_s, "JOIN #new")
    assert ":ann!~ann@10.0.0.1 JOIN #new" in read
    story.net.run(30)
    assert any(line.startswith("353 ") and line.endswith(":@ann") for line in story.bob.ask("NAMES #new"))


@pytest.mark.parametrize("seed", range(2))
def test_what_was_said_in_a_conversation_does_not_come_again_by_another_way(seed: int) -> None:
    """Meanwhile the person has chosen to keep nothing."""
    story = begun("echo-message", seed, "#irc")
    story.phone.send("PRIVMSG bob :word 1")
    story.net.run(0.04)
    story.net.kill("n1")
    story.net.nodes["n2"].core.engine.submit(GroupId("account", "ann"), SetSettings("", {"keep_private": False}))
    story.net.run(15)
    assert story.numbers(story.bob, "word") == [1] == story.numbers(story.phone, "word")
    story.phone.send("PRIVMSG bob :word 2")
    story.phone.sync()
    assert story.numbers(story.bob, "word") == [1, 2] == story.numbers(story.phone, "word")


def test_who_steps_down_is_not_told_that_it_may_not() -> None:
    story = begun("", 0, "#irc")
    story.phone.send("JOIN #new")
    story.phone.sync()
    story.net.run(1)
    read = end_while_it_says(story, 0.012, "MODE #new -o ann")
    assert not [line for line in read if " 482 " in line]


def test_what_both_sides_were_told_is_not_shown_again_to_a_device_that_changes_sides() -> None:
    """The device is on n1 while n1 is cut off and has taken some lines; the other side, not knowing, is told the lines
    again.
    """
    told_to_both = sum(changes_sides(seed) for seed in range(8))
    assert told_to_both >= 3, "the story is seldom what it is meant to be"


def changes_sides(seed: int) -> bool:
    """Returns whether both sides were told some of the lines."""
    story = Story(seed, "echo-message", "#irc")
    net = story.net
    desk = login(net, "n1", "desk", "sasl znc.in/self-message")
    for number in range(10):
        net.at(number * 0.01, lambda n=number: story.say(n))  # type: ignore[misc]
    net.run(story.chance.uniform(0.02, 0.1))
    net.links.isolate({"127.0.0.1"}, {"127.0.0.2", "127.0.0.3"})
    net.run(25)
    read = {word: story.numbers(desk, word) for word in ("line", "word")}
    drop(desk)
    net.links.heal()
    net.run(20)
    led = [m.replica for node in net.nodes.values() for m in node.core.engine.replicas.masters.values()]
    desk = login(net, "n3", "desk", "sasl znc.in/self-message")
    for word, before in read.items():
        assert sorted(before + story.numbers(desk, word)) == [*range(10)]
    return any(replica.aliases for replica in led)


def test_who_says_more_than_may_wait_is_not_read_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """The session's node is silent, and nobody knows yet of its death."""
    monkeypatch.setattr(unsettled, "BYTES", 500)
    story = Story(1, "", "#go")
    story.net.kill("n1", dark=True)
    for number in range(16):
        story.say(number)
    assert story.phone.connection.queue.busy
    assert 0 < len(story.phone.connection.queue.pending) < 30
    story.net.run(12)
    assert story.numbers(story.bob, "line") == ALL == story.numbers(story.bob, "word")


def nothing_is_known_by_its_number(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Call, "idempotency_key", lambda self, target=0: None)


def own_words_are_played(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Playback, "_wanted", lambda self, lines: lines)


def what_is_read_is_settled(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Connection, "settled", property(lambda self: self.queue.line))


@pytest.mark.parametrize("broken", [nothing_is_known_by_its_number, own_words_are_played, what_is_read_is_settled])
def test_a_break_is_caught(broken: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch)
    for seed in range(10):
        try:
            test_nothing_that_was_said_to_a_session_is_lost_with_its_node(seed, "killed", "")
        except AssertionError:
            return
    pytest.fail("not caught")
