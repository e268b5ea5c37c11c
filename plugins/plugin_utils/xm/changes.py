# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may change where code of a config file is not followed: the names that it changes, and the lists that they reach.

All of it errs on one side: what only might change counts as changed, because a value that is reported must be the one that xm sees.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace

from ansible_collections.dom0.xend.plugins.plugin_utils.xm.functions import BUILTINS, FUNCTIONS, READING_METHODS
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.scope import Defined
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.values import Budget, Module, Unknown, first_unknown

RUNS_CODE = frozenset({"exec", "execfile", "eval"})
"""The functions that run other code among the file's own names."""

NAMESPACES = frozenset({"locals", "globals", "vars"})
"""The functions whose result holds the file's own names."""

FRAMES = frozenset({"_getframe", "currentframe", "f_locals", "f_globals"})
"""Attributes that lead to the file's own names."""

LOOKING = frozenset(
    [
        "set",
        "frozenset",
        "any",
        "all",
        "isinstance",
        "issubclass",
        "type",
        "id",
        "hash",
        "cmp",
        "callable",
        "hasattr",
        "dir",
    ]
)
"""Functions of Python that are not evaluated here, and change nothing that they are given."""


def runs_code(node: ast.AST) -> bool:
    """Return whether an expression names something that may set any name of the file."""
    if isinstance(node, ast.ImportFrom):
        return any(alias.name == "*" for alias in node.names)
    if isinstance(node, ast.Attribute):
        return node.attr in RUNS_CODE or node.attr in FRAMES
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in RUNS_CODE


def changed_names(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the names whose lists and dictionaries some code may change, given all its nodes."""
    every = list(nodes)
    names = {node: _changed(node) for node in every}
    changed = set().union(*names.values())
    # A name that the code sets itself may stand for any of the values that it reads.
    if changed & _set_by(every):
        changed |= {node.id for node in every if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return changed


def _set_by(nodes: list[ast.AST]) -> set[str]:
    """Return the names that some code sets, and those of the parameters of its functions."""
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    stored -= {
        node.target.id for node in nodes if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    }
    return stored | {node.arg for node in nodes if isinstance(node, ast.arg)}


def _changed(node: ast.AST) -> set[str]:
    """Return the names whose lists and dictionaries one expression or statement may change, without those inside it."""
    if isinstance(node, ast.Call):
        return _changed_by_call(node)
    if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        return _names(node.value)
    if isinstance(node, ast.AugAssign):
        return _names(node.target)
    # Functions that are not followed may change their defaults whenever they are called.
    if isinstance(node, (ast.FunctionDef, ast.Lambda)):
        return _names(*node.args.defaults)
    return set()


def _changed_by_call(node: ast.Call) -> set[str]:
    """Return the names whose lists and dictionaries a call may change."""
    given = [*node.args, *(one.value for one in node.keywords)]
    if isinstance(node.func, ast.Name):
        if node.func.id in NAMESPACES:
            return set()
        # A function of Python changes nothing, but may call one of the file, as sorted() does for key.
        pure = node.func.id in BUILTINS or node.func.id in LOOKING
        return _names(*(one.value for one in node.keywords)) if pure else _names(node.func, *given)
    if not isinstance(node.func, ast.Attribute):
        return _names(node)
    if node.func.attr in READING_METHODS or _dotted(node.func) in FUNCTIONS:
        return set()
    return _names(node.func.value, *given)


def _names(*nodes: ast.AST) -> set[str]:
    """Return all names in some expressions."""
    return {inner.id for node in nodes for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _dotted(node: ast.expr) -> str:
    """Return the member of a module that an expression names, an empty text if it names none."""
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def reachable(values: Iterable[object], budget: Budget) -> list[object]:
    """Return the lists, dictionaries and functions that some values are or hold, and what runs code."""
    found: dict[int, object] = {}
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        holds = isinstance(value, (list, dict, tuple, Defined)) or (isinstance(value, Unknown) and value.runs)
        if holds and id(value) not in found:
            found[id(value)] = value
            inner = _inside(value)
            budget.spend(1 + len(inner))
            waiting += inner
    return list(found.values())


def _inside(value: object) -> list[object]:
    """Return what a value holds: a function has its defaults, and the names of the functions around it."""
    if isinstance(value, Defined):
        around = (value.scope.names, *value.scope.outer) if value.scope.is_function else ()
        return [*value.defaults, *(inner for names in around for inner in names.values())]
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, (list, tuple)) else []


def spoil(container: object, unknown: Unknown, *, keep: bool) -> None:
    """Make the members of a list or a dictionary unknown, in place, so that they are under each of its names.

    With *keep* the members are kept, and any number of unknown ones added.
    """
    rest = replace(unknown, many=True, runs=False)
    if isinstance(container, list):
        kept = [member for member in container if member != rest] if keep else []
        container[:] = [*kept, rest]
    if isinstance(container, dict):
        members = dict(container) if keep else {}
        container.clear()
        container.update({**members, rest: rest})


def spoiled(value: object) -> Unknown | None:
    """Return why only the host knows how many members a list or a dictionary has, None if their number is known."""
    members = value if isinstance(value, (list, dict)) else ()
    return next(
        (replace(member, many=False) for member in members if isinstance(member, Unknown) and member.many), None
    )


def unknown_within(values: Iterable[object], budget: Budget) -> Unknown | None:
    """Return the first unknown value among some values and everything that they hold."""
    given = list(values)
    if unknown := first_unknown(*given):
        return unknown
    for value in reachable(given, budget):
        if not isinstance(value, Defined):
            members = [*value, *value.values()] if isinstance(value, dict) else _inside(value)
            if unknown := first_unknown(*members):
                return replace(unknown, many=False)
    return None


def is_plain(value: object) -> bool:
    """Return whether a value is one that another file would set anew, not a list, a function or a module."""
    return not isinstance(value, (Unknown, Defined, Module, list, dict)) and (
        value is None or isinstance(value, (str, int, float, tuple))
    )
