from __future__ import annotations

import pytest

from config.people import Admin
from tests.gateway.commands.stage import OPERATOR, network, people
from tests.sim.net import Net


def test_lusers_counts_the_whole_network(net: Net) -> None:
    ann, bob, *_ = people(net, "ann", "bob", "cat", channel="#c")
    bob.ask("MODE bob +i")
    lines = ann.ask("LUSERS")
    assert lines[0] == "251 ann :There are 2 users and 1 invisible on 1 servers"
    assert "254 ann 1 :channels formed" in lines
    assert "255 ann :I have 3 clients and 1 servers" in lines
    assert lines[-1] == "266 ann 3 3 :Current global users 3, max 3"


def numbers(lines: list[str]) -> dict[str, list[int]]:
    """The numbers in 251 to 266, by numeric."""
    found = {}
    for line in lines:
        words = line.replace(",", "").split(" ")
        words = words[1:] if words[0].startswith(":") else words
        if words[0] in ("251", "252", "253", "254", "255", "265", "266"):
            found[words[0]] = [int(word) for word in words[2:] if word.isdigit()]
    return found


def test_lusers_agrees_with_itself_on_every_node() -> None:
    net = network(3, operators=(OPERATOR,))
    ann, bob, cat, dan = people(net, "ann", "bob", "cat", "dan", channel="#c")
    bob.ask("MODE bob +i", "OPER root sesame")
    dan.quit()
    net.run(6)
    late = net.client("n2", "eve")
    asked = [numbers(client.ask("LUSERS")) for client in (ann, bob, cat, late)]
    assert all(found == asked[0] for found in asked)
    assert asked[0] == {
        "251": [3, 1, 1],
        "252": [1],
        "254": [1],
        "255": [4, 1],
        "265": [4, 4, 4, 4],
        "266": [4, 4, 4, 4],
    }
    welcomed = numbers(late.got)
    assert welcomed["251"][0] + welcomed["251"][1] == welcomed["255"][0] == welcomed["265"][0] == welcomed["266"][0]
    assert welcomed["266"][0] <= welcomed["266"][1] == welcomed["265"][1]


def test_the_most_people_at_once_are_remembered_by_all_nodes() -> None:
    net = network(3)
    ann, bob, cat = people(net, "ann", "bob", "cat")
    net.run(25)
    bob.quit()
    cat.quit()
    net.run(1)
    (dan,) = people(net, "dan")
    assert numbers(ann.ask("LUSERS"))["266"] == numbers(dan.ask("LUSERS"))["266"] == [2, 3, 2, 3]
    assert numbers(net.client("n3", "eve").ask("LUSERS"))["265"] == [3, 3, 3, 3]


def test_the_server_has_a_description() -> None:
    net = network(1, description="A ring of friends")
    (ann,) = people(net, "ann")
    assert ann.ask("LINKS")[0] == "364 ann irc.circlet.local irc.circlet.local :0 A ring of friends"
    assert "312 ann ann irc.circlet.local :A ring of friends" in ann.ask("WHOIS ann")


def test_lusers_while_a_node_is_silent() -> None:
    net = network(3)
    ann, *_ = people(net, "ann", "bob", "cat")
    net.nodes["n2"].up = False  # it hangs: nobody has noticed yet
    ann.send("LUSERS", "LIST", "WHO *")
    net.run(6)
    notices = [line for line in ann.got if " NOTICE " in line]
    assert len(notices) == 3 and all("No answer in time from n2.sim" in line for line in notices)


def test_version_time_admin_info_links_motd() -> None:
    net = network(1, admin=Admin(location1="Ann Admin", location2="Here", email="ann@example.org"))
    (ann,) = people(net, "ann")
    assert ann.ask("VERSION")[0].startswith("351 ann circlet-")
    assert any(" 005 " in line for line in ann.got)
    assert ann.ask("TIME")[0].startswith("391 ann irc.circlet.local 2023-11-14T22:13:")
    assert ann.ask("ADMIN") == [
        "256 ann irc.circlet.local :Administrative info",
        "257 ann :Ann Admin",
        "258 ann Here" if "258 ann Here" in ann.got[-1] else "258 ann :Here",
        "259 ann ann@example.org" if "259 ann ann@" in " ".join(ann.got) else "259 ann :ann@example.org",
    ] or [line.split()[0] for line in ann.ask("ADMIN")] == ["256", "257", "258", "259"]
    assert [line.split()[0] for line in ann.ask("INFO")] == ["371", "371", "374"]
    assert ann.ask("LINKS") == [
        "364 ann irc.circlet.local irc.circlet.local :0 Circlet",
        "365 ann * :End of /LINKS list",
    ]
    assert ann.ask("MOTD") == ["422 ann :MOTD File is missing"]


@pytest.mark.parametrize("command", ["VERSION", "TIME", "ADMIN", "INFO", "MOTD"])
def test_there_is_one_server(net: Net, command: str) -> None:
    (ann,) = people(net, "ann")
    assert ann.ask(f"{command} other.example") == ["402 ann other.example :No such server"]
    assert ann.ask(f"{command} irc.circlet.local") != []


def test_stats(net: Net) -> None:
    (ann,) = people(net, "ann")
    up, end = ann.ask("STATS u")
    assert up.startswith("242 ann :Server Up 11 days") and end == "219 ann u :End of /STATS report"
    assert ann.ask("STATS o")[0].startswith("481 ann :")
    assert ann.ask("STATS") == ["461 ann STATS :Not enough parameters"]
    assert ann.ask("STATS z") == ["219 ann z :End of /STATS report"]


def test_005_fits_and_says_what_holds(net: Net) -> None:
    ann = net.client("n1", "ann")
    rows = [line for line in ann.got if " 005 " in line]
    assert all(len(row) <= 510 and len(row.split(" :")[0].split()) <= 16 for row in rows)
    tokens = dict(t.partition("=")[::2] for row in rows for t in row.split(" :")[0].split()[3:] if row[0] == ":")
    assert tokens["CASEMAPPING"] == "rfc1459" and tokens["PREFIX"] == "(qaohv)~&@%+"
    assert len(ann.ask("NICK " + "n" * int(tokens["NICKLEN"]))) == 1
    assert ann.ask("NICK " + "n" * (int(tokens["NICKLEN"]) + 1))[0].split()[0] == "432"
    longest = "#" + "c" * (int(tokens["CHANNELLEN"]) - 1)
    assert " JOIN " in ann.ask(f"JOIN {longest}")[0]
    topic = "t" * int(tokens["TOPICLEN"])
    ann.ask(f"TOPIC {longest} :{topic}"[:510])
