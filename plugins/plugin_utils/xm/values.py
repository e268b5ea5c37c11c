# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values of a config file of xm, and the limits for their size.

A byte string is a ``str`` with one character for each byte, as in Python 2. Numbers, lists, tuples and dictionaries are
Python's own. Values that xm treats differently have a type of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_STEPS = 100_000
"""The most steps of one file. The largest recorded one takes a few hundred."""

MOST_TEXT = 65_536
"""The most characters of one text."""

MOST_ITEMS = 10_000
"""The most members of one list."""

MOST_BITS = 4_096
"""The most bits of one number."""

_LARGEST_INT = 2**63 - 1


class Unicode(str):
    """Text of Python 2's type unicode, which xm ignores."""

    __slots__ = ()


class Long(int):
    """A number of Python 2's type long, which xm ignores."""


@dataclass(frozen=True)
class Unknown:
    """A value that only the host knows. *why* names its source, *line* the line of the source.

    As a member of a list, or as a key of a dictionary, one with *many* stands for any number of members. One with *runs* may set any
    name of the file if it is called or changed, as execfile and the result of locals() do.
    """

    why: str
    line: int
    many: bool = False
    runs: bool = False


@dataclass(frozen=True)
class Module:
    """A module or a member of one, by its dotted name. Nothing is ever imported."""

    name: str


@dataclass
class XmVars:
    """The object xm_vars of xm: the variables that the file expects on the command line."""

    checks: list[tuple[str, object]] = field(default_factory=list)


class TooMuch(Exception):
    """A file exceeds a limit."""


class Budget:
    """The remaining steps of a file."""

    def __init__(self) -> None:
        """Begin with all steps."""
        self.left = MOST_STEPS

    def spend(self, steps: int = 1) -> None:
        """Use some steps. Raises TooMuch."""
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
        """Return the approximate length of the text of *value*; walking it costs steps. Raises TooMuch."""
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
    """Return the result of an operation on *sources* with its type in Python 2."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and (abs(value) > _LARGEST_INT or any(isinstance(source, Long) for source in sources)):
        return Long(value)
    if isinstance(value, str) and any(isinstance(source, Unicode) for source in sources):
        return Unicode(value)
    return value
