# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations that create, start, pause, move and end a domain."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Optional

from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import without_secrets
from ansible_collections.dom0.xend.plugins.module_utils.operations.base import (
    GuestNotUp,
    GuestStillUp,
    Operation,
    Undo,
    in_state,
    is_up,
    limit_of,
)
from ansible_collections.dom0.xend.plugins.module_utils.operations.devices import (
    device_names,
    named_backend,
    with_backends,
)
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp, dumps

if TYPE_CHECKING:
    from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient

DESTROY_TIMEOUT = 30
"""Seconds within which a destroyed or saved domain must disappear from xend."""

ARRIVAL_TIMEOUT = 30
"""Seconds within which a migrated domain must run at its destination, once the source reports success."""

SHUTDOWN_TIMEOUT = 300
"""Seconds within which a guest must shut down, unless a task says otherwise."""


@dataclass(frozen=True)
class Create(Operation):
    """Build the domain, which is paused afterwards."""

    config: Sxp = ""
    keep: bool = field(default=False, compare=False)
    """Whether it stays if its devices fail."""
    op: ClassVar[str] = "create"
    leaves_it: ClassVar[str] = "paused"

    @property
    def memory_needed(self) -> int:
        """Return its memory."""
        return Domain.from_sxp(self.config).memory or 0

    def send(self, client: XendClient) -> None:
        """Send the config."""
        client.create(self.config)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return what is declared, with xend's defaults for what is not (WIRE.md (e))."""
        declared = Domain.from_sxp(self.config)
        # 3.0.4 and earlier raise a maxmem that is below memory (WIRE.md (e)).
        memory = declared.memory or 0
        vcpus = declared.vcpus or 1
        # release=None: the release is known only from what xend itself prints.
        return replace(
            with_backends(declared),
            release=None,
            state=self.leaves_it,
            maxmem=max(memory, declared.maxmem or 0),
            vcpus=vcpus,
            vcpu_avail=(1 << vcpus) - 1,
            online_vcpus=vcpus,
            on_poweroff=declared.on_poweroff or "destroy",
            on_reboot=declared.on_reboot or "restart",
            on_crash=declared.on_crash or "restart",
        )

    def undo(self) -> Optional[Undo]:
        """Destroy it, because its devices failed."""
        # The domain exists but is of no use without its devices; the task decides whether it stays.
        made = f"The domain {self.name}, created just before,"
        return (
            None
            if self.keep
            else Undo(
                Destroy(self.name),
                made,
                "was destroyed again (on_device_failure: destroy).",
                "is left paused, because it could not be destroyed (%s).",
            )
        )

    def left_as_asked(self) -> Optional[str]:
        """Return a sentence that says that the domain stays, so that the failure can be examined."""
        return (
            f"The domain {self.name} was created and is left paused (on_device_failure: keep)." if self.keep else None
        )

    def as_dict(self) -> dict[str, Any]:
        """Show the config as sent, with its secrets masked."""
        return {**super().as_dict(), "config": dumps(without_secrets(self.config))}


@dataclass(frozen=True)
class WaitForDevices(Operation):
    """Wait until the devices of a new domain are connected to their backends."""

    config: Sxp = field(default="", compare=False)
    """The config of the domain, if this task has created it."""
    op: ClassVar[str] = "wait_for_devices"

    def send(self, client: XendClient) -> None:
        """Send the request; xend replies once they are connected."""
        client.wait_for_devices(self.name)

    def names(self, said: str) -> str:
        """Return xend's error text with the names of the disks and interfaces."""
        return device_names(said, self.config)


class Unpause(Operation):
    """Unpause a domain."""

    op: ClassVar[str] = "unpause"

    def send(self, client: XendClient) -> None:
        """Send the request."""
        client.unpause(self.name)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return the domain as running."""
        return in_state(domain, "running")


class Pause(Operation):
    """Pause a running domain."""

    op: ClassVar[str] = "pause"

    def send(self, client: XendClient) -> None:
        """Send the request."""
        client.pause(self.name)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return the domain as paused."""
        return in_state(domain, "paused")


