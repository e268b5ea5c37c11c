# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys and devices of a config file without an option, as the expressions that xm sends."""

from __future__ import annotations

import re

from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.devices import pairs, shown
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.guest import Guest
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.keys import (
    NEWEST,
    OLDEST,
    SENT_WHEN_ZERO,
    TOP,
    within,
)

_VTPM = {"instance": (OLDEST, NEWEST), "backend": (OLDEST, NEWEST), "uuid": ("4.0", "4.1")}


def fields(guest: Guest) -> list[Sxp]:
    """Return the fields of a domain without an option."""
    found: list[Sxp] = []
    for key, (span, name) in TOP.items():
        value = guest.scalar(key) if within(guest.release, span) else None
        if value is not None and (value or key in SENT_WHEN_ZERO):
            found.append([name, str(value)])
    if guest.set("ssidref") and within(guest.release, ("3.0.3", "3.1")):
        guest.refuse("ssidref", "is refused by xm without a security policy")
    roles = ("blkif", "netif", "tpmif") if within(guest.release, (OLDEST, "4.1")) else ("blkif", "netif")
    found += [["backend", [role]] for role in roles if guest.set(role)]
    return found


def devices(guest: Guest) -> list[Sxp]:
    """Return the devices without an option."""
    found = [*_usb(guest), *_ioports(guest), *_irq(guest), *_vtpm(guest)]
    if guest.since("4.0"):
        found += [["vif2", *_free_pairs(guest, "vif2", entry)] for entry in guest.entries("vif2")]
        found += [_vusb(guest, entry) for entry in guest.entries("vusb")]
    if guest.since("3.3") and guest.set("vscsi"):
        guest.note("vscsi", "names devices that only the host can find")
    if guest.set("access_control"):
        if guest.since("3.0.3"):
            guest.refuse("access_control", "is refused by xm without a security policy")
        guest.note("access_control", "means nothing to xm without a security policy")
    return [["device", device] for device in found]


def _usb(guest: Guest) -> list[Sxp]:
    """Return the USB ports of a guest."""
    key = "usb" if not guest.since("3.0.3") else "usbport" if not guest.since("3.2") else ""
    value = guest.get(key) if key else None
    if not value:
        return []
    if isinstance(value, (int, float)):
        guest.refuse(key, f"is a number, where xm {guest.release} wants a list of ports")
    ports = list(value) if isinstance(value, str) else guest.entries(key)
    return [[key, ["path", port]] for port in ports]


def _ioports(guest: Guest) -> list[Sxp]:
    """Return ranges of I/O ports: ``FROM[-TO]`` in hexadecimal."""
    found: list[Sxp] = []
    for entry in guest.entries("ioports"):
        bounds = entry.split("-")
        if len(bounds) > 2:
            guest.refuse("ioports", "has an entry that is no FROM-TO, which xm refuses")
        first, last = ("0x" + bound.removeprefix("0x") for bound in (bounds[0], bounds[-1]))
        found.append(["ioports", ["from", first], ["to", last]])
    return found


def _irq(guest: Guest) -> list[Sxp]:
    """Return interrupts. 3.4 and later send a text with quotes around it."""
    value = guest.get("irq") if guest.since("3.0.2") else None
    if not isinstance(value, list):
        return []
    quoted = guest.since("3.4")
    known = [item for item in value if not guest.is_unknown_entry("irq", item)]
    texts = [repr(item) if quoted and isinstance(item, str) else str(item) for item in known]
    return [["irq", ["irq", text]] for text in texts]


def _vtpm(guest: Guest) -> list[Sxp]:
    """Return the virtual TPM, the first of a list."""
    entries = guest.entries("vtpm") if within(guest.release, (OLDEST, "4.1")) else []
    if not entries:
        return []
    if entries[1:]:
        guest.note("vtpm", "has several entries, of which xm takes the first")
    words = pairs(guest, "vtpm", entries[0], _VTPM)
    if words.get("instance") == "0":
        guest.refuse("vtpm", "has instance=0, which xm refuses")
    names = {"instance": "pref_instance", "backend": "backend", "uuid": "uuid"}
    fields_of_it: list[Sxp] = [[name, words[key]] for key, name in names.items() if key in words]
    return [["vtpm", *fields_of_it]]


def _free_pairs(guest: Guest, key: str, entry: str) -> list[Sxp]:
    """Return the pairs of ``k=v, k=v``, with any keys."""
    found: list[Sxp] = []
    for part in entry.split(","):
        word, sign, value = part.partition("=")
        if not sign:
            guest.refuse(key, "has a part that is not of the form KEY=VALUE, which xm refuses")
        found.append([word.strip(), value.strip()])
    return found


def _vusb(guest: Guest, entry: str) -> Sxp:
    """Return a USB host controller with its ports."""
    words = {str(pair[0]): str(pair[1]) for pair in _free_pairs(guest, "vusb", entry)}
    unknown = [word for word in words if not re.fullmatch(r"usbver|numports|port_[0-9]+|backend", word)]
    if unknown:
        guest.refuse("vusb", f"has {shown('vusb', unknown[0])}, which xm does not know and refuses")
    count = words.get("numports", "8")
    if not count.isdecimal() or int(count) > 16:
        guest.refuse("vusb", "has a number of ports that is none from 1 to 16")
    ports: list[Sxp] = [[str(number), words.get(f"port_{number}", "")] for number in range(1, int(count) + 1)]
    backend: list[Sxp] = [["backend", words["backend"]]] if "backend" in words else []
    return ["vusb", *backend, ["usb-ver", words.get("usbver", "2")], ["num-ports", count], ["port", *ports]]
