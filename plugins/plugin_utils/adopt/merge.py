# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Merge a living domain and its config file into the options that declare it. The domain takes precedence.

To find out whether an option can be declared, it is compared with the domain as xen_domain does. An option that would
change something, or be reported as drift, is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import filterfalse
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.fields.table import FIELDS, NAMES
from ansible_collections.dom0.xend.plugins.module_utils.model.devices import number_or_name
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import masked
from ansible_collections.dom0.xend.plugins.module_utils.plan.planning import comparison
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest
from ansible_collections.dom0.xend.plugins.plugin_utils.adopt.files import Config
from ansible_collections.dom0.xend.plugins.plugin_utils.guests.given import guest_of

Options = dict[str, Any]
Path = tuple[Any, ...]
"""The place of a value in the options: keys, and positions in lists."""

_STATES = {"running": "running", "paused": "paused", "halted": "defined"}
"""The state to declare for each state of a domain. ``defined`` keeps a definition without starting it."""

_KEPT_FROM_FILE = ("shadow_memory",)
"""The options that xend shows as the hypervisor has them, not as given."""

_OF_VIF = re.compile(r"vifs\[(.*)\]\.(\w+)")
"""The name of a field of an interface in not_declarable."""

_UNITS = {"memory": " MiB", "maxmem": " MiB"}

_DEVICES: Mapping[str, tuple[str, ...]] = {
    "vbds": ("uname", "mode", "backend"),
    "vifs": ("bridge", "ip", "script", "backend", "type", "model", "rate", "vifname"),
    "vfbs": ("vncdisplay", "vncunused", "vnclisten", "vncpasswd", "display", "xauthority"),
}
"""The lists of devices, and the fields that a file may add to a device."""


@dataclass
class Merged:
    """The options of a guest, and notes for its owner."""

    options: Options = field(repr=False)
    notes: list[str] = field(default_factory=list)


def merge(found: Domain, shown: Mapping[str, Any], config: Optional[Config]) -> Merged:
    """Return a domain as options. *shown* is its data from xen_domain_info, *config* its file."""
    merged = Merged({"name": found.name, "state": _STATES[str(found.state)]})
    for name, value in _declarable(found, shown).items():
        # Each value is tried with those before it: options may be valid only together.
        if not _added(merged, found, (name,), value):
            _add_parts(merged, found, name, value)
    if config is not None:
        # The file comes second, so that it only fills what the domain leaves open.
        for path, value in list(_additions(merged.options, config.options)):
            _added(merged, found, path, value)
    for entry in shown.get("not_declarable") or ():
        if not _is_declared(merged.options, str(entry)):
            merged.notes.append(f"{found.name} has something that cannot be declared as xend shows it: {entry}.")
    if config is not None:
        merged.notes += _differences(found, config)
    return merged


def _added(merged: Merged, found: Domain, path: Path, value: Any) -> bool:
    """Add a value to the options if the domain is still as declared with it; return whether it is."""
    # A copy, so that a value that does not fit leaves the options unchanged.
    options = deepcopy(merged.options)
    place: Any = options
    for step in path[:-1]:
        place = place[step] if isinstance(place, list) else place.setdefault(step, {})
    place[path[-1]] = deepcopy(value)
    if not _is_as_declared(found, options):
        return False
    merged.options = options
    return True


def _add_parts(merged: Merged, found: Domain, name: str, value: Any) -> None:
    """Add the devices of a list that can be declared. The others are left out with a note."""
    for device in value if name in _DEVICES else [None]:
        if device is None or not _added(merged, found, (name,), [*merged.options.get(name, []), device]):
            which = f"[{device.get('dev') or device.get('mac')}]" if device else ""
            merged.notes.append(f"{name}{which} of {found.name} is left out: it cannot be declared as xend shows it.")


def _is_as_declared(found: Domain, options: Options) -> bool:
    """Return whether xen_domain would find neither a change nor drift."""
    try:
        result = comparison(found, guest_of(options, {}).desired)
    except InvalidRequest:
        return False
    return not result.operations and not result.drift


# ---- what lives


def _declarable(found: Domain, shown: Mapping[str, Any]) -> Options:
    """Return the options in the data of xen_domain_info, without empty ones and without fields that are no options."""
    refused = set(shown.get("not_declarable") or ())
    known = [entry.name for entry in FIELDS if found.release is None or entry.is_known_to(found.release)]
    options = {name: _said(shown.get(name)) for name in known if name not in (*refused, *_KEPT_FROM_FILE)}
    for vif in options.get("vifs") or ():
        for key in ("rate", "mac"):
            if f"vifs[{vif.get('mac')}].{key}" in refused:
                vif.pop(key, None)
    if "vcpus" in refused and found.usable_vcpus:
        options["vcpus"] = found.usable_vcpus
    # xend shows the kernel that the bootloader has copied from the disk, to a file that is gone by now.
    if options.get("bootloader"):
        options.pop("image", None)
    return {name: value for name, value in options.items() if value not in (None, "", [], {})}


def _said(value: Any) -> Any:
    """Return a value without nulls and empty dicts."""
    if isinstance(value, Mapping):
        said = {str(key): _said(item) for key, item in value.items()}
        return {key: item for key, item in said.items() if item is not None and item != {}}
    return [_said(item) for item in value] if isinstance(value, (list, tuple)) else _plain(value)


def _plain(value: Any) -> Any:
    """Return a value without Ansible's tags."""
    # bool comes before int: a bool is an int, too.
    return next((kind(value) for kind in (bool, int, float, str) if isinstance(value, kind)), value)


