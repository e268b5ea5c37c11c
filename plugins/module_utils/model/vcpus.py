# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The virtual cpus of a domain, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.model.reading import cpu_set_of, flag_of, number_of, pairs
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp

_ANY_CPU = frozenset(range(64))
"""The cpumap of an unpinned vcpu in 3.0.4 and earlier, and in a halted domain, however few cpus the host has (WIRE.md (d))."""


@dataclass(frozen=True)
class Vcpu:
    """A virtual cpu, as ``vcpuinfo`` describes it (WIRE.md (d)). ``cpu_time`` is in seconds."""

    number: int
    online: Optional[bool] = None
    blocked: Optional[bool] = None
    running: Optional[bool] = None
    cpu_time: Optional[float] = None
    cpu: Optional[int] = None
    """The cpu that it runs on or ran on last, None if it has none."""
    cpumap: frozenset[int] = frozenset()
    """The cpus that it may run on, as xend reports them."""

    @classmethod
    def from_sxp(cls, tree: Sxp) -> Vcpu:
        """Read ``(vcpu (number 0) (online 1) ... (cpumap (0 1)))``. Raises ValueError for any other expression."""
        fields = dict(pairs(tree))
        number = number_of(int, fields.get("number"))
        if tree[:1] != ["vcpu"] or number is None:
            raise ValueError("not a vcpu: it has no number")
        cpu = number_of(int, fields.get("cpu"))
        return cls(
            number=number,
            online=flag_of(fields.get("online")),
            blocked=flag_of(fields.get("blocked")),
            running=flag_of(fields.get("running")),
            cpu_time=number_of(float, fields.get("cpu_time")),
            cpu=None if cpu == -1 else cpu,
            cpumap=cpu_set_of(fields.get("cpumap")),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the vcpu as plain data; ``cpumap`` is None if the vcpu is not pinned."""
        return {**vars(self), "cpumap": sorted(self.cpumap) if self.cpumap and self.cpumap != _ANY_CPU else None}


def read_cpus(value: Optional[Sxp]) -> Optional[tuple[frozenset[int], ...]]:
    """Read ``((0 2) (0 2))``, a list for each vcpu."""
    if not isinstance(value, list) or not all(isinstance(item, list) for item in value):
        return None
    return tuple(cpu_set_of(item) for item in value)
