"""The section about accounts and logging in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from config.section import Section, setting
from config.units import Duration
from config.values import Word


class Accounts(Section):
    """Accounts of people, and the protection of their nicks."""

    enabled: bool = setting(True, "Whether people can have accounts and log in (SASL, REGISTER).", live=True)
    registration: Literal["open", "connected", "before_connect", "closed"] = setting(
        "open",
        "Who may register an account: open is everybody, before connecting and after; connected, only once connected; "
        "before_connect, only before; closed, nobody but an operator. Before connecting never works where "
        "server_password_hash is set.",
        live=True,
    )
    password_min: int = setting(
        6, "Shortest password, in bytes of UTF-8; the longest is 1,000.", live=True, ge=1, le=100
    )
    channels_max: int = setting(
        20, "The most channels that an account may register (ChanServ).", live=True, ge=0, le=1000
    )
    channel_accesses_max: int = setting(
        200, "The most accounts with access to a registered channel (ChanServ FLAGS).", live=True, ge=1, le=1000
    )
    channel_akicks_max: int = setting(
        100, "The most masks that a registered channel keeps out (ChanServ AKICK).", live=True, ge=1, le=1000
    )
    channel_text_max: int = setting(
        300,
        "Longest text for people who enter a registered channel, and longest reason of an akick, in bytes of UTF-8.",
        live=True,
        ge=50,
        le=300,
    )
    channel_expire_days: int = setting(
        0,
        "Days without anybody with access in a registered channel, after which the registration ends; 0 for never.",
        live=True,
        ge=0,
        le=36_500,
    )
    reserved_names: Annotated[tuple[Word, ...], Field(strict=False, max_length=1000)] = setting(
        (),
        "Nicks that nobody may have, and accounts that nobody may register, beside the usual names of services "
        "(NickServ, ChanServ, OperServ, Global, ...). Let the list be the same on every node.",
        live=True,
    )
    nick_protection: Literal["off", "refuse", "rename"] = setting(
        "rename",
        "What happens to a stranger with the nick of an account: refuse (the stranger does not get the nick), rename "
        "(a warning, and after nick_delay_s another nick), off (nothing).",
        live=True,
    )
    nick_delay_s: Duration = setting(
        60,
        "Time to log in to the account of a nick, before the rename.",
        live=True,
        unit="seconds",
        ge=1,
        le=3600,
    )
