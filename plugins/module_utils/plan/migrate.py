# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of xen_migrate, from plain options to a result, without Ansible.

A migration is done when the domain has left the source and runs at the destination. xend's reply is not enough, because
3.1 may report a failed migration as success (WIRE.md (c)).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional
from urllib.parse import urlsplit

from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain, is_domain_0
from ansible_collections.dom0.xend.plugins.module_utils.operations.base import GuestStillUp, Operation, is_up
from ansible_collections.dom0.xend.plugins.module_utils.operations.life import Migrate, under_way
from ansible_collections.dom0.xend.plugins.module_utils.plan import apply
from ansible_collections.dom0.xend.plugins.module_utils.plan.apply import Clock, Steps, drive, look_until
from ansible_collections.dom0.xend.plugins.module_utils.plan.planning import check_rebuild, view
from ansible_collections.dom0.xend.plugins.module_utils.result import TaskResult
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest, XendError, XendRefused

_ITSELF = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "::")  # noqa: S104 - names to refuse
_POLL = 1.0
"""Seconds between two polls of a domain that is being migrated."""

_LANDING_TIMEOUT = 10
"""Seconds after which a paused domain at the destination counts as paused by somebody, not as arriving."""


def run(options: Mapping[str, Any], source: XendClient, there: Optional[XendClient]) -> TaskResult:
    """Bring the domain to its destination. A failure says where the domain is. Raises InvalidRequest."""
    mover = Mover(options, source, there)
    try:
        drive(mover.steps(), mover.clock)
    except XendError as error:
        return TaskResult(
            {"changed": bool(mover.operations), "operations": mover.sent()}, mover.warnings, failure=str(error)
        )
    return TaskResult(mover.result(), mover.warnings)


