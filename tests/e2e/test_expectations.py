"""What IRC clients expect, byte by byte, of real processes: the same on whichever node each person is."""

from __future__ import annotations

import base64
import re

from tests.e2e.network import Client, Network

CLOAK = r"\b[a-z2-7]{8}\.[a-z2-7]{8}\.ip\b"


def ask(client: Client, *lines: str | bytes) -> list[str]:
    """What the lines are answered with, without tags and the server's name. Each cloak is shown as cloak.ip."""
    client.sync()
    before = len(client.got)
    data = [line.encode() if isinstance(line, str) else line for line in lines]
    client.socket.sendall(b"".join(line + b"\r\n" for line in data))
    client.sync()
    found = [line.partition(" ")[2] if line.startswith("@") else line for line in client.got[before:-1]]
    return [re.sub(CLOAK, "cloak.ip", line.removeprefix(":irc.circlet.local ")) for line in found]


def test_names_masks_and_texts(network: Network) -> None:
    network.wait_level()
    ann, bob, mike = network.client(1, "ann"), network.client(2, "bob"), network.client(3, "Mike^")
    for client in (ann, bob):
        ask(client, "JOIN #c")
    assert ask(ann, b"JOIN #caf\xe9", b"JOIN #caf\xe8") == [
        "476 ann #caf\udce9 :Bad Channel Mask",
        "476 ann #caf\udce8 :Bad Channel Mask",
    ]
    assert ask(ann, b"TOPIC #c :so caf\xe9") == [":ann!~ann@cloak.ip TOPIC #c :so caf\udce9"]
    assert ask(bob, "TOPIC #c")[0] == "332 bob #c :so caf\udce9"
    assert ask(ann, "MODE #c +b *!*@127.0.0.0/8") == [":ann!~ann@cloak.ip MODE #c +b *!*@127.0.0.0/8"]
    assert ask(bob, "PRIVMSG #c :hi")[-1] == "404 bob #c :Cannot send to channel"
    assert ask(ann, "MODE #c +b m:x")[0].startswith("696 ann #c b *!*@m:x :")
    assert ask(ann, "WHOIS mike~")[0].startswith("311 ann Mike^ ~Mike^ cloak.ip ")
    assert ask(ann, "MODE #c +o nobody", "MODE #c +o mike~") == [
        "401 ann nobody :No such nick/channel",
        "441 ann mike~ #c :They aren't on that channel",
    ]
    assert ask(mike, "PRIVMSG , :x", "KICK #c :", "PRIVMSG ann,ANN,Ann :once") == [
        "411 Mike^ :No recipient given (PRIVMSG)",
        "461 Mike^ KICK :Not enough parameters",
    ]
    ann.sync()
    assert ann.heard("ann") == ["once"]
    ask(ann, "MODE #c +s")
    assert ask(mike, "TOPIC #C", "TOPIC #none") == ["403 Mike^ #C :No such channel", "403 Mike^ #none :No such channel"]


def test_logging_in(network: Network) -> None:
    ann = network.client(1, "ann", "sasl account-tag draft/account-registration batch draft/chathistory")
    ann.send("REGISTER * * :correct-horse")
    ann.expect("REGISTER SUCCESS")
    assert ask(ann, "AUTHENTICATE PLAIN") == ["907 ann :You are logged in as ann: /msg NickServ LOGOUT comes first"]
    sam = network.client(2, "sam", "sasl")
    sam.send("AUTHENTICATE PLAIN")
    sam.expect(r"AUTHENTICATE \+")
    sam.send(f"AUTHENTICATE {base64.b64encode(bytes(1) + b'ann' + bytes(1) + b'correct-horse').decode()}")
    sam.expect(" 903 ")
    sam.sync()
    numerics = [line.split(" ")[1] for line in sam.got]
    assert numerics[numerics.index("903") - 1] == "900"
    phone = Client("127.0.0.3", network.port, "ann", registers=False)
    phone.send("PASS ann/libera:correct-horse", "NICK ann9", "USER ann 0 * :ann")
    phone.expect(" 900 .* ann :You are now logged in as ann")
    phone.expect(" 221 ann")
    lost = Client("127.0.0.3", network.port, "lost", registers=False)
    lost.send("PASS correct-horse", "NICK lost", "USER lost 0 * :lost")
    lost.expect(r"NOTICE \* :Your PASS was not used")
    lost.expect(" 221 lost")
    assert [line[:3] for line in ask(lost, "LUSERS")] == [line[:3] for line in ask(ann, "LUSERS")]


def test_a_guest_and_an_account(network: Network) -> None:
    network.wait_level()
    ann = network.client(1, "ann", "draft/account-registration batch draft/chathistory echo-message account-tag")
    ann.send("REGISTER * * :correct-horse")
    ann.expect("REGISTER SUCCESS")
    bob = network.client(2, "bob", "batch draft/chathistory draft/read-marker account-tag")
    assert ask(bob, "PRIVMSG ann :hello") == []
    ask(ann, "PRIVMSG bob :hello guest")
    bob.expect(f"@account=ann :ann!~ann@{CLOAK} PRIVMSG bob :hello guest")
    assert [line.partition(" ")[2] for line in ask(ann, "CHATHISTORY LATEST bob * 10")[1:-1]] == [
        "PRIVMSG ann :hello",
        "PRIVMSG bob :hello guest",
    ]
    assert ask(bob, "CHATHISTORY LATEST ann * 10")[0].startswith("FAIL CHATHISTORY INVALID_TARGET ")
    stamp = "timestamp=2024-01-01T00:00:00.000Z"
    assert ask(bob, f"MARKREAD #c {stamp}", "MARKREAD #c") == [f"MARKREAD #c {stamp}"] * 2
