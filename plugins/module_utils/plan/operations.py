# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations that a plan consists of. Each knows how to send itself, and what the domain is like afterwards.

So a real run and a check run come from the same list: the one sends it, the other folds the projections.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Optional, Protocol

from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain, by_dev
from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import without_secrets
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp, dumps


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

    def new(self, config: Sxp) -> None:
        """Keep a definition."""

    def restore(self, file: str) -> None:
        """Bring back a saved domain."""

    def save(self, name: str, file: str) -> None:
        """Save and end it."""

    def rename(self, name: str, new_name: str) -> None:
        """Give it another name."""

    def set_memory(self, name: str, target: int) -> None:
        """Set its memory in MiB."""

    def set_maxmem(self, name: str, memory: int) -> None:
        """Set the most memory it can have, in MiB."""

    def set_vcpus(self, name: str, vcpus: int) -> None:
        """Set how many vcpus it may use."""

    def pin(self, name: str, vcpu: int, cpus: Iterable[int]) -> None:
        """Pin a vcpu."""

    def attach(self, name: str, device: Sxp) -> None:
        """Attach a device."""

    def change_media(self, name: str, device: Sxp, dev: str) -> None:
        """Put another medium into a cdrom."""

    def detach(self, name: str, kind: str, dev: str) -> None:
        """Detach a device."""

    def devices(self, name: str, kind: str) -> dict[str, dict[str, str]]:
        """Return its devices of a kind by id."""

    def domain(self, name: str) -> Optional[Domain]:
        """Return it, None if it is gone."""


@dataclass(frozen=True)
class Operation:
    """One request that changes something."""

    name: str
    """The domain's."""
    op: ClassVar[str] = ""
    """xend's word for it."""
    brings_down: ClassVar[bool] = False
    """Whether the domain takes its time to go away."""

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
    leaves_it: ClassVar[str] = "paused"

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


@dataclass(frozen=True)
class Define(Create):
    """Have xend keep a definition; the domain is halted then."""

    op: ClassVar[str] = "new"
    leaves_it: ClassVar[str] = "halted"

    def send(self, client: Sender) -> None:
        """Send the config."""
        client.new(self.config)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return what is declared: a definition names no backends."""
        projected = super().project(domain)
        return projected and replace(
            projected,
            online_vcpus=None,
            vbds=tuple(replace(vbd, backend=_named(vbd.backend)) for vbd in projected.vbds or ()),
            vifs=tuple(replace(vif, backend=_named(vif.backend)) for vif in projected.vifs or ()),
        )


@dataclass(frozen=True)
class Restore(Operation):
    """Bring back a domain that was saved."""

    file: str = ""
    op: ClassVar[str] = "restore"

    def send(self, client: Sender) -> None:
        """Name the file."""
        client.restore(self.file)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return all that can be known of a domain in a file: it runs."""
        return Domain(self.name, state="running")

    def as_dict(self) -> dict[str, Any]:
        """Show the file."""
        return {**super().as_dict(), "file": self.file}


@dataclass(frozen=True)
class Save(Operation):
    """Save the domain to a file, which ends it."""

    file: str = ""
    op: ClassVar[str] = "save"
    brings_down: ClassVar[bool] = True

    def send(self, client: Sender) -> None:
        """Name the file."""
        client.save(self.name, self.file)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return nothing: whether xend keeps a definition shows only afterwards."""
        return None

    def as_dict(self) -> dict[str, Any]:
        """Show the file."""
        return {**super().as_dict(), "file": self.file}


@dataclass(frozen=True)
class Reboot(Operation):
    """Ask the guest to reboot, and see it come up as another domid."""

    op: ClassVar[str] = "shutdown"

    def send(self, client: Sender) -> None:
        """Ask."""
        client.shutdown(self.name, "reboot")

    def as_dict(self) -> dict[str, Any]:
        """Show the reason."""
        return {**super().as_dict(), "reason": "reboot"}


@dataclass(frozen=True)
class Rename(Operation):
    """Give the domain another name."""

    new_name: str = ""
    op: ClassVar[str] = "rename"

    def send(self, client: Sender) -> None:
        """Send the name."""
        client.rename(self.name, self.new_name)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return it with that name."""
        return domain and replace(domain, name=self.new_name)

    def as_dict(self) -> dict[str, Any]:
        """Show the name."""
        return {**super().as_dict(), "new_name": self.new_name}


