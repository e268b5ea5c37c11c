# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait for something that another thread or process brings about, and never for ever."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.simulator import Simulator


def wait_until(condition: Callable[[], object], otherwise: str, seconds: float = 60) -> None:
    """Wait until a condition holds. Raises AssertionError, which says what is so otherwise."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"after {seconds:g} s: {otherwise}"
        time.sleep(0.005)


def await_request(simulator: Simulator) -> None:
    """Wait until a simulator has got a request."""
    wait_until(lambda: simulator.requests, "no request has come")
