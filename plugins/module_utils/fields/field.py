# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be declared of a domain: one entry for each property, with all that is to be known of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import MASK, SECRETS
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import RELEASES, Release, within

if TYPE_CHECKING:
    from ansible_collections.dom0.xend.plugins.module_utils.desired.desired import Desired
    from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
    from ansible_collections.dom0.xend.plugins.module_utils.operations.base import Operation
    from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp

EVER = "3.0.0 to 4.4"


@dataclass
class Comparison:
    """What a declaration asks of a domain: ``operations`` that make it so, in order, and ``drift`` that they leave."""

    operations: list[Operation] = field(default_factory=list)
    drift: list[dict[str, Any]] = field(default_factory=list)
    not_compared: list[str] = field(default_factory=list)
    """The options that are declared, and that this xend does not show as they are given."""

    def left(self, option: str, declared: object, found: object, takes: str = "recreate") -> None:
        """Note a difference that stays."""
        if option in SECRETS:
            declared = found = MASK
        self.drift.append({"option": option, "declared": declared, "found": found, "takes": takes})


@dataclass(frozen=True)
class Pair:
    """A domain as it is declared, and as it is found; what comes of the comparison goes into ``result``."""

    declared: Domain
    """What is declared, read as xend's own answers are. What is not said is None."""
    found: Domain
    desired: Desired
    result: Comparison

    @property
    def lives(self) -> bool:
        """Return whether the domain is to be changed while it lives. Where a definition is asked for, no guest is touched."""
        return self.takes_live == "live" and self.desired.state != "defined"

    @property
    def takes_live(self) -> str:
        """Return what a change takes that can be made while the domain lives."""
        return "live" if self.found.state in ("running", "paused") else "recreate"

    @property
    def halted(self) -> bool:
        """Return whether what is found is a definition."""
        return self.found.state == "halted"

    @property
    def complete(self) -> bool:
        """Return whether xend shows all of the domain: of a dying one, devices and memory are missing."""
        return self.found.state != "dying"

    @property
    def release(self) -> Optional[Release]:
        """Return which xend the domain was found on."""
        return self.found.release

    def left(self, option: str, declared: object, found: object, takes: str = "recreate") -> None:
        """Note a difference that stays; one in a definition goes with its next start."""
        self.result.left(option, declared, found, "next_start" if self.halted else takes)

    def note(self, option: str, declared: object, found: object, takes: str = "recreate") -> None:
        """Note a difference that stays; there is none where nothing is declared."""
        if declared is not None and declared != found:
            self.left(option, declared, found, takes)

    def note_shown(self, option: str, declared: object, found: object, span: str) -> None:
        """Note a difference where this xend is sure to show the option as it is given, else that it was not compared."""
        if declared is None:
            return
        if self.release is not None and set(within(self.release.span)) <= set(within(span)):
            self.note(option, declared, found)
        else:
            self.result.not_compared.append(option)


@dataclass(frozen=True)
class Field:
    """One property that can be declared of a domain, by the option of that name."""

    name: str
    spec: Mapping[str, Any]
    """Its entry in Ansible's argument spec."""
    write: Callable[[Mapping[str, Any], Optional[Release]], list[Sxp]]
    """What goes into a config for the options that are given. Called only if this one is among them."""
    read: Callable[[Domain], Any]
    """The option's value in what xend shows of a domain, None where it shows none."""
    compare: Optional[Callable[[Pair], None]] = None
    """Says what a difference takes. None for what is compared together with another field."""
    known_to: str = EVER
    """The releases that read it. The others would ignore it, or fail."""

    def is_known_to(self, release: Release) -> bool:
        """Return whether some release that xend may be reads it."""
        return bool(set(within(release.span)) & set(within(self.known_to)))

    def hangs_on(self, possible: set[str]) -> bool:
        """Return whether some of the releases read it, and some do not."""
        return bool(possible - set(within(self.known_to))) and bool(possible & set(within(self.known_to)))


def possible(release: Optional[Release]) -> set[str]:
    """Return the releases that xend may be."""
    return set(within(release.span)) if release else set(RELEASES)


def as_text(value: object) -> str:
    """Return a value as xend takes it: truth is 1 or 0."""
    return str(int(value)) if isinstance(value, bool) else str(value)
