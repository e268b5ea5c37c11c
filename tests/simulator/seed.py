# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filling the simulated host with the domains of a real one, from a listing saved there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .config import group_uuid, read_devices, show_plain
from .domains import EVENTS, Domain
from .guests import behaviour
from .sxp import Sxp, child_value, children, head, parse, show

if TYPE_CHECKING:
    from .host import Host


def sow(host: Host, listing: str) -> list[str]:
    """Add every domain but Domain-0, running, with its devices; return their names. Any release's listing will do."""
    names = []
    for entry in _entries(parse(listing, host.personality.dialect)):
        name = show_plain(child_value(entry, "name") or "")
        if not name or name == "Domain-0" or host.find_by_name(name):
            continue
        host.domains.append(grow(host, name, entry))
        names.append(name)
    make_room(host)
    return names


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
    """Return the running domain that a (domain ..) expression tells of; it is not in the host's list yet."""
    image = _image(child_value(entry, "image"))
    uuid = show_plain(child_value(entry, "uuid") or "").replace("-", "")
    vcpus = _number(entry, "vcpus", 1)
    domain = Domain(
        host,
        name=name,
        uuid=group_uuid(uuid, host.personality) if uuid else host.new_uuid(),
        domid=_number(entry, "domid", host.next_domid),
        memory=_number(entry, "memory", 0),
        maxmem=_number(entry, "maxmem", 0),
        vcpus=vcpus,
        vcpu_avail=_number(entry, "vcpu_avail", (1 << vcpus) - 1),
        weight=_weight(entry),
        image=image,
        behaviour=behaviour(show(image, host.personality.dialect)),
    )
    domain.on.update({event: show_plain(child_value(entry, f"on_{event}") or domain.on[event]) for event in EVENTS})
    domain.pins = [None] * vcpus
    host.next_domid = max(host.next_domid, (domain.domid or 0) + 1)
    read_devices(host, domain, ["domain", *(each for each in map(_device, children(entry, "device")) if each)])
    domain.starts = 1
    domain.console_uuid = host.new_uuid()
    domain.started, domain.started_wall = host.clock.now(), host.clock.wall()
    domain.paused, domain.unpaused_once = False, True
    return domain


_IMAGE_KEYS = ("kernel", "ramdisk", "root", "ip", "args", "vcpus", "device_model", "boot")


def _image(shown: Sxp) -> Sxp:
    """Return an image as one would give it to create, without what the later releases add."""
    if not isinstance(shown, list):
        return None
    return [shown[0], *(each for each in shown[1:] if head(each) in _IMAGE_KEYS)]


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
