"""Recordings of whole simulated networks: each node's replay sends the same messages as the node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from gateway.recording.replay import replay
from gateway.recording.tape import MAGIC, BadTape, Call, Framer, Header, Pulled, Record, Sent, encode, open_tape
from gateway.state.channel.questions import Look
from ring.levels import Levels
from tests.gateway.commands.accounts import Newcomer, register
from tests.gateway.commands.stage import network, people, settle
from tests.gateway.recording.taping import Taped, played, taped
from tests.sim.kinds import ACCOUNTS, BANS, TALK, Kind


def same(tapes: Taped) -> None:
    assert tapes.tapes
    for tape in tapes.tapes:
        found = played(tape.data)
        assert (found.differs, found.crash) == ("", "")
        assert found.calls > 10 and found.turns > 5


@pytest.mark.parametrize("kind", [TALK, ACCOUNTS, BANS], ids=["talk", "accounts", "bans"])
@pytest.mark.parametrize("texts", [True, False], ids=["with texts", "without texts"])
@pytest.mark.parametrize("seed", [1])
def test_stories_with_faults_replay(monkeypatch: pytest.MonkeyPatch, kind: Kind, seed: int, texts: bool) -> None:
    """Kills, hangs, cuts, lost and doubled messages, refusing disks; passwords, SASL, dropped accounts."""
    tapes = taped(monkeypatch, texts=texts)
    kind.tell(seed)
    same(tapes)


@pytest.fixture
def tapes(monkeypatch: pytest.MonkeyPatch) -> Taped:
    """Two people have talked on two nodes."""
    made = taped(monkeypatch)
    net = network(2)
    ann, bob = people(net, "ann", "bob", channel="#erlang")
    ann.ask("PRIVMSG #erlang :a long secret", "TOPIC #erlang :what we do here", "AWAY :gone fishing")
    bob.ask("PRIVMSG ann :only for you", "PART #erlang :see you", "PRIVMSG NickServ :IDENTIFY sesame-street")
    bob.ask("OPER root sesame-street", "NS IDENTIFY bob sesame-street")
    settle(ann, bob)
    return made


def test_cloaks_replay_without_their_key(monkeypatch: pytest.MonkeyPatch) -> None:
    made = taped(monkeypatch)
    net = network(2, cloak_key=b"a key of cloaks, and no other key")
    ann, bob = people(net, "ann", "bob", channel="#erlang")
    ann.ask("MODE #erlang +b *!*@*.example", "WHOIS bob", "WHO #erlang")
    register(bob, "sesame-street")
    settle(ann, bob)
    same(made)
    assert not any(b"a key of cloaks" in bytes(tape.data) for tape in made.tapes)


SAID = (b"secret", b"what we do", b"gone fishing", b"only for you", b"see you")


def test_a_recording_holds_nothing_that_was_said(tapes: Taped) -> None:
    same(tapes)
    for tape in tapes.tapes:
        assert not [text for text in SAID if text in bytes(tape.data).split(b"engine.begin", 1)[1]]


def test_with_texts_it_holds_what_was_said_and_never_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    made = taped(monkeypatch, texts=True)
    net = network(2)
    ann, bob = people(net, "ann", "bob", channel="#erlang")
    ann.ask("PRIVMSG #erlang :a long secret", "PRIVMSG NickServ :IDENTIFY sesame-street", "OPER root sesame-street")
    settle(ann, bob)
    same(made)
    whole = b"".join(bytes(tape.data) for tape in made.tapes)
    assert b"a long secret" in whole and b"sesame-street" not in whole


def test_logins_and_what_else_needs_a_secret_replay_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """SCRAM and PLAIN with right and wrong passwords, an unknown account, and the code for dropping an account."""
    made = taped(monkeypatch)
    net = network(2, secret=b"of the network")
    (ann,) = people(net, "ann", channel="#erlang")
    register(ann, "sesame-street")
    for name, password, mechanism in (
        ("ann", "sesame-street", "SCRAM-SHA-256"),
        ("ann", "wrong", "SCRAM-SHA-256"),
        ("nobody", "sesame-street", "SCRAM-SHA-256"),
        ("ann", "sesame-street", "PLAIN"),
        ("ann", "wrong", "PLAIN"),
    ):
        Newcomer(net, "n2").log_in(name, password, mechanism)
    code = next(line.rpartition(" ")[2] for line in ann.ask("NS DROP") if "say DROP " in line)
    assert any("is dropped" in line for line in ann.ask(f"NS DROP {code}"))
    same(made)
    whole = b"".join(bytes(tape.data) for tape in made.tapes)
    assert b"sesame-street" not in whole and b"of the network" not in whole


def rewritten(data: bytearray, change: Callable[[Record], Record | None]) -> bytes:
    """Return the recording with other records, in fitting frames."""
    header, records = open_tape(bytes(data))
    framer = Framer()
    frames = [framer.frame(encode(header))]
    frames += [framer.frame(encode(new)) for record in records if (new := change(record)) is not None]
    return MAGIC + b"".join(frames)


def test_a_recording_that_tells_of_another_input_differs_and_says_where(tapes: Taped) -> None:
    def other(record: Record) -> Record:
        if isinstance(record, Call) and record.path == "edge.clients.feed" and b"JOIN #erlang" in bytes(record.args):
            number, data = msgspec.msgpack.decode(record.args)
            args = msgspec.msgpack.encode((number, data.replace(b"#erlang", b"#golang")))
            return Call("edge.clients.feed", msgspec.Raw(args))
        return record

    found = played(rewritten(tapes.tapes[0].data, other))
    assert found.differs.startswith("turn ") and " s after the start, in " in found.differs
    assert found.ended == "the core went another way" and found.turns < played(tapes.tapes[0].data).turns


def test_another_digest_a_missing_one_and_a_missing_call_differ(tapes: Taped) -> None:
    data = tapes.tapes[0].data
    peer = [number for number, record in enumerate(open_tape(bytes(data))[1]) if isinstance(record, Sent) and record.to]

    def at(place: int, change: Callable[[Record], Record | None]) -> str:
        numbers = iter(range(10**9))
        found = played(rewritten(data, lambda one: change(one) if next(numbers) == place else one))
        return found.differs

    def wrong(record: Record) -> Record:
        assert isinstance(record, Sent)
        return Sent(record.to, (b"nothing",) * len(record.to))

    assert "is sent something else" in at(peer[3], wrong)
    assert "something goes to " in at(peer[3], lambda _: Sent((), ()))
    assert "the core sends now, and then it did not" in at(peer[3], lambda _: None)
    assert "does not ask for what it asked for" in at(0, lambda _: Sent((), ()))


def test_a_change_of_any_byte_of_a_frame_is_seen(tapes: Taped) -> None:
    header, records = open_tape(bytes(tapes.tapes[0].data))
    framer = Framer()
    whole = MAGIC + b"".join(framer.frame(encode(record)) for record in (header, *list(records)[:20]))
    for at in range(len(MAGIC), len(whole)):
        changed = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        with pytest.raises(BadTape, match=r"^the file was changed or is damaged at byte \d+$"):
            list(open_tape(changed)[1])


def test_a_file_that_was_changed_or_cut_is_refused_or_read_as_far_as_it_goes(tapes: Taped) -> None:
    data = bytes(tapes.tapes[0].data)
    whole = played(data)
    changed = bytearray(data)
    changed[len(data) // 2] ^= 1
    with pytest.raises(BadTape, match=r"^the file was changed or is damaged at byte \d+$"):
        played(changed)
    cut = played(data[: len(data) // 2])
    assert cut.differs == "" and 0 < cut.turns < whole.turns and cut.ended == "the recording ends here"
    assert played(data[:-1]).differs == ""


def test_damage_is_told_though_the_core_reads_on_within_a_call_that_it_guards(tapes: Taped) -> None:
    for tape in tapes.tapes:
        header, found = open_tape(bytes(tape.data))
        records = list(found)
        for at in (at for at, record in enumerate(records) if isinstance(record, Pulled)):

            def damaged(at: int = at, records: list[Record] = records) -> Iterator[Record]:
                yield from records[: at + 1]
                raise BadTape("damaged")

            with pytest.raises(BadTape, match="damaged"):
                replay(header, damaged())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no recording of a node"),
        (b"GIF89a" * 100, "no recording of a node"),
        (MAGIC, "no header"),
        (MAGIC + b"\xff" * 100, "damaged at byte"),
        (MAGIC + Framer().frame(encode(Sent((), ()))), "the header cannot be read"),
    ],
)
def test_what_is_no_recording_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(BadTape, match=words):
        open_tape(data)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (Call("edge.explode", msgspec.Raw(b"\x90")), "which this build does not know"),
        (Call("engine.begin", msgspec.Raw(b"\x91\xa1x")), "the arguments of engine.begin cannot be read"),
        (Call("edge.clients.feed", msgspec.Raw(msgspec.msgpack.encode((99, b"x")))), "client 99, who never came"),
        (["?"], "a record cannot be read"),
    ],
)
def test_records_that_make_no_sense_are_refused(tapes: Taped, record: Any, words: str) -> None:
    header, _ = open_tape(bytes(tapes.tapes[0].data))
    assert isinstance(header, Header)
    framer = Framer()
    with pytest.raises(BadTape, match=words):
        played(MAGIC + framer.frame(encode(header)) + framer.frame(encode(record)))


def test_a_mistake_of_the_program_that_ended_the_process_is_shown_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last thing in the recording is the input with which the core raised."""
    made = taped(monkeypatch)
    net = network(1)
    people(net, "ann", channel="#erlang")
    breaks_at = net.now

    def tick(levels: Levels) -> None:
        if levels.port.now > breaks_at:
            raise ZeroDivisionError

    monkeypatch.setattr(Levels, "tick", tick)
    with pytest.raises(ZeroDivisionError):
        net.run(1.0)
    found = played(made.tapes[0].data)
    assert "ZeroDivisionError" in found.crash and found.differs == "" and found.ended == "the recording ends here"


def test_what_http_asks_of_a_node_ends_its_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    made = taped(monkeypatch)
    net = network(1)
    people(net, "ann", channel="#erlang")
    core = net.nodes["n1"].core
    core.engine.ask(core.edge.channel("#erlang"), Look("", "names"), lambda _: None)
    tape = made.tapes[0]
    assert "asked the node by HTTP" in tape.ended and "engine.ask" in tape.ended
    net.run(1.0)
    found = played(tape.data)
    assert found.differs == "" and found.ended == tape.ended
