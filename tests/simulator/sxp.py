# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read and print xend's s-expressions for the simulator: one dialect per release, text as Latin-1."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Union, cast

Sxp = Union[str, int, float, None, "list[Sxp]"]

_ESCAPES = {"a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
_END = "unexpected EOF"
_SAFE = re.compile(r"[A-Za-z0-9.\-_:/~]+\Z|@\Z")


class SxpError(ValueError):
    """The text is not an s-expression; the message is xend's."""


class BrokenParserError(ValueError):
    """xend's own parser fails here (an unknown escape, in 3.0.3 and earlier); the message is Python's."""


class Long(int):
    """A Python 2 long: xend prints it in quotes."""


class Printed(str):
    """A word that is printed again as it was: `'1'` and `1` are the same word, and not the same print."""

    __slots__ = ("print",)
    print: str

    @classmethod
    def of(cls, word: str, print_: str) -> Printed:
        """Return a word with its print."""
        made = cls(word)
        made.print = print_
        return made


@dataclass(frozen=True)
class Dialect:
    """What one release prints and accepts."""

    empty: str  # how the empty string is printed: as nothing in 4.0 and earlier, as '' in 4.1 and later
    separators: str  # characters which end an atom and start the next one
    hex_letter: int  # what an `a` counts in an escape such as \\xab: 10, or a wrong 0
    unknown_escape: str  # `breaks` the parser, `ends` the text, or `stays` a backslash without the next character


def py2_repr(text: str) -> str:
    """Return Python 2's repr() of a byte string."""
    quote = '"' if "'" in text and '"' not in text else "'"
    return quote + "".join(_escaped(char, quote) for char in text) + quote


def _escaped(char: str, quote: str) -> str:
    if char in ("\\", quote):
        return "\\" + char
    if char in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[char]
    return char if " " <= char <= "~" else f"\\x{ord(char):02x}"


def py2_list(value: Sxp) -> str:
    """Return Python 2's repr() of a parsed expression, for the messages which show one."""
    if isinstance(value, list):
        return "[" + ", ".join(py2_list(item) for item in value) + "]"
    return py2_repr(value) if isinstance(value, str) else str(value)


def show(value: Sxp, dialect: Dialect) -> str:
    """Print a value as this release of xend does."""
    if isinstance(value, list):
        return "(" + " ".join([show(item, dialect) for item in value]) + ")"
    if isinstance(value, Printed):
        return value.print
    if isinstance(value, str):
        return _show_text(value, dialect.empty)
    if value is None:
        return "'None'"
    if isinstance(value, Long):
        return f"'{int(value)}'"
    return f"{value:.12g}" if isinstance(value, float) and value % 1 else str(value)


@lru_cache(maxsize=4096)
def _show_text(text: str, empty: str) -> str:
    if not text:
        return empty
    return text if _SAFE.match(text) else py2_repr(text)


@cache
def _scanner(separators: str) -> re.Pattern[str]:
    stop = re.escape(separators)
    return re.compile(
        r"(?P<skip>[ \t\n\v\f\r]+|\#[^\n]*)"
        r"|(?P<open>\()|(?P<close>\))"
        r"""|(?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
        r"""|(?P<torn>['"])"""
        rf"|(?P<atom>[!-~][^ \t\n\v\f\r#(){stop}]*)"
        r"|(?P<bad>.)",
        re.DOTALL,
    )


def parse(text: str, dialect: Dialect) -> list[Sxp]:
    """Return every expression in the text; raise SxpError or BrokenParserError in xend's words."""
    stack: list[list[Sxp]] = [[]]
    for match in _scanner(dialect.separators).finditer(text):
        kind, token = match.lastgroup, match.group()
        if kind == "atom":
            stack[-1].append(token)
        elif kind == "string":
            stack[-1].append(_unquote(token, dialect))
        else:
            _structure(stack, kind, token)
    if len(stack) > 1:
        raise SxpError(_END)
    return stack[0]


def parse_printed(text: str, dialect: Dialect) -> list[Sxp]:
    """Return every expression in what this release printed, so that `show` prints all of it as it was."""
    stack: list[list[Sxp]] = [[]]
    gap = 0
    for match in _scanner(dialect.separators).finditer(text):
        kind, token = match.lastgroup, match.group()
        if len(stack) > 1 and stack[-1] and not dialect.empty:
            stack[-1] += [""] * (gap if kind == "close" else max(0, gap - 1))
        gap = len(token) if kind == "skip" and not token.strip(" ") else 0
        if kind in ("atom", "string"):
            word = token if kind == "atom" else _unquote(token, dialect)
            stack[-1].append(word if show(word, dialect) == token else Printed.of(word, token))
        else:
            _structure(stack, kind, token)
    if len(stack) > 1:
        raise SxpError(_END)
    return stack[0]


def _structure(stack: list[list[Sxp]], kind: str | None, token: str) -> None:
    """Open or close an expression, or refuse what is neither that nor a word."""
    if kind == "open":
        stack.append([])
    elif kind == "close":
        _close(stack)
    elif kind == "bad":
        msg = f"invalid character: code {ord(token)}"
        raise SxpError(msg)
    elif kind == "torn":
        raise SxpError(_END)


def _close(stack: list[list[Sxp]]) -> None:
    if len(stack) == 1:
        msg = "syntax error: )"
        raise SxpError(msg)
    done = stack.pop()
    stack[-1].append(done)


_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|(.))", re.DOTALL)


def _unquote(token: str, dialect: Dialect) -> str:
    def replace(match: re.Match[str]) -> str:
        if match.group(1):
            return chr(_hexadecimal(match.group(1), dialect.hex_letter))
        if match.group(2):
            return chr(int(match.group(2), 8) & 255)
        char = match.group(3)
        if char not in _ESCAPES and dialect.unknown_escape == "breaks":
            msg = "Parser instance has no attribute 'buf'"
            raise BrokenParserError(msg)
        if char not in _ESCAPES and dialect.unknown_escape == "ends":
            raise SxpError(_END)
        return _ESCAPES.get(char, "\\")

    inner = token[1:-1]
    return _ESCAPE.sub(replace, inner) if "\\" in inner else inner


def _hexadecimal(digits: str, letter: int) -> int:
    """Return the number that a release reads in two digits; one of them counts its letters wrongly."""
    first, second = (letter + int(each, 16) - 10 if each.isalpha() else int(each) for each in digits)
    return first * 16 + second


def head(value: Sxp) -> str | None:
    """Return the first element of a list if it is a word."""
    if isinstance(value, list) and value and isinstance(value[0], str):
        return value[0]
    return None


def child(config: Sxp, key: str) -> list[Sxp] | None:
    """Return the first child list with that head: for a key given twice the first one wins."""
    for item in config[1:] if isinstance(config, list) else ():
        if head(item) == key:
            return cast("list[Sxp]", item)
    return None


def child_value(config: Sxp, key: str) -> Sxp:
    """Return the value of a (key value) child, None when the key or its value is missing."""
    found = child(config, key)
    return found[1] if found is not None and len(found) > 1 else None


def children(config: Sxp, key: str) -> list[list[Sxp]]:
    """Return every child list with that head."""
    items = config[1:] if isinstance(config, list) else []
    return [cast("list[Sxp]", item) for item in items if head(item) == key]
