# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filling the simulated host with the domains of a real one, from a listing that it gave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .config import group_uuid, read_devices, show_plain
from .domains import EVENTS, Domain
from .guests import behaviour
from .sxp import Sxp, child_value, children, head, parse, show

if TYPE_CHECKING:
    from .host import Host


@dataclass
class Harvest:
    """The names of the domains that were added, and what was left out, a sentence each."""

    names: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def sow(host: Host, listing: str) -> Harvest:
    """Add every domain but Domain-0, in the state that it is in, with its devices. Any release's listing will do."""
    harvest = Harvest()
    for entry in _entries(parse(listing, host.personality.dialect)):
        name = show_plain(child_value(entry, "name") or "")
        why_not = _obstacle(host, name, entry)
        if why_not:
            harvest.notes.append(why_not)
        elif name != "Domain-0":
            host.domains.append(grow(host, name, entry))
            harvest.names.append(name)
            harvest.notes += _left_out(name, entry)
    make_room(host)
    return harvest


def _obstacle(host: Host, name: str, entry: Sxp) -> str:
    """Return why a domain cannot be added, or an empty text."""
    if name == "Domain-0":
        return ""
    if not name:
        return "a domain without a name is left out"
    if host.find_by_name(name):
        return f"{name} is left out: there is one of that name already"
    if "d" in _letters(entry) or name.startswith("Zombie-"):
        return f"{name} is left out: it is dying"
    if _halted(entry) and not host.personality.managed:
        return f"{name} is left out: it is halted, and xend {host.personality.version} keeps no such domains"
    return ""


def _left_out(name: str, entry: Sxp) -> list[str]:
    """Return a sentence for each kind of device that is not taken over; xend makes a console by itself."""
    kinds = {head(wrapper[1]) or "" for wrapper in children(entry, "device") if len(wrapper) > 1}
    return [f"{name} comes without its {kind}" for kind in sorted(kinds - {*_GIVEN, "console", ""})]


def _letters(entry: Sxp) -> str:
    """Return the six letters of its state, nothing where there are none or they are not known yet."""
    return show_plain(child_value(entry, "state") or "").strip("?")


def _halted(entry: Sxp) -> bool:
    """Tell whether xend only keeps its definition: such a domain has no domid, and the status 0 (WIRE.md (d))."""
    return child_value(entry, "domid") is None and child_value(entry, "status") == "0"


def make_room(host: Host) -> None:
    """Give the host twice the memory that its domains have, if it has less."""
    host.total_memory = max(host.total_memory, 2 * sum(each.memory for each in host.domains))


def _entries(parsed: list[Sxp]) -> list[Sxp]:
    """Return the (domain ..) expressions, whether in a list or one after the other."""
    found: list[Sxp] = []
    for each in parsed:
        if head(each) == "domain":
            found.append(each)
        elif isinstance(each, list):
            found += [item for item in each if head(item) == "domain"]
    return found


def _number(entry: Sxp, key: str, default: int) -> int:
    try:
        return int(float(show_plain(child_value(entry, key) or str(default))))
    except ValueError:
        return default


def grow(host: Host, name: str, entry: Sxp) -> Domain:
    """Return the domain that a (domain ..) expression tells of; it is not in the host's list yet.

    It runs, unless the expression says otherwise.
    """
    image = _image(child_value(entry, "image"))
    uuid = show_plain(child_value(entry, "uuid") or "").replace("-", "")
    vcpus = _number(entry, "vcpus", 1)
    domain = Domain(
        host,
        name=name,
        uuid=group_uuid(uuid, host.personality) if uuid else host.new_uuid(),
        domid=None if _halted(entry) else _number(entry, "domid", host.next_domid),
        memory=_number(entry, "memory", 0),
        maxmem=_number(entry, "maxmem", 0),
        vcpus=vcpus,
        vcpu_avail=_number(entry, "vcpu_avail", (1 << vcpus) - 1),
        weight=_weight(entry),
        cap=_number(entry, "cpu_cap", 0),
        bootloader=show_plain(child_value(entry, "bootloader") or ""),
        image=image,
        behaviour=behaviour(show(image, host.personality.dialect)),
    )
    domain.on.update({event: show_plain(child_value(entry, f"on_{event}") or domain.on[event]) for event in EVENTS})
    domain.pins = [None] * vcpus
    host.next_domid = max(host.next_domid, (domain.domid or 0) + 1)
    read_devices(host, domain, ["domain", *(each for each in map(_device, children(entry, "device")) if each)])
    _bring_to_state(host, domain, entry)
    return domain


def _bring_to_state(host: Host, domain: Domain, entry: Sxp) -> None:
    """Leave the domain as it was seen: halted, paused, down and preserved, or else running."""
    if domain.domid is None:
        domain.managed = True
        return
    letters = _letters(entry)
    domain.starts = 1
    domain.console_uuid = host.new_uuid()
    domain.started, domain.started_wall = host.clock.now(), host.clock.wall()
    # A fresh one shows no letter for some moments from 3.0.4 on, but its status says that it is paused.
    domain.paused = "p" in letters or (not letters.strip("-") and child_value(entry, "status") == "1")
    domain.unpaused_once = not domain.paused or "b" in letters
    if "c" in letters:
        domain.down = "crash"
    elif "s" in letters:
        suspended = (child_value(entry, "status") == "3", child_value(entry, "shutdown_reason") == "suspend")
        domain.down = "suspend" if any(suspended) else "poweroff"


_IMAGE_KEYS = ("kernel", "ramdisk", "root", "ip", "args", "vcpus", "device_model", "boot")


def _image(shown: Sxp) -> Sxp:
    """Return an image as one would give it to create, without what the later releases add.

    Up to 4.0 an empty value is printed as nothing: `(args )` (WIRE.md (b)).
    """
    if not isinstance(shown, list):
        return None
    given = [each for each in shown[1:] if isinstance(each, list) and head(each) in _IMAGE_KEYS]
    return [shown[0], *(each if len(each) > 1 else [*each, ""] for each in given)]


_GIVEN = {
    "vbd": ("uname", "dev", "mode"),
    "tap": ("uname", "dev", "mode"),
    "vif": ("mac", "bridge", "ip", "script", "vifname", "type"),
}


def _device(wrapper: list[Sxp]) -> list[Sxp] | None:
    """Return (device ..) as one would give it to create: without what xend adds; None for what it makes itself."""
    device = wrapper[1] if len(wrapper) > 1 else None
    kind = head(device) or ""
    if kind not in _GIVEN:
        return None
    pairs: list[Sxp] = []
    for key in _GIVEN[kind]:
        value = child_value(device, key)
        values = value if isinstance(value, list) else [value]
        pairs += [[key, _plain(kind, key, show_plain(each))] for each in values if each]
    return ["device", ["tap" if kind == "tap" else kind, *pairs]]


def _plain(kind: str, key: str, value: str) -> str:
    if key == "dev" and kind != "vif":
        return value.removesuffix(":disk")
    return value


def _weight(entry: Sxp) -> int:
    """Return the cpu weight; the float of the old releases means nothing."""
    text = show_plain(child_value(entry, "cpu_weight") or "")
    return 256 if not text or "." in text else _number(entry, "cpu_weight", 256)
