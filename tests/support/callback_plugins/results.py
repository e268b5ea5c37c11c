# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the result of each task to the file that RESULTS names, one line of JSON for each, for a test to read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: results
type: aggregate
short_description: Write the result of each task to a file
description: Write the result of each task to a file.
"""


class CallbackModule(CallbackBase):
    """Writes the results."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "results"
    CALLBACK_NEEDS_ENABLED = True

    def _write(self, outcome: Any, how: str) -> None:
        line = json.dumps({"task": outcome.task.name, "how": how, "result": outcome.result}, default=_text)
        with Path(os.environ["RESULTS"]).open("a") as file:
            file.write(line + "\n")

    def v2_runner_on_ok(self, result: Any) -> None:
        """Write a result."""
        self._write(result, "ok")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Write a failure."""
        del ignore_errors
        self._write(result, "failed")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Write that the host was not reached."""
        self._write(result, "unreachable")

    def v2_runner_item_on_ok(self, result: Any) -> None:
        """Write the result of an item of a loop."""
        self._write(result, "item")


def _text(value: Any) -> str:
    """Return a warning as its text."""
    event = getattr(value, "event", None)
    return str(event.msg if event else value)