class Start(Operation):
    """Start a halted managed domain. It then runs, even if the task declares it paused (trap 21)."""

    op: ClassVar[str] = "start"

    def send(self, client: XendClient) -> None:
        """Send the request."""
        client.start(self.name)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return the domain as running, with backends for its devices, which a definition does not show."""
        return None if domain is None else in_state(with_backends(domain), "running")


class _End(Operation):
    """An operation that takes a domain down, and waits until it is down."""

    brings_down: ClassVar[bool] = True
    removes: ClassVar[bool] = True

    def settled(self, client: XendClient, before: Optional[Domain]) -> tuple[bool, Optional[Domain]]:
        """Return whether the domain is down. A new domid means that xend has restarted it."""
        now = client.domain(self.name)
        # The name may come back under a new domid after a reboot: the old domain is down all the same.
        return not is_up(now) or (now is not None and now.domid != (before.domid if before else None)), now

    def when_late(self, now: Optional[Domain], before: Optional[Domain]) -> Operation:
        """Raise GuestStillUp: it is still there."""
        raise GuestStillUp(f"{self.name} was destroyed but still exists after {self.patience:g} s")


@dataclass(frozen=True)
class Shutdown(_End):
    """Request a shutdown from the guest, and wait until it is down."""

    reason: str = "poweroff"
    timeout: float = field(default=SHUTDOWN_TIMEOUT, compare=False)
    """Seconds within which the guest must be down."""
    then_destroy: bool = field(default=False, compare=False)
    """Whether it is destroyed if it is not down by then."""
    op: ClassVar[str] = "shutdown"
    ends_as: ClassVar[Optional[str]] = "clean"

    @property
    def patience(self) -> float:
        """Return the seconds within which the guest must settle."""
        return self.timeout

    def send(self, client: XendClient) -> None:
        """Send the request."""
        client.shutdown(self.name, self.reason)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return what ``on_poweroff`` leaves of the domain."""
        return in_state(domain, "shutdown") if domain is not None and domain.on_poweroff == "preserve" else None

    def when_late(self, now: Optional[Domain], before: Optional[Domain]) -> Operation:
        """Return the destroy if the task allows it. Otherwise raise GuestStillUp with what will happen to the guest."""
        if self.then_destroy:
            return Destroy(self.name)
        # Trap 14: 3.1 and earlier destroy the guest themselves 30 s after the request, whatever the task allows.
        limit = limit_of(before)
        if limit is not None and self.timeout < limit:
            span = before.release.span if before and before.release else ""
            warning = f" xend {span} itself will destroy it {limit} s after the request."
        else:
            warning = " The task did not destroy it. Set on_shutdown_timeout: destroy or force: true to destroy it."
        raise GuestStillUp(f"{self.name} is still up {self.timeout:g} s after it was asked to shut down.{warning}")

    def as_dict(self) -> dict[str, Any]:
        """Return the operation, with the reason."""
        return {**super().as_dict(), "reason": self.reason}


