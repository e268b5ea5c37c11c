# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Notes the tasks that a rehearsal has skipped."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rehearsal
type: notification
short_description: Note what a rehearsal has skipped
version_added: 0.1.0
description:
  - The playbook C(dom0.xend.rehearse) enables it, to list in its summary the tasks that were not rehearsed.
author:
  - dom0.xend contributors (@dom0-xend)
options:
  path:
    description: The file to which a line of JSON with host and task is appended for each of them.
    type: path
    required: true
    env:
      - name: XEND_NOT_REHEARSED
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from ansible.plugins.callback import CallbackBase

from ansible_collections.dom0.xend.plugins.plugin_utils._rehearsal import NOT_REHEARSED

if TYPE_CHECKING:
    from ansible.executor.task_result import CallbackTaskResult


class CallbackModule(CallbackBase):
    """Writes a line for each task of a host that the connection of a rehearsal has skipped."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "dom0.xend.rehearsal"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_skipped(self, result: CallbackTaskResult) -> None:
        """Note a task."""
        self._note(result)

    def v2_runner_item_on_skipped(self, result: CallbackTaskResult) -> None:
        """Note an item of a loop."""
        self._note(result)

    def _note(self, result: CallbackTaskResult) -> None:
        """Write the line, unless the task was skipped for another reason."""
        if NOT_REHEARSED not in str(result.result.get("msg")):
            return
        line = json.dumps({"host": result.host.get_name(), "task": result.task.get_name()})
        with Path(self.get_option("path")).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
