"""METADATA: keys of people and channels, on one node and on three. Source: IRCv3 metadata (draft/metadata-3)."""

from __future__ import annotations

import pytest

from config.metadata import Metadata
from tests.gateway.commands.accounts import Newcomer
from tests.gateway.commands.stage import network, people, settle
from tests.settings import section
from tests.sim.net import Client, Net

CAPS = "draft/metadata-3 batch"
PASSWORD = "correct-horse-battery"


@pytest.fixture(params=[1, 3], ids=["one node", "three nodes"])
def net(request: pytest.FixtureRequest) -> Net:
    return network(request.param)


def inside(lines: list[str]) -> list[str]:
    """Return the lines of the only batch of metadata, without the server's name and the tag."""
    opening = lines[0].split(" ")
    name = opening[1].removeprefix("+")
    assert opening[0] == "BATCH" and opening[2] == "metadata" and lines[-1] == f"BATCH -{name}", lines
    prefix = f"@batch={name} :irc.circlet.local "
    assert all(line.startswith(prefix) for line in lines[1:-1]), lines
    return [line.removeprefix(prefix) for line in lines[1:-1]]


def keys(client: Client) -> list[str]:
    """Return the lines 761, 766 and 774 since the last read."""
    return [line.split(" ", 1)[1] for line in client.sync() if line.split(" ")[1] in ("761", "766", "774")]


