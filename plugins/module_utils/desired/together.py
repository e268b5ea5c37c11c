# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The conflicts between the domains of a list, one sentence for each, and the order in which the domains are handled."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

from ansible_collections.dom0.xend.plugins.module_utils.desired.entries import Entry
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest

_FILES = ("save_file", "restore_file")


def unknown(entries: Sequence[Entry], where: str) -> Iterator[str]:
    """Yield each ``after`` that names no entry. *where* is what the list is called."""
    known = {entry.name for entry in entries}
    for entry in entries:
        for name in entry.after:
            if name not in known:
                yield f"{entry.name} comes after {name}, which is not in {where}."


def doubled(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield each name that more than one guest has, or is to have."""
    times = Counter(name for entry in entries for name in entry.names)
    return (f"More than one guest is to have the name {name}." for name, count in times.items() if count > 1)


def shared_files(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield a sentence for each save file that another entry uses, too: a second save or a disk would overwrite the memory."""
    users: dict[str, str] = {}
    disks = {path: entry.name for entry in entries for path in _disks(entry)}
    for entry in entries:
        for key in _FILES:
            if key not in entry.options:
                continue
            path = posixpath.normpath(str(entry.options[key]))
            if path in users:
                yield f"{users[path]} and {entry.name} both use the file {path}."
            if path in disks:
                yield f"{key} of {entry.name}, {path}, is a disk of {disks[path]}."
            users[path] = entry.name


def _disks(entry: Entry) -> list[str]:
    """Return the paths of a guest's disks on the host, an empty list if its options cannot be read."""
    try:
        vbds = entry.desired.declared().vbds
    except InvalidRequest:
        return []
    paths = [(vbd.uname or "").rpartition(":")[2] for vbd in vbds or ()]
    return [posixpath.normpath(posixpath.join("/dev", path)) for path in paths]


def ordered(entries: Sequence[Entry]) -> list[list[str]]:
    """Return the names in steps. Each name is in the first step after all those that it waits for. Raises CycleError."""
    sorter = TopologicalSorter({entry.name: entry.after for entry in entries})
    sorter.prepare()
    steps: list[list[str]] = []
    while sorter.is_active():
        ready = sorter.get_ready()
        steps.append([entry.name for entry in entries if entry.name in ready])
        sorter.done(*ready)
    return steps


def circle(entries: Sequence[Entry]) -> list[str]:
    """Return a sentence if guests wait for each other in a circle. It begins with the first of them in the list."""
    try:
        ordered(entries)
    except CycleError as error:
        names: list[str] = error.args[1][:0:-1]
        first = min(map([entry.name for entry in entries].index, names))
        start = names.index(entries[first].name)
        way = ", which comes after ".join([*names[start + 1 :], *names[: start + 1]])
        return [f"No order is possible: {entries[first].name} comes after {way}."]
    return []
