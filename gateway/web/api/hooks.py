"""Incoming webhooks: a program with a token speaks in a channel."""

from __future__ import annotations

from gateway.admin.speaking import Words, speak
from gateway.web.api import models as m
from gateway.web.api.endpoints import endpoint
from gateway.web.api.request import Request
from gateway.web.refusal import BadRequest, Refused


@endpoint(
    "POST", "/messages", "Speak in a channel", m.Said,
    can="speak", query=m.MessageQuery, body=m.NewMessage, text=True,
)  # fmt: skip
async def say(request: Request) -> m.Said:
    return await _say(request)


@endpoint(
    "POST", "/hooks/{token}", "Speak in a channel, for programs that cannot send an Authorization header", m.Said,
    can="speak", query=m.MessageQuery, body=m.NewMessage, text=True,
)  # fmt: skip
async def say_by_address(request: Request) -> m.Said:
    if request.token.capabilities != {"speak"}:
        raise Refused(403, "that token may do more than speak, so no address may hold it: use the header Authorization")
    return await _say(request)


async def _say(request: Request) -> m.Said:
    body, query, edge, token = request.body, request.query, request.core.edge, request.token
    channel = _channel(request, body.channel or query.channel)
    words = Words("NOTICE" if body.notice else "PRIVMSG", body.text)
    name = body.speaker or query.speaker or token.name
    at = await request.ask(speak(edge, token.name, name, channel, words, request.key))
    edge.network.note("webhook_spoke", edge.channel(channel), operator=token.name)
    return m.Said(channel=channel, at=at)


def _channel(request: Request, asked: str | None) -> str:
    """Choose the channel. Raises Refused if the token may not speak in the channel, or if the request has to name a
    channel because the token has several.
    """
    token, fold = request.token, request.core.edge.settings.casemap
    if asked is None:
        if len(token.channels) != 1:
            raise BadRequest(f"the channel is missing: the token {token.name} has {', '.join(sorted(token.channels))}")
        return next(iter(token.channels))
    if fold(asked) not in token.channels:
        text = f"the token {token.name} may not speak in {asked[:64]}: it may in {', '.join(sorted(token.channels))}"
        raise Refused(403, text)
    return asked
