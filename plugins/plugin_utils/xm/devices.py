# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The device lists of a config file as options of xen_domain, and as expressions for devices without an option."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.guest import Guest
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.keys import VFB, VIF, Span, within

Device = dict[str, object]

_MODES = ("r", "w", "w!")
_VIF_TYPES = ("netfront", "ioemu")
_VFB_OPTIONS = frozenset({"type", "vncdisplay", "vncunused", "vnclisten", "vncpasswd", "display", "xauthority"})


def vbds(guest: Guest) -> list[Device]:
    """Return the disks."""
    return [_vbd(guest, entry) for entry in guest.entries("disk")]


def _vbd(guest: Guest, entry: str) -> Device:
    """Return one disk from ``UNAME,DEV,MODE[,BACKEND[,PROTOCOL]]``. Like xm, this strips no blanks."""
    fields = entry.split(",")
    most = 5 if guest.since("3.3") else 4
    if not 3 <= len(fields) <= most:
        guest.refuse(
            "disk", f"has an entry with {len(fields)} parts between commas, where xm {guest.release} takes 3 to {most}"
        )
    disk: Device = {"uname": fields[0], "dev": fields[1]} if fields[0] else {"dev": fields[1]}
    if fields[2] in _MODES:
        disk["mode"] = fields[2]
    else:
        guest.note("disk", f"has {fields[1]} with a mode that is none of {', '.join(_MODES)}, and is left out")
    if fields[3:] and fields[3]:
        disk["backend"] = fields[3]
    if fields[4:]:
        guest.note("disk", f"has {fields[1]} with a fifth part, a protocol, for which there is no option")
    return disk


def vifs(guest: Guest) -> list[Device]:
    """Return the interfaces, with the empty ones that xm adds up to the number in ``nics``."""
    found = [_vif(guest, entry) for entry in guest.entries("vif")]
    wanted = guest.number("nics")
    is_known = not guest.is_unknown("vif") and not guest.is_unknown("nics")
    if wanted is None and guest.release == "3.0.0" and not guest.set("vif") and is_known:
        guest.note_line(0, "xm 3.0.0 gives a guest without vif one interface")
        wanted = 1
    if wanted is not None and wanted > 64:
        guest.note("nics", "is more than any guest has")
        return found
    return found + [Device() for _place in range(len(found), wanted or 0)]


def _vif(guest: Guest, entry: str) -> Device:
    """Return one interface."""
    if not entry and guest.release == "3.0.0":
        guest.refuse("vif", "has an empty entry, which xm 3.0.0 refuses")
    words = pairs(guest, "vif", entry, VIF)
    found: Device = {}
    for key, value in words.items():
        if key == "ip":
            found["ip"] = value.split()
        elif key in ("be_mac", "accel", "policy", "label"):
            guest.note("vif", f"has {key}, for which there is no option")
        elif key == "type" and value not in _VIF_TYPES:
            guest.note("vif", f"has a type that is none of {', '.join(_VIF_TYPES)}, and is left out")
        else:
            found[key] = value
    return found


def pairs(guest: Guest, key: str, entry: str, known: Mapping[str, Span]) -> dict[str, str]:
    """Return the pairs of ``k=v, k=v``. Raises XmError for what xm refuses; the message shows no value."""
    found = {}
    for part in entry.split(",") if entry else ():
        word, sign, value = part.partition("=")
        word = word.strip()
        if not sign:
            guest.refuse(key, "has a part that is not of the form KEY=VALUE, which xm refuses")
        if word not in known or not within(guest.release, known[word]):
            guest.refuse(key, f"has {shown(key, word)}, which xm {guest.release} does not know and refuses")
        found[word] = value.strip()
    return found


def shown(key: str, word: str) -> str:
    """Return a word of a list to show in a message. In a vfb it may be the end of a password that contains a comma."""
    return word if key != "vfb" and re.fullmatch(r"[a-z_]{1,20}", word) else "a word"


def vfbs(guest: Guest) -> tuple[list[Device], list[Sxp]]:
    """Return the frame buffers as options, and those with keys that no option covers as expressions."""
    options: list[Device] = []
    expressions: list[Sxp] = []
    for entry in guest.entries("vfb") if guest.since("3.0.4") else ():
        words = pairs(guest, "vfb", entry, VFB)
        keymap = guest.text("keymap") if guest.since("3.1") else None
        if keymap and "keymap" not in words:
            words["keymap"] = keymap
        option = vfb_option(words)
        if option is not None:
            options.append(option)
        else:
            expressions += [["device", ["vkbd"]], ["device", ["vfb", *_vfb_fields(guest, words)]]]
    return options, expressions


def vfb_option(words: Mapping[str, str]) -> Device | None:
    """Return a frame buffer as an option, None for one with keys that no option covers."""
    kinds = [kind for kind in ("vnc", "sdl") if words.get(kind, "0") not in ("0", "")]
    rest = {key: value for key, value in words.items() if key not in ("vnc", "sdl")}
    if not set(rest) <= _VFB_OPTIONS or len(kinds) + ("type" in rest) > 1:
        return None
    kind = rest.pop("type", kinds[0] if kinds else "")
    display, unused = rest.pop("vncdisplay", None), rest.pop("vncunused", None)
    if kind not in ("vnc", "sdl") or unused not in (None, "0", "1") or not (display or "0").isdecimal():
        return None
    found: Device = {"type": kind, **rest}
    if display is not None:
        found["vncdisplay"] = int(display)
    if unused is not None:
        found["vncunused"] = unused == "1"
    return found


def _vfb_fields(guest: Guest, words: Mapping[str, str]) -> list[Sxp]:
    """Return the fields of a frame buffer as xm sends them."""
    fields = dict(words)
    if guest.since("3.4"):
        kind = fields.pop("type", "")
        fields.update({kind: "1"} if kind in ("vnc", "sdl") else {})
    else:
        fields.setdefault("type", "sdl")
    return [[key, value] for key, value in fields.items()]
