# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check a list of guests without a request to xend. Each fault is one sentence."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.dom0.xend.plugins.module_utils.desired.entries import names_in
from ansible_collections.dom0.xend.plugins.module_utils.desired.together import doubled, shared_files, unknown
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest
from ansible_collections.dom0.xend.plugins.plugin_utils.guests.given import Guest

_FILES = ("save_file", "restore_file")


def misshapen(guests: object, defaults: object) -> list[str]:
    """Return a sentence if a value that must be a list or a dict is not, as a list of at most one."""
    entries = [*guests, defaults] if isinstance(guests, list) else [guests]
    dicts = [each for each in entries if isinstance(each, Mapping)]
    if dicts == entries and all(isinstance(each.get("wait_for") or {}, Mapping) for each in dicts):
        return []
    return ["guests_defaults, each of guests_list, and each wait_for must be a dict."]


def misnamed(guests: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the faults of the names in a list. A name must be text: YAML may have read a number from it."""
    found: list[str] = []
    for position, given in enumerate(guests, 1):
        found += _name_faults(f"name of entry {position} is", given.get("name"))
        if given.get("new_name") is not None:
            found += _name_faults(f"new_name of {given.get('name')} is", given["new_name"])
        for name in names_in(given.get("after")):
            found += _name_faults(f"after of {given.get('name')} holds", name)
    return found


def _name_faults(place: str, name: object) -> Iterator[str]:
    """Yield the faults of a name, each as a sentence that begins with its place in the list."""
    if not isinstance(name, str):
        yield f"{place} {name}, which is not text. Write it in quotes: YAML reads 010 as 8, and yes as true."
    elif not name:
        yield f"{place} empty."
    elif name != name.strip():
        yield f"{place} wrong: {name!r} begins or ends with a blank."


def contradictions(guests: Sequence[Guest]) -> list[str]:
    """Return the conflicts between guests of the list, and within each guest."""
    return [
        *unknown(guests, "guests_list"),
        *doubled(guests),
        *(sentence for guest in guests for sentence in _within(guest)),
        *shared_files(guests),
    ]


def _within(guest: Guest) -> Iterator[str]:
    """Yield the faults for which xen_domain or the role refuses a guest, whatever xend has."""
    if guest.state != "saved" and all(guest.options.get(key) is not None for key in _FILES):
        yield f"{guest.name} has both save_file and restore_file. Give the one in which it is parked."
        return
    try:
        guest.desired  # noqa: B018 - it is read to see what it raises
    except InvalidRequest as error:
        yield f"{guest.name}: {error}"
        return
    if guest.service and not guest.service["host"]:
        yield f"wait_for of {guest.name} needs a host, as its first vif has no ip."


def look_alike(one: str, other: str) -> bool:
    """Return whether two names differ only in blanks, case, signs or leading zeros."""
    return _essence(one) == _essence(other)


def _essence(name: str) -> str:
    """Return the letters and numbers of a name. Other characters are dropped, except between two numbers, as a dash."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", name).casefold())
    text = re.sub(r"(?<!\d)[\W_]+|[\W_]+(?!\d)", "", text)
    return re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"[\W_]+", "-", text))
