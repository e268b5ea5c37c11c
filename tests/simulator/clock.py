# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time for the simulator: the real monotonic clock, or one that a test moves by hand."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

_GLANCE = 0.005  # seconds between two polls of a guest that should suspend
_LOOK_AROUND = 0.5  # seconds; how often a sleeper on a hand-moved clock looks whether the server stops


@dataclass(frozen=True)
class Lags:
    """Delays in seconds between an event and its effect. Without any, the effect is immediate."""

    reap: float = 0.0
    """from a guest's end until xend has seen to it: it is listed as shut down meanwhile"""
    build: float = 0.0
    """from the birth of a restarted domain until xend has finished with it"""
    balloon: float = 0.0
    """from a lower memory target until the guest has given the memory back"""


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

    def glance(self, _due: float | None, stop: threading.Event) -> None:
        """Wait a moment before looking again at something which happens at `due`, if that is known."""
        stop.wait(_GLANCE)


class ManualClock(Clock):
    """A clock that stands still until it is moved.

    A client that waits for the answer to a save cannot move it meanwhile. So, unless it is `still`, it is moved
    by the server then: to the time at which the guest has suspended, when nobody else has moved it for a moment.
    """

    def __init__(self, *, still: bool = False) -> None:
        """Start at zero."""
        self._now = 0.0
        self._still = still
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

    def glance(self, due: float | None, stop: threading.Event) -> None:
        """Wait a moment, in real time, and move on to what is due if nobody has moved the clock meanwhile."""
        before = self._now
        stop.wait(_GLANCE)
        if due is not None and not self._still and self._now == before:
            self.advance(max(0.0, due - self._now))
