# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong with a config file of xm, in words for its owner. None of them shows a value of the file."""

from __future__ import annotations


class XmError(Exception):
    """A config file that cannot be read, or that xm itself refuses. The message is one sentence."""

    def __init__(self, reason: str, line: int = 0) -> None:
        """Put the line before the reason, where there is one."""
        self.line = line
        super().__init__(f"line {line}: {reason}" if line else reason)
