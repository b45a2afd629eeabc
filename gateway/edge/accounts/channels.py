"""Register channels to accounts, and tell the channels of an account that is dropped (P50).

A channel's registration is in the channel's group, and the account's group lists the account's channels. The two groups
cannot change at the same moment. The account lists the channel first, so that a drop of the account finds every
channel; a listed channel that the account has not registered counts for nothing, and every step may be repeated.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gateway.edge.accounts.proof import Login
from gateway.edge.client.registration import new_uid
from gateway.edge.procedures import Procedure, Submit
from gateway.state.account.messages import Accepted, AddChannel, RemoveChannel
from gateway.state.channel.registration_messages import Bereave, Done, NotDone, Register, SetHolder, Unregister
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort

# The procedures return Done, NotDone, Denied, or ring.replication.application.FAILED without an answer in time.


def register_channel(edge: EdgePort, login: Login, channel: GroupId, uid: str, *, override: bool) -> Procedure[Any]:
    """Register the channel to the account. uid: the caller, in the channel. override: an operator of the network."""
    most = edge.settings.accounts.channels_max
    listed = yield Submit(edge.account(login.name), AddChannel(login.life, channel.name, most))
    if not isinstance(listed, Accepted):
        return listed
    outcome = yield Submit(channel, Register(new_uid(edge), uid, login.life, login.name, override))
    if isinstance(outcome, Done):
        edge.oversight.tell("r", f"Channel {outcome.name} registered to {login.name}")
    if isinstance(outcome, NotDone) and outcome.why != "registered":  # else the account may be the founder
        edge.network.submit(edge.account(login.name), RemoveChannel(login.life, channel.name))
    return outcome


def drop_channel(edge: EdgePort, login: Login, channel: GroupId, name: str, *, override: bool) -> Procedure[Any]:
    """Drop the channel's registration. name: the id of the registration."""
    outcome = yield Submit(channel, Unregister(login.life, name, override))
    if isinstance(outcome, Done):
        edge.oversight.tell("r", f"Channel {channel.name} dropped by {login.name}")
    if not isinstance(outcome, NotDone):
        edge.network.submit(edge.account(login.name), RemoveChannel(login.life, channel.name))
    return outcome


def hand_channel_on(edge: EdgePort, login: Login, channel: GroupId, to: Login, *, override: bool) -> Procedure[Any]:
    """Make another account the founder. Both accounts list the channel before the channel changes hands."""
    most = edge.settings.accounts.channels_max
    listed = yield Submit(edge.account(to.name), AddChannel(to.life, channel.name, most))
    if not isinstance(listed, Accepted):
        return listed
    outcome = yield Submit(channel, SetHolder(login.life, "founder", to.life, to.name, override))
    left = to if isinstance(outcome, NotDone) else login
    if left.life != to.life or isinstance(outcome, NotDone):
        edge.network.submit(edge.account(left.name), RemoveChannel(left.life, channel.name))
    return outcome


def choose_successor(
    edge: EdgePort, login: Login, channel: GroupId, to: Login, former: Login, *, override: bool
) -> Procedure[Any]:
    """Make another account the successor. to: without life for nobody. former: the successor until now."""
    if to.life:
        most = edge.settings.accounts.channels_max
        listed = yield Submit(edge.account(to.name), AddChannel(to.life, channel.name, most))
        if not isinstance(listed, Accepted):
            return listed
    outcome = yield Submit(channel, SetHolder(login.life, "successor", to.life, to.name, override))
    left = to if isinstance(outcome, NotDone) else former
    if left.life not in ("", login.life) and (left is to or left.life != to.life):
        edge.network.submit(edge.account(left.name), RemoveChannel(left.life, channel.name))
    return outcome


def bereave(edge: EdgePort, life: str, channels: Iterable[str]) -> None:
    """Tell the channels of a dropped account. life: the id of the account's registration. channels: folded names."""
    for name in channels:
        edge.network.submit(GroupId("channel", name), Bereave(life))
