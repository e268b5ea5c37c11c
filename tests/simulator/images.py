# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Printing a domain's image: as it was given, with its root folded into the arguments, or filled with defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .sxp import child_value, head, parse, show

if TYPE_CHECKING:
    from .domains import Domain
    from .sxp import Dialect, Sxp

HVM = ("hvm", "vmx")
_STAYING, _MOVING = ("ip", "root"), ("root", "ip")  # in which order they are added to the arguments
_BEFORE_LOCALTIME = ("superpages", "pci")
_NOTES: list[Sxp] = [
    "notes",
    [
        "FEATURES",
        (
            "writable_page_tables|writable_descriptor_tables|auto_translated_physmap|pae_pgdir_above_4gb"
            "|supervisor_mode_kernel"
        ),
    ],
    ["VIRT_BASE", 3221225472],
    ["GUEST_OS", "linux"],
    ["LOADER", "generic"],
    ["SUSPEND_CANCEL", 1],
    ["XEN_VERSION", "xen-3.0"],
]
_HVM_NOTES: list[Sxp] = ["notes", ["SUSPEND_CANCEL", 1]]


def is_hvm(domain: Domain) -> bool:
    """Return whether the guest is fully virtualised."""
    return head(domain.image) in HVM


def image(domain: Domain, *, fresh: bool = False) -> Sxp:
    """Return the (image ..) value that this release shows; None if it shows none. `fresh` is the reply to create."""
    personality = domain.host.personality
    if personality.root != "moves":
        return _as_kept(domain, fresh)
    defaults: list[Sxp] = [[key, value] for key, value in personality.image_defaults]
    if domain.domid == 0:
        return ["linux", ["kernel", ""], *defaults, *_clock(domain)]
    if is_hvm(domain):
        return _filled(domain) if personality.fills_hvm_image else domain.image
    started = domain.starts > 0
    if started and personality.image_pci:
        defaults.insert(1, ["pci", []])
    if domain.localtime:
        place = len([each for each in defaults if head(each) in _BEFORE_LOCALTIME])
        defaults[place:place] = _localtime(domain)
    items = [head(domain.image) or "linux", *_paths(domain.image, _MOVING), *defaults]
    if personality.image_names_emulator and domain.of_kind("vfb"):
        items.append(["device_model", "/srv/xen/bin/qemu-dm"])
    if started and (not fresh or child_value(domain.image, "rtc_timeoffset") is not None):
        items += _clock(domain)
    return [*items, _NOTES] if started else items


def _clock(domain: Domain) -> list[Sxp]:
    """Return what a release adds to the image of every built domain once it has looked at it."""
    return [["rtc_timeoffset", 0]] if domain.host.personality.rtc_timeoffset == "seen" else []


def _as_kept(domain: Domain, fresh: bool) -> Sxp:
    """Return an image whose root and ip stay where they are, even if they are added to the arguments."""
    personality = domain.host.personality
    shown = domain.image
    if personality.root == "added" and head(shown) == "linux":
        shown = ["linux", *_paths(shown, _STAYING), *_given(shown, ("root", "ip"))]
    return _reread(shown, personality.dialect) if personality.rereads_image and domain.starts and not fresh else shown


def _reread(value: Sxp, dialect: Dialect) -> Sxp:
    """Return what a release makes of the words that it has printed itself."""
    if isinstance(value, list):
        return [_reread(each, dialect) for each in value]
    return parse(show(value, dialect), dialect)[0] if isinstance(value, str) and value else value


def _localtime(domain: Domain) -> list[Sxp]:
    shown: list[Sxp] = [["localtime", domain.localtime]]
    return [["rtc_timeoffset", 0], *shown] if domain.host.personality.rtc_timeoffset == "localtime" else shown


def _given(image_: Sxp, keys: tuple[str, ...]) -> list[Sxp]:
    """Return what an image has of these keys, each as a pair."""
    return [[key, child_value(image_, key)] for key in keys if child_value(image_, key) is not None]


def _paths(given: Sxp, added: tuple[str, ...]) -> list[Sxp]:
    """Return kernel, ramdisk, and args, to which these keys are added: after them where they stay, else before."""
    values = ((key, child_value(given, key)) for key in added)
    parts = [f"{key}={value}" for key, value in values if isinstance(value, str) and value]
    args = child_value(given, "args")
    if (isinstance(args, str) and args) or parts:  # a root without arguments leaves a blank before or behind it
        parts.insert(0 if added == _STAYING else len(parts), args if isinstance(args, str) else "")
    line: list[Sxp] = [["args", " ".join(parts)]] if parts else []
    return [*_given(given, ("kernel", "ramdisk")), *line]


def _filled(domain: Domain) -> Sxp:
    """Return a fully virtualised guest's image: its kernel has become the loader."""
    keys = domain.host.personality.hvm_image
    items: list[Sxp] = [head(domain.image), ["kernel", ""]]
    for key, default in keys:
        value = child_value(domain.image, "kernel" if key == "loader" else key)
        if value is not None or default is not None:
            items.append([key, default if value is None else value])
    shown = {"vcpus", "kernel", *(key for key, _default in keys)}
    given = domain.image[1:] if isinstance(domain.image, list) else []
    return [*items, *(each for each in given if head(each) not in shown), _HVM_NOTES]
