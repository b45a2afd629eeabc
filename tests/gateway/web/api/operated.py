"""A node whose API is used, with a token for each kind of program; answers are held to the OpenAPI document."""

from __future__ import annotations

import http.client
import json
from typing import Any, NamedTuple
from urllib.parse import quote

import jsonschema

from gateway.web.api.access import hash_of
from tests.gateway.io.onenode import OneNode, Wire
from tests.patience import WITHIN_S

ALL = ["accounts", "channels", "sessions", "notices", "kills", "actions", "webhooks"]
SECRET = "circlet_all-that-an-operator-may-do"
READER = "circlet_only-channels"
BUILDS = "circlet_speaks-in-one-channel"
BOTH = "circlet_speaks-in-two-channels"


class Answer(NamedTuple):
    status: int
    body: Any
    headers: dict[str, str]


class Operated(OneNode):
    """A node whose API is used."""

    web_port = 0
    document: dict[str, Any] = {}

    def call(self, method: str, path: str, body: Any = None, *, token: str | None = SECRET, **headers: str) -> Answer:
        """body: sent as JSON, unless it is bytes. The answer is held to the OpenAPI document."""
        connection = http.client.HTTPConnection("127.0.0.1", self.web_port, timeout=WITHIN_S)
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        connection.request(method, f"/api/v1{path}", data, sent)
        answer = connection.getresponse()
        found = Answer(answer.status, json.loads(answer.read()), dict(answer.getheaders()))
        connection.close()
        return found

    def held(self, method: str, template: str, body: Any = None, query: str = "", **path: str) -> Any:
        """A good answer, which the document describes."""
        where = template.format(**{name: quote(text, safe="") for name, text in path.items()})
        found = self.call(method, where + query, body)
        self.check(method, template, found)
        assert found.status < 300, found
        return found.body

    def check(self, method: str, template: str, found: Answer) -> None:
        """The document has this status for this endpoint, and the answer's shape."""
        answers = self.document["paths"][f"/api/v1{template}"][method.lower()]["responses"]
        assert str(found.status) in answers, (method, template, found)
        schema = answers[str(found.status)]["content"]["application/json"]["schema"]
        jsonschema.Draft202012Validator({**schema, "components": self.document["components"]}).validate(found.body)
        if found.status >= 400:
            assert len(found.body["error"]) > 10


TOKENS = [
    {"name": "ops", "hash": hash_of(SECRET), "capabilities": ALL},
    {"name": "reader", "hash": hash_of(READER), "capabilities": ["channels"]},
    {"name": "builds", "hash": hash_of(BUILDS), "capabilities": ["speak"], "channels": ["#Builds"]},
    {"name": "both", "hash": hash_of(BOTH), "capabilities": ["speak", "actions"], "channels": ["#builds", "#ops"]},
]


def person(node: OneNode, nick: str, channel: str = "") -> Wire:
    wire = node.client(nick)
    if channel:
        wire.join(channel)
    return wire