class Mover:
    """Migrates one domain to another host. It keeps what was sent and what was found, also after an error."""

    def __init__(
        self, options: Mapping[str, Any], source: XendClient, there: Optional[XendClient], clock: Optional[Clock] = None
    ) -> None:
        """Take the options, the client of the source, and that of the destination if the task has one."""
        self.name: str = options["name"]
        self.source = source
        self.there = there
        self.clock = clock or apply.CLOCK
        self.operations: list[Operation] = []
        self.warnings: list[str] = []
        self._options = options
        self._timeout: float = options["migrate_timeout"]
        self._deadline = self.clock.now() + self._timeout
        self._step = Migrate(
            self.name,
            destination=options["destination"],
            live=options["live"],
            port=options["port"] or 0,
            there=there,
        )
        self._before: dict[str, Any] = {}
        self._after: dict[str, Any] = {}
        self._domain: Optional[Domain] = None

    def steps(self) -> Steps[None]:
        """Migrate as a generator that yields waits, or with a read-only client predict the outcome. Raises XendError."""
        self._check_options()
        here = yield from self._look_here()
        # It has left already, or an earlier run has sent it: the destination shows which.
        if here is None or here.domid is None:
            self._domain = yield from self._look_there(here)
            self._before = self._after = self._seen_at_destination(self._domain)
            return
        self._check_guest(here)
        self._check_destination(here)
        expected = self._step.project(here) or here
        if self.source.read_only:
            self.operations.append(self._step)
            self._domain = expected if self.there else None
        else:
            self._domain = yield from self._move(here)
        self._before = {**view(here), "host": self.source.url}
        self._after = self._seen_at_destination(self._domain or expected)

    def sent(self) -> list[dict[str, Any]]:
        """Return the operations as the result shows them."""
        return [operation.as_dict() for operation in self.operations]

    def result(self) -> dict[str, Any]:
        """Return the values of the result."""
        return {
            "changed": bool(self.operations),
            "domain": self._domain.as_dict() if self._domain else None,
            "operations": self.sent(),
            "diff": {
                "before_header": self.name,
                "before": self._before,
                "after_header": self.name,
                "after": self._after,
            },
        }

    def _seen_at_destination(self, domain: Domain) -> dict[str, Any]:
        """Return what a diff shows for a domain at the destination."""
        return {**view(domain), "host": self._step.destination}

    # ---- before anything is sent

    def _check_options(self) -> None:
        """Raise InvalidRequest for options that are wrong for every xend."""
        destination, port = self._step.destination, self._options["port"]
        if is_domain_0(self.name):
            raise InvalidRequest(f"{self.name} is the control domain: it is the host itself, and stays there")
        if not destination.strip() or destination != destination.strip():
            raise InvalidRequest(f"destination must be the name or the address of a host, not {destination!r}")
        if port is not None and not 1 <= port <= 65535:
            raise InvalidRequest(f"port must be between 1 and 65535, not {port}")
        if self._is_source(destination):
            raise InvalidRequest(f"The destination {destination} is the host that has {self.name}")
        if self.there is not None and self.there.url.rstrip("/") == self.source.url.rstrip("/"):
            raise InvalidRequest(f"destination_url is the xend that {self.name} is to leave: {self.source.url}")

    def _is_source(self, destination: str) -> bool:
        """Return whether a name is that of the source itself, judged only by its URL and the name."""
        url = self._options["xend_url"]
        host = None if url.startswith("unix:") else urlsplit(url).hostname
        return destination.lower() in (*_ITSELF, host)

    def _look_here(self) -> Steps[Optional[Domain]]:
        """Return the domain at its source, None if there is none. Waits while it is being saved or migrated."""
        here = self.source.domain(self.name)
        # A save or migration in progress renames the domain (WIRE.md (f) 7), so its own name proves nothing.
        if here is None and self.source.domain(under_way(self.name)) is not None:
            yield from self._wait_while_under_way()
            here = self.source.domain(self.name)
        return here

    def _wait_while_under_way(self) -> Steps[None]:
        """Wait while the source saves or migrates the domain. Raises GuestStillUp after the timeout."""
        passing = under_way(self.name)
        while self.source.domain(passing) is not None:
            if self.clock.now() >= self._deadline:
                raise GuestStillUp(
                    f"xend at {self.source.url} is saving or migrating {self.name}, and was not done within "
                    f"{self._timeout:g} s: its name is {passing} until that is done. If it hangs because the guest is paused, "
                    f"unpause {passing}."
                )
            yield _POLL

    def _look_there(self, here: Optional[Domain]) -> Steps[Domain]:
        """Return the domain at the destination. Nothing runs at the source, so XendError is raised if nothing is there, either."""
        missing = (
            f"{self.name} is halted at {self.source.url}"
            if here is not None
            else f"There is no domain {self.name} at {self.source.url}"
        )
        if self.there is None:
            raise XendError(
                f"{missing}, so there is nothing to migrate. Give destination_url, to have a domain taken for migrated "
                f"that runs at {self._step.destination} already."
            )
        there = yield from self._landed(self.there)
        if there is None or there.domid is None:
            raise XendError(f"{missing}, and none that runs at {self.there.url}: there is nothing to migrate")
        # The uuid stays the same over a migration, so another one is another guest.
        if here is not None and here.uuid != there.uuid:
            raise XendError(
                f"{missing}, and {self.there.url} has another domain of that name, with the uuid {there.uuid}"
            )
        if there.state not in ("running", "paused"):
            raise XendError(f"{self.name} is at {self.there.url} already, and is {there.state} there")
        if there.state == "paused":
            self.warnings.append(f"{self.name} is at {self.there.url} already, and is paused there")
        return there

    def _landed(self, xend: XendClient) -> Steps[Optional[Domain]]:
        """Return the domain at the destination, after the moment for which it is paused while it arrives."""
        began = self.clock.now()
        there = xend.domain(self.name)
        while there is not None and there.state == "paused" and self.clock.now() - began < _LANDING_TIMEOUT:
            yield _POLL
            there = xend.domain(self.name)
        return there

    def _check_guest(self, here: Domain) -> None:
        """Raise InvalidRequest for a domain that cannot be migrated, or not with these options."""
        if here.is_privileged:
            raise InvalidRequest(f"{self.name} is the control domain: it is the host itself, and stays there")
        # Trap 14: xend 3.1 and earlier would never answer for a paused guest.
        if here.state == "paused":
            raise InvalidRequest(
                f"{self.name} is paused, and a guest must run to be migrated: xend 3.1 and earlier would never answer. "
                "Unpause it first."
            )
        if here.state != "running":
            raise InvalidRequest(
                f"{self.name} is {here.state} at {self.source.url}: only a guest that runs is migrated"
            )
        # Trap 26: a migration ends in a restore.
        check_rebuild(here, "migration")
        if self._step.port and here.release is not None and not here.release.migrates_to_port:
            raise InvalidRequest(
                f"xend {here.release.span} sends a domain to the default port only: leave out port, which it ignores"
            )

    def _check_destination(self, here: Domain) -> None:
        """Raise XendError for a destination that is the source, or that has no place for the domain."""
        destination = self._step.destination
        if destination == self.source.node().host:
            raise InvalidRequest(f"The destination {destination} is the host that has {self.name}")
        if self.there is None:
            return
        other = self.there.domain(self.name)
        if other is not None and not (other.domid is None and other.uuid == here.uuid):
            raise InvalidRequest(
                f"There is a domain {self.name} at {self.source.url} and at {self.there.url}, where it is {other.state}: "
                "nothing was sent. Is destination_url another way to the same xend?"
            )
        if self.there.domain(under_way(self.name)) is not None:
            raise InvalidRequest(f"xend at {self.there.url} is saving or migrating a domain {self.name} just now")
        total = self.there.node().total_memory
        if total is not None and (here.memory or 0) > total:
            raise InvalidRequest(f"{self.name} has {here.memory} MiB, and {destination} has {total} MiB in all")

    # ---- on the way

    def _move(self, here: Domain) -> Steps[Optional[Domain]]:
        """Send the migration, once, and wait for the arrival. Returns the domain, None if the task has no client for the destination."""
        lost: Optional[XendError] = None
        try:
            self._step.send(self.source)
        except XendRefused as error:
            raise XendRefused(self._with_place(error, here), reason=error.reason) from error
        except XendError as error:
            if not getattr(error, "perhaps_done", False):
                raise
            lost = error
        self.operations.append(self._step)
        try:
            arrived = yield from self._see_it_arrive(here)
        except XendError as error:
            raise XendError(self._with_place(lost or error, here)) from error
        if lost is not None:
            self.warnings.append(
                f"The answer to the migration was lost, but {self.name} has gone from its source. {lost}"
            )
        if self.there is None:
            self.warnings.append(
                f"{self.name} has gone from {self.source.url}. Whether it runs at {self._step.destination} was not looked at, "
                "as there is no destination_url."
            )
        return arrived

    def _see_it_arrive(self, here: Domain) -> Steps[Optional[Domain]]:
        """Return the domain as it runs at the destination. Raises XendError if it does not run there in time."""
        yield from self._wait_while_under_way()
        settled, arrived, _took = yield from look_until(self._step, self.source, here, self.clock)
        if not settled:
            self._step.when_late(arrived, here)
        if is_up(self.source.domain(self.name)):
            raise GuestStillUp(f"{self.name} was migrated to {self._step.destination}, the host that it came from.")
        return arrived

    def _with_place(self, error: XendError, before: Domain) -> str:
        """Return the error with a sentence about where the domain is now."""
        try:
            place = self._place(before)
        except XendError as unknown:
            place = f"Where {self.name} is now could not be seen: {unknown}"
        return f"{str(error).rstrip('.')}. {place}"

    def _place(self, before: Domain) -> str:
        """Return a sentence about where the domain is now. Raises XendError."""
        here = self.source.domain(self.name)
        passing = under_way(self.name)
        if here is not None and here.domid is not None:
            same = "as before" if here.domid == before.domid else f"as domid {here.domid}"
            found = f"{self.name} is {here.state} at {self.source.url}, {same}"
        elif self.source.domain(passing) is not None:
            return (
                f"{self.name} is on its way: its name is {passing} at {self.source.url}. "
                "Run the task again to wait for it."
            )
        else:
            found = f"{self.name} has gone from {self.source.url}"
        there = self.there.domain(self.name) if self.there else None
        if self.there is None:
            return f"{found}."
        return f"{found}, and {there.state if there else 'not'} at {self.there.url}."
