"""The types of values in settings: names, addresses, paths. Each type refuses wrong values with words for a person."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError
from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, PlainValidator, ValidationInfo
from pydantic import WithJsonSchema as Json
from pydantic_core import CoreSchema, core_schema

from config.keyfile import KeyFileError, read_key
from config.mistakes import refusing, said, wanted


@dataclass(frozen=True)
class Form:
    """Requires text to match `pattern` as a whole. wants: describes the pattern in words."""

    pattern: str
    wants: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^{self.pattern}$"}

    def _check(self, text: str) -> str:
        if not re.fullmatch(self.pattern, text):
            raise wanted(self.wants)
        return text


HOST_NAME = r"(?=.{1,63}$)([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])"

# irssi folds `QUIT :a.example b.example` only if both names have a dot, and a last label that is not a number.
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_HOSTS = rf"(\*\.)?{_LABEL}(\.{_LABEL})*"
HostName = Annotated[
    str,
    Form(HOST_NAME, "a host name with a dot and at most 63 characters, like irc.example.org (it need not resolve)"),
]
Word = Annotated[str, Form(r"[A-Za-z0-9._:-]{1,50}", "1 to 50 letters, digits and . _ : -")]
Line = Annotated[str, Form(r"[^\x00-\x1f\x7f]{0,300}", "one line of at most 300 characters")]
IconUrl = Annotated[
    str, Form(r"(https?://[!-~]{1,240})?", "an address like https://example.org/icon.svg of at most 240 characters")
]
Mask = Annotated[str, Form(r"[^\s!@]{1,64}@[^\s!@]{1,128}", "a mask like *@192.0.2.* or joe@*.example.org")]
Fingerprint = Annotated[
    str, Form(r"[0-9a-f]{64}", "64 lower-case hexadecimal digits, as `CERT LIST` of NickServ shows them")
]
TokenName = Annotated[str, Form(r"[a-z0-9][a-z0-9-]{0,19}", "1 to 20 lower-case letters, digits and -")]
TokenHash = Annotated[
    str, Form(r"sha256:[0-9a-f]{64}", "sha256: and 64 hexadecimal digits, as `circlet token new` prints it")
]
ChannelName = Annotated[str, Form(r"#[^\s,\x00-\x1f\x7f]{1,100}", "the name of a channel, in quotes, like '#builds'")]
Origin = Annotated[
    str,
    Form(r"\*|https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?",
         "* or a web site in small letters and without a path, like https://chat.example.org"),
]  # fmt: skip
Port = Annotated[int, Field(ge=1, le=65535)]


class Endpoint(NamedTuple):
    """An address and a port. `str()` puts an IPv6 address into brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def canonical_ip(text: object) -> str:
    """Return the canonical form of an IP address, so that equal addresses are equal texts. Raises ValueError."""
    if isinstance(text, str) and "%" not in text:
        try:
            return str(ip_address(text))
        except ValueError:
            pass
    raise ValueError("an IPv4 or IPv6 address, like 192.0.2.7 or 2001:db8::7")


def _reachable_ip(text: object) -> str:
    address = ip_address(canonical_ip(text))
    if address.is_unspecified or address.is_multicast:
        raise ValueError("the one address at which other nodes reach this node, like 192.0.2.7")
    return str(address)


def split_endpoint(text: object, example: str = "192.0.2.7:7700 or [2001:db8::7]:7700") -> tuple[str, int]:
    """Split `host:port` into host and port. Raises ValueError with a description of a right value."""
    match = re.fullmatch(r"(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})", text) if isinstance(text, str) else None
    if not match or not 1 <= int(match[3]) <= 65535:
        raise ValueError(f"an address and a port, like {example}")
    return match[1] or match[2], int(match[3])


def _endpoint(text: object, host: Callable[[object], str], example: str) -> Endpoint:
    name, port = split_endpoint(text, example)
    return Endpoint(host(name), port)


def _host(text: object) -> str:
    if isinstance(text, str) and re.fullmatch(HOST_NAME, text):
        return text
    return canonical_ip(text)


def _directory(text: object) -> Endpoint:
    return _endpoint(text, _reachable_ip, "192.0.2.7:7700 or [2001:db8::7]:7700")


def _shown(text: object) -> Endpoint:
    return _endpoint(text, _host, "irc.example.org:6667 or [2001:db8::7]:6667")


