"""People, names and texts for the laws of channels and nicks."""

from __future__ import annotations

from hypothesis import strategies as st

from gateway.state.people import Person

UIDS = st.sampled_from(["1", "2", "3", "4"])
NICKS = st.sampled_from(["ann", "Bob", "CAT{", "cat[", "nobody"])
EDGES = st.sampled_from([("10.0.0.1", 1), ("10.0.0.1", 2), ("10.0.0.2", 1)])
SOURCE = st.just("x!y@z")
MAYBE = st.booleans()
TEXTS = st.sampled_from([b"hi", b"\x01VERSION\x01", b""])


@st.composite
def people(draw: st.DrawFn) -> Person:
    host, modes = draw(st.sampled_from(["h1", "h2"])), draw(st.sampled_from(["", "B", "i"]))
    version, account = draw(st.integers(1, 4)), draw(st.sampled_from([None, "acc"]))
    return Person(draw(UIDS), version, draw(NICKS), "u", host, "r", *draw(EDGES), account=account, modes=modes)
