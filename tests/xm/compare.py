# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is compared: the config that xm sent, and the one that xen_domain sends for the options that the filter gives.

Both are taken apart into facts: ``(memory 64)`` is one, each field of the image is one, each device is one with all its fields.
Fields have no order, and one that is said twice is one. Numbers are compared as numbers. What is left out of the comparison, or
counts as the same, stands here with its reason.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.dom0.xend.plugins.module_utils.desired.desired import Desired
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import RELEASES
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp, loads
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.errors import XmError
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.options import convert
from tests.xm.dryruns import HOST, DryRun

NAMES = tuple(RELEASES)
Fact = tuple[object, ...]

_EMPTY = "the default of the machine of hvm, which is 0 or empty"
ADDED_BY_XM: dict[str, tuple[str, str]] = {
    "on_xend_start ignore": ("3.0.4", "the default of xend"),
    "on_xend_stop ignore": ("3.0.4", "the default of xend"),
    "s3_integrity 1": ("3.4", "the file does not say it, and no guest shows it"),
    "oos 1": ("4.0", "the file does not say it; an hvm image has it, too"),
    "image videoram 4": ("3.4", "video memory of a guest without the machine for it"),
    "image tsc_mode 0": ("4.0", "0, the default"),
    "image nomigrate 0": ("4.0", "0, the default"),
    "image vncpasswd None": ("3.0.4", "no password, as the word None"),
    "image rtc_timeoffset 0": ("3.1", _EMPTY),
    "image pci (())": ("3.2", _EMPTY),
    "image cpuid (())": ("3.3", _EMPTY),
    "image cpuid_check (())": ("3.3", _EMPTY),
    "image boot c": ("3.0.0", "3.0.0 says it of every guest"),
    "image nics 1": ("3.0.0", "3.0.0 counts the interfaces, which are listed, too"),
    **{
        f"image {key} 0": ("3.0.4", _EMPTY)
        for key in [
            "localtime",
            "stdvga",
            "isa",
            "nographic",
            "usb",
            "monitor",
            "timer_mode",
            "hpet",
            "viridian",
            "pci_power_mgmt",
            "memory_sharing",
            "nestedhvm",
        ]
    },
    **{
        f"image {key} ": ("3.0.4", _EMPTY)
        for key in ["device_model", "fda", "fdb", "serial", "soundhw", "usbdevice", "keymap"]
    },
}
"""Facts that xm adds to each guest, and that the options do not say: since when, and why."""

LEFT_OUT = {
    "xauthority": "the file of whoever runs xm, useless elsewhere",
    "display": "the display of whoever runs xm",
}
"""Fields of a vfb and of the image that xm takes from its environment. They are left out where the options do not say them."""

THE_SAME = {
    "root and args": "xend puts them into one command line, and the module does so before",
    "vfb type vnc": "3.4 and later say (vnc 1) for it, and (sdl 0) for what is not there",
    "vcpus": "3.0.2 and 3.0.3 read it inside the image and outside of it; xm says it outside, the module inside",
    "vkbd": "xm sends a keyboard for each frame buffer, the module one for all",
    "pci": "3.4 and later say for each device that its slot does not matter, and 4.0 and later repeat its address as a key",
}
"""What counts as the same."""


@dataclass(frozen=True)
class Cell:
    """One file with one release. *verdict* is equal, noted, refused, unmet or wrong; *differences* are what is not equal."""

    verdict: str
    differences: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def compare(run: DryRun, release: str) -> Cell:
    """Return how the options of a file compare with what xm sent.

    ``equal``: the same facts. ``noted``: others, and a note says so. ``refused``: xm refused the file, and so does the filter.
    ``unmet``: xm refused it for what is not on the host or the command line, which the filter cannot know. ``wrong``: else.
    """
    sent = run.xm[release].get("sxp")
    try:
        options, notes = convert(run.text, release, host=HOST, variables=run.variables, file=run.file)
    except XmError as error:
        return Cell("refused" if sent is None else "wrong", (str(error),))
    if sent is None:
        return Cell("unmet", (run.xm[release].get("error", "nothing"),), tuple(notes))
    differences = tuple(
        sorted(_differences(loads(sent.replace("<random-mac>", "random-mac")), _tree(options, release), release))
    )
    return Cell("equal" if not differences else "noted" if notes else "wrong", differences, tuple(notes))


def _tree(options: Mapping[str, Any], release: str) -> Sxp:
    """Return the config that xen_domain sends."""
    rest = {key: value for key, value in options.items() if key != "name"}
    return Desired(name=options.get("name", ""), options=rest).tree(RELEASES[release])


