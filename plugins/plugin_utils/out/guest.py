# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guest of an export, read from a domain of xen_domain_info or from the options of xen_domain.

It is read once, for xl and for libvirt. ``notes`` has a sentence for each value that cannot be exported. Passwords are in
``graphics`` only, never in a note.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import MASK
from ansible_collections.dom0.xend.plugins.plugin_utils.out.disks import Disk, read_disks
from ansible_collections.dom0.xend.plugins.plugin_utils.out.expressions import with_expressions
from ansible_collections.dom0.xend.plugins.plugin_utils.out.interfaces import Interface, read_interfaces
from ansible_collections.dom0.xend.plugins.plugin_utils.out.values import (
    NotADomain,
    flag,
    is_masked,
    mappings,
    number,
    shown,
    text,
    texts,
)

ACTIONS = ("destroy", "restart", "preserve", "rename-restart", "coredump-destroy", "coredump-restart")
_DEFAULT_ACTIONS = {"on_poweroff": "destroy", "on_reboot": "restart", "on_crash": "restart"}
"""xend's default actions. xl differs: it destroys a crashed guest."""

_HVM = ("hvm", "vmx")
_ADDRESS = re.compile(r"(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})\.([0-7])", re.IGNORECASE)
_CPUS = re.compile(r"\^?[0-9]{1,4}(?:-[0-9]{1,4})?(?:,\^?[0-9]{1,4}(?:-[0-9]{1,4})?)*")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOST_VCPUS = 8192
_MOST_MEMORY = 10**9
"""The most MiB of a host, and the most that libvirt can count."""
_LAST_CPU = 9999
_LAST_SLOT = 31
_EVERY_CPU = 64
"""xend lists at least this many cpus for a vcpu that may run on any cpu (WIRE.md (d))."""


@dataclass(frozen=True)
class Graphics:
    """A screen, by VNC or on an X display."""

    sdl: bool = False
    listen: Optional[str] = None
    display: Optional[int] = None
    """The number of the VNC display, None for the first free one."""
    password: Optional[str] = field(default=None, repr=False)
    keymap: Optional[str] = None


@dataclass(frozen=True)
class Guest:
    """A guest. Memory is in MiB."""

    name: str
    uuid: Optional[str]
    hvm: bool
    memory: int
    maxmem: int
    vcpus: int
    online_vcpus: int
    cpus: tuple[str, ...]
    """The cpus of each vcpu; a single entry applies to all vcpus, and an empty list means any cpu."""
    cpu_weight: Optional[int]
    cpu_cap: Optional[int]
    bootloader: Optional[str]
    bootloader_args: tuple[str, ...]
    kernel: Optional[str]
    ramdisk: Optional[str]
    command_line: Optional[str]
    actions: Mapping[str, str]
    disks: tuple[Disk, ...]
    interfaces: tuple[Interface, ...]
    pci: tuple[tuple[int, int, int, int], ...]
    graphics: Optional[Graphics]
    options: Mapping[str, Any] = field(repr=False)
    """The options of its image, with localtime and rtc_timeoffset, which some releases keep outside the image."""
    notes: tuple[str, ...] = ()


def read(given: object) -> Guest:
    """Return a guest. Raises NotADomain."""
    if not isinstance(given, Mapping):
        raise NotADomain(f"a domain is a dictionary, and not a {type(given).__name__}")
    name = text(given.get("name"))
    if not name:
        raise NotADomain("a domain has a name, and this one has none")
    try:
        return _read(name, with_expressions(given))
    except NotADomain as error:
        raise NotADomain(f"{shown(name)}: {error}") from None


