# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read, plan, apply: what xen_domain does, without Ansible."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.desired.config import UP, Desired, check, is_open
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import DOMAIN_0, Domain
from ansible_collections.dom0.xend.plugins.module_utils.plan.operations import (
    Attach,
    Create,
    Define,
    Delete,
    Destroy,
    Detach,
    Operation,
    Reboot,
    Rename,
    Save,
    Shutdown,
    WaitForDevices,
)
from ansible_collections.dom0.xend.plugins.module_utils.plan.planning import Intent, drift, intent, plan
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest, XendError, XendRefused

DESTROY_TIMEOUT = 30
"""Seconds in which a destroyed or saved domain has to be out of xend's sight."""

DETACH_TIMEOUT = 60
"""Seconds in which a guest has to let go of a device."""

REAP_TIMEOUT = 10
"""Seconds in which xend sees to a guest that has gone down: until then it shows it as shut down, whatever becomes of it."""

RECOVERY_TIMEOUT = 30
"""Seconds in which a device that failed has to be gone, before the one that it was to replace is attached again."""

CLOCK_TOLERANCE = 600
"""Seconds by which the clock of the xend host may be wrong, where the age of a domain matters."""

_SURELY_THERE = 1024
"""MiB of memory that are asked for without a question whether the host has so much."""

_FIRST_POLL, _SLOWEST_POLL = 0.2, 2.0
"""Seconds between two looks at a domain that is going down: at first, and at most."""

_MOST_ROUNDS = 5
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
    warnings: list[str] = field(default_factory=list)
    shutdown_outcome: Optional[str] = None
    """clean: the guest went down by itself; forced: xend ended it (up to 3.1, after 30 s); destroyed: the task did."""
    removed: Optional[Domain] = None
    """The domain or definition that had to make room for another one."""


@dataclass(frozen=True)
class Clock:
    """Where the time comes from, so that tests need not wait."""

    now: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


