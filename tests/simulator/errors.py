# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways in which an operation of the simulated xend can fail."""

from __future__ import annotations


class XendError(Exception):
    """The operation fails; the text is that of (xend.err TEXT)."""


class LoudError(XendError):
    """The same in a thread, whose errors xend writes to its log only if they come from deep enough inside."""


class LateError(XendError):
    """The same of a create, once its domain has an id, which is lost."""


class NotFoundError(Exception):
    """There is nothing at that path; the text is the body of the 404."""


class SilenceError(Exception):
    """The thread that does the operation dies; what becomes of the connection depends on the release."""
