# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorded exchanges as data, and the bytes to send for each."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

DIRECTORY = Path(__file__).resolve().parent.parent / "recordings"


@dataclass(frozen=True)
class Response:
    """One reply, recorded or received; `status` is None where nothing came."""

    status: int | None = None
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    closes: bool | None = None
    timed_out: bool = False

    def header(self, name: str) -> str | None:
        """Return a header's value."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True)
class Exchange:
    """One line of a recording."""

    file: str
    seq: int
    slug: str
    note: str
    sent: bytes | None  # None: nothing was sent, the recorder looked at something
    raw: bool
    method: str
    target: str
    form: dict[str, list[str]]
    response: Response
    extra: dict[str, Any] = field(default_factory=dict)
    polls: tuple[Response, ...] = ()  # the same GET again and again: each reply that differs from the one before

    @property
    def op(self) -> str:
        """Return the op of a POST, or ''."""
        return (self.form.get("op") or [""])[0] if self.method == "POST" else ""

    @property
    def gives_back(self) -> bool:
        """Tell whether it sends a description of a domain that xend made: what is in there was generated before."""
        return any(value.startswith("(domain ") for value in self.form.get("config", ()))

    @property
    def label(self) -> str:
        """Return the operation's name in the table of results."""
        if self.raw:
            return "raw bytes"
        if self.sent is None:
            return "files on the host"
        path = self.target.split("?")[0].rstrip("/")
        if self.method == "POST":
            return f"op={self.op}" if self.op else "POST without op"
        if self.method != "GET":
            return f"method {self.method}"
        if "/domain/" in path:
            return "op=vcpuinfo" if "op=vcpuinfo" in self.target else "GET a domain"
        return f"GET {path or '/'}"


_KNOWN = {
    "seq",
    "slug",
    "note",
    "request",
    "response",
    "elapsed_s",
    "server_closes",
    "timed_out",
    "polls",
}


def load(name: str) -> Iterator[Exchange]:
    """Yield the exchanges of one file, in order."""
    with gzip.open(DIRECTORY / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            yield _exchange(name, json.loads(line))


def _exchange(file: str, entry: dict[str, Any]) -> Exchange:
    request = entry.get("request") or {}
    target = request.get("target") or ""
    return Exchange(
        file=file,
        seq=entry["seq"],
        slug=entry["slug"],
        note=entry["note"] or "",
        sent=_bytes(request),
        raw="raw" in request,
        method=request.get("method") or "",
        target=target,
        form=_form(request, target),
        response=_response(entry),
        polls=tuple(Response(each["status"], body=each["body"] or "") for each in entry.get("polls", ())),
        extra={key: value for key, value in entry.items() if key not in _KNOWN},
    )


def _bytes(request: dict[str, Any]) -> bytes | None:
    if "raw" in request:
        return str(request["raw"]).encode("latin-1")
    if not request.get("method"):
        return None
    top = " ".join(part for part in (request["method"], request["target"], request["http"]) if part)
    headers = "".join(f"{name}: {value}\r\n" for name, value in request["headers"])
    return f"{top}\r\n{headers}\r\n{request['body'] or ''}".encode("latin-1")


_PART = re.compile(r'name="(\w+)"[^\n]*\n(?:[^\n]+\n)*?\r\n(.*?)\r\n--', re.DOTALL)


def _form(request: dict[str, Any], target: str) -> dict[str, list[str]]:
    multipart = _PART.findall(request.get("body") or "")
    if multipart:
        return {name: [value] for name, value in multipart}
    query = parse_qs(target.partition("?")[2], encoding="latin-1")
    body = parse_qs(request.get("body") or "", keep_blank_values=True, encoding="latin-1")
    return {**query, **body}


def _response(entry: dict[str, Any]) -> Response:
    response = entry.get("response") or {}
    return Response(
        status=response.get("status"),
        reason=response.get("reason") or "",
        headers=tuple((name, value) for name, value in response.get("headers") or ()),
        body=response.get("body") or "",
        closes=entry.get("server_closes"),
        timed_out=bool(entry.get("timed_out")),
    )
