# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fill the simulated host with the domains of a real one, from its listing.

A listing of the same release is kept unchanged: each domain shows what the original did, until it changes
(original.py). A listing of another release is interpreted, and shown as the simulated release would show it. In both
cases every value that is not shown as it was is reported.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .config import device_number, group_uuid, show_plain
from .domains import EVENTS, Device, Domain
from .guests import behaviour, hotplug
from .original import Item, Original, numbered
from .releases import PERSONALITIES
from .render import CPU_SHARE, domain_items, domain_sxp
from .sxp import Sxp, child_value, children, head, parse, parse_printed, show

if TYPE_CHECKING:
    from .host import Host
    from .personality import Personality

_DISKS = ("vbd", "tap", "tap2")
_MEASURED = {"cpu_time", "up_time"}
_CHOSEN = {"start_time", "store_mfn", "console_mfn"}  # by xend and the hypervisor, for each run of a domain anew


@dataclass
class Harvest:
    """The names of the added domains, and a sentence for each omission."""

    names: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def sow(host: Host, listing: str, release: str | None = None) -> Harvest:
    """Take over every domain, in its current state, with its devices, from a listing of any release."""
    harvest = Harvest()
    entries = _entries(parse(listing, host.personality.dialect))
    own = _looks_like(entries, host.personality) if release is None else release == host.personality.version
    if own:
        entries = _entries(parse_printed(listing, host.personality.dialect))
    for entry in entries:
        name = _text(entry, "name")
        why_not = _obstacle(host, name, entry)
        if why_not:
            harvest.notes.append(why_not)
            continue
        domain = host.find_by_name(name) or grow(host, name, entry)
        if name == "Domain-0":
            _adopt(domain, entry)
        else:
            host.domains.append(domain)
            harvest.names.append(name)
        if own:
            domain.original = _original(domain, entry)
        harvest.notes += _told(domain, entry)
    if not own and harvest.names:
        version = host.personality.version
        harvest.notes.append(
            f"the listing is of another release: what is shown of it is what xend {version} would show"
        )
    make_room(host)
    return harvest


def _looks_like(entries: list[Sxp], personality: Personality) -> bool:
    """Return whether no release's form comes nearer to that of a listing: by the fields, and the groups of a uuid."""
    fields = {head(each) for entry in entries if isinstance(entry, list) for each in entry[1:]} - {"device", None}
    groups = {tuple(len(part) for part in _text(entry, "uuid").split("-")) for entry in entries}

    def distance(other: Personality) -> int:
        return len(fields ^ ({*other.domain_fields} - {"devices"})) + len(groups - {other.uuid_groups})

    return distance(personality) == min(map(distance, PERSONALITIES.values()))


def _obstacle(host: Host, name: str, entry: Sxp) -> str:
    """Return why a domain cannot be taken over, or an empty text."""
    if not name:
        return "a domain without a name is left out"
    if name == "Domain-0":
        return ""
    if host.find_by_name(name):
        return f"{name} is left out: there is one of that name already"
    if "d" in _letters(entry) or name.startswith("Zombie-"):
        return f"{name} is left out: it is dying"
    if _halted(entry) and not host.personality.managed:
        return f"{name} is left out: it is halted, and xend {host.personality.version} keeps no such domains"
    return ""


# -- what is reported --------------------------------------------------------------------------------------------------


def _told(domain: Domain, entry: Sxp) -> list[str]:
    """Return the values of a domain that are not shown as they were."""
    notes = []
    if domain.name.startswith("migrating-"):
        notes.append(f"{domain.name} was about to leave: here it stays, under that name")
    missing = _not_shown(entry, domain_sxp(domain))
    if missing:
        notes.append(f"{domain.name} is shown without its {', '.join(missing)}")
    return notes


def _not_shown(entry: Sxp, shown: Sxp) -> list[str]:
    """Return the names of the values of a domain that one expression has and the other lacks."""
    gone = Counter(_facts(entry)) - Counter(_facts(shown))
    return list(dict.fromkeys(name for name, value in gone if value and name not in _MEASURED | _CHOSEN))


def _facts(entry: Sxp) -> list[tuple[str, str]]:
    """Return the name and the value of each field of a domain, of its image, and of its devices."""
    facts = []
    for each in entry[1:] if isinstance(entry, list) else ():
        inner = each[1] if isinstance(each, list) and len(each) > 1 else None
        if head(each) not in ("image", "device") or not isinstance(inner, list):
            facts.append((head(each) or "", _value(each)))
            continue
        kind = "image" if head(each) == "image" else head(inner) or "device"
        facts.append((kind, head(inner) or ""))
        facts += [(f"{kind} {head(pair)}", _value(pair)) for pair in inner[1:]]
    return facts