def _read(name: str, domain: Mapping[str, Any]) -> Guest:
    """Return a guest whose data is all in *domain*."""
    notes: list[str] = []
    if name == "Domain-0" or domain.get("domid") == 0:
        notes.append("Domain-0 is the host itself, and no guest that could be created anywhere.")
    image = domain["image"] if isinstance(domain.get("image"), Mapping) else {}
    kind = text(image.get("type")) or "linux"
    memory, maxmem = _memory(domain, notes)
    vcpus, online = _vcpus(domain, notes)
    hvm = kind in _HVM
    if not hvm and kind != "linux":
        notes.append(f"The image is of the type {shown(kind)}, and a paravirtualised guest here.")
    options = _options(domain, image, hvm=hvm)
    if hvm and not options:
        notes.append("Nothing says what the options of its image are, boot order and screen among them: give sxp, too.")
    kernel, ramdisk, bootloader = _boot(domain, image, notes, hvm=hvm)
    guest = Guest(
        name=name,
        uuid=_uuid(domain, notes),
        hvm=hvm,
        memory=memory,
        maxmem=maxmem,
        vcpus=vcpus,
        online_vcpus=online,
        cpus=_cpus(domain.get("cpus"), notes),
        cpu_weight=_weight(domain, notes),
        cpu_cap=_cap(domain),
        bootloader=bootloader,
        bootloader_args=tuple((text(domain.get("bootloader_args")) or "").split()) if bootloader else (),
        kernel=kernel,
        ramdisk=ramdisk,
        command_line=None if hvm else _command_line(image),
        actions=_actions(domain, notes),
        disks=read_disks(mappings(domain.get("vbds")), notes),
        interfaces=read_interfaces(mappings(domain.get("vifs")), notes),
        pci=_pci(domain, notes),
        graphics=_graphics(domain, options, notes, hvm=hvm),
        options=options,
    )
    # The notes come last: reading the fields above adds to them.
    notes.extend(_of_xend(domain))
    return Guest(**{**vars(guest), "notes": tuple(notes)})


def _memory(domain: Mapping[str, Any], notes: list[str]) -> tuple[int, int]:
    """Return memory and maxmem. Raises NotADomain if there is neither."""
    given = (number(domain.get(key)) or 0 for key in ("memory", "maxmem"))
    memory, maxmem = (each if each <= _MOST_MEMORY else 0 for each in given)
    # Old releases accept a memory of 0 or -1 and show it (WIRE.md (c)).
    if memory <= 0:
        if maxmem <= 0:
            raise NotADomain("nothing says how much memory it has: memory is missing, or no number of MiB")
        notes.append(f"Its memory is {memory} MiB by xend, so that it gets its maxmem, {maxmem} MiB.")
        return maxmem, maxmem
    if 0 < maxmem < memory:
        notes.append(f"Its maxmem, {maxmem} MiB, is less than its memory, and is left out.")
    return memory, max(memory, maxmem)


def _vcpus(domain: Mapping[str, Any], notes: list[str]) -> tuple[int, int]:
    """Return the number of vcpus, and how many of them are online at the start."""
    vcpus = number(domain.get("vcpus"))
    if vcpus is None or not 0 < vcpus <= _MOST_VCPUS:
        if vcpus is not None:
            notes.append(f"It has {vcpus} vcpus by xend, so that it gets one.")
        return 1, 1
    available = number(domain.get("vcpu_avail"))
    if available is None or available < 0:
        return vcpus, vcpus
    # One bit for each vcpu that the guest may use; all bits are zero only in broken data.
    return vcpus, bin(available & ((1 << vcpus) - 1)).count("1") or vcpus


def _uuid(domain: Mapping[str, Any], notes: list[str]) -> Optional[str]:
    """Return the uuid in the form 8-4-4-4-12, None with a note for an invalid one."""
    given = text(domain.get("uuid"))
    # Compared without dashes: 3.0.0 groups the digits as 8-8-8-8.
    digits = (given or "").replace("-", "").lower()
    uuid = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    # Domain-0 has the uuid of zeros, which no other guest can have.
    if _UUID.fullmatch(uuid) and set(digits) != {"0"}:
        return uuid
    notes.append(
        f"It is without its uuid {shown(given)}, which no guest can have."
        if given
        else "It has no uuid in what was given, so that it gets another one than it had."
    )
    return None


def _cpus(given: object, notes: list[str]) -> tuple[str, ...]:
    """Return the cpus as texts such as ``0-3,^1``: one for all vcpus, or one for each."""
    if isinstance(given, (list, tuple)):
        nested = any(isinstance(item, (list, tuple)) for item in given)
        sets = [_numbers(item) for item in given] if nested else [_numbers(given)]
        # A cpumap that lists as many cpus as xend prints for "any" does not mean that the vcpu is pinned.
        each = [_ranges(cpus) if 0 < len(cpus) < _EVERY_CPU else "all" for cpus in sets]
        return () if set(each) <= {"all"} else (each[0],) if len(set(each)) == 1 else tuple(each)
    plain = (text(given) or "").replace(" ", "")
    cpus = _listed(plain) if _CPUS.fullmatch(plain) else set()
    if plain and not cpus:
        notes.append(f"It is pinned to no cpus, as {shown(plain)} is no list of them.")
    return (_ranges(cpus),) if cpus else ()


