# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations that attach and detach devices, and the names of devices in messages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Optional

from ansible_collections.dom0.xend.plugins.module_utils.model.devices import by_dev, device_number, number_or_name
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import without_secrets
from ansible_collections.dom0.xend.plugins.module_utils.operations.base import GuestStillUp, Operation, Undo
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp, dumps

if TYPE_CHECKING:
    from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient

DETACH_TIMEOUT = 60
"""Seconds within which a guest must release a device."""

RECOVERY_TIMEOUT = 30
"""Seconds within which a failed device must be gone, before the device that it should replace is attached again."""


@dataclass(frozen=True)
class Attach(Operation):
    """Attach a device, given as ``(vbd ...)``, ``(tap ...)`` or ``(vif ...)``."""

    device: Sxp = ""
    op: ClassVar[str] = "device_create"

    def send(self, client: XendClient) -> None:
        """Send the device."""
        client.attach(self.name, self.device)

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return the domain with the device."""
        if domain is None:
            return None
        new = self._as_domain()
        # xend sorts disks by number within their class (WIRE.md (d)): the projection must equal what it shows.
        vbds = by_dev([*(domain.vbds or ()), *(new.vbds or ())])
        return replace(domain, vbds=vbds, vifs=(*(domain.vifs or ()), *(new.vifs or ())))

    def leftover(self) -> Optional[Operation]:
        """Return the detach of the device: 3.2 and earlier show one that failed for a moment (WIRE.md (i) 9)."""
        new = self._as_domain()
        for kind, key in [("vbd", vbd.dev) for vbd in new.vbds or ()] + [("vif", vif.mac) for vif in new.vifs or ()]:
            if key:
                return Detach(self.name, kind, key, within=RECOVERY_TIMEOUT)
        return None

    def names(self, said: str) -> str:
        """Return xend's error text with the name of the disk or interface, and with what to do on 3.2."""
        if "is already defined" in said or "is already used" in said:  # WIRE.md (i) 7 and 9
            said = (
                f"{said.rstrip('.')}. If nothing else uses it: xend 3.2 keeps the mac, dev or file of a device that was "
                f"detached, or that it failed to attach. Stop the guest and start it to free them"
            )
        return device_names(said, ["vm", ["device", self.device]])

    def missing(self, after: Optional[Domain], expected: Optional[Domain]) -> Optional[str]:
        """Look for the device. An interface without a mac is only counted: xend gives it one."""
        if after is None:
            return None
        new = self._as_domain()
        numbers = {number_or_name(vbd.dev) for vbd in after.vbds or ()}
        macs = {vif.mac for vif in after.vifs or ()}
        for vbd in new.vbds or ():
            if number_or_name(vbd.dev) not in numbers:
                return f"no disk {vbd.dev}"
        for vif in new.vifs or ():
            if vif.mac and vif.mac not in macs:
                return f"no interface {vif.mac}"
        number, wanted = len(after.vifs or ()), len(expected.vifs or ()) if expected else 0
        return f"{number} interfaces, not {wanted}" if new.vifs and number < wanted else None

    def as_dict(self) -> dict[str, Any]:
        """Return the operation, with the device."""
        return {**super().as_dict(), "config": dumps(without_secrets(self.device))}

    def _as_domain(self) -> Domain:
        """Return a domain that has the device."""
        return with_backends(Domain.from_sxp(["vm", ["name", self.name], ["device", self.device]]))


class ChangeMedia(Attach):
    """Put another medium into the cdrom of an hvm guest. *device* describes the cdrom after the change."""

    op: ClassVar[str] = "device_configure"

    def send(self, client: XendClient) -> None:
        """Send the device, and its number."""
        dev = self._dev()
        client.change_media(self.name, self.device, str(device_number(dev) or dev))

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return the domain with the other medium."""
        if domain is None:
            return None
        dev = number_or_name(self._dev())
        # The old medium leaves and the new one takes its place, so the rest is that of an attach.
        without = replace(domain, vbds=tuple(vbd for vbd in domain.vbds or () if number_or_name(vbd.dev) != dev))
        return super().project(without)

    def _dev(self) -> str:
        """Return the cdrom's dev."""
        return next(str(item[1]) for item in self.device if isinstance(item, list) and item[0] == "dev")


