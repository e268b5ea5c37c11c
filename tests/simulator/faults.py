# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on request: what a test or a rehearsal can make the server do wrong, for each operation."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = {
    "drop": "close the connection before doing anything",
    "drop_after": "do it, then close the connection without a reply",
    "hang": "do it, then never reply",
    "delay": "wait SECONDS before doing it",
    "truncate": "do it, then send half of the body that Content-length promises",
    "html": "reply an HTML page with status 200, as a proxy would",
    "status": "reply the given status and body without doing it",
    "refuse": "reply (xend.err MESSAGE) the way this release does, without doing it",
}


@dataclass
class Fault:
    """One kind of fault for the next `times` requests of an operation.

    `op` is the op of a POST, or `get` (one domain), `list`, `detail`, `node` for GETs, or `*` for every request.
    `times` counts down; a negative number means for ever.
    """

    op: str
    kind: str
    times: int = 1
    seconds: float = 0.0
    message: str = "simulated failure"
    status: int = 503
    body: str = ""
    content_type: str = "text/plain"

    def __post_init__(self) -> None:
        """Refuse a kind that does not exist, so that a typo cannot pass as a quiet test."""
        if self.kind not in KINDS:
            msg = f"unknown kind of fault {self.kind!r}; known are {', '.join(KINDS)}"
            raise ValueError(msg)

    @classmethod
    def from_text(cls, text: str) -> Fault:
        """Read OP:KIND[:SECONDS_OR_TEXT] of the command line; such a fault stays forever."""
        op, _colon, rest = text.partition(":")
        kind, _colon, extra = rest.partition(":")
        fault = cls(op or "*", kind, times=-1)
        if kind == "delay":
            fault.seconds = float(extra or "1")
        elif kind == "status":
            fault.status = int(extra or "503")
        elif extra:
            fault.message = extra
        return fault


def take(faults: list[Fault], op: str) -> Fault | None:
    """Return the first fault meant for this operation and count it down."""
    for fault in faults:
        if fault.op in (op, "*") and fault.times != 0:
            fault.times -= 1
            return fault
    return None