def _numbers(given: object) -> set[int]:
    """Return the cpus in a list of numbers."""
    numbers = map(number, given if isinstance(given, (list, tuple)) else [])
    return {cpu for cpu in numbers if cpu is not None and 0 <= cpu <= _LAST_CPU}


def _listed(plain: str) -> set[int]:
    """Return the cpus in a text such as ``0-3,^1``."""
    cpus: set[int] = set()
    for part in plain.split(","):
        first, _dash, last = part.lstrip("^").partition("-")
        # The parts apply from left to right, so ^1 removes only cpus that stand before it.
        some = set(range(int(first), int(last or first) + 1))
        cpus = cpus - some if part.startswith("^") else cpus | some
    return cpus


def _ranges(cpus: set[int]) -> str:
    """Return ``0-2,5`` for the numbers of cpus."""
    spans: list[list[int]] = []
    for cpu in sorted(cpus):
        if spans and cpu == spans[-1][1] + 1:
            spans[-1][1] = cpu
        else:
            spans.append([cpu, cpu])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def _weight(domain: Mapping[str, Any], notes: list[str]) -> Optional[int]:
    """Return the weight of the credit scheduler, None for the default."""
    credit = domain.get("credit")
    given = text(credit.get("weight") if isinstance(credit, Mapping) else domain.get("cpu_weight"))
    weight = number(given)
    if weight is not None and 1 < weight <= 65535:
        return None if weight == 256 else weight
    # 3.0.3 and earlier show a cpu_weight of 1.0, which means nothing (WIRE.md (d)).
    if given not in (None, "1", "1.0"):
        notes.append(f"Its cpu_weight {shown(given or '')} is none of the credit scheduler's, and is left out.")
    return None


def _cap(domain: Mapping[str, Any]) -> Optional[int]:
    """Return the cap of the credit scheduler in percent of a cpu, None for no cap."""
    credit = domain.get("credit")
    cap = number(credit.get("cap") if isinstance(credit, Mapping) else domain.get("cpu_cap"))
    return cap if cap is not None and cap > 0 else None


def _options(domain: Mapping[str, Any], image: Mapping[str, Any], *, hvm: bool) -> dict[str, Any]:
    """Return the options of the image, and the options of the domain that mean the same."""
    options = dict(image["options"]) if isinstance(image.get("options"), Mapping) else {}
    if not hvm:
        # xend 3.2 and later show a device model for a paravirtualised guest with a frame buffer, too.
        options.pop("device_model", None)
    for key in ("localtime", "rtc_timeoffset"):
        if domain.get(key) is not None:
            options.setdefault(key, domain[key])
    return options


def _boot(
    domain: Mapping[str, Any], image: Mapping[str, Any], notes: list[str], *, hvm: bool
) -> tuple[Optional[str], Optional[str], Optional[str]]:
    """Return kernel, RAM disk and bootloader."""
    kernel, ramdisk, bootloader = text(image.get("kernel")), text(image.get("ramdisk")), text(domain.get("bootloader"))
    if hvm:
        if kernel:
            notes.append(
                f"The loader {shown(kernel)} is left out, as the new host has its own firmware for such guests."
            )
        return None, None, None
    if bootloader:
        left = [path for path in (kernel, ramdisk) if path]
        notes.extend(f"The file {shown(path)} is left out, as the bootloader finds it in a disk." for path in left)
        return None, None, bootloader
    if not kernel:
        notes.append("Nothing says what it boots: it has neither a kernel nor a bootloader.")
    notes.extend(f"The file {shown(path)} has to be on the new host." for path in (kernel, ramdisk) if path)
    return kernel, ramdisk, None


def _command_line(image: Mapping[str, Any]) -> Optional[str]:
    """Return the kernel command line, from root and args."""
    root, args = text(image.get("root")), text(image.get("args"))
    return " ".join(part for part in (f"root={root}" if root else None, args) if part) or None