def _value(pair: Sxp) -> str:
    """Return a value in a form that is equal for all releases, '' for none."""
    values = [each for each in (pair[1:] if isinstance(pair, list) else [pair]) if each not in ("", [])]
    if head(pair) == "uuid":
        return show_plain(values[0] if values else "").replace("-", "")
    if head(pair) == "dev":
        return " ".join(str(show_plain(each)).removesuffix(":disk") for each in values)
    return " ".join(show(each, _PLAIN) for each in values)


_PLAIN = PERSONALITIES["4.1"].dialect  # any will do


# -- reading -----------------------------------------------------------------------------------------------------------


def _text(entry: Sxp, key: str) -> str:
    return str(show_plain(child_value(entry, key) or ""))


def _letters(entry: Sxp) -> str:
    """Return the six letters of its state, an empty text if there are none or they are not known yet."""
    return _text(entry, "state").strip("?")


def _halted(entry: Sxp) -> bool:
    """Return whether xend only keeps its definition: such a domain has a status, and no domid (WIRE.md (d))."""
    return child_value(entry, "domid") is None and child_value(entry, "status") is not None


def make_room(host: Host) -> None:
    """Give the host twice the memory of its domains, if it has less."""
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
        return int(_decimal(entry, key, default))
    except (OverflowError, ValueError):  # of what is infinite, and of what is none
        return default


def _decimal(entry: Sxp, key: str, default: float) -> float:
    try:
        return float(_text(entry, key) or default)
    except ValueError:
        return default


def grow(host: Host, name: str, entry: Sxp) -> Domain:
    """Return the domain of a (domain ..) expression; it is not in the host's list yet.

    It runs, unless the expression says otherwise.
    """
    image = _image(child_value(entry, "image"))
    uuid = _text(entry, "uuid").replace("-", "")
    domain = Domain(
        host,
        name=name,
        uuid=group_uuid(uuid, host.personality) if uuid else host.new_uuid(),
        domid=None if _halted(entry) else _number(entry, "domid", host.next_domid),
        bootloader=_text(entry, "bootloader"),
        image=image,
        behaviour=behaviour(show(image, host.personality.dialect)),
    )
    domain.on.update({event: _text(entry, f"on_{event}") or domain.on[event] for event in EVENTS})
    domain.on_xend = (_text(entry, "on_xend_start") or "ignore", _text(entry, "on_xend_stop") or "ignore")
    _adopt(domain, entry)
    host.next_domid = max(host.next_domid, (domain.domid or 0) + 1)
    for wrapper in children(entry, "device"):
        _add_device(domain, wrapper[1] if len(wrapper) > 1 else None)
    _bring_to_state(host, domain, entry)
    return domain


def _adopt(domain: Domain, entry: Sxp) -> None:
    """Give a domain its share of the host."""
    domain.memory = _number(entry, "memory", domain.memory)
    domain.maxmem = _number(entry, "maxmem", domain.maxmem)
    domain.vcpus = _number(entry, "vcpus", domain.vcpus)
    domain.vcpu_avail = _number(entry, "vcpu_avail", (1 << domain.vcpus) - 1)
    domain.weight, domain.cap = _weight(entry), _number(entry, "cpu_cap", 0)
    domain.pins = _pins(child_value(entry, "cpus"), domain.vcpus)


def _pins(shown: Sxp, vcpus: int) -> list[tuple[int, ...] | None]:
    """Return the cpus of each vcpu, None for any: shown for each, or once for all of them."""
    if not isinstance(shown, list):
        return [None] * vcpus
    each = shown if any(isinstance(part, list) for part in shown) else [shown] * vcpus
    pins = [_cpus(part) for part in each]
    return (pins + [None] * vcpus)[:vcpus]


def _cpus(shown: Sxp) -> tuple[int, ...] | None:
    words = [show_plain(each) for each in shown] if isinstance(shown, list) else []
    return tuple(int(word) for word in words if word.isdecimal()) or None


def _bring_to_state(host: Host, domain: Domain, entry: Sxp) -> None:
    """Put the domain into its listed state: halted, paused, down and preserved, or running."""
    if domain.domid is None:
        domain.managed = True
        return
    letters = _letters(entry)
    domain.starts = 1
    domain.console_uuid = _console_uuid(entry) or host.new_uuid()
    # In 3.0.4 and later a new one shows no letter for a moment, but its status says that it is paused.
    domain.paused = "p" in letters or (not letters.strip("-") and child_value(entry, "status") == "1")
    domain.unpaused_once = not domain.paused or "b" in letters
    if "c" in letters:
        domain.down = "crash"
    elif "s" in letters:
        suspended = (child_value(entry, "status") == "3", child_value(entry, "shutdown_reason") == "suspend")
        domain.down = "suspend" if any(suspended) else "poweroff"
    _begin(host, domain, entry)


