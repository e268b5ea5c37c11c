# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values as text, as Python 2 writes them: str(), repr(), "%" and format()."""

from __future__ import annotations

import re
import string
from typing import cast

from ansible_collections.dom0.xend.plugins.plugin_utils.xm.values import Budget, Long, Unicode

_SPEC = re.compile(r"%(?:\(([^()]*)\))?([-+ #0]*)(\*|[0-9]+)?(?:\.(\*|[0-9]+))?[hlL]?(.)", re.DOTALL)
_WIDTH = re.compile(r"[0-9]{5,}")
_MOST_WIDTH = 9_999


class Unordered(Exception):
    """A text that depends on the order of a dictionary, which only Python 2 knows."""


def text_of(value: object) -> str:
    """Return str(value)."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        short = f"{value:.12g}"
        return short if re.search(r"[.en]", short) else short + ".0"
    if isinstance(value, Long):
        return str(int(value))
    return repr_of(value)


def repr_of(value: object) -> str:
    """Return repr(value)."""
    if isinstance(value, Long):
        return f"{int(value)}L"
    if isinstance(value, str):
        return ("u" if isinstance(value, Unicode) else "") + _quoted(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(repr_of, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(repr_of, value)) + (",)" if len(value) == 1 else ")")
    if isinstance(value, dict):
        if len(value) > 1:
            raise Unordered
        return "{" + ", ".join(f"{repr_of(key)}: {repr_of(item)}" for key, item in value.items()) + "}"
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    raise TypeError("has no text that is the same each time")


def _quoted(text: str) -> str:
    """Return a byte string as a literal of ASCII."""
    return repr(text.encode("latin-1", "replace"))[1:]


def formatted(template: str, given: object, budget: Budget) -> str:
    """Return ``template % given``. Raises TypeError, ValueError, KeyError, TooMuch."""
    budget.size(given)
    rest = list(given) if isinstance(given, tuple) else [given]
    named = isinstance(given, dict)
    pieces: list[str] = []
    place, length = 0, len(template)
    for match in _SPEC.finditer(template):
        pieces.append(_plain(template[place : match.start()]))
        place = match.end()
        if match[5] == "%":
            pieces.append("%")
            continue
        width, precision = (_bounded(part, rest) for part in (match[3], match[4]))
        if match[1] is not None and not named:
            raise TypeError("format requires a mapping")
        value = cast("dict[object, object]", given)[match[1]] if match[1] is not None else _next(rest)
        pieces.append(_one(match[2], width, precision, match[5], value, budget))
        length += len(pieces[-1])
        budget.text(length)
    pieces.append(_plain(template[place:]))
    if rest and not named:
        raise TypeError("not all arguments converted during string formatting")
    return "".join(pieces)


def _plain(text: str) -> str:
    """Return the text between the specifications, which must not contain an incomplete one."""
    if "%" in text:
        raise ValueError("incomplete format")
    return text


def _next(rest: list[object]) -> object:
    """Return the next argument."""
    if not rest:
        raise TypeError("not enough arguments for format string")
    return rest.pop(0)


def _bounded(part: str | None, rest: list[object]) -> str:
    """Return a width or a precision."""
    value = _next(rest) if part == "*" else int(part or 0)
    if not isinstance(value, int) or abs(value) > _MOST_WIDTH:
        raise ValueError("width is no number, or a large one")
    return str(value) if part else ""


def _one(flags: str, width: str, precision: str, kind: str, value: object, budget: Budget) -> str:
    """Return one argument as text."""
    if kind not in "diouxXeEfFgGcrs":
        raise ValueError("unsupported format character")
    if kind in "rs":
        budget.text(budget.size(value))
        value, kind = (repr_of(value) if kind == "r" else text_of(value)), "s"
    if kind in "diouxX" and isinstance(value, float):
        value = int(value)
    return ("%" + flags + width + ("." + precision if precision else "") + kind) % (value,)


def filled_in(template: str, given: list[object], named: dict[str, object], budget: Budget) -> str:
    """Return ``template.format(*given, **named)``. Attributes are refused. Raises ValueError, KeyError, IndexError, TooMuch."""
    pieces: list[str] = []
    count, length = 0, len(template)
    for literal, field, spec, conversion in string.Formatter().parse(template):
        pieces.append(literal)
        if field is None:
            continue
        name, count = (field, count) if field else (str(count), count + 1)
        if not re.fullmatch(r"\w+", name) or (spec and ("{" in spec or _WIDTH.search(spec))):
            raise ValueError("this format is not read")
        value = given[int(name)] if name.isdigit() else named[name]
        budget.text(budget.size(value))
        if conversion == "r" or not isinstance(value, (str, int, float)):
            value = repr_of(value)
        pieces.append(format(value, spec) if spec else text_of(value))
        length += len(pieces[-1])
        budget.text(length)
    return "".join(pieces)
