# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations that change the memory, the vcpus and the cpus of a domain."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Optional

from ansible_collections.dom0.xend.plugins.module_utils.operations.base import Operation, Undo

if TYPE_CHECKING:
    from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
    from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
    from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import XendRefused

_INVALID = "22, 'Invalid argument'"
"""The hypervisor's EINVAL, which is the same on every release; xend's own refusals use other words."""

GIVE_BACK_TIMEOUT = 60
"""Seconds within which a guest must give memory back, so that its limit can be lowered."""


@dataclass(frozen=True)
class SetMemory(Operation):
    """Change the memory of a domain, in MiB."""

    target: int = 0
    op: ClassVar[str] = "mem_target_set"

    def send(self, client: XendClient) -> None:
        """Send the target."""
        client.set_memory(self.name, self.target)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return the domain with that memory."""
        return domain and replace(domain, memory=self.target)

    def missing(self, after: Optional[Domain], expected: Optional[Domain]) -> Optional[str]:
        """Compare the target."""
        del expected
        return None if after is None or after.memory == self.target else f"memory {after.memory}"

    def as_dict(self) -> dict[str, Any]:
        """Return the operation, with the target."""
        return {**super().as_dict(), "target": self.target}


@dataclass(frozen=True)
class SetMaxmem(Operation):
    """Change the memory limit of a domain, in MiB."""

    memory: int = 0
    was: Optional[int] = field(default=None, compare=False)
    """The limit before, if xend stores a limit that it refuses: 3.2 does (WIRE.md (i) 16)."""
    op: ClassVar[str] = "maxmem_set"
    retry_for: ClassVar[float] = GIVE_BACK_TIMEOUT

    def send(self, client: XendClient) -> None:
        """Send the limit."""
        client.set_maxmem(self.name, self.memory)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return the domain with that limit."""
        return domain and replace(domain, maxmem=self.memory)

    def is_too_early(self, refusal: XendRefused) -> bool:
        """Return whether the hypervisor refused it, as it does while the guest still has more memory (WIRE.md (i) 16)."""
        return _INVALID in refusal.reason

    def names(self, said: str) -> str:
        """Return xend's error text, and what it means after the time in which the guest should have given memory back."""
        if _INVALID not in said:
            return said
        return (
            f"{said.rstrip('.')}. {self.name} has not given its memory back within {GIVE_BACK_TIMEOUT} s, so its limit "
            f"stays. Run the task again later; if that does not help, see whether the guest has a balloon driver"
        )

    def amend(self) -> Optional[Undo]:
        """Set the limit before again, if xend would show the refused one from now on."""
        if self.was is None:
            return None
        before = SetMaxmem(self.name, self.was)
        return Undo(before, f"The limit of {self.was} MiB", "was set again.", "could not be set again: %s.")

    def missing(self, after: Optional[Domain], expected: Optional[Domain]) -> Optional[str]:
        """Compare the limit."""
        del expected
        return None if after is None or after.maxmem == self.memory else f"maxmem {after.maxmem}"

    def as_dict(self) -> dict[str, Any]:
        """Return the operation, with the limit."""
        return {**super().as_dict(), "memory": self.memory}


class RaiseLimit(SetMaxmem):
    """Raise the hypervisor's limit for a domain in 3.0.3 and earlier, where the domain's maxmem does not show it."""

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return the domain unchanged."""
        return domain

    def missing(self, after: Optional[Domain], expected: Optional[Domain]) -> Optional[str]:
        """Return None: xend does not show this limit."""
        del after, expected
        return None


@dataclass(frozen=True)
class SetVcpus(Operation):
    """Change how many of its vcpus a domain may use."""

    vcpus: int = 0
    op: ClassVar[str] = "set_vcpus"

    def send(self, client: XendClient) -> None:
        """Send the number."""
        client.set_vcpus(self.name, self.vcpus)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return the domain with that number of usable vcpus."""
        if domain is None:
            return None
        # 3.0.4 changes `vcpus` as well, every other release only `vcpu_avail` (WIRE.md (i) 10).
        rewritten = domain.release is not None and domain.release.rewrites_vcpus
        return replace(domain, vcpu_avail=(1 << self.vcpus) - 1, vcpus=self.vcpus if rewritten else domain.vcpus)

    def missing(self, after: Optional[Domain], expected: Optional[Domain]) -> Optional[str]:
        """Compare how many the guest may use."""
        del expected
        return None if after is None or after.usable_vcpus == self.vcpus else f"{after.usable_vcpus} vcpus"

    def as_dict(self) -> dict[str, Any]:
        """Return the operation, with the number."""
        return {**super().as_dict(), "vcpus": self.vcpus}


@dataclass(frozen=True)
class Pin(Operation):
    """Pin a vcpu to these cpus."""

    vcpu: int = 0
    cpus: frozenset[int] = frozenset()
    op: ClassVar[str] = "pincpu"

    def send(self, client: XendClient) -> None:
        """Send the cpus."""
        client.pin(self.name, self.vcpu, self.cpus)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return the domain with that vcpu pinned."""
        # If the domain does not show its pins, there is nothing to project.
        if domain is None or domain.cpus is None:
            return domain
        return replace(domain, cpus=(*domain.cpus[: self.vcpu], self.cpus, *domain.cpus[self.vcpu + 1 :]))

    def missing(self, after: Optional[Domain], expected: Optional[Domain]) -> Optional[str]:
        """Compare the cpus of that vcpu."""
        del expected
        cpus = after.cpus[self.vcpu : self.vcpu + 1] if after is not None and after.cpus is not None else ()
        return next((f"vcpu {self.vcpu} on {sorted(shown)}" for shown in cpus if not shown or shown - self.cpus), None)

    def as_dict(self) -> dict[str, Any]:
        """Return the operation, with the cpus."""
        return {**super().as_dict(), "vcpu": self.vcpu, "cpumap": ",".join(map(str, sorted(self.cpus)))}
