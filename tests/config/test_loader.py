from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from config import ConfigErrors, DirectoryConfig, NodeConfig, load, load_directory, load_node
from config.loader import MAX_BYTES

Load = Callable[[str], NodeConfig | DirectoryConfig]
Mistakes = Callable[[str], list[str]]

DIRECTORY = "network: {name: Example, key_file: network.key}\ndirectory: {host: 127.0.0.1}\n"
HASH = "$argon2id$v=19$m=8,t=1,p=1$eEBY2idzSKkNXw8kgqav5g$yrsANQ4CnKHwhdGRQFNkgHOVlhw0W6i51YHoKTVhML4"


def test_a_file_of_ten_lines_is_a_whole_network(load_text: Load, minimal: str, folder: Path) -> None:
    config = load_text(minimal)
    assert isinstance(config, NodeConfig)
    assert config.network.key_file == folder / "network.key"
    assert config.node.state_dir == folder / "state"
    assert config.node.ring_key == "192.0.2.7"
    assert config.directories == ()
    assert config.links.dead_after_s == 5.0
    assert str(config.links_address) == "192.0.2.7:7600"
    assert str(config.irc_address) == "192.0.2.7:6667"
    assert config.motd_lines() == ()


def test_the_content_tells_the_kind(load_text: Load, minimal: str, folder: Path) -> None:
    directory = load_text(DIRECTORY)
    assert isinstance(directory, DirectoryConfig)
    assert str(directory.address) == "127.0.0.1:7700"
    assert load_directory(folder / "node.yaml") == directory
    with pytest.raises(ConfigErrors, match="is the file of a directory"):
        load_node(folder / "node.yaml")
    load_text(minimal)
    with pytest.raises(ConfigErrors, match="is the file of a node"):
        load_directory(folder / "node.yaml")


