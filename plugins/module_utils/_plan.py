# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what is and what is wished for to the operations in between. No I/O.

The table of states is that of the documentation of xen_domain.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils._config import Wish, check_creation
from ansible_collections.dom0.xend.plugins.module_utils._domain import DOMAIN_0, Domain, Image, Vbd, Vif
from ansible_collections.dom0.xend.plugins.module_utils._errors import InvalidRequest
from ansible_collections.dom0.xend.plugins.module_utils._operations import (
    Create,
    Delete,
    Destroy,
    Operation,
    Pause,
    Shutdown,
    Start,
    Unpause,
    WaitForDevices,
)
from ansible_collections.dom0.xend.plugins.module_utils._release import Release

SHOWN = (
    "name",
    "state",
    "memory",
    "maxmem",
    "vcpus",
    "on_poweroff",
    "on_reboot",
    "on_crash",
    "bootloader",
    "image",
    "vbds",
    "vifs",
)
"""The fields in a diff: what a task can declare, and nothing that changes by itself."""

_COMPARED = ("memory", "maxmem", "vcpus", "uuid", "on_poweroff", "on_reboot", "on_crash", "bootloader")


def plan(current: Optional[Domain], wish: Wish, release: Optional[Release]) -> list[Operation]:
    """Return what to send, in order; nothing if all is as wished. Raises InvalidRequest for what must not be done."""
    name = wish.name
    if current is None:
        return _bring_up_from_nothing(wish, release)
    if current.is_privileged and wish.state != "running":
        raise InvalidRequest(f"{name} is the control domain: it is never paused, stopped, destroyed or deleted")
    if current.state == "dying":
        raise InvalidRequest(f"{name} is dying: the hypervisor has not let go of it yet. Run the task again later.")
    if wish.state in ("stopped", "absent"):
        return _take_down(current, wish)
    if current.state in ("shutdown", "crashed"):
        raise InvalidRequest(
            f"{name} is {current.state} and was preserved by xend, perhaps to be looked at: it cannot become "
            f"{wish.state}. Remove it with state: absent first."
        )
    return _bring_up(current, wish)


def _bring_up_from_nothing(wish: Wish, release: Optional[Release]) -> list[Operation]:
    """Return the way from no domain to a running or a paused one."""
    if wish.state in ("stopped", "absent"):
        return []
    check_creation(wish, release)
    made: list[Operation] = [Create(wish.name, wish.tree(release)), WaitForDevices(wish.name)]
    return made if wish.state == "paused" else [*made, Unpause(wish.name)]


def _bring_up(current: Domain, wish: Wish) -> list[Operation]:
    """Return the way from a domain that is whole to a running or a paused one."""
    name = wish.name
    if current.state == wish.state:
        return []
    if current.state == "halted":
        return [Start(name)] if wish.state == "running" else [Start(name), Pause(name)]
    if wish.state == "paused":
        return [Pause(name)]
    if current.cpu_time == 0:  # never ran, so whoever created it may not have got as far as its devices
        return [WaitForDevices(name), Unpause(name)]
    return [Unpause(name)]


def _take_down(current: Domain, wish: Wish) -> list[Operation]:
    """Return the way from a domain to one that does not run, or to none."""
    name = wish.name
    if current.state == "halted":
        return [Delete(name)] if wish.state == "absent" else []
    if wish.force or current.state in ("shutdown", "crashed"):
        return [Destroy(name)]
    if current.on_poweroff not in (None, "destroy", "preserve"):
        raise InvalidRequest(
            f"on_poweroff of {name} is {current.on_poweroff}: xend would start it again after its shutdown. "
            "Shut it down from inside, or destroy it with force: true."
        )
    asked: list[Operation] = [Unpause(name)] if current.state == "paused" else []
    asked.append(Shutdown(name))
    return [*asked, Destroy(name)] if current.on_poweroff == "preserve" else asked


def drift(found: Optional[Domain], wish: Wish) -> list[dict[str, Any]]:
    """Return where *found* is not as declared: the option, what was declared, what was found."""
    if found is None or not (wish.options or wish.config):
        return []
    declared = wish.declared()
    if "vcpus" not in wish.options and wish.config is None:
        declared = replace(declared, vcpus=None)  # a config always names it
    pairs = [(key, getattr(declared, key), getattr(found, key)) for key in _COMPARED]
    pairs += _image_pairs(declared.image, found.image)
    for vbd in declared.vbds or ():
        pairs += _vbd_pairs(vbd, found.vbds or ())
    for position, vif in enumerate(declared.vifs or ()):
        pairs += _vif_pairs(position, vif, found.vifs or ())
    return [
        {"option": option, "declared": wanted, "found": got}
        for option, wanted, got in pairs
        if wanted is not None and wanted != got
    ]


def view(domain: Optional[Domain]) -> dict[str, Any]:
    """Return what a diff shows of a domain."""
    if domain is None:
        return {"state": "absent"}
    values = domain.as_dict()
    return {key: _told(values[key]) for key in SHOWN if values[key] is not None}


def _told(value: Any) -> Any:
    """Return *value* without what is None in it."""
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if item is not None}
    return [_told(item) for item in value] if isinstance(value, list) else value


def _image_pairs(declared: Optional[Image], found: Optional[Image]) -> list[tuple[str, Any, Any]]:
    """Return the fields of an image to compare; xend up to 3.0.4 forgets images over a restart, so none is no drift."""
    if declared is None or found is None:
        return []
    return [
        (f"image.{key}", getattr(declared, key), getattr(found, key)) for key in ("type", "kernel", "ramdisk", "args")
    ]


def _vbd_pairs(declared: Vbd, devices: tuple[Vbd, ...]) -> list[tuple[str, Any, Any]]:
    """Return the fields of a disk to compare with those of the disk of the same dev."""
    option = f"vbds[{declared.dev}]"
    found = next((vbd for vbd in devices if vbd.dev == declared.dev), None)
    if found is None:
        return [(option, "present", "absent")]
    return [(f"{option}.{key}", getattr(declared, key), getattr(found, key)) for key in ("uname", "mode")] + [
        _backend_pair(option, declared.backend, found.backend)
    ]


def _vif_pairs(position: int, declared: Vif, devices: tuple[Vif, ...]) -> list[tuple[str, Any, Any]]:
    """Return the fields of an interface to compare: with that of the same mac, without a mac with that in its place."""
    option = f"vifs[{declared.mac or position}]"
    if declared.mac:
        found = next((vif for vif in devices if vif.mac == declared.mac), None)
    else:
        found = devices[position] if position < len(devices) else None
    if found is None:
        return [(option, "present", "absent")]
    return [(f"{option}.{key}", getattr(declared, key), getattr(found, key)) for key in ("bridge", "ip", "script")] + [
        _backend_pair(option, declared.backend, found.backend)
    ]


def _backend_pair(option: str, declared: Optional[str], found: Optional[str]) -> tuple[str, Any, Any]:
    """Return a backend to compare: one given by another name than the control domain's cannot be told from its id."""
    wanted = "0" if declared == DOMAIN_0 else declared
    return (f"{option}.backend", wanted if (wanted or "").isdigit() else None, found)
