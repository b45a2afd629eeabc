"""The API of operators on a real node: every endpoint, held to the OpenAPI document, and bad requests."""

from __future__ import annotations

import json
import re
import socket
from typing import Any
from urllib.parse import quote

import pytest

from gateway.web.api.access import hash_of
from gateway.web.api.api import ENDPOINTS
from tests.gateway.web.api.operated import BOTH, BUILDS, READER, SECRET, Operated, person
from tests.patience import WITHIN_S

pytestmark = pytest.mark.e2e


def test_an_account_from_its_beginning_to_its_end(node: Operated) -> None:
    assert node.held("POST", "/accounts", {"name": "Joe", "password": "sesame-seeds"})["done"] == "account Joe is there"
    assert [one["name"] for one in node.held("GET", "/accounts")["items"]] == ["Joe"]
    assert node.held("GET", "/accounts/{name}", name="joe")["always_on"] is None
    node.held("PATCH", "/accounts/{name}", {"always_on": True}, name="joe")
    assert node.held("GET", "/accounts/{name}", name="joe")["always_on"] is True
    node.held("PUT", "/accounts/{name}/password", {"password": "other-seeds"}, name="joe")
    assert node.held("GET", "/accounts/{name}/devices", name="joe")["items"] == []
    node.held("DELETE", "/accounts/{name}", name="JOE")
    assert node.call("GET", "/accounts/joe").status == 404
    actions = node.held("GET", "/actions")["items"]
    done = ["drop_account", "set_password", "always_on_on", "add_account"]
    assert [one["what"] for one in actions][:4] == done
    assert {(one["operator"], one["result"]) for one in actions[:4]} == {("ops", "done")}
    assert node.event("operator_did", what="drop_account")["operator"] == "ops"


def test_channels_and_their_members(node: Operated) -> None:
    ann, bob = person(node, "ann", "#erlang"), person(node, "bob", "#erlang")
    ann.send("TOPIC #erlang :Joe's channel", "MODE #erlang +sk key")
    ann.expect(" MODE #erlang ")
    (row,) = [one for one in node.held("GET", "/channels")["items"] if one["name"] == "#erlang"]
    assert (row["members"], row["topic"], row["modes"]) == (2, "Joe's channel", "+nstk")
    found = node.held("GET", "/channels/{name}", name="#Erlang")
    assert found["modes"] == "+nstk *" and found["J"] == 1310262970
    assert [one["role"] for one in found["roles"]] == ["master"] and found["ring"][0]["role"] == "master"
    members = node.held("GET", "/channels/{name}/members", name="#erlang")["items"]
    assert [(one["nick"], one["prefixes"]) for one in members] == [("ann", "@"), ("bob", "")]
    first = node.held("GET", "/channels/{name}/members", query="?limit=1", name="#erlang")
    rest = node.held("GET", "/channels/{name}/members", query=f"?next={first['next']}", name="#erlang")
    assert [one["nick"] for one in rest["items"]] == ["bob"] and rest["next"] is None
    for wire in (ann, bob):
        wire.socket.close()


def test_a_channel_of_joined_emojis_is_found_and_read_on_from(node: Operated) -> None:
    name = "#\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}"
    wire = person(node, "zoe", name)
    assert node.held("GET", "/channels/{name}", name=name)["name"] == name
    node.held("GET", "/channels", query=f"?next={quote(name)}")
    wire.socket.close()


def test_sessions_are_listed_and_ended(node: Operated) -> None:
    carl, dora = person(node, "carl"), person(node, "dora")
    sessions = {one["nick"]: one for one in node.held("GET", "/sessions", query="?node=node-1.circlet.local")["items"]}
    (client,) = sessions["carl"]["clients"]
    assert client["address"] == "127.0.0.1" and not client["tls"]
    node.held("DELETE", "/sessions/{id}", query="?reason=for%20now", id=sessions["carl"]["id"])
    assert "(for now)" in carl.until_closed()
    (client,) = sessions["dora"]["clients"]
    where = {"id": sessions["dora"]["id"], "client": str(client["client"])}
    node.held("DELETE", "/sessions/{id}/clients/{client}", **where)
    assert "(Ended by an operator)" in dora.until_closed()
    gone = node.call("DELETE", f"/sessions/{where['id']}/clients/{where['client']}")
    node.check("DELETE", "/sessions/{id}/clients/{client}", gone)
    assert gone.status == 404