def test_every_mistake_is_told_at_once(mistakes: Mistakes) -> None:
    text = """\
network:
  name: Two Words
  server_name: irc
  key_file: other.key
node:
  name: node-1.example.org
  ip: 127.0.0.01
listeners:
  - host: localhost
    port: 70000
    speed: fast
links:
  dead_afer_s: 4
  dead_after_s: 1
  heartbeat_s: 2s
  queue: 1
ring: {copies: 0, distance: round, points: 1.5}
grace_s: 5x
grace_s: 6s
limits:
motd: 12
"""
    assert mistakes(text) == [
        'node.yaml: network.name (line 2): found "Two Words": 1 to 50 letters, digits and . _ : -',
        'node.yaml: network.server_name (line 3): found "irc": a host name with a dot and at most 63 characters, '
        "like irc.example.org (it need not resolve)",
        "node.yaml: network.key_file (line 4): cannot read other.key: No such file or directory",
        "node.yaml: node.state_dir (line 5): is missing: Directory for the node's data "
        "(roster, incarnation, circlet.db)",
        'node.yaml: node.ip (line 7): found "127.0.0.01": an IPv4 or IPv6 address, like 192.0.2.7 or 2001:db8::7',
        'node.yaml: listeners[0].host (line 9): found "localhost": an IPv4 or IPv6 address, '
        "like 192.0.2.7 or 2001:db8::7",
        "node.yaml: listeners[0].port (line 10): found 70000: at most 65535",
        "node.yaml: listeners[0].speed (line 11): there is no such setting: known here are host, port, tls",
        "node.yaml: links.dead_afer_s (line 13): there is no such setting: did you mean links.dead_after_s?",
        "node.yaml: links.dead_after_s (line 14): 1 is not more than twice links.heartbeat_s (2): "
        "a peer needs time to answer",
        "node.yaml: links.queue (line 16): found 1: at least 64KiB",
        "node.yaml: ring.distance (line 17): found \"round\": absolute or circular",
        "node.yaml: ring.points (line 17): found 1.5: a whole number",
        "node.yaml: ring.copies (line 17): found 0: at least 1",
        "node.yaml: grace_s (line 19): stands twice, first on line 18: remove one",
        "node.yaml: limits (line 20): found nothing: a section of `key: value` lines, or leave limits out",
        "node.yaml: motd (line 21): found 12: a text (a number or true meant as text stands in quotes)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("links: {dead_after_s: 2}", "links.dead_after_s (line 11): 2 is not more than twice links.heartbeat_s (1)"),
        ("links: {idle_close_s: 5}", "links.idle_close_s (line 11): 5 is not more than links.dead_after_s (5)"),
        ("links: {redial_min_s: 6}", "links.redial_max_s (line 11): 5 is less than links.redial_min_s (6)"),
        ("links: {frame_max: 17MiB}", "links.frame_max (line 11): 17825792 is more than links.queue (16777216)"),
        ("links: {heartbeat_s: 1ms}", "links.heartbeat_s (line 11): found 1ms: at least 50ms"),
        ("links: {port: 6667}", "listeners[0] (line 10): 192.0.2.7:6667 is taken by links or a listener before"),
        ("clients: {total: 10}", "clients.per_address (line 11): 20 is more than clients.total (10)"),
        ("clients: {flood: {rate: 0}}", "clients.flood.rate (line 11): found 0: more than 0"),
        ("clients: {sendq: 1MB}", 'clients.sendq (line 11): found "1MB": a size like 512, 64KiB or 1MiB'),
        ("limits: {nick_len: yes}", 'limits.nick_len (line 11): found "yes": a whole number'),
        ("limits: {nick_len: true}", "limits.nick_len (line 11): found true: a whole number"),
        ("limits: {nick_length: 9}",
         "limits.nick_length (line 11): there is no such setting: did you mean limits.nick_len"),
        ("directories: [127.0.0.1]", 'directories[0] (line 11): found "127.0.0.1": an address and a port, like'),
        ("directories: ['127.0.0.1:99999']", "directories[0] (line 11): found \"127.0.0.1:99999\": an address and"),
        ("directories: ['0.0.0.0:7700']", "directories[0] (line 11): found \"0.0.0.0:7700\": the one address at which"),
        ("directories: ['[::1]:7', '[0::1]:7']", "directories[1] (line 11): [::1]:7 stands twice: remove one"),
        ("directories: 127.0.0.1:7700", "directories (line 11): found \"127.0.0.1:7700\": a list: one `- ` item"),
        ("ring: [1]", "ring (line 11): found a list: a section of `key: value` lines"),
        ("log: {level: loud}", 'log.level (line 11): found "loud": debug, info, warning or error'),
        ("log: {file: .}", "log.file (line 11):  is a directory: a file is wanted"),
        ("motd_file: gone.txt", "motd_file (line 11): cannot read gone.txt: No such file"),
        ("motd_file: network.key\nmotd: hello", "motd_file (line 11): stands beside motd: keep one of them"),
        ('motd: "a\\0b"', "motd (line 11): cannot be sent: a NUL"),
        ("operators: [{name: joe}]", "operators[0].password_hash (line 11): is missing, and so are cert"),
        (f"operators: [{{name: joe, password_hash: '{HASH}', automatic: true}}]",
         "operators[0].automatic (line 11): true asks for no password, but password_hash is set"),
        ("operators: [{name: joe, certificates: [AB]}]",
         'operators[0].certificates[0] (line 11): found "AB": 64 lower-case hexadecimal digits'),
        (f"operators: [{{name: joe, password_hash: '{HASH}', operator_class: helper}}]",
         "operators[0].operator_class (line 11): helper is no class of operator_classes (there are none)"),
        ("operator_classes: [{name: a, capabilities: [fly]}]",
         'operator_classes[0].capabilities[0] (line 11): found "fly": * or one of accounts, announce'),
        ("operator_classes: [{name: a, capabilities: []}, {name: a, capabilities: []}]",
         "operator_classes[1].name (line 11): a stands twice: remove one"),
        ("operator_classes: [{name: a}]", "operator_classes[0].capabilities (line 11): is missing"),
        ('admin: {email: "a\\nb"}', 'admin.email (line 11): found "a\\nb": one line of at most 300 characters'),
        ("advertise: irc.example.org",
         "advertise (line 11): found \"irc.example.org\": an address and a port, like irc"),
        ("grace_s: -1", "grace_s (line 11): found -1: a duration like 5s"),
        ("grace_s: 2h", "grace_s (line 11): found 2h: at most 1h"),
        ("grace_s: .inf", 'grace_s (line 11): found ".inf": a duration like 5s'),
        ("directory: {}", "node (line 5): there is no such setting"),
    ],
)  # fmt: skip
def test_one_mistake_one_line(mistakes: Mistakes, minimal: str, more: str, said: str, folder: Path) -> None:
    found = mistakes(minimal + more)
    assert any(line.replace(str(folder), "").startswith(f"node.yaml: {said}") for line in found), found


