# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of xen_domain as the config that it sends, straight from the documentation of the options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp, loads

_TOP = [
    "name",
    "memory",
    "maxmem",
    "shadow_memory",
    "uuid",
    "cpus",
    "cpu_weight",
    "cpu_cap",
    "features",
    "bootloader",
    "bootloader_args",
    "on_poweroff",
    "on_reboot",
    "on_crash",
    "on_xend_start",
    "on_xend_stop",
]
_TAP = {"3.0.0": "vbd", "3.0.2": "vbd", "4.0": "tap2"}
_TAP2 = {"4.1": "tap2", "4.4": "tap2"}


def tree(options: Mapping[str, Any], release: str) -> Sxp:
    """Return the config."""
    top: list[Sxp] = [[key, str(options[key])] for key in _TOP if key in options]
    found: list[Sxp] = ["vm", *top]
    if options.get("localtime"):
        found.append(["localtime", "1"])
    vcpus: list[Sxp] = [["vcpus", str(options["vcpus"])]] if "vcpus" in options else []
    found += vcpus if release != "3.0.0" else []
    if "image" in options:
        image = options["image"]
        words: list[Sxp] = [[key, image[key]] for key in ("kernel", "ramdisk", "root", "args") if key in image]
        more: list[Sxp] = [[key, _expression(value)] for key, value in image.get("options", {}).items()]
        found.append(["image", [image["type"], *words, *more, *(vcpus if release == "3.0.0" else [])]])
    found += [["device", [_class(vbd["uname"], release), *_pairs(vbd)]] for vbd in options.get("vbds", ())]
    found += [["device", ["vif", *_pairs(vif)]] for vif in options.get("vifs", ())]
    for vfb in options.get("vfbs", ()):
        found += [["device", ["vkbd"]], ["device", ["vfb", *_pairs(vfb)]]]
    if "pci" in options:
        found.append(["device", ["pci", *map(_pci, options["pci"])]])
    return [*found, *map(loads, options.get("extra_config", ()))]


def _class(uname: str, release: str) -> str:
    """Return the class of a disk, as each release of xm has it."""
    kind = uname.partition(":")[0]
    return {"tap": _TAP.get(release, "tap"), "tap2": _TAP2.get(release, "vbd")}.get(kind, "vbd")


def _pairs(device: Mapping[str, Any]) -> list[Sxp]:
    """Return the fields of a device; several addresses stand in one."""
    return [[key, " ".join(value) if isinstance(value, list) else _expression(value)] for key, value in device.items()]


def _pci(address: str) -> Sxp:
    """Return the address of a PCI device."""
    domain, bus, rest = address.split(":")
    slot, func = rest.split(".")
    return ["dev", ["domain", "0x" + domain], ["bus", "0x" + bus], ["slot", "0x" + slot], ["func", "0x" + func]]


def _expression(value: object) -> Sxp:
    """Return a value as an expression."""
    if isinstance(value, list):
        return [_expression(item) for item in value]
    return str(int(value)) if isinstance(value, bool) else str(value)
