"""Each mode of the tables has a story of what the mode does, and clients are told of every letter.

A new mode needs a line in the table and a story here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from gateway.irc.mode_table import CHANNEL_TABLE, USER_TABLE, Mode
from gateway.state.channel.ranks import BY_ACCESS
from gateway.state.channel.registration_messages import Done, Register, SetAccess
from gateway.state.people import Person
from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import OPERATOR, network, people, settle, source
from tests.sim.net import Client, Net


class Cast(NamedTuple):
    """ann is operator of #c, bob a member; cat is not in the channel and logged in as `cat`, dan has no account."""

    net: Net
    ann: Client
    bob: Client
    cat: Client
    dan: Client

    def set(self, modes: str) -> None:
        """ann changes modes of the channel, and everybody knows."""
        lines = self.ann.ask(f"MODE #c {modes}")
        assert lines == [f"{source('ann')} MODE #c {modes}"]
        settle(self.bob, self.cat, self.dan)


def refused(client: Client, line: str, numeric: str) -> bool:
    lines = client.ask(line)
    return bool(lines) and lines[-1].startswith(f"{numeric} ")


Story = Callable[[Cast], None]
OF_CHANNELS: dict[str, Story] = {}
OF_USERS: dict[str, Story] = {}

PARAMS = {"F": "3l:5", "f": "#d", "L": "#d", "j": "3:5"}
KNOWN = "CHIQRSbehiklmnostv"
"""The modes of channels that builds of every level know."""


def story(letter: str, of: dict[str, Story] = OF_CHANNELS) -> Callable[[Story], Story]:
    def register(tell: Story) -> Story:
        of[letter] = tell
        return tell

    return register


# Channels -------------------------------------------------------------------------------------------------------------


def submit(cast: Cast, command: Any) -> None:
    node = cast.cat.node
    edge, answers = node.core.edge, list[Any]()
    cast.net.turn(node, lambda: edge.network.submit(edge.channel("#c"), command, answers.append))
    assert cast.net.until(lambda: answers == [Done("#c")], 5)
    settle(cast.ann, cast.bob, cast.cat, cast.dan)


def register_channel(cast: Cast) -> str:
    """cat enters #c, and registers the channel. Returns the id of cat's account."""
    cast.cat.ask("JOIN #c")
    cast.set("+o cat")
    person = profile(cast.cat)
    submit(cast, Register("r1", person.uid, person.life, "cat"))
    return person.life


def profile(client: Client) -> Person:
    assert client.connection.user is not None
    return client.connection.user.person


@story("q")
def founder(cast: Cast) -> None:
    register_channel(cast)
    assert any("~cat" in line for line in cast.ann.ask("NAMES #c"))
    assert refused(cast.ann, "KICK #c cat", "482")
    assert refused(cast.ann, "MODE #c -o cat", "482")
    assert refused(cast.ann, "MODE #c +q bob", "482")
    assert not refused(cast.cat, "KICK #c ann", "482")


@story("a")
def protected(cast: Cast) -> None:
    register(cast.bob)
    founder, member = register_channel(cast), profile(cast.bob).life
    submit(cast, SetAccess(founder, "cat", member, "bob", "P"))
    assert any("&bob" in line for line in cast.ann.ask("NAMES #c"))
    assert refused(cast.ann, "KICK #c bob", "482")
    assert refused(cast.ann, "MODE #c -a bob", "482")
    assert not refused(cast.cat, "KICK #c bob", "482")


@story("o")
def operator(cast: Cast) -> None:
    assert refused(cast.bob, "MODE #c +m", "482")
    cast.set("+o bob")
    assert cast.bob.ask("MODE #c +m") == [f"{source('bob')} MODE #c +m"]


@story("h")
def half_operator(cast: Cast) -> None:
    cast.set("+h bob")
    assert cast.bob.ask("MODE #c +m") == [f"{source('bob')} MODE #c +m"]
    for mode in CHANNEL_TABLE:
        if not mode.halfop:
            assert refused(cast.bob, f"MODE #c +{mode.letter} {PARAMS.get(mode.letter, 'bob')}", "482"), mode


@story("v")
def voice(cast: Cast) -> None:
    cast.set("+m")
    assert refused(cast.bob, "PRIVMSG #c :hello", "404")
    cast.set("+v bob")
    assert cast.bob.ask("PRIVMSG #c :hello") == []


