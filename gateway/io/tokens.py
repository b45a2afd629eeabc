"""Translates the configured tokens to those of the operators' API."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from config import NodeConfig
from config.http import Http
from gateway.irc.casemapping import Casemap
from gateway.web.api.access import Rates, Token
from gateway.web.api.api import Api
from gateway.web.source import Source
from gateway.web.visitors import Visitors


def api_of(source: Source, visitors: Visitors, config: NodeConfig, log: Any) -> Api:
    return Api(source, visitors, *tokens(config, log), log)


def tokens(config: NodeConfig, log: Any) -> tuple[tuple[Token, ...], Rates]:
    """Return the tokens and rates. Warn in the log if tokens would cross a network in clear text."""
    http = config.http or Http()
    fold = Casemap(config.network.casemapping)
    if http.tokens and http.tls is None and not ip_address(http.host).is_loopback:
        log.warning(
            "tokens_without_tls",
            host=http.host,
            hint="anybody who reads the traffic between a program and this node reads the token, too: set http.tls, or "
            "listen on 127.0.0.1 behind a proxy with TLS",
        )
    made = (
        Token(one.name, one.hash, frozenset(one.capabilities), frozenset(map(fold, one.channels)))
        for one in http.tokens
    )
    return tuple(made), Rates(http.requests_per_minute, http.failures_per_minute)
