# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of an entry of the table of fields: how a property is declared, written, read and compared."""

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
    """The result of a comparison: the ``operations`` that make the domain as declared, in order, and the ``drift`` that stays."""

    operations: list[Operation] = field(default_factory=list)
    drift: list[dict[str, Any]] = field(default_factory=list)
    not_compared: list[str] = field(default_factory=list)
    """The declared options that this xend does not show as given."""

    def left(self, option: str, declared: object, found: object, takes: str = "recreate") -> None:
        """Note a difference that stays."""
        if option in SECRETS:
            declared = found = MASK
        self.drift.append({"option": option, "declared": declared, "found": found, "takes": takes})


@dataclass(frozen=True)
class Pair:
    """A declared domain and the existing one. The comparison writes into ``result``."""

    declared: Domain
    """The declaration, read with the reader for xend's answers. A field that is not declared is None."""
    found: Domain
    desired: Desired
    result: Comparison

    @property
    def lives(self) -> bool:
        """Return whether there is a guest that can be changed while it lives."""
        return self.found.state in ("running", "paused")

    @property
    def changes_live(self) -> bool:
        """Return whether the guest is changed while it lives. A task that declares a definition never does that."""
        return self.lives and self.desired.state != "defined"

    @property
    def takes_live(self) -> str:
        """Return what a live change takes, as ``drift`` names it."""
        return "live" if self.lives else "recreate"

    @property
    def halted(self) -> bool:
        """Return whether the existing domain is a definition."""
        return self.found.state == "halted"

    @property
    def stays(self) -> bool:
        """Return whether the domain is there to be compared. A dying one is about to go."""
        return self.found.state != "dying"

    @property
    def hides_emulated(self) -> bool:
        """Return whether devices of the emulator may exist unseen, as on 3.0.0 (WIRE.md (d) and (e)): absence proves nothing."""
        return self.release is not None and not self.release.shows_emulated

    @property
    def release(self) -> Optional[Release]:
        """Return the release of the xend that has the domain."""
        return self.found.release

    def left(self, option: str, declared: object, found: object, takes: str = "recreate") -> None:
        """Note a difference that stays. In a definition, the next start removes it."""
        self.result.left(option, declared, found, "next_start" if self.halted else takes)

    def note(self, option: str, declared: object, found: object, takes: str = "recreate") -> None:
        """Note a difference that stays, unless the option is not declared."""
        if declared is not None and declared != found:
            self.left(option, declared, found, takes)

    def note_shown(self, option: str, declared: object, found: object, span: str) -> None:
        """Note a difference if this xend certainly shows the option as given, otherwise that it was not compared."""
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
    """Returns the config entries for the given options. Called only if this option is among them."""
    read: Callable[[Domain], Any]
    """Returns the option's value of a domain that xend shows, None if it shows none."""
    compare: Optional[Callable[[Pair], None]] = None
    """Adds operations and drift for a difference. None for an option that is compared together with another one."""
    known_to: str = EVER
    """The releases that read the option. The others ignore it, or fail."""

    def is_known_to(self, release: Release) -> bool:
        """Return whether at least one possible release of xend reads the option."""
        return bool(set(within(release.span)) & set(within(self.known_to)))

    def hangs_on(self, possible: set[str]) -> bool:
        """Return whether some of the possible releases read the option, and some do not."""
        return bool(possible - set(within(self.known_to))) and bool(possible & set(within(self.known_to)))


def possible(release: Optional[Release]) -> set[str]:
    """Return the possible releases of xend; all of them for an unknown one."""
    return set(within(release.span)) if release else set(RELEASES)


def as_text(value: object) -> str:
    """Return a value as xend accepts it: a boolean as 1 or 0."""
    return str(int(value)) if isinstance(value, bool) else str(value)
