"""No command waits for a line of the client's own on a node that the client's session has left (P34, P9)."""

from __future__ import annotations

from gateway.edge.sessions.takeover import nobody
from gateway.state.session.session import Session
from ring.ids import GroupId
from tests.sim.test_outbox import Story
from tests.sim.test_sessions import login


def test_a_private_message_answered_after_the_session_left_holds_up_no_later_line() -> None:
    """The playback of the conversation is on the way to the client (device story 99640085)."""
    story = Story(0, "")
    net = story.net
    n1, n2, n3 = net.nodes.values()
    ann = n1.core.edge.sessions.users["ann"]
    desk = login(net, "n1", "desk", "sasl echo-message")
    (group,) = ann.seats.conversations
    (master,) = net.masters(GroupId("nick", "bob"))
    assert master == n2.name != net.masters(group)[0]
    desk.connection.delivery.await_playback(group)
    net.links.isolate({n1.key}, {n2.key}, one_way=True)
    desk.send("PRIVMSG bob :word 1")
    state = n1.core.engine.state(GroupId("session", "ann"))
    assert isinstance(state, Session)
    stored = state.stored
    net.turn(n3, lambda: n3.core.edge.sessions.takeover.take_up("ann", stored, nobody, attached=1))
    assert net.until(lambda: desk.connection.remote.forwarder is not None, 2)
    desk.send("PRIVMSG bob :word 2")
    net.links.heal()
    net.run(net.engine.settle_max_s / 4)
    assert story.numbers(story.bob, "word") == [1, 2]
