"""The parts of the chat that know neither page nor network, run in a browser: lines, formatting, buffers, a session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.edge.client.draining import words
from tests.e2e.browser import Browser, browser
from tests.gateway.io.test_websocket import WebNode

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("chat")]

Run = Callable[..., Any]

SCRIPT = """
const [done, body, values] = [arguments[arguments.length - 1], arguments[0], arguments[1]];
const names = ["irc", "formatting", "buffer", "session", "commands", "connection", "input", "registration"];
Promise.all(names.map(name => import(`/chat/${name}.js`)))
  .then(modules => { window.loaded = Object.assign({}, ...modules); window.values = values; })
  .then(() => done("loaded"), problem => done(String(problem)));
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with (
        WebNode.with_web(tmp_path_factory.mktemp("node")) as node,
        browser(tmp_path_factory.mktemp("browser") / "profile") as made,
    ):
        made.open(f"http://127.0.0.1:{node.web_port}/chat")
        assert made.driver.execute_async_script(SCRIPT, "", []) == "loaded"
        yield made
        assert made.errors() == []


@pytest.fixture
def run(page: Browser) -> Run:
    """Runs the body of a function, with the modules' names as its variables `m` and the values as `v`."""

    def do(body: str, *values: Any) -> Any:
        return page.run(f"const m = window.loaded, v = arguments; {body}", *values)

    return do


@pytest.mark.parametrize(
    ("line", "tags", "source", "command", "params"),
    [
        ("PING", {}, "", "PING", []),
        ("ping :a b", {}, "", "PING", ["a b"]),
        (":n!u@h PRIVMSG  #c  :", {}, "n!u@h", "PRIVMSG", ["#c", ""]),
        (r"@a=\:\s\\\r\n\x;b;+c=d= :n X :y :z", {"a": "; \\\r\nx", "b": "", "+c": "d="}, "n", "X", ["y :z"]),
        ("@time=1  NOTICE * :@x", {"time": "1"}, "", "NOTICE", ["*", "@x"]),
        ("X a:b c", {}, "", "X", ["a:b", "c"]),
    ],
)
def test_lines_are_read(
    run: Run, line: str, tags: dict[str, str], source: str, command: str, params: list[str]
) -> None:
    found = run("return m.parse(v[0])", line)
    assert (found["tags"], found["source"], found["command"], found["params"]) == (tags, source, command, params)


@pytest.mark.parametrize("line", ["", "@a", "@a ", ":n", ":n ", "   "])
def test_lines_that_say_nothing_are_nothing(run: Run, line: str) -> None:
    assert run("return m.parse(v[0])", line) is None


def test_lines_are_written_and_no_text_becomes_a_second_line(run: Run) -> None:
    assert run("return m.format('PRIVMSG', ['#c', 'a b'], {label: 'x;y z'})") == r"@label=x\:y\sz PRIVMSG #c :a b"
    assert run("return m.format('PRIVMSG', ['#c', ':)'])") == "PRIVMSG #c ::)"
    assert run("return m.format('PRIVMSG', ['#c', 'a\\r\\nQUIT\\0'])") == "PRIVMSG #c :a QUIT "
    assert run("return m.format('TOPIC', ['#c', ''])") == "TOPIC #c :"


def test_long_texts_are_cut_between_words_and_never_within_a_letter(run: Run) -> None:
    pieces = run("return m.split('wörd '.repeat(200), 400)")
    assert all(len(piece.encode()) <= 400 and piece.startswith("wörd") for piece in pieces)
    assert " ".join(piece.strip() for piece in pieces) == " ".join(["wörd"] * 200)
    assert run("return m.split('☺'.repeat(300), 400)") == ["☺" * 133, "☺" * 133, "☺" * 34]
    assert run("return m.split('a\\n\\nb', 400)") == ["a", "b"]


def test_channels_are_read_from_addresses_and_fields_however_they_are_written(run: Run) -> None:
    for written, channels in (
        ("erlang,%23go", ["#erlang", "#go"]),
        ("#100%,%zz", ["#100%", "#%zz"]),
        ("%ff", ["#%ff"]),
        (" a , &b  #c,,", ["#a", "&b", "#c"]),
        ("", []),
    ):
        assert run("return m.channelNames(m.decoded(v[0]))", written) == channels


