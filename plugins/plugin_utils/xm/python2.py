# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""Rewrite Python 2 source as Python 3 source with the same lines, so that Python's own parser can read it.

Rewritten are ``print``, ``exec``, ``raise A, B`` and ``except A, e``, backticks, ``<>``, ``0755``, ``1L``, ``ur''``, the escapes
that a byte string does not know, and tabs, which advance to the next multiple of eight columns.

Text is "bytes as Latin-1": one character for each byte of the file, as Python 2 sees it.
"""

from __future__ import annotations

import re

Token = tuple[str, str]
"""Kind and text. The texts of all tokens, one after the other, are the source."""

_TOKEN = re.compile(
    r"""
      (?P<string>(?:[uUbB]?[rR]?)(?:
          \"\"\"(?:[^\\]|\\.)*?\"\"\" | '''(?:[^\\]|\\.)*?''' | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*'))
    | (?P<unclosed>["'].*)
    | (?P<comment>\#[^\n]*)
    | (?P<number>0[xX][0-9a-fA-F]+[lL]? | 0[oObB][0-7]+[lL]? | (?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[jJlL]?)
    | (?P<name>[^\W\d]\w*)
    | (?P<newline>\n)
    | (?P<space>[ \t\f]+|\\\n)
    | (?P<op><>|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_BYTE_ESCAPES = frozenset("\n\\'\"abfnrtvx01234567")
_UNICODE_ESCAPES = _BYTE_ESCAPES | frozenset("uUN")


def as_python_3(source: str) -> str:
    """Return *source* with the same lines, rewritten so that Python 3 parses it with the same meaning."""
    text = source.replace("\r\n", "\n").replace("\r", "\n")
    # A backslash at the end of the file continues nothing.
    text = re.sub(r"\\\n?\Z", "\n", text)
    return "".join(_statements(_with_spaces(_without_backticks(_tokens(text)))))


def _tokens(text: str) -> list[Token]:
    """Split *text* into tokens, each in the spelling of Python 3."""
    tokens = [(str(match.lastgroup), _spelled(str(match.lastgroup), match[0])) for match in _TOKEN.finditer(text)]
    # Python 3 would read 1_024 as a number, which Python 2 refuses.
    apart = [kind == "number" and after[:1] == "_" for (kind, _text), (_kind, after) in zip(tokens, tokens[1:])]
    return [(kind, f"{text} " if split else text) for (kind, text), split in zip(tokens, [*apart, False])]


def _spelled(kind: str, text: str) -> str:
    """Return one token in the spelling of Python 3."""
    if kind == "string":
        return _string(text)
    if kind == "number":
        return _number(text)
    return "!=" if text == "<>" else text


def _string(text: str) -> str:
    """Return a string literal. A unicode one keeps its ``u``, which the parser reports."""
    # The prefix ends where the first quote begins.
    prefix = text[: min(place for place in (text.find("'"), text.find('"')) if place >= 0)].lower()
    literal = text[len(prefix) :]
    # Python 3 has no ur'': its escapes are written out.
    if "u" in prefix and "r" in prefix:
        return "u" + _ESCAPE.sub(lambda match: "\\\\" + ("\\" if match[1] in "'\"" else "") + match[1], literal)
    if "r" in prefix:
        return "r" + literal
    # Python 2 keeps an unknown escape with its backslash; doubled, Python 3 does the same without a warning.
    known = _UNICODE_ESCAPES if "u" in prefix else _BYTE_ESCAPES
    kept = _ESCAPE.sub(lambda match: match[0] if match[1] in known else "\\" + match[0], literal)
    return ("u" if "u" in prefix else "") + kept


def _number(text: str) -> str:
    """Return a number literal. A long one becomes a call, because Python 3 has no literal for it."""
    digits = text.rstrip("lL")
    if re.fullmatch(r"0[0-7]+", digits):
        digits = "0o" + digits[1:]
    return f"long({digits})" if text[-1] in "lL" else digits


def _without_backticks(tokens: list[Token]) -> list[Token]:
    """Write `value` as repr(value)."""
    result, inside = [], False
    for kind, text in tokens:
        # Two parentheses: `a, b` is a tuple, and repr() takes one argument.
        if text == "`":
            result += [("op", ")"), ("op", ")")] if inside else [("name", "repr"), ("op", "("), ("op", "(")]
            inside = not inside
        else:
            result.append((kind, text))
    return result


def _with_spaces(tokens: list[Token]) -> list[Token]:
    """Write the tabs that begin a line as spaces."""
    before = "newline"
    result = []
    for kind, text in tokens:
        # A tab that continues a line inside brackets does not indent.
        indents = before == "newline" and kind == "space" and text != "\\\n"
        result.append((kind, text.replace("\f", "").expandtabs(8) if indents else text))
        before = kind
    return result


def _statements(tokens: list[Token]) -> list[str]:
    """Rewrite the statements that Python 3 lacks; return the pieces of the source."""
    pieces: list[str] = []
    place, depth, begins = 0, 0, True
    while place < len(tokens):
        kind, text = tokens[place]
        if begins and kind == "name" and text in _REWRITTEN:
            end, closed = _end(tokens, place, ":" if text == "except" else "")
            # An open bracket means that the end was not found; the parser then reports the error.
            if not closed:
                return [*pieces, *(rest for _kind, rest in tokens[place:])]
            pieces.append(_REWRITTEN[text](tokens[place + 1 : end]))
            place, begins = end, False
            continue
        pieces.append(text)
        depth = _deeper(depth, text)
        if kind not in ("space", "comment"):
            # A statement begins after a line end, a semicolon, or a colon outside of brackets.
            begins = depth == 0 and (kind == "newline" or text in (";", ":"))
        place += 1
    return pieces


def _deeper(depth: int, text: str) -> int:
    """Return how many brackets are open after this token."""
    return depth + 1 if text in ("(", "[", "{") else max(0, depth - 1) if text in (")", "]", "}") else depth


def _end(tokens: list[Token], place: int, mark: str) -> tuple[int, bool]:
    """Return the end of the statement at *place*, before its newline, comment, semicolon or *mark*, and whether all brackets
    are closed.
    """
    depth = 0
    while place < len(tokens):
        kind, text = tokens[place]
        if depth == 0 and (kind in ("newline", "comment") or text == ";" or (mark and text == mark)):
            return place, True
        depth = _deeper(depth, text)
        place += 1
    return place, depth == 0


def _joined(tokens: list[Token]) -> str:
    """Return the source of some tokens."""
    return "".join(text for _kind, text in tokens)


def _print(rest: list[Token]) -> str:
    """Return an empty statement with as many lines as the ``print``."""
    # The same number of lines, so that the line numbers of messages stay right.
    return "pass " + "\\\n" * _joined(rest).count("\n")


def _exec(rest: list[Token]) -> str:
    """Return a call."""
    return f"exec({_joined(rest)})"


def _raise(rest: list[Token]) -> str:
    """Return ``raise`` with one exception, or with a tuple of it and its arguments."""
    text = _joined(rest)
    return f"raise ({text})" if text.strip() else "raise" + text


def _except(rest: list[Token]) -> str:
    """Return ``except KIND as NAME``."""
    depth, comma = 0, -1
    for place, (_kind, text) in enumerate(rest):
        depth = _deeper(depth, text)
        # The last comma outside of brackets separates the kind from the name.
        comma = place if depth == 0 and text == "," else comma
    if comma < 0:
        return "except" + _joined(rest)
    return f"except{_joined(rest[:comma])} as {_joined(rest[comma + 1 :])}"


_REWRITTEN = {"print": _print, "exec": _exec, "raise": _raise, "except": _except}
