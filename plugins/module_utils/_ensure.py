# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read, plan, apply: what xen_domain does, without Ansible."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils._client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils._config import Wish, check
from ansible_collections.dom0.xend.plugins.module_utils._domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils._errors import InvalidRequest, XendError, XendRefused
from ansible_collections.dom0.xend.plugins.module_utils._operations import (
    Create,
    Destroy,
    Operation,
    Shutdown,
    WaitForDevices,
)
from ansible_collections.dom0.xend.plugins.module_utils._plan import drift, plan

DESTROY_TIMEOUT = 30
"""Seconds in which a destroyed domain has to be out of xend's sight."""

_SURELY_THERE = 1024
"""MiB of memory that are asked for without a question whether the host has so much."""

_FIRST_POLL, _SLOWEST_POLL = 0.2, 2.0
"""Seconds between two looks at a domain that is going down: at first, and at most."""

_MOST_ROUNDS = 3
"""How often to plan anew on the way down: only a domain that is down shows what is left of it, a definition perhaps."""


class GuestStillUp(XendError):
    """A guest that was asked to shut down has not."""


class GuestNotUp(XendError):
    """A guest that was started does not run."""


@dataclass
class Outcome:
    """What was done, or in check mode would be."""

    before: Optional[Domain] = None
    after: Optional[Domain] = None
    operations: list[Operation] = field(default_factory=list)
    drift: list[dict[str, Any]] = field(default_factory=list)
    shutdown_outcome: Optional[str] = None
    """clean: the guest went down by itself; forced: xend ended it (up to 3.1, after 30 s); destroyed: the task did."""