def test_names_fold_and_passwords_are_sent_in_pieces(run: Run) -> None:
    assert run("return [m.fold('[A]~Ä'), m.fold('[A]~', 'ascii')]") == ["{a}^Ä", "[a]~"]
    assert run("return m.plain('joe@browser', 'pässwörd')") == ["AUTHENTICATE AGpvZUBicm93c2VyAHDDpHNzd8O2cmQ="]
    lines = run("return m.plain('j', 'x'.repeat(297))")
    assert [len(line) for line in lines] == [13 + 400, 14]


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("plain", [["plain", [], ""]]),
        ("\x02b\x02 n", [["b", ["bold"], ""], [" n", [], ""]]),
        ("\x0304,12c\x03 n", [["c", ["fg4", "bg12"], ""], [" n", [], ""]]),
        ("\x0399,1x\x0fy", [["x", ["bg1"], ""], ["y", [], ""]]),
        ("\x04ff0000hex\x07\x1b", [["hex", [], ""]]),
        ("<b>&amp;", [["<b>&amp;", [], ""]]),
        ("(see https://e.org/a_(b)?x=1).", [
            ["(see ", [], ""], ["https://e.org/a_(b)?x=1", [], "https://e.org/a_(b)?x=1"], [").", [], ""]]),
        ("javascript:alert(1) https:// ftp://x", [["javascript:alert(1) https:// ftp://x", [], ""]]),
        ('https://e.org/"onclick="x', [["https://e.org/", [], "https://e.org/"], ['"onclick="x', [], ""]]),
    ],
)  # fmt: skip
def test_colours_and_links_are_spans_of_text(run: Run, text: str, spans: list[Any]) -> None:
    assert run("return m.spans(v[0]).map(s => [s.text, s.classes, s.link])", text) == spans


LINE = "const line = n => ({id: `m${n}`, time: n, kind: 'message', from: 'ann', text: `t${n}`, inHistory: true});"


