# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The functions and methods of Python that a config file may call. Each is listed; none is looked up by name in Python."""

from __future__ import annotations

import math
import posixpath
from collections.abc import Callable, Mapping

from ansible_collections.dom0.xend.plugins.plugin_utils.xm.text import filled_in, repr_of, text_of
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.values import Budget, Long, Unicode, as_python_2

Arguments = list[object]
Function = Callable[..., object]

PLAIN_METHODS = frozenset(
    [
        "upper",
        "lower",
        "strip",
        "lstrip",
        "rstrip",
        "split",
        "rsplit",
        "splitlines",
        "startswith",
        "endswith",
        "find",
        "rfind",
        "index",
        "rindex",
        "count",
        "capitalize",
        "title",
        "swapcase",
        "isdigit",
        "isalpha",
        "isalnum",
        "isspace",
        "islower",
        "isupper",
        "partition",
        "rpartition",
    ]
)
"""Methods of a text whose result is not larger than their input."""

LIST_METHODS = frozenset(["append", "extend", "insert", "pop", "remove", "index", "count", "sort", "reverse"])
"""Methods of a list."""

DICT_METHODS = frozenset(
    [
        "get",
        "keys",
        "values",
        "items",
        "has_key",
        "iterkeys",
        "itervalues",
        "iteritems",
        "update",
        "setdefault",
        "pop",
        "copy",
        "clear",
    ]
)
"""Methods of a dictionary."""


READING_METHODS = frozenset(
    (
        *PLAIN_METHODS,
        *("get", "keys", "values", "items", "has_key", "iterkeys", "itervalues", "iteritems", "copy"),
        *("join", "replace", "zfill", "ljust", "rjust", "center", "format", "decode", "encode", "expandtabs"),
    )
)
"""Methods that change neither what they are of nor what they are given."""


def _round(value: object, digits: object = 0) -> float:
    """Return round(), which in Python 2 rounds a half away from zero."""
    number, scale = float(value), 10.0 ** int(digits)  # type: ignore[arg-type, call-overload]
    return math.copysign(math.floor(abs(number) * scale + 0.5) / scale, number)


def text_method(text: str, name: str, given: Arguments, named: dict[str, object], budget: Budget) -> object:
    """Call a method of a text. Raises what Python raises, and AttributeError for a method that is unknown here."""
    sources = (text, *given)
    if name in PLAIN_METHODS:
        budget.text(len(text))
        # str(), because a subclass such as Unicode would call its own methods.
        result = getattr(str(text), name)(*given)
        if isinstance(result, (list, tuple)):
            return type(result)(as_python_2(part, *sources) for part in result)
        return as_python_2(result, *sources)
    if name == "join" and isinstance(given[0], (list, tuple)):
        sources = (text, *given[0])
    if name not in _TEXT_METHODS:
        raise AttributeError(name)
    return as_python_2(_TEXT_METHODS[name](text, budget, *given, **named), *sources)


def _join(text: str, budget: Budget, parts: object) -> str:
    """Return text.join(parts)."""
    members = members_of(parts, budget)
    if not all(isinstance(member, str) for member in members):
        raise TypeError("sequence item: expected string")
    texts = [str(member) for member in members]
    # Checked before the work: the limit must hold even if a text is repeated often.
    budget.text(sum(map(len, texts)) + len(text) * len(texts))
    return str(text).join(texts)


def _replace(text: str, budget: Budget, old: str, new: str, count: int = -1) -> str:
    """Return text.replace(old, new)."""
    # An upper bound: every replacement at most inserts the whole new text.
    budget.text(len(text) + (text.count(old) + 1) * len(new))
    return str(text).replace(old, new, count)


def _padded(name: str) -> Function:
    """Return the method *name*, which pads a text to a given width."""

    def pad(text: str, budget: Budget, width: int, *fill: str) -> object:
        budget.text(width)
        return getattr(str(text), name)(width, *fill)

    return pad


def _format(text: str, budget: Budget, *given: object, **named: object) -> str:
    """Return text.format()."""
    return filled_in(text, list(given), named, budget)


def _decode(text: str, _budget: Budget, *_codec: str) -> Unicode:
    """Return the text as unicode, for any codec."""
    return Unicode(text)