def _differences(sent: Sxp, said: Sxp, release: str) -> Iterator[str]:
    """Yield what only xm sent, and what only the options say."""
    theirs, ours = Counter(_facts(sent, release)), Counter(_facts(said, release))
    for fact in (theirs - ours).elements():
        since, _reason = ADDED_BY_XM.get(_shown(fact), ("", ""))
        if not since or NAMES.index(release) < NAMES.index(since):
            yield "xm: " + _shown(fact)
    yield from ("options: " + _shown(fact) for fact in (ours - theirs).elements())


def _shown(fact: object) -> str:
    """Return a fact as text."""
    if isinstance(fact, frozenset):
        return " ".join(sorted(f"({_shown(item)})" for item in fact))
    if isinstance(fact, tuple):
        return (
            " ".join(f"({_shown(item)})" if isinstance(item, tuple) else _shown(item) for item in fact)
            if fact
            else "()"
        )
    return str(fact)


def _facts(config: Sxp, release: str) -> Iterator[Fact]:
    """Yield the facts of a config: those of a device are one, and may be there twice."""
    once: set[Fact] = set()
    for child in _lists(config[1:]):
        if child == ["device", ["vkbd"]]:
            once.add(("device", "vkbd"))
        elif child[0] == "device":
            yield _device(child[1])
        elif child[0] == "image":
            facts = set(_image(child[1]))
            outside = {fact for fact in facts if fact[1:2] == ("vcpus",) and release in ("3.0.2", "3.0.3")}
            once |= (facts - outside) | {fact[1:] for fact in outside}
        else:
            once.add(_plain(child))
    yield from once


def _lists(items: Iterable[Sxp]) -> list[list[Sxp]]:
    return [item for item in items if isinstance(item, list)]


def _plain(item: Sxp) -> Fact:
    """Return a field: its name, and its value, which is empty if there is none."""
    assert isinstance(item, list)
    return (item[0], *(map(_value, item[1:]) if item[1:] else [""]))


def _value(item: Sxp) -> object:
    """Return a value: numbers in one spelling, lists as tuples, ``(2 )`` as ``(2 '')``."""
    if isinstance(item, list):
        return tuple(map(_value, item)) if len(item) != 1 or isinstance(item[0], list) else (_value(item[0]), "")
    return re.sub(r"^(-?[0-9]+)\.0$", r"\1", item)


def _image(image: Sxp) -> Iterator[Fact]:
    """Yield the facts of an image, its command line as one."""
    if not isinstance(image, list):
        yield ("image", image)
        return
    kind = image[0] if isinstance(image[0], str) else ""
    yield ("image", kind)
    fields = [_plain(item) for item in _lists(image) if item[0] not in LEFT_OUT]
    line = {fact[0]: str(fact[1]) for fact in fields if fact[0] in ("root", "args")}
    if line:
        yield (
            "image",
            "command line",
            " ".join((f"root={line['root']}" if "root" in line else "", line.get("args", ""))).strip(),
        )
    yield from (("image", *fact) for fact in fields if fact[0] not in ("root", "args"))


def _device(device: Sxp) -> Fact:
    """Return a device as one fact."""
    assert isinstance(device, list)
    name = device[0]
    if name == "pci":
        return ("device", name, frozenset(_pci_function(item) for item in _lists(device)))
    fields = frozenset(_plain(item) for item in _lists(device))
    if name == "vfb":
        fields = _frame_buffer(fields)
    return ("device", name, fields)


def _frame_buffer(fields: frozenset[Fact]) -> frozenset[Fact]:
    """Return the fields of a frame buffer in one spelling."""
    kinds: dict[Fact, Fact] = {("type", "vnc"): ("vnc", "1"), ("type", "sdl"): ("sdl", "1")}
    return frozenset(kinds.get(fact, fact) for fact in fields if fact[0] not in LEFT_OUT and fact != ("sdl", "0"))


def _pci_function(item: list[Sxp]) -> Fact:
    """Return the address of a PCI device as numbers, and what else is said of it."""
    if item[0] != "dev":
        return _plain(item)
    fields = [_plain(field) for field in _lists(item)]
    numbers = {str(fact[0]): int(str(fact[1]), 16) for fact in fields if fact[0] in ("domain", "bus", "slot", "func")}
    ignored = (("requested_vslot", "0x20"), ("vdevfn", "0x100"))
    return (
        "dev",
        *sorted(numbers.items()),
        *sorted(fact for fact in fields if fact[0] not in (*numbers, "key") and fact not in ignored),
    )
