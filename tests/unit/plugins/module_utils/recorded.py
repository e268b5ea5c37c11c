# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What real xends answered, as data for tests: the replies of tests/recordings."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs

RECORDINGS = Path(__file__).resolve().parents[3] / "recordings"
FILES = sorted(path.name[: -len(".gz")] for path in RECORDINGS.glob("*.jsonl.gz"))


@dataclass(frozen=True)
class Recorded:
    """One reply of a real xend, and what it was asked; ``text`` is the body as the transport gives it."""

    slug: str
    method: str
    target: str
    op: str
    config: str
    status: int
    content_type: str
    text: str

    @property
    def is_sxp(self) -> bool:
        """Tell whether xend calls the body an s-expression, and it is none of the sentences that it also calls so."""
        return self.content_type.startswith("application/sxp") and self.status not in (406, 501) and bool(self.text)


@cache
def replies(file: str) -> tuple[Recorded, ...]:
    """Return the replies of one recording, in order."""
    with gzip.open(RECORDINGS / f"{file}.gz", "rt", encoding="utf-8") as lines:
        return tuple(_replies(lines))


def reply(file: str, slug: str) -> Recorded:
    """Return one reply."""
    return next(each for each in replies(file) if each.slug == slug)


def release_of(file: str) -> str:
    """Return the release in a recording's name: ``3.0.3`` of ``xend-3.0.3-sedf.jsonl``."""
    return file[: -len(".jsonl")].split("-")[1]


def _replies(lines: Iterable[str]) -> Iterator[Recorded]:
    for line in lines:
        exchange = json.loads(line)
        request, response = exchange["request"], exchange["response"]
        if response is None or response["status"] is None or "target" not in (request or {}):
            continue
        headers = {name.lower(): value for name, value in response["headers"]}
        form = parse_qs(request["body"] or "", encoding="latin-1") if request["method"] == "POST" else {}
        yield Recorded(
            slug=exchange["slug"],
            method=request["method"],
            target=request["target"],
            op=form.get("op", [""])[0],
            config=_text(form.get("config", [""])[0]),
            status=response["status"],
            content_type=headers.get("content-type", ""),
            text=_text(response["body"] or ""),
        )


def _text(latin: str) -> str:
    """Return what a recording holds, one character a byte, as the transport gives it."""
    return latin.encode("latin-1").decode("utf-8", "surrogateescape")