@dataclass(frozen=True)
class SetMemory(Operation):
    """Change the memory of a domain, in MiB."""

    target: int = 0
    op: ClassVar[str] = "mem_target_set"

    def send(self, client: Sender) -> None:
        """Send the target."""
        client.set_memory(self.name, self.target)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return it with that memory."""
        return domain and replace(domain, memory=self.target)

    def as_dict(self) -> dict[str, Any]:
        """Show the target."""
        return {**super().as_dict(), "target": self.target}


@dataclass(frozen=True)
class SetMaxmem(Operation):
    """Change the most memory that a domain can have, in MiB."""

    memory: int = 0
    op: ClassVar[str] = "maxmem_set"

    def send(self, client: Sender) -> None:
        """Send the limit."""
        client.set_maxmem(self.name, self.memory)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return it with that limit."""
        return domain and replace(domain, maxmem=self.memory)

    def as_dict(self) -> dict[str, Any]:
        """Show the limit."""
        return {**super().as_dict(), "memory": self.memory}


@dataclass(frozen=True)
class RaiseLimit(SetMaxmem):
    """Raise the hypervisor's limit for a domain up to 3.0.3, where that is not what the domain shows as maxmem."""

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return it unchanged."""
        return domain


@dataclass(frozen=True)
class SetVcpus(Operation):
    """Change how many of its vcpus a domain may use."""

    vcpus: int = 0
    op: ClassVar[str] = "set_vcpus"

    def send(self, client: Sender) -> None:
        """Send the number."""
        client.set_vcpus(self.name, self.vcpus)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return it with that number of vcpus to use."""
        if domain is None:
            return None
        rewritten = domain.release is not None and domain.release.rewrites_vcpus
        return replace(domain, vcpu_avail=(1 << self.vcpus) - 1, vcpus=self.vcpus if rewritten else domain.vcpus)

    def as_dict(self) -> dict[str, Any]:
        """Show the number."""
        return {**super().as_dict(), "vcpus": self.vcpus}


@dataclass(frozen=True)
class Pin(Operation):
    """Have a vcpu run on these cpus only."""

    vcpu: int = 0
    cpus: frozenset[int] = frozenset()
    op: ClassVar[str] = "pincpu"

    def send(self, client: Sender) -> None:
        """Send the cpus."""
        client.pin(self.name, self.vcpu, self.cpus)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return it with that vcpu pinned."""
        if domain is None or domain.cpus is None:
            return domain
        return replace(domain, cpus=(*domain.cpus[: self.vcpu], self.cpus, *domain.cpus[self.vcpu + 1 :]))

    def as_dict(self) -> dict[str, Any]:
        """Show the cpus."""
        return {**super().as_dict(), "vcpu": self.vcpu, "cpumap": ",".join(map(str, sorted(self.cpus)))}


@dataclass(frozen=True)
class Attach(Operation):
    """Attach a device, given as ``(vbd ...)`` or ``(vif ...)``."""

    device: Sxp = ""
    op: ClassVar[str] = "device_create"

    def send(self, client: Sender) -> None:
        """Send the device."""
        client.attach(self.name, self.device)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return it with the device."""
        if domain is None:
            return None
        new = _with_backends(Domain.from_sxp(["vm", ["name", self.name], ["device", self.device]]))
        vbds = by_dev([*(domain.vbds or ()), *(new.vbds or ())])
        return replace(domain, vbds=vbds, vifs=(*(domain.vifs or ()), *(new.vifs or ())))

    def as_dict(self) -> dict[str, Any]:
        """Show the device."""
        return {**super().as_dict(), "config": dumps(without_secrets(self.device))}


