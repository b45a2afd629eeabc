"""Endpoints that read: accounts, channels, sessions, actions and the token itself."""

from __future__ import annotations

from functools import partial

from gateway.admin import accounts, channels, sessions
from gateway.edge.rpc.operator_asks import AccountRow, ActionRow, ChannelRow, SessionRow
from gateway.edge.users import hosts
from gateway.irc.modes import CHANNEL_MODES
from gateway.node import NodeCore
from gateway.state.account.messages import InfoView
from gateway.state.channel.questions import MemberView
from gateway.web import views
from gateway.web.api import models as m
from gateway.web.api.endpoints import endpoint
from gateway.web.api.request import Request
from gateway.web.source import sight_of

SIGNS = dict(zip(CHANNEL_MODES.ranks, CHANNEL_MODES.signs, strict=True))


@endpoint("GET", "/token", "The token of this request, and what it may be used for", m.TokenFacts)
async def show_token(request: Request) -> m.TokenFacts:
    token = request.token
    return m.TokenFacts(name=token.name, capabilities=sorted(token.capabilities), channels=sorted(token.channels))


@endpoint("GET", "/accounts", "List the accounts", m.List[m.Account], can="accounts.read", query=m.PageQuery)
async def list_accounts(request: Request) -> m.List[m.Account]:
    return await request.page("accounts", _account)


@endpoint("GET", "/accounts/{name}", "Show an account", m.Account, can="accounts.read")
async def show_account(request: Request) -> m.Account:
    view = await request.ask(accounts.one(request.core.edge, request.path["name"]))
    return _account_of(view)


def _account(node: str, row: AccountRow) -> m.Account:
    return m.Account(
        name=row.name,
        created=row.created,
        last_login=row.seen,
        nicks=list(row.nicks),
        certificates=row.certificates,
        always_on=row.always_on,
    )


def _account_of(view: InfoView) -> m.Account:
    return m.Account(
        name=view.name,
        created=view.created,
        last_login=view.seen,
        nicks=list(view.nicks),
        certificates=len(view.certificates),
        always_on=view.settings.always_on,
    )


@endpoint("GET", "/accounts/{name}/devices", "List an account's devices", m.DeviceList, can="sessions.read")
async def list_devices(request: Request) -> m.DeviceList:
    core = request.core
    view = await request.ask(accounts.one(core.edge, request.path["name"]))
    stored = await request.ask(sessions.devices(core.edge, view.name))
    items = [
        m.Device(device=name, last_seen=device.seen, channels=len(device.cursors))
        for name, device in sorted(stored.devices.items())
    ]
    person = stored.person
    return m.DeviceList(
        items=items,
        next=None,
        nick=person.nick if person is not None else None,
        node=core.name_of(person.node) if person is not None else None,
        clients=stored.attached,
        always_on=stored.lasts,
    )


@endpoint(
    "GET", "/channels", "List the channels, secret ones too", m.List[m.Channel], can="channels", query=m.PageQuery
)
async def list_channels(request: Request) -> m.List[m.Channel]:
    return await request.page("channels", _channel)


def _channel(node: str, row: ChannelRow) -> m.Channel:
    return m.Channel(
        name=row.name,
        members=row.members,
        modes=f"+{row.modes}",
        topic=row.topic,
        topic_by=row.topic_by or None,
        topic_at=row.topic_at or None,
        created=row.created,
    )


@endpoint(
    "GET", "/channels/{name}", "Show a channel, its place on the ring, and which nodes have it", m.ChannelDetail,
    can="channels",
)  # fmt: skip
async def show_channel(request: Request) -> m.ChannelDetail:
    core, name = request.core, request.path["name"]
    view = await request.ask(channels.look(core.edge, name))
    found = await request.ask(channels.roles(core.edge, name))
    located = views.locate(sight_of(core), name)
    return m.ChannelDetail(
        name=view.name,
        members=view.total,
        modes=" ".join([f"+{view.modes}", *view.params]),
        topic=view.topic,
        topic_by=hosts.source(core.edge, view.topic_by) or None,
        topic_at=view.topic_at or None,
        created=view.created,
        J=located["J"],
        ring=[m.Place(**row) for row in located["nodes"]],
        roles=[m.Role.model_validate(role._asdict()) for role in found],
    )


@endpoint(
    "GET", "/channels/{name}/members", "List a channel's members", m.List[m.Member], can="channels", query=m.PageQuery
)
async def list_members(request: Request) -> m.List[m.Member]:
    query = request.query
    view = await request.ask(channels.look(request.core.edge, request.path["name"], query.next))
    shown = view.members[: query.limit]
    items = [_member(request.core, one) for one in shown]
    more = len(shown) < len(view.members) or channels.has_more(view)
    return m.List[m.Member](items=items, next=shown[-1].person.uid if more and shown else None, silent=[])


def _member(core: NodeCore, member: MemberView) -> m.Member:
    person = member.person
    return m.Member(
        nick=person.nick,
        user=person.user,
        host=hosts.stored(core.edge, person).host,
        account=person.account,
        prefixes="".join(SIGNS[rank] for rank in member.prefixes),
        away=person.away,
        session=person.uid,
        node=core.name_of(person.node),
    )


@endpoint(
    "GET", "/sessions", "List the people on the network, with their clients", m.List[m.Session],
    can="sessions.read", query=m.SessionsQuery,
)  # fmt: skip
async def list_sessions(request: Request) -> m.List[m.Session]:
    return await request.page("sessions", partial(_session, request.core), request.query.node)


def _session(core: NodeCore, node: str, row: SessionRow) -> m.Session:
    clients = [
        m.Client(
            client=one.number,
            node=core.name_of(one.node),
            address=one.address,
            tls=one.secure,
            device=one.device,
            connected=one.opened * 1000,
            idle_s=one.idle_s,
        )
        for one in row.clients
    ]
    return m.Session(
        id=row.key,
        nick=row.nick,
        user=row.user,
        host=row.host,
        account=row.account,
        away=row.away,
        operator=row.operator,
        always_on=row.lasts,
        since=row.signon,
        channels=row.channels,
        node=node,
        clients=clients,
    )


@endpoint(
    "GET", "/actions", "List what operators did, the newest first", m.List[m.Action], can="actions", query=m.PageQuery
)
async def list_actions(request: Request) -> m.List[m.Action]:
    return await request.page("actions", _action)


def _action(node: str, row: ActionRow) -> m.Action:
    return m.Action(at=row.at, operator=row.operator, what=row.what, on=row.on, result=row.result, node=node)
