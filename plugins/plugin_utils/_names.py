# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names for the hosts of an inventory: each its own, and none that Ansible could take for something else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import chain, count

_UNSAFE = re.compile(r"[^A-Za-z0-9_.:/+-]|(?<![^/])\.{1,2}(?![^/])")
"""What no xend has accepted in a name, and steps in a tree of folders: patterns of hosts, and folders named after
hosts, rely on their absence."""


def safe_name(name: str) -> str:
    """Return *name* with ``_`` for each character of it that a pattern or a path could misread."""
    return _UNSAFE.sub(lambda found: "_" * len(found[0]), name)


class Names:
    """The names that are taken: *reserved* for everybody, *owned* by the xend with that URL."""

    def __init__(self, reserved: Iterable[str], owned: Mapping[str, str]) -> None:
        """Take the names that are not to be given away, or only to one xend."""
        self._taken = set(reserved)
        self._owned = owned

    def take(self, name: str, xend: str, url: str) -> str:
        """Return *name*, or the first that is free of name@xend, name@xend@2, name@xend@3 and so on; it is taken then.

        One xend can hold the same name several times: zombies up to 3.0.3, a domain restored twice from 3.0.4 to 3.2.
        """
        names = chain([name, f"{name}@{xend}"], (f"{name}@{xend}@{number}" for number in count(2)))
        free = next(each for each in names if each not in self._taken and self._owned.get(each, url) == url)
        self._taken.add(free)
        return free
