# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every operation of a plan knows of itself. The plan and what applies it know no operation by its name.

A real run and a check run come from the same list: the one sends it and waits until each has settled, the other folds
the projections.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Optional

from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import XendError

if TYPE_CHECKING:
    from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
    from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
    from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import XendRefused


class GuestStillUp(XendError):
    """A guest, or a device, that was asked to go has not gone."""


class GuestNotUp(XendError):
    """A guest that was started does not run."""


@dataclass(frozen=True)
class Undo:
    """What brings back what an operation took away, for when what was to take its place is refused."""

    operation: Operation
    what: str
    """What is brought back, as the beginning of a sentence: ``The old vif 00:16:3e:00:00:01``."""
    done: str
    """The end of that sentence where it worked: ``was attached again.``"""
    failed: str
    """The end where it did not, with ``%s`` for the reason."""
    after: Optional[Operation] = None
    """An operation that has to settle first: the device that failed has to be gone."""
    why_not: str = ""
    """What to say if it does not."""


@dataclass(frozen=True)
class Operation:
    """One request that changes something."""

    name: str
    """The domain's."""
    op: ClassVar[str] = ""
    """xend's word for it."""
    brings_down: ClassVar[bool] = False
    """Whether the domain goes away by it. Only what is left then shows what else there is to do."""
    reveals: ClassVar[bool] = False
    """Whether only the domain that is there afterwards shows what it is, and so what else there is to do."""
    removes: ClassVar[bool] = False
    """Whether a domain or a definition is lost by it, so that another can take its place."""
    ends_as: ClassVar[Optional[str]] = None
    """What the result calls the end of a domain by this operation: clean or destroyed."""
    retry_for: ClassVar[float] = 0
    """Seconds for which a refusal may mean "not yet": see is_too_early()."""

    @property
    def patience(self) -> float:
        """Return the seconds in which the operation has to settle."""
        return 0

    @property
    def name_after(self) -> str:
        """Return what the domain is called afterwards."""
        return self.name

    @property
    def memory_needed(self) -> int:
        """Return the MiB that the host has to have for it."""
        return 0

    def prepare(self, client: XendClient) -> Any:
        """Return what check() has to know of the time before; nothing is asked for where that is nothing."""
        del client
        return None

    def send(self, client: XendClient) -> None:
        """Send the request. Raises the client's errors."""
        raise NotImplementedError

    def check(self, client: XendClient, known: Any) -> None:
        """Raise XendError where it did something else than it said. *known* is from prepare()."""

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return the domain as it is once the operation has had its effect, None if it is gone."""
        return domain

    def delay(self, domain: Optional[Domain]) -> float:
        """Return the seconds to wait before it is sent, so that it does no harm."""
        del domain
        return 0

    def settled(self, client: XendClient, before: Optional[Domain]) -> tuple[bool, Optional[Domain]]:
        """Return whether it has had its effect, and the domain as it is now. Only asked where there is *patience*."""
        del before
        return True, client.domain(self.name_after)

    def when_late(self, now: Optional[Domain], before: Optional[Domain]) -> Operation:
        """Return what is sent when it has not settled in time. Raises GuestStillUp where that is nothing."""
        raise NotImplementedError

    def is_done_anyway(self, client: XendClient) -> bool:
        """Return whether a refusal means that it is as it should be."""
        del client
        return False

    def is_too_early(self, refusal: XendRefused) -> bool:
        """Return whether it is worth while to send it again in a moment."""
        del refusal
        return False

    def undo(self) -> Optional[Undo]:
        """Return how to bring back what it took away to make room, None where it did not, or need not."""
        return None

    def leftover(self) -> Optional[Operation]:
        """Return an operation that has settled once nothing is left of this one, which was refused."""
        return None

    def left_as_asked(self) -> Optional[str]:
        """Return a sentence about what a refusal after it leaves, where the task has asked for that."""
        return None

    def names(self, said: str) -> str:
        """Return xend's words about it with the devices in them called by their names."""
        return said

    def missing(self, after: Domain) -> Optional[str]:
        """Return what xend shows of the domain that is not as the operation said, None if all is."""
        del after
        return None

    def as_dict(self) -> dict[str, Any]:
        """Return what the user is shown of it."""
        return {"op": self.op, "domain": self.name}


def in_state(domain: Optional[Domain], state: str) -> Optional[Domain]:
    """Return the domain in another state."""
    return None if domain is None else replace(domain, state=state, state_flags=None)


def is_up(domain: Optional[Domain]) -> bool:
    """Return whether a domain holds on: what is left of it may be nothing, a definition, or a preserved body."""
    return domain is not None and domain.state not in ("halted", "shutdown", "crashed")


def limit_of(domain: Optional[Domain]) -> Optional[int]:
    """Return the seconds after which xend itself destroys a domain that was asked to go."""
    return domain.release.shutdown_ends_after if domain and domain.release else None
