# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Comparing a reply of the simulator with the recorded one."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
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
        ("headers", _headers(wanted, known), _headers(got, known)),
        ("body", *_bodies(exchange, got, known)),
    ):
        if left != right:
            found.append(f"{name}:\n    recorded  {_only(left, right)}\n    simulated {_only(right, left)}")
    if not _length_is_right(exchange, got):
        found.append(f"Content-length {got.header('Content-length')} for a body of {len(got.body)}")
    if closing_counts(exchange) and wanted.closes != got.closes:
        found.append(f"closes: recorded {wanted.closes}, simulated {got.closes}")
    return found


def passage_differences(exchange: Exchange, got: list[Response], known: Known) -> list[str]:
    """Return what differs between the states that were passed and those that are passed through now."""
    recorded = _passage(exchange.polls, known)
    simulated = _passage(got, known)
    left = _without_chance(exchange, recorded, simulated)
    right = _without_chance(exchange, simulated, recorded)
    if left == right:
        return []
    lines = [f"passed through:\n    recorded  {len(left)} states, simulated {len(right)}"]
    for number, (one, other) in enumerate(itertools.zip_longest(left, right)):
        if one != other:
            lines.append(f"state {number}:\n    recorded  {_only(one, other)}\n    simulated {_only(other, one)}")
    return lines


def _passage(replies: Iterable[Response], known: Known) -> list[Node]:
    """Return the masked replies, each that differs from the one before."""
    states: list[Node] = [
        [str(each.status), *masks.mask(masks.read(each.body), known)]
        if each.body.startswith("(")
        else [str(each.status), each.body]
        for each in replies
    ]
    return [each for number, each in enumerate(states) if number == 0 or each != states[number - 1]]


def _without_chance(exchange: Exchange, states: list[Node], others: list[Node]) -> list[Node]:
    """Leave out the states that a poll sees or misses by chance, unless the others have them too."""
    kept = [each for each in states if each in others or not masks.fleeting(exchange.file, exchange.slug, each)]
    return [each for number, each in enumerate(kept) if number == 0 or each != kept[number - 1]]


def _only(this: object, other: object) -> object:
    """Return what of one side is not on the other, for a reader."""
    while isinstance(this, list) and isinstance(other, list) and len(this) == len(other) == 1:
        this, other = this[0], other[0]
    if isinstance(this, list) and isinstance(other, list):
        return [each for each in this if each not in other] or "(the same, in another order)"
    return this


def _headers(response: Response, known: Known) -> list[tuple[str, str]]:
    return sorted((name, masks.place(text, known)) for name, text in response.headers if name != "Content-length")


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
    if masks.ASKED_ON.match(exchange.slug):
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
    left, right = (masks.settled(exchange.file, exchange.slug, each) for each in (left, right))
    one, other = (masks.ordered(exchange.file, exchange.slug, masks.mask(each, known)) for each in (left, right))
    return one, other


def _created(left: list[Node], right: list[Node]) -> tuple[list[Node], list[Node]]:
    keep = not masks.refreshed(left)
    return masks.without_refresh(left, keep_fields=keep), masks.without_refresh(right, keep_fields=keep)


def _html(text: str) -> str:
    for pattern in masks.HTML:
        text = re.sub(pattern, r"\1*", text)
    return text