def test_only_one_line_where_only_one_thing_is_wrong(mistakes: Mistakes, minimal: str) -> None:
    assert len(mistakes(minimal.replace("ip: 192.0.2.7", "ip: here"))) == 1  # ring_key follows from ip
    assert len(mistakes(minimal.replace("port: 6667", "port: x"))) == 1  # the list is not also too short
    # A clash with a value that is wrong itself waits until that is right.
    assert len(mistakes(minimal + "links: {heartbeat_s: often, dead_after_s: 1}")) == 1


def test_names_that_clash(mistakes: Mistakes, minimal: str) -> None:
    same = minimal.replace("node-1.example.org", "IRC.example.org")
    assert mistakes(same) == [
        "node.yaml: node.name (line 6): is the same as network.server_name: a node needs a name of its own"
    ]


def test_secrets_are_not_quoted(mistakes: Mistakes, minimal: str) -> None:
    text = (
        minimal + "operators: [{name: joe, password: hunter2, password_hash: hunter2}]\nserver_password_hash: 31337\n"
    )
    found = "\n".join(mistakes(text))
    assert "did you mean operators[0].password_hash?" in found
    assert "is not an argon2 hash: paste what `circlet hash-password` prints" in found
    assert "hunter2" not in found
    assert "31337" not in found


def test_hashes_stay_out_of_a_repr(load_text: Load, minimal: str) -> None:
    config = load_text(
        minimal + f"operators: [{{name: joe, password_hash: '{HASH}'}}]\nserver_password_hash: '{HASH}'\n"
    )
    assert isinstance(config, NodeConfig)
    assert config.server_password_hash == config.operators[0].password_hash == HASH
    assert config.operators[0].hosts == ("*@*",)
    assert "argon2" not in repr(config)


def test_addresses_are_canonical(load_text: Load, minimal: str) -> None:
    text = minimal.replace("ip: 192.0.2.7", "ip: 2001:DB8:0::7").replace("host: 192.0.2.7", "host: '::'")
    config = load_text(text + "directories: ['[2001:DB8::0:1]:7700', 192.0.2.1:7700]\n")
    assert isinstance(config, NodeConfig)
    assert config.node.ip == config.node.ring_key == "2001:db8::7"
    assert str(config.irc_address) == "[2001:db8::7]:6667"
    assert [str(each) for each in config.directories] == ["[2001:db8::1]:7700", "192.0.2.1:7700"]


def test_tls_files_must_be_a_certificate_and_its_key(
    load_text: Load, minimal: str, mistakes: Mistakes, folder: Path
) -> None:
    authority = trustme.CA()
    for name in ("one", "two"):
        cert = authority.issue_cert(f"{name}.example.org")
        cert.private_key_pem.write_to_path(folder / f"{name}.key")
        cert.cert_chain_pems[0].write_to_path(folder / f"{name}.pem")
    text = minimal + "  - {host: 192.0.2.7, port: 6697, tls: {cert: one.pem, key: one.key}}\n"
    config = load_text(text)
    assert isinstance(config, NodeConfig)
    tls = config.listeners[1].tls
    assert tls is not None
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.cert, tls.key)
    wrong = "one.pem and {} are not a PEM certificate and its private key, without a passphrase"
    for other in ("two.key", "node.yaml"):
        (line,) = mistakes(text.replace("one.key", other))
        assert line == f"node.yaml: listeners[1].tls (line 11): {wrong.format(other)}"


