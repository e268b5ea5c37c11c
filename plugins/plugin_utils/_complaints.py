# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the user has to know of an inventory, with a bound: a xend can hold thousands of domains with odd names."""

from __future__ import annotations

from ansible.errors import AnsibleParserError

MOST_SHOWN = 5
"""So many complaints of a kind are shown."""


def excerpt(text: str, most: int = 100) -> str:
    """Return *text*, or the beginning of it: whoever names a guest decides how long its name is."""
    return text if len(text) <= most else f"{text[:most]}..."


class Complaints:
    """Complaints by their kind: the first few of each, and how many more there are."""

    def __init__(self, where: str, *, strict: bool) -> None:
        """Name *where* in each; if *strict*, the first one is an error."""
        self._where = where
        self._strict = strict
        self._shown: dict[str, list[str]] = {}
        self._counted: dict[str, int] = {}

    def add(self, kind: str, message: str) -> None:
        """Take a complaint; *kind* says in the plural what it is of. Raises AnsibleParserError if strict."""
        if self._strict:
            raise AnsibleParserError(f"{self._where}: {message}")
        self._counted[kind] = self._counted.get(kind, 0) + 1
        if self._counted[kind] <= MOST_SHOWN:
            self._shown.setdefault(kind, []).append(f"{self._where}: {message}")

    def sentences(self) -> list[str]:
        """Return what is to be shown."""
        sentences: list[str] = []
        for kind, shown in self._shown.items():
            more = self._counted[kind] - len(shown)
            sentences += [*shown, f"{self._where}: {more} more {kind}"] if more else shown
        return sentences
