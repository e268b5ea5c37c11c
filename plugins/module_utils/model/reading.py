# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the values of an expression of xend: leniently, because releases print them differently."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Optional, TypeVar

from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import printable
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp

T = TypeVar("T")


def pairs(tree: Sxp) -> Iterator[tuple[str, Sxp]]:
    """Yield the (key, value) children of a list; ``(key )`` has the value ``""``, ``(key a b)`` the value a."""
    for child in tree[1:] if isinstance(tree, list) else ():
        if isinstance(child, list) and child and isinstance(child[0], str):
            yield child[0], child[1] if len(child) > 1 else ""


def text_of(value: Optional[Sxp]) -> Optional[str]:
    """Return a text, None for an empty one, which means "not set": 4.0 and earlier print "" as nothing (trap 8)."""
    return printable(value) if isinstance(value, str) and value else None


def number_of(kind: Callable[[str], T], value: Optional[Sxp]) -> Optional[T]:
    """Return a finite number, None for any other value: JSON has neither infinity nor NaN."""
    try:
        number = kind(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return None if isinstance(number, float) and not math.isfinite(number) else number


def flag_of(value: Optional[Sxp]) -> Optional[bool]:
    """Read ``0`` or ``1``."""
    return {"0": False, "1": True}.get(value) if isinstance(value, str) else None


def cpu_set_of(value: Optional[Sxp]) -> frozenset[int]:
    """Read ``(0 2)``."""
    cpus = value if isinstance(value, list) else []
    return frozenset(int(cpu) for cpu in cpus if isinstance(cpu, str) and cpu.isdecimal())


def canonical_uuid(uuid: Optional[str]) -> Optional[str]:
    """Return *uuid* in the form 8-4-4-4-12; a text without exactly 32 hexadecimal digits is returned unchanged."""
    digits = (uuid or "").replace("-", "").lower()
    if len(digits) != 32 or set(digits) - set("0123456789abcdef"):
        return uuid
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
