"""Commands of people with accounts."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode

from tests.sim.net import Client, Net

ANSWERED_S = 100.0
"""Longer than any throttle makes anybody wait."""


def b64(data: bytes) -> str:
    return b64encode(data).decode()


def plain(name: str, password: str) -> str:
    return b64(f"\0{name}\0{password}".encode())


class Newcomer(Client):
    """Connected, and not more: irssi logs in before saying its nick."""

    def __init__(self, net: Net, node: str, caps: str = "sasl", certificate: str | None = None) -> None:
        self.begin(net, net.nodes[node], "*", "10.0.0.1")
        self.connection.socket.certificate = certificate
        if caps:
            self.send("CAP LS 302", f"CAP REQ :{caps}")
            self.lines()

    def hear(self, *words: str, within_s: float = ANSWERED_S) -> list[str]:
        """Wait for a line with one of the words; return all lines since the last read, without the server's name."""
        found = self.net.until(
            lambda: any(word in f"{line} " for line in self.got[self.read :] for word in words), within_s
        )
        assert found, f"none of {words}: {self.got[self.read :]}"
        return [line.removeprefix(f":{self.net.edge.network.server_name} ") for line in self.lines()]

    def log_in(self, name: str, password: str, mechanism: str = "PLAIN") -> list[str]:
        """Return the outcome."""
        return log_in(self, name, password, mechanism)

    def enter(self, nick: str) -> list[str]:
        """NICK, USER and the end of negotiation, as irssi sends them."""
        self.nick = nick
        self.send("CAP END", f"NICK {nick}", f"USER {nick} 0 * :{nick} real")
        return self.hear(" 221 ", " 433 ", "ERROR")


def log_in(client: Client, name: str, password: str, mechanism: str = "PLAIN") -> list[str]:
    client.lines()
    client.send(f"AUTHENTICATE {mechanism}")
    if mechanism == "SCRAM-SHA-256":
        scram(client, name, password)
    elif mechanism == "PLAIN":
        client.send(f"AUTHENTICATE {plain(name, password)}")
    else:
        client.send("AUTHENTICATE +")
    return answer(client)


def answer(client: Client, *numerics: str) -> list[str]:
    """Answer until the exchange is over; return the lines, without the server's lines within the exchange."""
    ends = numerics or ("903", "904", "905", "906", "907")

    def over() -> bool:
        return any(line.split(" ")[1:2] == [end] for line in client.got[client.read :] for end in ends)

    assert client.net.until(over, ANSWERED_S), client.got[client.read :]
    server = f":{client.net.edge.network.server_name} "
    return [line.removeprefix(server) for line in client.lines() if not line.startswith("AUTHENTICATE")]


def challenge(client: Client) -> bytes | None:
    """Return the server's next line in the exchange; None at the end."""

    def said() -> list[str]:
        return [line for line in client.got[client.read :] if line.startswith("AUTHENTICATE")]

    def over() -> bool:
        return any(f" {end} " in line for line in client.got[client.read :] for end in (904, 905, 906))

    assert client.net.until(lambda: bool(said()) or over(), ANSWERED_S)
    if not said():
        return None
    text = said()[0].split(" ")[1]
    client.read += client.got[client.read :].index(said()[0]) + 1
    return b"" if text == "+" else b64decode(text)


def scram(client: Client, name: str, password: str) -> None:
    """The client's side. Source: RFC 5802, section 3."""
    assert challenge(client) == b""
    bare = f"n={name},r=client"
    client.send(f"AUTHENTICATE {b64(b'n,,' + bare.encode())}")
    first = challenge(client)
    if first is None:
        return
    facts = dict(part.split("=", 1) for part in first.decode().split(","))
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), b64decode(facts["s"]), int(facts["i"]))
    key = hmac.digest(salted, b"Client Key", "sha256")
    final = f"c=biws,r={facts['r']}"
    signed = f"{bare},{first.decode()},{final}".encode()
    signature = hmac.digest(hashlib.sha256(key).digest(), signed, "sha256")
    proof = bytes(a ^ b for a, b in zip(key, signature, strict=True))
    client.send(f"AUTHENTICATE {b64(f'{final},p={b64(proof)}'.encode())}")
    verifier = challenge(client)
    if verifier is not None:
        server = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
        assert verifier == b"v=" + b64(server).encode()
        client.send("AUTHENTICATE +")


def register(client: Client, password: str = "sesame", name: str = "*") -> list[str]:
    """Register, and wait for the outcome."""
    client.lines()
    client.send(f"REGISTER {name} * :{password}")
    assert client.net.until(lambda: any("REGISTER " in line for line in client.got[client.read :]), ANSWERED_S)
    return [line.removeprefix(f":{client.net.edge.network.server_name} ") for line in client.lines()]
