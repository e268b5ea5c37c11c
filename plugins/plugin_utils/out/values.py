# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""The values of a domain, whoever wrote them: numbers as text, truth as 1, and texts that no file format could hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import MASK
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import printable

_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
"""What neither C's strings nor XML can hold, and what no name or path should."""

_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off", "none")


class NotADomain(ValueError):
    """What was given cannot be read as a domain. ``str()`` of it is what the user reads."""


def text(value: object) -> Optional[str]:
    r"""Return a value as text, None for none or an empty one. Characters that no file could hold are written as ``\xHH``."""
    if value is None or isinstance(value, (Mapping, list, tuple)):
        return None
    plain = printable(str(int(value) if isinstance(value, bool) else value))
    return _UNWRITABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", plain) or None


def number(value: object) -> Optional[int]:
    """Return a whole number, None for what is none."""
    plain = text(value) or ""
    return int(plain) if re.fullmatch(r"-?[0-9]{1,18}", plain) else None


def flag(value: object) -> Optional[bool]:
    """Return whether a value stands for true, None for what stands for neither."""
    plain = (text(value) or "").lower()
    return True if plain in _TRUE else False if plain in _FALSE else None


def mappings(value: object) -> list[Mapping[str, Any]]:
    """Return the mappings in a list."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, (list, tuple)) else []


def texts(value: object) -> list[str]:
    """Return the texts in a list, or the one that stands in its place."""
    items = value if isinstance(value, (list, tuple)) else [value]
    return [item for item in map(text, items) if item]


def shown(value: str, most: int = 80) -> str:
    """Return a text as a sentence may quote it: on one line, and not too long."""
    return repr(value if len(value) <= most else f"{value[:most]}...")


def is_masked(secret: str) -> bool:
    """Return whether a password is the mask in place of one: xend's texts come with that, and so do Ansible's results."""
    return secret == MASK or secret.startswith("VALUE_SPECIFIED_IN_NO_LOG")
