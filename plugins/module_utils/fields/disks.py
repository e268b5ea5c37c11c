# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""vbds: the disks of a domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.fields.boot import EMULATED
from ansible_collections.dom0.xend.plugins.module_utils.fields.devices import Match, given, purge, settle
from ansible_collections.dom0.xend.plugins.module_utils.fields.field import EVER, Field, Pair
from ansible_collections.dom0.xend.plugins.module_utils.fields.simple import TEXT
from ansible_collections.dom0.xend.plugins.module_utils.model.devices import Vbd, number_or_name, vbd_as_dict
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.operations.devices import ChangeMedia, Detach
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import RELEASES, Release, within
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp

_TAPS = {"tap": {"tap": "3.0.3 to 3.4, 4.1 to 4.4", "tap2": "4.0"}, "tap2": {"tap2": "4.1 to 4.4"}}
"""The class of a disk by the first word of its uname, and the releases that have it, as xm sends it. Otherwise vbd."""

_COMPARED = {"uname": "", "mode": ""}


def device_class(uname: Optional[str], release: Optional[Release]) -> str:
    """Return the class that a disk has for a release; for an unknown release, that of the latest one."""
    classes = classes_of(uname)
    # An answer may leave several releases open; the latest of them decides.
    names = within(release.span) if release else tuple(RELEASES)
    return classes[names[-1]]


def classes_of(uname: Optional[str]) -> dict[str, str]:
    """Return the class that a disk has for each release."""
    spans = _TAPS.get((uname or "").split(":", 1)[0], {})
    return {name: next((kind for kind, span in spans.items() if name in within(span)), "vbd") for name in RELEASES}


def vbd_tree(vbd: Mapping[str, Any], release: Optional[Release] = None) -> Sxp:
    """Return the expression of a disk for a release. An empty drive has no uname (WIRE.md (i) 13)."""
    kind = device_class(vbd.get("uname"), release)
    return [kind, *given(vbd, ("uname", "dev", "mode", "backend"))]


def is_drive(dev: Optional[str]) -> bool:
    """Return whether a disk can be empty, which only a drive can."""
    return (dev or "").endswith(":cdrom")


def _write(options: Mapping[str, Any], release: Optional[Release]) -> list[Sxp]:
    return [["device", vbd_tree(vbd, release)] for vbd in options["vbds"]]


def _read(domain: Domain) -> Optional[list[dict[str, Any]]]:
    """Return the disks in the form of the option."""
    return None if domain.vbds is None else [vbd_as_dict(vbd) for vbd in domain.vbds]


def _compare(pair: Pair) -> None:
    """Compare the disks, by their device numbers."""
    # Not by the text: xend shows a dev as it was written, with :disk in 3.0.3 and later (WIRE.md (i) 14).
    there = {number_or_name(vbd.dev): vbd for vbd in pair.found.vbds or ()}
    for vbd in pair.declared.vbds or ():
        option = f"vbds[{vbd.dev}]"
        found = there.pop(number_or_name(vbd.dev), None)
        if found is None and vbd.emulated and pair.hides_emulated:
            pair.result.not_compared.append(option)
            continue
        if found is not None and found.uname and _is_emptied(pair, vbd):
            # No recording shows how to empty a drive that is in use.
            pair.left(f"{option}.uname", "", found.uname)
            continue
        match = _match(pair, option, vbd, found)
        if not _change_medium(pair, match):
            settle(pair, match, allowed=pair.desired.change_vbds)
    for vbd in there.values() if pair.desired.purge_vbds else ():
        purge(pair, f"vbds[{vbd.dev}]", _detach(pair, vbd))


def _is_emptied(pair: Pair, drive: Vbd) -> bool:
    """Return whether the task declares an empty drive: a uname that is an empty text."""
    given = {number_or_name(vbd.get("dev")): vbd.get("uname") for vbd in pair.desired.options.get("vbds", ())}
    return is_drive(drive.dev) and given.get(number_or_name(drive.dev)) == ""


def _match(pair: Pair, option: str, declared: Vbd, found: Optional[Vbd]) -> Match:
    """Return a declared disk and the existing one. The new disk takes every field that is not declared from the old one."""
    said = {key: value for key, value in vbd_as_dict(declared).items() if value is not None}
    if found is not None:
        said = {**vbd_as_dict(found), **said, "dev": found.dev}
    detach = None if found is None else _detach(pair, found, was=vbd_tree(vbd_as_dict(found), pair.release))
    return Match(option, declared, found, vbd_tree(said, pair.release), detach, _COMPARED)


def _detach(pair: Pair, vbd: Vbd, was: Sxp = "") -> Detach:
    """Return the operation that detaches a disk. A tap is listed as a tap, and detached with the type that the release expects."""
    kind = vbd.device_class
    # Trap 31: 3.0.3 to 3.3 detach a tap as vbd, 3.4 and later as tap.
    as_vbd = pair.release is not None and pair.release.destroys_taps_as_vbds
    return Detach(pair.found.name, "vbd", vbd.dev or "", was, listed_as=kind, destroyed_as="vbd" if as_vbd else kind)


def _change_medium(pair: Pair, match: Match) -> bool:
    """Change the medium in the cdrom of an hvm guest, which cannot be detached. Return whether that settles the difference."""
    emulated = pair.found.image is not None and pair.found.image.type in EMULATED
    if not emulated or not is_drive(match.declared.dev if isinstance(match.declared, Vbd) else None):
        return False
    if match.found is None or not pair.changes_live or pair.desired.config is not None:
        return False
    differing = match.differences(pair)
    changes = pair.release is not None and pair.release.changes_media
    # device_configure changes the medium only; any other difference needs another disk (WIRE.md (c)).
    if changes and [key for key, _declared, _now in differing] == ["uname"]:
        pair.result.operations.append(ChangeMedia(pair.found.name, match.attach))
    else:
        for name, declared, now in differing:
            pair.left(f"{match.option}.{name}", declared, now)
    return True


_SPEC = {
    "uname": TEXT,
    "dev": {"type": "str", "required": True},
    "mode": TEXT,
    "backend": TEXT,
}
VBDS = Field("vbds", {"type": "list", "elements": "dict", "options": _SPEC}, _write, _read, _compare, EVER)
