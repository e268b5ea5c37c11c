# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""What xend says of a domain, as data: one shape for every release.

A domain as xend prints it and a config as xend takes it have the same shape, so one reader serves both. What is
not said is None. What releases say differently is brought to one form here (WIRE.md (d)):

* the kernel command line is one text, ``args``; up to 3.0.4 xend keeps ``root`` and ``ip`` apart from it;
* ``sda1:disk`` is ``sda1`` (a ``:cdrom`` stays), ``ioemu:hda`` is ``hda``, ``/etc/xen/scripts/vif-bridge`` is ``vif-bridge``;
* the ip addresses of a vif are a list;
* bytes that are no UTF-8 are shown as ``\xHH``;
* a uuid has the form 8-4-4-4-12, also where 3.0.0 prints 8-8-8-8.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Optional, TypeVar

from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import printable
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import Release, told_by_domain
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp

DOMAIN_0 = "Domain-0"
ZOMBIE_PREFIX = "Zombie-"
"""Up to 3.0.3 a destroyed domain goes by this and its name, until the hypervisor lets go of it."""

_SCRIPTS = "/etc/xen/scripts/"
_STATE_OF_LETTER = (("d", "dying"), ("c", "crashed"), ("s", "shutdown"), ("p", "paused"))

STATES = ("running", "paused", "shutdown", "crashed", "dying", "halted")
"""All that ``state`` can be: see Domain."""

_ANY_CPU = frozenset(range(64))
"""What xend says of a vcpu that may run on any cpu up to 3.0.4, and of one of a halted domain, however few cpus there are."""

MOST_VCPUS = 8192
"""More vcpus than this no Xen has for a domain. A number beyond it is shown, and nothing is made from it."""

T = TypeVar("T")


@dataclass(frozen=True)
class Vbd:
    """A virtual block device. ``mode`` is ``r``, ``w`` or ``w!``; ``backend`` a domid or a domain's name."""

    dev: Optional[str] = None
    uname: Optional[str] = None
    mode: Optional[str] = None
    backend: Optional[str] = None


@dataclass(frozen=True)
class Vif:
    """A virtual network interface. ``backend`` is a domid or a domain's name."""

    mac: Optional[str] = None
    bridge: Optional[str] = None
    ip: Optional[tuple[str, ...]] = None
    script: Optional[str] = None
    backend: Optional[str] = None


@dataclass(frozen=True)
class Image:
    """What a domain boots: ``args`` is the whole kernel command line, ``root=`` included."""

    type: Optional[str] = None
    kernel: Optional[str] = None
    ramdisk: Optional[str] = None
    args: Optional[str] = None