def _begin(host: Host, domain: Domain, entry: Sxp) -> None:
    """Set its start time and its cpu time to those of the original."""
    now, wall = host.clock.now(), host.clock.wall()
    domain.started_wall = _decimal(entry, "start_time", wall)
    age = max(0.0, wall - domain.started_wall)
    domain.started = now - age
    domain.cpu_before = _decimal(entry, "cpu_time", 0.0) - (age * CPU_SHARE if domain.unpaused_once else 0.0)


def _console_uuid(entry: Sxp) -> str:
    consoles = (wrapper[1] for wrapper in children(entry, "device") if len(wrapper) > 1)
    return next((_text(each, "uuid") for each in consoles if head(each) == "console"), "")


def _weight(entry: Sxp) -> int:
    """Return the cpu weight; the float of the old releases means nothing."""
    text = _text(entry, "cpu_weight")
    return 256 if not text or "." in text else _number(entry, "cpu_weight", 256)


_ADDED_TO_IMAGE = {"notes", "pci"} | {each[0] for release in PERSONALITIES.values() for each in release.image_defaults}


def _image(shown: Sxp) -> Sxp:
    """Return an image in the form of a create, without what later releases add.

    4.0 and earlier print an empty value as nothing: `(args )` (WIRE.md (b)).
    """
    if not isinstance(shown, list) or not shown:
        return None
    hidden = {*_ADDED_TO_IMAGE}
    root = _text(shown, "root")
    if root and f"root={root}" in _text(shown, "args"):
        hidden.add("root")  # shown twice
    given = [each for each in shown[1:] if isinstance(each, list) and each and head(each) not in hidden]
    return [shown[0], *(each if len(each) > 1 else [*each, ""] for each in given)]


# -- devices -----------------------------------------------------------------------------------------------------------

_ADDED_TO_DEVICE = {"backend", "uuid", "devid", "bootable", "driver", "VDI", "protocol"}


def _add_device(domain: Domain, shown: Sxp) -> None:
    """Add a device as it was shown; the simulator adds a console itself."""
    kind = head(shown)
    if kind is None or kind == "console":
        return
    host = domain.host
    taken = {each.uuid for each in domain.devices}
    uuid = _text(shown, "uuid")
    device = Device(kind, 0, _given(kind, shown), host.new_uuid() if not uuid or uuid in taken else uuid)
    device.created = host.clock.now()
    device.backend = _number(shown, "backend", 0)
    device.devid = _devid(domain, device, shown)
    if kind == "vif":
        domain.next_vif = max(domain.next_vif, device.devid + 1)
        device.config.setdefault("mac", [host.new_mac()])
    device.hotplug = hotplug(*(device.get(key) or "" for key in ("uname", "bridge", "script")))
    domain.devices.append(device)


def _given(kind: str, shown: Sxp) -> dict[str, list[str]]:
    """Return the values of each key in the form of a create, without what xend adds."""
    pairs: dict[str, list[str]] = {}
    for pair in shown[1:] if isinstance(shown, list) else ():
        key = head(pair)
        if not isinstance(pair, list) or key is None or key in _ADDED_TO_DEVICE:
            continue
        values = pair[1] if len(pair) > 1 and key == "ip" and isinstance(pair[1], list) else pair[1:2]
        words = [str(show_plain(each)) for each in values]
        if key == "dev" and kind in _DISKS:
            words = [word.removesuffix(":disk") for word in words]
        pairs.setdefault(key, []).extend(word for word in words if word)
    return {key: values for key, values in pairs.items() if values}


def _devid(domain: Domain, device: Device, shown: Sxp) -> int:
    """Return the id that is shown, or that of the disk's name, or the next one of its kind."""
    name, _colon, given_class = (device.get("dev") or "").removeprefix("ioemu:").partition(":")
    number = device_number(name) if device.kind in _DISKS else None
    if device.kind in _DISKS:
        device.given_class = given_class or "disk"
    if number is not None:
        return number
    return _number(shown, "devid", max((each.devid + 1 for each in domain.of_kind(device.kind)), default=0))


# -- what the original showed ------------------------------------------------------------------------------------------


def _original(domain: Domain, entry: Sxp) -> Original:
    """Return what is kept of an entry: each device of it is known by the uuid that it has here."""
    domain.restored = bool(domain.domid) and child_value(entry, "start_time") is None  # only then it is not known
    uuids = iter([each.uuid for each in domain.devices])
    kinds = [_kind(wrapper) for wrapper in children(entry, "device")]
    names = ["console" if kind == "console" else next(uuids) if kind else "" for kind in kinds]
    fields = numbered(entry[1:] if isinstance(entry, list) else [])
    shown: list[Item] = [
        ((key, names[int(number)] if key == "device" else number), each) for (key, number), each in fields
    ]
    return Original(tuple(shown), tuple(domain_items(domain)))


def _kind(wrapper: list[Sxp]) -> str | None:
    return head(wrapper[1]) if len(wrapper) > 1 else None
