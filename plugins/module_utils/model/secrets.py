# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""Mask secrets in everything that may hold one: expressions, options, URLs and texts that cannot be parsed.

In an s-expression the parser finds a secret, so its spelling makes no difference. In a text that cannot be parsed,
everything after the first word that may announce a secret is hidden: better too much than too little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import (
    SEXPDATA_IMPORT_ERROR,
    Sxp,
    SxpError,
    dumps,
    loads,
)

SECRETS = ("vncpasswd", "passwd", "password")
"""Keys whose values are never shown."""
MASK = "********"

_EXPRESSIONS = ("config", "extra_config")
"""Options that hold s-expressions."""
_URLS = ("xend_url", "destination_url")
_WORDS = "|".join(SECRETS)
_ANNOUNCED = re.compile(rf"(?:{_WORDS})(?=['\"]?[\s=:,#(])", re.IGNORECASE)
_PERHAPS_ANNOUNCED = re.compile(rf"{_WORDS}|(?=\\[x0-7])", re.IGNORECASE)
"""Such a word, or an escape, which may hide one."""
_SWALLOWED = re.compile(rf"\(\s*(?:{_WORDS})\b")
"""A key inside of a string, as in ``(name 'web1) (vncpasswd 'x')``, where a quote is missing: the parser takes x for a name."""
_SSH_LOGIN = re.compile(r"ssh://[A-Za-z0-9_.+-]+@(?=[^@%]*$)")
"""A user name that needs no mask: ssh accepts no password there."""
_AT = re.compile(r"@|%(?:25)*40")
"""An @, also percent-encoded once or more often."""


# ---- expressions


def without_secrets(tree: Sxp) -> Sxp:
    """Return *tree* with the values of SECRETS masked."""
    if not isinstance(tree, list):
        return tree
    known = _known(tree)
    return [*map(without_secrets, tree[:known]), *([MASK] if tree[known:] else [])]


def secrets(tree: Sxp) -> Iterator[str]:
    """Yield the values that without_secrets masks."""
    if isinstance(tree, list):
        known = _known(tree)
        for item in tree[:known]:
            yield from secrets(item)
        yield from _atoms(tree[known:])


def _known(tree: list[Sxp]) -> int:
    """Return how many items of a list can be shown: those before a secret's key, or before a text that contains such a key."""
    # A key is a secret's only in first place, as in (vncpasswd x); further on it may be an ordinary value.
    for position, item in enumerate(tree):
        if isinstance(item, str) and ((item in SECRETS and not position) or _SWALLOWED.search(item)):
            return position + 1
    return len(tree)


def expression_without_secrets(text: str) -> str:
    """Return a text that should be an s-expression, with its secrets masked; unchanged if it has none."""
    # The usual text has no such word, and is neither parsed nor printed anew.
    if not _PERHAPS_ANNOUNCED.search(text):
        return text
    tree = _parsed(text)
    return dumps(without_secrets(tree)) if isinstance(tree, list) else beginning_without_secrets(text)


def beginning_without_secrets(text: str) -> str:
    """Return a text that cannot be parsed, up to the first word that may announce a secret."""
    return _cut(text, _PERHAPS_ANNOUNCED)


def _parsed(text: str) -> Sxp:
    """Return the parsed expression of a text; the text itself if it is no s-expression, or if there is no parser."""
    try:
        return text if SEXPDATA_IMPORT_ERROR else loads(text, alone=True)
    except SxpError:
        return text


def _cut(text: str, announced: re.Pattern[str]) -> str:
    """Return *text* with a mask for what follows the first match."""
    match = announced.search(text)
    return f"{text[: match.end()]} {MASK}" if match else text


# ---- options


