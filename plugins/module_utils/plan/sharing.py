# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read many domains with one request: the detailed list answers for each of them while it is fresh.

The list holds all domains in 3.0.3 and earlier, and only running ones in 3.0.4 and later (WIRE.md (f) 6), where the list
of names shows which others exist. A domain that the lists do not answer for is read by its name.
"""

from __future__ import annotations

from collections import Counter
from typing import Optional

from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.plan.apply import Clock
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import UnreadableReply, XendRefused
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import Release, sharper
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import Reply

FIRST_LOOK = 5.0
"""Seconds for which a list answers the first read of a domain."""

_POLL = 0.5
"""Seconds for which a list answers the polls of a waiting domain."""

_EARLY_PACE = 0.2
"""Seconds between two polls of a xend that serves one client at a time, 3.0.3 and earlier."""

_SPOILT_FOR = 1.0
"""Seconds without another attempt after a list that failed: in 3.0.3 a zombie makes it fail for a moment (WIRE.md (f) 4)."""


class SharedView:
    """The latest list of a xend, with limits for how often it is read."""

    def __init__(self, client: XendClient, clock: Clock) -> None:
        """Take the client. Nothing is sent yet."""
        self.client = client
        self.clock = clock
        self.waiting = 0
        """How many domains wait. A single one is read by its name."""
        self._domains: dict[str, Domain] = {}
        self._names: Optional[frozenset[str]] = frozenset()
        self._asked_at = float("-inf")
        self._polled_at = float("-inf")
        self._spoilt_until = float("-inf")
        self._events = 0
        self._asked_as = 0
        """The number of the event at which the current list was read, 0 for none."""

    def event(self) -> int:
        """Return the number of a new event. Clocks are too coarse to order events."""
        self._events += 1
        return self._events

    def look(self) -> None:
        """Read the list. If it fails, domains are read by name for a while. Raises XendError if xend gives no answer."""
        self._asked_at, self._asked_as = self.clock.now(), self.event()
        try:
            found = [Domain.from_sxp(tree) for tree in self.client.domains()]
        except (XendRefused, UnreadableReply, ValueError):  # one bad domain makes the list fail
            self._asked_as = 0
            self._spoilt_until = self.clock.now() + _SPOILT_FOR
            return
        for domain in found:
            if domain.release is not None:
                self.client.release = sharper(self.client.release, domain.release)
        times = Counter(domain.name for domain in found)  # a zombie may share the name of a living domain
        self._domains = {domain.name: domain for domain in found if times[domain.name] == 1}
        release = self.client.release
        hides = release is None or release.lists_hide_stopped
        self._names = None if hides else frozenset(times)

    def answers(self, name: str, since: int, *, polls: bool) -> bool:
        """Return whether domain() can answer for a name with data newer than the event *since*. Reads the list again if *polls*."""
        if polls and self.waiting > 1 and not self._is_fresh(since, _POLL) and self.clock.now() >= self._spoilt_until:
            self.pace()
            self.look()
        fresh = self._is_fresh(since, _POLL if polls else FIRST_LOOK)
        return fresh and (name in self._domains or not self._may_be_hidden(name))

    def _may_be_hidden(self, name: str) -> bool:
        """Return whether a domain of that name exists that the list may not show."""
        if self._names is None:
            self._names = frozenset(self.client.names())
        return name in self._names

    def domain(self, name: str) -> Optional[Domain]:
        """Return a domain of the list, None if the list does not have it."""
        return self._domains.get(name)

    def pace(self) -> None:
        """Wait until it is time for another poll."""
        release = self.client.release
        if release is None or not release.manages:
            self.clock.sleep(max(0.0, self._polled_at + _EARLY_PACE - self.clock.now()))
        self._polled_at = self.clock.now()

    def _is_fresh(self, since: int, age: float) -> bool:
        """Return whether the list was read after the event *since*, at most *age* seconds ago."""
        return self._asked_as > since and self.clock.now() - self._asked_at <= age


class SharedClient(XendClient):
    """The client of one domain among many. It uses the shared list for its first read and for its polls."""

    def __init__(self, view: SharedView, slow_timeout: float) -> None:
        """Share the connection and the journal of the *view*'s client. *slow_timeout* is that of this domain, in seconds."""
        vars(self).update({key: value for key, value in vars(view.client).items() if key != "release"})
        self._slow_timeout = slow_timeout
        self._view = view
        self._since = 0
        self._may_share = True
        self._polls = False

    @property
    def release(self) -> Optional[Release]:
        """The release of xend, as far as any of the clients has detected it."""
        return self._view.client.release

    @release.setter
    def release(self, release: Optional[Release]) -> None:
        self._view.client.release = release

    def go_on(self) -> None:
        """Note that the domain has waited, so that its next read is a poll."""
        self._may_share = self._polls = True

    def domain(self, name: str) -> Optional[Domain]:
        """Return the domain of that name, from the list if that is fresh enough; None if there is none."""
        if self._may_share:
            if self._view.answers(name, self._since, polls=self._polls):
                return self._view.domain(name)
            if self._polls:
                self._view.pace()
        return super().domain(name)

    def _write(self, path: str, form: dict[str, str], timeout: float) -> Reply:
        """Send a write. Data from before it is out of date afterwards."""
        self._may_share = False
        try:
            return super()._write(path, form, timeout)
        finally:
            self._since = self._view.event()