def test_a_user_is_killed_by_nick(node: Operated) -> None:
    emil = person(node, "emil")
    assert node.held("POST", "/kills", {"nick": "EMIL", "reason": "spam"})["done"] == "emil has left the network"
    assert "KILL emil :spam" in (text := emil.until_closed()) and "Killed (OperServ (spam))" in text


def test_notices_go_to_everybody_a_channel_and_a_nick(node: Operated) -> None:
    fred = person(node, "fred", "#notices")
    for to, shown in (("*", "$$*"), ("#notices", "#notices"), ("fred", "fred")):
        node.held("POST", "/notices", {"to": to, "text": f"hello {shown}"})
        fred.expect(re.escape(f":Global!services@irc.circlet.local NOTICE {shown} :hello {shown}"))
    node.held("POST", "/notices", {"to": "fred", "text": "is it better?", "from": "HelpServ"})
    fred.expect(":HelpServ!services@irc.circlet.local NOTICE fred :is it better")
    assert "hello" not in node.text, "what is said stays out of the log"
    fred.socket.close()


def test_a_webhook_speaks_by_header_and_by_address(node: Operated) -> None:
    gina = person(node, "gina", "#builds")
    gina.join("#ops")
    said = node.call("POST", "/messages", {"text": "build 7 is green"}, token=BUILDS)
    node.check("POST", "/messages", said)
    assert said.status == 200 and said.body["channel"] == "#builds"
    gina.expect(":builds/hook!builds@irc.circlet.local PRIVMSG #builds :build 7 is green")
    node.call("POST", f"/hooks/{BUILDS}", {"text": "a\nb", "notice": True, "as": "GitHub"}, token=None)
    gina.expect(":GitHub/hook!builds@irc.circlet.local NOTICE #builds :a")
    gina.expect(":GitHub/hook!builds@irc.circlet.local NOTICE #builds :b")
    plain = node.call("POST", f"/hooks/{BUILDS}?as=cron", "fünf\n".encode(), token=None, Content_Type="text/plain")
    node.check("POST", "/hooks/{token}", plain)
    gina.expect(":cron/hook!builds@irc.circlet.local PRIVMSG #builds :fünf")
    node.call("POST", "/messages?channel=%23OPS", b"to the other", token=BOTH, Content_Type="text/plain; charset=utf-8")
    gina.expect(":both/hook!both@irc.circlet.local PRIVMSG #ops :to the other")
    gina.socket.close()


def test_a_repeated_key_is_answered_the_same_and_said_once(node: Operated) -> None:
    hans = person(node, "hans", "#builds")
    first = node.call("POST", "/messages", {"text": "only once"}, token=BUILDS, Idempotency_Key="run-7")
    again = node.call("POST", f"/hooks/{BUILDS}", {"text": "only once"}, token=None, Idempotency_Key="run-7")
    assert first.status == again.status == 200 and first.body == again.body
    other = node.call("POST", "/messages", {"text": "another"}, token=BUILDS, Idempotency_Key="run-7")
    node.check("POST", "/messages", other)
    assert other.status == 422 and "key" in other.body["error"].lower()
    hans.send("PING :so far")
    hans.expect(" PONG ")
    assert sum("only once" in line for line in hans.got) == 1 and not any("another" in line for line in hans.got)
    hans.socket.close()


@pytest.mark.parametrize(
    ("path", "token", "body", "status", "words"),
    [
        ("/messages", BUILDS, {"text": "x", "channel": "#ops"}, 403, "may not speak in #ops: it may in #builds"),
        ("/messages", BUILDS, {"text": "x"}, 404, "nobody is in the channel"),
        ("/messages", BOTH, {"text": "x"}, 400, "channel is missing"),
        ("/messages", READER, {"text": "x"}, 403, "lacks the capability speak"),
        ("/messages", BUILDS, {"text": "a\u0001b"}, 400, "control characters"),
        ("/messages", BUILDS, {"text": "x" * 4001}, 400, "4000"),
        ("/messages", BUILDS, {"text": "x" * 3999}, 400, "lines of IRC"),
        ("/messages", BUILDS, {"text": ""}, 400, "text is wrong"),
        ("/messages", BUILDS, {"text": 7}, 400, "text is wrong"),
        ("/messages", BUILDS, b'{"text": "\\ud800"}', 400, "control characters|UTF-8|text is wrong|no JSON"),
        ("/messages", BUILDS, {"text": "x", "as": "a b"}, 400, "no name to speak by"),
        ("/messages", BUILDS, {"text": "x", "speaker": "a"}, 400, "there is text, channel, notice, as"),
        (f"/hooks/{BOTH}", None, {"text": "x", "channel": "#ops"}, 403, "use the header"),
        (f"/hooks/{SECRET}", None, {"text": "x"}, 403, "speak"),
        ("/hooks/guessed", None, {"text": "x"}, 401, "not known"),
    ],
)
def test_a_message_that_cannot_be_said_is_told_why(
    node: Operated, path: str, token: str | None, body: Any, status: int, words: str
) -> None:
    found = node.call("POST", path, body, token=token)
    assert found.status == status, found
    node.check("POST", "/hooks/{token}" if "hooks" in path else path, found)
    assert any(word in found.body["error"] for word in words.split("|")), found.body


