# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal of a task: what it reports while it works, and what it reports if a signal ends it."""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from types import FrameType
from typing import Any, Optional

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

RAISE_AGAIN = 0.5
"""Seconds after which Interrupted is raised again, if the task still runs."""


def _say_nothing(_line: str) -> None:
    """Ignore the line: nobody watches the task."""


@dataclass
class Journal:
    """The operations that were sent, and a place to report progress."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    """The operations in order, as results show them. The last one may be under way; in check mode, none is sent."""
    tell: Callable[[str], None] = _say_nothing
    """Called with a line of progress during a long task."""

    def summary(self) -> str:
        """Return one or two sentences about what was sent."""
        if not self.sent:
            return "Nothing was sent that changes anything."
        return f"Sent before: {listed(self.sent)}. xend may not have finished the last of them."


def listed(operations: Sequence[Mapping[str, Any]]) -> str:
    """Return the operations in one line: ``shutdown of web1, web2; delete of web1``."""
    return "; ".join(
        f"{op} of {', '.join(str(operation['domain']) for operation in group)}"
        for op, group in groupby(operations, lambda operation: operation["op"])
    )


class Interrupted(BaseException):
    """Raised for a signal that ends the task. A BaseException, so that no recovery from an error of xend catches it."""

    def __init__(self, signum: int) -> None:
        """Take the number of the signal."""
        super().__init__(f"Interrupted by {signal.Signals(signum).name}.")
        self.signum = signum


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise Interrupted for the first SIGINT or SIGTERM; later signals are ignored, so that the task can report what it sent.

    It is raised again if the task still runs after a moment: Python drops an exception that is raised in a finalizer.
    """
    # Only the main thread may set signal handlers.
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    interrupted, due, over = threading.Event(), threading.Event(), threading.Event()
    main_thread = threading.get_ident()

    def remind(signum: int) -> None:
        while not over.wait(RAISE_AGAIN):
            due.set()
            signal.pthread_kill(main_thread, signum)

    def stop(signum: int, _frame: Optional[FrameType]) -> None:
        # A second signal must not interrupt the report; only a reminder raises again.
        if over.is_set() or (interrupted.is_set() and not due.is_set()):
            return
        if not interrupted.is_set():
            interrupted.set()
            # Not a threading.Thread: the signal may have come while its module holds a lock.
            _thread.start_new_thread(remind, (signum,))
        due.clear()
        raise Interrupted(signum)

    before = {each: signal.signal(each, stop) for each in _SIGNALS}
    try:
        try:
            yield
        finally:
            over.set()
    finally:  # A reminder may have come before that line.
        over.set()
        for each, handler in before.items():
            signal.signal(each, signal.SIG_DFL if handler is None else handler)
