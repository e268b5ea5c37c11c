# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare a declared device with the existing one: the common part of disks and interfaces.

A missing device is attached; one that differs is detached and attached again. In a definition both happen at its next
start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, Union

from ansible_collections.dom0.xend.plugins.module_utils.fields.field import Pair
from ansible_collections.dom0.xend.plugins.module_utils.model.devices import Vbd, Vif
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import DOMAIN_0
from ansible_collections.dom0.xend.plugins.module_utils.operations.devices import Attach, Detach
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import within
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp

Device = Union[Vbd, Vif]


@dataclass(frozen=True)
class Match:
    """A declared device, and the existing device that matches it, if there is one."""

    option: str
    declared: Device
    found: Optional[Device]
    attach: Sxp
    """Attaches the declared device; fields that are not declared keep their value."""
    detach: Optional[Detach]
    """Detaches the existing device; None if there is none."""
    fields: Mapping[str, str]
    """The fields that are compared, and the releases that show each as given."""
    resent: Sequence[str] = ()
    """The fields that are not declared and would be lost, because this xend shows them in another form than it accepts."""

    def differences(self, pair: Pair) -> list[tuple[str, Any, Any]]:
        """Return the fields in which the existing device differs from the declaration; note those that cannot be compared."""
        found: list[tuple[str, Any, Any]] = []
        release = pair.release
        for key, span in self.fields.items():
            said, there = getattr(self.declared, key), getattr(self.found, key)
            if said is None or plain(said) == plain(there):
                continue
            if span and (release is None or not set(within(release.span)) <= set(within(span))):
                pair.result.not_compared.append(f"{self.option}.{key}")
            else:
                found.append((key, said, there))
        backend = "0" if self.declared.backend == DOMAIN_0 else self.declared.backend
        there = self.found.backend if self.found else None
        # A name cannot be told from an id, and a definition does not say the default.
        if backend and backend.isdigit() and backend != (there or ("0" if pair.halted else None)):
            found.append(("backend", backend, there))
        return found


def plain(value: object) -> object:
    """Return a uname as the host's scripts read it, for which phy:/dev/vg0/web1 is phy:vg0/web1; other values unchanged."""
    return "phy:" + value[len("phy:/dev/") :] if isinstance(value, str) and value.startswith("phy:/dev/") else value


def settle(pair: Pair, match: Match, *, allowed: bool, live: bool = True) -> None:
    """Attach a missing device, and change one that differs, if that is possible and *allowed*."""
    # A config may hold more about a device than is read from it, so nothing is attached from what was read.
    live = live and pair.desired.config is None
    if match.found is None:
        if live and pair.changes_live:
            pair.result.operations.append(Attach(pair.found.name, match.attach))
        elif pair.stays:
            pair.left(match.option, "present", "absent", pair.takes_live if live else "recreate")
        return
    differing = match.differences(pair)
    if not differing or not pair.stays:
        return
    reattaches = pair.release is None or pair.release.reattaches
    live = live and reattaches and not match.resent and _can_be_said_again(match.found)
    # A paused guest cannot release a device.
    if live and pair.changes_live and allowed and pair.found.state != "paused" and match.detach:
        pair.result.operations += [match.detach, Attach(pair.found.name, match.attach)]
        return
    takes = pair.takes_live if live else "recreate"
    if takes == "live" and not allowed:
        takes = "change_vbds"
    for name, declared, now in differing:
        pair.left(f"{match.option}.{name}", declared, now, takes)


def purge(pair: Pair, option: str, detach: Detach) -> None:
    """Detach a device that is not declared."""
    if pair.changes_live and pair.found.state != "paused":
        pair.result.operations.append(detach)
    elif pair.stays:
        pair.left(option, "absent", "present", pair.takes_live)


def _can_be_said_again(found: Device) -> bool:
    """Return whether everything known of the device can be sent to xend again. Bytes that are no text cannot."""
    return not any("\\x" in str(value) for value in vars(found).values())


def given(values: Mapping[str, Any], keys: Sequence[str]) -> list[Sxp]:
    """Return those of *keys* that have a value, as (key value)."""
    return [[key, str(values[key])] for key in keys if values.get(key)]