@story("b")
def ban(cast: Cast) -> None:
    cast.set("+b dan!*@*")
    cast.set("+b bob!*@*")
    assert refused(cast.dan, "JOIN #c", "474")
    assert refused(cast.bob, "PRIVMSG #c :hello", "404")


@story("e")
def exception(cast: Cast) -> None:
    cast.set("+b *!*@*")
    cast.set("+e dan!*@*")
    assert refused(cast.cat, "JOIN #c", "474")
    assert not refused(cast.dan, "JOIN #c", "474")


@story("I")
def invited_mask(cast: Cast) -> None:
    cast.set("+i")
    cast.set("+I dan!*@*")
    assert refused(cast.cat, "JOIN #c", "473")
    assert not refused(cast.dan, "JOIN #c", "473")


@story("k")
def key(cast: Cast) -> None:
    cast.set("+k sesame")
    assert refused(cast.dan, "JOIN #c", "475")
    assert not refused(cast.dan, "JOIN #c sesame", "475")


@story("l")
def limit(cast: Cast) -> None:
    cast.set("+l 2")
    assert refused(cast.dan, "JOIN #c", "471")
    cast.set("+l 3")
    assert not refused(cast.dan, "JOIN #c", "471")


@story("C")
def no_ctcp(cast: Cast) -> None:
    cast.set("+C")
    assert refused(cast.bob, "PRIVMSG #c :\x01VERSION\x01", "404")
    assert cast.bob.ask("PRIVMSG #c :\x01ACTION waves\x01") == []


@story("H")
def hidden_past(cast: Cast) -> None:
    def seen() -> list[str]:
        cast.dan.ask("JOIN #c")
        lines = cast.dan.ask("CHATHISTORY LATEST #c * 10")
        cast.dan.ask("PART #c")
        return [line.rpartition(":")[2] for line in lines if " PRIVMSG " in line]

    cast.dan.ask("CAP REQ :draft/chathistory batch")
    cast.bob.ask("PRIVMSG #c :early")
    settle(cast.ann, cast.bob)
    assert seen() == ["early"]
    cast.set("+H")
    assert seen() == []


@story("Q")
def no_kicks(cast: Cast) -> None:
    cast.set("+Q")
    assert refused(cast.ann, "KICK #c bob", "482")


@story("R")
def logged_in_only(cast: Cast) -> None:
    cast.set("+R")
    assert refused(cast.dan, "JOIN #c", "477")
    assert not refused(cast.cat, "JOIN #c", "477")


@story("S")
def tls_only(cast: Cast) -> None:
    cast.set("+S")
    assert refused(cast.dan, "JOIN #c", "489")
    cast.dan.connection.socket.secure = True
    assert not refused(cast.dan, "JOIN #c", "489")


@story("i")
def by_invitation(cast: Cast) -> None:
    cast.set("+i")
    assert refused(cast.dan, "JOIN #c", "473")
    cast.ann.ask("INVITE dan #c")
    settle(cast.dan)
    assert not refused(cast.dan, "JOIN #c", "473")


@story("m")
def moderated(cast: Cast) -> None:
    cast.set("+m")
    assert refused(cast.bob, "PRIVMSG #c :hello", "404")


@story("n")
def no_messages_from_outside(cast: Cast) -> None:
    assert refused(cast.dan, "PRIVMSG #c :hello", "404")  # a new channel has +nt
    cast.set("-n")
    assert cast.dan.ask("PRIVMSG #c :hello") == []


@story("s")
def secret(cast: Cast) -> None:
    assert any(" #c " in line for line in cast.dan.ask("LIST"))
    cast.set("+s")
    assert not any(" #c " in line for line in cast.dan.ask("LIST"))


@story("t")
def topic_by_operators(cast: Cast) -> None:
    assert refused(cast.bob, "TOPIC #c :mine", "482")  # a new channel has +nt
    cast.set("-t")
    assert not refused(cast.bob, "TOPIC #c :mine", "482")