def test_the_message_of_the_day_from_text_and_file(
    load_text: Load, minimal: str, mistakes: Mistakes, folder: Path
) -> None:
    config = load_text(minimal + "motd: |\n  Welcome\n\n  all\n")
    assert isinstance(config, NodeConfig)
    assert config.motd_lines() == ("Welcome", "", "all")
    (folder / "motd.txt").write_bytes("Grüße\r\nan alle".encode())
    config = load_text(minimal + "motd_file: motd.txt\n")
    assert isinstance(config, NodeConfig)
    assert config.motd_lines() == ("Grüße", "an alle")
    for raw, said in ((b"\xff", "not UTF-8 text"), (b"a\0", "a NUL"), (b"a" * 70_000, "longer than 65536 bytes")):
        (folder / "motd.txt").write_bytes(raw)
        (line,) = mistakes(minimal + "motd_file: motd.txt\n")
        assert line.startswith(f"node.yaml: motd_file (line 11): motd.txt cannot be sent: {said}")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "is empty: `circlet init` writes files to start from"),
        (b"# only a comment\n---\n...\n", "is empty: `circlet init` writes files to start from"),
        (b"- a\n", "found a list: a file is a mapping of `key: value` lines"),
        (b"hello", 'found "hello": a file is a mapping of `key: value` lines'),
        (b"a: b\nc: \xff\n", "line 2: found the byte 0xff: the file must be UTF-8"),
        (b"a: 1\nb: c: d\n", "line 2: not valid YAML: a second `key:` on one line"),
        (b"#" * (MAX_BYTES + 1), f"is longer than {MAX_BYTES} bytes"),
    ],
)
def test_files_that_are_no_configuration(tmp_path: Path, raw: bytes, said: str) -> None:
    path = tmp_path / "node.yaml"
    path.write_bytes(raw)
    for read in (load, load_node, load_directory):
        with pytest.raises(ConfigErrors) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}: {said}")


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    cases = {
        tmp_path / "gone": "cannot be read: No such file or directory",
        tmp_path: "is not a file",
        tmp_path / "pipe": "is not a file",
        tmp_path / ("x" * 300): "cannot be read: File name too long",
        Path("a\0b"): "cannot be read",
    }
    for path, said in cases.items():
        with pytest.raises(ConfigErrors) as caught:
            load(path)
        assert f"{path}: {said}" in str(caught.value)


def test_a_mistake_has_its_parts_for_programs(load_text: Load, minimal: str, folder: Path) -> None:
    with pytest.raises(ConfigErrors) as caught:
        load_text(minimal + "grace_s: x\n")
    (mistake,) = caught.value.mistakes
    assert (mistake.file, mistake.key, mistake.line) == (str(folder / "node.yaml"), "grace_s", 11)


def test_a_flood_of_mistakes_is_cut_short_in_print(mistakes: Mistakes, minimal: str) -> None:
    found = mistakes(minimal + "".join(f"key{number}: 1\n" for number in range(1000)))
    assert len(found) == 201
    assert found[-1] == "and 800 more mistakes"


def test_channels_may_have_a_retention_of_their_own(load_text: Load, mistakes: Mistakes, minimal: str) -> None:
    own = 'history: {channels: [{name: "#erlang", keep_days: 365}, {name: "#tmp", keep_days: 1, keep_lines: 100}]}\n'
    config = load_text(minimal + own)
    assert isinstance(config, NodeConfig)
    assert [(c.name, c.keep_days, c.keep_lines) for c in config.history.channels] == [
        ("#erlang", 365, 100_000), ("#tmp", 1, 100),
    ]  # fmt: skip
    found = mistakes(
        minimal + 'history: {channels: [{name: erlang, keep_days: 0}, {name: "#a", keep_days: 1}, {name: "#a"}]}\n'
    )
    assert len(found) == 2 and all("history.channels" in line for line in found), found
    (twice,) = mistakes(minimal + 'history: {channels: [{name: "#a", keep_days: 1}, {name: "#a", keep_days: 2}]}\n')
    assert "#a stands twice: remove one" in twice
    (named,) = mistakes(minimal + "history: {channels: [{name: erlang, keep_days: 1}]}\n")
    assert "erlang is no channel" in named
