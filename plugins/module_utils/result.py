# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a task, independent of Ansible. Modules and action plugins return it, each in its own way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional


@dataclass(frozen=True)
class TaskResult:
    """The values of a result, and the warnings. ``failure`` is the message of a failed task, None for success."""

    values: Mapping[str, Any] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    failure: Optional[str] = None