@story("M")
def logged_in_speakers(cast: Cast) -> None:
    for member in (cast.cat, cast.dan):
        member.ask("JOIN #c")
    cast.set("+M")
    assert cast.dan.ask("PRIVMSG #c :hello") == ["404 dan #c :Only people who are logged in can speak here (+M)"]
    assert not refused(cast.cat, "PRIVMSG #c :hello", "404")
    cast.set("+v dan")
    assert not refused(cast.dan, "PRIVMSG #c :hello", "404")
    cast.set("-n")
    cast.cat.ask("PART #c")
    assert not refused(cast.cat, "PRIVMSG #c :hello", "404")


@story("T")
def no_notices(cast: Cast) -> None:
    cast.set("+T")
    cast.ann.ask("NOTICE #c :hello")
    assert not any("NOTICE" in line for line in cast.bob.sync())
    cast.ann.ask("PRIVMSG #c :hello")
    assert any("PRIVMSG" in line for line in cast.bob.sync())


@story("U")
def seen_by_operators(cast: Cast) -> None:
    cast.dan.ask("JOIN #c")
    cast.set("+mU")
    cast.set("+b ~q:dan!*@*")
    settle(cast.ann, cast.bob)
    for client in (cast.bob, cast.dan):
        assert not refused(client, "PRIVMSG #c :hello", "404")
    settle(cast.ann)
    assert [line for line in cast.ann.lines() if "PRIVMSG" in line] == [] and cast.ann.heard("@#c") == ["hello"] * 2
    assert cast.bob.heard("@#c") == cast.bob.heard("#c") == []
    cast.set("+C")
    assert refused(cast.bob, "PRIVMSG #c :\x01VERSION\x01", "404")


@story("f")
def forward(cast: Cast) -> None:
    assert refused(cast.ann, "MODE #c +f #d", "482")
    cast.ann.ask("JOIN #d")
    cast.set("+if #d")
    assert cast.dan.ask("JOIN #c")[:2] == ["470 dan #c #d :Forwarding to another channel", f"{source('dan')} JOIN #d"]
    cast.ann.ask("MODE #d +if #c")
    settle(cast.cat)
    assert [line.split()[0] for line in cast.cat.ask("JOIN #c")] == ["470", "473"]  # and no third channel


@story("L")
def overflow(cast: Cast) -> None:
    cast.ann.ask("JOIN #d")
    cast.set("+lL 2 #d")
    assert cast.dan.ask("JOIN #c")[0] == "470 dan #c #d :Forwarding to another channel"
    cast.set("+i")
    cast.set("-l")
    assert refused(cast.cat, "JOIN #c", "473")


@story("j")
def join_rate(cast: Cast) -> None:
    cast.set("+j 2:30")
    for client in (cast.cat, cast.dan):
        assert not refused(client, "JOIN #c", "480")
    cast.dan.ask("PART #c")
    assert refused(cast.dan, "JOIN #c", "480")
    cast.net.run(31)
    assert not refused(cast.dan, "JOIN #c", "480")


@story("P")
def permanent(cast: Cast) -> None:
    assert refused(cast.ann, "MODE #c +P", "482")
    cast.ann.ask("OPER root sesame")
    cast.set("+Pi")
    cast.set("+I dan!*@*")
    for client in (cast.ann, cast.bob):
        client.ask("PART #c")
    assert refused(cast.cat, "JOIN #c", "473")
    assert cast.dan.ask("JOIN #c")[-2] == "353 dan = #c :dan"
    assert refused(cast.dan, "MODE #c -P", "482")
    cast.dan.ask("PART #c")
    assert cast.ann.ask("MODE #c -P") == []
    assert not refused(cast.cat, "JOIN #c", "473")


@story("D")
def delayed_joins(cast: Cast) -> None:
    cast.set("+D")
    assert "353 dan = #c :@ann bob dan" in cast.dan.ask("JOIN #c")
    settle(cast.ann, cast.bob)
    assert not any(line.startswith(":dan!") for line in (*cast.ann.got, *cast.bob.got))
    assert "353 ann = #c :@ann bob" in cast.ann.ask("NAMES #c")
    assert not any(" dan " in line for line in cast.bob.ask("WHO #c"))
    cast.dan.ask("PRIVMSG #c :hello")
    settle(cast.ann, cast.bob)
    for client in (cast.ann, cast.bob):
        assert [line for line in client.got if line.startswith(":dan!")] == [
            f"{source('dan')} JOIN #c",
            f"{source('dan')} PRIVMSG #c :hello",
        ]
    cast.cat.ask("JOIN #c")
    cast.cat.ask("NICK kate")
    cast.cat.ask("PART #c")
    settle(cast.ann, cast.bob)
    assert not any("cat!" in line or "kate!" in line for line in cast.bob.got)


