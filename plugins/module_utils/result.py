# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task returns, before Ansible: the modules and the action plugins hand it on, each in its own way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional


@dataclass(frozen=True)
class TaskResult:
    """The values of a result, and the warnings beside it. ``failure`` is the message of a task that failed."""

    values: Mapping[str, Any] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    failure: Optional[str] = None