def test_keys_of_oneself(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", caps=CAPS)
    unset = ["766 ann ann display-name :key not set", "766 ann ann avatar :key not set"]
    assert inside(ann.ask("METADATA * GET display-name avatar")) == unset
    assert inside(ann.ask("METADATA * LIST")) == []
    assert ann.ask("METADATA * SET Display-Name :Ann the First") == ["761 ann ann display-name * :Ann the First"]
    assert ann.ask("METADATA ann SET display-name :Ann \N{PURPLE HEART}") == [
        "761 ann ann display-name * :Ann \N{PURPLE HEART}"
    ]
    for reader, target in ((ann, "*"), (ann, "ANN"), (bob, "ann")):
        row = f"761 {reader.nick} ann display-name * :Ann \N{PURPLE HEART}"
        assert inside(reader.ask(f"METADATA {target} GET display-name")) == [row]
        assert inside(reader.ask(f"METADATA {target} LIST")) == [row]
    assert [line for line in bob.ask("WHOIS ann") if line.startswith("760 ")] == [
        "760 bob ann display-name * :Ann \N{PURPLE HEART}"
    ]
    assert ann.ask("METADATA * SET display-name") == ["766 ann ann display-name :key not set"]
    assert ann.ask("METADATA * SET display-name") == ["766 ann ann display-name :key not set"]
    ann.ask("METADATA * SET a :1", "METADATA * SET b :2")
    assert inside(ann.ask("METADATA * CLEAR")) == ["766 ann ann a :key not set", "766 ann ann b :key not set"]
    assert inside(bob.ask("METADATA ann LIST")) == [] and bob.sync() == []


def test_keys_of_others_stay(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c", caps=CAPS)
    bob.ask("METADATA * SET color :red")
    assert ann.ask("METADATA bob SET display-name :x") == [
        "FAIL METADATA KEY_NO_PERMISSION bob display-name :You may not change the metadata of this target"
    ]
    assert ann.ask("METADATA bob CLEAR") == [
        "FAIL METADATA KEY_NO_PERMISSION bob * :You may not change the metadata of this target"
    ]
    assert bob.ask("METADATA #c SET display-name :x")[0].startswith("FAIL METADATA KEY_NO_PERMISSION #c display-name :")
    assert bob.ask("METADATA #c CLEAR")[0].startswith("FAIL METADATA KEY_NO_PERMISSION #c * :")
    assert inside(bob.ask("METADATA * LIST")) == ["761 bob bob color * red"]
    assert inside(ann.ask("METADATA #c LIST")) == [] and ann.sync() == bob.sync() == []


def test_who_follows_a_key_reads_changes(net: Net) -> None:
    """Changes of people in one's channels and of channels; nobody reads the own changes, or keys of strangers."""
    ann, bob, cat = people(net, "ann", "bob", "cat", caps=CAPS)
    assert bob.ask("METADATA * SUB avatar display-name") == ["770 bob avatar display-name"]
    ann.ask("METADATA * SET display-name :First")
    assert keys(bob) == []
    ann.ask("JOIN #c")
    bob.send("JOIN #c")
    cat.ask("JOIN #c")
    assert keys(bob) == ["761 bob ann display-name * First"]
    ann.ask("METADATA * SET display-name :Second", "METADATA * SET other :x")
    assert keys(bob) == ["761 bob ann display-name * Second"]
    ann.ask("METADATA #c SET display-name :Ring", "METADATA * SET display-name")
    assert keys(bob) == ["761 bob #c display-name * Ring", "766 bob ann display-name :key not set"]
    ann.ask("METADATA #c CLEAR")
    assert keys(bob) == ["766 bob #c display-name :key not set"]
    assert keys(ann) == keys(cat) == []
    bob.ask("METADATA * UNSUB display-name")
    ann.ask("METADATA * SET display-name :Third")
    assert keys(bob) == []


def test_newcomers_read_the_keys_of_the_channel_and_members(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", caps=CAPS)
    ann.ask("JOIN #c", "METADATA #c SET url :https://example.org", "METADATA #c SET avatar :x", "METADATA * SET url :a")
    bob.ask("METADATA * SUB url")
    bob.send("JOIN #c")
    assert keys(bob) == ["761 bob #c url * https://example.org", "761 bob ann url * a"]
    bob.ask("METADATA * SET url :b")
    ann.ask("METADATA * SUB url")
    bob.ask("PART #c", "JOIN #c")
    assert keys(ann) == ["761 ann bob url * b"]
    rows = ["761 ann #c url * https://example.org", "761 ann ann url * a", "761 ann bob url * b"]
    assert inside(ann.ask("METADATA #c SYNC")) == rows
    assert ann.ask("METADATA * SUB avatar") == ["770 ann avatar", "774 ann #c"]
    assert inside(ann.ask("METADATA bob SYNC")) == ["761 ann bob url * b"]


def test_a_large_channel_is_shown_on_request() -> None:
    """More lines than a newcomer is sent unasked: the client is told to ask."""
    net = network(1, metadata=section(Metadata, keys_max=100))
    ann, *others = people(net, "ann", "bob", "cat", "dan", channel="#c", caps=CAPS)
    names = [f"k{number}" for number in range(60)]
    for one in others:
        one.ask(*(f"METADATA * SET {name} :x" for name in names))
        one.ask(*(f"METADATA * SUB {' '.join(names[at : at + 10])}" for at in range(0, 50, 10)))
    bob = others[0]
    ann.ask(*(f"METADATA #c SET {name} :x" for name in names), *(f"METADATA * SET {name} :x" for name in names))
    bob.ask("PART #c")
    bob.lines()
    bob.send("JOIN #c")
    assert keys(bob) == ["774 bob #c"]
    assert len(inside(bob.ask("METADATA #c SYNC"))) == 50 * 5


def test_closed_channels_tell_strangers_nothing(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", caps=CAPS)
    ann.ask("JOIN #c", "METADATA #c SET display-name :Ours")
    bob.ask("METADATA * SUB display-name")
    assert inside(bob.ask("METADATA #c LIST")) == ["761 bob #c display-name * Ours"]
    for mode in ("+i", "+k sesame", "+s"):
        ann.ask(f"MODE #c {mode}")
        for words in ("GET display-name", "LIST", "SYNC"):
            lines = bob.ask(f"METADATA #c {words}")
            assert lines and not any("Ours" in line for line in lines)
        ann.ask(f"MODE #c -{mode[1:]}")


def test_keys_before_registration(net: Net) -> None:
    (bob,) = people(net, "bob", caps=CAPS)
    client = Newcomer(net, list(net.nodes)[-1], CAPS)
    client.send("METADATA * SET display-name :Ann", "METADATA * SUB url", "METADATA * SET x :1", "METADATA * SET x")
    assert [line.split(" ", 1)[1] for line in client.lines()] == [
        "761 * * display-name * Ann",
        "770 * url",
        "761 * * x * 1",
        "766 * * x :key not set",
    ]
    client.send("METADATA bob LIST", "METADATA #c SET a :b")
    assert [line.split(" ")[3] for line in client.lines()] == ["INVALID_TARGET", "KEY_NO_PERMISSION"]
    client.enter("ann")
    lines = [line.removeprefix(":irc.circlet.local ") for line in client.got]
    at = next(number for number, line in enumerate(lines) if line.startswith("BATCH +") and " metadata ann" in line)
    assert inside(lines[at : at + 3]) == ["761 ann ann display-name * Ann"]
    assert inside(bob.ask("METADATA ann LIST")) == ["761 bob ann display-name * Ann"]
    assert client.ask("METADATA * SUBS") == ["772 ann url"]


def test_bad_input(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c", caps=CAPS)
    (cat,) = people(net, "cat")
    bob.ask("METADATA * SUB display-name")
    assert cat.ask("METADATA * LIST") == ["421 cat METADATA :Unknown command"]
    assert ann.ask("METADATA", "METADATA *")[0].startswith("FAIL METADATA NEED_MORE_PARAMS :")
    assert ann.ask("METADATA * SET", "METADATA * GET", "METADATA * SUB")[2].startswith("FAIL METADATA NEED_MORE_PAR")
    assert ann.ask("METADATA * NONSENSE")[0].startswith("FAIL METADATA SUBCOMMAND_INVALID NONSENSE :Choose from GET")
    for target in ("nobody", "#none", "x!y@z", "#", "NickServ"):
        assert ann.ask(f"METADATA {target} LIST")[0].startswith(f"FAIL METADATA INVALID_TARGET {target} :"), target
    for key in ("$url", ":x", "é", "x" * 65, "a*b"):
        assert ann.ask(f"METADATA * SET {key} x")[0].split(" ")[2] == "KEY_INVALID", key
    assert inside(ann.ask("METADATA * GET $url ok"))[0] == "FAIL METADATA KEY_INVALID $url :This is no key"
    answers = ["FAIL METADATA KEY_INVALID $bad :This is no key", "770 ann ok also", "774 ann #c"]
    assert ann.ask("METADATA * SUB ok $bad also") == answers
    for value in (b"\xc3<-", b"abcd" * 120, "\N{PURPLE HEART}".encode() * 110):
        ann.send_bytes(b"METADATA * SET display-name :" + value + b"\r\n")
        assert [line.split(" ")[1:5] for line in ann.sync()] == [["FAIL", "METADATA", "INVALID_VALUE", "display-name"]]
    assert bob.sync() == []


def test_limits_are_told_and_kept() -> None:
    net = network(3, metadata=section(Metadata, keys_max=2, subs_max=3))
    (ann,) = people(net, "ann", caps=CAPS)
    assert any(
        "draft/metadata-3=before-connect,max-subs=3,max-keys=2,max-value-bytes=300" in line
        for line in ann.ask("CAP LS 302")
    )
    ann.ask("JOIN #c")
    for target, name in (("*", "ann"), ("#c", "#c")):
        ann.ask(f"METADATA {target} SET a :1", f"METADATA {target} SET b :2")
        assert ann.ask(f"METADATA {target} SET c :3") == [
            f"FAIL METADATA LIMIT_REACHED {name} :There are as many keys as may be"
        ]
        assert ann.ask(f"METADATA {target} SET a :2") == [f"761 ann {name} a * 2"]
    answers = ann.ask("METADATA * SUB a b c a d e")
    assert answers[:2] == ["FAIL METADATA TOO_MANY_SUBS d :A client may follow 3 keys", "770 ann a b c"]
    off = network(1, metadata=section(Metadata, enabled=False))
    assert not any("metadata" in line for line in people(off, "ann")[0].ask("CAP LS 302"))


@pytest.mark.parametrize("nodes", [1, 3])
def test_an_account_keeps_keys(nodes: int) -> None:
    """For the next session; what the user has said as a guest goes to the account at the login."""
    net = network(nodes, disks=True)
    ann, bob = people(net, "ann", "bob", caps=CAPS)
    ann.ask("METADATA * SET url :guest")
    ann.send(f"PRIVMSG NickServ :REGISTER {PASSWORD}")
    assert net.until(lambda: any(" 900 ann " in line for line in ann.got), 100)
    settle(ann)
    ann.ask("METADATA * SET color :red", "METADATA * SET gone :x", "METADATA * SET gone")
    ann.send("QUIT")
    net.run(60)
    assert bob.ask("METADATA ann LIST")[0].startswith("FAIL METADATA INVALID_TARGET ann")
    again = Newcomer(net, list(net.nodes)[-1], f"sasl {CAPS}")
    assert again.log_in("ann", PASSWORD)[-1].startswith("903 ")
    again.send("METADATA * SET color :blue")
    again.enter("ann")
    settle(again)
    rows = ["761 bob ann color * blue", "761 bob ann url * guest"]
    assert inside(bob.ask("METADATA ann LIST")) == rows


def test_keys_survive_a_death_and_a_takeover() -> None:
    """A channel's keys by the next master, a person's keys as the profile."""
    net = network(3, disks=True)
    ann, bob = people(net, "ann", "bob", caps=CAPS)
    ann.ask("JOIN #c", "METADATA #c SET url :u", "METADATA * SET url :a")
    bob.ask("METADATA * SUB url", "JOIN #c")
    net.kill("n3")
    net.run(20)
    assert inside(bob.ask("METADATA #c LIST")) == ["761 bob #c url * u"]
    assert inside(bob.ask("METADATA ann LIST")) == ["761 bob ann url * a"]
    bob.lines()
    ann.ask("METADATA #c SET url :v")
    assert keys(bob) == ["761 bob #c url * v"]


def test_at_an_older_level_nothing_is_lost_in_silence() -> None:
    """While a node of level 2 is in the network, a SET is refused with words, and everything else is answered."""
    net = network(2)
    (ann,) = people(net, "ann", caps=CAPS)
    ann.ask("JOIN #c")
    for node in net.nodes.values():
        node.core.engine.peers.level = 2
    for target in ("*", "#c"):
        assert "does not support this yet" in ann.ask(f"METADATA {target} SET url :x")[0]
        assert inside(ann.ask(f"METADATA {target} LIST")) == []