def test_a_buffer_shows_each_line_once_and_missed_ones_in_their_place(run: Run) -> None:
    found = run(
        LINE
        + """
        const b = new m.Buffer("#c", {isChannel: true});
        [1, 2, 3].forEach(n => b.add(line(n)));
        b.add(line(2));
        b.interrupt();
        b.add(line(8));
        const last = b.lastId();
        b.addPast([4, 5].map(line), {inGap: true});
        b.add(line(9));
        b.addPast([5, 6, 7, 8].map(line), {inGap: true});
        b.closeGap();
        b.addPast([-1, 0, 1].map(line));
        return [last, b.lines.map(l => l.time), b.lastId(), b.firstId()];
        """
    )
    assert found == ["m3", [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "m9", "m-1"]


def test_a_buffer_is_bounded(run: Run) -> None:
    kept, ids, more = run(
        LINE + "const b = new m.Buffer('#c'); for (let n = 0; n < 5000; n++) b.add(line(n));"
        "return [b.lines.length, b.ids.size, b.moreAbove]"
    )
    assert (kept, ids, more) == (2000, 2000, True)


SESSION = """
const sent = [];
const s = new m.Session({nick: "joe", account: "", password: "", channels: ["#c"]}, line => sent.push(line));
const hear = (...lines) => lines.forEach(line => s.receive(line, 1000));
const enter = nick => {
  s.connected();
  hear(":srv CAP * LS :batch draft/chathistory echo-message labeled-response message-tags server-time",
       ":srv CAP * ACK :batch draft/chathistory echo-message labeled-response message-tags server-time",
       `:srv 001 ${nick} :hi`, `:srv 005 ${nick} CHATHISTORY=3 CHANTYPES=# PREFIX=(ov)@+ :are`, `:srv 376 ${nick} :end`,
       `:${nick}!u@h JOIN #c`, `:srv 353 ${nick} = #c :@ann ${nick}`, `:srv 366 ${nick} #c :end`);
};
const label = () => /label=(\\w+)/.exec(sent.at(-1))[1];
const text = () => s.buffer("#c").lines.filter(l => l.from).map(l => l.text + (l.state ? ` ${l.state}` : ""));
const answer = (...texts) => hear(`@label=${label()} BATCH +1 labeled-response`, "@batch=1 BATCH +2 chathistory #c",
  ...texts.map(t => `@batch=2;msgid=${t} :ann!u@h PRIVMSG #c :${t}`), "@batch=1 BATCH -2", "BATCH -1");
"""


def test_after_a_move_the_session_asks_page_by_page_for_what_it_missed(run: Run) -> None:
    asked, lines = run(
        SESSION
        + """
        enter("joe");
        const asked = [sent.at(-1)];
        answer("a");
        hear("@msgid=b :ann!u@h PRIVMSG #c :b");
        s.interrupted(2000);
        enter("joe");
        asked.push(sent.at(-1));
        hear("@msgid=g :ann!u@h PRIVMSG #c :g");
        answer("c", "d", "e");
        asked.push(sent.at(-1));
        answer("f", "g");
        return [asked.map(line => line.replace(/@\\S+ /, "")), text()];
        """
    )
    assert asked == ["CHATHISTORY LATEST #c * 3", "CHATHISTORY AFTER #c msgid=b 3", "CHATHISTORY AFTER #c msgid=e 3"]
    assert lines == ["a", "b", "c", "d", "e", "f", "g"]


def test_what_was_not_confirmed_is_marked_unless_history_has_it(run: Run) -> None:
    before, lines = run(
        SESSION
        + """
        enter("joe");
        answer();
        s.say(s.buffer("#c"), "one", "message", 1); s.say(s.buffer("#c"), "two", "message", 2);
        hear(`@label=${label()};msgid=two :joe!u@h PRIVMSG #c :two`);
        s.say(s.buffer("#c"), "three", "message", 3);
        const before = text();
        s.interrupted(2000);
        enter("joe_");
        hear(`@label=${label()} BATCH +1 chathistory #c`, "@batch=1;msgid=one :joe!u@h PRIVMSG #c :one", "BATCH -1");
        return [before, text()];
        """
    )
    assert before == ["one sending", "two", "three sending"]
    assert sorted(lines) == ["one", "three unsure", "two"]


def test_a_shadow_of_the_own_nick_is_waited_for(run: Run) -> None:
    asked = run(
        SESSION
        + """
        enter("joe");
        s.interrupted(2000);
        s.connected();
        hear(":srv 433 * joe :in use");
        const asked = [sent.at(-1)];
        hear(":srv 001 joe_ :hi", ":srv 376 joe_ :end");
        asked.push(sent.at(-1));
        hear(":srv 731 joe_ :joe");
        asked.push(...sent.slice(-2));
        return asked;
        """
    )
    assert asked == ["NICK joe_", "MONITOR + joe", "MONITOR - joe", "NICK joe"]


def test_a_nick_that_a_shadow_holds_is_asked_for_again_and_in_silence(run: Run) -> None:
    shadowed = (
        SESSION
        + """
        enter("joe");
        s.interrupted(2000);
        s.connected();
        hear(":srv 433 * joe :in use", ":srv 001 joe_ :hi", ":srv 376 joe_ :end");
        sent.length = 0;
        const seen = () => s.buffers.get("").lines.map(l => l.text).filter(t => t.includes("in use"));
        m.retake(s, 2000);
        hear(":srv 433 joe_ joe :in use");
        """
    )
    granted = "hear(':joe_!u@h NICK joe'); m.retake(s, 4000); return [sent, s.nick, seen()];"
    assert run(shadowed + "m.retake(s, 3000);" + granted) == [["NICK joe", "NICK joe", "MONITOR - joe"], "joe", []]
    assert run(shadowed + "m.retake(s, 100_000); return sent;") == ["NICK joe"]
    chosen = "s.askNick('jim'); hear(':joe_!u@h NICK jim'); m.retake(s, 3000); return [sent, s.identity.nick];"
    assert run(shadowed + chosen) == [["NICK joe", "NICK jim", "MONITOR - joe"], "jim"]
    other = "hear(':srv 433 joe_ jim :in use'); return s.current.lines.map(l => l.text);"
    assert run(shadowed + other)[-1] == "jim: in use"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("SASL authentication failed: Account and password do not fit", "Account and password do not fit"),
        ("SASL message too long", "SASL message too long"),
    ],
)
def test_a_refused_login_is_told_once(run: Run, said: str, shown: str) -> None:
    refused = SESSION + "s.connected(); hear(`:srv 904 joe :${v[0]}`); return s.refused;"
    assert run(refused, said) == f"Login failed: {shown}."
    assert run(refused, "SASL authentication failed") == "Login failed."


