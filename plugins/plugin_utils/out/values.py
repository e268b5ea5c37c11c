# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""Read the values of a domain from any source: numbers as text, booleans as 1, and texts that no file can hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import MASK
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import printable

_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
"""Characters that C strings or XML cannot hold, and that no name or path should have."""

_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off", "none")


class NotADomain(ValueError):
    """The input cannot be read as a domain. ``str()`` of it is the message for the user."""


def text(value: object) -> Optional[str]:
    r"""Return a value as text, None for null or an empty text. Characters that no file can hold are written as ``\xHH``."""
    if value is None or isinstance(value, (Mapping, list, tuple)):
        return None
    plain = printable(str(int(value) if isinstance(value, bool) else value))
    return _UNWRITABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", plain) or None


def number(value: object) -> Optional[int]:
    """Return a whole number, None for any other value."""
    plain = text(value) or ""
    return int(plain) if re.fullmatch(r"-?[0-9]{1,18}", plain) else None


def flag(value: object) -> Optional[bool]:
    """Return a boolean, None for a value that is neither true nor false."""
    plain = (text(value) or "").lower()
    return True if plain in _TRUE else False if plain in _FALSE else None


def mappings(value: object) -> list[Mapping[str, Any]]:
    """Return the mappings in a list."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, (list, tuple)) else []


def texts(value: object) -> list[str]:
    """Return the texts in a list, or a single text as a list."""
    items = value if isinstance(value, (list, tuple)) else [value]
    return [item for item in map(text, items) if item]


def shown(value: str, most: int = 80) -> str:
    """Return a text to quote in a sentence: on one line, shortened."""
    return repr(value if len(value) <= most else f"{value[:most]}...")


def is_masked(secret: str) -> bool:
    """Return whether a password is only a mask, as in the expressions and results that the modules return."""
    return secret == MASK or secret.startswith("VALUE_SPECIFIED_IN_NO_LOG")
