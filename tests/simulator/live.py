# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a live xend and its domains, with GETs only, as the start of a simulated one."""

from __future__ import annotations

import http.client
import re
import socket
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit

from .config import show_plain
from .personality import Personality
from .releases import PERSONALITIES
from .sxp import BrokenParserError, Sxp, SxpError, child_value, head, parse, py2_repr

if TYPE_CHECKING:
    from collections.abc import Sequence

PATIENCE = 30.0
"""Seconds for which it may stay silent."""

_DIALECT = PERSONALITIES["4.1"].dialect  # every dialect reads what any release prints
_HEADERS = {"Accept": "application/sxp", "Connection": "close"}
_NOBODY = "nobody.has.this.name"


class LiveError(Exception):
    """The reason why a live xend could not be read."""


@dataclass(frozen=True)
class Live:
    """The data of a live xend. `notes` has a sentence for each thing that could not be read."""

    listing: str
    """The detailed listing, and each domain that it hides, one after the other."""
    release: str | None
    """The nearest simulated release; None if it is unknown."""
    scheduler: str | None
    """The name in the node, in 3.1 and later."""
    notes: tuple[str, ...]


class _Answer(NamedTuple):
    status: int
    text: str


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def is_url(text: str) -> bool:
    """Return whether a seed names a live xend, and no file."""
    return "://" in text


def read(url: str) -> Live:
    """Read the node and all domains of a live xend, also those that do not run. Raises LiveError."""
    node = _expression(url, "/xend/node")
    notes = []
    try:
        listing = _get(url, "/xend/domain?detail=1").text
        shown = {_name(entry) for entry in _list(url, "/xend/domain?detail=1", listing)}
    except LiveError as error:  # in 3.0.3 one dying domain can make it fail; each domain can still be read by name
        notes.append(str(error))
        listing, shown = "", set()
    # In 3.0.4 and later both lists hold only running domains, so all names are read; earlier lists hold them already.
    names = [name for name in _list(url, "/xend/domain?state=all") if isinstance(name, str)]
    for name in names:
        if name in shown:
            continue
        answer = _get(url, f"/xend/domain/{quote(name, safe='', encoding='latin-1')}")
        if answer.status == 200 and head(_parsed(answer.text)) == "domain":
            listing += f"\n{answer.text}"
        else:
            notes.append(
                f"{name} was listed, and could not be read: {answer.status} {answer.text.strip() or 'without a word'}"
            )
    missing = _get(url, f"/xend/domain/{_NOBODY}")
    release, why = _release(node, missing)
    notes += [why] if why else []
    scheduler = show_plain(child_value(node, "xen_scheduler") or "") or None
    return Live(listing, release, scheduler, tuple(notes))


# ---- asking


def _connection(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    try:
        if parts.scheme == "unix" and parts.path and not parts.netloc:
            return _UnixConnection(parts.path)
        if parts.scheme == "http" and parts.hostname and parts.path in ("", "/") and not parts.username:
            return http.client.HTTPConnection(parts.hostname, parts.port or 8000, timeout=PATIENCE)
    except ValueError:
        pass
    msg = (
        f"{url} is neither http://HOST:PORT nor unix:///PATH; what is behind a proxy can be saved with curl, see --help"
    )
    raise LiveError(msg)


def _get(url: str, path: str) -> _Answer:
    """Send one GET on a connection of its own: an idle one would block 3.0.3 and earlier for other clients."""
    with closing(_connection(url)) as connection:
        try:
            connection.request("GET", path, headers=_HEADERS)
            response = connection.getresponse()
            return _Answer(response.status, response.read().decode("latin-1"))
        except (OSError, http.client.HTTPException) as error:
            msg = f"{url} did not answer GET {path}: {error}"
            raise LiveError(msg) from error


def _expression(url: str, path: str, text: str | None = None) -> Sxp:
    """Return the expression in the answer. Raises LiveError for an error and for any other text."""
    answer = _get(url, path) if text is None else _Answer(200, text)
    tree = _parsed(answer.text)
    if answer.status != 200 or not isinstance(tree, list) or head(tree) == "xend.err":
        msg = f"{url} is no xend, or in trouble: it answered GET {path} with {answer.status} {answer.text[:200]!r}"
        raise LiveError(msg)
    return tree


def _list(url: str, path: str, text: str | None = None) -> list[Sxp]:
    tree = _expression(url, path, text)
    return tree if isinstance(tree, list) else []


def _parsed(text: str) -> Sxp:
    """Return the first expression of a text, an empty word if there is none."""
    try:
        return (parse(text, _DIALECT) or [""])[0]
    except (SxpError, BrokenParserError):
        return ""


def _name(entry: Sxp) -> str:
    return show_plain(child_value(entry, "name") or "")


# ---- which release


def _release(node: Sxp, missing: _Answer) -> tuple[str | None, str]:
    """Return the simulated release, or None and the reason.

    The node names the hypervisor's release, to which xend belongs. The answer for a missing domain is xend's own and must
    agree with it: it differs between spans of releases (WIRE.md (a), 404 body).
    """
    numbers = _numbers(node)
    if numbers is None:
        return None, "its release cannot be told: it does not name that of Xen"
    found = [each for each in PERSONALITIES.values() if _ordinal(each.version) <= numbers]
    named = ".".join(str(number) for number in numbers)
    if not found:
        return None, f"its release cannot be told: it names Xen {named}, older than any xend that is simulated"
    if not _answers_like(found[-1], missing):
        said = f"{missing.status} {missing.text.strip()!r}"
        return (
            None,
            f"its release cannot be told: it names Xen {named}, but answers {said} for a domain that does not exist",
        )
    return found[-1].version, ""


def nearest(xen: str, releases: Sequence[str]) -> str | None:
    """Return the release that is nearest to a hypervisor's version, such as `3.0.3-rc1`."""
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", xen)
    known = sorted((each for each in releases if each in PERSONALITIES), key=_ordinal)
    numbers = (int(found[1]), int(found[2]), int(found[3] or 0)) if found else (0, 0, 0)
    older = [each for each in known if _ordinal(each) <= numbers]
    return next(iter([*reversed(older), *known]), None)


def _numbers(node: Sxp) -> tuple[int, int, int] | None:
    """Return 3, 0, 3 for `(xen_major 3) (xen_minor 0) (xen_extra .3-rc1)`."""
    major, minor, extra = (show_plain(child_value(node, f"xen_{key}") or "") for key in ("major", "minor", "extra"))
    if not (major.isdecimal() and minor.isdecimal()):
        return None
    point = re.match(r"\.(\d+)", extra)
    return int(major), int(minor), int(point[1]) if point else 0


def _ordinal(version: str) -> tuple[int, int, int]:
    major, minor, point = (int(part) for part in f"{version}.0".split(".")[:3])
    return major, minor, point


def _answers_like(personality: Personality, missing: _Answer) -> bool:
    if personality.missing_domain_is_empty:
        return missing == _Answer(500, "")
    text = personality.words.not_found.format(name=_NOBODY, quoted=py2_repr(_NOBODY))
    return missing.status == 404 and missing.text.strip() == text
