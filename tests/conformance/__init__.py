# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judging the simulator by the recordings: every recorded exchange is replayed and compared."""

from __future__ import annotations

from .runner import Result, Verdict, run

__all__ = ["Result", "Verdict", "run"]
