"""A nick that its holder is about to let go: a claim, and the question who had the nick, wait for the release (P27).

Others read a QUIT or NICK before the nick is free, as the nick is free only once everybody has read the line. A claim
at this moment must not be refused as "in use", and WHOWAS must know who has just gone. Only the holder's node knows of
a release under way, so the holder's node is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.edge.procedures import Ask, AskNode, Procedure, Sleep, Submit
from gateway.edge.rpc.asks import LettingGo, LettingGoAsk
from gateway.irc import numerics as n
from gateway.state.nick.messages import Claim, NickView, Who
from gateway.state.people import Refusal
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort

AGAIN_S: Final = 0.05
"""Time until the claim is repeated while the nick is being let go."""


def claim(edge: EdgePort, command: Claim) -> Procedure[Any]:
    """Submit the claim, and return the outcome. 433 comes at once, or after settle_max_s if somebody is still letting
    the nick go."""
    home, until = edge.nick(command.person.nick), edge.now + edge.network.settings.settle_max_s
    is_last = edge.network.level < LettingGoAsk.SINCE
    while True:
        outcome = yield Submit(home, command)
        in_use = isinstance(outcome, Refusal) and outcome.numeric == n.ERR_NICKNAMEINUSE
        if not in_use or is_last or edge.now >= until:
            return outcome
        view: NickView | None = yield Ask(home, Who())
        if view is None:
            return outcome
        if view.holder is None:  # the nick has been let go since
            continue
        reply = yield AskNode(view.holder.node, LettingGoAsk(view.holder.uid, home.name))
        if not isinstance(reply, LettingGo) or (reply.is_here and not reply.soon):
            return outcome
        if reply.soon:
            yield Sleep(AGAIN_S)
        else:  # the holder's node had let the nick go before the question came
            is_last = True


def look_up(edge: EdgePort, home: GroupId) -> Procedure[NickView | None]:
    """Returns the nick's view, once nobody is about to let the nick go; after settle_max_s as the view is then."""
    until = edge.now + edge.network.settings.settle_max_s
    is_last = edge.network.level < LettingGoAsk.SINCE
    while True:
        view: NickView | None = yield Ask(home, Who())
        if view is None or view.holder is None or is_last or edge.now >= until:
            return view
        reply = yield AskNode(view.holder.node, LettingGoAsk(view.holder.uid, home.name))
        if not isinstance(reply, LettingGo) or (reply.is_here and not reply.soon):
            return view
        if reply.soon:
            yield Sleep(AGAIN_S)
        else:  # the holder's node had let the nick go before the question came
            is_last = True


def answer(edge: EdgePort, ask: LettingGoAsk) -> LettingGo:
    user = edge.users.get(ask.uid)
    if user is None:
        return LettingGo(False, False)
    if user.quitting:
        return LettingGo(True)
    group = edge.nick(ask.nick)
    goes_by = group in (edge.nick(user.person.nick), edge.nick(user.identity.pending.nick), user.identity.renaming)
    return LettingGo(not goes_by)