def test_an_address_of_a_webhook_is_in_no_log_and_no_answer(node: Operated) -> None:
    for method, path in (("GET", f"/hooks/{BUILDS}"), ("POST", f"/hooks/{BUILDS}/more")):
        assert BUILDS not in json.dumps(node.call(method, path, token=None).body)
    assert BUILDS not in node.text and BOTH not in node.text


def test_a_token_tells_what_it_is(node: Operated) -> None:
    assert node.held("GET", "/token")["name"] == "ops"
    assert node.call("GET", "/token", token=READER).body["capabilities"] == ["channels"]


def test_every_endpoint_is_described_and_every_description_answered(node: Operated) -> None:
    described = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in node.document["paths"].items()
        for method in methods
    }
    assert described == {(one.method, one.path) for one in ENDPOINTS} | {("GET", "/openapi.json")}


@pytest.mark.parametrize(
    ("method", "template", "path", "body", "status", "words"),
    [
        ("GET", "/accounts", "/accounts?limit=0", None, 400, "limit"),
        ("GET", "/accounts", "/accounts?limit=201", None, 400, "less than or equal to 200"),
        ("GET", "/accounts", "/accounts?limit=ten", None, 400, "integer"),
        ("GET", "/accounts", "/accounts?page=2", None, 400, "page is not known: there is limit, next"),
        ("GET", "/accounts", "/accounts?limit=1&limit=2", None, 400, "twice"),
        ("GET", "/accounts/{name}", "/accounts/nobody", None, 404, "there is no account nobody"),
        ("GET", "/accounts/{name}", "/accounts/%00%ff", None, 400, "percent-encode UTF-8"),
        ("GET", "/accounts/{name}", "/accounts/%ed%a0%80", None, 404, "there is no account"),
        ("GET", "/accounts/{name}", "/accounts/" + "a" * 301, None, 400, "too many"),
        ("GET", "/accounts", "/accounts?next=%00", None, 400, "without control characters"),
        ("GET", "/accounts", "/accounts?next=" + "a" * 301, None, 400, "at most 300"),
        ("POST", "/accounts", "/accounts", {"name": "no nick", "password": "sesame-seeds"}, 400, "nick of IRC"),
        ("POST", "/accounts", "/accounts", {"name": "NickServ", "password": "sesame-seeds"}, 400, "service"),
        ("POST", "/accounts", "/accounts", {"name": "x", "password": "a"}, 400, "too short"),
        ("POST", "/accounts", "/accounts", {"name": "x", "password": "a\0b" * 9}, 400, "NUL"),
        ("POST", "/accounts", "/accounts", {"name": "x"}, 400, "password is missing"),
        ("POST", "/accounts", "/accounts", {"name": "x", "password": 7}, 400, "password is wrong"),
        ("POST", "/accounts", "/accounts", {"name": "x", "passwort": "y"}, 400, "not known|missing"),
        ("POST", "/accounts", "/accounts", b"{", 400, "no JSON"),
        ("POST", "/accounts", "/accounts", b"[]", 400, "no JSON object"),
        ("POST", "/accounts", "/accounts", b"[" * 10_000, 400, "no JSON"),
        ("POST", "/accounts", "/accounts", b"\xff", 400, "UTF-8"),
        ("POST", "/accounts", "/accounts", b"", 400, "no JSON"),
        ("POST", "/accounts", "/accounts", b" " * 70_000, 413, "65536 bytes or less"),
        ("PATCH", "/accounts/{name}", "/accounts/nobody", {"always_on": "yes"}, 400, "boolean"),
        ("PATCH", "/accounts/{name}", "/accounts/nobody", {}, 400, "always_on is missing"),
        ("DELETE", "/accounts/{name}", "/accounts/nobody", None, 404, "no account"),
        ("GET", "/channels/{name}", "/channels/erlang", None, 400, "no name of a channel"),
        ("GET", "/channels/{name}", "/channels/%23nobody", None, 404, "nobody is in a channel of this name"),
        ("GET", "/channels/{name}", "/channels/%23a%2Fb", None, 404, "there is no channel #a/b"),
        ("GET", "/channels/{name}/members", "/channels/%23nobody/members", None, 404, "nobody is in a channel"),
        ("GET", "/sessions", "/sessions?node=elsewhere", None, 404, "nodes.json lists"),
        ("DELETE", "/sessions/{id}", "/sessions/nobody", None, 404, "lists them"),
        ("DELETE", "/sessions/{id}", "/sessions/nobody?reason=", None, 400, "reason"),
        ("DELETE", "/sessions/{id}", "/sessions/nobody?reason=a%0d%0aQUIT", None, 400, "control characters"),
        ("DELETE", "/sessions/{id}/clients/{client}", "/sessions/nobody/clients/x", None, 400, "no number"),
        ("DELETE", "/sessions/{id}/clients/{client}", "/sessions/nobody/clients/0", None, 400, "no number"),
        ("DELETE", "/sessions/{id}/clients/{client}", f"/sessions/nobody/clients/{2**64}", None, 400, "no number"),
        ("POST", "/kills", "/kills", {"nick": "no nick", "reason": "x"}, 400, "no nick"),
        ("POST", "/kills", "/kills", {"nick": "nobody", "reason": "x"}, 404, "nobody has the nick"),
        ("POST", "/kills", "/kills", {"nick": "nobody", "reason": ""}, 400, "reason"),
        ("POST", "/kills", "/kills", b'{"nick": "nobody", "reason": "\\ud800"}', 400, "reason|no JSON"),
        ("POST", "/kills", "/kills", b'{"nick": "\\ud800", "reason": "x"}', 400, "nick|no JSON"),
    ],
)  # fmt: skip
def test_a_bad_request_is_told_what_would_be_right(
    node: Operated, method: str, template: str, path: str, body: Any, status: int, words: str
) -> None:
    found = node.call(method, path, body)
    assert found.status == status, found
    node.check(method, template, found)
    assert any(word in found.body["error"] for word in words.split("|")), found.body


