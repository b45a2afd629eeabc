"""What is written and refused below a struct's feature level."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from ring.features import at_level, fitting, unsupported
from ring.ids import Incarnation

encode = msgspec.msgpack.encode


class Old(msgspec.Struct, frozen=True, array_like=True, tag=1):
    a: int
    b: str = "x"


class Grown(msgspec.Struct, frozen=True, array_like=True, tag=1):
    NEWER: ClassVar = {"c": 1}

    a: int
    b: str = "x"
    c: tuple[int, ...] = ()


class Named(msgspec.Struct, tag="named"):
    NEWER: ClassVar = {"more": 1}

    inner: Any
    more: list[int] = msgspec.field(default_factory=list)


class Brought(msgspec.Struct, array_like=True, tag=2):
    SINCE: ClassVar = 1


def test_below_a_fields_level_the_bytes_are_those_of_before() -> None:
    assert encode(at_level(Grown(1, "y", (7,)), 0)) == encode(Old(1, "y"))
    assert encode(at_level(Grown(1, "y", (7,)), 1)) == encode(Grown(1, "y", (7,)))
    nested = {"k": [Grown(2), (Incarnation("n", 1), None)], "raw": msgspec.Raw(b"\x01")}
    assert encode(at_level(nested, 0)) == encode({"k": [Old(2), (Incarnation("n", 1), None)], "raw": 1})
    assert encode(at_level(Named(Grown(3), [1]), 0)) == encode({"type": "named", "inner": Old(3)})


def test_a_newer_field_of_a_command_has_its_default() -> None:
    assert fitting(Grown(1, "y", (7,)), 0) == Grown(1, "y")
    assert fitting(Grown(1, "y", (7,)), 1) == Grown(1, "y", (7,))
    assert fitting(Named(1, [1]), 0) == Named(1, [])
    assert fitting(Old(1), 0) == Old(1)


def test_a_newer_field_has_its_default_at_any_depth() -> None:
    inner = Grown(1, "y", (7,))
    deep = Named({"k": [(inner, Incarnation("n", 1))]}, [])
    assert fitting(deep, 0) == Named({"k": [(Grown(1, "y"), Incarnation("n", 1))]}, [])
    assert fitting(deep, 1) is deep
    same = Named({"k": [(Grown(1), Incarnation("n", 1))]}, [])
    assert fitting(same, 0) is same


def test_a_struct_that_a_level_brought_is_refused_below() -> None:
    assert unsupported(Brought(), 0)
    assert not unsupported(Brought(), 1)
    assert not unsupported(Grown(1), 0)
    assert not unsupported(None, 0)
