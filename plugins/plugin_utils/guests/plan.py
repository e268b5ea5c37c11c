# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan the role guests: from a list of guests and the domains of xend to steps, and the options of each guest."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.desired.checks import check_creation
from ansible_collections.dom0.xend.plugins.module_utils.desired.desired import UP
from ansible_collections.dom0.xend.plugins.module_utils.desired.entries import plain
from ansible_collections.dom0.xend.plugins.module_utils.desired.together import circle, ordered
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import RELEASES
from ansible_collections.dom0.xend.plugins.plugin_utils.guests.checks import (
    contradictions,
    look_alike,
    misnamed,
    misshapen,
)
from ansible_collections.dom0.xend.plugins.plugin_utils.guests.given import Guest, guest_of

_NAMESPACE = uuid.UUID("45c5dff2-e337-5e7b-83da-90fc6c2e53aa")
_DOWN = ("stopped", "absent", "saved")
_PASSING = "migrating-"
"""The prefix of the name of a domain while xend saves or migrates it (WIRE.md (f) 7)."""


@dataclass(frozen=True)
class Marks:
    """The uuids that mark the guests of one list on one host."""

    host: str
    list_name: str

    def of(self, name: str) -> str:
        """Return the mark of a guest."""
        return str(uuid.uuid5(uuid.uuid5(_NAMESPACE, json.dumps([self.host, self.list_name])), name))


