# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations by which a domain comes, goes and is held still."""

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
"""Seconds in which a destroyed or saved domain has to be out of xend's sight."""

ARRIVAL_TIMEOUT = 30
"""Seconds in which a migrated domain has to run at its destination, once its source says that it has gone."""

SHUTDOWN_TIMEOUT = 300
"""Seconds in which a guest has to shut down, unless a task says otherwise."""


@dataclass(frozen=True)
class Create(Operation):
    """Build the domain; it is paused then."""

    config: Sxp = ""
    keep: bool = field(default=False, compare=False)
    """Whether it stays where its devices fail."""
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
        """Destroy it, as its devices failed."""
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
        """Say that it is there, for who wants to look at it."""
        return (
            f"The domain {self.name} was created and is left paused (on_device_failure: keep)." if self.keep else None
        )

    def as_dict(self) -> dict[str, Any]:
        """Show the config as it is sent, but for its secrets."""
        return {**super().as_dict(), "config": dumps(without_secrets(self.config))}


@dataclass(frozen=True)
class WaitForDevices(Operation):
    """Wait until the backends of a new domain's devices are there."""

    config: Sxp = field(default="", compare=False)
    """What the domain was created from, where this task has created it."""
    op: ClassVar[str] = "wait_for_devices"

    def send(self, client: XendClient) -> None:
        """Ask, which is answered once they are there."""
        client.wait_for_devices(self.name)

    def names(self, said: str) -> str:
        """Return xend's words with the disks and interfaces of the config in them."""
        return device_names(said, self.config)


@dataclass(frozen=True)
class Unpause(Operation):
    """Let a paused domain run."""

    op: ClassVar[str] = "unpause"

    def send(self, client: XendClient) -> None:
        """Let it."""
        client.unpause(self.name)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return it running."""
        return in_state(domain, "running")


@dataclass(frozen=True)
class Pause(Operation):
    """Hold a running domain still."""

    op: ClassVar[str] = "pause"

    def send(self, client: XendClient) -> None:
        """Hold it."""
        client.pause(self.name)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return it paused."""
        return in_state(domain, "paused")


@dataclass(frozen=True)
class Start(Operation):
    """Start a halted managed domain: it runs then, whatever else is asked for."""

    op: ClassVar[str] = "start"

    def send(self, client: XendClient) -> None:
        """Start it."""
        client.start(self.name)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return it running, with backends to its devices, which a definition has not."""
        return None if domain is None else in_state(with_backends(domain), "running")


@dataclass(frozen=True)
class _End(Operation):
    """What takes a domain down, and is seen to do so."""

    brings_down: ClassVar[bool] = True
    removes: ClassVar[bool] = True

    def settled(self, client: XendClient, before: Optional[Domain]) -> tuple[bool, Optional[Domain]]:
        """Return whether the domain is down. Another domid is an end, too, but no good one."""
        now = client.domain(self.name)
        # The name may come back under a new domid after a reboot: the old domain is down all the same.
        return not is_up(now) or (now is not None and now.domid != (before.domid if before else None)), now

    def when_late(self, now: Optional[Domain], before: Optional[Domain]) -> Operation:
        """Say that it is still there."""
        raise GuestStillUp(f"{self.name} was destroyed but still exists after {self.patience:g} s")


@dataclass(frozen=True)
class Shutdown(_End):
    """Ask the guest to shut down, and see it go."""

    reason: str = "poweroff"
    timeout: float = field(default=SHUTDOWN_TIMEOUT, compare=False)
    """Seconds in which the guest has to be down."""
    then_destroy: bool = field(default=False, compare=False)
    """Whether it is destroyed if it is not."""
    op: ClassVar[str] = "shutdown"
    ends_as: ClassVar[Optional[str]] = "clean"

    @property
    def patience(self) -> float:
        """Return the seconds that the guest has."""
        return self.timeout

    def send(self, client: XendClient) -> None:
        """Ask."""
        client.shutdown(self.name, self.reason)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return what ``on_poweroff`` leaves of it."""
        return in_state(domain, "shutdown") if domain is not None and domain.on_poweroff == "preserve" else None

    def when_late(self, now: Optional[Domain], before: Optional[Domain]) -> Operation:
        """Return the end by force if that is allowed, else say what is going to happen to the guest."""
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
        """Show the reason."""
        return {**super().as_dict(), "reason": self.reason}


