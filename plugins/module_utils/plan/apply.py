# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read, plan, apply: what xen_domain does, without Ansible.

The applier is a generator that yields the seconds until it wants to continue. drive() sleeps for a single domain;
xen_domains lets many domains take turns.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, Optional, TypeVar

from ansible_collections.dom0.xend.plugins.module_utils.desired.checks import check, is_open
from ansible_collections.dom0.xend.plugins.module_utils.desired.desired import UP, Desired
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import DOMAIN_0, Domain
from ansible_collections.dom0.xend.plugins.module_utils.operations.base import (
    GuestNotUp,
    GuestStillUp,
    Operation,
    is_up,
    limit_of,
)
from ansible_collections.dom0.xend.plugins.module_utils.plan.planning import (
    Intent,
    Plan,
    comparison,
    once_revealed,
    plan,
)
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest, XendError, XendRefused

T = TypeVar("T")
Steps = Generator[float, None, T]
"""Work that waits, and its result. Each yielded value is the seconds to wait."""

REAP_TIMEOUT = 10
"""Seconds within which xend handles a guest that has gone down. Until then it shows every such guest as shut down."""

_SURELY_THERE = 1024
"""MiB of memory that are requested without a check whether the host has as much."""

_FIRST_POLL, _SLOWEST_POLL = 0.2, 2.0
"""Seconds between two polls of a domain that is going down: at first, and at most."""

_MOST_ROUNDS = 5
"""How often the plan is made again: only a domain that is down shows whether a definition is left of it."""


@dataclass
class Outcome:
    """What the task did, or in check mode would do."""

    before: Optional[Domain] = None
    after: Optional[Domain] = None
    operations: list[Operation] = field(default_factory=list)
    """The operations that were sent. After an error that says so, xend may not have carried out the last one."""
    drift: list[dict[str, Any]] = field(default_factory=list)
    not_compared: list[str] = field(default_factory=list)
    """The options that this xend does not show as given."""
    warnings: list[str] = field(default_factory=list)
    shutdown_outcome: Optional[str] = None
    """clean: the guest went down by itself; forced: xend destroyed it (3.1 and earlier, after 30 s); destroyed: the task did."""
    removed: Optional[Domain] = None
    """The domain or definition that had to make room for another one."""


