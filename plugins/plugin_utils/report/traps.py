# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The traps of xend that matter to someone who works on a host by hand, with their numbers in docs/TRAPS.md and their releases."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ansible_collections.dom0.xend.plugins.module_utils.wire.release import within

ADDRESS_TRAP = 26
"""The trap that is also a finding of a guest: one with an address, on a release that loses it at a reboot."""


@dataclass(frozen=True)
class Trap:
    """A trap: its number in docs/TRAPS.md, the releases that have it, and what happens."""

    number: int
    span: str
    words: str

    @property
    def note(self) -> str:
        """Return the sentence for a report."""
        return f"{self.words} (trap {self.number}: {self.span})"

    def is_of(self, releases: Collection[str]) -> bool:
        """Return whether one of the possible releases of a xend has the trap."""
        return not set(within(self.span)).isdisjoint(releases)


TRAPS = (
    Trap(1, "3.0.0 to 3.0.2", "A shutdown of Domain-0 powers the host off, or leaves xend unusable."),
    Trap(2, "3.0.0 to 3.0.3", "A create with a bootloader deletes the kernel and the RAM disk named in the config."),
    Trap(3, "3.0.0 to 3.0.3", "One idle connection blocks all other clients of xend."),
    Trap(14, "3.0.0 to 3.1", "A guest that is still up 30 seconds after a shutdown request is destroyed."),
    Trap(14, "3.2 to 4.4", "A shutdown is only a request: a guest that ignores it stays up."),
    Trap(17, "3.0.0 to 3.0.3", "Destroyed guests stay listed as Zombie-NAME."),
    Trap(18, "3.0.0 to 3.0.3", "A reboot within 20 seconds after another reboot destroys the guest."),
    Trap(18, "3.4 to 4.4", "A reboot within 60 seconds after the start destroys the guest."),
    Trap(26, "3.0.0", "A guest whose interface has an ip does not survive a reboot, a restore or a migration."),
    Trap(27, "3.2", "A device that was detached cannot come back under its mac or dev while the guest lives."),
    Trap(28, "3.0.0 to 3.1", "While a save hangs, a create of that name and uuid starts a second guest on its disks."),
    Trap(30, "3.0.4", "The last device of a class is still shown after it was detached."),
    Trap(30, "3.3 to 4.0", "A disk is shown twice after a refused attach."),
)
"""In the order of docs/TRAPS.md."""


def traps_of(releases: Collection[str]) -> list[Trap]:
    """Return the traps of these possible releases of a xend."""
    return [trap for trap in TRAPS if trap.is_of(releases)]
