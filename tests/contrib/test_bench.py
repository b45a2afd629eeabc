"""Tests of the parts of the benchmark that measure nothing themselves: choices, configuration, counts."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from ruamel.yaml import YAML

from contrib.bench.load import WATCHERS, Slot, Target, watchers
from contrib.bench.longest import _read_list
from contrib.bench.peers import ergo_config
from contrib.bench.people import CrowdError, Person
from contrib.bench.workloads import WORKLOADS, script


@pytest.mark.parametrize("work", [work for work in WORKLOADS if work.kind == "talk"], ids=lambda work: work.name)
def test_each_message_has_a_watcher_among_its_receivers(work) -> None:
    slots = script(work)
    chosen = watchers(slots)
    assert all(chosen & (slot.target.members - {slot.sender}) for slot in slots)


def test_the_rows_of_a_list_are_counted_across_reads() -> None:
    class Lister:
        """Has the bytes of a list in small parts."""

        def __init__(self) -> None:
            self.socket, self._end = socket.socketpair()
            rows = b"".join(b":s 322 u #%d 1 :\r\n" % number for number in range(100))
            self._parts = [(rows + b":s 323 u :End of /LIST\r\n")[at : at + 7] for at in range(0, len(rows) + 40, 7)]
            self._end.send(b"x")  # readable

        def drain(self) -> bytes:
            return self._parts.pop(0)

        def close(self) -> None:
            self.socket.close()
            self._end.close()

    lister = Lister()
    assert _read_list(lister) == 100
    lister.close()


def test_a_big_channel_has_few_watchers() -> None:
    target = Target("#big", frozenset(range(1000)))
    assert len(watchers([Slot(sender, target) for sender in range(10)])) == WATCHERS


def test_ergo_is_configured_without_limits() -> None:
    default = """\
server:
    listeners: {":6697": {tls: {cert: a, key: b}}}
    motd: ergo.motd
    ip-limits: {count: true, throttle: true, window: 10m}
fakelag: {enabled: true}
languages: {enabled: true, path: languages}
datastore: {path: ircd.db, autoupgrade: true}
"""
    made = YAML(typ="safe").load(ergo_config(default, "127.0.0.1:7000", "/tmp/x.db"))
    assert made["server"]["listeners"] == {"127.0.0.1:7000": {}}
    assert made["server"]["ip-limits"] == {"count": False, "throttle": False, "window": "10m"}
    assert not made["fakelag"]["enabled"] and not made["languages"]["enabled"]
    assert made["datastore"] == {"path": "/tmp/x.db", "autoupgrade": True}


@pytest.fixture
def joining() -> Iterator[tuple[Person, socket.socket]]:
    """A person of two channels whose welcome has been read, and the server's end of the connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        person = Person(1, server.getsockname(), ["#a", "#b"])
        person.dial()
        end, _ = server.accept()
        end.sendall(b"@time=x :s 001 u :hi\r\n:s 376 u :end\r\n")
        assert not _hear(person)
        yield person, end
        person.socket.close()
        end.close()


def _hear(person: Person) -> bool:
    person.socket.setblocking(True)
    return person.hear()


def test_a_person_is_inside_after_the_last_list_of_names(joining: tuple[Person, socket.socket]) -> None:
    person, end = joining
    end.sendall(b":s 353 u = #a :u v\r\n:s 366 u #a :end\r\n:s 36")
    assert not _hear(person)
    end.sendall(b"6 u #b :end\r\n")
    assert _hear(person)


def test_a_refused_join_is_said(joining: tuple[Person, socket.socket]) -> None:
    person, end = joining
    end.sendall(b"@time=x :s 405 u #a :too many\r\n")
    with pytest.raises(CrowdError, match="405"):
        _hear(person)
