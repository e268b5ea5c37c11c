# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""vfbs, pci and extra_config: options that matter when a domain is created, and that xend hardly shows afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.fields.boot import EMULATED
from ansible_collections.dom0.xend.plugins.module_utils.fields.field import Field, Pair, as_text
from ansible_collections.dom0.xend.plugins.module_utils.fields.simple import TEXT
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.model.reading import pairs, text_of
from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import (
    beginning_without_secrets,
    expression_without_secrets,
    without_secrets,
)
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import Release
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp, SxpError, dumps, loads

DEVICES = ("vbd", "tap", "tap2", "vif", "vfb", "vkbd", "pci", "console")
"""The device classes that a field declares, or that xend adds itself."""

_OF_OPTIONS = {
    *("name", "device", "image", "uuid", "memory", "maxmem", "shadow_memory", "features", "localtime"),
    *("vcpus", "cpus", "cpu_weight", "cpu_cap", "bootloader", "bootloader_args"),
    *("on_poweroff", "on_reboot", "on_crash", "on_xend_start", "on_xend_stop"),
}
"""The entries at the top level of a config that a field declares."""

_PCI = re.compile(r"(?:([0-9a-f]{4}):)?([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])", re.IGNORECASE)
_PCI_PARTS = ("domain", "bus", "slot", "func")


def devices_of(domain: Domain, kind: str) -> list[list[Sxp]]:
    """Return the devices of a class as xend shows them."""
    devices = [value for key, value in pairs(domain.tree) if key == "device"]
    return [device for device in devices if isinstance(device, list) and device[:1] == [kind]]


def _write_vfbs(options: Mapping[str, Any], release: Optional[Release]) -> list[Sxp]:
    """Write each, and one keyboard for all."""
    del release
    each = [[[key, as_text(value)] for key, value in vfb.items() if value is not None] for vfb in options["vfbs"]]
    keyboard: list[Sxp] = [["device", ["vkbd"]]] if each else []
    return keyboard + [["device", ["vfb", *fields]] for fields in each]


def _read_vfbs(domain: Domain) -> Optional[list[dict[str, Any]]]:
    """Return the vfbs in the form of the option, without passwords. xend itself adds the vfb of an hvm guest."""
    if not isinstance(domain.tree, list) or _is_emulated(domain):
        return None
    return [_read_vfb(dict(pairs(device))) for device in devices_of(domain, "vfb")] or None


def _is_emulated(domain: Domain) -> bool:
    """Return whether the guest is fully virtualised."""
    return domain.image is not None and domain.image.type in EMULATED


def _read_vfb(fields: Mapping[str, Sxp]) -> dict[str, Any]:
    """Return one vfb. 3.4 and later show its type as ``(vnc 1)``."""
    kind = text_of(fields.get("type")) or ("sdl" if fields.get("sdl") == "1" and fields.get("vnc") != "1" else "vnc")
    display, unused = text_of(fields.get("vncdisplay")), fields.get("vncunused")
    found = {
        "type": kind,
        "vncdisplay": int(display) if display and display.isdecimal() else None,
        "vncunused": {"0": False, "1": True}.get(unused) if isinstance(unused, str) else None,
        **{key: text_of(fields.get(key)) for key in ("vnclisten", "display", "xauthority")},
    }
    return {key: value for key, value in found.items() if value is not None}


def _compare_vfbs(pair: Pair) -> None:
    """Compare how many there are."""
    declared = len(devices_of(pair.declared, "vfb"))
    if not (declared or "vfbs" in pair.desired.options) or not isinstance(pair.found.tree, list):
        return
    if _is_emulated(pair.found):
        pair.result.not_compared.append("vfbs")
    else:
        pair.note("vfbs", declared, len(devices_of(pair.found, "vfb")))


def _write_pci(options: Mapping[str, Any], release: Optional[Release]) -> list[Sxp]:
    """Write all as one device. Raises InvalidRequest."""
    del release
    return [["device", ["pci", *map(_pci_tree, options["pci"])]]] if options["pci"] else []


def _pci_tree(address: str) -> Sxp:
    """Return the expression of a PCI device for xend 3.0.2 and later. Raises InvalidRequest."""
    match = _PCI.fullmatch(address)
    if not match:
        raise InvalidRequest(f"pci: {address!r} is not the address of a device, such as 0000:00:03.0")
    parts = zip(_PCI_PARTS, (match[1] or "0", *match.groups()[1:]))
    fields: list[Sxp] = [[key, f"0x{int(value, 16):x}"] for key, value in parts]
    return ["dev", *fields]


