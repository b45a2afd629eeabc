"""Keeps acts of operators in the network's audit, and tells operators here of acts and events (P53).

Theory of operation. A command of an operator hands each act to `record`, which submits the act to the audit's group.
Parts of the edge hand events of this node to `tell`. An event with a letter of `LOCAL` is shown to operators of this
node alone. Any other event goes to the same group, which keeps no events, and passes them to the nodes that follow. A
node follows the group only while an operator here wants notices, so a network without such operators sends one message
for an event, to the group's master. `tell` sends a bounded number of notices a minute.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gateway.edge.client.lines import Line
from gateway.edge.ports import EdgePort, OversightPort
from gateway.edge.users.user import User
from gateway.irc.format import truncate_text
from gateway.irc.operator_table import LOCAL
from gateway.state.audit.audit import Audit
from gateway.state.audit.messages import AUDIT, Attend, Entry, Evict, Notified, Notify, Record, Recorded

CHECK_S: Final = 5.0
"""How often a node with operators who want notices makes sure that the node follows the group."""

MINUTE_S: Final = 60.0
LONGEST: Final = 300
"""Bytes of a target, of a reason, and of a notice."""


class Oversight(OversightPort):
    """The audit and the notices of one node."""

    def __init__(self, edge: EdgePort) -> None:
        self._edge = edge
        self._listeners: dict[str, User] = {}  # users who may have a snomask, by uid
        self._checks = False  # a check is due
        self._minute = 0.0  # begin of the present minute of notices
        self._sent = 0  # notices in this minute
        self._peers = -1  # `Network.peers_version` of `_nodes`
        self._nodes: dict[str, str] = {}  # ring key -> name of each living node
        self._left_out = 0  # notices since the last one sent

    # Acts -----------------------------------------------------------------------------------------------------------

    def record(
        self, operator: str, nick: str, act: str, target: str, reason: str, letter: str, done: Callable[[Any], None]
    ) -> None:
        """Keep an act. done(outcome): the act is on the disks of the group's holders, or the audit does not answer."""
        edge, network = self._edge, self._edge.network
        target, reason = edge.text(target, LONGEST), edge.text(reason, LONGEST)
        network.note("operator_act", operator=operator, act=act, target=target)
        if network.level < Record.SINCE:
            done(None)
            return
        me = network.me
        entry_id = f"{me.key}/{me.number}/{edge.next_serial():x}"
        entry = Entry(entry_id, 0, operator, nick, edge.record.name, act, target, reason, letter)
        network.submit(AUDIT, Record(entry), done)

    # Notices --------------------------------------------------------------------------------------------------------

    def tell(self, letter: str, text: str) -> None:
        """Tell operators with the snomask of an event on this node."""
        edge = self._edge
        if letter in LOCAL:
            if self._listeners:
                self._show(letter, edge.text(text, LONGEST))
            return
        text = edge.text(text, LONGEST)
        if edge.network.level >= Notify.SINCE and self._passes():
            if self._left_out:
                text = truncate_text(f"{text} ({self._left_out} notices before are left out)", LONGEST)
                self._left_out = 0
            edge.network.submit(AUDIT, Notify(letter, edge.record.name, text))

    def _passes(self) -> bool:
        now = self._edge.now
        if not self._minute <= now < self._minute + MINUTE_S:
            self._minute, self._sent = now, 0
        self._sent += 1
        if self._sent <= self._edge.settings.audit.notices_per_minute:
            return True
        self._left_out += 1
        return False

    def tick(self) -> None:
        """Tell operators here of nodes that have come or gone, as this node sees the nodes."""
        network = self._edge.network
        if self._peers == network.peers_version:
            return
        first, before = self._peers < 0, self._nodes
        self._peers, self._nodes = network.peers_version, {one.key: one.name for one in network.live()}
        if not first:
            for key in sorted(self._nodes.keys() ^ before.keys()):
                there = key in self._nodes
                name = self._nodes[key] if there else before[key]
                self.tell("l", f"Node {name} {'is there' if there else 'has gone'}")

    def applied(self, event: Any) -> None:
        """Show an event of the audit's group to operators here."""
        if isinstance(event, Recorded):
            self._show(event.entry.letter, told(event.entry))
        elif isinstance(event, Notified):
            self._show(event.letter, f"{event.text} [{event.node}]")

    def _show(self, letter: str, text: str) -> None:
        edge = self._edge
        server = edge.settings.network.server_name
        for user in list(self._listeners.values()):
            if letter in user.identity.snomask and edge.users.get(user.uid) is user and not user.quitting:
                user.send(Line(server, "NOTICE", (user.person.nick, f"*** {text}"), at=edge.network.now_ms))

    # Following ------------------------------------------------------------------------------------------------------

    def listen(self, user: User) -> None:
        """Note that the snomask of a user here may have changed."""
        self._listeners[user.uid] = user
        self._check()

    def _wants(self) -> bool:
        edge = self._edge
        self._listeners = {
            uid: user
            for uid, user in self._listeners.items()
            if user.identity.snomask and edge.users.get(uid) is user and not user.quitting
        }
        return any(set(user.identity.snomask) - LOCAL for user in self._listeners.values())

    def _check(self) -> None:
        """Follow the group if an operator here wants notices of all nodes, and otherwise no more."""
        network = self._edge.network
        state, wants = network.state(AUDIT), self._wants()
        attends = isinstance(state, Audit) and network.me in state.subscribers
        if network.level >= Attend.SINCE and wants is not attends:
            me = network.me
            network.submit(AUDIT, Attend(*me) if wants else Evict(((me.key, me.number),)))
        if wants and not self._checks:
            self._checks = True
            self._edge.later(CHECK_S, self._check_again)

    def _check_again(self) -> None:
        self._checks = False
        self._check()


def told(entry: Entry) -> str:
    """Write an act in words: "kill bob by root (ann) on n1: spam"."""
    target = f" {entry.target}" if entry.target else ""
    reason = f": {entry.reason}" if entry.reason else ""
    return f"{entry.act}{target} by {entry.operator} ({entry.nick}) on {entry.node}{reason}"
