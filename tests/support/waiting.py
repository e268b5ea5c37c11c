# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait for something that another thread or process brings about, and never for ever."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Any, Optional

from tests.simulator import Simulator

Process = Optional[subprocess.Popen[Any]]


def wait_until(condition: Callable[[], object], otherwise: str, seconds: float = 60, *, by: Process = None) -> None:
    """Wait until a condition holds, which *by* brings about if it is given: it must not end before.

    Raises AssertionError, which says what is so otherwise.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert by is None or by.poll() is None, f"it ended by itself: {otherwise}"
        assert time.monotonic() < deadline, f"after {seconds:g} s: {otherwise}"
        time.sleep(0.002)


def await_request(simulator: Simulator, *, by: Process = None) -> None:
    """Wait until a simulator has got a request, which *by* sends if it is given."""
    wait_until(lambda: simulator.requests, "no request has come", by=by)
