"""Plain messages to channels: on the short way as by the general way, in order, and answered where they are refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.edge.client.talk import ChannelTalk
from tests.gateway.commands.stage import people, settle
from tests.sim.net import Client, Net

CAPS = ("", "server-time", "message-tags", "echo-message", "echo-message labeled-response batch message-tags")
_ID = re.compile(r"(time|msgid)=[^; ]*")


def read(client: Client) -> list[str]:
    return [_ID.sub(r"\1", line) for line in client.lines()]


def crowd(nodes: int, caps: str) -> list[Client]:
    """ann operates #c and #Moderated, and has banned bob from #ban; cat is on another node, if there is one."""
    ann, bob, cat = people(Net(nodes), "ann", "bob", "cat", channel="#c", caps=caps)
    ann.ask("JOIN #Moderated,#ban,#plain", "MODE #moderated +m", "MODE #plain +C")
    for other in (bob, cat):
        other.ask("JOIN #moderated,#ban,#plain")
    ann.ask("MODE #ban +b bob!*@*")
    settle(ann, bob, cat)
    for client in (ann, bob, cat):
        client.lines()
    return [ann, bob, cat]


def bypassed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ChannelTalk, "relay", lambda *_: False)


texts = st.binary(max_size=420).map(lambda text: text.replace(b"\r", b"").replace(b"\n", b""))
targets = [b"#c", b"#C", b"#moderated", b"#Moderated", b"#ban", b"#plain", b"#nowhere", b"#c,#plain", b"#c x", b"@#c"]
lines = st.builds(
    lambda head, text: head + text,
    st.builds(
        lambda verb, to: b"%b %b " % (verb, to), st.sampled_from([b"PRIVMSG", b"NOTICE"]), st.sampled_from(targets)
    ),
    st.builds(lambda text: b":" + text, texts)
    | st.sampled_from(
        [b"word", b":", b": ", b":\x01VERSION\x01", b":\x01ACTION x\x01", b":\xf4\x8f\xbe\x80 \xff", b":\x00"]
    ),
)
others = st.sampled_from([b"PING x", b"MODE #c", b"TOPIC #c", b"@label=1 PRIVMSG #c :one", b"WHOIS cat", b"JOIN #c"])


@pytest.mark.parametrize("nodes", [1, 3])
@pytest.mark.parametrize("caps", CAPS)
def test_the_short_way_tells_everybody_the_same_as_the_general_way(caps: str, nodes: int) -> None:
    crowds = [crowd(nodes, caps) for _ in range(2)]

    @settings(max_examples=60)
    @given(st.lists(lines | others, min_size=1, max_size=5), st.sampled_from([0, 1, 2]))
    def same(said: list[bytes], speaker: int) -> None:
        found = []
        for clients, short in zip(crowds, (True, False), strict=True):
            with pytest.MonkeyPatch.context() as patch:
                if not short:
                    bypassed(patch)
                clients[speaker].send_bytes(b"".join(line + b"\r\n" for line in said))
                clients[0].net.run(0.5)
            found.append([read(client) for client in clients])
        assert found[0] == found[1]

    same()


def test_a_message_on_its_way_holds_up_later_answers_and_is_refused_in_its_place() -> None:
    """bob's channel is mastered on another node: the refusal comes after the answer to PING would be ready."""
    ann, bob, cat = crowd(3, "")
    for client in (bob, cat):
        client.send_bytes(
            b"PRIVMSG #moderated :one\r\nMODE #c\r\nPRIVMSG #c :two\r\nPRIVMSG #ban :three\r\nMODE #plain\r\n"
        )
        client.net.run(1.0)
        answered = [line.split()[1] for line in client.lines() if line.split()[1] in ("404", "324")]
        assert answered == (["404", "324", "404", "324"] if client is bob else ["404", "324", "324"])
    assert ann.heard("#c") == ["two", "two"] and ann.heard("#ban") == ["three"]


def test_the_short_way_is_taken_by_members_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[bool] = []
    relay = ChannelTalk.relay
    monkeypatch.setattr(ChannelTalk, "relay", lambda *args: taken.append(relay(*args)) or taken[-1])
    ann, bob, _ = crowd(1, "")
    for line, short in (
        (b"PRIVMSG #c :hi", True),
        (b"PRIVMSG #C :hi", True),
        (b"NOTICE #c :hi", False),
        (b"PRIVMSG #c hi", False),
        (b"PRIVMSG #c :", False),
        (b"PRIVMSG #nowhere :hi", False),
        (b"PRIVMSG #c,#plain :hi", False),
    ):
        taken.clear()
        ann.send_bytes(line + b"\r\n")
        assert taken == [short]
    assert bob.heard("#c")[:2] == ["hi", "hi"]


def test_the_last_words_of_a_client_are_said_and_heard() -> None:
    ann, bob, _ = crowd(3, "")
    bob.send_bytes(b"".join(b"PRIVMSG #c :%d\r\n" % number for number in range(20)))
    bob.end()
    assert bob.net.until(lambda: bob.closed is not None, 20)
    ann.sync()
    assert ann.heard("#c") == [str(number) for number in range(20)]
