# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every property that can be declared of a domain, in the order in which they are written and compared.

Argument spec, config, comparison, drift, the result of xen_domain_info and the round trip follow from this table. A field
that is read and not written, or written and not compared, cannot exist.
"""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.dom0.xend.plugins.module_utils.fields import (
    boot,
    cpus,
    disks,
    interfaces,
    memory,
    others,
    simple,
)
from ansible_collections.dom0.xend.plugins.module_utils.fields.field import Field
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.model.reading import pairs

FIELDS: tuple[Field, ...] = (
    memory.MEMORY,
    memory.MAXMEM,
    simple.UUID,
    cpus.VCPUS,
    cpus.CPUS,
    simple.CPU_WEIGHT,
    simple.CPU_CAP,
    simple.SHADOW_MEMORY,
    simple.FEATURES,
    simple.LOCALTIME,
    boot.BOOTLOADER,
    boot.BOOTLOADER_ARGS,
    simple.ON_POWEROFF,
    simple.ON_REBOOT,
    simple.ON_CRASH,
    simple.ON_XEND_START,
    simple.ON_XEND_STOP,
    boot.IMAGE,
    disks.VBDS,
    interfaces.VIFS,
    others.VFBS,
    others.PCI,
    others.EXTRA_CONFIG,
)

NAMES: tuple[str, ...] = tuple(field.name for field in FIELDS)
"""The options that describe a domain; ``config`` stands for all of them."""

MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
"""A hardware address in the form in which it is read."""


def spec() -> dict[str, Any]:
    """Return the fields' part of Ansible's argument spec."""
    return {field.name: dict(field.spec) for field in FIELDS}


def not_declarable(domain: Domain) -> list[str]:
    """Return the keys of a domain that no option declares, or that no option declares in the form that xend shows."""
    kinds = [value[0] for key, value in pairs(domain.tree) if key == "device" and isinstance(value, list) and value]
    found = [f"device {kind}" for kind in dict.fromkeys(kinds) if isinstance(kind, str) and kind not in others.DEVICES]
    found += [f"vifs[{vif.mac}].rate" for vif in domain.vifs or () if vif.rate and "," in vif.rate]
    found += [f"vifs[{vif.mac}].mac" for vif in domain.vifs or () if vif.mac and not MAC.fullmatch(vif.mac)]
    if any(key == "vncpasswd" for device in others.devices_of(domain, "vfb") for key, _value in pairs(device)):
        found.append("vfbs.vncpasswd")
    if len(set(domain.cpus or ())) > 1:
        found.append("cpus")
    if domain.usable_vcpus != domain.vcpus or domain.vcpus == 0:
        found.append("vcpus")  # a task declares how many the guest may use, and a new domain has no more
    return found