def _actions(domain: Mapping[str, Any], notes: list[str]) -> dict[str, str]:
    """Return the actions after a shutdown, a reboot and a crash, with xend's defaults for missing ones."""
    actions = {}
    for key, default in _DEFAULT_ACTIONS.items():
        value = (text(domain.get(key)) or default).replace("_", "-")
        if value not in ACTIONS:
            notes.append(f"Its {key} is {shown(value)}, which is unknown here, so that it gets {default}.")
        actions[key] = value if value in ACTIONS else default
    return actions


def _pci(domain: Mapping[str, Any], notes: list[str]) -> tuple[tuple[int, int, int, int], ...]:
    """Return the addresses of its PCI devices as domain, bus, slot and function."""
    addresses: dict[tuple[int, int, int, int], None] = {}
    for given in texts(domain.get("pci")):
        match = _ADDRESS.fullmatch(given)
        if match and int(match[3], 16) <= _LAST_SLOT:
            addresses[(int(match[1] or "0", 16), int(match[2], 16), int(match[3], 16), int(match[4], 16))] = None
            notes.append(f"The PCI device {given} is that of the old host; see which one it is on the new host.")
        else:
            notes.append(f"The PCI device {shown(given)} is left out, as that is no address.")
    return tuple(addresses)


def _graphics(
    domain: Mapping[str, Any], options: Mapping[str, Any], notes: list[str], *, hvm: bool
) -> Optional[Graphics]:
    """Return the screen: that of the image of an hvm guest, or the first frame buffer."""
    buffers = mappings(domain.get("vfbs"))
    if len(buffers) > 1:
        notes.append(f"It has {len(buffers)} frame buffers, and only the first is carried over.")
    buffer = buffers[0] if buffers else None
    if buffer is not None and "vfbs.vncpasswd" in texts(domain.get("not_declarable")):
        buffer = {"vncpasswd": MASK, **buffer}
    if hvm and (flag(options.get("vnc")) or flag(options.get("sdl"))):
        sdl = flag(options.get("sdl")) and not flag(options.get("vnc"))
        return _screen({**(buffer or {}), **options, "type": "sdl" if sdl else "vnc"}, notes)
    return None if buffer is None else _screen(buffer, notes)


def _screen(source: Mapping[str, Any], notes: list[str]) -> Graphics:
    """Return a screen. If its password is unknown, it listens on localhost only."""
    password, listen = text(source.get("vncpasswd")), text(source.get("vnclisten"))
    if password and is_masked(password):
        notes.append("The VNC password is hidden in what was given: set it, and then the address to listen on.")
        password, listen = None, "127.0.0.1"
    if listen and not re.fullmatch(r"[0-9A-Za-z.:-]+", listen):
        notes.append(f"VNC listens on the host itself, as {shown(listen)} is no address.")
        listen = None
    notes.extend(f"The {key} of its screen has no word here." for key in ("display", "xauthority") if source.get(key))
    display = number(source.get("vncdisplay"))
    return Graphics(
        sdl=text(source.get("type")) == "sdl",
        listen=listen,
        display=display
        if display is not None and 0 <= display <= 59635 and not flag(source.get("vncunused"))
        else None,
        password=password,
        keymap=text(source.get("keymap")),
    )


def _of_xend(domain: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each property that only xend supports."""
    notes = []
    sedf = domain.get("sedf")
    if isinstance(sedf, Mapping):
        given = ", ".join(f"{key} {text(value)}" for key, value in sedf.items())
        notes.append(f"The scheduler sedf is gone from Xen, and with it {given}.")
    if text(domain.get("on_xend_start")) == "start":
        notes.append("xend starts it with the host; link its config in /etc/xen/auto, or use virsh autostart.")
    stop = text(domain.get("on_xend_stop"))
    if stop not in (None, "ignore"):
        notes.append(
            f"xend does {shown(stop or '')} to it when xend stops; the service xendomains has settings for that."
        )
    shadow = number(domain.get("shadow_memory"))
    if shadow is not None and shadow > 1:
        notes.append(f"Its shadow_memory, {shadow} MiB, is left out, as the new host works out what it needs.")
    features = text(domain.get("features"))
    if features:
        notes.append(f"Its features {shown(features)} are left out, as nothing here has a word for them.")
    return notes
