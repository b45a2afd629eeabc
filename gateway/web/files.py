"""Serves files of a folder below `gateway/web` from memory: style sheets, scripts and pictures of our own pages."""

from __future__ import annotations

from hashlib import blake2b
from importlib.resources import files
from typing import Final, NamedTuple

from aiohttp import web

KINDS: Final = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}
"""Content types by the ending of a file's name."""


class File(NamedTuple):
    """A file in memory. tag: changes with the contents."""

    contents: bytes
    kind: str
    tag: str


def load(folder: str) -> dict[str, File]:
    """Load every file of the folder, by name."""
    found = {}
    for path in files(__name__.rpartition(".")[0]).joinpath(folder).iterdir():
        kind = KINDS.get(path.name.rpartition(".")[2])
        if kind is not None:
            found[path.name] = file(path.read_bytes(), kind)
    return found


def file(contents: bytes, kind: str) -> File:
    return File(contents, kind, f'"{blake2b(contents, digest_size=12).hexdigest()}"')


def answer(request: web.Request, file: File, policy: str) -> web.Response:
    """Answer with a file. The browser asks each time whether its copy is current. policy: Content-Security-Policy."""
    headers = {"Cache-Control": "no-cache", "ETag": file.tag, "Content-Security-Policy": policy}
    if request.headers.get("If-None-Match") == file.tag:
        return web.Response(status=304, headers=headers)
    return web.Response(body=file.contents, headers={**headers, "Content-Type": file.kind})
