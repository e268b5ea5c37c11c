# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""Text to nested lists and back, in the s-expression dialect that xend speaks.

An atom is a ``str``, a list is a ``list``; there are no other types. ``007``, ``t``, ``nil`` and ``inf`` stay text: the
code that reads a domain knows which atoms are numbers, not the parser.

The dialect (the same from 3.0.0 to 4.4, except as noted):

* a string is quoted as Python 2's ``repr()`` does it, with either quote, and its ``\xHH`` are bytes of UTF-8;
* an empty atom is printed as nothing in 4.0 and earlier, so ``(kernel )`` is ``["kernel"]``, and as ``''`` in 4.1 and later;
* ``#`` begins a comment;
* text may follow the first expression (4.1 appends ``''`` to a domain) and is ignored.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Sequence
from typing import Union

try:
    import sexpdata
except ImportError:
    SEXPDATA_IMPORT_ERROR = traceback.format_exc()
    _BaseParser: type = object
else:
    SEXPDATA_IMPORT_ERROR = ""
    _BaseParser = sexpdata.Parser

Sxp = Union[str, list["Sxp"]]
"""An expression: an atom, or a list of expressions."""

MAX_DEPTH = 50
"""Lists nested deeper than this are refused, when reading and when writing. xend's own stay below ten."""

_ATOM = r"[^\s\x00-\x1f\x7f()'\"\#<>{}\[\];][^\s\x00-\x1f\x7f()\#<>{}\[\];]*"
_TOKEN = re.compile(
    rf"""
      \(({_ATOM})[ ](?:({_ATOM})              # 1, 2: a list of two bare atoms, as most of a listing is, or
                     | '([^'\\]*)')\)         # 1, 3: of one and a string without escapes
    | ({_ATOM})                               # 4: a bare atom
    | (\()                                    # 5
    | (\))                                    # 6
    | ('[^'\\]*(?:\\.[^'\\]*)*')              # 7: a string, or
    | ("[^"\\]*(?:\\.[^"\\]*)*")              # 8: a string
    | \#[^\n]*                                # a comment
    | ([^ \t\n\v\f\r])                        # 9: nothing that xend prints
    """,
    re.VERBOSE | re.DOTALL,
)
_PAIRS, _BARE, _OPEN, _CLOSE, _ODD = (2, 3), 4, 5, 6, 9
_LISTS = (*_PAIRS, _OPEN)

_BARE_EVERYWHERE = re.compile(r"[A-Za-z0-9._:/~-]+")
_NEEDS_ESCAPE = re.compile(rb"[\x00-\x1f\x7f-\xff\\']")
_SHORT_ESCAPES = {b"\n": rb"\n", b"\r": rb"\r", b"\t": rb"\t", b"\\": rb"\\", b"'": rb"\'"}

_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|([0-3][0-7]{2})|(.))", re.DOTALL)
_ESCAPED = {
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"v": b"\v",
    b"\\": b"\\",
    b"'": b"'",
    b'"': b'"',
}


class SxpError(ValueError):
    """A text that is not an s-expression of xend, or a tree that cannot be written as one.

    ``position`` is an offset into the text in characters, -1 if there is no text.
    """

    def __init__(self, reason: str, text: str = "", position: int = -1) -> None:
        """Show the reason, the position and some of the text around it."""
        self.reason = reason
        self.position = position
        self.excerpt = text[max(0, position - 20) : position + 40] if position >= 0 else ""
        where = f" at character {position}: {self.excerpt!r}" if position >= 0 else ""
        super().__init__(reason + where)


def loads(text: str, *, alone: bool = False) -> Sxp:
    """Return the first expression in *text*. Text after it is ignored, or an error if the expression must stand *alone*.

    Raises SxpError for any other text: empty, truncated, binary, HTML, or with lists nested deeper than MAX_DEPTH.
    """
    end, expression = _Parser(text).parse_sexp(0)
    if alone and any(match.lastindex for match in _TOKEN.finditer(text, end)):
        raise SxpError("more text after the end of the expression", text, end)
    return expression


def dumps(tree: Sxp) -> str:
    r"""Return *tree* as text that every xend from 3.0.0 to 4.4 reads back as the same tree.

    Characters that end an atom in any version (``!`` in 3.4 and earlier) are quoted; control characters and bytes over 126
    are escaped in octal. Raises SxpError for a tree of other types than ``str`` and sequences, or nested deeper than MAX_DEPTH.
    """
    return str(sexpdata.dumps(_quoted(tree, MAX_DEPTH), str_as="symbol"))