@story("u")
def auditorium(cast: Cast) -> None:
    cast.set("+u")
    assert "353 dan = #c :@ann dan" in cast.dan.ask("JOIN #c")
    settle(cast.ann, cast.bob)
    assert f"{source('dan')} JOIN #c" in cast.ann.got and f"{source('dan')} JOIN #c" not in cast.bob.got
    assert "353 ann = #c :@ann bob dan" in cast.ann.ask("NAMES #c")
    assert not any(" dan " in line for line in cast.bob.ask("WHO #c"))
    cast.dan.ask("NICK dana")
    settle(cast.ann, cast.bob)
    assert f"{source('dan')} NICK dana" in cast.ann.got and f"{source('dan')} NICK dana" not in cast.bob.got
    cast.ann.ask("MODE #c +v dana")
    settle(cast.bob)
    assert any(line.startswith(":dana!") and " JOIN #c" in line for line in cast.bob.got)
    cast.cat.ask("JOIN #c")
    cast.set("-u")
    assert f"{source('cat')} JOIN #c" in cast.bob.got


@story("F")
def flood_limits(cast: Cast) -> None:
    cast.set("+F 2l:15")
    for _ in range(2):
        assert not refused(cast.bob, "PRIVMSG #c :hello", "404")
    assert refused(cast.bob, "PRIVMSG #c :hello", "404")
    settle(cast.ann)
    kicks = [line for line in cast.ann.got if " KICK " in line]
    assert kicks == [":ChanServ KICK #c bob :Flood: more than 2 lines in 15 seconds (+F)"]
    for _ in range(5):
        assert not refused(cast.ann, "PRIVMSG #c :hello", "404")


# Users ----------------------------------------------------------------------------------------------------------------


@story("B", OF_USERS)
def bot(cast: Cast) -> None:
    cast.dan.ask("MODE dan +B")
    settle(cast.dan)
    assert "335 ann dan :is a bot" in cast.ann.ask("WHOIS dan")


@story("R", OF_USERS)
def hears_logged_in_people(cast: Cast) -> None:
    cast.dan.ask("MODE dan +R")
    settle(cast.dan)
    assert refused(cast.ann, "PRIVMSG dan :hello", "477")
    assert not refused(cast.cat, "PRIVMSG dan :hello", "477")


@story("g", OF_USERS)
def caller_id(cast: Cast) -> None:
    cast.dan.ask("MODE dan +g")
    settle(cast.dan)
    assert refused(cast.ann, "PRIVMSG dan :hello", "717")
    cast.dan.ask("ACCEPT ann")
    settle(cast.dan)
    assert not refused(cast.ann, "PRIVMSG dan :hello", "717")


@story("i", OF_USERS)
def invisible(cast: Cast) -> None:
    assert any(" dan " in line for line in cast.ann.ask("WHO d*"))
    cast.dan.ask("MODE dan +i")
    settle(cast.dan)
    assert not any(" dan " in line for line in cast.ann.ask("WHO d*"))


@story("o", OF_USERS)
def network_operator(cast: Cast) -> None:
    assert refused(cast.dan, "KILL bob :bye", "481")
    cast.dan.ask("MODE dan +o")
    assert refused(cast.dan, "KILL bob :bye", "481")
    assert cast.dan.ask("OPER root sesame")[-1] == ":dan MODE dan +ow"
    assert not refused(cast.dan, "KILL bob :bye", "481")


@story("r", OF_USERS)
def logged_in(cast: Cast) -> None:
    assert cast.cat.ask("MODE cat") == ["221 cat +r"]
    assert cast.dan.ask("MODE dan +r", "MODE dan") == ["221 dan +"]


@story("s", OF_USERS)
def notices_for_operators(cast: Cast) -> None:
    assert not any(line.startswith("MODE") for line in cast.dan.ask("MODE dan +s"))
    cast.ann.ask("OPER root sesame")
    assert cast.ann.ask("MODE ann +s k") == [":ann MODE ann +s", "008 ann +k :Server notice mask"]
    cast.bob.ask("OPER root sesame", "KILL dan :bye")
    settle(cast.bob)
    assert any("*** kill dan!" in line for line in cast.ann.sync())
    assert not any("***" in line for line in cast.cat.sync())


