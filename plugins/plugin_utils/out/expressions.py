# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of a domain that no field has, only its s-expression.

The expression is ``sxp`` of xen_domain_info, or ``config`` or ``extra_config`` of xen_domain. A field takes precedence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import SEXPDATA_IMPORT_ERROR, Sxp, SxpError, loads
from ansible_collections.dom0.xend.plugins.plugin_utils.out.values import NotADomain, flag, mappings, texts

_FIELDS = (
    "cpu_weight",
    "cpu_cap",
    "cpus",
    "bootloader_args",
    "features",
    "localtime",
    "on_xend_start",
    "on_xend_stop",
    "shadow_memory",
    "rtc_timeoffset",
)
_IMAGE_FIELDS = ("kernel", "loader", "ramdisk", "args", "root", "ip", "vcpus", "notes", "pci")
"""The keys of an image that are no options: they have a field of their own, or describe the kernel."""


def with_expressions(domain: Mapping[str, Any]) -> dict[str, Any]:
    """Return a domain with the values of its s-expressions added to its fields. Raises NotADomain."""
    said: dict[str, Any] = {}
    given = domain.get("config") or domain.get("sxp")
    if given:
        tree = _tree(given)
        said = _merged(_described(tree, domain.get("name")), _extras(tree))
    extra: list[Sxp] = ["extra", *map(_tree, texts(domain.get("extra_config")))]
    said = _merged(said, _extras(extra))
    return _merged(said, {key: value for key, value in domain.items() if value is not None})


def _merged(said: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return *said*, overridden by *more*; the options of an image and the fields of a screen are merged one by one."""
    merged = {**said, **{key: value for key, value in more.items() if value not in ([], ())}}
    # The field of xen_domain_info has no password, and only the expression says that there is one.
    first, second = (mappings(each.get("vfbs")) for each in (said, more))
    if first and len(first) == len(second):
        merged["vfbs"] = [{**one, **other} for one, other in zip(first, second)]
    images = [each["image"] for each in (said, more) if isinstance(each.get("image"), Mapping)]
    if images:
        options = [image["options"] for image in images if isinstance(image.get("options"), Mapping)]
        merged["image"] = {key: value for image in images for key, value in image.items() if value is not None}
        merged["image"]["options"] = {key: value for each in options for key, value in each.items()}
    return merged


def _tree(given: object) -> Sxp:
    """Return the tree of an s-expression. Raises NotADomain."""
    if SEXPDATA_IMPORT_ERROR:
        raise NotADomain("the Python library sexpdata is needed on the controller to read s-expressions")
    try:
        tree = loads(str(given), alone=False)
    except SxpError as error:
        raise NotADomain(f"its s-expression cannot be read: {error.reason}") from None
    if not isinstance(tree, list):
        raise NotADomain("its s-expression is a word, and not a list")
    return tree


def _described(tree: Sxp, name: object) -> dict[str, Any]:
    """Return the fields that every reader of domains knows. Raises NotADomain."""
    named: Sxp = [*tree, ["name", str(name)]] if name and isinstance(tree, list) else tree
    try:
        return {key: value for key, value in Domain.from_sxp(named).as_dict().items() if value is not None}
    except ValueError as error:
        raise NotADomain(f"its s-expression is {error}") from None


def _extras(tree: Sxp) -> dict[str, Any]:
    """Return the other values of an expression, as options of xen_domain."""
    pairs = list(_pairs(tree))
    found: dict[str, Any] = {key: values[0] for key, values in pairs if key in _FIELDS and values and values[0]}
    devices = [values[0] for key, values in pairs if key == "device" and values and isinstance(values[0], list)]
    image = next((values[0] for key, values in pairs if key == "image" and values), None)
    found["vfbs"] = [_frame_buffer(device) for device in devices if device[:1] == ["vfb"]]
    found["pci"] = [address for device in devices if device[:1] == ["pci"] for address in _addresses(device)]
    if isinstance(image, list):
        found["image"] = {"options": dict(_options(image))}
    disks = [_simple(device) for device in devices if device[:1] in (["vbd"], ["tap"], ["tap2"])]
    return {**found, "vbds": disks} if tree[:1] == ["extra"] and disks else found


def _pairs(tree: Sxp) -> Iterator[tuple[str, list[Sxp]]]:
    """Yield each child that is a list, as its first word and the rest."""
    for child in tree if isinstance(tree, list) else ():
        if isinstance(child, list) and child and isinstance(child[0], str):
            yield child[0], child[1:]


def _simple(tree: Sxp) -> dict[str, Any]:
    """Return the ``(key value)`` children."""
    return {key: values[0] for key, values in _pairs(tree) if len(values) == 1}


def _options(image: Sxp) -> Iterator[tuple[str, Any]]:
    """Yield the options of an image."""
    for key, values in _pairs(image):
        if key not in _IMAGE_FIELDS and values:
            yield key, values[0]


def _frame_buffer(device: Sxp) -> dict[str, Any]:
    """Return a frame buffer. Releases write its type as ``(type vnc)``, ``(vnc 1)`` or ``(sdl 1)``."""
    fields = _simple(device)
    kind = fields.get("type") or ("sdl" if flag(fields.get("sdl")) and not flag(fields.get("vnc")) else "vnc")
    return {**fields, "type": kind}


def _addresses(device: Sxp) -> Iterator[str]:
    """Yield the addresses of ``(pci (dev (domain 0x0) (bus 0x0) (slot 0x3) (func 0x0)))``, and of 3.0.0's own form."""
    functions: list[Sxp] = [
        item for item in device[1:] if isinstance(item, list) and item[1:] and isinstance(item[1], list)
    ]
    whole: list[Sxp] = [device]
    for fields in map(_simple, functions or whole):
        parts = [str(fields.get(key, "0")) for key in ("domain", "bus", "slot" if functions else "dev", "func")]
        try:
            domain, bus, slot, func = (int(part, 16) for part in parts)
        except ValueError:
            yield ":".join(parts)
        else:
            yield f"{domain:04x}:{bus:02x}:{slot:02x}.{func:x}"