class _Parser(_BaseParser):
    """sexpdata's parser with the tokens of xend, and a loop instead of recursion."""

    def __init__(self, string: str) -> None:
        """Take the text to be read."""
        super().__init__(string, line_comment="#")

    def parse_sexp(self, i: int) -> tuple[int, Sxp]:
        """Read one expression from offset *i*; return the offset behind it, and the expression."""
        text = self.string
        stack: list[list[Sxp]] = []
        into: list[Sxp] = []
        for match in _TOKEN.finditer(text, i):
            kind = match.lastindex
            # Hostile input: without a limit, later code that recurses could exhaust the stack.
            if kind in _LISTS and len(stack) >= MAX_DEPTH:
                raise SxpError(f"lists nested over {MAX_DEPTH} deep", text, match.start())
            # The fast path: most of a listing is lists of two bare atoms, which cost one match each.
            if kind in _PAIRS:
                into.append([match[1], match[kind]])
            elif kind == _BARE:
                into.append(match[0])
            elif kind == _OPEN:
                stack.append(into)
                into = []
            elif kind == _CLOSE:
                if not stack:
                    raise SxpError("a closing parenthesis that nothing opened", text, match.start())
                stack[-1].append(into)
                into = stack.pop()
            elif kind:
                into.append(_string(match))
            # 4.1 and later print '' after many expressions (trap 8): what follows the first one is not read.
            if into and not stack:
                return match.end(), into[0]
        raise SxpError("the text ends too early" if stack else "there is no expression", text, len(text))


def _string(match: re.Match[str]) -> str:
    """Return the value of a token that is a quoted string, or should be one. Raises SxpError."""
    if match.lastindex == _ODD:
        raise SxpError(_complaint(match[0]), match.string, match.start())
    return _unquoted(match[0])


def _complaint(character: str) -> str:
    """Return the error for a character that begins no token."""
    if character in "'\"":
        return "a string that is not closed"
    if character in "<>{}[];":
        return f"{character!r} outside of a string, which splits the value in xend: put the whole value in quotes"
    return f"unexpected character {character!r}"


def _unquoted(token: str) -> str:
    """Return the value of a quoted string."""
    body = token[1:-1]
    if "\\" not in body:
        return body
    try:
        raw = _ESCAPE.sub(_unescaped, body.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError as error:
        raise SxpError(f"no UTF-8 for {body!r}: {error.reason}") from error
    return raw.decode("utf-8", "surrogateescape")


def _unescaped(match: re.Match[bytes]) -> bytes:
    """Return the byte of one escape; an unknown one keeps its backslash, as xend 3.0.4 and later do."""
    hexadecimal, octal, character = match.groups()
    if hexadecimal:
        return bytes([int(hexadecimal, 16)])
    if octal:
        return bytes([int(octal, 8)])
    return _ESCAPED.get(character, match[0])


def _quoted(tree: object, depth: int) -> object:
    """Return *tree* with every atom in its written form."""
    if isinstance(tree, str):
        # Trap 22: every release reads needless quotes correctly, but may split an atom without quotes.
        return tree if _BARE_EVERYWHERE.fullmatch(tree) else _repr(tree)
    if not isinstance(tree, Sequence):
        raise SxpError(f"only text and lists can be sent to xend, not {tree!r}")
    if not depth:
        raise SxpError(f"lists nested over {MAX_DEPTH} deep")
    return [_quoted(item, depth - 1) for item in tree]


def _repr(atom: str) -> str:
    """Return *atom* in single quotes, in ASCII."""
    try:
        raw = atom.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise SxpError(f"no UTF-8 for {atom!r}: {error.reason}") from error
    return "'" + _NEEDS_ESCAPE.sub(_escaped, raw).decode("ascii") + "'"


def _escaped(match: re.Match[bytes]) -> bytes:
    """Return the escape of one byte, in octal: 3.0.4 reads hexadecimal letters wrongly (create-escape-oct, create-utf8-get)."""
    return _SHORT_ESCAPES.get(match[0]) or b"\\%03o" % match[0][0]
