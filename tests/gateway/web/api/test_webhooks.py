"""Webhooks out by way of the API: made, shown, ended, and bad requests."""

from __future__ import annotations

import http.server
import json
import threading
from queue import Queue
from typing import Any, NamedTuple

import pytest

from tests.gateway.web.api.operated import READER, Operated, person
from tests.patience import WITHIN_S

pytestmark = pytest.mark.e2e


class Request(NamedTuple):
    body: Any
    headers: dict[str, str]


class Sink:
    """A receiver of webhooks on 127.0.0.9 that takes everything."""

    def __enter__(self) -> Sink:
        heard: Queue[Request] = Queue()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                heard.put(Request(body, dict(self.headers)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self._heard = heard
        self._server = http.server.ThreadingHTTPServer(("127.0.0.9", 0), Handler)
        self.url = f"http://127.0.0.9:{self._server.server_address[1]}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def next(self) -> Request:
        return self._heard.get(timeout=WITHIN_S)


def test_a_webhook_from_its_beginning_to_its_end(node: Operated) -> None:
    with Sink() as sink:
        node.reload(webhooks={"allow": ["127.0.0.9"]})
        ann = person(node, "ann", "#hooked")
        made = node.held("POST", "/webhooks", {"channel": "#Hooked", "url": f"{sink.url}?token=hidden"})
        assert len(made["secret"]) == 64
        ann.send("PRIVMSG #hooked :to the world")
        request = sink.next()
        assert request.body["text"] == "to the world" and request.body["subscription"] == made["id"]
        assert request.headers["Idempotency-Key"] == request.body["key"]
        node.call("POST", "/webhooks", {"channel": "#hooked", "url": sink.url, "secret": "x" * 16})
        listed = node.held("GET", "/webhooks")
        assert made["id"] in [one["id"] for one in listed["items"]] and len(listed["items"]) == 2
        found = node.held("GET", "/webhooks/{id}", id=made["id"])
        assert (found["channel"], found["by"], found["url"]) == ("#hooked", "token ops", f"{sink.url}?...")
        assert found["error"] is None and found["backlog"] == 0
        shown = json.dumps([listed, found]) + node.text
        assert made["secret"] not in shown and "x" * 16 not in shown and "hidden" not in shown
        for one in listed["items"]:
            assert "is ended" in node.held("DELETE", "/webhooks/{id}", id=one["id"])["done"]
        gone = node.call("GET", f"/webhooks/{made['id']}")
        node.check("GET", "/webhooks/{id}", gone)
        assert gone.status == 404 and node.held("GET", "/webhooks")["items"] == []
        assert [one["what"] for one in node.held("GET", "/actions")["items"]][:1] == ["remove_webhook"]
        ann.socket.close()


@pytest.mark.parametrize(
    ("method", "template", "path", "body", "status", "words"),
    [
        ("POST", "/webhooks", "/webhooks", {"channel": "#c", "url": "http://127.0.0.8/"}, 409, "does not allow"),
        ("POST", "/webhooks", "/webhooks", {"channel": "c", "url": "http://127.0.0.9/"}, 400, "no name of a channel"),
        ("POST", "/webhooks", "/webhooks", {"channel": "#c", "url": "file:///etc/passwd"}, 400, "begin with http"),
        ("POST", "/webhooks", "/webhooks", {"channel": "#c", "url": "http://a:b@127.0.0.9/"}, 400, "user or password"),
        ("POST", "/webhooks", "/webhooks", {"channel": "#c"}, 400, "url is missing"),
        ("POST", "/webhooks", "/webhooks", {"channel": "#c", "url": "x" * 1001}, 400, "url is wrong"),
        ("GET", "/webhooks/{id}", "/webhooks/nobody", None, 404, "there is no webhook nobody"),
        ("DELETE", "/webhooks/{id}", "/webhooks/%00%ff", None, 400, "characters that no id has"),
    ],
)  # fmt: skip
def test_a_bad_request_is_told_what_would_be_right(
    node: Operated, method: str, template: str, path: str, body: Any, status: int, words: str
) -> None:
    found = node.call(method, path, body)
    assert found.status == status, found
    node.check(method, template, found)
    assert words in found.body["error"], found.body


def test_a_token_needs_the_capability(node: Operated) -> None:
    found = node.call("GET", "/webhooks", token=READER)
    assert found.status == 403 and "lacks the capability webhooks" in found.body["error"]
