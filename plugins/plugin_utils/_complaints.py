# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Warnings about an inventory, limited in number: a xend can have thousands of domains with odd names."""

from __future__ import annotations

from ansible.errors import AnsibleParserError

MOST_SHOWN = 5
"""The most complaints of a kind that are shown."""


def excerpt(text: str, most: int = 100) -> str:
    """Return *text*, or its beginning, because a guest's name can have any length."""
    return text if len(text) <= most else f"{text[:most]}..."


class Complaints:
    """Complaints by their kind: the first few of each, and how many more there are."""

    def __init__(self, where: str, *, strict: bool) -> None:
        """Take the source to name in each complaint. If *strict*, the first complaint is an error."""
        self._where = where
        self._strict = strict
        self._shown: dict[str, list[str]] = {}
        self._counted: dict[str, int] = {}

    def add(self, kind: str, message: str) -> None:
        """Add a complaint. *kind* is what it is about, in the plural. Raises AnsibleParserError if strict."""
        if self._strict:
            raise AnsibleParserError(f"{self._where}: {message}")
        self._counted[kind] = self._counted.get(kind, 0) + 1
        if self._counted[kind] <= MOST_SHOWN:
            self._shown.setdefault(kind, []).append(f"{self._where}: {message}")

    def sentences(self) -> list[str]:
        """Return the sentences to show."""
        sentences: list[str] = []
        for kind, shown in self._shown.items():
            more = self._counted[kind] - len(shown)
            sentences += [*shown, f"{self._where}: {more} more {kind}"] if more else shown
        return sentences
