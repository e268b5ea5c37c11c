# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scopes of names while a config file is read, and the exceptions of the file.

xm runs a file like the body of a class: a function sees its own names, those of enclosing functions and those of Python,
but not the file's.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

Names = dict[str, object]


@dataclass
class Scope:
    """Names of the file, or of one call of a function. ``outer`` are the functions around it, nearest first."""

    names: Names = field(default_factory=dict)
    outer: tuple[Names, ...] = ()
    is_function: bool = False

    def find(self, name: str) -> Names | None:
        """Return the scope that has *name*, None if no scope has it."""
        return next((names for names in (self.names, *self.outer) if name in names), None)

    def inner(self, names: Names) -> Scope:
        """Return the scope of a function that is defined and called here."""
        return Scope(names, (self.names, *self.outer) if self.is_function else (), is_function=True)


@dataclass(frozen=True)
class Defined:
    """A function of the file, with the values of its defaults and the scope that it was defined in."""

    node: ast.FunctionDef | ast.Lambda
    defaults: tuple[object, ...]
    scope: Scope
    yields: bool


class Raised(Exception):
    """An exception of Python in the file. *subject* is a name that is missing, never a value."""

    def __init__(self, kind: str, line: int, subject: str = "") -> None:
        """Take the exception and its line."""
        self.kind = kind
        self.line = line
        self.subject = subject
        super().__init__(kind)


_PARENTS = {
    "KeyError": "LookupError",
    "IndexError": "LookupError",
    "ZeroDivisionError": "ArithmeticError",
    "OverflowError": "ArithmeticError",
    "IOError": "EnvironmentError",
    "OSError": "EnvironmentError",
    "UnicodeError": "ValueError",
    "SystemExit": "BaseException",
    "KeyboardInterrupt": "BaseException",
    "StandardError": "Exception",
    "Exception": "BaseException",
}

EXCEPTIONS = frozenset(
    [
        *_PARENTS,
        *_PARENTS.values(),
        "NameError",
        "TypeError",
        "AttributeError",
        "ImportError",
        "RuntimeError",
        "AssertionError",
        "NotImplementedError",
        "SyntaxError",
    ]
)
"""The exceptions that a file can name."""


def catches(caught: str, kind: str) -> bool:
    """Return whether ``except caught`` catches an exception of that kind."""
    while kind not in (caught, "BaseException"):
        kind = _PARENTS.get(kind, "StandardError")
    return kind == caught


class Returned(Exception):
    """The value of a function of the file. *unsure*: only the host knows whether the function returns here."""

    def __init__(self, value: object, *, unsure: bool = False) -> None:
        """Carry the value."""
        self.value = value
        self.unsure = unsure
        super().__init__()


class LoopEnded(Exception):
    """A ``break``. If only the host knows whether it is reached, *why* names the source of that."""

    def __init__(self, why: object = None) -> None:
        """Carry the reason."""
        self.why = why
        super().__init__()


class LoopContinued(Exception):
    """A ``continue``."""