@dataclass(frozen=True)
class Detach(Operation):
    """Detach a device, a disk by its dev, an interface by its mac, and wait until it is gone."""

    kind: str = "vbd"
    key: str = ""
    was: Sxp = ""
    """The device as it was, to attach it again if its replacement is refused."""
    listed_as: str = field(default="", compare=False)
    """The class under which xend lists it, if not *kind*: a tap is a disk."""
    destroyed_as: str = field(default="", compare=False)
    """The type with which xend detaches it, if not *kind* (WIRE.md (i) 12)."""
    within: float = field(default=DETACH_TIMEOUT, compare=False)
    """Seconds within which it must be gone."""
    op: ClassVar[str] = "device_destroy"

    @property
    def patience(self) -> float:
        """Return the seconds within which the guest must release it."""
        return self.within

    def send(self, client: XendClient) -> None:
        """Send the id that the device has on the wire."""
        # Only a disk can be named by its dev on the wire; an interface needs its id (WIRE.md (c)).
        client.detach(self.name, self.destroyed_as or self.kind, self._id(client) or self.key)

    def settled(self, client: XendClient, before: Optional[Domain]) -> tuple[bool, Optional[Domain]]:
        """Return whether the device is gone, both from ``devices`` and from the domain's expression.

        3.2 and earlier reply before it is gone, and its dev stays in use until then.
        """
        # `devices` first: 3.0.4 shows the last device of a class in the domain for ever (WIRE.md (i) 8).
        if self._id(client) is not None:
            return False, before
        domain = client.domain(self.name)
        if domain is not None and domain.release is not None and domain.release.keeps_last_device:
            return True, domain
        key = number_or_name(self.key)
        gone = domain is None or all(number_or_name(vbd.dev) != key for vbd in domain.vbds or ())
        # A disk must be gone from the domain, too: a dev that is still shown cannot be attached again.
        return self.kind == "vif" or gone, domain

    def project(self, domain: Optional[Domain]) -> Optional[Domain]:
        """Return the domain without the device."""
        if domain is None:
            return None
        if self.kind == "vbd":
            key = number_or_name(self.key)
            return replace(domain, vbds=tuple(vbd for vbd in domain.vbds or () if number_or_name(vbd.dev) != key))
        return replace(domain, vifs=tuple(vif for vif in domain.vifs or () if vif.mac != self.key))

    def when_late(self, now: Optional[Domain], before: Optional[Domain]) -> Operation:
        """Raise GuestStillUp: it is still there."""
        raise GuestStillUp(
            f"The {self.kind} {self.key} of {self.name} was detached but still exists after {self.within} s: "
            "the guest still uses it"
        )

    def undo(self) -> Optional[Undo]:
        """Attach it again, once the failed replacement is gone."""
        return (
            Undo(
                Attach(self.name, self.was),
                f"The old {self.kind} {self.key}",
                "was attached again.",
                "is detached, and was not attached again: %s.",
                after=replace(self, within=RECOVERY_TIMEOUT),
                why_not=f"the {self.kind} that failed still exists",
            )
            if self.was
            else None
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the operation, with the device."""
        return {**super().as_dict(), "type": self.kind, "dev" if self.kind == "vbd" else "mac": self.key}

    def _id(self, client: XendClient) -> Optional[str]:
        """Return the device's id on the wire, None if xend does not list it."""
        devices = client.devices(self.name, self.listed_as or self.kind)
        if self.kind == "vif":
            return next(
                (number for number, fields in devices.items() if fields.get("mac", "").lower() == self.key), None
            )
        number = device_number(self.key)
        return str(number) if number is not None and str(number) in devices else None


_DEVICE = re.compile(r"Device (\d+) \((vbd|tap2?|vif)\)")
"""How xend names a device that could not be connected."""


def device_names(said: str, config: Sxp) -> str:
    """Return xend's error text, followed by the dev of each disk and the mac or bridge of each interface that it names.

    *config* identifies disks by device number, and interfaces by position (WIRE.md (d) "devices in the sxpr").
    """
    numbers = dict.fromkeys(_DEVICE.findall(said))
    if not isinstance(config, list) or not numbers:
        return said
    domain = Domain.from_sxp(["vm", ["name", "none"], *(item for item in config[1:] if item[:1] == ["device"])])
    called = {
        ("vbd", str(device_number(vbd.dev or ""))): f"the disk {vbd.dev}, {vbd.uname}" for vbd in domain.vbds or ()
    }
    for position, vif in enumerate(domain.vifs or ()):
        where = f"bridge {vif.bridge}" if vif.bridge else "the default bridge"
        called["vif", str(position)] = f"the interface {vif.mac or position}, {where}"
    kinds = [(number, "vif" if kind == "vif" else "vbd") for number, kind in numbers]
    told = [f"Device {number} is {called[kind, number]}." for number, kind in kinds if (kind, number) in called]
    return " ".join([f"{said.rstrip('.')}.", *told])


def with_backends(domain: Domain) -> Domain:
    """Return *domain* with its devices as they are once it is built, with xend's defaults for missing backends."""
    return replace(
        domain,
        vbds=tuple(replace(vbd, mode=vbd.mode or "r", backend=_domid(vbd.backend)) for vbd in domain.vbds or ()),
        vifs=tuple(replace(vif, backend=_domid(vif.backend)) for vif in domain.vifs or ()),
    )


def named_backend(backend: Optional[str]) -> Optional[str]:
    """Return a backend as a definition shows it: None for the default."""
    return None if backend == "0" else backend


def _domid(backend: Optional[str]) -> str:
    """Return a backend as xend prints it, as far as that is known. The default is the control domain."""
    return "0" if backend in (None, "Domain-0") else str(backend)