@dataclass(frozen=True)
class Clock:
    """A clock, which tests replace so that they need not wait."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


CLOCK = Clock()


def drive(steps: Steps[T], clock: Clock) -> T:
    """Run the steps of one domain, and sleep while they wait. Returns their result."""
    while True:
        try:
            seconds = next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
        clock.sleep(seconds)


class Applier:
    """Brings one domain to the desired state. ``outcome`` holds what was done so far, also after an error."""

    def __init__(self, client: XendClient, desired: Desired, clock: Optional[Clock] = None) -> None:
        """Take the client, the declaration and the clock; nothing is sent yet."""
        self.client = client
        self.desired = desired
        self.clock = clock or CLOCK
        self.outcome = Outcome()
        self.name = desired.name
        """The current name of the domain: a plan may rename it."""
        self.shares_looks = False
        """Whether the first poll waits, too, so that one list can answer for many domains."""

    def run(self) -> Outcome:
        """Apply the plan, or with a read-only client predict the outcome. Raises XendError."""
        return drive(self.steps(), self.clock)

    def steps(self) -> Steps[Outcome]:
        """Apply the plan as a generator that yields the seconds of each wait. Raises XendError."""
        check(self.desired)
        outcome = self.outcome
        outcome.before = outcome.after = yield from self._find()
        desired = self.desired if outcome.before is None else replace(self.desired, name=outcome.before.name)
        self._learn_the_release()
        planned = plan(outcome.before, desired, self.client.release)
        self._refuse_to_stall(max((step.memory_needed for step in planned.steps), default=0))
        self._refuse_to_overwrite(planned)
        if self.client.read_only:
            self._project(planned)
        elif planned.steps:
            yield from self._carry_out(planned, desired)
        if self.client.read_only and planned.reveals:
            outcome.not_compared = sorted(desired.options)
        elif outcome.after is not None:
            compared = comparison(outcome.after, desired)
            outcome.drift, outcome.not_compared = compared.drift, list(dict.fromkeys(compared.not_compared))
        outcome.warnings += self._warn_of_reboots()
        return outcome

    def _warn_of_reboots(self) -> list[str]:
        """Return a warning if the guest's own reboot would lose it (WIRE.md (i) 1)."""
        after, release = self.outcome.after, self.client.release
        if after is None or after.on_reboot not in (None, "restart") or release is None or release.rereads_ip:
            return []
        if after.domid == 0 or not any(vif.ip for vif in after.vifs or ()):
            return []
        warning = (
            f"{self.name} does not survive a reboot on xend 3.0.0, because xend cannot read back the ip of an "
            f"interface. Remove the ip, or set on_reboot: destroy."
        )
        return [warning]

    def _learn_the_release(self) -> None:
        """Read the control domain if a create depends on a release that the answer for the missing domain leaves open."""
        # The answer for a missing domain leaves the release open; Domain-0 always exists and shows it.
        creates = self.outcome.before is None and self.desired.state in (*UP, "defined")
        if creates and not self.desired.restore_file and is_open(self.desired, self.client.release):
            self.client.domain(DOMAIN_0)

    def _find(self) -> Steps[Optional[Domain]]:
        """Return the domain, under its name or already under the new one. Raises XendError if a save is pending."""
        desired = self.desired
        domain = yield from self._look_past_the_end(desired.name)
        if desired.new_name and desired.new_name != desired.name:
            # A run that was interrupted, or an earlier run of the same task, may have renamed it already.
            renamed = self.client.domain(desired.new_name)
            if domain and renamed:
                raise InvalidRequest(
                    f"There is a domain {desired.name} and a domain {desired.new_name}: neither is renamed"
                )
            domain = renamed or domain
        domain = self._with_its_pins(self._with_its_devices(domain))
        # Trap 28: a guest that is being saved lives on under another name, on the same disks.
        if domain is None:
            self._refuse_a_pending_save()
        else:
            self.name = domain.name
        return domain

    def _with_its_pins(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return a domain with its pins, if some are declared. 3.3 and earlier show them in vcpuinfo only (WIRE.md (d))."""
        if domain is None or domain.domid is None or domain.cpus is not None or "cpus" not in self.desired.options:
            return domain
        return replace(domain, cpus=tuple(vcpu.cpumap for vcpu in self.client.vcpus(domain.name)))

    def _with_its_devices(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return a domain without a device that is only shown, where devices are declared.

        3.0.4 shows the last device of a class forever after its detach; ``devices`` is correct (WIRE.md (i) 8). No
        recording shows whether such a device has a ``backend`` once the domain was built again, so ``devices`` decides.
        """
        if domain is None or domain.domid is None or domain.release is None or not domain.release.keeps_last_device:
            return domain
        kinds = [vbd.device_class for vbd in domain.vbds or () if "vbds" in self.desired.options]
        kinds += ["vif" for _vif in domain.vifs or () if "vifs" in self.desired.options]
        last = [kind for kind, number in Counter(kinds).items() if number == 1]
        gone = [kind for kind in last if not self.client.devices(domain.name, kind)]
        return replace(
            domain,
            vbds=domain.vbds and tuple(vbd for vbd in domain.vbds if vbd.device_class not in gone),
            vifs=() if "vif" in gone else domain.vifs,
        )

    def _look_past_the_end(self, name: str) -> Steps[Optional[Domain]]:
        """Return the domain. If it has just gone down, wait until xend has handled it: it need not be a preserved one."""
        domain = self.client.domain(name)
        began = self.clock.now()
        while domain is not None and is_passing(domain) and self.clock.now() - began < REAP_TIMEOUT:
            yield _FIRST_POLL
            domain = self.client.domain(name)
        return domain

    def _refuse_a_pending_save(self) -> None:
        """Raise XendError for a missing domain that xend is saving under another name (trap 28, WIRE.md (f) 7)."""
        pending = f"migrating-{self.desired.name}"
        if self.client.domain(pending) is not None:
            raise XendError(
                f"xend is saving or migrating {self.desired.name}: its name is {pending} until that is done. If it "
                f"hangs because the guest is paused, unpause {pending}."
            )

    def _refuse_to_stall(self, memory: int) -> None:
        """Raise InvalidRequest for a domain larger than its host, if xend would keep retrying (WIRE.md (e))."""
        release = self.client.release
        # 3.0.3 to 3.1 retry for hours, with the global lock held, before they refuse (WIRE.md (e)).
        if memory <= _SURELY_THERE or (release and not release.stalls_for_memory):
            return
        total = self.client.node().total_memory
        if total is not None and memory > total:
            raise InvalidRequest(
                f"{self.desired.name} needs {memory} MiB, but the host has only {total} MiB. Nothing was sent, "
                f"because xend 3.1 and earlier would look for the rest for a long time and serve no other client."
            )

    def _refuse_to_overwrite(self, planned: Plan) -> None:
        """Raise InvalidRequest if a save would overwrite a file: xend does so without a word, and it may be a guest's memory."""
        for file in [step.writes for step in planned.steps if step.writes and not self.desired.overwrite_save_file]:
            if self.client.has_file(file):
                raise InvalidRequest(
                    f"{file} exists on the host of {self.desired.name}, and xend would overwrite it: it may hold the "
                    f"memory of a guest. Remove it, or set overwrite_save_file: true. Nothing was sent."
                )

    def _project(self, planned: Plan) -> None:
        """Apply the projections of the steps."""
        outcome = self.outcome
        for step in planned.steps:
            self._note(step)
        outcome.after = reduce(lambda domain, step: step.project(domain), planned.steps, outcome.before)
        outcome.shutdown_outcome = next((step.ends_as for step in planned.steps if step.ends_as), None)

    def _carry_out(self, planned: Plan, desired: Desired) -> Steps[None]:
        """Send the steps, and plan again after a domain has gone down or was restored: only then is its state known."""
        for _round in range(_MOST_ROUNDS):
            # The number of rounds is bounded: something else may change the domain all the time.
            finished = yield from self._apply(planned.steps)
            if finished and desired.state in (*UP, "defined"):
                break
            meant: Optional[Intent] = planned.intent
            if planned.reveals:
                if self.outcome.after is None:
                    break  # It was restored and ended at once: it is neither restored again nor created.
                desired, meant = once_revealed(desired), None
            # The first intent is kept, or the rest of a domain on its way down would be replaced and started.
            planned = plan(self.outcome.after, desired, self.client.release, meant)
            if not planned.steps:
                break
        else:
            raise self._unfinished(planned.steps)
        after = self.outcome.after
        lives_as = "paused" if desired.state == "paused" else "running"
        if desired.state in UP and (after is None or after.state != lives_as):
            raise GuestNotUp(
                f"{self.name} was brought up and is {after.state if after else 'gone'} now, not {lives_as}: "
                "see its console and xend's log for the reason"
            )

    def _unfinished(self, steps: list[Operation]) -> XendError:
        """Return the error for a plan that does not reach its end."""
        after = self.outcome.after
        left = ", ".join(step.op for step in steps)
        return XendError(
            f"{self.name} is {after.state if after else 'gone'} after {_MOST_ROUNDS} attempts, not "
            f"{self.desired.state}: {left} would be next. Does something else change this domain at the same time?"
        )

    def _apply(self, steps: list[Operation]) -> Steps[bool]:
        """Send the steps, up to the first that takes the domain down or restores one, and read the domain again.

        Returns whether all were sent.
        """
        outcome, found = self.outcome, self.outcome.after
        for position, step in enumerate(steps):
            # Trap 18: a reboot soon after the start destroys the domain.
            delay = step.delay(outcome.before)
            if delay:
                yield delay
            yield from self._send(step)
            if step.brings_down:
                outcome.after = yield from self._see_it_go(step)
                return position == len(steps) - 1
            if step.patience:
                yield from self._settle(step, outcome.before)
            self.name = step.name_after
            if step.reveals:
                outcome.after = self.client.domain(self.name)
                return False
        outcome.after = self._with_its_pins(self._with_its_devices(self.client.domain(self.name)))
        self._compare_with_what_was_sent(steps, reduce(lambda domain, step: step.project(domain), steps, found))
        return True

    def _compare_with_what_was_sent(self, steps: list[Operation], expected: Optional[Domain]) -> None:
        """Raise XendError if xend reported success and the domain does not show the change."""
        for step in steps:
            shown = step.missing(self.outcome.after, expected)
            if shown is not None:
                raise XendError(
                    f"xend said that {step.op} of {self.name} was done, and it shows {shown}: the operation had no "
                    f"effect, or something else changes this domain at the same time"
                )

    def _send(self, step: Operation) -> Steps[None]:
        """Send one operation. If a refusal leaves less than there was before, try once to restore that."""
        try:
            yield from self._send_alone(step)
        except XendRefused as error:
            said = step.names(str(error))
            # One attempt only: 3.2 refuses every attach of what was detached (trap 27).
            brought_back = yield from self._bring_back(step)
            if brought_back is None:
                # The same type: callers distinguish a missing domain from other refusals.
                raise type(error)(said, reason=error.reason) from error
            raise XendRefused(f"{said.rstrip('.')}. {brought_back}", reason=error.reason) from error

    def _send_alone(self, step: Operation) -> Steps[None]:
        """Send one operation and record it. Recoveries use this, so that no recovery starts another one."""
        began = self.clock.now()
        known = step.prepare(self.client)
        while True:
            try:
                step.send(self.client)
            except XendRefused as refusal:
                if step.is_too_early(refusal) and self.clock.now() - began < step.retry_for:
                    yield _SLOWEST_POLL
                    continue
                # A refusal that leaves the desired state is no failure, such as a destroy of a domain that just ended.
                if not step.is_done_anyway(self.client):
                    raise
            except XendError as error:
                # The answer was lost. The operation is listed, and never sent again.
                if getattr(error, "perhaps_done", False):
                    self._note(step)
                raise
            except BaseException:  # A signal or the timeout of the task: xend may have carried it out.
                self._note(step)
                raise
            break
        self._note(step)
        step.check(self.client, known)

    def _note(self, step: Operation) -> None:
        """Record an operation as sent."""
        outcome = self.outcome
        outcome.operations.append(step)
        self.client.journal.sent.append(step.as_dict())
        if step.removes and self.desired.state in (*UP, "defined"):
            outcome.removed = outcome.before

    def _bring_back(self, refused: Operation) -> Steps[Optional[str]]:
        """Restore what was there just before, or wait until nothing is left of the refused operation.

        Return a sentence about the outcome, None if there was nothing to do.
        """
        done = self.outcome.operations
        undo = refused.amend() or (done[-1].undo() if done else None)
        if undo is None:
            leftover = refused.leftover()
            if leftover is not None:
                yield from self._look_until(leftover, None)
            return done[-1].left_as_asked() if done else None
        try:
            if undo.after is not None:
                # The failed device holds its dev until it is gone (WIRE.md (i) 9).
                gone, _domain, _took = yield from self._look_until(undo.after, None)
                if not gone:
                    return f"{undo.what} {undo.failed % f'{undo.why_not} after {undo.after.patience:g} s'}"
            yield from self._send_alone(undo.operation)
        except XendError as second:
            return f"{undo.what} {undo.failed % str(second).rstrip('.')}"
        return f"{undo.what} {undo.done}"

    def _settle(self, step: Operation, before: Optional[Domain]) -> Steps[Optional[Domain]]:
        """Wait until an operation has had its effect; return the domain. Raises GuestStillUp if it has not in time."""
        settled, now, took = yield from self._look_until(step, before)
        if not settled:
            # when_late raises, unless the task allows an end by force.
            follow_up = step.when_late(now, before)
            yield from self._send(follow_up)
            return (yield from self._settle(follow_up, before))
        if step.ends_as and self.outcome.shutdown_outcome is None:
            limit = limit_of(before)
            forced = step.ends_as == "clean" and limit is not None and took >= limit
            # Trap 14: only the time that it took shows that xend itself destroyed the domain.
            self.outcome.shutdown_outcome = "forced" if forced else step.ends_as
        return now

    def _see_it_go(self, step: Operation) -> Steps[Optional[Domain]]:
        """Wait until the domain is down, and destroy it if the task allows that; return what is left of it."""
        before = self.outcome.after
        left = yield from self._settle(step, before)
        # 3.0.4 and later show ---s-- for a moment before they remove the domain (WIRE.md (i) 2).
        if left is not None and is_passing(left):
            left = yield from self._look_past_the_end(self.name)
        # on_poweroff or on_crash may have started it again under another domid.
        if is_up(left) and left is not None:
            raise GuestStillUp(
                f"{self.name} did not stay down: it runs again, as domid {left.domid}. "
                "Did it reboot, or did it crash and restart?"
            )
        return left

    def _look_until(self, step: Operation, before: Optional[Domain]) -> Steps[tuple[bool, Optional[Domain], float]]:
        """Look until *step* has settled or its time is over; return whether it has, the domain, and the seconds it took."""
        if self.shares_looks and step.patience:
            yield min(_FIRST_POLL, step.patience)
        return (yield from look_until(step, self.client, before, self.clock))


def look_until(
    step: Operation, client: XendClient, before: Optional[Domain], clock: Clock
) -> Steps[tuple[bool, Optional[Domain], float]]:
    """Look until *step* has settled or its time is over; return whether it has, the domain, and the seconds it took."""
    began = clock.now()
    interval = _FIRST_POLL
    while True:
        settled, domain = step.settled(client, before)
        took = clock.now() - began
        if settled or took >= step.patience:
            return settled, domain, took
        yield min(interval, step.patience - took)
        # Quick at first, as most operations take a moment; slower later, as each look is a request to xend.
        interval = min(interval * 1.5, _SLOWEST_POLL)


def is_passing(domain: Domain) -> bool:
    """Return whether a domain has gone down, is not to be preserved, and xend has not handled it yet."""
    action = {"shutdown": domain.on_poweroff, "crashed": domain.on_crash}.get(domain.state or "")
    if domain.state == "shutdown" and domain.shutdown_reason == "reboot":
        action = domain.on_reboot
    if domain.state == "shutdown" and domain.shutdown_reason == "suspend":
        return False  # somebody has suspended it, so it stays (WIRE.md (f) 2)
    return action in ("destroy", "restart", "rename-restart", "coredump-destroy", "coredump-restart")
