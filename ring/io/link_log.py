"""Write the log lines about links, within limits: peers fail again and again, and strangers say ever new words."""

from __future__ import annotations

from typing import Any

from ring.durations import EXHAUSTED_LOG_EVERY_S, LINK_LOG_EVERY_S
from ring.io.log_limit import LogLimit
from ring.links.admission import Report
from ring.links.hello import Role
from ring.roster import NodeRecord

REMEMBERED = 1000
"""At most this many causes of log lines are remembered. At the limit, all are forgotten."""


class LinkLog:
    """The log of one node's links. now: seconds of a clock that only moves forward."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self._logged: dict[str, float] = {}  # cause -> when last logged
        self._limit = LogLimit()

    def up(self, peer: NodeRecord, role: Role) -> None:
        """Log a link that is up."""
        self._log.info("link_up", peer=peer.key, name=peer.name, incarnation=peer.incarnation, role=role)

    def lost(self, key: str, reason: str, up_s: float, *, wanted: bool) -> None:
        """Log a link that was up for `up_s`. wanted: one of the two nodes has closed the link in order."""
        say = self._log.info if wanted else self._log.warning
        say("link_lost", peer=key, reason=reason, up_s=round(up_s, 1))

    def dial_failed(self, key: str, reason: str, now: float) -> None:
        """Log a failed dial, once in LINK_LOG_EVERY_S."""
        if self._may_log(f"dial {key}", LINK_LOG_EVERY_S, now):
            self._log.info("link_dial_failed", peer=key, reason=reason)

    def refused(self, expected: str | None, address: str, reason: str, now: float) -> None:
        """Log a refusal of a node or a stranger, each reason once in LINK_LOG_EVERY_S, and not too many reasons a
        minute.

        expected: ring key of the dialled node; None where the other side has dialled.
        """
        self._may_log(f"dial {expected}", LINK_LOG_EVERY_S, now)  # the refusal says more than the failed dial
        if not self._may_log(f"refused {address} {reason}", LINK_LOG_EVERY_S, now):
            return
        held = self._limit.allow("link_refused", now)
        if held is not None:
            facts = {"not_logged": held} if held else {}
            self._log.warning("link_refused", peer=expected or address, reason=reason, **facts)

    def connections_refused(self, report: Report) -> None:
        """Log the connections that were refused at accept."""
        self._log.warning("link_connections_refused", **report._asdict())

    def exhausted(self, problem: OSError, now: float) -> None:
        """Log a lack of descriptors, once in EXHAUSTED_LOG_EVERY_S."""
        if self._may_log("descriptors", EXHAUSTED_LOG_EVERY_S, now):
            self._log.error("descriptors_exhausted", port="links", reason=problem.strerror)

    def admin_client_came(self, address: str) -> None:
        """Log an admin client."""
        self._log.debug("admin_client_came", address=address)

    def _may_log(self, cause: str, every_s: float, now: float) -> bool:
        """Tell whether the cause was not logged for `every_s`, and remember the cause as logged now."""
        if now - self._logged.get(cause, float("-inf")) < every_s:
            return False
        if len(self._logged) >= REMEMBERED:
            self._logged.clear()
        self._logged[cause] = now
        return True