def _encode(text: str, _budget: Budget, *_codec: str) -> str:
    """Return the bytes of a text."""
    return str(text)


def _expandtabs(text: str, budget: Budget, width: int = 8) -> str:
    """Return text.expandtabs()."""
    budget.text(len(text) + text.count("\t") * width)
    return str(text).expandtabs(width)


_TEXT_METHODS: Mapping[str, Function] = {
    "join": _join,
    "replace": _replace,
    "zfill": _padded("zfill"),
    "ljust": _padded("ljust"),
    "rjust": _padded("rjust"),
    "center": _padded("center"),
    "format": _format,
    "decode": _decode,
    "encode": _encode,
    "expandtabs": _expandtabs,
}


def list_method(values: Arguments, name: str, given: Arguments, named: dict[str, object], budget: Budget) -> object:
    """Call a method of a list. Raises what Python raises."""
    budget.items(len(values) + 1)
    if name == "extend":
        values += members_of(given[0], budget)
        budget.items(len(values))
        return None
    if name in ("remove", "index", "count", "sort"):
        budget.size(values)
    # sort(cmp) and sort(key=) would call functions of the file.
    if name == "sort" and (given or set(named) - {"reverse"}):
        raise AttributeError(name)
    return getattr(values, name)(*given, **named)


def dict_method(
    values: dict[object, object], name: str, given: Arguments, named: dict[str, object], budget: Budget
) -> object:
    """Call a method of a dictionary. Raises what Python raises."""
    budget.items(len(values))
    if name == "has_key":
        return given[0] in values
    if name == "update":
        values.update(*[pairs(one) for one in given], **named)
        return None
    # The iter methods of Python 2 are read as lists, as a loop sees the same members.
    result = getattr(values, name.removeprefix("iter"))(*given)
    return list(result) if name.removeprefix("iter") in ("keys", "values", "items") else result


