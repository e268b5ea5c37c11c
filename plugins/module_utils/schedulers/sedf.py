# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parameters of the sedf scheduler for a domain: read, plan, apply (WIRE.md (g))."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.model.domain import DOMAIN_0
from ansible_collections.dom0.xend.plugins.module_utils.result import TaskResult
from ansible_collections.dom0.xend.plugins.module_utils.schedulers.common import (
    LEAST_PERCENT_OF_DOMAIN_0,
    Outcome,
    Scheduler,
    dictionary,
    refuse_ids,
)
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp

MAX_WEIGHT = 32767
"""The binding's weight is a signed 16-bit number."""

_US, _MS, _SECOND = 10**3, 10**6, 10**9
_SHARED_PERIOD = 100 * _MS
"""The period of every domain that has a weight."""
_SHORTEST_PERIOD, _LONGEST_PERIOD, _SHORTEST_SLICE = 10 * _US, 10 * _SECOND, 5 * _US
_LONGEST_TIME = 2**63 - 1
"""The binding's times are signed 64-bit numbers."""
_LONGEST_STILL_OF_DOMAIN_0 = _SECOND

_KEYS = ("period", "slice", "latency", "extratime", "weight")
_TIMES = ("period", "slice", "latency")
_DURATION = re.compile(r"(\d+(?:\.\d+)?) ?(ns|us|ms|s)?")
_NANOSECONDS = {"ns": 1, "us": _US, "ms": _MS, "s": _SECOND}