class Destroy(_End):
    """End the domain without asking the guest."""

    op: ClassVar[str] = "destroy"
    ends_as: ClassVar[Optional[str]] = "destroyed"

    @property
    def patience(self) -> float:
        """Return the seconds within which xend must settle."""
        return DESTROY_TIMEOUT

    def send(self, client: XendClient) -> None:
        """Send the request."""
        client.destroy(self.name)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return None: only afterwards is it known whether xend keeps a definition."""
        return None

    def is_done_anyway(self, client: XendClient) -> bool:
        """Return whether the domain no longer lives. The definition of a managed one may be left."""
        # A destroy that failed has done its work if the domain is gone: xend answers a second one as it answers any
        # unknown domain (WIRE.md (i) 5).
        left = client.domain(self.name)
        return left is None or left.domid is None


@dataclass(frozen=True)
class Save(_End):
    """Save the domain to a file on the host, which ends it."""

    file: str = ""
    op: ClassVar[str] = "save"

    @property
    def writes(self) -> Optional[str]:
        """Return the file."""
        return self.file

    @property
    def patience(self) -> float:
        """Return the seconds within which xend must settle."""
        return DESTROY_TIMEOUT

    def send(self, client: XendClient) -> None:
        """Name the file."""
        client.save(self.name, self.file)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return None: only afterwards is it known whether xend keeps a definition."""
        return None

    def when_late(self, now: Optional[Domain], before: Optional[Domain]) -> Operation:
        """Raise GuestStillUp: the domain still lives, so it was not saved, even if xend reported success (trap 21)."""
        raise GuestStillUp(
            f"{self.name} is still up, but xend reported that it was saved to {self.file}: "
            "the save failed. xend 3.1 does not report a failed save. See xend's log."
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the operation, with the file."""
        return {**super().as_dict(), "file": self.file}


@dataclass(frozen=True)
class Migrate(Operation):
    """Move the domain to another host, and wait until it runs there."""

    destination: str = ""
    """The host, by the name that the sending xend uses."""
    live: bool = True
    port: int = 0
    """0 is xend's default."""
    there: Optional[XendClient] = field(default=None, compare=False, repr=False)
    """The client for the destination's xend, if the task has one."""
    op: ClassVar[str] = "migrate"

    @property
    def patience(self) -> float:
        """Return the seconds within which it must run at the destination after xend's reply."""
        return ARRIVAL_TIMEOUT

    def send(self, client: XendClient) -> None:
        """Send the request; xend replies when the migration is done."""
        client.migrate(self.name, self.destination, self.live, self.port)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return the domain as it runs at the destination, with a domid that is unknown."""
        return domain and replace(
            domain, state="running", state_flags=None, domid=None, cpu_time=None, start_time=None, cpus=None
        )

    def settled(self, client: XendClient, before: Optional[Domain]) -> tuple[bool, Optional[Domain]]:
        """Return whether it has left the source and runs at the destination, and the domain there.

                3.0.4 and 3.1 show it paused for a moment. A domain that is at the source under a new domid has settled, too: it was
        migrated to its own host.
        """
        here = client.domain(self.name)
        if here is not None and is_up(here):
            return before is not None and here.domid != before.domid, here
        # Neither missing nor arrived: the domain keeps its temporary name for the whole transfer (WIRE.md (f) 7).
        if client.domain(under_way(self.name)) is not None:
            return False, None
        # 3.1 may report a failed migration as success, so only the destination itself proves the arrival.
        arrived = self.there.domain(self.name) if self.there else None
        return self.there is None or (arrived is not None and arrived.state == "running"), arrived

    def when_late(self, now: Optional[Domain], before: Optional[Domain]) -> Operation:
        """Raise GuestStillUp: the domain did not arrive, even if xend reported success."""
        raise GuestStillUp(
            f"xend said that it had migrated {self.name} to {self.destination}, and {self.patience:g} s later that does not "
            "show. xend 3.1 may report a failed migration as done: see xend's log on both hosts."
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the operation, with the destination and the way of migrating."""
        return {**super().as_dict(), "destination": self.destination, "live": self.live, "port": self.port}


def under_way(name: str) -> str:
    """Return the name of a domain while xend saves or migrates it (WIRE.md (f) 7)."""
    return f"migrating-{name}"


@dataclass(frozen=True)
class Reboot(Operation):
    """Request a reboot from the guest, and wait until it runs under a new domid."""

    timeout: float = field(default=SHUTDOWN_TIMEOUT, compare=False)
    """Seconds within which it must run again."""
    op: ClassVar[str] = "shutdown"

    @property
    def patience(self) -> float:
        """Return the seconds within which the guest must settle."""
        return self.timeout

    def delay(self, domain: Optional[Domain]) -> float:
        """Return the seconds to wait so that xend does not destroy it (trap 18); 0 if it has certainly run long enough.

        Its age comes from the hypervisor's cpu_time, because the clocks of two hosts may differ.
        """
        # Trap 18: an early reboot destroys the domain. cpu_time divided by vcpus is a lower bound of its age.
        seconds = domain.release.reboot_settles_after if domain and domain.release else 0
        vcpus = (domain.online_vcpus or domain.vcpus or 1) if domain else 1
        least_age = (domain.cpu_time or 0) / max(vcpus, 1) if domain else 0
        return 0 if least_age >= seconds else seconds

    def send(self, client: XendClient) -> None:
        """Send the request."""
        client.shutdown(self.name, "reboot")

    def settled(self, client: XendClient, before: Optional[Domain]) -> tuple[bool, Optional[Domain]]:
        """Return whether it runs under a new domid. 3.2 and later show it paused while they build it."""
        # Not `paused`: that is xend still building it, and not a guest that somebody paused (WIRE.md (i) 3).
        now = client.domain(self.name)
        old = before.domid if before else None
        return now is not None and now.domid not in (None, old) and now.state == "running", now

    def when_late(self, now: Optional[Domain], before: Optional[Domain]) -> Operation:
        """Raise GuestStillUp with the state of the domain."""
        if now is not None and now.domid not in (None, before.domid if before else None):
            raise GuestStillUp(
                f"{self.name} was rebooted with domid {now.domid}, and is {now.state} after {self.timeout:g} s, not "
                "running: see its console and xend's log for the reason"
            )
        raise GuestStillUp(
            f"{self.name} was asked to reboot, but has not rebooted after {self.timeout:g} s: it is "
            f"{now.state if now else 'gone'}. xend 3.1 and earlier destroy a guest that takes more than 30 s to "
            "shut down."
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the operation, with the reason."""
        return {**super().as_dict(), "reason": "reboot"}


@dataclass(frozen=True)
class Delete(Operation):
    """Delete a halted managed domain from xend."""

    old: Optional[Domain] = field(default=None, compare=False)
    """The definition, if it makes room for a new one."""
    op: ClassVar[str] = "delete"
    removes: ClassVar[bool] = True

    def send(self, client: XendClient) -> None:
        """Send the request."""
        client.delete(self.name)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return None: the definition is gone."""
        return None

    def undo(self) -> Optional[Undo]:
        """Define it again."""
        if self.old is None:
            return None
        return Undo(
            Define(self.name, self.old.tree),
            f"The old definition of {self.name}",
            "was brought back.",
            "was deleted and could not be restored (%s). The result has it as removed_config.",
        )


class Define(Create):
    """Store a definition in xend; the domain is halted."""

    op: ClassVar[str] = "new"
    leaves_it: ClassVar[str] = "halted"

    @property
    def memory_needed(self) -> int:
        """Return 0: a definition takes no memory."""
        return 0

    def send(self, client: XendClient) -> None:
        """Send the config."""
        client.new(self.config)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return the declared domain; a definition names no default backends."""
        projected = super().project(domain)
        return projected and replace(
            projected,
            online_vcpus=None,
            vbds=tuple(replace(vbd, backend=named_backend(vbd.backend)) for vbd in projected.vbds or ()),
            vifs=tuple(replace(vif, backend=named_backend(vif.backend)) for vif in projected.vifs or ()),
        )

    def left_as_asked(self) -> Optional[str]:
        """Return nothing: a definition needs no sentence."""
        return None

    def missing(self, after: Optional[Domain], expected: Optional[Domain]) -> Optional[str]:
        """Look for the definition."""
        return f"no domain {self.name}" if after is None and expected is not None else None

    def undo(self) -> Optional[Undo]:
        """Return None: a definition stays if a later operation fails."""
        return None


@dataclass(frozen=True)
class Restore(Operation):
    """Restore a saved domain."""

    file: str = ""
    op: ClassVar[str] = "restore"
    reveals: ClassVar[bool] = True

    def prepare(self, client: XendClient) -> Any:
        """Return the names of the existing domains."""
        return set(client.names())

    def send(self, client: XendClient) -> None:
        """Name the file."""
        client.restore(self.file)

    def check(self, client: XendClient, known: Any) -> None:
        """Raise XendError if the file held another domain, which runs now."""
        # The answer to a restore has no body, so only the list shows which domain the file held (WIRE.md (c)).
        names = set(client.names())
        if self.name not in names:
            held = ", ".join(sorted(names - known)) or "a domain that no longer exists"
            raise GuestNotUp(
                f"{self.file} was restored, and holds {held}, not {self.name}. That domain was left as it is."
            )

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return what is known of a domain in a file: only that it runs."""
        return Domain(self.name, state="running")

    def as_dict(self) -> dict[str, Any]:
        """Return the operation, with the file."""
        return {**super().as_dict(), "file": self.file}


@dataclass(frozen=True)
class Rename(Operation):
    """Give the domain another name."""

    new_name: str = ""
    op: ClassVar[str] = "rename"

    @property
    def name_after(self) -> str:
        """Return the new name."""
        return self.new_name

    def send(self, client: XendClient) -> None:
        """Send the name."""
        client.rename(self.name, self.new_name)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return the domain with that name."""
        return domain and replace(domain, name=self.new_name)

    def missing(self, after: Optional[Domain], expected: Optional[Domain]) -> Optional[str]:
        """Look for the domain under its new name."""
        del expected
        return f"no domain {self.new_name}" if after is None else None

    def as_dict(self) -> dict[str, Any]:
        """Return the operation, with the name."""
        return {**super().as_dict(), "new_name": self.new_name}
