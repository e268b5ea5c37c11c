# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option ``image``: what a guest boots, and its emulated machine."""

from __future__ import annotations

import posixpath
import re

from ansible_collections.dom0.xend.plugins.plugin_utils.xm.guest import Guest, Scalar
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.keys import (
    HVM,
    HVM_DEFAULTS,
    IMAGE,
    SENT_AS_IT_IS,
    within,
)
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.pci import Function

_BUILDERS = ("linux", "hvm", "vmx")
_DIRECTORY = "/etc/xen"
_IN_IP = ("ip", "dhcp", "nfs_server", "gateway", "netmask", "hostname", "interface")
_LEAF = re.compile(r"[0-9a-fA-Fx]+(?:,[0-9a-fA-Fx]+)?:(?:e[a-d]x=.{32},?)+")


def is_hvm(guest: Guest) -> bool:
    """Return whether the file describes an hvm guest."""
    return guest.text("builder") == "hvm"


def image(guest: Guest, pci: list[Function], vcpus: int | None) -> dict[str, object] | None:
    """Return the image, None if there is none that xen_domain can express. Raises XmError for what xm refuses."""
    builder = guest.text("builder")
    # The file may be that of an hvm guest: its image is said without a type, and a note says so.
    is_known = not guest.is_unknown("builder")
    if not is_known:
        guest.note("builder", "is not known: the image is said without a type, which xen_domain takes for linux")
    builder = "linux" if builder is None else builder
    if builder not in _BUILDERS:
        guest.note("builder", "is none of linux, hvm and vmx, so that the image has no equal")
        return None
    found: dict[str, object] = {"type": builder} if is_known else {}
    for key in ("kernel", "ramdisk"):
        path = _path(guest, key)
        if path:
            found[key] = path
    found |= _command_line(guest)
    options = _options(guest, pci, builder, vcpus)
    return {**found, "options": options} if options else found


def _path(guest: Guest, key: str) -> str | None:
    """Return the path of a file. A relative one is taken as relative to /etc/xen."""
    path = guest.text(key)
    if not path or path.startswith("/") or (path == "hvmloader" and guest.since("4.0")):
        return posixpath.normpath(path) if path and path.startswith("/") and not guest.since("4.0") else path
    if guest.since("4.0") and "/" in path:
        guest.note(key, "is relative to where xm runs")
        return path
    guest.note(key, f"is relative to where xm runs, taken to be {_DIRECTORY}")
    return posixpath.normpath(posixpath.join(_DIRECTORY, path))


def _command_line(guest: Guest) -> dict[str, object]:
    """Return ``root`` and ``args``."""
    root = (guest.text("root") or "").removeprefix("root=")
    args = guest.text("extra") or ""
    if guest.set("nfs_root"):
        if not guest.set("nfs_server"):
            if not guest.is_unknown("nfs_server"):
                guest.refuse("nfs_root", "has no nfs_server beside it, which xm refuses")
            guest.note("nfs_root", "is left out with extra, as nfs_server is not known")
            return {"root": root} if root else {}
        args = f"nfsroot={guest.text('nfs_server')}:{guest.text('nfs_root')} {args}"
    return {key: value for key, value in (("root", root), ("args", args)) if value}


def _ip(guest: Guest) -> str | None:
    """Return the ``ip=`` argument of the guest's kernel."""
    ip, dhcp = guest.text("ip") or "", guest.text("dhcp") or "off"
    if not ip and dhcp == "off":
        for key in ("netmask", "gateway", "hostname"):
            if guest.set(key):
                guest.note(key, "means nothing to xm without ip or dhcp")
        return None
    unknown = [key for key in _IN_IP if guest.is_unknown(key)]
    if unknown:
        guest.note("ip", f"is left out, as {', '.join(unknown)} beside it may be set by what is not known")
        return None
    dummy = "127.0.255.255" if guest.since("3.3") else "1.2.3.4"
    rest = [guest.text(key) or "" for key in ("gateway", "netmask", "hostname")]
    server, interface = guest.text("nfs_server") or dummy, guest.text("interface") or "eth0"
    return ":".join([ip.removeprefix("ip="), server, *rest, interface, dhcp])


def _options(guest: Guest, pci: list[Function], builder: str, vcpus: int | None) -> dict[str, object]:
    """Return the keys of the image without an option of their own."""
    found: dict[str, object] = {}
    ip = _ip(guest)
    if ip is not None:
        found["ip"] = ip
    for key, span in IMAGE.items():
        value = _path(guest, key) if key == "loader" and guest.since("3.3") else guest.scalar(key)
        if within(guest.release, span) and value is not None and (value or key in SENT_AS_IT_IS):
            found[key] = value
    if builder == "hvm" or guest.release == "3.0.0":
        found |= _machine(guest)
    if builder == "hvm":
        found |= _of_hvm(guest, pci, vcpus, found)
    if guest.release == "3.0.0" and guest.set("nics"):
        found["nics"] = guest.scalar("nics")
    return found


def _machine(guest: Guest) -> dict[str, object]:
    """Return the keys of the emulated machine. xm 3.0.3 and earlier send those that are neither 0 nor empty."""
    found: dict[str, object] = {}
    for key, span in HVM.items():
        value: Scalar | None = guest.scalar(key) if within(guest.release, span) else None
        has_option = key == "localtime" and guest.since("3.0.3")
        if value is not None and (value or guest.since("3.0.4")) and not has_option:
            found[key] = value
    return found


def _of_hvm(guest: Guest, pci: list[Function], vcpus: int | None, said: dict[str, object]) -> dict[str, object]:
    """Return what xm adds to the image of an hvm guest."""
    found = {
        key: value
        for key, span, value in HVM_DEFAULTS
        if within(guest.release, span) and key not in said and not guest.is_unknown(key)
    }
    if guest.since("3.0.2") and vcpus is not None:
        found["vcpus"] = vcpus
    if guest.since("3.2") and pci:
        guest.note("pci", "is said once more in the image of an hvm guest, for which there is no option")
    check = guest.get("cpuid_check") if guest.since("3.3") and not guest.set("cpuid") else None
    if isinstance(check, list) and check:
        found["cpuid_check"] = guest.entries("cpuid_check")
    return found


def check_cpuid(guest: Guest) -> None:
    """Note the keys for CPU features. Raises XmError for what xm refuses."""
    for entry in guest.entries("cpuid") if guest.since("3.3") else ():
        if not _LEAF.fullmatch(entry):
            guest.refuse("cpuid", "has an entry without all the 32 bits of a register, which xm refuses")
        guest.note("cpuid", "has no equal")
        if guest.set("cpuid_check"):
            guest.note("cpuid_check", "has no equal")
