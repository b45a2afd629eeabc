"""HELP: a text for each command."""

from __future__ import annotations

from gateway.commands.helping import SAME, TEXTS
from gateway.commands.table import COMMANDS
from gateway.irc.format import format_line
from gateway.irc.mode_table import CHANNEL_TABLE, USER_TABLE
from tests.gateway.commands.stage import network, people
from tests.sim.net import Net


def test_help(net: Net) -> None:
    (ann,) = people(net, "ann")
    lines = ann.ask("HELP")
    assert lines[0].startswith("704 ann * :") and lines[-1] == "706 ann * :End of /HELP"
    assert "PRIVMSG" in " ".join(lines)
    assert ann.ask("HELP join")[0].startswith("704 ann JOIN :JOIN #channel")
    assert ann.ask("HELP nonsense") == ["524 ann NONSENSE :There is no such command. HELP lists the commands"]


def test_help_has_a_text_for_every_command_and_for_no_other() -> None:
    net = network(1)
    (ann,) = people(net, "ann")
    words = [line.split(" ", 3)[3].lstrip(":") for line in ann.ask("HELP") if line.startswith("705 ")]
    listed = {name for line in words for name in line.split()}
    assert listed == {*COMMANDS} == {*TEXTS, *SAME}
    for name in sorted(listed):
        lines = ann.ask(f"HELP {name.lower()}")
        assert (
            lines[0].startswith(f"704 ann {name} :{SAME.get(name, name)} ") or f":{SAME.get(name, name)}:" in lines[0]
        )
        assert lines[-1] == f"706 ann {name} :End of /HELP" and all(len(line) < 200 for line in lines)


def test_every_line_of_help_fits_a_line_of_irc_whole() -> None:
    for topic, lines in TEXTS.items():
        for text in lines:
            data = format_line("s" * 63, "705", ["n" * 30, topic, text])
            assert data.endswith(f"{text}\r\n".encode()), topic


def test_the_first_line_begins_with_the_command() -> None:
    for topic, lines in TEXTS.items():
        assert lines[0].startswith(topic), topic


def test_an_unknown_topic_is_answered_with_the_way_to_the_list() -> None:
    (ann,) = people(network(1), "ann")
    assert ann.ask("HELP nosuch") == ["524 ann NOSUCH :There is no such command. HELP lists the commands"]
    assert ann.ask("HELP :")[0].startswith("704 ann * ")


def test_help_on_modes_names_every_letter() -> None:
    (ann,) = people(network(1), "ann")
    said = " ".join(ann.ask("HELP MODE"))
    for mode in (*CHANNEL_TABLE, *USER_TABLE):
        assert f"{mode.letter} {mode.brief}" in said