@pytest.mark.parametrize("addresses", [[], ["127.0.0.2:6667"]])
def test_a_stopping_node_is_told_without_addresses_for_other_clients(run: Run, addresses: list[str]) -> None:
    body = (
        SESSION
        + """
        enter("joe");
        hear(`:srv NOTICE joe :${v[0]}`, ":srv NOTICE joe :Another notice.");
        return s.current.lines.map(l => l.text);
        """
    )
    assert run(body, words(addresses))[-2:] == ["The node stops. The chat moves to another node.", "Another notice."]


def test_help_shows_every_command_with_its_words(run: Run) -> None:
    shown = run(SESSION + "m.typed(s, '/help', 1); return s.current.lines.map(l => l.text);")
    assert "/close: close a conversation" in shown and "/msg nick text: say something to one person" in shown
    assert not [line for line in shown if " :" in line]


def test_the_field_has_a_scrollbar_only_when_its_text_is_long(page: Browser, run: Run) -> None:
    page.run("document.getElementById('app').hidden = false")
    heights = run(
        SESSION
        + """
        const input = new m.Input(s, () => {}), {field} = input;
        const found = ["", "one", "one\\ntwo", "x\\n".repeat(40)].map(text => {
          input.set(text);
          return field.scrollHeight - field.clientHeight;
        });
        input.set("");
        input.stop();
        return found;
        """
    )
    page.run("document.getElementById('app').hidden = true")
    assert heights[:3] == [0, 0, 0] and heights[3] > 100


def test_lines_of_one_event_are_all_shown(run: Run) -> None:
    shown = run(
        SESSION
        + """
        enter("joe");
        hear("@msgid=x :ann!u@h NICK anne", "@msgid=x :Guest1!u@h JOIN #c", "@msgid=x :Guest1!u@h NICK ann",
             "@msgid=y :anne!u@h MODE #c +v joe", "@msgid=y :anne!u@h MODE #c +v ann");
        return s.buffer("#c").lines.map(l => l.text);
        """
    )
    assert shown == [
        "ann is now anne", "Guest1 has joined", "Guest1 is now ann", "anne sets mode +v joe", "anne sets mode +v ann"
    ]  # fmt: skip


def test_markup_bad_lines_and_strangers_lines_break_nothing(run: Run) -> None:
    found = run(
        SESSION
        + """
        enter("joe");
        hear("", "@", ":", "BATCH", "BATCH +", "BATCH -9", "MODE #c +oooo", "MODE", "353", "332", "MARKREAD", "TAGMSG",
             "MARKREAD #c timestamp=never", "NICK", "KICK #c", "TOPIC #nowhere :x", "JOIN", "REDACT", ":x PRIVMSG",
             ":a!b@c PRIVMSG joe", "FAIL", "005", "CAP * LS", "731 joe", "PART", "QUIT", "001", "433 joe");
        return text();
        """
    )
    assert found == []


def test_the_next_node_is_a_living_one_and_the_lost_one_comes_last(run: Run) -> None:
    nodes = [
        {"name": f"n{n}", "http": f"http://n{n}/", "alive": n != 3, "leaving": n == 4} for n in (1, 2, 3, 4, 5)
    ] + [{"name": "n6", "http": None, "alive": True, "leaving": False}]
    order = "return m.candidates(v[0], v[1], v[2], v[3], () => 0.5).map(n => n.url)"
    assert run(order, nodes, "http://n1/", "http://n2/", False) == ["http://n1/", "http://n5/", "http://n2/"]
    assert run(order, nodes, "https://p/", "", True) == ["https://p/"]
    assert run(order, [], "http://n1/", "", False) == ["http://n1/"]
    assert run("return m.socketUrl('https://n1:8067/')") == "wss://n1:8067/irc"


def test_the_files_are_revalidated_and_nothing_else_is_served(page: Browser, tmp_path: Path) -> None:
    found = page.driver.execute_async_script(
        """const done = arguments[0]; (async () => {
          const found = [];
          for (const path of ["/chat", "/chat/chat.js", "/chat/chat.css", "/chat/icon.svg"]) {
            const answer = await fetch(path);
            const tag = answer.headers.get("ETag");
            const again = await fetch(path, {headers: {"If-None-Match": tag}, cache: "no-store"});
            found.push([answer.status, answer.headers.get("Cache-Control"), again.status,
              /script-src 'self'/.test(answer.headers.get("Content-Security-Policy"))]);
          }
          return found;
        })().then(done)"""
    )
    assert found == [[200, "no-cache", 304, True]] * 4
