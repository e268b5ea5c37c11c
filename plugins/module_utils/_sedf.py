# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parameters of the sedf scheduler for a domain: read, plan, apply (WIRE.md (g))."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils._client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils._domain import DOMAIN_0
from ansible_collections.dom0.xend.plugins.module_utils._errors import InvalidRequest, NoSuchDomain, XendRefused
from ansible_collections.dom0.xend.plugins.module_utils._scheduler import dictionary, why_none
from ansible_collections.dom0.xend.plugins.module_utils._sxp import Sxp
from ansible_collections.dom0.xend.plugins.module_utils._transport import unreadable

MAX_WEIGHT = 32767
"""The binding's weight is a signed 16-bit number."""

_RULES = (
    "Without a weight the hypervisor wants a slice that is not longer than the period, and from 3.0.2 on a period between "
    "10us and 10s and a slice of 5us or more (also where the slice that is there, and stays, is the default of 0)."
)
_KEYS = ("period", "slice", "latency", "extratime", "weight")
_DURATION = re.compile(r"(\d+(?:\.\d+)?) ?(ns|us|ms|s)?")
_NANOSECONDS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9}


@dataclass(frozen=True)
class Sedf:
    """A domain has ``slice`` of every ``period``, per vcpu, and with ``extratime`` what is left over. All in ns.

    With a ``weight`` the hypervisor computes period and slice by itself.
    """

    period: int
    slice: int
    latency: int
    extratime: bool
    weight: int

    @classmethod
    def from_reply(cls, tree: Sxp) -> Sedf:
        """Read ``(sedf (domain 7) (period '100000000') ...)``, or 3.0.0's dictionary in a text.

        Raises ValueError for anything else.
        """
        values: dict[str, Any] = {}
        if isinstance(tree, str):
            values.update(dictionary(tree))
        else:
            values.update((str(item[0]), item[1]) for item in tree if isinstance(item, list) and len(item) == 2)
        try:
            period, share, latency, extratime, weight = (int(values[key]) for key in _KEYS)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not sedf parameters: {error}") from error
        return cls(period, share, latency, bool(extratime & 1), weight)

    def as_dict(self) -> dict[str, Any]:
        """Return the five values."""
        return asdict(self)


@dataclass
class SedfOutcome:
    """What was there, and what is, or in check mode would be."""

    before: Sedf
    after: Sedf
    sent: Optional[dict[str, int]] = None


def nanoseconds(text: str, option: str) -> int:
    """Return the nanoseconds in "20ms", "500us", "0.5s" or "20000000". Raises InvalidRequest."""
    match = _DURATION.fullmatch(str(text).strip())
    value = Decimal(match[1]) * _NANOSECONDS[match[2] or "ns"] if match else Decimal("0.1")
    if value != value.to_integral_value():
        raise InvalidRequest(
            f"{option} must be a time like 20ms, 500us or 1s, or a whole number of nanoseconds, not {text!r}"
        )
    return int(value)


def wanted(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that were given, as numbers. Raises InvalidRequest for what cannot be meant."""
    given = {key: options[key] for key in _KEYS if options.get(key) is not None}
    for key in ("period", "slice", "latency"):
        if key in given:
            given[key] = nanoseconds(given[key], key)
    weight = given.get("weight", 0)
    if not 0 <= weight <= MAX_WEIGHT:
        raise InvalidRequest(f"weight must be between 0 and {MAX_WEIGHT}, not {weight}")
    if weight and {"period", "slice"} & set(given):
        raise InvalidRequest(
            "With a weight the hypervisor computes period and slice: give either the one or the others"
        )
    return given


def target(current: Sedf, given: Mapping[str, Any], name: str) -> Sedf:
    """Return what to ask for: *given*, and what is there for the rest. Raises InvalidRequest where it makes no sense."""
    asked = replace(current, **given)
    if asked.weight:
        if {"period", "slice"} & set(given):
            raise InvalidRequest(
                f"{name} has the weight {asked.weight}, with which the hypervisor computes period and slice: "
                "give weight: 0 as well"
            )
        return asked
    if asked.period == 0:
        raise InvalidRequest("period must not be 0 without a weight")
    if asked.slice > asked.period:
        raise InvalidRequest(f"slice ({asked.slice} ns) is more than period ({asked.period} ns)")
    if name == DOMAIN_0 and not asked.slice and not asked.extratime:
        raise InvalidRequest(
            f"{DOMAIN_0} without a slice and without extratime would never run again, and the host with it"
        )
    return asked


def ensure_sedf(client: XendClient, name: str, given: Mapping[str, Any]) -> SedfOutcome:
    """Set what is *given*, leave the rest, and make sure that it was set. Raises XendError."""
    before = read(client, name)
    asked = target(before, given, name)
    outcome = SedfOutcome(before, before)
    if asked == before:
        return outcome
    outcome.sent = {key: int(getattr(asked, key)) for key in _KEYS}
    outcome.after = asked
    if client.read_only:
        return outcome
    try:
        client.set_sedf(name, outcome.sent)
    except NoSuchDomain:
        raise
    except XendRefused as error:
        raise XendRefused(f"{error}. {_RULES}", reason=error.reason) from error
    outcome.after = read(client, name)
    differing = [key for key in given if getattr(outcome.after, key) != getattr(asked, key)]
    if differing:
        raise XendRefused(
            f"xend at {client.url} accepted the sedf parameters of {name}, but the hypervisor did not take them: "
            + ", ".join(f"{key} is {getattr(outcome.after, key)}, not {getattr(asked, key)}" for key in differing)
            + f". {_RULES}"
        )
    return outcome


def read(client: XendClient, name: str) -> Sedf:
    """Return the parameters of a domain. Raises XendError, and says why where there are none."""
    try:
        tree = client.sedf(name)
    except XendRefused as error:
        raise why_none(client, name, "sedf", error) from error
    try:
        return Sedf.from_reply(tree)
    except ValueError as error:
        raise unreadable(client.url, "sedf parameters", str(tree)) from error
