"""Finds the faults of a network and describes each in words, for `circlet status` and the page of the ring. No I/O."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.status import Status
from gateway.survey import Survey, opinions
from gateway.words import counted, days, listed, moment, verb

STOPPED = 5
"""The number of stopped groups that a finding names at most."""

LAG_S = 2.0
"""A lag of up to this length is normal: the network needs a moment to notice that a node has died."""

UNREAD_S = 3600.0
"""A finding reports unreadable messages for this long after the last of them."""

FAILING_S = 60.0
"""A webhook is reported after failing for this long; a shorter failure is normal."""

HOOKS = 10
"""The number of failing webhooks that the findings name for each node at most."""

ENDS_SOON_S = 14 * 86_400
"""A certificate that ends within two weeks should be replaced now."""


def findings(survey: Survey, copies: int, now: float) -> list[str]:
    """Describe each fault of the network in one line. Return an empty list if nothing is wrong.

    copies: the setting ring.copies. now: Unix seconds.
    """
    return [
        *_directories(survey),
        *_silent(survey),
        *_missing(survey),
        *_refused(survey),
        *_opinions(survey),
        *_strangers(survey),
        *_versions(survey),
        *_levels(survey),
        *_cloaks(survey),
        *_unreadable(survey, now),
        *_lags(survey),
        *_backups(survey, copies),
        *_waiting(survey),
        *_stores(survey),
        *_stopped(survey),
        *_certificates(survey, now),
        *_webhooks(survey, now),
    ]


def _statuses(survey: Survey) -> list[Status]:
    return [row.status for row in survey.rows if row.status is not None]


def _directories(survey: Survey) -> Iterator[str]:
    if survey.listed is None and survey.directories:
        yield f"no directory answers ({', '.join(survey.silent)}): the nodes here are those of the saved roster"
    else:
        yield from (f"a directory does not answer ({problem})" for problem in survey.silent)
    if not survey.silent:
        for status in _statuses(survey):
            for directory in status.directories:
                if directory.problem:
                    yield f"{status.name} is not listed by the directory {directory.address}: {directory.problem}"
    if survey.roster_problem is not None:
        yield f"the saved roster is of no use: {survey.roster_problem}"


def _silent(survey: Survey) -> Iterator[str]:
    for row in survey.rows:
        if row.status is None:
            yield f"{row.record.name} does not answer ({row.address}: {row.problem})"
        elif survey.listed is not None and row.record.key not in survey.listed:
            yield f"no directory lists {row.record.name}, which answers"


def _missing(survey: Survey) -> Iterator[str]:
    here = {row.record.name for row in survey.rows if row.status is not None}
    for absent in survey.missing:
        name = absent.ring_key if absent.name in here else absent.name
        since = f"has been missing since {moment(absent.since)}" if absent.since else "is missing"
        yield (
            f"{absent.name} ({absent.ring_key}) {since}: start it, or say "
            f"`circlet forget {name}` if it will never come back"
        )


def _refused(survey: Survey) -> Iterator[str]:
    """Report each refused node once for each reason, together with the refusing nodes."""
    refusers: dict[tuple[str, str, str], list[str]] = {}
    for status in _statuses(survey):
        for refusal in status.refused:
            refusers.setdefault((refusal.name, refusal.address, refusal.reason), []).append(status.name)
    for (name, address, reason), names in sorted(refusers.items()):
        yield f"{listed(names)} {verb(names, 'refuse')} {name} at {address}: {reason}"
    for name, address, reason in sorted(survey.refused):
        yield f"the directories refuse {name} at {address}: {reason}"


def _opinions(survey: Survey) -> Iterator[str]:
    """Report each node that other nodes think dead, and the evidence against their opinion."""
    statuses = _statuses(survey)
    thought: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for status, dead in opinions(statuses):
        for seen in dead:
            names[seen.ring_key] = seen.name
            thought.setdefault(seen.ring_key, []).append(status.name)
    answers = {status.ring_key for status in statuses}
    for key, thinkers in sorted(thought.items()):
        hearers = [status.name for status in statuses if key in status.links]
        against = f", {listed(hearers)} {verb(hearers, 'hear')} it" if hearers else ""
        against += ", and it answers here" if key in answers else ""
        if not against and any(absent.ring_key == key for absent in survey.missing):
            continue  # _missing has already reported this node, with the same advice
        if key in survey.given_up and not hearers:
            against = f": start it, or say `circlet forget {names[key]}` if it will never come back"
        yield f"{listed(thinkers)} {verb(thinkers, 'think')} {names[key]} dead{against}"


def _strangers(survey: Survey) -> Iterator[str]:
    """Report nodes that have not heard of each other."""
    statuses = _statuses(survey)
    staying = {status.ring_key: status.name for status in statuses if not status.leaving}
    unknown: dict[int, list[str]] = {}  # id of a roster -> names; many statuses share one roster
    for status in statuses:
        if id(status.roster) not in unknown:
            known = {seen.ring_key for seen in status.roster}
            unknown[id(status.roster)] = [name for key, name in staying.items() if key not in known]
        if names := unknown[id(status.roster)]:
            yield f"{status.name} does not know {listed(names)}"


def _versions(survey: Survey) -> Iterator[str]:
    running: dict[str, list[str]] = {}
    for status in _statuses(survey):
        running.setdefault(status.version, []).append(status.name)
    if len(running) > 1:
        each = ", ".join(f"{version} ({', '.join(names)})" for version, names in sorted(running.items()))
        yield f"nodes run different versions: {each}"


def _cloaks(survey: Survey) -> Iterator[str]:
    """Name the nodes whose cloaks differ: of another key, or of no key. Then a ban holds on a part of the network."""
    names: dict[str, list[str]] = {}
    for status in _statuses(survey):
        if status.cloaks is not None:
            names.setdefault(status.cloaks, []).append(status.name)
    if len(names) < 2:
        return
    for mark, each in sorted(names.items()):
        if mark:
            yield f"{listed(each)} {verb(each, 'make')} cloaks with the key {mark}: give every node the same cloak.key"
        else:
            yield f"{listed(each)} {verb(each, 'show')} addresses: give every node the same cloaks.key_file"


def acting_level(survey: Survey) -> int | None:
    """Return the feature level at which the network acts; None if no answering node knows feature levels."""
    return max((s.acting_level for s in _statuses(survey) if s.acting_level is not None), default=None)


def _levels(survey: Survey) -> Iterator[str]:
    """Name the nodes that hold down the network's feature level (P42)."""
    acting, statuses = acting_level(survey), _statuses(survey)
    if acting is None:
        return
    top = max(status.level for status in statuses)
    here = {status.ring_key for status in statuses}
    running = [status.name for status in statuses if status.level == acting]
    missing = [one.name for one in survey.missing if one.level == acting and one.ring_key not in here]
    if top == acting:
        return
    head = f"the network acts at feature level {acting}, below the level {top} of its newest nodes"
    if running:
        yield f"{head}: {listed(running)} {verb(running, 'hold')} the network back: upgrade {listed(running)}"
    for name in missing:
        yield (
            f"{head}: {name}, which is missing, holds the network back: start it with a later build, or say "
            f"`circlet forget {name}` if it will never come back"
        )