@dataclass(frozen=True)
class Destroy(_End):
    """End the domain without asking the guest."""

    op: ClassVar[str] = "destroy"
    ends_as: ClassVar[Optional[str]] = "destroyed"

    @property
    def patience(self) -> float:
        """Return the seconds that xend has."""
        return DESTROY_TIMEOUT

    def send(self, client: XendClient) -> None:
        """End it."""
        client.destroy(self.name)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return nothing: whether xend keeps a definition shows only afterwards."""
        return None

    def is_done_anyway(self, client: XendClient) -> bool:
        """Return whether nothing of the domain lives; of a managed one the definition may be left."""
        # A destroy that failed has done its work if the domain is gone: xend answers a second one as it answers any
        # unknown domain (WIRE.md (i) 5).
        left = client.domain(self.name)
        return left is None or left.domid is None


@dataclass(frozen=True)
class Save(_End):
    """Save the domain to a file, which ends it."""

    file: str = ""
    op: ClassVar[str] = "save"

    @property
    def patience(self) -> float:
        """Return the seconds that xend has."""
        return DESTROY_TIMEOUT

    def send(self, client: XendClient) -> None:
        """Name the file."""
        client.save(self.name, self.file)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return nothing: whether xend keeps a definition shows only afterwards."""
        return None

    def when_late(self, now: Optional[Domain], before: Optional[Domain]) -> Operation:
        """Say that it was not saved, whatever xend says."""
        raise GuestStillUp(
            f"{self.name} is still up, but xend reported that it was saved to {self.file}: "
            "the save failed. xend 3.1 does not report a failed save. See xend's log."
        )

    def as_dict(self) -> dict[str, Any]:
        """Show the file."""
        return {**super().as_dict(), "file": self.file}


@dataclass(frozen=True)
class Migrate(Operation):
    """Move the domain to another host, and see it run there."""

    destination: str = ""
    """The host, as the xend that sends the domain there calls it."""
    live: bool = True
    port: int = 0
    """0 is xend's default."""
    there: Optional[XendClient] = field(default=None, compare=False, repr=False)
    """The xend of the destination, where the task can ask it."""
    op: ClassVar[str] = "migrate"

    @property
    def patience(self) -> float:
        """Return the seconds in which it has to run at the destination once xend has answered."""
        return ARRIVAL_TIMEOUT

    def send(self, client: XendClient) -> None:
        """Name the destination; answered when it is done."""
        client.migrate(self.name, self.destination, self.live, self.port)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return it as it runs at the destination, where it has another domid."""
        return domain and replace(
            domain, state="running", state_flags=None, domid=None, cpu_time=None, start_time=None, cpus=None
        )

    def settled(self, client: XendClient, before: Optional[Domain]) -> tuple[bool, Optional[Domain]]:
        """Return whether it has gone from here and runs there, and the domain there; 3.0.4 and 3.1 let it arrive paused.

        One that is still here under another domid has settled, too: it was sent to where it came from.
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
        """Say that it did not arrive, whatever xend says."""
        raise GuestStillUp(
            f"xend said that it had migrated {self.name} to {self.destination}, and {self.patience:g} s later that does not "
            "show. xend 3.1 may report a failed migration as done: see xend's log on both hosts."
        )

    def as_dict(self) -> dict[str, Any]:
        """Show where it goes, and how."""
        return {**super().as_dict(), "destination": self.destination, "live": self.live, "port": self.port}


def under_way(name: str) -> str:
    """Return what xend calls a domain while it saves or migrates it (WIRE.md (f) 7)."""
    return f"migrating-{name}"


