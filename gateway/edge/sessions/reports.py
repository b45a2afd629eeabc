"""Reports the state of this node's sessions to the sessions' groups, so that the next node can go on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.edge.sessions.carry_over import kept
from gateway.state.session.messages import Keep, Kept, Report

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User


class Reports:
    """Holds the last reports, by folded account name: a report without news is not sent."""

    def __init__(self, edge: EdgePort) -> None:
        self._edge = edge
        self._reported: dict[str, tuple[Any, ...]] = {}
        self._kept: dict[str, Kept] = {}

    def report(self, account: str, user: User) -> None:
        """Tell the session's group all changes since the last report."""
        if user.quitting:
            return
        network, sessions = self._edge.network, self._edge.sessions
        group = sessions.group(account)
        rooms = sessions.takeover.returning(account) | {one.name: sessions.shown(one) for one in user.seats.rooms}
        cursors, nodes = sessions.cursors.changed(user), sessions.arrivals.news(account)
        facts = (user.person, rooms, user.session.lasts, sessions.takeover.clients(user))
        if cursors or nodes or self._reported.get(account) != (*facts, user.session.auto_away):
            self._reported[account] = (*facts, user.session.auto_away)
            report = Report(user.uid, network.me, *facts, cursors, user.session.auto_away, nodes)
            network.submit(group, report)
        has = kept(user)
        if has != self._kept.get(account, Kept()):
            self._kept[account] = has
            network.submit(group, Keep(user.uid, network.me, has))

    def report_cursors(self, user: User) -> None:
        """Report the cursors of devices here, for the next node of the session."""
        sessions, account = self._edge.sessions, user.session.account

        def told() -> None:
            if account not in sessions.users:
                sessions.cursors.forget(account)

        sessions.cursors.tell(account, sessions.cursors.changed(user), told)

    def forget(self, account: str) -> None:
        """Forget the last reports: the session's group knows nothing of the session, and is told all next."""
        self._reported.pop(account, None)
        self._kept.pop(account, None)
