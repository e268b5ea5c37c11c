# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal of a task: what it reports while it works, and what it reports if a signal ends it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from types import FrameType
from typing import Any, Optional

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


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
    """Raise Interrupted for the first SIGINT or SIGTERM; later signals are ignored, so that the task can report what it sent."""
    # Only the main thread may set signal handlers.
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(signum: int, _frame: Optional[FrameType]) -> None:
        # Ignored from now on: a second signal must not interrupt the report.
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted(signum)

    before = {each: signal.signal(each, stop) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, signal.SIG_DFL if handler is None else handler)