def pairs(value: object) -> dict[object, object]:
    """Return a dictionary, or one made of pairs."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, (list, tuple)) or not all(
        isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in value
    ):
        raise TypeError("not a list of pairs")
    return {pair[0]: pair[1] for pair in value}


def members_of(value: object, budget: Budget) -> Arguments:
    """Return the items of a loop over *value*. Raises TypeError."""
    if not isinstance(value, (str, list, tuple, dict)):
        raise TypeError("object is not iterable")
    budget.items(len(value))
    return [as_python_2(str(letter), value) for letter in value] if isinstance(value, str) else list(value)


def _range(budget: Budget, *bounds: int) -> object:
    """Return range()."""
    numbers = range(*bounds)
    budget.items(len(numbers))
    return list(numbers)


def _int(_budget: Budget, value: object = 0, *base: int) -> object:
    """Return int()."""
    # Python 3 accepts underscores in numbers, Python 2 does not.
    if isinstance(value, str) and (len(value) > 100 or "_" in value):
        raise ValueError("invalid literal for int()")
    return as_python_2(int(value, *base))  # type: ignore[call-overload]


def _long(_budget: Budget, value: object = 0, *base: int) -> Long:
    """Return long()."""
    return Long(int(_int(_budget, value.rstrip("lL") if isinstance(value, str) else value, *base)))  # type: ignore[call-overload]


def _float(_budget: Budget, value: object = 0) -> float:
    """Return float()."""
    if isinstance(value, str) and "_" in value:
        raise ValueError("invalid literal for float()")
    return float(value)  # type: ignore[arg-type]


def _str(budget: Budget, value: object = "") -> str:
    """Return str()."""
    budget.text(budget.size(value))
    return text_of(value)


def _unicode(budget: Budget, value: object = "", *_codec: str) -> Unicode:
    """Return unicode()."""
    return Unicode(_str(budget, value))


def _repr(budget: Budget, value: object) -> str:
    """Return repr()."""
    budget.text(budget.size(value))
    return repr_of(value)


def _len(_budget: Budget, value: object) -> int:
    """Return len()."""
    if not isinstance(value, (str, list, tuple, dict)):
        raise TypeError("object has no len()")
    return len(value)


def _list(budget: Budget, value: object = ()) -> Arguments:
    """Return list()."""
    return members_of(value, budget)


def _dict(budget: Budget, value: object = (), **named: object) -> dict[object, object]:
    """Return dict()."""
    budget.size(value)
    found: dict[object, object] = dict(pairs(value))
    found.update(named)
    return found


def _enumerate(budget: Budget, value: object, start: int = 0) -> object:
    """Return enumerate() as a list."""
    return list(enumerate(members_of(value, budget), start))


def _zip(budget: Budget, *values: object) -> object:
    """Return zip()."""
    return list(zip(*(members_of(value, budget) for value in values)))


def _sorted(budget: Budget, value: object, *, reverse: object = False) -> object:
    """Return sorted()."""
    budget.size(value)
    return sorted(members_of(value, budget), reverse=bool(reverse))  # type: ignore[type-var]


def _reversed(budget: Budget, value: object) -> object:
    """Return reversed() as a list."""
    return members_of(value, budget)[::-1]


def _of_members(function: Function) -> Function:
    """Return min or max."""

    def call(budget: Budget, *given: object) -> object:
        values = members_of(given[0], budget) if len(given) == 1 else list(given)
        budget.size(values)
        return function(values)

    return call


def _sum(budget: Budget, value: object, start: object = 0) -> object:
    """Return sum()."""
    members = members_of(value, budget)
    budget.size(members)
    return as_python_2(sum(members, start))  # type: ignore[call-overload]


def _of_numbers(function: Function) -> Function:
    """Return a function of numbers whose result is not larger than its arguments."""

    def call(_budget: Budget, *given: object) -> object:
        if not all(isinstance(value, (int, float)) for value in given):
            raise TypeError("a number is required")
        return as_python_2(function(*given), *given)

    return call


def _octal(_budget: Budget, value: int) -> str:
    """Return oct(), which prints no ``o`` in Python 2."""
    return f"{'-' if value < 0 else ''}0{abs(value):o}" if value else "0"


def _character(_budget: Budget, code: int) -> str:
    """Return chr()."""
    if not 0 <= code < 256:
        raise ValueError("chr() arg not in range(256)")
    return chr(code)


def _true(_budget: Budget, value: object = False) -> bool:
    """Return bool()."""
    return bool(value)


def _letter(_budget: Budget, value: str) -> int:
    """Return ord()."""
    return ord(value)


BUILTINS: Mapping[str, Function] = {
    "abs": _of_numbers(abs),
    "bool": _true,
    "chr": _character,
    "dict": _dict,
    "divmod": _of_numbers(lambda left, right: (left // right, left % right)),
    "enumerate": _enumerate,
    "float": _float,
    "hex": _of_numbers(hex),
    "int": _int,
    "len": _len,
    "list": _list,
    "long": _long,
    "max": _of_members(max),
    "min": _of_members(min),
    "oct": _octal,
    "ord": _letter,
    "range": _range,
    "repr": _repr,
    "reversed": _reversed,
    "round": _of_numbers(_round),
    "sorted": _sorted,
    "str": _str,
    "sum": _sum,
    "tuple": lambda budget, value=(): tuple(members_of(value, budget)),
    "unicode": _unicode,
    "xrange": _range,
    "zip": _zip,
}
"""The functions of Python that never call a function of the file."""


def _swapped(name: str) -> Function:
    """Return a function of the module string: the method of the same name, with the text first."""

    def call(budget: Budget, text: str, *given: object) -> object:
        return text_method(text, name, list(given), {}, budget)

    return call


def _string_join(budget: Budget, parts: object, between: str = " ") -> str:
    """Return string.join()."""
    return _join(between, budget, parts)


FUNCTIONS: Mapping[str, Function] = {
    "os.path.basename": lambda _budget, path: posixpath.basename(path),
    "os.path.dirname": lambda _budget, path: posixpath.dirname(path),
    "os.path.join": lambda _budget, *parts: posixpath.join(*parts),
    "os.path.normpath": lambda _budget, path: posixpath.normpath(path),
    "os.path.split": lambda _budget, path: posixpath.split(path),
    "os.path.splitext": lambda _budget, path: posixpath.splitext(path),
    "string.join": _string_join,
    "string.zfill": _swapped("zfill"),
    **{
        f"string.{name}": _swapped(name)
        for name in ("lower", "upper", "strip", "lstrip", "rstrip", "split", "replace", "find", "ljust", "rjust")
    },
    "string.atoi": _int,
}
"""Functions of modules whose result is the same on every host."""