def options_without_secrets(value: object, key: str = "") -> object:
    """Return an option, or all of them, with secrets masked. They may have any shape, because they are not validated yet."""
    if _is_secret(key) and value is not None and not isinstance(value, bool):
        return MASK
    if isinstance(value, Mapping):
        return {name: options_without_secrets(item, str(name)) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return _several_without_secrets(value, key)
    return _text_without_secrets(value, key) if isinstance(value, str) else value


def _several_without_secrets(values: Sequence[object], key: str) -> list[object]:
    """Return a list with secrets masked: up to a key, or to a text that ends in a mask. Ansible splits texts at commas."""
    shown: list[object] = []
    for position, item in enumerate(values):
        each = options_without_secrets(item, key)
        shown.append(each)
        # Ansible splits a text at commas, so the rest of a secret may be the next item of the list.
        if (item in SECRETS and not position) or (isinstance(each, str) and each.endswith(MASK)):
            return [*shown, MASK] if values[position + 1 :] else shown
    return shown


def _text_without_secrets(text: str, key: str) -> str:
    """Return a text option with secrets masked."""
    if key in _URLS:
        return url_without_secrets(text)
    if key in _EXPRESSIONS or text.lstrip().startswith(("(", "#")):
        return expression_without_secrets(text)
    return _cut(text, _ANNOUNCED)


def secrets_of_options(value: object, key: str = "") -> Iterator[str]:
    """Yield the secrets in an option, or in all of them, in every form in which xend or Python may print them."""
    if _is_secret(key):
        for atom in _atoms(value):
            yield from _spellings(atom)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from secrets_of_options(item, str(name))
    elif isinstance(value, (list, tuple)):
        # ["vncpasswd", "x"] is a pair of key and value in a list.
        inner = value[0] if value and value[0] in SECRETS else ""
        for item in value[1:] if inner else value:
            yield from secrets_of_options(item, inner or key)
    elif isinstance(value, str) and (key in _EXPRESSIONS or value.startswith("(")):
        for atom in secrets(_parsed(value)):
            yield from _spellings(atom)


def _is_secret(key: str) -> bool:
    """Return whether an option is a secret, by its name. A misspelt name counts, too."""
    return "passw" in key.lower()


def _spellings(secret: str) -> Iterator[str]:
    """Yield a secret as it is, and as Python 2 and Python 3 print it in quotes."""
    yield secret
    yield repr(secret)[1:-1]
    if not SEXPDATA_IMPORT_ERROR and secret.isprintable():
        yield dumps(secret).strip("'")


def _atoms(tree: object) -> Iterator[str]:
    """Yield every leaf of a tree, or of an option, as text."""
    if isinstance(tree, Mapping):
        tree = list(tree.values())
    if isinstance(tree, (list, tuple)):
        for item in tree:
            yield from _atoms(item)
    elif tree is not None and not isinstance(tree, bool) and str(tree):
        yield str(tree)


# ---- URLs


_HOST = re.compile(r"(?:\[[^\]]*\]|[^:/?#]*)(?::[0-9]*)?(?=[/?#]|$)")
_QUERY = re.compile(r"([?#]).+", re.DOTALL)


def url_without_secrets(url: str) -> str:
    """Return an ``xend_url``, which may be invalid, without user, query, and a port that is no number."""
    scheme, colon, rest = url.partition("://") if "://" in url else ("", "", url)
    login = _SSH_LOGIN.match(url)
    if login:
        return login[0] + url_without_secrets(url[login.end() :])
    if holds_user(url):
        rest = f"{MASK}@{_AT.split(rest)[-1]}"
    host = _HOST.match(rest)
    shown = rest if host else f"{rest.partition(':')[0]}:{MASK}"
    return scheme + colon + _QUERY.sub(rf"\1{MASK}", shown)


def holds_user(url: str) -> bool:
    """Return whether an ``xend_url`` holds a user name, or something that may be meant as one."""
    authority = url.partition("://")[2].partition("/")[0]
    return _AT.search(authority if url.startswith("unix:") else url) is not None


# ---- texts that hold expressions, in whatever form

_ESCAPES = r"\\{0,31}"


def _in_quotes(name: str) -> str:
    """Return the pattern of a quoted text, or of the rest of the line if the quote is not closed."""
    return rf"(?P<{name}>{_ESCAPES}['\"])(?:.*?(?<!\\)(?P={name})|.*)"


_SECRET_IN_TEXT = re.compile(
    rf"""
    \b(?:{_WORDS})\b {_ESCAPES}['"]?
    (?:
        \s*[:=]\s*                                          # of a dictionary, or an assignment: one value,
        (?P<value> [uUbB]?{_in_quotes("q1")} | [(\[{{](?:{_in_quotes("q2")}|[^)\]}}'"\n])* | \S+ )
      | (?:,\s*|[ \t]+)                                     # of a list: all values up to its end
        (?P<values> (?:{_in_quotes("q3")}|[^)\]'"\n])+ )
    )
    """,
    re.VERBOSE,
)


def masked(text: str) -> str:
    r"""Return *text* with every password masked that the text before it announces.

    It may be an s-expression, ``(vncpasswd x)``, Python's lists and dictionaries, ``['vncpasswd', 'x']`` and
    ``{'vncpasswd': 'x'}``, or a text in one of these, with its quotes escaped once or more often. If the end of a
    password is unclear, too much is masked.
    """
    return _SECRET_IN_TEXT.sub(_mask, text)


def _mask(match: re.Match[str]) -> str:
    """Return what was found, with the mask for the password."""
    start = match.start("values" if match["value"] is None else "value")
    return match[0][: start - match.start()] + MASK