@dataclass(frozen=True)
class Reboot(Operation):
    """Ask the guest to reboot, and see it come up as another domid."""

    timeout: float = field(default=SHUTDOWN_TIMEOUT, compare=False)
    """Seconds in which it has to run again."""
    op: ClassVar[str] = "shutdown"

    @property
    def patience(self) -> float:
        """Return the seconds that the guest has."""
        return self.timeout

    def delay(self, domain: Optional[Domain]) -> float:
        """Return how long to wait so that xend does not destroy it: no time if it has certainly run long enough.

        The seconds that its vcpus have run say so, as they are the hypervisor's own. The clocks of two hosts do not.
        """
        # Trap 18: an early reboot destroys the domain. cpu_time divided by vcpus is a lower bound of its age.
        seconds = domain.release.reboot_settles_after if domain and domain.release else 0
        vcpus = (domain.online_vcpus or domain.vcpus or 1) if domain else 1
        least_age = (domain.cpu_time or 0) / max(vcpus, 1) if domain else 0
        return 0 if least_age >= seconds else seconds

    def send(self, client: XendClient) -> None:
        """Ask."""
        client.shutdown(self.name, "reboot")

    def settled(self, client: XendClient, before: Optional[Domain]) -> tuple[bool, Optional[Domain]]:
        """Return whether it runs as another domid. 3.2 and later show it paused while they build it."""
        # Not `paused`: that is xend still building it, and not a guest that somebody paused (WIRE.md (i) 3).
        now = client.domain(self.name)
        old = before.domid if before else None
        return now is not None and now.domid not in (None, old) and now.state == "running", now

    def when_late(self, now: Optional[Domain], before: Optional[Domain]) -> Operation:
        """Say what has become of it."""
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
        """Show the reason."""
        return {**super().as_dict(), "reason": "reboot"}


@dataclass(frozen=True)
class Delete(Operation):
    """Have xend forget a halted managed domain."""

    old: Optional[Domain] = field(default=None, compare=False)
    """The definition, where it makes room for a new one."""
    op: ClassVar[str] = "delete"
    removes: ClassVar[bool] = True

    def send(self, client: XendClient) -> None:
        """Have it forgotten."""
        client.delete(self.name)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return nothing."""
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


@dataclass(frozen=True)
class Define(Create):
    """Have xend keep a definition; the domain is halted then."""

    op: ClassVar[str] = "new"
    leaves_it: ClassVar[str] = "halted"

    @property
    def memory_needed(self) -> int:
        """Return nothing: no memory is taken."""
        return 0

    def send(self, client: XendClient) -> None:
        """Send the config."""
        client.new(self.config)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return what is declared: a definition names no backends."""
        projected = super().project(domain)
        return projected and replace(
            projected,
            online_vcpus=None,
            vbds=tuple(replace(vbd, backend=named_backend(vbd.backend)) for vbd in projected.vbds or ()),
            vifs=tuple(replace(vif, backend=named_backend(vif.backend)) for vif in projected.vifs or ()),
        )

    def left_as_asked(self) -> Optional[str]:
        """Say nothing."""
        return None

    def undo(self) -> Optional[Undo]:
        """Leave it: what comes after a definition takes nothing from it."""
        return None


@dataclass(frozen=True)
class Restore(Operation):
    """Bring back a domain that was saved."""

    file: str = ""
    op: ClassVar[str] = "restore"
    reveals: ClassVar[bool] = True

    def prepare(self, client: XendClient) -> Any:
        """Return the names that are there."""
        return set(client.names())

    def send(self, client: XendClient) -> None:
        """Name the file."""
        client.restore(self.file)

    def check(self, client: XendClient, known: Any) -> None:
        """Raise where the file holds another domain, which runs now."""
        # The answer to a restore has no body, so only the list shows which domain the file held (WIRE.md (c)).
        names = set(client.names())
        if self.name not in names:
            held = ", ".join(sorted(names - known)) or "a domain that no longer exists"
            raise GuestNotUp(
                f"{self.file} was restored, and holds {held}, not {self.name}. That domain was left as it is."
            )

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return all that can be known of a domain in a file: it runs."""
        return Domain(self.name, state="running")

    def as_dict(self) -> dict[str, Any]:
        """Show the file."""
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
        """Return it with that name."""
        return domain and replace(domain, name=self.new_name)

    def missing(self, after: Domain) -> Optional[str]:
        """Compare the name."""
        return None if after.name == self.new_name else f"the name {after.name}"

    def as_dict(self) -> dict[str, Any]:
        """Show the name."""
        return {**super().as_dict(), "new_name": self.new_name}