def test_what_is_no_endpoint_says_where_they_are_listed(node: Operated) -> None:
    assert "openapi.json" in node.call("GET", "/nothing").body["error"]
    wrong = node.call("DELETE", "/accounts")
    assert (wrong.status, wrong.headers["Allow"]) == (405, "GET, POST")
    assert node.call("POST", "/accounts", b"x=1", Content_Type="application/x-www-form-urlencoded").status == 415


def test_who_has_no_token_for_it_is_refused(node: Operated) -> None:
    for token, status in ((None, 401), ("", 401), ("wrong", 401), (SECRET[:-1], 401), (READER, 403)):
        found = node.call("GET", "/accounts", token=token)
        assert found.status == status, found
        node.check("GET", "/accounts", found)
        assert ("WWW-Authenticate" in found.headers) == (status == 401)
    basic = node.call("GET", "/accounts", token=None, Authorization="Basic b3BzOg==")
    assert basic.status == 401 and "Bearer TOKEN" in basic.body["error"]
    assert node.event("token_refused")["requests"] == 1
    assert all(secret not in node.text for secret in (SECRET, READER, BUILDS, BOTH))
    assert "Traceback" not in node.text


def test_a_header_that_is_no_header_is_refused_and_not_logged(node: Operated) -> None:
    with socket.create_connection(("127.0.0.1", node.web_port), timeout=WITHIN_S) as stranger:
        stranger.sendall(f"GET /api/v1/token HTTP/1.1\r\nAuthorization: Bearer {SECRET}\0\r\n\r\n".encode())
        assert stranger.recv(100)[:12] in (b"HTTP/1.0 400", b"HTTP/1.1 400")
    assert node.call("GET", "/token").status == 200
    assert SECRET not in node.text and "library_message" not in node.text


def test_a_token_counts_from_sighup_on(node: Operated) -> None:
    fresh = {"name": "fresh", "hash": hash_of("fresh-token"), "capabilities": ["channels"]}
    before = node.config["http"]["tokens"]
    assert node.call("GET", "/channels", token="fresh-token").status == 401
    assert node.reload(http={"tokens": [*before, fresh]})["live"] == ["http.tokens"]
    assert node.call("GET", "/channels", token="fresh-token").status == 200
    node.reload(http={"tokens": before})
    assert node.call("GET", "/channels", token="fresh-token").status == 401