def _read_pci(domain: Domain) -> Optional[list[str]]:
    """Return the addresses in the form of the option."""
    if not isinstance(domain.tree, list):
        return None
    entries = [value for device in devices_of(domain, "pci") for key, value in _lists(device) if key == "dev"]
    return [address for address in map(_address, entries) if address] or None


def _lists(device: list[Sxp]) -> list[tuple[str, list[Sxp]]]:
    """Return the children that are lists, whole."""
    return [(str(child[0]), child) for child in device[1:] if isinstance(child, list) and child]


def _address(entry: list[Sxp]) -> Optional[str]:
    """Return 0000:00:03.0 for (dev (domain 0x0) (bus 0x0) (slot 0x3) (func 0x0)), None for any other expression."""
    fields = dict(pairs(entry))
    try:
        domain, bus, slot, func = (int(str(fields.get(part, "0")), 16) for part in _PCI_PARTS)
    except ValueError:
        return None
    return f"{domain:04x}:{bus:02x}:{slot:02x}.{func:x}"


def _compare_pci(pair: Pair) -> None:
    """Compare the addresses if xend shows some."""
    declared, found = _read_pci(pair.declared), _read_pci(pair.found)
    if not declared and "pci" not in pair.desired.options:
        return
    if found:
        pair.note("pci", sorted(declared or ()), sorted(found))
    elif declared:
        pair.result.not_compared.append("pci")


def parse_fragment(text: str, taken: tuple[str, ...] = ()) -> Sxp:
    """Return one entry of extra_config. Raises InvalidRequest for a malformed entry, or one that an option in *taken* covers."""
    try:
        tree = loads(text, alone=True)
    except SxpError as error:
        shown = beginning_without_secrets(text)
        raise InvalidRequest(
            f"extra_config: {shown!r} is not an s-expression that xend can read: {told(error, text)}"
        ) from None
    if not isinstance(tree, list) or not tree or not isinstance(tree[0], str):
        shown = expression_without_secrets(text)
        raise InvalidRequest(
            f"extra_config: {shown!r} must be one list that begins with a word, such as (description web)"
        )
    kind = tree[1][0] if tree[0] == "device" and len(tree) > 1 and isinstance(tree[1], list) and tree[1] else None
    if tree[0] in ("name", "image", *taken) or kind in ("vbd", "vif"):
        raise InvalidRequest(f"extra_config: use the option for {dumps(without_secrets(tree))}")
    return tree


def told(error: SxpError, text: str) -> SxpError:
    """Return the error without any part of *text* that may be a secret."""
    return SxpError(error.reason, beginning_without_secrets(text), error.position)


def _write_extra(options: Mapping[str, Any], release: Optional[Release]) -> list[Sxp]:
    """Write them as they are."""
    del release
    return [parse_fragment(text) for text in options["extra_config"]]


def _compare_extra(pair: Pair) -> None:
    """Note that nothing is compared: releases differ in how they use and show these entries."""
    if pair.desired.options.get("extra_config"):
        pair.result.not_compared.append("extra_config")
    if pair.desired.config is not None:
        pair.result.not_compared.extend(f"config.{part}" for part in _beyond_the_options(pair.desired.config))


def _beyond_the_options(config: list[Sxp]) -> list[str]:
    """Return the entries and the device classes of a config that no option declares."""
    entries = [item for item in config if isinstance(item, list) and item and isinstance(item[0], str)]
    devices = [item[1] for item in entries if item[0] == "device" and len(item) > 1]
    kinds = [str(device[0]) for device in devices if isinstance(device, list) and device]
    return [
        *(str(item[0]) for item in entries if item[0] not in _OF_OPTIONS),
        *(f"device {kind}" for kind in kinds if kind not in DEVICES),
    ]


_VFB = {
    "type": {"type": "str", "choices": ["vnc", "sdl"], "default": "vnc"},
    "vncdisplay": {"type": "int"},
    "vncunused": {"type": "bool"},
    "vnclisten": TEXT,
    "vncpasswd": {"type": "str", "no_log": True},
    "display": TEXT,
    "xauthority": TEXT,
}
VFBS = Field(
    "vfbs",
    {"type": "list", "elements": "dict", "options": _VFB},
    _write_vfbs,
    _read_vfbs,
    _compare_vfbs,
    known_to="3.0.4 to 4.4",
)
PCI = Field("pci", {"type": "list", "elements": "str"}, _write_pci, _read_pci, _compare_pci)
EXTRA_CONFIG = Field(
    "extra_config", {"type": "list", "elements": "str"}, _write_extra, lambda _domain: None, _compare_extra
)