def _page(text: object) -> str:
    match = re.fullmatch(r"(https?)://(\[[^]]+]|[^\s:/]+)(:[0-9]{1,5})?/?", text) if isinstance(text, str) else None
    if match and (not match[3] or 1 <= int(match[3][1:]) <= 65535):
        with suppress(ValueError):
            host = _host(match[2].strip("[]"))
            return f"{match[1]}://{f'[{host}]' if ':' in host else host}{match[3] or ''}/"
    raise ValueError("a URL without a path, like https://node-1.example.org/ or http://192.0.2.7:8067/")


def _network_range(text: object) -> IPv4Network | IPv6Network:
    if isinstance(text, str):
        try:
            return ip_network(text, strict=False)
        except ValueError:
            pass
    raise ValueError("an IP address or a network, like 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32")


def _host_or_network(text: object) -> str:
    if isinstance(text, str):
        try:
            return str(ip_network(text, strict=False))
        except ValueError:
            name = text.lower()
        if len(name) <= 253 and re.fullmatch(_HOSTS, name) and not name.rpartition(".")[2].isdigit():
            return name
    raise ValueError(
        "a host name, like hooks.example.net or *.example.net, or an IP address or network, like 10.1.2.3 or 10.0.0.0/8"
    )


def _password_hash(text: str) -> str:
    try:
        extract_parameters(text)
    except (InvalidHashError, ValueError) as error:
        raise said("is not an argon2 hash: paste what `circlet hash-password` prints, in single quotes") from error
    return text


def _path(value: object, info: ValidationInfo) -> Path:
    """Resolve a path from the folder of the file. The loader passes this folder as `base` in the context."""
    if not isinstance(value, str) or not value or not value.isprintable():
        raise wanted("a path, absolute or relative to this file")
    return Path(os.path.normpath(info.context["base"] / value)) if info.context else Path(value)


def _folder(value: object, info: ValidationInfo) -> Path:
    path = _path(value, info)
    if info.context and not _stands(path, stat.S_ISDIR):
        raise said(f"{path} is not a directory")
    return path


def _output(value: object, info: ValidationInfo) -> Path:
    path = _path(value, info)
    if info.context and _stands(path, stat.S_ISDIR, missing=False):
        raise said(f"{path} is a directory: a file is wanted")
    return path


def _stands(path: Path, kind: Callable[[int], bool], *, missing: bool = True) -> bool:
    try:
        return kind(path.stat().st_mode)
    except FileNotFoundError:
        return missing
    except OSError as error:
        raise said(f"cannot use {path}: {error.strerror}") from error


def _file(value: object, info: ValidationInfo) -> Path:
    path = _path(value, info)
    if info.context:
        if not _stands(path, stat.S_ISREG):  # opening a pipe would wait for a writer
            raise said(f"{path} is not a file")
        try:
            path.open("rb").close()
        except OSError as error:
            raise said(f"cannot read {path}: {error.strerror}") from error
    return path


def _key_file(value: object, info: ValidationInfo) -> Path:
    path = _path(value, info)
    if info.context:
        try:
            read_key(path)
        except KeyFileError as error:
            raise said(str(error)) from error
    return path


_PATH_SCHEMA = Json({"type": "string", "minLength": 1})

BindAddress = Annotated[str, PlainValidator(refusing(canonical_ip)), Json({"type": "string"})]
NodeAddress = Annotated[str, PlainValidator(refusing(_reachable_ip)), Json({"type": "string"})]
DirectoryAddress = Annotated[Endpoint, PlainValidator(refusing(_directory)), Json({"type": "string", "pattern": ":"})]
ShownAddress = Annotated[Endpoint, PlainValidator(refusing(_shown)), Json({"type": "string", "pattern": ":"})]
PageAddress = Annotated[str, PlainValidator(refusing(_page)), Json({"type": "string", "pattern": "^https?://"})]
NetworkRange = Annotated[
    IPv4Network | IPv6Network, PlainValidator(refusing(_network_range)), Json({"type": "string", "minLength": 2})
]
"""A single IP address becomes a network with only this address."""
HostOrNetwork = Annotated[str, PlainValidator(refusing(_host_or_network)), Json({"type": "string", "minLength": 1})]
PasswordHash = Annotated[str, AfterValidator(_password_hash)]
FolderPath = Annotated[Path, PlainValidator(_folder), _PATH_SCHEMA]
"""A directory. A missing directory is made later."""
OutputPath = Annotated[Path, PlainValidator(_output), _PATH_SCHEMA]
"""A file. A missing file is made later."""
FilePath = Annotated[Path, PlainValidator(_file), _PATH_SCHEMA]
"""A file that can be read."""
KeyPath = Annotated[Path, PlainValidator(_key_file), _PATH_SCHEMA]
"""A network key in a private file."""