def _unreadable(survey: Survey, now: float) -> Iterator[str]:
    for status in _statuses(survey):
        for unread in status.unreadable:
            if now - unread.at < UNREAD_S:
                messages = counted(unread.count, "message")
                yield (
                    f"{status.name} could not read {messages} of {unread.name} ({unread.what}), the last on "
                    f"{moment(unread.at)}: their builds do not understand each other: upgrade the older one"
                )


def _lags(survey: Survey) -> Iterator[str]:
    for status in _statuses(survey):
        if status.lag_s > LAG_S:
            groups = "1 group lags" if status.lagging == 1 else f"{status.lagging} groups lag"
            yield f"{status.name}: {groups}, the longest for {status.lag_s:.0f} s"


def _backups(survey: Survey, copies: int) -> Iterator[str]:
    """Report channels with too few copies, except in a network of a single node without a directory."""
    up = sum(not status.leaving for status in _statuses(survey))
    if not 0 < up < copies or (len(survey.rows) == 1 and not survey.directories):
        return
    if up == 1:
        yield "channels have no backup: only one node is up"
    else:
        yield f"channels have {up} copies, not {copies} as ring.copies says: only {up} nodes are up"


def _stores(survey: Survey) -> Iterator[str]:
    for status in _statuses(survey):
        if status.store:
            yield f"{status.name} cannot write what it should keep: {status.store}"


def _stopped(survey: Survey) -> Iterator[str]:
    for status in _statuses(survey):
        if status.stopped:
            few = ", ".join(status.stopped[:STOPPED]) + (", ..." if len(status.stopped) > STOPPED else "")
            yield (
                f"{status.name} has stopped {len(status.stopped)} groups for a mistake of the program ({few}): "
                "its log says where (group_broken); report that, and restart the node to try again"
            )


def _waiting(survey: Survey) -> Iterator[str]:
    """Report groups that cannot be written while a node is away."""
    statuses = _statuses(survey)
    missing = {key: name for status in statuses for key, name in status.missing.items()}
    dead = {seen.ring_key: seen.name for _, thought in opinions(statuses) for seen in thought}
    names = ", ".join(sorted({**dead, **missing}.values()))
    count = sum(status.waiting for status in statuses)
    if count and names:
        yield (
            f"{count} groups of accounts and sessions wait for what {names} may have of them: start it, or say "
            "`circlet forget NODE` if it will never come back"
        )


def _certificates(survey: Survey, now: float) -> Iterator[str]:
    for status in _statuses(survey):
        for certificate in status.certificates:
            left_s = certificate.ends - now
            if left_s >= ENDS_SOON_S:
                continue
            when = f"{moment(certificate.ends)}"
            how = f"ended on {when}" if left_s <= 0 else f"ends in {days(left_s)}, on {when}"
            yield (
                f"{status.name}: the certificate {certificate.file} of the listener {certificate.listener} {how}: "
                "replace the file and send the node SIGHUP"
            )


def _webhooks(survey: Survey, now: float) -> Iterator[str]:
    for status in _statuses(survey):
        failing = [hook for hook in status.webhooks_failing if now - hook.since > FAILING_S]
        for hook in failing[:HOOKS]:
            lost = f", {counted(hook.dropped, 'message')} given up" if hook.dropped else ""
            waiting = f"{counted(hook.backlog, 'message')} {'waits' if hook.backlog == 1 else 'wait'}"
            yield (
                f"{status.name}: the webhook {hook.id} of {hook.channel} to {hook.host} has failed since "
                f"{moment(hook.since)} ({hook.error}): {waiting}{lost}"
            )
        if len(failing) > HOOKS:
            yield f"{status.name}: {len(failing) - HOOKS} more webhooks fail: `circlet webhook list` shows them"