# ---- what the file adds


def _additions(options: Options, given: Options) -> Iterator[tuple[Path, Any]]:
    """Yield each value of the file that the options lack, with its place in the options."""
    for name in NAMES:
        if name in given and name not in options:
            yield (name,), given[name]
    if "image" in options and "image" in given:
        shown = options["image"].get("options", {})
        for key, value in given["image"].get("options", {}).items():
            if key not in shown:
                yield ("image", "options", key), value
    for kind, keys in _DEVICES.items():
        for place, device in _pairs(kind, options.get(kind, []), given.get(kind, [])):
            for key in keys:
                if device.get(key) is not None and options[kind][place].get(key) is None:
                    yield (kind, place, key), device[key]


def _pairs(kind: str, ours: list[Options], theirs: list[Options]) -> Iterator[tuple[int, Options]]:
    """Yield the place of each declared device with the same device of the file."""
    rest = list(theirs)
    for place, device in enumerate(ours):
        same = next((other for other in rest if _is_same(kind, device, other, ours)), None)
        if same is not None:
            # A matched device is removed, so that no device of the file is used twice.
            rest.remove(same)
            yield place, same


def _is_same(kind: str, device: Options, other: Options, ours: list[Options]) -> bool:
    """Return whether two devices are the same: by the number of a disk, the mac of an interface, or by position."""
    if kind == "vbds":
        return number_or_name(device.get("dev")) == number_or_name(other.get("dev"))
    mac = str(other.get("mac") or "").lower()
    # A vif of the file without a mac takes the next one; with a mac it must be the same.
    return mac == device.get("mac") if mac in [each.get("mac") for each in ours] else not mac


def _is_declared(options: Options, entry: str) -> bool:
    """Return whether the options declare, from the file, a value that xend does not show in a declarable form."""
    of_vif = _OF_VIF.fullmatch(entry)
    if of_vif:
        return any(vif.get("mac") == of_vif[1] and of_vif[2] in vif for vif in options.get("vifs", ()))
    if entry.startswith("device "):
        return any(text.startswith(f"(device ({entry[len('device ') :]} ") for text in options.get("extra_config", ()))
    if entry == "vfbs.vncpasswd":
        return any("vncpasswd" in vfb for vfb in options.get("vfbs", ()))
    return entry == "cpus" and "cpus" in options


# ---- what differs


def _differences(found: Domain, config: Config) -> Iterator[str]:
    """Yield a sentence for each difference between a domain and its file."""
    given = {name: value for name, value in config.options.items() if name in NAMES and name != "uuid"}
    # purge_*, so that devices of the domain that the file lacks are differences, too.
    whole = {"vbds": [], "vifs": [], **given, "purge_vbds": True, "purge_vifs": True}
    # Compared as a definition: there every difference is reported as drift, and none becomes an operation.
    try:
        desired = guest_of({**whole, "name": found.name, "state": "stopped"}, {}).desired
        drift = comparison(replace(found, state="halted"), desired).drift
    except InvalidRequest as error:
        yield f"{found.name} cannot be compared with {config.path}: {masked(str(error)).rstrip('.')}."
        return
    for entry in filterfalse(_is_one, [*drift, *_not_in_file(found, desired.declared(found.release))]):
        yield masked(f"{_difference(found, config, entry)}{_consequence(found)}.")


def _not_in_file(found: Domain, declared: Domain) -> Iterator[Mapping[str, Any]]:
    """Yield the values that a guest has booted with and its file lacks. They are no drift, but the next start loses them."""
    if found.image is None or declared.image is None or found.bootloader or declared.bootloader:
        return
    # Without a bootloader only: it replaces ramdisk and args itself.
    for key in ("ramdisk", "args"):
        if getattr(found.image, key) and not getattr(declared.image, key):
            yield {"option": f"image.{key}", "declared": None, "found": getattr(found.image, key)}


def _is_one(entry: Mapping[str, Any]) -> bool:
    """Return whether a difference does not count: words in another order, or bytes that are no UTF-8 and cannot be compared."""
    declared, found = str(entry["declared"]), str(entry["found"])
    return "\\x" in found or (entry["option"] == "image.args" and sorted(declared.split()) == sorted(found.split()))


def _difference(found: Domain, config: Config, entry: Mapping[str, Any]) -> str:
    """Return the difference as a sentence without a full stop."""
    option, unit = entry["option"], _UNITS.get(entry["option"], "")
    if entry["declared"] == "absent" and entry["found"] == "present":
        return f"{found.name} has {option}, which {config.path} does not name"
    if entry["declared"] == "present" and entry["found"] == "absent":
        return f"{found.name} does not have {option}, which {config.path} names"
    has = "has" if found.state == "halted" else "runs with"
    return f"{found.name} {has} {option} {_told(entry['found'])}{unit}, {config.path} says {_told(entry['declared'])}"


def _told(value: Any) -> str:
    """Return a value for a sentence, on one line, quoted if it is not one word."""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_told, value))
    text = "nothing" if value is None or value == "" else str(value)
    return text if text.isprintable() and " " not in text else ascii(text)


def _consequence(found: Domain) -> str:
    """Return the consequence of a difference at the next reboot of the host."""
    if found.state == "halted":
        return ""
    if found.release is not None and found.release.manages:
        return f": a reboot of the host loses that, unless xend manages {found.name}"
    return ": a reboot of the host loses that"
