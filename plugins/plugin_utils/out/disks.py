# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks for an export: a path in place of xend's uname, and one name in place of its many spellings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.plugin_utils.out.values import shown, text

_NAME = re.compile(r"(?:hd[a-z]|sd[a-z]{1,2}|xvd[a-z]{1,2})[0-9]{0,3}")
_PARTITIONS = {8: ("sd", 16), 3: ("hd", 64), 22: ("hd", 64), 202: ("xvd", 16)}
"""The major numbers of disks, the names of the disks, and the number of minors of each disk."""

_DIALECT = re.compile(r"(?:tap2?:)?(?:(?:tapdisk|ioemu|aio|sync|ram):)*")
_FORMATS = ("qcow2", "qcow", "vhd", "raw")
_SCRIPTS = ("drbd", "nbd", "enbd", "iscsi")


@dataclass(frozen=True)
class Disk:
    """A disk that both xl and libvirt can express. ``path`` is empty for a drive without a medium."""

    name: str
    path: str = ""
    format: str = "raw"
    block: bool = False
    """Whether it is a block device of the host, not a file."""
    script: Optional[str] = None
    """The script that connects it, such as drbd, which interprets the path."""
    cdrom: bool = False
    writable: bool = False
    shared: bool = False
    backend: Optional[str] = None


def read_disks(vbds: Iterable[Mapping[str, Any]], notes: list[str]) -> tuple[Disk, ...]:
    """Return the disks that can be exported; *notes* gets a sentence for each that cannot, or only with changes."""
    disks: list[Disk] = []
    for vbd in vbds:
        disk = _disk(vbd, notes)
        if disk and disk.name in {other.name for other in disks}:
            notes.append(f"The disk {disk.name} is there twice, and only the first is carried over.")
        elif disk:
            disks.append(disk)
    return tuple(disks)


def _disk(vbd: Mapping[str, Any], notes: list[str]) -> Optional[Disk]:
    """Return a disk, None if it cannot be exported."""
    dev, uname, mode = (text(vbd.get(key)) or "" for key in ("dev", "uname", "mode"))
    # ioemu: and /dev/ are other spellings of the same disk, and :disk is added by 3.0.3 and later (WIRE.md (i) 14).
    bare = re.sub(r"^(?:ioemu:)?(?:/dev/)?|:disk$", "", dev)
    cdrom = bare.endswith(":cdrom")
    name = _name(bare[: -len(":cdrom")] if cdrom else bare)
    if not name:
        notes.append(f"The disk {shown(dev)} is left out, as its name in the guest is none that Xen gives to a disk.")
        return None
    where = place_of(name, uname, notes)
    if where is None or (not uname and not cdrom):
        if where:
            notes.append(f"The disk {name} is left out, as nothing says where its data is.")
        return None
    if cdrom:
        what = "an empty drive" if not uname else "a drive"
        notes.append(f"The disk {name} is {what} of the kind :cdrom, which is a property of its own here.")
    writable = "w" in mode.lower()
    if mode not in ("", "r", "w", "w!"):
        notes.append(
            f"The mode {shown(mode)} of the disk {name} is none of r, w and w!: it is {'writable' if writable else 'read-only'} now."
        )
    return Disk(
        name=name,
        cdrom=cdrom,
        writable=writable and not cdrom,
        shared=writable and "!" in mode,
        backend=backend_name(f"The disk {name}", vbd, notes),
        **where,
    )


def _name(dev: str) -> Optional[str]:
    """Return the name of a disk for a name or a number, such as sda1 for 0x801 and 2049; None if it is no disk."""
    if _NAME.fullmatch(dev):
        return dev
    if not re.fullmatch(r"0x[0-9a-fA-F]{1,5}|[0-9]{1,6}", dev):
        return None
    device = int(dev, 16 if dev.startswith("0x") else 10)
    # Linux encodes a device number as major << 8 | minor.
    major, minor = device >> 8, device & 0xFF
    if major not in _PARTITIONS:
        return None
    prefix, each = _PARTITIONS[major]
    # Major 22 is the second IDE controller, whose disks are hdc and hdd.
    letter = chr(ord("c" if major == 22 else "a") + minor // each)
    return f"{prefix}{letter}{minor % each or ''}"


def place_of(name: str, uname: str, notes: list[str]) -> Optional[dict[str, Any]]:
    """Return path, format, block and script for a uname; None, with a note, for one that cannot be exported."""
    kind, _colon, rest = uname.partition(":")
    if not uname:
        return {"path": ""}
    # phy:vg0/web1 and phy:/dev/vg0/web1 are the same disk for xend's scripts.
    if kind == "phy":
        return _path(name, rest if rest.startswith("/") else f"/dev/{rest}", uname, notes, block=True)
    if kind == "file":
        return _path(name, rest, uname, notes)
    if kind in ("tap", "tap2"):
        return _tap(name, uname, notes)
    if kind in _SCRIPTS and rest and _fits(rest):
        notes.append(f"The disk {name} is connected by the script block-{kind}, which the new host must have, too.")
        return {"path": rest, "script": kind, "block": True}
    notes.append(f"The disk {name} is left out, as {shown(uname)} is no place that is known here.")
    return None


def _tap(name: str, uname: str, notes: list[str]) -> Optional[dict[str, Any]]:
    """Return the place of the data of a ``tap:`` uname. Only the format of its driver matters."""
    match = _DIALECT.match(uname)
    rest = uname[match.end() :] if match else uname
    prefix, colon, path = rest.partition(":")
    # A path may contain a colon, so a prefix counts only if no slash comes first.
    kind = prefix if colon and not rest.startswith("/") else "raw"
    if kind not in _FORMATS:
        notes.append(f"The disk {name} is left out, as nothing here reads the format of {shown(uname)}.")
        return None
    path = path if colon and not rest.startswith("/") else rest
    found = _path(name, path, uname, notes, kind=kind)
    if found:
        notes.append(
            f"The disk {name} was served by blktap as {shown(uname)}, and is a file of the format {kind} here."
        )
    return found


def _path(
    name: str, path: str, uname: str, notes: list[str], *, kind: str = "raw", block: bool = False
) -> Optional[dict[str, Any]]:
    """Return the path of a disk, None with a note for a path that a config cannot hold."""
    if not path.startswith("/") or not _fits(path):
        notes.append(f"The disk {name} is left out, as {shown(uname)} holds no path that a config can say.")
        return None
    return {"path": path, "format": kind, "block": block}


def _fits(path: str) -> bool:
    """Return whether a path is one line, without blanks around it, and without a comma at its end, which xl removes."""
    return "\n" not in path and path == path.strip() and not path.endswith(",")


def backend_name(what: str, device: Mapping[str, Any], notes: list[str]) -> Optional[str]:
    """Return the name of the backend domain of a device, None for Domain-0 and for a number."""
    backend = text(device.get("backend"))
    if backend in (None, "0", "Domain-0"):
        return None
    if re.fullmatch(r"[A-Za-z_.+-][A-Za-z0-9_.+-]*", backend):
        notes.append(f"{what} is served by the domain {backend}, which the new host must have, too.")
        return backend
    notes.append(f"{what} is served by the domain {shown(backend)}, which is no lasting name: Domain-0 serves it here.")
    return None
