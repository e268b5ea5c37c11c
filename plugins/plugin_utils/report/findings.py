# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The findings of a report. All hosts are examined together, because a guest may be on another host than declared."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.dom0.xend.plugins.module_utils.model.domain import DOMAIN_0, ZOMBIE_PREFIX
from ansible_collections.dom0.xend.plugins.plugin_utils.guests.given import Guest as DeclaredGuest
from ansible_collections.dom0.xend.plugins.plugin_utils.out.values import mappings, text, texts
from ansible_collections.dom0.xend.plugins.plugin_utils.report.declared import (
    Declared,
    differences,
    is_missing,
    read_declared,
)
from ansible_collections.dom0.xend.plugins.plugin_utils.report.model import (
    LEVELS,
    LIVE,
    NOTE,
    PASSING_PREFIX,
    PROBLEM,
    WARNING,
    Finding,
    Guest,
    Host,
    by_name,
    clean,
)
from ansible_collections.dom0.xend.plugins.plugin_utils.report.traps import ADDRESS_TRAP, TRAPS, traps_of

_ADDRESS = next(trap for trap in TRAPS if trap.number == ADDRESS_TRAP)


@dataclass(frozen=True)
class Seen:
    """A host, its declaration, and the domains as returned by the module."""

    host: Host
    declared: Declared
    domains: Sequence[Mapping[str, Any]]
    warnings: Sequence[str]

    @classmethod
    def of(cls, host: Host, given: Mapping[str, Any]) -> Seen:
        """Read the declaration of a host."""
        declared = read_declared(given.get("declared"), given.get("defaults"))
        return cls(host, declared, mappings(given.get("domains")), texts(given.get("warnings")))


def findings(seen: Sequence[Seen]) -> list[Finding]:
    """Return all findings, the most important first."""
    found = [finding for each in seen for finding in _of_host(each, seen)]
    silent = {each.host.name for each in seen if each.host.failure}
    return sorted(found, key=lambda each: (*_rank(each, silent), by_name(each.host), by_name(each.guest), each.words))


def _rank(finding: Finding, silent: Collection[str]) -> tuple[int, bool]:
    """Return the sort key of a finding: its level, then hosts without an answer, which the page shows nowhere else."""
    return LEVELS.index(finding.level), finding.host not in silent


def _of_host(each: Seen, seen: Sequence[Seen]) -> Iterator[Finding]:
    """Yield the findings of one host."""
    host = each.host
    for fault in each.declared.faults:
        yield Finding(WARNING, host.name, "", f"What is declared cannot be read: {clean(fault)}")
    if host.failure:
        yield Finding(PROBLEM, host.name, "", f"No answer: {host.failure}")
        return
    for warning in each.warnings:
        yield Finding(WARNING, host.name, "", clean(warning))
    if not host.releases:
        yield Finding(WARNING, host.name, "", "Its xend answers like no known release, so its traps are not known.")
    for trap in traps_of(host.releases):
        yield Finding(NOTE, host.name, "", trap.note)
    for guest in host.guests:
        yield from _of_guest(host, guest)
    if each.declared.guests is not None:
        yield from _undeclared(each, seen)
        yield from _declared(each, seen)


def _of_guest(host: Host, guest: Guest) -> Iterator[Finding]:
    """Yield the findings of a guest that do not depend on a declaration."""
    if guest.state == "crashed":
        yield Finding(PROBLEM, host.name, guest.name, "It has crashed, and is kept as it is.")
    if guest.state == "shutdown":
        yield Finding(WARNING, host.name, guest.name, "It has shut down, and is kept as it is.")
    if guest.is_zombie:
        of = guest.name.removeprefix(ZOMBIE_PREFIX)
        yield Finding(
            WARNING, host.name, guest.name, f"{of} was destroyed, and the hypervisor has not let go of it: a zombie."
        )
    if guest.is_passing:
        name = guest.name.removeprefix(PASSING_PREFIX)
        yield Finding(
            WARNING,
            host.name,
            guest.name,
            f"A save or a migration of {name} is under way, or hangs. Do not create {name} meanwhile: two guests would write to "
            "its disks.",
        )
    if guest.ahead:
        yield Finding(WARNING, host.name, guest.name, "It was started in the future: the clock of the host is wrong.")
    # Trap 26: with any other on_reboot, xend does not try to build the guest again.
    in_trap = guest.addresses and _ADDRESS.is_of(host.releases) and guest.on_reboot in ("", "restart")
    if in_trap and not guest.is_host and not guest.is_zombie:
        yield Finding(WARNING, host.name, guest.name, "It has an ip, so on xend 3.0.0 it does not survive a reboot.")


def _undeclared(each: Seen, seen: Sequence[Seen]) -> Iterator[Finding]:
    """Yield a finding for each running guest that is not declared for its host."""
    for guest in each.host.guests:
        known = guest.is_host or guest.is_zombie or guest.is_passing or guest.name in _names(each)
        if known or guest.state not in LIVE:
            continue
        elsewhere = [other.host.name for other in seen if other is not each and guest.name in _names(other)]
        words = f"It is declared for {', '.join(elsewhere)}." if elsewhere else "It is declared nowhere."
        yield Finding(WARNING, each.host.name, guest.name, f"It runs here. {words}")


def _declared(each: Seen, seen: Sequence[Seen]) -> Iterator[Finding]:
    """Yield a finding for each declared guest that is missing or differs."""
    there = {str(text(domain.get("name"))): domain for domain in each.domains}
    for guest in each.declared.guests or ():
        domain = next((there[name] for name in guest.names if name in there), None)
        name = clean(guest.final_name) if domain is None else clean(domain["name"])
        if name == DOMAIN_0:
            continue
        if domain is None:
            yield from _missing(each, guest, seen, there)
            continue
        for words in differences(guest, domain):
            level = PROBLEM if words.startswith("state:") else WARNING
            yield Finding(level, each.host.name, name, f"Not as declared: {words}")


def _missing(
    each: Seen, guest: DeclaredGuest, seen: Sequence[Seen], there: Mapping[str, Mapping[str, Any]]
) -> Iterator[Finding]:
    """Yield a finding for a missing guest that should exist, with the host that has it instead."""
    # A guest that is being saved has another name, and is not missing.
    if not is_missing(guest) or any(PASSING_PREFIX + name in there for name in guest.names):
        return
    others = [
        other.host.name
        for other in seen
        if other is not each and any(there.name in guest.names and there.state in LIVE for there in other.host.guests)
    ]
    words = f"It runs on {', '.join(others)} instead." if others else "It is not there."
    yield Finding(PROBLEM, each.host.name, clean(guest.final_name), f"Declared {guest.state}. {words}")


def _names(each: Seen) -> set[str]:
    """Return the names in a declaration, in their shown form."""
    return set(map(clean, each.declared.names))