class Ensurer:
    """Brings one domain to what is desired. ``outcome`` holds what was done so far, also after an error."""

    def __init__(self, client: XendClient, desired: Desired, clock: Clock = Clock()) -> None:
        """Take the xend, the desired and the time; nothing is sent yet."""
        self.client = client
        self.desired = desired
        self.clock = clock
        self.outcome = Outcome()
        self.name = desired.name
        """What the domain is called now: a plan may rename it on the way."""

    def run(self) -> Outcome:
        """Do it, or with a read-only client find out what would be done. Raises XendError."""
        check(self.desired)
        outcome = self.outcome
        outcome.before = outcome.after = self._find()
        self._learn_the_release()
        meant = intent(outcome.before, self.desired)
        operations = plan(outcome.before, self.desired, self.client.release, meant)
        if any(isinstance(operation, Create) for operation in operations):
            self._refuse_to_stall()
        if self.client.read_only:
            self._foresee(operations)
        elif operations:
            self._carry_out(operations, meant)
        if outcome.after and outcome.after.cpus is None and outcome.before:  # asked for once, up to 3.3
            outcome.after = replace(outcome.after, cpus=outcome.before.cpus)
        outcome.drift = drift(outcome.after, self.desired)
        outcome.warnings += self._warn_of_reboots()
        return outcome

    def _warn_of_reboots(self) -> list[str]:
        """Return a warning where the guest's own reboot would lose it (WIRE.md (i) 1)."""
        after, release = self.outcome.after, self.client.release
        if after is None or after.on_reboot not in (None, "restart") or release is None or release.rereads_ip:
            return []
        if after.domid == 0 or not any(vif.ip for vif in after.vifs or ()):
            return []
        warning = (
            f"{self.name} does not survive a reboot on xend 3.0.0, as an interface has an ip that xend cannot read back. "
            "Leave the ip out, or set on_reboot to destroy so that nobody expects it to come back."
        )
        return [warning]

    def _learn_the_release(self) -> None:
        """Ask for the control domain where a create hangs on what the absence of the domain leaves open."""
        creates = (
            self.outcome.before is None and self.desired.state in (*UP, "defined") and not self.desired.restore_file
        )
        if creates and is_open(self.desired, self.client.release):
            self.client.domain(DOMAIN_0)

    def _find(self) -> Optional[Domain]:
        """Return the domain, under its name or already under the new one. Raises where a save has hold of it."""
        desired = self.desired
        domain = self._look_past_the_end(desired.name)
        if desired.new_name and desired.new_name != desired.name:
            renamed = self.client.domain(desired.new_name)
            if domain and renamed:
                raise InvalidRequest(
                    f"There is a domain {desired.name} and a domain {desired.new_name}: neither is renamed"
                )
            if renamed:
                domain, self.desired = renamed, replace(desired, name=desired.new_name)
                self.name = desired.new_name
        if domain and domain.cpus is None and domain.domid is not None and "cpus" in desired.options:
            domain = replace(domain, cpus=tuple(vcpu.cpumap for vcpu in self.client.vcpus(domain.name)))
        if domain is None:
            self._refuse_a_pending_save()
        return domain

    def _look_past_the_end(self, name: str) -> Optional[Domain]:
        """Return a domain; one that has just gone down once xend has seen to it, as that is no preserved one yet."""
        domain = self.client.domain(name)
        began = self.clock.now()
        while domain is not None and is_passing(domain) and self.clock.now() - began < REAP_TIMEOUT:
            self.clock.sleep(_FIRST_POLL)
            domain = self.client.domain(name)
        return domain

    def _refuse_a_pending_save(self) -> None:
        """Refuse to take a domain for gone that xend is saving: it goes by another name meanwhile (WIRE.md (f) 7)."""
        pending = f"migrating-{self.desired.name}"
        if self.client.domain(pending) is not None:
            raise XendError(
                f"xend is saving or migrating {self.desired.name}: it goes by the name {pending} until that is done. "
                f"If it hangs because the guest is deaf or paused: unpausing {pending} lets a paused one go on."
            )

    def _refuse_to_stall(self) -> None:
        """Refuse a domain larger than its host, where xend would keep on looking for the memory (WIRE.md (e))."""
        memory = self.desired.declared().memory or 0
        release = self.client.release
        if memory <= _SURELY_THERE or (release and not release.stalls_for_memory):
            return
        total = self.client.node().total_memory
        if total is not None and memory > total:
            raise InvalidRequest(
                f"{self.desired.name} is to have {memory} MiB, and the host has {total} MiB in all. xend up to 3.1 would look "
                "for the rest for a long time, and serve nobody meanwhile: it was not asked."
            )

    def _foresee(self, operations: list[Operation]) -> None:
        """Take the operations as done."""
        outcome = self.outcome
        for operation in operations:
            self._keep_in_mind(operation)
        outcome.after = reduce(lambda domain, operation: operation.project(domain), operations, outcome.before)
        ends = [operation for operation in operations if isinstance(operation, (Shutdown, Destroy))]
        if ends:
            outcome.shutdown_outcome = "clean" if isinstance(ends[0], Shutdown) else "destroyed"

    def _carry_out(self, operations: list[Operation], meant: Intent) -> None:
        """Send the operations, and plan anew whenever a domain is down: only then it shows what is left of it."""
        for _round in range(_MOST_ROUNDS):
            finished = self._apply(operations)
            if finished and self.desired.state in (*UP, "defined"):
                break
            operations = plan(self.outcome.after, self.desired, self.client.release, meant)
            if not operations:
                break
        else:
            raise self._unfinished(operations)
        after = self.outcome.after
        lives_as = "paused" if self.desired.state == "paused" else "running"
        if self.desired.state in UP and (after is None or after.state != lives_as):
            raise GuestNotUp(
                f"{self.desired.name} was brought up and is {after.state if after else 'gone'} now, not {lives_as}: "
                "look at its console and at xend's log for the reason"
            )

    def _unfinished(self, operations: list[Operation]) -> XendError:
        """Return the error of a plan that does not come to its end."""
        after = self.outcome.after
        left = ", ".join(operation.op for operation in operations)
        return XendError(
            f"{self.name} is {after.state if after else 'gone'} after {_MOST_ROUNDS} attempts, not {self.desired.state}: "
            f"{left} would come next. Does something else change this domain at the same time?"
        )

    def _apply(self, operations: list[Operation]) -> bool:
        """Send the operations, up to the first that takes the domain down, and read the domain back.

        Returns whether all were sent.
        """
        outcome = self.outcome
        for position, operation in enumerate(operations):
            if isinstance(operation, Reboot):
                self._let_it_settle()
            self._send(operation)
            if operation.brings_down:
                outcome.after = self._see_it_go(operation)
                return position == len(operations) - 1
            if isinstance(operation, Detach):
                self._see_device_go(operation)
            elif isinstance(operation, Reboot):
                self._see_it_reboot()
            elif isinstance(operation, Rename):
                self.name = operation.new_name
        outcome.after = self.client.domain(self.name)
        return True

    def _send(self, operation: Operation) -> None:
        """Send one operation; where a refusal leaves less than there was before, try once to bring that back."""
        try:
            self._send_alone(operation)
        except XendRefused as error:
            outcome = self._recover(operation)
            if outcome is None:
                raise
            raise XendRefused(f"{str(error).rstrip('.')}. {outcome}", reason=error.reason) from error

    def _send_alone(self, operation: Operation) -> None:
        """Send one operation, and keep it in mind as sent. Recoveries send with this, so none starts another."""
        try:
            operation.send(self.client)
        except XendRefused:
            if not isinstance(operation, Destroy) or not self._is_gone():
                raise  # a domain that is gone when it is to be destroyed is gone
        self._keep_in_mind(operation)

    def _is_gone(self) -> bool:
        """Return whether nothing of the domain lives; of a managed one the definition may be left."""
        left = self.client.domain(self.name)
        return left is None or left.domid is None

    def _recover(self, refused: Operation) -> Optional[str]:
        """Bring back what was taken away for *refused*; return a sentence that says how that went, None if nothing was."""
        done = self.outcome.operations
        last = done[-1] if done else None
        if isinstance(refused, WaitForDevices) and any(isinstance(operation, Create) for operation in done):
            return self._end_half_made()
        if isinstance(refused, Attach) and isinstance(last, Detach) and last.was:
            return self._attach_again(last)
        if isinstance(refused, Define) and done and self.outcome.before:
            return self._define_again(self.outcome.before)
        return None

    def _keep_in_mind(self, operation: Operation) -> None:
        """Note an operation as done."""
        outcome = self.outcome
        outcome.operations.append(operation)
        if (operation.brings_down or isinstance(operation, Delete)) and self.desired.state in (*UP, "defined"):
            outcome.removed = outcome.before

    def _end_half_made(self) -> str:
        """Destroy a domain of ours whose devices failed, unless it is to be kept; return what came of it."""
        name = self.desired.name
        if self.desired.on_device_failure == "keep":
            return f"The domain {name} was created and is left paused, as asked."
        made = f"The domain {name}, created just before,"
        try:
            self._send_alone(Destroy(name))
        except XendError as second:
            return f"{made} is left paused: it could not be destroyed ({second})."
        return f"{made} was destroyed again (on_device_failure: destroy)."

    def _attach_again(self, detached: Detach) -> str:
        """Attach a device again that was to make room for another one; return what came of it."""
        what = f"The old {detached.kind} {detached.key}"
        try:
            if not self._is_device_gone(detached, RECOVERY_TIMEOUT):
                return (
                    f"{what} is detached, and was not attached again: the {detached.kind} that failed is still there after "
                    f"{RECOVERY_TIMEOUT} s."
                )
            self._send_alone(Attach(detached.name, detached.was))
        except XendError as second:
            return f"{what} is detached, and could not be attached again ({second})."
        return f"{what} was attached again."

    def _define_again(self, old: Domain) -> str:
        """Bring a definition back that was to be replaced; return what came of it."""
        what = f"The old definition of {old.name}"
        try:
            self._send_alone(Define(old.name, old.tree))
        except XendError as second:
            return (
                f"{what} is deleted, and could not be brought back ({second}). It is in the result, as removed_config."
            )
        return f"{what} was brought back."

    def _let_it_settle(self) -> None:
        """Wait until a reboot does not cost the domain: xend destroys one that was started just before."""
        domain = self.outcome.before
        seconds = domain.release.reboot_settles_after if domain and domain.release else 0
        started = domain.start_time if domain else None
        age = None if started is None else self.clock.wall() - started
        if age is None or age < seconds + CLOCK_TOLERANCE:
            self.clock.sleep(seconds)

    def _see_it_reboot(self) -> None:
        """Wait until the domain runs under another domid."""
        before = self.outcome.before
        old = before.domid if before else None
        domain, took = self._look_until(
            lambda now: now is not None and now.domid not in (None, old) and now.state == "running",
            self.desired.shutdown_timeout,
        )  # 3.2 and later show it paused while they build it
        if domain is None or domain.domid in (None, old):
            raise GuestStillUp(
                f"{self.desired.name} was asked to reboot, and after {took:.0f} s it has not: it is "
                f"{domain.state if domain else 'gone'}. "
                "Up to 3.1, xend destroys a guest that takes more than 30 s to go down."
            )

    def _see_device_go(self, operation: Detach) -> None:
        """Wait until a device is gone: up to 3.2 xend has only asked for it, and its dev is taken until then."""
        if not self._is_device_gone(operation, DETACH_TIMEOUT):
            raise GuestStillUp(
                f"The {operation.kind} {operation.key} of {self.desired.name} was detached and is still there after "
                f"{DETACH_TIMEOUT} s: the guest has it in use"
            )

    def _is_device_gone(self, operation: Detach, patience: float) -> bool:
        """Look for the device of a detach until it is gone or *patience* seconds are over; tell whether it is gone."""
        began = self.clock.now()
        while not operation.is_gone(self.client):
            if self.clock.now() - began >= patience:
                return False
            self.clock.sleep(_FIRST_POLL)
        return True

    def _see_it_go(self, operation: Operation) -> Optional[Domain]:
        """Wait until the domain is down, by force if the desired says so; return what is left of it."""
        before = self.outcome.after
        asked = isinstance(operation, Shutdown)
        patience = self.desired.shutdown_timeout if asked else DESTROY_TIMEOUT
        old = before.domid if before else None
        left, took = self._look_until(lambda now: not _is_up(now) or (now is not None and now.domid != old), patience)
        if left is not None and is_passing(left):
            left = self._look_past_the_end(self.name)
        if not _is_up(left):
            if self.outcome.shutdown_outcome is None and not isinstance(operation, Save):
                self.outcome.shutdown_outcome = self._outcome(before, asked, took)
            return left
        if left is not None and left.domid != old:
            raise GuestStillUp(
                f"{self.desired.name} did not stay down: it runs again, as domid {left.domid}. "
                "Was it rebooted, or did it crash and restart?"
            )
        if asked and self.desired.on_shutdown_timeout == "destroy":
            destroy = Destroy(self.name)
            self._send(destroy)
            return self._see_it_go(destroy)
        if isinstance(operation, Save):
            raise GuestStillUp(
                f"{self.desired.name} is still up, and xend said that it had saved it to {operation.file}: "
                "the save has failed (3.1 says so of none). See xend's log."
            )
        raise GuestStillUp(self._complaint(asked, patience))

    def _look_until(self, done: Callable[[Optional[Domain]], bool], patience: float) -> tuple[Optional[Domain], float]:
        """Look at the domain until it is *done* or *patience* seconds are over; return it, and the seconds it took."""
        began = self.clock.now()
        interval = _FIRST_POLL
        while True:
            domain = self.client.domain(self.name)
            took = self.clock.now() - began
            if done(domain) or took >= patience:
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
        name = self.desired.name
        if not asked:
            return f"{name} was destroyed and is still there after {patience:g} s"
        release = self.outcome.before.release if self.outcome.before else None
        limit = release.shutdown_ends_after if release else None
        if limit is not None and patience < limit:
            warning = f" xend {release.span if release else ''} itself will destroy it {limit} s after the request."
        else:
            warning = " Nothing was destroyed; on_shutdown_timeout: destroy or force: true would do that."
        return f"{name} is still up {patience:g} s after it was asked to shut down.{warning}"


def is_passing(domain: Domain) -> bool:
    """Return whether a domain has gone down and xend has not seen to it: nothing says that it is to be preserved."""
    action = {"shutdown": domain.on_poweroff, "crashed": domain.on_crash}.get(domain.state or "")
    if domain.state == "shutdown" and domain.shutdown_reason == "reboot":
        action = domain.on_reboot
    if domain.state == "shutdown" and domain.shutdown_reason == "suspend":
        return False  # somebody has suspended it: it stays
    return action in ("destroy", "restart", "rename-restart", "coredump-destroy", "coredump-restart")


def _is_up(domain: Optional[Domain]) -> bool:
    """Tell whether a domain holds on: what is left of it may be nothing, a definition, or a preserved body."""
    return domain is not None and domain.state not in ("halted", "shutdown", "crashed")
