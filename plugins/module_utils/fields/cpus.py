# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""vcpus and cpus: how many virtual cpus a domain has, and on which cpus of the host they may run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.fields.field import Field, Pair
from ansible_collections.dom0.xend.plugins.module_utils.fields.simple import simple, value_in
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.model.reading import text_of
from ansible_collections.dom0.xend.plugins.module_utils.operations.settings import Pin, SetVcpus
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import Release
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp

# Four digits at most: a range such as 0-9999999999 would fill the memory.
_CPUS = re.compile(r"(\^?)([0-9]{1,4})(?:-([0-9]{1,4}))?")


def cpu_set(text: str) -> frozenset[int]:
    """Return the cpus in a text like "0-3,^1" (WIRE.md (e)). Raises InvalidRequest."""
    cpus: set[int] = set()
    for part in text.replace(" ", "").split(","):
        match = _CPUS.fullmatch(part)
        if not match:
            raise InvalidRequest(f"cpus: {text!r} is not a list of CPUs, such as 0-3,^1")
        some = range(int(match[2]), int(match[3] or match[2]) + 1)
        cpus = cpus - set(some) if match[1] else cpus | set(some)
    if not cpus:
        raise InvalidRequest(f"cpus: {text!r} selects no CPU")
    return frozenset(cpus)


def as_ranges(cpus: frozenset[int]) -> str:
    """Return "0-2,5" for some cpus."""
    parts: list[list[int]] = []
    for cpu in sorted(cpus):
        if parts and cpu == parts[-1][-1] + 1:
            parts[-1][1:] = [cpu]
        else:
            parts.append([cpu])
    return ",".join("-".join(map(str, part)) for part in parts)


def vcpus_entry(options: Mapping[str, Any]) -> Sxp:
    """Return the entry with the number of vcpus, 1 by default: 3.3 and later require one."""
    return ["vcpus", str(options.get("vcpus", 1))]


def _write_vcpus(options: Mapping[str, Any], release: Optional[Release]) -> list[Sxp]:
    """Write the number at top level. 3.0.0 reads it in the image only, where _write_image puts it."""
    # Trap 19: 3.0.0 ignores the top level, 3.3 and later require it.
    inside = release is not None and release.vcpus_in_image and options.get("image") is not None
    return [] if inside else [vcpus_entry(options)]


def _compare_vcpus(pair: Pair) -> None:
    """Compare how many vcpus the guest may use. A running guest cannot get more than it was built with."""
    wanted, found = pair.declared.vcpus, pair.found
    if wanted is None or ("vcpus" not in pair.desired.options and pair.desired.config is None):
        return
    if pair.halted:
        pair.note("vcpus", wanted, found.vcpus)
    elif pair.stays and wanted != found.usable_vcpus:
        # 3.0.4 rewrites vcpus as well, so what it shows is no upper limit (WIRE.md (i) 10).
        may_have_more = found.release is not None and found.release.rewrites_vcpus
        possible = found.vcpus is not None and (wanted <= found.vcpus or may_have_more)
        if pair.changes_live and possible:
            pair.result.operations.append(SetVcpus(found.name, wanted))
        elif possible:
            pair.left("vcpus", wanted, found.usable_vcpus, pair.takes_live)
        else:
            pair.left("vcpus", wanted, found.usable_vcpus)


def _cpus(domain: Domain) -> Optional[str]:
    """Return the cpus that every vcpu may run on, as text. None if these are all cpus, or if the vcpus differ."""
    text = text_of(value_in(domain, "cpus"))
    if text is not None:
        return text
    sets = set(domain.cpus or ())
    return as_ranges(next(iter(sets))) or None if len(sets) == 1 else None


def _compare_cpus(pair: Pair) -> None:
    """Compare on which cpus the vcpus may run. In 3.0.2 and earlier a create gives each vcpu one cpu of the list."""
    text, found = _cpus(pair.declared), pair.found
    if text is None:
        return
    if found.cpus is None:
        pair.result.not_compared.append("cpus")
        return
    wanted = cpu_set(text)
    astray = [vcpu for vcpu, cpus in enumerate(found.cpus) if not cpus or not cpus <= wanted]
    if not astray:
        return
    # Trap 21: 3.0.2 to 3.3 would unpin the vcpu and report success.
    pins = found.release is not None and found.release.pins
    if pair.changes_live and pins:
        pair.result.operations.extend(Pin(found.name, vcpu, wanted) for vcpu in astray)
    else:
        pair.left("cpus", text, [sorted(cpus) for cpus in found.cpus], pair.takes_live if pins else "recreate")


VCPUS = Field("vcpus", {"type": "int"}, _write_vcpus, lambda domain: domain.vcpus, _compare_vcpus)
CPUS = simple("cpus", read=_cpus, compare=_compare_cpus)
