# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The behaviour of a guest over time, read from `rig.` words in its kernel arguments."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_WORD = re.compile(r"rig\.([a-z_]+)(?:=([0-9]+(?:\.[0-9]+)?))?")
_SPONTANEOUS = {"poweroff_after": "poweroff", "reboot_after": "reboot", "crash_after": "crash", "halt_after": "halt"}
_HOTPLUG = ("rigslow", "rigmissing", "rigbusy", "rignohotplug")

# How a Linux guest ends after each shutdown reason: halt and poweroff have the same effect, crash is ignored.
RESPONSE = {"poweroff": "poweroff", "halt": "poweroff", "reboot": "reboot", "suspend": "suspend"}


@dataclass(frozen=True)
class Behaviour:
    """A guest's character; without any word it is idle and goes down `shutdown_delay` seconds after being asked."""

    busy: bool = False
    deaf: bool = False  # ignores a shutdown request, or acknowledges it and does nothing
    build_fails: bool = False
    shutdown_delay: float | None = None  # None: the server's default
    dying: float = 0.0  # seconds its memory stays in use after it was destroyed
    spontaneous: dict[str, float] = field(default_factory=dict)  # what it does by itself -> seconds after its start


def behaviour(kernel_arguments: str) -> Behaviour:
    """Read the words."""
    words = dict(_WORD.findall(kernel_arguments))
    delay = words.get("shutdown_delay")
    return Behaviour(
        busy="busy" in words,
        deaf="ignore_shutdown" in words or "ack_only" in words,
        build_fails="build_fail" in words,
        shutdown_delay=float(delay) if delay else None,
        dying=float(words.get("dying") or 0),
        spontaneous={end: float(words[word]) for word, end in _SPONTANEOUS.items() if words.get(word)},
    )


def hotplug(*texts: str) -> str:
    """Return the word in a device's uname, bridge or script that decides what its hotplug script does, or ''."""
    return next((word for word in _HOTPLUG if any(word in text for text in texts)), "")
