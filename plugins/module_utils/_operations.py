# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations that a plan consists of. Each knows how to send itself, and what the domain is like afterwards.

So a real run and a check run come from the same list: the one sends it, the other folds the projections.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Optional, Protocol

from ansible_collections.dom0.xend.plugins.module_utils._domain import Domain, without_secrets
from ansible_collections.dom0.xend.plugins.module_utils._sxp import Sxp, dumps


class Sender(Protocol):
    """What an operation needs of a client: the methods of XendClient that change something."""

    def create(self, config: Sxp) -> None:
        """Build a paused domain."""

    def wait_for_devices(self, name: str) -> None:
        """Wait for its devices."""

    def start(self, name: str) -> None:
        """Start a managed domain."""

    def unpause(self, name: str) -> None:
        """Let it run."""

    def pause(self, name: str) -> None:
        """Hold it still."""

    def shutdown(self, name: str, reason: str) -> None:
        """Ask the guest to shut down."""

    def destroy(self, name: str) -> None:
        """End it."""

    def delete(self, name: str) -> None:
        """Forget a managed domain."""


@dataclass(frozen=True)
class Operation:
    """One request that changes something."""

    name: str
    """The domain's."""
    op: ClassVar[str] = ""
    """xend's word for it."""
    brings_down: ClassVar[bool] = False
    """Whether the domain takes its time to be as projected."""

    def send(self, client: Sender) -> None:
        """Send the request. Raises the client's errors."""
        getattr(client, self.op)(self.name)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return the domain as it is once the operation has had its effect, None if it is gone."""
        return domain

    def as_dict(self) -> dict[str, Any]:
        """Return what the user is shown of it."""
        return {"op": self.op, "domain": self.name}


@dataclass(frozen=True)
class Create(Operation):
    """Build the domain; it is paused then."""

    config: Sxp = ""
    op: ClassVar[str] = "create"

    def send(self, client: Sender) -> None:
        """Send the config."""
        client.create(self.config)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return what is declared, with xend's defaults for what is not (WIRE.md (e))."""
        declared = Domain.from_sxp(self.config)
        memory = declared.memory or 0
        vcpus = declared.vcpus or 1
        return replace(
            _with_backends(declared),
            state="paused",
            maxmem=max(memory, declared.maxmem or 0),
            vcpus=vcpus,
            online_vcpus=vcpus,
            on_poweroff=declared.on_poweroff or "destroy",
            on_reboot=declared.on_reboot or "restart",
            on_crash=declared.on_crash or "restart",
        )

    def as_dict(self) -> dict[str, Any]:
        """Show the config as it is sent, but for its secrets."""
        return {**super().as_dict(), "config": dumps(without_secrets(self.config))}


@dataclass(frozen=True)
class WaitForDevices(Operation):
    """Wait until the backends of a new domain's devices are there."""

    op: ClassVar[str] = "wait_for_devices"


@dataclass(frozen=True)
class Unpause(Operation):
    """Let a paused domain run."""

    op: ClassVar[str] = "unpause"

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return it running."""
        return _in_state(domain, "running")


@dataclass(frozen=True)
class Pause(Operation):
    """Hold a running domain still."""

    op: ClassVar[str] = "pause"

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return it paused."""
        return _in_state(domain, "paused")


@dataclass(frozen=True)
class Start(Operation):
    """Start a halted managed domain: it runs then, whatever else is asked for."""

    op: ClassVar[str] = "start"

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return it running, with backends to its devices, which a definition has not."""
        return None if domain is None else _in_state(_with_backends(domain), "running")


@dataclass(frozen=True)
class Shutdown(Operation):
    """Ask the guest to shut down, and see it go."""

    reason: str = "poweroff"
    op: ClassVar[str] = "shutdown"
    brings_down: ClassVar[bool] = True

    def send(self, client: Sender) -> None:
        """Ask."""
        client.shutdown(self.name, self.reason)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return what ``on_poweroff`` leaves of it."""
        if domain is not None and domain.on_poweroff == "preserve":
            return _in_state(domain, "shutdown")
        return None

    def as_dict(self) -> dict[str, Any]:
        """Show the reason."""
        return {**super().as_dict(), "reason": self.reason}


@dataclass(frozen=True)
class Destroy(Operation):
    """End the domain without asking the guest."""

    op: ClassVar[str] = "destroy"
    brings_down: ClassVar[bool] = True

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return nothing: whether xend keeps a definition shows only afterwards."""
        return None


@dataclass(frozen=True)
class Delete(Operation):
    """Have xend forget a halted managed domain."""

    op: ClassVar[str] = "delete"

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return nothing."""
        return None


def _in_state(domain: Optional[Domain], state: str) -> Optional[Domain]:
    """Return the domain in another state."""
    return None if domain is None else replace(domain, state=state, state_flags=None)


def _with_backends(domain: Domain) -> Domain:
    """Return *domain* with its devices as they are once it is built: xend's defaults where nothing is said."""
    return replace(
        domain,
        vbds=tuple(replace(vbd, mode=vbd.mode or "r", backend=_domid(vbd.backend)) for vbd in domain.vbds or ()),
        vifs=tuple(replace(vif, backend=_domid(vif.backend)) for vif in domain.vifs or ()),
    )


def _domid(backend: Optional[str]) -> str:
    """Return a backend as xend prints it, where that can be known: the default is the control domain."""
    return "0" if backend in (None, "Domain-0") else str(backend)
