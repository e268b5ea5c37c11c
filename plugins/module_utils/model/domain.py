# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""A domain of xend as data, in one shape for every release.

A domain as xend prints it and a config as xend accepts it have the same shape, so one reader serves both. A missing
value is None. The differences between releases are normalised here (WIRE.md (d)):

* the kernel command line is one text, ``args``; xend 3.0.4 and earlier keep ``root`` and ``ip`` apart from it;
* ``sda1:disk`` is ``sda1`` (a ``:cdrom`` stays), ``ioemu:hda`` is ``hda``, ``/etc/xen/scripts/vif-bridge`` is ``vif-bridge``;
* the ip addresses of a vif are a list;
* bytes that are no UTF-8 are shown as ``\xHH``;
* a uuid has the form 8-4-4-4-12, also where 3.0.0 prints 8-8-8-8.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.model.devices import (
    Vbd,
    Vif,
    by_dev,
    is_connected,
    is_shell,
    read_vbd,
    read_vif,
    vbd_as_dict,
    vif_as_dict,
)
from ansible_collections.dom0.xend.plugins.module_utils.model.image import Image, read_image
from ansible_collections.dom0.xend.plugins.module_utils.model.reading import canonical_uuid, number_of, pairs, text_of
from ansible_collections.dom0.xend.plugins.module_utils.model.vcpus import read_cpus
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import Release, told_by_domain
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp

DOMAIN_0 = "Domain-0"
ZOMBIE_PREFIX = "Zombie-"
"""The prefix of a destroyed domain's name in 3.0.3 and earlier, until the hypervisor releases the domain."""

_STATE_OF_LETTER = (("d", "dying"), ("c", "crashed"), ("s", "shutdown"), ("p", "paused"))

STATES = ("running", "paused", "shutdown", "crashed", "dying", "halted")
"""The values of ``Domain.state``."""


MOST_VCPUS = 8192
"""No Xen gives a domain more vcpus. A larger number is shown, but nothing is computed from it."""


@dataclass(frozen=True)
class Domain:
    """An existing or a declared domain. ``memory`` and ``maxmem`` are in MiB, times in seconds."""

    name: str
    state: Optional[str] = None
    """One of STATES: running, paused, shutdown, crashed, dying, or halted: managed by xend, but without a domid."""
    state_flags: Optional[str] = None
    """Six letters, rbpsc and d for running, blocked, paused, shutdown, crashed and dying, ``-`` where not."""
    domid: Optional[int] = None
    uuid: Optional[str] = None
    memory: Optional[int] = None
    maxmem: Optional[int] = None
    vcpus: Optional[int] = None
    vcpu_avail: Optional[int] = None
    """The vcpus that the guest may use, one bit for each."""
    online_vcpus: Optional[int] = None
    cpu_time: Optional[float] = None
    start_time: Optional[float] = None
    shutdown_reason: Optional[str] = None
    on_poweroff: Optional[str] = None
    on_reboot: Optional[str] = None
    on_crash: Optional[str] = None
    bootloader: Optional[str] = None
    image: Optional[Image] = None
    vbds: Optional[tuple[Vbd, ...]] = None
    vifs: Optional[tuple[Vif, ...]] = None
    cpus: Optional[tuple[frozenset[int], ...]] = field(default=None, compare=False, repr=False)
    """The cpus that each vcpu may run on; an empty set means all cpus. 3.4 and later show them."""
    release: Optional[Release] = field(default=None, compare=False, repr=False)
    tree: Sxp = field(default="", compare=False, repr=False)

    @property
    def is_privileged(self) -> bool:
        """Return whether this is the control domain, whatever its name."""
        return self.domid == 0 or self.name == DOMAIN_0

    @property
    def usable_vcpus(self) -> Optional[int]:
        """Return how many vcpus the guest may use; all of them, if xend shows no valid number."""
        if self.vcpus is None or self.vcpu_avail is None or not 0 <= self.vcpus <= MOST_VCPUS:
            return self.vcpus
        return bin(self.vcpu_avail & ((1 << self.vcpus) - 1)).count("1")

    @classmethod
    def from_sxp(cls, tree: Sxp) -> Domain:
        """Read ``(domain (key value) ...)``. Raises ValueError for any other expression, or if there is no name."""
        children = list(pairs(tree))
        # Reversed, so that the first of two equal keys wins, as in xend (WIRE.md (b)).
        fields = dict(reversed([(key, value) for key, value in children if key != "device"]))
        name = text_of(fields.get("name"))
        if not isinstance(tree, list) or not name:
            raise ValueError("not a domain: it has no name")
        devices = [device for key, device in children if key == "device" and isinstance(device, list)]
        # A definition shows no backends, so all its devices count.
        if number_of(int, fields.get("domid")) is not None:
            devices = [device for device in devices if is_connected(device)]
        state = _state(fields)
        return cls(
            name=name,
            state=state,
            state_flags=text_of(fields.get("state")),
            domid=number_of(int, fields.get("domid")),
            uuid=canonical_uuid(text_of(fields.get("uuid"))),
            memory=number_of(int, fields.get("memory")),
            maxmem=number_of(int, fields.get("maxmem")),
            # Trap 19: a config for 3.0.0 has vcpus in the image.
            vcpus=number_of(int, fields.get("vcpus", dict(pairs(fields.get("image", ""))).get("vcpus"))),
            vcpu_avail=number_of(int, fields.get("vcpu_avail")),
            online_vcpus=number_of(int, fields.get("online_vcpus")),
            cpu_time=number_of(float, fields.get("cpu_time")),
            start_time=number_of(float, fields.get("start_time")),
            # Trap 12: 3.0.3 and earlier show "poweroff" for living domains, too.
            shutdown_reason=text_of(fields.get("shutdown_reason")) if state in ("shutdown", "crashed") else None,
            on_poweroff=text_of(fields.get("on_poweroff")),
            on_reboot=text_of(fields.get("on_reboot")),
            on_crash=text_of(fields.get("on_crash")),
            bootloader=text_of(fields.get("bootloader")),
            image=read_image(fields.get("image"), told_by_domain(fields)),
            # Trap 31: taps are disks. What 3.1 to 3.3 leave of a detached vif is not a vif.
            vbds=by_dev(read_vbd(device) for device in devices if device[:1] in (["vbd"], ["tap"], ["tap2"])),
            vifs=tuple(read_vif(device) for device in devices if device[:1] == ["vif"] and not is_shell(device)),
            cpus=read_cpus(fields.get("cpus")),
            release=told_by_domain(fields),
            tree=tree,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the data of the domain as plain dicts and lists."""
        values = {key: value for key, value in vars(self).items() if key not in ("cpus", "release", "tree")}
        values["image"] = None if self.image is None else dict(vars(self.image))
        values["vbds"] = None if self.vbds is None else [vbd_as_dict(vbd) for vbd in self.vbds]
        values["vifs"] = None if self.vifs is None else [vif_as_dict(vif) for vif in self.vifs]
        return values


_ZERO = re.compile(r"[\s+-]*0[0-]*[lL]?\s*")


def is_domain_0(name: str) -> bool:
    """Return whether xend could find the control domain by *name*: by its name, its id in any spelling, or its uuid."""
    return name == DOMAIN_0 or _ZERO.fullmatch(name) is not None


def _state(fields: dict[str, Sxp]) -> Optional[str]:
    """Return the one word for the six letters; a domain without a domid is halted."""
    letters = text_of(fields.get("state"))
    if letters is None:
        return "halted" if "status" in fields and "domid" not in fields else None
    return next((word for letter, word in _STATE_OF_LETTER if letter in letters), "running")