@dataclass(frozen=True)
class Pruning:
    """Whether and how guests that are not in the list are removed, and which of them besides those with a mark."""

    wanted: bool = False
    pattern: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def faults(self) -> list[str]:
        """Return the faults of the pattern."""
        try:
            re.compile(self.pattern if self.wanted else "")
        except re.error as error:
            return [f"guests_prune_pattern is not a regular expression: {error}."]
        return []

    def names(self, guests: Sequence[Guest], marks: Marks, domains: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return the names of the domains to remove. A dying one is gone soon; one that is being saved may be in the list."""
        listed = {name for guest in guests for name in guest.names}
        return [
            domain["name"]
            for domain in domains
            if self.wanted and domain["name"] not in listed and not _is_spared(domain) and self._means(domain, marks)
        ]

    def _means(self, domain: Mapping[str, Any], marks: Marks) -> bool:
        """Return whether a domain may be removed: it has the mark of the list, or matches the pattern."""
        marked = domain["uuid"] == marks.of(domain["name"])
        return marked or re.fullmatch(self.pattern, domain["name"]) is not None


@dataclass(frozen=True)
class Plan:
    """The plan, or the problems that prevent it. ``guests`` holds the options of each name in ``steps``."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    steps: list[list[str]] = field(default_factory=list)
    guests: dict[str, dict[str, Any]] = field(default_factory=dict)


def plan(
    guests: Any, defaults: Any, marks: Marks, pruning: Pruning, domains: Optional[Sequence[Mapping[str, Any]]] = None
) -> Plan:
    """Return the plan for the guests of a list, or its problems.

    *domains* are the domains of xend, as returned by xen_domain_info. Without them the list is only checked.
    """
    problems = misshapen(guests, defaults) or [*misnamed(guests), *pruning.faults()]
    if problems:
        return Plan(problems)
    declared = [guest_of(given, defaults) for given in guests]
    problems = contradictions(declared) or circle(declared)
    if problems or domains is None:
        return Plan(problems)
    return _Sight(declared, marks, pruning, plain(domains)).plan()


@dataclass(frozen=True)
class _Sight:
    """A list without faults, and the domains of xend."""

    guests: list[Guest]
    marks: Marks
    pruning: Pruning
    domains: list[dict[str, Any]]

    def plan(self) -> Plan:
        """Return the plan, or the problems that prevent it."""
        pruned = self.pruning.names(self.guests, self.marks, self.domains)
        # A save in progress is reported alone: missing guests and look-alikes may only be its consequence.
        problems = self._on_the_way() or [
            *self._look_alikes(pruned),
            *(sentence for guest in self.guests for sentence in self._not_to_be_had(guest)),
        ]
        if problems:
            return Plan(problems)
        removal = {"state": "absent", **self.pruning.options}
        options = {guest.name: self._options(guest) for guest in self.guests}
        options.update({name: {"name": name, **removal} for name in pruned})
        return Plan([], list(self._warnings()), _steps(self.guests, pruned), options)

    def _there(self, guest: Guest) -> Optional[dict[str, Any]]:
        """Return the domain of a guest, None if it is missing."""
        by_name = {domain["name"]: domain for domain in self.domains}
        return next((by_name[name] for name in guest.names if name in by_name), None)

    def _on_the_way(self) -> list[str]:
        """Return a sentence if xend is saving or migrating guests of the list, which have another name meanwhile."""
        there = {domain["name"] for domain in self.domains}
        missing = [guest for guest in self.guests if self._there(guest) is None]
        passing = [_PASSING + name for guest in missing for name in guest.names if _PASSING + name in there]
        if not passing:
            return []
        return [
            f"xend is saving or migrating a guest of the list: there is {', '.join(passing)}. Run this again when that is done."
        ]

    def _look_alikes(self, pruned: Iterable[str]) -> Iterator[str]:
        """Yield a sentence for each guest to be pruned whose name may be another spelling of a guest in the list."""
        for name in pruned:
            for listed in (listed for guest in self.guests for listed in guest.names if look_alike(name, listed)):
                yield (
                    f"guests_prune would remove {name}, but guests_list has {listed}, which differs only in blanks, case, "
                    f"signs or leading zeros. If {name} has to go, list it with state: absent."
                )

    def _not_to_be_had(self, guest: Guest) -> Iterator[str]:
        """Yield the reasons for which a guest cannot be brought up as declared."""
        domain = self._there(guest)
        file = guest.options.get("restore_file")
        # xend starts a halted domain from its definition, so the memory in the file would be ignored.
        if domain and file and domain["state"] == "halted":
            yield (
                f"{guest.name} does not run, and xend would start it from its definition, not from {file}. If it is not "
                "parked there, take the file out of the list. If it is, see to it by hand: its disks belong to that file."
            )
        if domain is None and not file and guest.state in (*UP, "defined"):
            yield from _creation_faults(guest)

    def _options(self, guest: Guest) -> dict[str, Any]:
        """Return the options of a guest for xen_domain, with the mark if it gets one, and the service to wait for."""
        options = {key: value for key, value in guest.options.items() if key != "wait_for"}
        mark = self.marks.of(guest.final_name)
        if guest.service:
            options["wait_for"] = guest.service
        if "uuid" in options or not self._is_to_be_marked(guest, mark):
            return options
        # A config is one expression; the uuid goes in before its last parenthesis.
        if "config" in options:
            return {**options, "config": re.sub(r"\)\s*\Z", f" (uuid {mark}))", options["config"])}
        return {**options, "uuid": mark}

    def _is_to_be_marked(self, guest: Guest, mark: str) -> bool:
        """Return whether a guest is new and can get the mark, or has it already."""
        domain = self._there(guest)
        if domain:
            return bool(domain["uuid"] == mark)
        # A dying domain keeps its uuid for a moment, but the name and uuid can be used again.
        taken = {other["uuid"] for other in self.domains if other["state"] != "dying"}
        return "restore_file" not in guest.options and mark not in taken

    def _warnings(self) -> Iterator[str]:
        """Yield a warning for each outdated save file from which a guest would be restored later."""
        for guest in self.guests:
            file = guest.options.get("restore_file")
            if file and self._there(guest):
                yield (
                    f"{guest.name} is there, so what {file} holds of it is out of date. Take the file out of the list, or "
                    "the guest is restored from it as soon as it is missing, and finds its disks changed."
                )


def _is_spared(domain: Mapping[str, Any]) -> bool:
    """Return whether a domain is never pruned."""
    name = str(domain["name"])
    return name == "Domain-0" or name.startswith(_PASSING) or domain["domid"] == 0 or domain["state"] == "dying"


def _creation_faults(guest: Guest) -> Iterator[str]:
    """Yield the reasons for which no release of xend can create a guest."""
    refusals: list[str] = []
    for release in RELEASES.values():
        try:
            check_creation(replace(guest.desired, name=guest.final_name), release)
        except InvalidRequest as error:
            refusals.append(str(error))
    # The release is unknown while the plan is made, so only a fault on every release counts.
    if len(refusals) == len(RELEASES):
        yield f"{guest.name}: {refusals[0]}"


def _steps(guests: Sequence[Guest], pruned: list[str]) -> list[list[str]]:
    """Return all names in steps: first the pruned guests, then those that go down, in reverse order, then the others."""
    down = {guest.name for guest in guests if guest.state in _DOWN}
    steps = ordered(guests)
    falling = [[name for name in step if name in down] for step in reversed(steps)]
    rising = [[name for name in step if name not in down] for step in steps]
    return [step for step in (pruned, *falling, *rising) if step]
