"""Channels in the view of operators. No I/O."""

from __future__ import annotations

from typing import NamedTuple

from gateway.admin.lists import LEVEL, rows_of
from gateway.admin.procedures import Problem, Procedure, need_level, unanswered
from gateway.edge.ports import EdgePort
from gateway.edge.procedures import Ask
from gateway.edge.rpc.operator_asks import RoleRow
from gateway.irc.names import is_valid_channel
from gateway.state.channel.questions import MEMBERS, ChannelView, Look
from gateway.state.channel.views import PAGE
from ring.ids import GroupId


class Role(NamedTuple):
    """A node's role for a channel. term, seq: the last entry of the node's replica of the channel's log."""

    node: str
    role: str
    term: int
    seq: int


def channel_group(edge: EdgePort, name: str) -> GroupId:
    """Return the channel's group. Raises Problem if no channel can have the name."""
    if not is_valid_channel(name, edge.settings.limits.channel_len):
        raise Problem("invalid", f"{name[:64]!r} is no name of a channel: give a name like #erlang, in a URL %23erlang")
    return edge.channel(name)


def look(edge: EdgePort, name: str, after: str = "") -> Procedure[ChannelView]:
    """Look up the channel with a page of members, by user id. after: the last user id of the page before."""
    need_level(edge, LEVEL)
    view = yield Ask(channel_group(edge, name), Look("", PAGE + after, True))
    if not isinstance(view, ChannelView):
        raise unanswered()
    if not view.name:
        raise Problem("unknown", f"there is no channel {name}: nobody is in a channel of this name")
    return view


def has_more(view: ChannelView) -> bool:
    """Tell whether there may be members after this page."""
    return len(view.members) == MEMBERS


def roles(edge: EdgePort, name: str) -> Procedure[list[Role]]:
    """List the nodes with a replica of the channel, the master first."""
    listed = yield from rows_of(edge, "roles", channel_group(edge, name).name)
    found = [Role(node, row.role, row.term, row.seq) for node, row in listed.rows if isinstance(row, RoleRow)]
    return sorted(found, key=lambda one: (ORDER.index(one.role), one.node))


ORDER = ("master", "backup", "follower")
