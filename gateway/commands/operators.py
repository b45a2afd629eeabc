"""OPER, KILL, WALLOPS, REHASH, DIE."""

from __future__ import annotations

from gateway.commands.forcing import find_person
from gateway.commands.table import command
from gateway.edge.client.call import Call
from gateway.edge.client.registration import UNCHECKED
from gateway.edge.settings import Operator
from gateway.edge.users.powers import grant, is_at_home, shows_certificate
from gateway.irc import numerics as n
from gateway.state.network.messages import Announce
from gateway.state.nick.messages import Kill
from gateway.state.people import Person
from ring.ids import GroupId

NETWORK = GroupId("network", "*")
MAX_REASON = 200


@command("OPER", 1, raw=True)
def oper(call: Call) -> None:
    """Answer OPER. The password is checked off the loop; the caller's further lines wait for the check."""
    name, password = call.params[0], call.params[1] if len(call.params) > 1 else None
    found = next((o for o in call.edge.settings.operators if o.name == name), None)
    bare = found is not None and found.password_hash is None and shows_certificate(call, found)
    if password is None and not bare:  # the same answer whether or not there is such an operator
        call.reply(n.ERR_NEEDMOREPARAMS, "OPER", n.TEXT[n.ERR_NEEDMOREPARAMS])
    elif found is None:
        call.reply(n.ERR_PASSWDMISMATCH, n.TEXT[n.ERR_PASSWDMISMATCH])
    elif not is_at_home(call, found):
        call.reply(n.ERR_NOOPERHOST, n.TEXT[n.ERR_NOOPERHOST])
    elif bare:
        grant(call, found)
    elif found.password_hash is None or password is None or not shows_certificate(call, found):
        _refused(call, found)
    else:
        wanted, given = found.password_hash, password
        checked = call.later(lambda fits: _checked(call, found, fits))
        call.alone(lambda: call.edge.outside.check_password(wanted, given, checked))


def _checked(call: Call, operator: Operator, fits: bool | None) -> None:
    """Answer the check of a password. fits: None if nobody can check the password now."""
    if fits is None:
        call.reply(n.ERR_PASSWDMISMATCH, UNCHECKED)
    elif fits:
        grant(call, operator)
    else:
        _refused(call, operator)


def _refused(call: Call, operator: Operator) -> None:
    source, address = call.user.person.source, call.connection.address
    call.edge.oversight.tell("o", f"OPER {operator.name} refused to {source} ({address})")
    call.edge.network.note("oper_refused", client=call.connection.number, nick=call.nick, operator=operator.name)
    call.reply(n.ERR_PASSWDMISMATCH, n.TEXT[n.ERR_PASSWDMISMATCH])


@command("KILL", 1, capability="kill")
def kill(call: Call) -> None:
    reason = call.edge.text(call.params[1], MAX_REASON) if len(call.params) > 1 else "No reason given"

    def found(person: Person) -> None:
        group = call.edge.nick(person.nick)
        call.edge.network.note("kill", group, operator=call.user.identity.oper, uid=person.uid)
        call.audit("kill", person.source, reason, "k")
        call.submit(group, Kill(person.uid, call.user.person.source, reason, call.account))

    find_person(call, call.params[0], found)


@command("WALLOPS", 1, capability="wallops")
def wallops(call: Call) -> None:
    text = call.edge.text(call.params[0], 400)
    call.submit(NETWORK, Announce(call.user.person.source, "wallops", text, call.account))
    call.audit("wallops", "", text)


@command("REHASH", capability="rehash")
def rehash(call: Call) -> None:
    call.reply(n.RPL_REHASHING, "configuration", n.TEXT[n.RPL_REHASHING])
    call.edge.network.note("rehash", operator=call.user.identity.oper)
    call.audit("rehash", call.edge.record.name)
    said = call.edge.outside.rehash()
    if said.live:
        call.notice(f"Taken at once: {', '.join(said.live)}")
    if said.needs_restart:
        call.notice(f"Changed, and taken only by a restart of the node: {', '.join(said.needs_restart)}")
    for mistake in said.wrong:
        call.notice(f"Wrong: {mistake}")
    if said.wrong and not (said.live or said.needs_restart):
        call.notice("Nothing was taken. Mend the file, and say REHASH again.")
    elif not (said.live or said.needs_restart or said.wrong):
        call.notice("Nothing has changed in the files.")


@command("DIE", capability="die")
def die(call: Call) -> None:
    """Stop this node. The node hands its groups to other nodes first."""
    call.notice(f"Node {call.edge.record.name} is stopping.")
    call.edge.network.note("die", operator=call.user.identity.oper)
    call.audit("die", call.edge.record.name)
    call.edge.outside.die()
