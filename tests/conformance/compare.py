# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Comparing a reply of the simulator with the recorded one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import masks
from .masks import Known, Node

if TYPE_CHECKING:
    from .recordings import Exchange, Response

_SXP = "application/sxp"


def differences(exchange: Exchange, got: Response, known: Known) -> list[str]:
    """Return what differs, in words; nothing if the reply is the recorded one."""
    wanted = exchange.response
    found = []
    for name, left, right in (
        ("timed out", wanted.timed_out, got.timed_out),
        ("status", wanted.status, got.status),
        ("reason", wanted.reason, got.reason),
        ("headers", _headers(wanted), _headers(got)),
        ("body", *_bodies(exchange, got, known)),
    ):
        if left != right:
            found.append(f"{name}:\n    recorded  {_only(left, right)}\n    simulated {_only(right, left)}")
    if not _length_is_right(exchange, got):
        found.append(f"Content-length {got.header('Content-length')} for a body of {len(got.body)}")
    if closing_counts(exchange) and wanted.closes != got.closes:
        found.append(f"closes: recorded {wanted.closes}, simulated {got.closes}")
    return found


def _only(this: object, other: object) -> object:
    """Return what of one side is not on the other, for a reader."""
    while isinstance(this, list) and isinstance(other, list) and len(this) == len(other) == 1:
        this, other = this[0], other[0]
    if isinstance(this, list) and isinstance(other, list):
        return [each for each in this if each not in other] or "(the same, in another order)"
    return this


def _headers(response: Response) -> list[tuple[str, str]]:
    return sorted(each for each in response.headers if each[0] != "Content-length")


def _length_is_right(exchange: Exchange, got: Response) -> bool:
    if got.status is None:
        return True
    length = got.header("Content-length")
    if exchange.response.header("Content-length") is None:
        return length is None
    return length == str(len(got.body))


def closing_counts(exchange: Exchange) -> bool:
    """Tell whether the recording says, other than by chance, if the server closes after this."""
    if exchange.response.closes is None or exchange.raw or exchange.response.timed_out:
        return False
    return not any(
        re.match(each.file, exchange.file)
        and re.match(each.slug, exchange.slug)
        and each.status == exchange.response.status
        and re.match(each.op, exchange.op or "")
        for each in masks.CLOSING_BY_CHANCE
    )


def _bodies(exchange: Exchange, got: Response, known: Known) -> tuple[object, object]:
    wanted = exchange.response
    if exchange.slug in masks.TEXTS and bool(wanted.body) == bool(got.body):
        return "", ""
    if wanted.header("Content-type") != _SXP or not wanted.body.startswith("("):
        return _html(wanted.body), _html(got.body)
    left, right = masks.read(wanted.body), masks.read(got.body)
    if exchange.op == "create" and wanted.status == 201:
        left, right = _created(left, right)
    return masks.mask(left, known), masks.mask(right, known)


def _created(left: list[Node], right: list[Node]) -> tuple[list[Node], list[Node]]:
    keep = not masks.refreshed(left)
    return masks.without_refresh(left, keep_fields=keep), masks.without_refresh(right, keep_fields=keep)


def _html(text: str) -> str:
    for pattern in masks.HTML:
        text = re.sub(pattern, r"\1*", text)
    return text
