# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The output of a domain that was taken from a real xend, with the changes since then.

The simulator does not model everything that xend shows. So it keeps the original output, and its own output at that
moment: values that its own output still has are shown as in the original, and only changed ones are its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Union

from .sxp import Sxp, head

Key = tuple[str, Union[int, str]]
"""A field and its number among those of its name; a device and its uuid."""
Item = tuple[Key, Sxp]

_NESTED = ("device", "image")


def numbered(fields: Iterable[Sxp]) -> list[Item]:
    """Give each field a key: old releases show some twice."""
    seen: Counter[str] = Counter()
    items: list[Item] = []
    for field in fields:
        name = head(field) or ""
        items.append(((name, seen[name]), field))
        seen[name] += 1
    return items


@dataclass(frozen=True)
class Original:
    """The fields and devices of a domain, as the original showed them, and as they would have been shown here then."""

    shown: tuple[Item, ...]
    then: tuple[Item, ...]

    def overlaid(self, now: Sequence[Item]) -> list[Sxp]:
        """Return the items to show, given those that the simulator would show."""
        return _overlaid(self.shown, self.then, now)


def _overlaid(shown: Sequence[Item], then: Sequence[Item], now: Sequence[Item]) -> list[Sxp]:
    known, before, current = dict(shown), dict(then), dict(now)
    merged = [
        (key, _merged(field, before.get(key), current.get(key)))
        for key, field in shown
        if key in current or key not in before
    ]
    previous: Key | None = None
    for key, field in now:
        if key not in known and field != before.get(key):
            _insert(merged, previous, (key, field))
        previous = key
    return [field for _key, field in merged]


def _insert(items: list[Item], previous: Key | None, item: Item) -> None:
    """Insert an item after the one that it follows, or at the end if that is missing."""
    place = next((number for number, (key, _field) in enumerate(items, 1) if key == previous), len(items))
    items.insert(place, item)


def _merged(shown: Sxp, then: Sxp, now: Sxp) -> Sxp:
    if then == now:
        return shown
    parts = [_inside(each) for each in (shown, then, now)]
    if not all(parts) or len({head(part) for part in parts}) > 1:
        return now
    kind = parts[0][0]
    fields = _overlaid(*(numbered(part[1:]) for part in parts))
    return [head(now), [kind, *fields]]


def _inside(field: Sxp) -> list[Sxp]:
    """Return KIND and its fields of (device (KIND ..)) and (image (KIND ..)), nothing of another field."""
    nested = isinstance(field, list) and len(field) > 1 and head(field) in _NESTED
    inner = field[1] if nested and isinstance(field, list) else None
    return inner if isinstance(inner, list) else []
