# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP as xend speaks it: reading a request, forms included, and writing a reply. All text is Latin-1."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import unquote

BODY_LIMIT = 10000
_LINE_LIMIT = 1 << 20
_HEADER_LIMIT = 500
_VERSION = re.compile(r"HTTP/[0-9]+\.[0-9]+\Z")
_SXP = "application/sxp"
_FORM, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


class BadRequestError(Exception):
    """The request cannot be understood: 400."""


class TooLargeError(Exception):
    """The body is over the limit: 413; it stays unread."""


class NoReplyError(Exception):
    """xend drops this connection without a reply."""


@dataclass
class Request:
    """One request, with query string and form already merged into `params`."""

    method: str
    target: str
    headers: dict[str, str]
    query: dict[str, list[str]] = field(default_factory=dict)
    params: dict[str, list[str]] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Return the path as it was sent."""
        return self.target.split("?")[0]

    @property
    def segments(self) -> list[str]:
        """Return the path's words; its first character counts as a slash, whatever it is."""
        return [unquote(word, "latin-1") for word in self.path[1:].split("/") if word]

    @property
    def wants_html(self) -> bool:
        """Return whether this looks like a browser to xend."""
        accept = self.headers.get("accept", "")
        return bool(self.headers.get("user-agent") and accept and _SXP not in accept)

    @property
    def keeps_alive(self) -> bool:
        """Return whether the client asked, in the one way xend understands, to keep the connection."""
        return self.headers.get("connection", "").lower() == "keep-alive"


@dataclass
class Reply:
    """One reply."""

    status: int
    reason: str
    body: str = ""
    content_type: str = ""
    location: str = ""
    accept: str = ""
    logged: bool = False  # xend wrote to its log while it made this

    def encode(self, *, keep_alive: bool = False, bodiless: bool = False) -> bytes:
        """Return the bytes on the wire; `bodiless` for HEAD, which has no Content-length either."""
        body = self.body.encode("latin-1", "replace")
        headers = [("Expires", "-1"), ("Pragma", "no-cache"), ("Cache-control", "no-cache")]
        if not bodiless:
            headers.insert(0, ("Content-length", str(len(body))))
        optional = (
            ("Location", self.location),
            ("Accept", self.accept),
            ("Connection", "keep-alive" if keep_alive else ""),
            ("Content-type", self.content_type),
        )
        headers += [(name, value) for name, value in optional if value]
        lines = "".join(f"{name}: {_one_line(value)}\r\n" for name, value in headers)
        top = f"HTTP/1.1 {self.status} {_one_line(self.reason)}\r\n{lines}\r\n"
        return top.encode("latin-1", "replace") + (b"" if bodiless else body)


def _one_line(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ")


def sxp_reply(status: int, reason: str, body: str, *, location: str = "", logged: bool = False) -> Reply:
    """Return a reply whose body is an s-expression, or empty."""
    return Reply(status, reason, body, _SXP if body else "", location, logged=logged)


def text_reply(status: int, reason: str, body: str) -> Reply:
    """Return a plain text reply."""
    return Reply(status, reason, body, "text/plain")


def read_request(stream: BinaryIO) -> Request | None:
    """Read one request; None at the end of the stream. Raises the errors above."""
    line = stream.readline(_LINE_LIMIT)
    if not line:
        return None
    words = line.decode("latin-1").split()
    headers = _read_headers(stream)
    if len(words) not in (2, 3) or (len(words) == 3 and not _VERSION.match(words[2])):
        raise BadRequestError
    request = Request(words[0], words[1], headers)
    parts = request.target.split("?")
    request.query = parse_form(parts[1], keep_blank=False) if len(parts) > 1 else {}
    request.params = {**request.query, **(_read_form(stream, headers) if request.method == "POST" else {})}
    return request


def _read_headers(stream: BinaryIO) -> dict[str, str]:
    headers: dict[str, str] = {}
    lost = False
    for _number in range(_HEADER_LIMIT + 1):
        line = stream.readline(_LINE_LIMIT).decode("latin-1").rstrip("\r\n")
        if not line:
            return headers
        name, colon, value = line.partition(":")
        lost = lost or not colon  # what follows a line without a colon is not looked at
        if not lost:
            headers.setdefault(name.strip().lower(), value.strip())
    raise BadRequestError


def _read_form(stream: BinaryIO, headers: dict[str, str]) -> dict[str, list[str]]:
    length = headers.get("content-length", "")
    if not re.match(r"-?[0-9]+\Z", length):
        return {}
    if int(length) > BODY_LIMIT:
        raise TooLargeError
    body = stream.read(int(length) if int(length) >= 0 else -1).decode("latin-1")
    kind, _semicolon, extra = headers.get("content-type", "").partition(";")
    if kind.strip().lower() == _FORM:
        return parse_form(body, keep_blank=True)
    if kind.strip().lower() == _MULTIPART:
        return _parse_multipart(body, extra)
    return {}


def parse_form(text: str, *, keep_blank: bool) -> dict[str, list[str]]:
    """Read a URL-encoded form as Python 2 did: `&` and `;` both separate."""
    form: dict[str, list[str]] = {}
    for pair in re.split("[&;]", text):
        name, equals, value = pair.partition("=")
        if not (value if equals else keep_blank and pair) and not (keep_blank and pair):
            continue
        key, shown = (unquote(part.replace("+", " "), "latin-1") for part in (name, value))
        form.setdefault(key, []).append(shown)
    return form


_NAME = re.compile(r'name="([^"]*)"')


def _parse_multipart(body: str, extra: str) -> dict[str, list[str]]:
    match = re.search(r'boundary="?([^";]+)', extra)
    if not match:
        raise NoReplyError
    form: dict[str, list[str]] = {}
    for part in body.split("--" + match.group(1))[1:]:
        top, blank, content = part.partition("\r\n\r\n")
        name = _NAME.search(top)
        if blank and name:
            form.setdefault(name.group(1), []).append(content.removesuffix("\r\n"))
    return form
