# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of xend's log without passwords: xend logs configs, which may hold some."""

from __future__ import annotations

from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import masked
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import printable


def last_lines(text: str, count: int) -> list[str]:
    """Return the last lines of a log, without passwords."""
    lines = masked(printable(text)).rstrip("\n").split("\n")
    return lines[-count:] if text else []
