"""A nick that its holder is about to let go: a claim, and the question who had the nick, wait for the release (P27).

Others read a QUIT or NICK before the nick is free, as the nick is free only once everybody has read the line. A claim
at this moment must not be refused as "in use", and WHOWAS must know who has just gone. Only the holder's node knows of
a release under way, so that node is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from gateway.edge.rpc.asks import LettingGo, LettingGoAsk
from gateway.irc import numerics as n
from gateway.state.nick.messages import Claim, NickView, Who
from gateway.state.people import Refusal
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort

AGAIN_S: Final = 0.05
"""So soon the claim is repeated while the nick is being let go."""


def claim(edge: EdgePort, command: Claim, done: Callable[[Any], None]) -> None:
    """Submit the claim; done(outcome). 433 comes at once, unless the nick is being let go: after settle_max_s then."""
    home, until = edge.nick(command.person.nick), edge.now + edge.engine.settings.settle_max_s
    is_last = edge.engine.level < LettingGoAsk.SINCE

    def submit() -> None:
        edge.engine.submit(home, command, answered)

    def answered(outcome: Any) -> None:
        in_use = isinstance(outcome, Refusal) and outcome.numeric == n.ERR_NICKNAMEINUSE
        if in_use and not is_last and edge.now < until:
            edge.engine.ask(home, Who(), lambda view: held(outcome, view))
        else:
            done(outcome)

    def held(refusal: Refusal, view: NickView | None) -> None:
        if view is None:
            done(refusal)
        elif view.holder is None:  # it has been let go since
            submit()
        else:
            ask = LettingGoAsk(view.holder.uid, home.name)
            edge.engine.ask_node(view.holder.node, ask, lambda reply: told(refusal, reply))

    def told(refusal: Refusal, reply: Any) -> None:
        nonlocal is_last
        if isinstance(reply, LettingGo) and reply.soon:
            edge.later(AGAIN_S, submit)
        elif isinstance(reply, LettingGo) and not reply.is_here:  # it had let the nick go before the question came
            is_last = True
            submit()
        else:
            done(refusal)

    submit()


def look_up(edge: EdgePort, home: GroupId, done: Callable[[NickView | None], None]) -> None:
    """done(the nick's view, once nobody is about to let the nick go; after settle_max_s as it is then)."""
    until = edge.now + edge.engine.settings.settle_max_s
    is_last = edge.engine.level < LettingGoAsk.SINCE

    def look() -> None:
        edge.engine.ask(home, Who(), known)

    def known(view: NickView | None) -> None:
        if view is None or view.holder is None or is_last or edge.now >= until:
            done(view)
        else:
            ask = LettingGoAsk(view.holder.uid, home.name)
            edge.engine.ask_node(view.holder.node, ask, lambda reply: told(view, reply))

    def told(view: NickView, reply: Any) -> None:
        nonlocal is_last
        if not isinstance(reply, LettingGo) or (reply.is_here and not reply.soon):
            done(view)
        elif reply.soon:
            edge.later(AGAIN_S, look)
        else:  # the holder's node had let the nick go before the question came
            is_last = True
            look()

    look()


def answer(edge: EdgePort, ask: LettingGoAsk) -> LettingGo:
    user = edge.users.get(ask.uid)
    if user is None:
        return LettingGo(False, False)
    if user.quitting:
        return LettingGo(True)
    group = edge.nick(ask.nick)
    goes_by = group in (edge.nick(user.person.nick), edge.nick(user.wanted.nick), user.claims)
    return LettingGo(not goes_by)
