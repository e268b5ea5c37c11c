# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PCI devices of the host: ``[DOMAIN:]BUS:SLOT.FUNC[@SLOT][,OPTION=VALUE]``, as each release of xm reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.guest import Guest

_ADDRESS = re.compile(
    r"(?:(?P<domain>[0-9a-fA-F]{1,4})[:,])?(?P<bus>[0-9a-fA-F]{1,2})[:,](?P<slot>[0-9a-fA-F]{1,2})[.,](?P<func>[0-7])"
)
_SEVERAL = re.compile(
    r"(?:[0-9a-fA-F]{1,4}:)?[0-9a-fA-F]{1,2}:[0-9a-fA-F]{1,2}\.(?:\*|[0-7](?:[-,][0-7])+)(?:@.*|,.*)?"
)
_PLAIN = re.compile(r"(?:[0-9a-fA-F]{4}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7]")
_REST = re.compile(r"(?:@(?P<at>[0-9a-fA-F]{1,2}))?(?P<options>(?:,\w+=[^,]*)*)")


@dataclass(frozen=True)
class Function:
    """One function of a PCI device: its address as the file writes it, its slot in the guest, and options."""

    text: str
    domain: str
    bus: str
    slot: str
    func: str
    at: str | None
    options: tuple[tuple[str, str], ...]


def functions(guest: Guest) -> list[Function]:
    """Return the PCI devices. Raises XmError for what xm refuses; entries that xm drops are noted."""
    found = []
    for entry in guest.entries("pci"):
        function = _function(guest, entry)
        if function is not None:
            found.append(function)
    return found


def _function(guest: Guest, entry: str) -> Function | None:
    """Return one device, None for one that xm drops."""
    if guest.release == "3.0.0":
        return _of_3_0_0(guest, entry)
    if guest.since("4.0") and _SEVERAL.fullmatch(entry):
        guest.note("pci", "names several functions of a device at once, which has no equal")
        return None
    match = _ADDRESS.match(entry)
    rest = _REST.fullmatch(entry[match.end() :]) if match and guest.since("3.4") else None
    complete = match is not None and (rest is not None or entry[match.end() :] == "")
    if match is None or (guest.since("3.3") and not complete):
        if guest.since("4.0"):
            guest.refuse("pci", "has an entry that is no address of a device, which xm refuses")
        guest.note("pci", f"has an entry that is no address to xm {guest.release}, which drops it without a word")
        return None
    if not complete:
        guest.note("pci", f"has text behind an address, which xm {guest.release} ignores")
    words = [part.partition("=") for part in (rest["options"] if rest else "").split(",")[1:]]
    return Function(
        text=entry.split(",", 1)[0],
        domain=match["domain"] or ("0000" if guest.since("4.0") else "0"),
        bus=match["bus"],
        slot=match["slot"],
        func=match["func"],
        at=rest["at"] if rest else None,
        options=tuple((key, value) for key, _sign, value in words),
    )


def _of_3_0_0(guest: Guest, entry: str) -> Function:
    """Return one device in the form of 3.0.0: three parts, not checked."""
    parts = entry.split(",")
    if len(parts) != 3:
        guest.refuse("pci", "has an entry that is not BUS,DEV,FUNC, which xm 3.0.0 refuses")
    bus, slot, func = parts
    return Function(entry, "", bus, slot, func, None, ())


def as_options(found: list[Function], release: str, *, named: bool) -> list[str] | None:
    """Return the addresses as an option, None if only an expression can hold everything. *named* is False in 3.0.3 and earlier."""
    texts = [f"{one.domain.rjust(4, '0')}:{one.bus.rjust(2, '0')}:{one.slot.rjust(2, '0')}.{one.func}" for one in found]
    plain = named and all(one.at is None and not one.options for one in found) and all(map(_PLAIN.fullmatch, texts))
    return [text.lower() for text in texts] if plain and release != "3.0.0" else None


def as_expressions(found: list[Function], guest: Guest) -> list[Sxp]:
    """Return the devices as xm sends them."""
    if guest.release == "3.0.0":
        return [
            ["device", ["pci", ["bus", _hex(one.bus)], ["dev", _hex(one.slot)], ["func", _hex(one.func)]]]
            for one in found
        ]
    return [["device", ["pci", *(_dev(one, guest) for one in found)]]] if found else []


def _hex(text: str) -> str:
    """Return a number with the 0x that xm puts before it."""
    return text if text.startswith("0x") else "0x" + text


def _place(one: Function, guest: Guest) -> str:
    """Return the slot in the guest; without one, any slot."""
    if guest.since("4.0"):
        return f"0x{int(one.at, 16) << 3:x}" if one.at else "0x100"
    return _hex(one.at or "20")


def _address(one: Function, guest: Guest) -> list[str]:
    """Return the four numbers of an address."""
    lower = guest.since("4.0")
    return [_hex(part.lower().rjust(width, "0") if lower else part) for part, width in _parts(one)]


def _parts(one: Function) -> tuple[tuple[str, int], ...]:
    """Return the parts of an address, with the width of 4.0 and later."""
    return (one.domain, 4), (one.bus, 2), (one.slot, 2), (one.func, 1)


def _dev(one: Function, guest: Guest) -> Sxp:
    """Return one device as part of the expression of all devices."""
    fields: list[Sxp] = [
        [key, value] for key, value in zip(("domain", "bus", "slot", "func"), _address(one, guest), strict=True)
    ]
    if guest.since("4.0"):
        options: list[Sxp] = [["opts", [key, value]] for key, value in one.options]
        return ["dev", *fields, ["vdevfn", _place(one, guest)], ["key", one.text], *options]
    if guest.since("3.4"):
        fields.append(["requested_vslot", _place(one, guest)])
        fields += [["opts", [[key, value] for key, value in one.options]]] if one.options else []
    return ["dev", *fields]
