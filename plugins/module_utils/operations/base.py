# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The interface of an operation of a plan. The plan and the applier use only this, and no operation by name.

A real run and check mode use the same list: a real run sends each operation and waits until it has settled, check mode
applies the projections one after the other.
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
    """A guest or a device that should have gone is still there."""


class GuestNotUp(XendError):
    """A started guest does not run."""


@dataclass(frozen=True)
class Undo:
    """Restores what an operation removed, if its replacement is refused."""

    operation: Operation
    what: str
    """What is restored, as the beginning of a sentence: ``The old vif 00:16:3e:00:00:01``."""
    done: str
    """The end of that sentence after success: ``was attached again.``"""
    failed: str
    """The end of that sentence after a failure, with ``%s`` for the reason."""
    after: Optional[Operation] = None
    """An operation that must settle first: the failed device must be gone."""
    why_not: str = ""
    """The message if it does not settle."""


@dataclass(frozen=True)
class Operation:
    """One request that changes something.

    A subclass is a dataclass only if it has fields of its own: each decorator costs every import of a module 0.7 ms.
    """

    name: str
    """The name of the domain."""
    op: ClassVar[str] = ""
    """xend's name of the operation."""
    brings_down: ClassVar[bool] = False
    """Whether it takes the domain down. The plan continues from what is left of the domain then."""
    reveals: ClassVar[bool] = False
    """Whether the domain is unknown until the operation is done, as after a restore. The plan continues from what is found then."""
    removes: ClassVar[bool] = False
    """Whether it removes a domain or a definition, so that another can take its place."""
    ends_as: ClassVar[Optional[str]] = None
    """``shutdown_outcome`` of a domain that this operation ends: clean or destroyed."""
    retry_for: ClassVar[float] = 0
    """Seconds for which a refusal may mean "not yet" (see is_too_early())."""

    @property
    def patience(self) -> float:
        """Return the seconds within which the operation must settle; 0 if it settles with xend's answer."""
        return 0

    @property
    def name_after(self) -> str:
        """Return the domain's name after the operation."""
        return self.name

    @property
    def memory_needed(self) -> int:
        """Return the memory that the host needs for it, in MiB."""
        return 0

    @property
    def writes(self) -> Optional[str]:
        """Return the file on the host that xend overwrites, None if there is none."""
        return None

    def prepare(self, client: XendClient) -> Any:
        """Return what check() must know from before the operation. Sends nothing if that is nothing."""
        del client
        return None

    def send(self, client: XendClient) -> None:
        """Send the request. Raises the client's errors."""
        raise NotImplementedError

    def check(self, client: XendClient, known: Any) -> None:
        """Raise XendError if xend did something other than requested. *known* is from prepare()."""

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return the domain as it is after the operation, None if it is gone."""
        return domain

    def delay(self, domain: Optional[Domain]) -> float:
        """Return the seconds to wait before it can be sent without harm."""
        del domain
        return 0

    def settled(self, client: XendClient, before: Optional[Domain]) -> tuple[bool, Optional[Domain]]:
        """Return whether the operation has had its effect, and the domain as it is now. Called only if there is *patience*."""
        del before
        return True, client.domain(self.name_after)

    def when_late(self, now: Optional[Domain], before: Optional[Domain]) -> Operation:
        """Return the operation to send if this one has not settled in time. Raises GuestStillUp if there is none."""
        raise NotImplementedError

    def is_done_anyway(self, client: XendClient) -> bool:
        """Return whether the domain is as desired in spite of a refusal."""
        del client
        return False

    def is_too_early(self, refusal: XendRefused) -> bool:
        """Return whether a refusal means that the operation can succeed in a moment."""
        del refusal
        return False

    def undo(self) -> Optional[Undo]:
        """Return how to restore what it removed to make room; None if it removed nothing, or nothing worth restoring."""
        return None

    def amend(self) -> Optional[Undo]:
        """Return how to take back what xend stores of this operation, although it was refused."""
        return None

    def leftover(self) -> Optional[Operation]:
        """Return an operation that settles once nothing is left of this one, which was refused."""
        return None

    def left_as_asked(self) -> Optional[str]:
        """Return a sentence about what stays after a later refusal, if the task has requested that."""
        return None

    def names(self, said: str) -> str:
        """Return xend's error text with the names of the devices added."""
        return said

    def missing(self, after: Optional[Domain], expected: Optional[Domain]) -> Optional[str]:
        """Return what xend shows instead of the requested change, None if it shows the change.

        *expected* is the domain as the whole plan should have left it.
        """
        del after, expected
        return None

    def as_dict(self) -> dict[str, Any]:
        """Return the operation as results show it."""
        return {"op": self.op, "domain": self.name}


def in_state(domain: Optional[Domain], state: str) -> Optional[Domain]:
    """Return the domain in another state."""
    return None if domain is None else replace(domain, state=state, state_flags=None)


def is_up(domain: Optional[Domain]) -> bool:
    """Return whether a domain is up: neither gone, nor a definition, nor preserved after its end."""
    return domain is not None and domain.state not in ("halted", "shutdown", "crashed")


def limit_of(domain: Optional[Domain]) -> Optional[int]:
    """Return the seconds after a shutdown request after which xend itself destroys the domain; None if it never does or is unknown."""
    return domain.release.shutdown_ends_after if domain and domain.release else None
