"""Persons and refusals: the facts that the network has about a user."""

from __future__ import annotations

import msgspec
import pytest

from gateway.irc.numerics import TEXT
from gateway.state.people import Author, Person, Refusal, refused
from ring.features import at_level
from ring.ids import Incarnation
from tests.gateway.state.cast import ANN, packed, person


def test_source_author_and_edge_come_from_the_facts() -> None:
    known = person("7", "Joe", account="Joseph")
    assert known.source == "Joe!user@joe.example"
    assert known.author == Author("Joe!user@joe.example", "Joseph")
    assert known.edge == Incarnation("10.0.0.1", 7)
    assert ANN.author == Author(ANN.source)


def test_a_person_is_read_back_also_from_a_build_with_fewer_fields() -> None:
    known = person("7", "Joe", account="Joseph", away="tea", modes="Bi", since=5, certificate="ab")
    decode = msgspec.msgpack.Decoder(Person).decode
    assert decode(packed(known)) == known
    older = at_level(known, 1, 1)
    assert msgspec.structs.replace(known, certificate="") == decode(packed(older))


@pytest.mark.parametrize("junk", [None, [], ["7", "not a version"], {"uid": "7"}, ["7", 1, "Joe", "user", "host"]])
def test_other_values_are_no_person(junk: object) -> None:
    with pytest.raises(msgspec.MsgspecError):
        msgspec.msgpack.decode(packed(junk), type=Person)


def test_a_refusal_ends_with_the_numeric_s_own_text() -> None:
    assert refused("473", "#c") == Refusal("473", ("#c", "Cannot join channel (+i)"))
    assert refused("441", "Bob", "#c").params == ("Bob", "#c", TEXT["441"])


def test_a_numeric_without_a_text_is_a_mistake_of_the_program() -> None:
    with pytest.raises(KeyError):
        refused("696", "#c")
