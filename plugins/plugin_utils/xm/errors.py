# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The errors of a config file of xm. No message shows a value of the file, which may be a password."""

from __future__ import annotations


class XmError(Exception):
    """A config file that cannot be read, or that xm itself refuses. The message is one sentence."""

    def __init__(self, reason: str, line: int = 0) -> None:
        """Put the number of the line, if there is one, before the reason."""
        self.line = line
        super().__init__(f"line {line}: {reason}" if line else reason)
