# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The disks and interfaces of a domain, as data."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.model.reading import pairs, text_of
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp

_SCRIPTS = "/etc/xen/scripts/"

_WITH_BACKEND = (["vbd"], ["tap"], ["tap2"], ["vif"])


@dataclass(frozen=True)
class Vbd:
    """A virtual block device. ``mode`` is ``r``, ``w`` or ``w!``; ``backend`` a domid or a domain's name."""

    dev: Optional[str] = None
    uname: Optional[str] = None
    mode: Optional[str] = None
    backend: Optional[str] = None
    device_class: str = field(default="vbd", compare=False, repr=False)
    """The device class in xend: vbd, tap or tap2."""
    emulated: bool = field(default=False, compare=False, repr=False)
    """Whether it belongs to the emulator of an hvm guest: ``ioemu:hda``."""


@dataclass(frozen=True)
class Vif:
    """A virtual network interface. ``backend`` is a domid or a domain's name."""

    mac: Optional[str] = None
    bridge: Optional[str] = None
    ip: Optional[tuple[str, ...]] = None
    script: Optional[str] = None
    backend: Optional[str] = None
    type: Optional[str] = None
    """netfront, or ioemu for a card of the emulator of an hvm guest."""
    model: Optional[str] = None
    """The model of the emulated card."""
    rate: Optional[str] = None
    """The limit for what the guest sends, as xend prints it. Not every release prints it as given."""
    vifname: Optional[str] = None
    """The name of the interface in the control domain."""


def read_vbd(device: list[Sxp]) -> Vbd:
    """Read ``(vbd (dev D) (uname U) (mode M))``."""
    fields = dict(pairs(device))
    dev = text_of(fields.get("dev"))
    emulated = dev is not None and dev.startswith("ioemu:")
    dev = dev[len("ioemu:") :] if dev and emulated else dev
    return Vbd(
        dev=dev[: -len(":disk")] if dev and dev.endswith(":disk") else dev,
        uname=text_of(fields.get("uname")),
        mode=text_of(fields.get("mode")),
        backend=text_of(fields.get("backend")),
        device_class=str(device[0]),
        emulated=emulated,
    )


def read_vif(device: list[Sxp]) -> Vif:
    """Read ``(vif (mac M) (bridge B) ...)``; addresses come as ``(ip (A B))``, ``(ip A) (ip B)`` or ``(ip A)``."""
    fields = dict(pairs(device))
    script = text_of(fields.get("script"))
    addresses: list[str] = []
    for key, value in pairs(device):
        if key == "ip":
            texts = map(text_of, value if isinstance(value, list) else [value])
            addresses += [text for text in texts if text]
    return Vif(
        mac=(text_of(fields.get("mac")) or "").lower() or None,
        bridge=text_of(fields.get("bridge")),
        ip=tuple(addresses) or None,
        script=script[len(_SCRIPTS) :] if script and script.startswith(_SCRIPTS) else script,
        backend=text_of(fields.get("backend")),
        **{key: text_of(fields.get(key)) for key in ("type", "model", "rate", "vifname")},
    )


def is_connected(device: Sxp) -> bool:
    """Return whether a device in the expression of a living domain is really connected.

    Every connected device has a backend. One without is shown from the configuration: in 3.0.4 the last device of a class,
    forever after its detach; in 3.3 to 4.0 a second entry of a disk, while a failed one goes (WIRE.md (i) 8 and 9).
    """
    return any(key == "backend" for key, _value in pairs(device)) or device[:1] not in _WITH_BACKEND


def is_shell(vif: list[Sxp]) -> bool:
    """Return whether this is the remainder of a detached vif: ``(vif (backend 0))`` (WIRE.md (i) 8)."""
    return [key for key, _value in pairs(vif)] == ["backend"]


def vbd_as_dict(vbd: Vbd) -> dict[str, Any]:
    """Return a disk as plain data."""
    return {"dev": vbd.dev, "uname": vbd.uname, "mode": vbd.mode, "backend": vbd.backend}


def vif_as_dict(vif: Vif) -> dict[str, Any]:
    """Return an interface as plain data."""
    return {**vars(vif), "ip": None if vif.ip is None else list(vif.ip)}


def by_dev(vbds: Iterable[Vbd]) -> tuple[Vbd, ...]:
    """Return *vbds* in the order of results. The order of xend differs between releases."""
    return tuple(sorted(vbds, key=lambda vbd: vbd.dev or ""))


_NAME = re.compile(r"(?:/dev/)?(hd|sd|xvd)([a-p])([0-9]{0,2})")
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|[1-9][0-9]*")

_MAJORS = {"hd": ((3, 22, 33, 34, 56, 57, 88, 89, 90, 91), 64), "sd": ((8,), 16), "xvd": ((202,), 16)}
"""Linux's major numbers for each kind of disk, and the number of minors of a disk."""


def device_number(dev: str) -> Optional[int]:
    """Return Linux's number of a block device, which is xend's id of a vbd: sda1 is 2049 (WIRE.md (d)).

    Returns None for a dev that is not hdXN, sdXN, xvdXN or a number.
    """
    name = dev.split(":", maxsplit=1)[0]
    match = _NAME.fullmatch(name)
    if not match:
        return int(name, 0) if _NUMBER.fullmatch(name) else None
    majors, minors = _MAJORS[match[1]]
    # Two disks for each IDE controller; each further controller has a major number of its own.
    disks = 2 if match[1] == "hd" else 16
    index = ord(match[2]) - ord("a")
    if index // disks >= len(majors):
        return None
    return majors[index // disks] * 256 + (index % disks) * minors + int(match[3] or 0)


def number_or_name(dev: Optional[str]) -> Optional[str]:
    """Return the identity of a disk: its device number, so that xvda and /dev/xvda are equal, or its name if it has none."""
    number = device_number(dev or "")
    return dev if number is None else str(number)
