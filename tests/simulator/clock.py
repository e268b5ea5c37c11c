# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time for the simulator: the real monotonic clock, or one that a test moves by hand."""

from __future__ import annotations

import threading
import time

_LOOK_AROUND = 0.5  # seconds; how often a sleeper on a hand-moved clock looks whether the server stops


class Clock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Return seconds on a clock that only goes forward."""
        return time.monotonic()

    def wall(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    def sleep_until(self, deadline: float, stop: threading.Event) -> None:
        """Return when the clock has reached the deadline or the server stops."""
        stop.wait(max(0.0, deadline - self.now()))


class ManualClock(Clock):
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        """Start at zero."""
        self._now = 0.0
        self._moved = threading.Condition()

    def now(self) -> float:
        """Return the seconds it was moved so far."""
        return self._now

    def wall(self) -> float:
        """Return a fixed epoch plus the seconds it was moved so far."""
        return 1_795_420_000.0 + self._now

    def advance(self, seconds: float) -> None:
        """Move it forward and wake whoever sleeps."""
        with self._moved:
            self._now += seconds
            self._moved.notify_all()

    def sleep_until(self, deadline: float, stop: threading.Event) -> None:
        """Return when it was moved to the deadline or the server stops."""
        with self._moved:
            while self._now < deadline and not stop.is_set():
                self._moved.wait(_LOOK_AROUND)
