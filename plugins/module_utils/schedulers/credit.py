# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parameters of the credit scheduler for a domain: read, plan, apply (WIRE.md (g))."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ansible_collections.dom0.xend.plugins.module_utils.model.domain import DOMAIN_0, Domain
from ansible_collections.dom0.xend.plugins.module_utils.result import TaskResult
from ansible_collections.dom0.xend.plugins.module_utils.schedulers.common import (
    LEAST_PERCENT_OF_DOMAIN_0,
    Outcome,
    Scheduler,
    dictionary,
    refuse_ids,
)
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import (
    InvalidRequest,
    NoSuchDomain,
    UnknownOperation,
)
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp

DEFAULT_WEIGHT, MAX_WEIGHT = 256, 65535

_LEAST_WEIGHT_OF_DOMAIN_0 = -(-DEFAULT_WEIGHT * LEAST_PERCENT_OF_DOMAIN_0 // 100)
_KEYS = ("weight", "cap")


@dataclass(frozen=True)
class Credit:
    """A domain gets CPU time in proportion to its ``weight``, and at most ``cap`` percent of one CPU.

    A cap of 0 means no cap.
    """

    weight: int
    cap: int

    @classmethod
    def from_reply(cls, tree: Sxp) -> Credit:
        """Read ``{'cap': 0, 'weight': 256}``, a dictionary in a text. Raises ValueError for anything else."""
        values = dictionary(tree) if isinstance(tree, str) else {}
        try:
            return cls(weight=int(values["weight"]), cap=int(values["cap"]))
        except KeyError as error:
            raise ValueError(f"not credit parameters: {error}") from error

    def as_dict(self) -> dict[str, Any]:
        """Return both values."""
        return asdict(self)


CREDIT: Scheduler[Credit] = Scheduler(
    name="credit",
    get=XendClient.credit,
    set_op="domain_sched_credit_set",
    set=XendClient.set_credit,
    from_reply=Credit.from_reply,
    default="3.0.3 and later",
    rules=f"The weight is between 1 and {MAX_WEIGHT}, and the cap between 0 and 100 for each vcpu.",
)


def wanted(options: Mapping[str, Any]) -> dict[str, int]:
    """Return the given parameters. Raises InvalidRequest for values that no domain can have."""
    given = {key: options[key] for key in _KEYS if options.get(key) is not None}
    if not 1 <= given.get("weight", 1) <= MAX_WEIGHT:
        raise InvalidRequest(f"weight must be between 1 and {MAX_WEIGHT}, not {given['weight']}")
    if given.get("cap", 0) < 0:
        raise InvalidRequest(f"cap must be a percentage, or 0 for no cap, not {given['cap']}")
    return given


def run(options: Mapping[str, Any], client: XendClient) -> TaskResult:
    """Do the work of xen_credit. Raises XendError."""
    outcome = ensure_credit(client, options["name"], wanted(options))
    return TaskResult(CREDIT.result(options["name"], outcome), outcome.warnings)


def read(client: XendClient, name: str) -> Credit:
    """Return the parameters of a domain. Raises XendError, with the reason if there are none."""
    try:
        return CREDIT.read(client, name)
    except UnknownOperation as error:
        raise UnknownOperation(
            f"{error}. Xen 3.0.2 and earlier have no credit scheduler. They have sedf, see dom0.xend.xen_sedf",
            reason=error.reason,
        ) from error


def ensure_credit(client: XendClient, name: str, given: Mapping[str, int]) -> Outcome[Credit]:
    """Set the *given* parameters, keep the others, and verify the result. Raises XendError.

    If nothing differs, this takes one request. Otherwise the domain is read, too, for its number of vcpus and for the
    release.
    """
    refuse_ids(client, name)
    before = read(client, name)
    asked = replace(before, **given)
    if asked == before:
        return Outcome(before, before)
    domain = client.domain(name)
    if domain is None:
        raise NoSuchDomain(f"xend at {client.url} knows no domain {name!r} any more: it has just ended")
    judge(before, asked, domain)
    # The release decides whether cap must be sent, or must not.
    keys = _KEYS if _takes_cap(domain) else ("weight",)
    sent = {key: getattr(asked, key) for key in keys}
    return CREDIT.change(client, name, Outcome(before, asked, sent, tuple(_warnings(asked, domain))))


def judge(before: Credit, asked: Credit, domain: Domain) -> None:
    """Raise InvalidRequest for values that xend would refuse or silently drop, or that would make the host unusable."""
    if not _takes_cap(domain):
        if asked.cap != before.cap:
            raise InvalidRequest(
                f"The cap of {domain.name} is {before.cap} and cannot be changed: xend 3.1 and earlier silently "
                f"ignore a cap. Remove it, or set it on the host with xm sched-credit"
            )
    elif domain.vcpus is not None and asked.cap > 100 * domain.vcpus:
        raise InvalidRequest(
            f"cap must be {100 * domain.vcpus} or less for {domain.name}, 100 for each of its {domain.vcpus} vcpus, "
            f"not {asked.cap}"
        )
    if domain.is_privileged:
        _judge_domain_0(before, asked)


def _judge_domain_0(before: Credit, asked: Credit) -> None:
    """Raise InvalidRequest if Domain-0 would get so little that the host is unusable as soon as its guests are busy."""
    # Only a change is judged: a setting that somebody else has made must not block other changes.
    if before.weight != asked.weight < _LEAST_WEIGHT_OF_DOMAIN_0:
        raise InvalidRequest(
            f"weight must be at least {_LEAST_WEIGHT_OF_DOMAIN_0} for {DOMAIN_0}, not {asked.weight}: with less, "
            f"busy guests would make the host unusable, and nobody could undo the change"
        )
    if before.cap != asked.cap and 0 < asked.cap < LEAST_PERCENT_OF_DOMAIN_0:
        raise InvalidRequest(
            f"cap must be at least {LEAST_PERCENT_OF_DOMAIN_0} for {DOMAIN_0}, or 0 for no cap, not {asked.cap}: "
            f"with less, the host would be unusable, and nobody could undo the change"
        )


def _warnings(asked: Credit, domain: Domain) -> list[str]:
    """Return the warnings for a change of Domain-0, which serves all guests."""
    if not domain.is_privileged:
        return []
    warnings = []
    if asked.weight < DEFAULT_WEIGHT:
        warnings.append(
            f"{DOMAIN_0} has a weight of {asked.weight}, less than the default of a guest ({DEFAULT_WEIGHT}): busy "
            "guests slow down the disks and networks of all"
        )
    if asked.cap:
        warnings.append(
            f"{DOMAIN_0} has a cap, {asked.cap} percent of one CPU: this slows down the disks and networks of all "
            f"guests"
        )
    return warnings


def _takes_cap(domain: Domain) -> bool:
    """Return whether this xend passes a cap on to the hypervisor."""
    return domain.release is not None and domain.release.sets_cap