@dataclass(frozen=True)
class ChangeMedia(Attach):
    """Put another medium into the cdrom of an hvm guest, which *device* describes as it is to be."""

    op: ClassVar[str] = "device_configure"

    def send(self, client: Sender) -> None:
        """Send the device, and its number."""
        dev = self._dev()
        client.change_media(self.name, self.device, str(device_number(dev) or dev))

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return it with the other medium."""
        if domain is None:
            return None
        dev = self._dev()
        without = replace(domain, vbds=tuple(vbd for vbd in domain.vbds or () if vbd.dev != dev))
        return super().project(without)

    def _dev(self) -> str:
        """Return the cdrom's dev."""
        return next(str(item[1]) for item in self.device if isinstance(item, list) and item[0] == "dev")


@dataclass(frozen=True)
class Detach(Operation):
    """Detach a device, and see it go: a vbd by its dev, a vif by its mac."""

    kind: str = "vbd"
    key: str = ""
    was: Sxp = ""
    """The device as it was, to attach it again if what was to take its place is refused."""
    op: ClassVar[str] = "device_destroy"

    def send(self, client: Sender) -> None:
        """Send the id that the device has on the wire."""
        client.detach(self.name, self.kind, self._id(client) or self.key)

    def is_gone(self, client: Sender) -> bool:
        """Tell whether the device is no longer there: neither for xend's devices, nor in what it says of the domain."""
        if self._id(client) is not None:
            return False
        domain = client.domain(self.name)
        return self.kind == "vif" or domain is None or all(vbd.dev != self.key for vbd in domain.vbds or ())

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return it without the device."""
        if domain is None:
            return None
        if self.kind == "vbd":
            return replace(domain, vbds=tuple(vbd for vbd in domain.vbds or () if vbd.dev != self.key))
        return replace(domain, vifs=tuple(vif for vif in domain.vifs or () if vif.mac != self.key))

    def as_dict(self) -> dict[str, Any]:
        """Show the device."""
        return {**super().as_dict(), "type": self.kind, "dev" if self.kind == "vbd" else "mac": self.key}

    def _id(self, client: Sender) -> Optional[str]:
        """Return the device's id if xend has it."""
        devices = client.devices(self.name, self.kind)
        if self.kind == "vif":
            return next(
                (number for number, fields in devices.items() if fields.get("mac", "").lower() == self.key), None
            )
        number = device_number(self.key)
        return str(number) if number is not None and str(number) in devices else None


_MAJORS = {"hd": ((3, 22, 33, 34, 56, 57, 88, 89, 90, 91), 64), "sd": ((8,), 16), "xvd": ((202,), 16)}
"""Linux's majors for a kind of disk, and the minors that each disk has."""


def device_number(dev: str) -> Optional[int]:
    """Return Linux's number of a block device, by which xend knows a vbd: sda1 is 2049 (WIRE.md (d)).

    None for a dev that is none of hdXN, sdXN, xvdXN and a number.
    """
    name = dev.split(":", maxsplit=1)[0]
    match = re.fullmatch(r"(?:/dev/)?(hd|sd|xvd)([a-p])([0-9]{0,2})", name)
    if not match:
        return int(name, 0) if re.fullmatch(r"0x[0-9a-fA-F]+|[1-9][0-9]*", name) else None
    majors, minors = _MAJORS[match[1]]
    disks = 2 if match[1] == "hd" else 16
    index = ord(match[2]) - ord("a")
    if index // disks >= len(majors):
        return None
    return majors[index // disks] * 256 + (index % disks) * minors + int(match[3] or 0)


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


def _named(backend: Optional[str]) -> Optional[str]:
    """Return a backend as a definition shows it: not at all, if it is the default."""
    return None if backend == "0" else backend


def _domid(backend: Optional[str]) -> str:
    """Return a backend as xend prints it, where that can be known: the default is the control domain."""
    return "0" if backend in (None, "Domain-0") else str(backend)