@story("w", OF_USERS)
def announcements(cast: Cast) -> None:
    cast.ann.ask("OPER root sesame")
    cast.dan.ask("MODE dan +w")
    settle(cast.ann, cast.dan)
    cast.ann.ask("WALLOPS :back in a minute")
    settle(cast.ann)
    assert any("WALLOPS" in line for line in cast.dan.sync())
    assert not any("WALLOPS" in line for line in cast.bob.sync())


@story("x", OF_USERS)
def address_hidden(cast: Cast) -> None:
    assert refused(cast.dan, "MODE dan +x", "501"), "there are no cloaks without a key"
    (eve,) = people(network(cloak_key=b"k" * 32), "eve")
    assert eve.ask("MODE eve") == ["221 eve +x"]
    assert not any("10.0.0.1" in line for line in eve.ask("JOIN #c", "WHO eve"))


# All of them ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def cast() -> Cast:
    net = network(2, operators=(OPERATOR,))
    ann, bob, cat, dan = people(net, "ann", "bob", "cat", "dan")
    register(cat)
    for member in (ann, bob):
        member.ask("JOIN #c")
    settle(ann, bob, cat, dan)
    return Cast(net, ann, bob, cat, dan)


@pytest.mark.parametrize(
    ("table", "stories"), [(CHANNEL_TABLE, OF_CHANNELS), (USER_TABLE, OF_USERS)], ids=["channels", "users"]
)
def test_each_mode_stands_once_and_has_a_story(table: tuple[Mode, ...], stories: dict[str, Story]) -> None:
    letters = [mode.letter for mode in table]
    assert len({*letters}) == len(letters)
    assert {*letters} == {*stories}, "a mode of the table lacks a story in this file, or a story lacks a mode"
    assert all(bool(mode.sign) == (mode.kind == "rank") for mode in table)


def test_every_build_knows_the_modes() -> None:
    assert {mode.letter for mode in CHANNEL_TABLE if not mode.since} == {*KNOWN, *BY_ACCESS}, (
        "older builds do not know the letter: give the mode `since`, or list a letter of level 0 in KNOWN"
    )


def test_an_older_network_knows_no_newer_mode() -> None:
    (ann,) = people(Net(2, level=2), "ann", channel="#c")
    for mode in CHANNEL_TABLE:
        if mode.since > 2:
            assert ann.ask(f"MODE #c +{mode.letter} x") == [f"472 ann {mode.letter} :is unknown mode char to me"]


@pytest.mark.parametrize("letter", OF_CHANNELS)
def test_a_mode_of_channels_does_what_its_story_says(cast: Cast, letter: str) -> None:
    OF_CHANNELS[letter](cast)


@pytest.mark.parametrize("letter", OF_USERS)
def test_a_mode_of_users_does_what_its_story_says(cast: Cast, letter: str) -> None:
    OF_USERS[letter](cast)


def test_clients_are_told_of_every_letter() -> None:
    (ann,) = people(network(), "ann")
    (myinfo,) = [line.split()[5:] for line in ann.got if " 004 " in line]
    assert [*map("".join, map(sorted, myinfo))] == myinfo
    assert {*myinfo[0]} == {mode.letter for mode in USER_TABLE}
    assert {*myinfo[1]} == {mode.letter for mode in CHANNEL_TABLE}
    assert {*myinfo[2]} == {mode.letter for mode in CHANNEL_TABLE if mode.kind != "flag"}
    tokens = dict(word.partition("=")[::2] for line in ann.got if " 005 " in line for word in line.split())
    ranks, signs = tokens["PREFIX"].lstrip("(").split(")")
    assert {*"".join(tokens["CHANMODES"].split(",")), *ranks} == {mode.letter for mode in CHANNEL_TABLE}
    assert signs == "".join(mode.sign for mode in CHANNEL_TABLE)
    help_text = " ".join(line.partition(" :")[2] for line in ann.ask("HELP MODE"))
    for mode in (*CHANNEL_TABLE, *USER_TABLE):
        assert f"{mode.letter} {mode.brief}" in help_text