@dataclass(frozen=True)
class Sedf:
    """A domain gets ``slice`` of every ``period``, per vcpu, and with ``extratime`` also unused time. Times are in ns.

    With a ``weight`` the hypervisor computes the slice, which is None until it is read back.
    """

    period: int
    slice: Optional[int]
    latency: int
    extratime: bool
    weight: int
    domid: Optional[int] = field(default=None, compare=False, repr=False)
    has_limits: bool = field(default=True, compare=False, repr=False)
    """In 3.0.2 and later the hypervisor requires a period between 10 us and 10 s and a slice of 5 us or more."""

    @classmethod
    def from_reply(cls, tree: Sxp) -> Sedf:
        """Read ``(sedf (domain 7) (period '100000000') ...)``, ``domid`` in 3.0.4 and later, or 3.0.0's dictionary in a text.

        Raises ValueError for anything else.
        """
        values: dict[str, Any] = {}
        # 3.0.0 answers a Python dictionary in one quoted text, and its hypervisor has no limits (WIRE.md (g)).
        if isinstance(tree, str):
            values.update(dictionary(tree))
        else:
            values.update((str(item[0]), item[1]) for item in tree if isinstance(item, list) and len(item) == 2)
        try:
            period, share, latency, extratime, weight = (int(values[key]) for key in _KEYS)
            domid = values.get("domid", values.get("domain"))
            return cls(
                period=period,
                slice=share,
                latency=latency,
                # Only bit 0 counts (WIRE.md (g)).
                extratime=bool(extratime & 1),
                weight=weight,
                domid=None if domid is None else int(domid),
                has_limits=not isinstance(tree, str),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not sedf parameters: {error}") from error

    def as_dict(self) -> dict[str, Any]:
        """Return the five values."""
        return {key: getattr(self, key) for key in _KEYS}


SEDF: Scheduler[Sedf] = Scheduler(
    name="sedf",
    get=XendClient.sedf,
    set_op="cpu_sedf_set",
    set=XendClient.set_sedf,
    from_reply=Sedf.from_reply,
    default="3.0.2 and earlier",
    rules=(
        "Without a weight, the slice must not be longer than the period. On Xen 3.0.2 and later, the period must be "
        "between 10us and 10s and the slice 5us or more."
    ),
)


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
    """Return the given parameters, as numbers. Raises InvalidRequest for invalid values."""
    given = {key: options[key] for key in _KEYS if options.get(key) is not None}
    for key in _TIMES:
        if key in given:
            given[key] = nanoseconds(given[key], key)
            if given[key] > _LONGEST_TIME:
                raise InvalidRequest(f"{key} must be less than 2**63 nanoseconds, not {options[key]!r}")
    weight = given.get("weight", 0)
    if not 0 <= weight <= MAX_WEIGHT:
        raise InvalidRequest(f"weight must be between 0 and {MAX_WEIGHT}, not {weight}")
    if weight and {"period", "slice"} & set(given):
        raise InvalidRequest(
            "weight is mutually exclusive with period and slice, because the hypervisor computes them from it"
        )
    return given


def run(options: Mapping[str, Any], client: XendClient) -> TaskResult:
    """Do the work of xen_sedf. Raises XendError."""
    outcome = ensure_sedf(client, options["name"], wanted(options))
    return TaskResult(SEDF.result(options["name"], outcome), outcome.warnings)


def read(client: XendClient, name: str) -> Sedf:
    """Return the parameters of a domain. Raises XendError, with the reason if there are none."""
    return SEDF.read(client, name)


def ensure_sedf(client: XendClient, name: str, given: Mapping[str, Any]) -> Outcome[Sedf]:
    """Set the *given* parameters, keep the others, and verify the result. Raises XendError."""
    refuse_ids(client, name)
    before = read(client, name)
    asked = target(before, given, name)
    if asked == before:
        return Outcome(before, before)
    judge(asked, name)
    # Trap 16: xend requires all five parameters. The hypervisor computes the slice itself, so the old
    # one is sent.
    settled = replace(asked, slice=before.slice) if asked.slice is None else asked
    sent = {key: int(getattr(settled, key)) for key in _KEYS}
    return SEDF.change(client, name, Outcome(before, asked, sent, tuple(_warnings(asked, name))))


def target(current: Sedf, given: Mapping[str, Any], name: str) -> Sedf:
    """Return the parameters to send: the *given* ones and the current ones. Raises InvalidRequest if they are ambiguous."""
    asked = replace(current, **given)
    if asked.weight and {"period", "slice"} & set(given):
        raise InvalidRequest(
            f"{name} has the weight {asked.weight}, from which the hypervisor computes period and slice: set "
            f"weight: 0 too"
        )
    if asked == current or not asked.weight:
        return asked
    # With a weight the hypervisor sets the period to 100 ms and computes the slice (WIRE.md (g)).
    return replace(asked, period=_SHARED_PERIOD, slice=None)


def judge(asked: Sedf, name: str) -> None:
    """Raise InvalidRequest for values that the hypervisor would refuse, or that would make the host unusable."""
    if asked.weight > MAX_WEIGHT:
        raise InvalidRequest(f"{name} has a weight of {asked.weight}, which cannot be set again: set a weight too")
    # Safety: extratime lets Domain-0 use idle time. Without it, its slice alone must keep the host usable.
    if _is_domain_0(asked, name) and not asked.extratime:
        _judge_domain_0(asked)
    if not asked.weight:
        _judge_times(asked, name)


def _judge_times(asked: Sedf, name: str) -> None:
    """Raise InvalidRequest for a period and slice that the hypervisor would refuse."""
    period, share = asked.period, asked.slice or 0
    if period <= 0:
        raise InvalidRequest(f"period must not be {period} without a weight")
    if asked.has_limits and not _SHORTEST_PERIOD <= period <= _LONGEST_PERIOD:
        raise InvalidRequest(f"period must be between 10us and 10s on this xend, not {period} ns")
    if asked.has_limits and share < _SHORTEST_SLICE:
        raise InvalidRequest(
            f"slice must be 5us or more, not {share} ns: on Xen 3.0.2 and later, no parameter of {name} can be set "
            f"with less, and a guest starts with a slice of 0. Set a slice of 5us or more"
        )
    if not 0 <= share <= period:
        raise InvalidRequest(f"slice ({share} ns) is more than period ({period} ns)")


def _judge_domain_0(asked: Sedf) -> None:
    """Raise InvalidRequest if Domain-0 without extratime would get too little time to serve its host."""
    if asked.slice is None:
        why = "with a weight and without extratime depends on the weights of all guests"
    elif not asked.slice:
        why = "without a slice and without extratime never runs again, and neither does the host"
    elif asked.slice * 100 < asked.period * LEAST_PERCENT_OF_DOMAIN_0:
        why = f"without extratime has less than {LEAST_PERCENT_OF_DOMAIN_0} percent of the CPU time, too little to undo it"
    elif asked.period - asked.slice > _LONGEST_STILL_OF_DOMAIN_0:
        why = "without extratime stops for more than a second at a time, and so does the host"
    else:
        return
    raise InvalidRequest(f"{DOMAIN_0} {why}. Set extratime: true, or a larger slice")


def _warnings(asked: Sedf, name: str) -> list[str]:
    """Return the warnings for parameters that are set all the same."""
    if not _is_domain_0(asked, name):
        dead = not asked.weight and not asked.slice and not asked.extratime
        return [f"{name} has neither a slice nor extratime: it does not run"] if dead else []
    if asked.slice is None:
        return [f"{DOMAIN_0} has a weight: its guaranteed CPU time depends on the weights of all guests"]
    if asked.slice * 100 < asked.period * LEAST_PERCENT_OF_DOMAIN_0:
        little = f"{DOMAIN_0} is guaranteed less than {LEAST_PERCENT_OF_DOMAIN_0} percent of the time"
        return [f"{little}: busy guests with slices of their own slow down the whole host"]
    return []


def _is_domain_0(asked: Sedf, name: str) -> bool:
    """Return whether this is the control domain, whatever its name."""
    return asked.domid == 0 or name == DOMAIN_0