@dataclass(frozen=True)
class Clock:
    """Where the time comes from, so that tests need not wait."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Ensurer:
    """Brings one domain to what is wished for. ``outcome`` holds what was done so far, also after an error."""

    def __init__(self, client: XendClient, wish: Wish, clock: Clock = Clock()) -> None:
        """Take the xend, the wish and the time; nothing is sent yet."""
        self.client = client
        self.wish = wish
        self.clock = clock
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """Do it, or with a read-only client find out what would be done. Raises XendError."""
        check(self.wish)
        outcome = self.outcome
        outcome.before = outcome.after = self.client.domain(self.wish.name)
        operations = plan(outcome.before, self.wish, self.client.release)
        if any(isinstance(operation, Create) for operation in operations):
            self._refuse_to_stall()
        if self.client.read_only:
            self._foresee(operations)
        elif operations:
            self._carry_out(operations)
        outcome.drift = drift(outcome.after, self.wish)
        return outcome

    def _refuse_to_stall(self) -> None:
        """Refuse a domain larger than its host, where xend would keep on looking for the memory (WIRE.md (e))."""
        memory = self.wish.declared().memory or 0
        release = self.client.release
        if memory <= _SURELY_THERE or (release and not release.stalls_for_memory):
            return
        total = self.client.node().get("total_memory", "")
        if total.isdigit() and memory > int(total):
            raise InvalidRequest(
                f"{self.wish.name} is to have {memory} MiB, and the host has {total} MiB in all. xend up to 3.1 would look "
                "for the rest for a long time, and serve nobody meanwhile: it was not asked."
            )

    def _foresee(self, operations: list[Operation]) -> None:
        """Take the operations as done."""
        outcome = self.outcome
        outcome.operations = operations
        outcome.after = reduce(lambda domain, operation: operation.project(domain), operations, outcome.before)
        ends = [operation for operation in operations if operation.brings_down]
        if ends:
            outcome.shutdown_outcome = "clean" if isinstance(ends[0], Shutdown) else "destroyed"

    def _carry_out(self, operations: list[Operation]) -> None:
        """Send the operations, and see to it that the domain is as wished then."""
        up = self.wish.state in ("running", "paused")
        self._apply(operations)
        for _round in range(_MOST_ROUNDS):
            if up or not operations:
                break
            operations = plan(self.outcome.after, self.wish, self.client.release)
            self._apply(operations)
        after = self.outcome.after
        if up and (after is None or after.state != self.wish.state):
            raise GuestNotUp(
                f"{self.wish.name} was brought up and is {after.state if after else 'gone'} now, not {self.wish.state}: "
                "look at its console and at xend's log for the reason"
            )

    def _apply(self, operations: list[Operation]) -> None:
        """Send the operations, up to the first that takes the domain down, and read the domain back."""
        for operation in operations:
            self._send(operation)
            if operation.brings_down:
                self.outcome.after = self._see_it_go(operation)
                return
        if operations:
            self.outcome.after = self.client.domain(self.wish.name)

    def _send(self, operation: Operation) -> None:
        """Send one operation, and keep it in mind as sent."""
        try:
            operation.send(self.client)
        except XendRefused as error:
            created = any(isinstance(done, Create) for done in self.outcome.operations)
            if created and isinstance(operation, WaitForDevices):
                raise self._half_made(error) from error
            raise
        self.outcome.operations.append(operation)

    def _half_made(self, error: XendRefused) -> XendError:
        """Deal with a domain of ours whose devices failed; return the error to raise."""
        name = self.wish.name
        if self.wish.on_device_failure == "keep":
            return XendRefused(
                f"{error}. The domain {name} was created and is left paused, as asked.", reason=error.reason
            )
        try:
            self._send(Destroy(name))
        except XendError as second:
            return XendRefused(
                f"{error}. The domain {name}, created just before, is left paused: it could not be destroyed ({second}).",
                reason=error.reason,
            )
        return XendRefused(
            f"{error}. The domain {name}, created just before, was destroyed again (on_device_failure: destroy).",
            reason=error.reason,
        )

    def _see_it_go(self, operation: Operation) -> Optional[Domain]:
        """Wait until the domain is down, by force if the wish says so; return what is left of it."""
        before = self.outcome.after
        asked = isinstance(operation, Shutdown)
        patience = self.wish.shutdown_timeout if asked else DESTROY_TIMEOUT
        left, took = self._poll(before, patience)
        if not _is_up(left):
            if self.outcome.shutdown_outcome is None:
                self.outcome.shutdown_outcome = self._outcome(before, asked, took)
            return left
        if left is not None and before is not None and left.domid != before.domid:
            raise GuestStillUp(
                f"{self.wish.name} did not stay down: it runs again, as domid {left.domid}. "
                "Was it rebooted, or did it crash and restart?"
            )
        if asked and self.wish.on_shutdown_timeout == "destroy":
            destroy = Destroy(self.wish.name)
            self._send(destroy)
            return self._see_it_go(destroy)
        raise GuestStillUp(self._complaint(asked, patience))

    def _poll(self, before: Optional[Domain], patience: float) -> tuple[Optional[Domain], float]:
        """Look at the domain until it is down or *patience* seconds are over; return it, and the seconds it took."""
        began = self.clock.now()
        interval = _FIRST_POLL
        while True:
            domain = self.client.domain(self.wish.name)
            took = self.clock.now() - began
            if not _is_up(domain) or took >= patience or (domain and before and domain.domid != before.domid):
                return domain, took
            self.clock.sleep(min(interval, patience - took))
            interval = min(interval * 1.5, _SLOWEST_POLL)

    def _outcome(self, before: Optional[Domain], asked: bool, took: float) -> str:
        """Tell who ended the domain. xend's own end of it shows in nothing but the time that it took."""
        if not asked:
            return "destroyed"
        limit = before.release.shutdown_ends_after if before and before.release else None
        return "forced" if limit is not None and took >= limit else "clean"

    def _complaint(self, asked: bool, patience: float) -> str:
        """Say that a domain is still there, and what is going to happen to it."""
        name = self.wish.name
        if not asked:
            return f"{name} was destroyed and is still there after {patience:g} s"
        release = self.outcome.before.release if self.outcome.before else None
        limit = release.shutdown_ends_after if release else None
        if limit is not None and patience < limit:
            warning = f" xend {release.span if release else ''} itself will destroy it {limit} s after the request."
        else:
            warning = " Nothing was destroyed; on_shutdown_timeout: destroy or force: true would do that."
        return f"{name} is still up {patience:g} s after it was asked to shut down.{warning}"


def _is_up(domain: Optional[Domain]) -> bool:
    """Tell whether a domain holds on: what is left of it may be nothing, a definition, or a preserved body."""
    return domain is not None and domain.state not in ("halted", "shutdown", "crashed")
