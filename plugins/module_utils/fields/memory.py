# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""memory and maxmem, in MiB."""

from __future__ import annotations

from ansible_collections.dom0.xend.plugins.module_utils.fields.field import Pair
from ansible_collections.dom0.xend.plugins.module_utils.fields.simple import simple
from ansible_collections.dom0.xend.plugins.module_utils.operations.settings import RaiseLimit, SetMaxmem, SetMemory


def _compare(pair: Pair) -> None:
    """Compare both: the limit goes up before the memory, and down after it."""
    if pair.changes_live:
        _compare_live(pair)
    elif pair.stays:
        pair.note("memory", pair.declared.memory, pair.found.memory, pair.takes_live)
        pair.note("maxmem", pair.declared.maxmem, pair.found.maxmem, pair.takes_live)


def _compare_live(pair: Pair) -> None:
    """Add the operations for memory and maxmem in a safe order, and the drift."""
    found, operations = pair.found, pair.result.operations
    maxmem, memory = pair.declared.maxmem, pair.declared.memory
    limit_shows = found.release is None or found.release.shows_maxmem
    if maxmem is not None and maxmem != found.maxmem and not limit_shows:
        pair.left("maxmem", maxmem, found.maxmem)
        maxmem = None
    limit = maxmem or found.maxmem or 0
    if maxmem is not None and maxmem > (found.maxmem or 0):
        operations.append(SetMaxmem(found.name, maxmem))
    target = found.memory or 0
    if memory is not None and memory != found.memory:
        if memory > limit:
            pair.left("memory", memory, found.memory)
        else:
            if not limit_shows and memory > target:
                operations.append(RaiseLimit(found.name, limit))
            operations.append(SetMemory(found.name, memory))
            target = memory
    if maxmem is not None and maxmem < (found.maxmem or 0):
        if maxmem < target:  # trap 21: 3.1 would fail for every domain from then on
            pair.left("maxmem", maxmem, found.maxmem)
        else:
            stored = found.release is not None and found.release.stores_refused_maxmem
            operations.append(SetMaxmem(found.name, maxmem, was=found.maxmem if stored else None))


MEMORY = simple("memory", {"type": "int"}, compare=_compare)
MAXMEM = simple("maxmem", {"type": "int"})
