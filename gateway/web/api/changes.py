"""Endpoints that act. Each action is logged and remembered under the token's name (Request.act)."""

from __future__ import annotations

import re

from gateway.admin import accounts, sessions, speaking
from gateway.web.api import models as m
from gateway.web.api.endpoints import endpoint
from gateway.web.api.request import Request
from gateway.web.refusal import BadRequest


@endpoint("POST", "/accounts", "Add an account", m.Done, can="accounts", body=m.NewAccount, status=201)
async def add_account(request: Request) -> m.Done:
    edge, body = request.core.edge, request.body
    credentials = await request.ask(accounts.credentials(edge, body.password))
    return m.Done(done=await request.act("add_account", body.name, accounts.add(edge, body.name, credentials)))


@endpoint("PATCH", "/accounts/{name}", "Change an account", m.Done, can="accounts", body=m.AccountChange)
async def change_account(request: Request) -> m.Done:
    name, always_on = request.path["name"], request.body.always_on
    word = {None: "default", True: "on", False: "off"}[always_on]
    procedure = accounts.choose(request.core.edge, name, {"always_on": always_on})
    return m.Done(done=await request.act(f"always_on_{word}", name, procedure))


@endpoint(
    "PUT", "/accounts/{name}/password", "Give an account another password", m.Done,
    can="accounts", body=m.NewPassword,
)  # fmt: skip
async def set_password(request: Request) -> m.Done:
    edge, name = request.core.edge, request.path["name"]
    credentials = await request.ask(accounts.credentials(edge, request.body.password))
    return m.Done(done=await request.act("set_password", name, accounts.set_password(edge, name, credentials)))


@endpoint("DELETE", "/accounts/{name}", "Drop an account with all that belongs to it, for good", m.Done, can="accounts")
async def drop_account(request: Request) -> m.Done:
    name = request.path["name"]
    return m.Done(done=await request.act("drop_account", name, accounts.drop(request.core.edge, name)))


@endpoint(
    "DELETE", "/sessions/{id}", "End a session: the person leaves the network", m.Done,
    can="sessions", query=m.ReasonQuery,
)  # fmt: skip
async def end_session(request: Request) -> m.Done:
    uid = request.path["id"]
    nick = await request.act("end_session", uid, sessions.end(request.core.edge, uid, 0, request.query.reason))
    return m.Done(done=f"the session of {nick} is ended")


@endpoint(
    "DELETE", "/sessions/{id}/clients/{client}", "End one client of a session", m.Done,
    can="sessions", query=m.ReasonQuery,
)  # fmt: skip
async def end_client(request: Request) -> m.Done:
    uid, number = request.path["id"], request.path["client"]
    if not re.fullmatch(r"[1-9][0-9]{0,17}", number):
        raise BadRequest("the client in the path is no number: give `client` of one of the session's clients")
    procedure = sessions.end(request.core.edge, uid, int(number), request.query.reason)
    nick = await request.act("end_client", f"{uid} {number}", procedure)
    return m.Done(done=f"the client {number} of {nick} is ended")


@endpoint("POST", "/kills", "Have a user leave the network", m.Done, can="kills", body=m.NewKill)
async def kill(request: Request) -> m.Done:
    body = request.body
    nick = await request.act("kill", body.nick, sessions.kill(request.core.edge, body.nick, body.reason))
    return m.Done(done=f"{nick} has left the network")


@endpoint(
    "POST", "/notices", "Send a notice to everybody, a channel or a user", m.Done, can="notices", body=m.NewNotice
)
async def send_notice(request: Request) -> m.Done:
    body = request.body
    procedure = speaking.notice(request.core.edge, body.speaker, body.to, body.text)
    return m.Done(done=f"the notice was sent to {await request.act('notice', body.to, procedure)}")
