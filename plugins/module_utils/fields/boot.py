# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""image, bootloader and bootloader_args: what a domain boots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional, Union

from ansible_collections.dom0.xend.plugins.module_utils.fields.cpus import vcpus_entry
from ansible_collections.dom0.xend.plugins.module_utils.fields.field import Field, Pair, as_text
from ansible_collections.dom0.xend.plugins.module_utils.fields.simple import TEXT, fixed, simple, value_in
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.model.image import command_line
from ansible_collections.dom0.xend.plugins.module_utils.model.reading import pairs, text_of
from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import MASK, SECRETS
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest, field_name, printable
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import Release
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp

EMULATED = ("hvm", "vmx")
"""The types of images of fully virtualised guests."""

_SHOWN_AS_GIVEN = ("acpi", "apic", "boot", "device_model", "pae", "sdl", "vnc")
"""The options of an image that read back as given (seen 3.0.0 3.4 4.1: create-hvm). Of the other options this is unknown."""

_NO_OPTIONS = {"kernel", "ramdisk", "loader", "root", "args", "ip", "vcpus", "notes", "localtime"}
"""The keys of an image that other fields hold, or that xend adds when it builds the domain."""

Option = Union[str, list[Any]]


def _write_image(options: Mapping[str, Any], release: Optional[Release]) -> list[Sxp]:
    """Write the image section. root goes into args: every release leaves a whole command line unchanged."""
    image = options["image"]
    section: list[Sxp] = [str(image.get("type") or "linux")]
    section += [[key, str(image[key])] for key in ("kernel", "ramdisk") if image.get(key)]
    args = command_line(image.get("root"), image.get("args"))
    section += [["args", args]] if args else []
    section += [_option(str(key), value) for key, value in (image.get("options") or {}).items()]
    if image.get("type") in EMULATED and options.get("localtime") is not None:
        section.append(["localtime", as_text(options["localtime"])])
    if release is not None and release.vcpus_in_image:
        section.append(vcpus_entry(options))
    return [["image", section]]


def _option(key: str, value: object) -> Sxp:
    """Return one of the image's options: a boolean as 1 or 0, a list as a list. Raises InvalidRequest for other values."""
    if isinstance(value, dict) or value is None:
        raise InvalidRequest(
            f"image.options: {key} must be a string, a number, a boolean or a list of these, not {value!r}"
        )
    if isinstance(value, (list, tuple)):
        if any(isinstance(item, (dict, list, tuple)) or item is None for item in value):
            raise InvalidRequest(f"image.options: {key} must be a list of strings and numbers")
        return [key, [as_text(item) for item in value]]
    return [key, as_text(value)]


def _section(domain: Domain) -> Sxp:
    """Return the image as xend shows it."""
    return value_in(domain, "image") or ""


def options_of(domain: Domain) -> dict[str, Option]:
    """Return the options of an image, without secrets, empty values and what xend adds when it builds the domain."""
    found: dict[str, Option] = {}
    for key, value in pairs(_section(domain)):
        if key in _NO_OPTIONS or key in SECRETS or not value:
            continue
        if isinstance(value, str):
            found.setdefault(field_name(key), printable(value))
        elif all(isinstance(item, str) for item in value):
            found.setdefault(field_name(key), [printable(str(item)) for item in value])
    return found


def _read_image(domain: Domain) -> Optional[dict[str, Any]]:
    """Return the image in the form of the option."""
    if domain.image is None:
        return None
    return {**vars(domain.image), "options": options_of(domain)}


def _compare_image(pair: Pair) -> None:
    """Compare what is booted. xend 3.0.4 and earlier lose images when they restart, so a missing image is no difference."""
    declared, found = pair.declared.image, pair.found.image
    if not declared or not found:
        return
    if pair.declared.bootloader:  # it finds a kernel of its own, and what it finds is shown
        pair.result.not_compared.append("image")
        return
    for key in ("type", "kernel", "ramdisk", "args"):
        pair.note(f"image.{key}", getattr(declared, key), getattr(found, key))
    wanted, shown = options_of(pair.declared), options_of(pair.found)
    for key, value in wanted.items():
        if key in _SHOWN_AS_GIVEN and key in shown:
            pair.note(f"image.options.{key}", MASK if key in SECRETS else value, shown[key])
        else:
            pair.result.not_compared.append(f"image.options.{key}")


def _compare_bootloader_args(pair: Pair) -> None:
    """Compare the arguments if xend shows some."""
    declared, found = (text_of(value_in(domain, "bootloader_args")) for domain in (pair.declared, pair.found))
    if found is not None:
        pair.note("bootloader_args", declared, found)


_IMAGE_SPEC = {
    "type": {"type": "str", "choices": ["linux", "hvm", "vmx"], "default": "linux"},
    "kernel": TEXT,
    "ramdisk": TEXT,
    "root": TEXT,
    "args": TEXT,
    "options": {"type": "dict"},
}

IMAGE = Field("image", {"type": "dict", "options": _IMAGE_SPEC}, _write_image, _read_image, _compare_image)
BOOTLOADER = simple("bootloader", compare=fixed("bootloader"))
BOOTLOADER_ARGS = simple(
    "bootloader_args",
    read=lambda domain: text_of(value_in(domain, "bootloader_args")),
    compare=_compare_bootloader_args,
    known_to="3.0.3 to 4.4",
)
