"""The peers of Circlet: ngircd, InspIRCd and ergo, without limits, each with the defaults of its own else."""

from __future__ import annotations

import io
import subprocess

from ruamel.yaml import YAML

from contrib.bench.processes import CannotStartError, Kind, Servers, find_program, free_port

_NGIRCD = """\
[Global]
Name = n{number}.bench.local
Info = bench
Listen = 127.0.0.{number}
Ports = {port}
MotdPhrase = "bench"
[Limits]
ConnectRetry = 5
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
MaxListSize = 0
PingTimeout = 3600
PongTimeout = 600
[Options]
DNS = no
Ident = no
PAM = no
IncludeDir = {empty}
"""

_NGIRCD_LINK = """\
[Server]
Name = n{number}.bench.local
MyPassword = bench
PeerPassword = bench
{dial}
"""


class NgIRCd(Kind):
    """Server 1 is the hub: the other servers dial server 1."""

    name = "ngircd"
    dialling = 8  # the listen backlog is 10

    def missing(self) -> str | None:
        return None if find_program("ngircd") else "ngircd is not installed: apt-get install ngircd"

    def start(self, servers: Servers, nodes: int) -> None:
        port = free_port()
        empty = servers.folder / "empty"  # ngircd reads every other file of that folder, too
        empty.mkdir()
        for number in range(1, nodes + 1):
            text = _NGIRCD.format(number=number, port=port, empty=empty)
            if number == 1:
                text += "".join(_NGIRCD_LINK.format(number=other, dial="") for other in range(2, nodes + 1))
            else:
                text += _NGIRCD_LINK.format(number=1, dial=f"Host = 127.0.0.1\nPort = {port}")
            path = servers.folder / f"ngircd-{number}.conf"
            path.write_text(text)
            servers.addresses.append((f"127.0.0.{number}", port))
            servers.serve(f"ngircd-{number}", [find_program("ngircd") or "", "--nodaemon", "--config", str(path)])


# The modules bring the capabilities for which irssi and WeeChat ask.
_INSPIRCD = """\
<server name="n{number}.bench.local" description="bench" network="bench" id="00{number}">
<admin name="bench" nick="bench" email="bench@bench.local">
<bind address="127.0.0.{number}" port="{port}" type="clients">
<bind address="127.0.0.{number}" port="{links}" type="servers">
<connect name="main" allow="*" timeout="600" pingfreq="1h" hardsendq="64M" softsendq="32M" recvq="16M"
 threshold="1000000" commandrate="1000000000" fakelag="no" localmax="100000" globalmax="100000" maxchans="1000"
 resolvehostnames="no" useident="no" limit="100000" maxconnwarn="no">
<performance softlimit="100000" somaxconn="1024">
<options prefixquit="Quit: " defaultmodes="nt">
<dns timeout="1">
<path configdir="{folder}" datadir="{folder}" logdir="{folder}" runtimedir="{folder}">
<pid file="{folder}/inspircd-{number}.pid">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="inspircd-{number}.messages">
<module name="cap"><module name="ircv3"><module name="ircv3_accounttag"><module name="ircv3_batch">
<module name="ircv3_capnotify"><module name="ircv3_chghost"><module name="ircv3_ctctags">
<module name="ircv3_echomessage"><module name="ircv3_invitenotify">
<module name="ircv3_msgid"><module name="ircv3_servertime"><module name="namesx">
<module name="services_account"><module name="setname"><module name="spanningtree"><module name="uhnames">
"""

_INSPIRCD_LINK = """\
<link name="n{number}.bench.local" ipaddr="127.0.0.{number}" port="{links}" allowmask="127.0.0.0/8" timeout="60"
 sendpass="bench" recvpass="bench">
"""


class InspIRCd(Kind):
    """Server 1 is the hub: the other servers dial server 1."""

    name = "inspircd"

    def missing(self) -> str | None:
        return None if find_program("inspircd") else "InspIRCd is not installed: apt-get install inspircd"

    def start(self, servers: Servers, nodes: int) -> None:
        port, links = free_port(), free_port()
        for number in range(1, nodes + 1):
            text = _INSPIRCD.format(number=number, port=port, links=links, folder=servers.folder)
            others = range(2, nodes + 1) if number == 1 else [1]
            text += "".join(_INSPIRCD_LINK.format(number=other, links=links) for other in others)
            if number > 1:
                text += '<autoconnect period="1" server="n1.bench.local">\n'
            path = servers.folder / f"inspircd-{number}.conf"
            path.write_text(text)
            servers.addresses.append((f"127.0.0.{number}", port))
            program = find_program("inspircd") or ""
            servers.serve(f"inspircd-{number}", [program, "--runasroot", "--nofork", "--config", str(path)])


class Ergo(Kind):
    """ergo with its own default configuration, on one server: servers of ergo do not link."""

    name = "ergo"
    links = False

    def missing(self) -> str | None:
        found = find_program("ergo")
        if found and "ergo" in subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout:
            return None
        return "ergo is not installed: put the server of https://ergo.chat into PATH (Debian's ergo is another program)"

    def start(self, servers: Servers, nodes: int) -> None:
        program = find_program("ergo") or ""
        made = subprocess.run([program, "defaultconfig"], capture_output=True, text=True, check=False)
        if made.returncode:
            raise CannotStartError(f"ergo defaultconfig failed:\n{made.stderr}")
        address = "127.0.0.1", free_port()
        path = servers.folder / "ircd.yaml"
        path.write_text(ergo_config(made.stdout, f"{address[0]}:{address[1]}", f"{servers.folder}/ircd.db"))
        servers.addresses.append(address)
        servers.serve("ergo", [program, "run", "--conf", str(path)])


def ergo_config(default: str, address: str, database: str) -> str:
    """Return the default configuration with one plain listener, and without limits, MOTD and languages."""
    yaml = YAML()
    config = yaml.load(default)
    server = config["server"]
    server["listeners"] = {address: {}}
    server["motd"] = ""
    server["max-sendq"] = "16m"
    server["ip-limits"] |= {"count": False, "throttle": False}
    config["fakelag"]["enabled"] = False
    config["languages"]["enabled"] = False
    config["datastore"]["path"] = database
    text = io.StringIO()
    yaml.dump(config, text)
    return text.getvalue()
