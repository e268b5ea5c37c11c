# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""The end of xend's log, fit to be shown: xend logs configs, and there may be passwords in them.

It writes them as it has them: as an s-expression, ``(vncpasswd x)``, as Python's lists and dictionaries,
``['vncpasswd', 'x']`` and ``{'vncpasswd': 'x'}``, or as a text in one of these, with its quotes escaped once or more
often. Where it cannot be told where a password ends, too much is masked.
"""

from __future__ import annotations

import re

from ansible_collections.dom0.xend.plugins.module_utils._domain import MASK, SECRETS
from ansible_collections.dom0.xend.plugins.module_utils._errors import printable

_ESCAPES = r"\\{0,31}"


def _quoted(name: str) -> str:
    """Return the pattern of a quoted text, or of the rest of the line if nothing closes it."""
    return rf"(?P<{name}>{_ESCAPES}['\"])(?:.*?(?<!\\)(?P={name})|.*)"


_SECRET = re.compile(
    rf"""
    \b(?:{"|".join((*SECRETS, "password"))})\b {_ESCAPES}['"]?
    (?:
        \s*[:=]\s*                                          # of a dictionary, or an assignment: one value,
        (?P<value> [uUbB]?{_quoted("q1")} | [(\[{{](?:{_quoted("q2")}|[^)\]}}'"\n])* | \S+ )
      | (?:,\s*|[ \t]+)                                     # of a list: all values up to its end
        (?P<values> (?:{_quoted("q3")}|[^)\]'"\n])+ )
    )
    """,
    re.VERBOSE,
)


def masked(text: str) -> str:
    """Return *text* with every password in it masked."""
    return _SECRET.sub(_mask, text)


def _mask(match: re.Match[str]) -> str:
    """Return what was found, with the mask for the password."""
    start = match.start("values" if match["value"] is None else "value")
    return match[0][: start - match.start()] + MASK


def last_lines(text: str, count: int) -> list[str]:
    """Return the last lines of a log, without passwords."""
    lines = masked(printable(text)).rstrip("\n").split("\n")
    return lines[-count:] if text else []