@dataclass(frozen=True)
class Vcpu:
    """A virtual cpu, as ``vcpuinfo`` describes it (WIRE.md (d)). ``cpu_time`` is seconds."""

    number: int
    online: Optional[bool] = None
    blocked: Optional[bool] = None
    running: Optional[bool] = None
    cpu_time: Optional[float] = None
    cpu: Optional[int] = None
    """The cpu that it runs on or has run on last, None for one that has none."""
    cpumap: frozenset[int] = frozenset()
    """The cpus that it may run on, as xend says it."""

    @classmethod
    def from_sxp(cls, tree: Sxp) -> Vcpu:
        """Read ``(vcpu (number 0) (online 1) ... (cpumap (0 1)))``. Raises ValueError for what is not that."""
        fields = dict(_pairs(tree))
        number = _number(int, fields.get("number"))
        if tree[:1] != ["vcpu"] or number is None:
            raise ValueError("not a vcpu: it has no number")
        cpu = _number(int, fields.get("cpu"))
        return cls(
            number=number,
            online=_flag(fields.get("online")),
            blocked=_flag(fields.get("blocked")),
            running=_flag(fields.get("running")),
            cpu_time=_number(float, fields.get("cpu_time")),
            cpu=None if cpu == -1 else cpu,
            cpumap=_cpu_set(fields.get("cpumap")),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data; ``cpumap`` is None where xend does not limit it, and says no more than that."""
        return {**vars(self), "cpumap": sorted(self.cpumap) if self.cpumap and self.cpumap != _ANY_CPU else None}


@dataclass(frozen=True)
class Domain:
    """A domain, or a desired one. ``memory`` and ``maxmem`` are MiB, times are seconds."""

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
    """The vcpus that the guest may use, a bit for each."""
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
    """The cpus that each vcpu may run on, none for all of them; a domain says so from 3.4 on."""
    release: Optional[Release] = field(default=None, compare=False, repr=False)
    tree: Sxp = field(default="", compare=False, repr=False)

    @property
    def is_privileged(self) -> bool:
        """Tell whether this is the control domain, under whatever name."""
        return self.domid == 0 or self.name == DOMAIN_0

    @property
    def usable_vcpus(self) -> Optional[int]:
        """Return how many of its vcpus the guest may use; all, if what xend says is no number of vcpus."""
        if self.vcpus is None or self.vcpu_avail is None or not 0 <= self.vcpus <= MOST_VCPUS:
            return self.vcpus
        return bin(self.vcpu_avail & ((1 << self.vcpus) - 1)).count("1")

    @classmethod
    def from_sxp(cls, tree: Sxp) -> Domain:
        """Read ``(domain (key value) ...)``. Raises ValueError for what is not that, or has no name."""
        children = list(_pairs(tree))
        fields = dict(reversed([(key, value) for key, value in children if key != "device"]))
        name = _text(fields.get("name"))
        if not isinstance(tree, list) or not name:
            raise ValueError("not a domain: it has no name")
        devices = [device for key, device in children if key == "device" and isinstance(device, list)]
        if _number(int, fields.get("domid")) is not None:
            devices = [device for device in devices if _is_connected(device)]
        state = _state(fields)
        return cls(
            name=name,
            state=state,
            state_flags=_text(fields.get("state")),
            domid=_number(int, fields.get("domid")),
            uuid=canonical_uuid(_text(fields.get("uuid"))),
            memory=_number(int, fields.get("memory")),
            maxmem=_number(int, fields.get("maxmem")),
            vcpus=_number(int, fields.get("vcpus", dict(_pairs(fields.get("image", ""))).get("vcpus"))),
            vcpu_avail=_number(int, fields.get("vcpu_avail")),
            online_vcpus=_number(int, fields.get("online_vcpus")),
            cpu_time=_number(float, fields.get("cpu_time")),
            start_time=_number(float, fields.get("start_time")),
            shutdown_reason=_text(fields.get("shutdown_reason")) if state in ("shutdown", "crashed") else None,
            on_poweroff=_text(fields.get("on_poweroff")),
            on_reboot=_text(fields.get("on_reboot")),
            on_crash=_text(fields.get("on_crash")),
            bootloader=_text(fields.get("bootloader")),
            image=_image(fields.get("image"), told_by_domain(fields)),
            vbds=by_dev(_vbd(device) for device in devices if device[:1] in (["vbd"], ["tap"], ["tap2"])),
            vifs=tuple(_vif(device) for device in devices if device[:1] == ["vif"] and not _is_shell(device)),
            cpus=_cpus(fields.get("cpus")),
            release=told_by_domain(fields),
            tree=tree,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return all that is data in it, as plain dicts and lists."""
        values = {key: value for key, value in vars(self).items() if key not in ("cpus", "release", "tree")}
        values["image"] = None if self.image is None else dict(vars(self.image))
        values["vbds"] = None if self.vbds is None else [dict(vars(vbd)) for vbd in self.vbds]
        values["vifs"] = None if self.vifs is None else [_vif_as_dict(vif) for vif in self.vifs]
        return values


def _is_connected(device: Sxp) -> bool:
    """Return whether a device of a living domain is one that its guest has.

    Each that is connected has a backend. What has none is shown from the configuration: on 3.0.4 the last device of a class,
    for ever after it was detached, and from 3.3 to 4.0 a disk once more, while a failed one goes (WIRE.md (i) 8 and 9).
    """
    return any(key == "backend" for key, _value in _pairs(device)) or device[:1] not in _WITH_BACKEND


_WITH_BACKEND = (["vbd"], ["tap"], ["tap2"], ["vif"])


def by_dev(vbds: Iterable[Vbd]) -> tuple[Vbd, ...]:
    """Return *vbds* in the order in which they are always shown; xend's own differs from release to release."""
    return tuple(sorted(vbds, key=lambda vbd: vbd.dev or ""))


def is_domain_0(name: str) -> bool:
    """Tell whether xend could take *name* for the control domain's: its name, its id in any spelling, or its uuid."""
    return name == DOMAIN_0 or re.fullmatch(r"[\s+-]*0[0-]*[lL]?\s*", name) is not None


def canonical_uuid(uuid: Optional[str]) -> Optional[str]:
    """Return *uuid* as 8-4-4-4-12; what has not 32 hexadecimal digits comes back as it is."""
    digits = (uuid or "").replace("-", "").lower()
    if len(digits) != 32 or set(digits) - set("0123456789abcdef"):
        return uuid
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def command_line(root: Optional[str], args: Optional[str], ip: Optional[str] = None) -> Optional[str]:
    """Return the kernel command line as xend puts it together from 3.1 on, None if there is none."""
    parts = [f"root={root}" if root else "", f"ip={ip}" if ip else "", args or ""]
    return " ".join(part for part in parts if part) or None


def _pairs(tree: Sxp) -> Iterator[tuple[str, Sxp]]:
    """Yield the (key, value) children of a list; ``(key )`` has the value ``""``, ``(key a b)`` the value a."""
    for child in tree[1:] if isinstance(tree, list) else ():
        if isinstance(child, list) and child and isinstance(child[0], str):
            yield child[0], child[1] if len(child) > 1 else ""


def _text(value: Optional[Sxp]) -> Optional[str]:
    """Return a text, None for an empty one: up to 4.0 xend prints "" as nothing, and means "not set"."""
    return printable(value) if isinstance(value, str) and value else None


def _number(kind: Callable[[str], T], value: Optional[Sxp]) -> Optional[T]:
    """Return a number, None where there is none: JSON has no infinity, and nothing that is not a number."""
    try:
        number = kind(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return None if isinstance(number, float) and not math.isfinite(number) else number


def _state(fields: dict[str, Sxp]) -> Optional[str]:
    """Return the one word for the six letters; a domain without a domid is halted."""
    letters = _text(fields.get("state"))
    if letters is None:
        return "halted" if "status" in fields and "domid" not in fields else None
    return next((word for letter, word in _STATE_OF_LETTER if letter in letters), "running")


def _image(value: Optional[Sxp], release: Release) -> Optional[Image]:
    """Read ``(linux (kernel K) ...)``; None for one that names no file, which 3.1 and later print for Domain-0."""
    fields = dict(_pairs(value or ""))
    kernel = _text(fields.get("kernel")) or _text(fields.get("loader"))
    ramdisk = _text(fields.get("ramdisk"))
    if not isinstance(value, list) or not value or not isinstance(value[0], str) or not (kernel or ramdisk):
        return None
    root, args, ip = (_text(fields.get(key)) for key in ("root", "args", "ip"))
    if release.appends_root and args:
        args = _without_appended(args, root, ip)
    line = (command_line(root, args, ip) or "").strip()  # 3.1 and later show a blank behind a root without args
    return Image(type=printable(value[0]), kernel=kernel, ramdisk=ramdisk, args=line or None)


def _without_appended(args: str, root: Optional[str], ip: Optional[str]) -> str:
    """Return kernel arguments without the ip and root that 3.0.4 puts at their end (WIRE.md (i) 11)."""
    for key, value in (("root", root), ("ip", ip)):
        if value:
            args = args.rstrip().removesuffix(f"{key}={value}")
    return args.strip()


def _cpus(value: Optional[Sxp]) -> Optional[tuple[frozenset[int], ...]]:
    """Read ``((0 2) (0 2))``, a list for each vcpu."""
    if not isinstance(value, list) or not all(isinstance(item, list) for item in value):
        return None
    return tuple(_cpu_set(item) for item in value)


def _cpu_set(value: Optional[Sxp]) -> frozenset[int]:
    """Read ``(0 2)``."""
    cpus = value if isinstance(value, list) else []
    return frozenset(int(cpu) for cpu in cpus if isinstance(cpu, str) and cpu.isdecimal())


def _flag(value: Optional[Sxp]) -> Optional[bool]:
    """Read ``0`` or ``1``."""
    return {"0": False, "1": True}.get(value) if isinstance(value, str) else None


def _vbd(device: list[Sxp]) -> Vbd:
    """Read ``(vbd (dev D) (uname U) (mode M))``."""
    fields = dict(_pairs(device))
    dev = _text(fields.get("dev"))
    dev = dev[len("ioemu:") :] if dev and dev.startswith("ioemu:") else dev
    return Vbd(
        dev=dev[: -len(":disk")] if dev and dev.endswith(":disk") else dev,
        uname=_text(fields.get("uname")),
        mode=_text(fields.get("mode")),
        backend=_text(fields.get("backend")),
    )


def _vif(device: list[Sxp]) -> Vif:
    """Read ``(vif (mac M) (bridge B) ...)``; addresses come as ``(ip (A B))``, ``(ip A) (ip B)`` or ``(ip A)``."""
    fields = dict(_pairs(device))
    script = _text(fields.get("script"))
    addresses: list[str] = []
    for key, value in _pairs(device):
        if key == "ip":
            texts = map(_text, value if isinstance(value, list) else [value])
            addresses += [text for text in texts if text]
    return Vif(
        mac=(_text(fields.get("mac")) or "").lower() or None,
        bridge=_text(fields.get("bridge")),
        ip=tuple(addresses) or None,
        script=script[len(_SCRIPTS) :] if script and script.startswith(_SCRIPTS) else script,
        backend=_text(fields.get("backend")),
    )


def _is_shell(vif: list[Sxp]) -> bool:
    """Tell whether this is what 4.1 leaves of a vif that was detached: ``(vif (backend 0))``."""
    return [key for key, _value in _pairs(vif)] == ["backend"]


def _vif_as_dict(vif: Vif) -> dict[str, Any]:
    """Return a vif as plain data."""
    return {**vars(vif), "ip": None if vif.ip is None else list(vif.ip)}
