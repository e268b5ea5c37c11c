# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values that a config file of xm can have, and how large they may grow.

A byte string is a ``str`` with one character for each byte, as Python 2 sees it. Python's own numbers, lists, tuples and
dictionaries stand for themselves. What xm treats differently has a type of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_STEPS = 100_000
"""Steps that one file may take. The largest of the recorded ones takes a few hundred."""

MOST_TEXT = 65_536
"""Characters of one text."""

MOST_ITEMS = 10_000
"""Members of one list."""

MOST_BITS = 4_096
"""Bits of one number."""

_LARGEST_INT = 2**63 - 1


class Unicode(str):
    """Text of Python 2's type unicode, which xm ignores."""

    __slots__ = ()


class Long(int):
    """A number of Python 2's type long, which xm ignores."""


@dataclass(frozen=True)
class Unknown:
    """A value that only the host could tell. *why* names where it comes from, *line* where that stands."""

    why: str
    line: int


@dataclass(frozen=True)
class Module:
    """A module, or something in one, by its dotted name. Nothing is ever imported."""

    name: str


@dataclass
class XmVars:
    """The object xm_vars of xm: the variables that the file wants to be told on the command line."""

    checks: list[tuple[str, object]] = field(default_factory=list)


class TooMuch(Exception):
    """A file that takes more than it may."""


class Budget:
    """What a file may still spend."""

    def __init__(self) -> None:
        """Begin with all steps."""
        self.left = MOST_STEPS

    def spend(self, steps: int = 1) -> None:
        """Take some steps. Raises TooMuch."""
        self.left -= steps
        if self.left < 0:
            raise TooMuch(f"takes more than {MOST_STEPS} steps")

    def text(self, length: int) -> None:
        """Allow a text of that length. Raises TooMuch."""
        if length > MOST_TEXT:
            raise TooMuch(f"makes a text of more than {MOST_TEXT} characters")
        self.spend(length // 64)

    def items(self, count: int) -> None:
        """Allow a list of that length. Raises TooMuch."""
        if count > MOST_ITEMS:
            raise TooMuch(f"makes a list of more than {MOST_ITEMS} members")
        self.spend(count)

    def bits(self, count: float) -> None:
        """Allow a number of that size. Raises TooMuch."""
        if count > MOST_BITS:
            raise TooMuch(f"makes a number of more than {MOST_BITS} bits")

    def size(self, value: object, depth: int = 0) -> int:
        """Return about how many characters the text of *value* has; walking costs steps. Raises TooMuch."""
        self.spend()
        if depth > 20:
            raise TooMuch("nests lists in lists without end")
        if isinstance(value, str):
            return len(value) + 3
        if isinstance(value, (list, tuple)):
            return 2 + sum(self.size(item, depth + 1) + 2 for item in value)
        if isinstance(value, dict):
            return 2 + sum(self.size(key, depth + 1) + self.size(item, depth + 1) + 4 for key, item in value.items())
        return 40 if not isinstance(value, int) else 3 + value.bit_length() // 3


def first_unknown(*values: object) -> Unknown | None:
    """Return the first of *values* that is unknown, or a tuple with such a member."""
    for value in values:
        if isinstance(value, Unknown):
            return value
        if isinstance(value, tuple) and (inner := first_unknown(*value)):
            return inner
    return None


def as_python_2(value: object, *sources: object) -> object:
    """Return what an operation on *sources* gave with the type that Python 2 gives it."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and (abs(value) > _LARGEST_INT or any(isinstance(source, Long) for source in sources)):
        return Long(value)
    if isinstance(value, str) and any(isinstance(source, Unicode) for source in sources):
        return Unicode(value)
    return value
