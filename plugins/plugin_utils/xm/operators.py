# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operators of Python 2, with limits for the size of their results."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

from ansible_collections.dom0.xend.plugins.plugin_utils.xm.text import formatted
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.values import Budget, Unknown, as_python_2

Sign = Callable[..., object]


def binary(sign: ast.operator, left: object, right: object, budget: Budget, *, true_division: bool) -> object:
    """Return ``left SIGN right``. Raises what Python raises, and TooMuch."""
    if isinstance(sign, ast.Mod) and isinstance(left, str):
        given = right if isinstance(right, tuple) else right.values() if isinstance(right, dict) else (right,)
        return as_python_2(formatted(left, right, budget), left, *given)
    if isinstance(sign, ast.Div) and not true_division and isinstance(left, int) and isinstance(right, int):
        sign = ast.FloorDiv()
    _check_result(sign, left, right, budget)
    return as_python_2(_SIGNS[type(sign)](left, right), left, right)


def _check_result(sign: ast.operator, left: object, right: object, budget: Budget) -> None:
    """Raise TooMuch before a large value is created."""
    if isinstance(sign, ast.Mult):
        for one, times in ((left, right), (right, left)):
            if isinstance(one, str) and isinstance(times, int):
                budget.text(len(one) * times)
            if isinstance(one, (list, tuple)) and isinstance(times, int):
                budget.items(len(one) * times)
    if isinstance(sign, ast.Add):
        if isinstance(left, str) and isinstance(right, str):
            budget.text(len(left) + len(right))
        if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
            budget.items(len(left) + len(right))
    if isinstance(left, int) and isinstance(right, int):
        _check_number(sign, left, right, budget)


def _check_number(sign: ast.operator, left: int, right: int, budget: Budget) -> None:
    """Raise TooMuch before a large number is created."""
    if isinstance(sign, ast.Pow):
        budget.bits(left.bit_length() * max(0, right))
    elif isinstance(sign, ast.LShift):
        budget.bits(left.bit_length() + max(0, right))
    elif isinstance(sign, ast.Mult):
        budget.bits(left.bit_length() + right.bit_length())


_SIGNS: Mapping[type[ast.operator], Sign] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}

_UNARY: Mapping[type[ast.unaryop], Sign] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: lambda value: operator.invert(int(value) if isinstance(value, bool) else value),
    ast.Not: operator.not_,
}


def unary(sign: ast.unaryop, value: object) -> object:
    """Return ``SIGN value``."""
    return as_python_2(_UNARY[type(sign)](value), value)


_COMPARED: Mapping[type[ast.cmpop], Sign] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: lambda left, right: left is right or (left is not None and right is not None and left == right),
    ast.IsNot: lambda left, right: left is not right and (left is None or right is None or left != right),
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}


def compared(sign: ast.cmpop, left: object, right: object, line: int, budget: Budget) -> object:
    """Return ``left SIGN right``. The order of different types is an implementation detail of Python 2, and unknown here."""
    if isinstance(left, (list, tuple, dict)) or isinstance(right, (list, tuple, dict)):
        budget.size(left)
        budget.size(right)
    try:
        return _COMPARED[type(sign)](left, right)
    except TypeError:
        if isinstance(sign, (ast.In, ast.NotIn)):
            raise
        return Unknown("an order between different types", line)
