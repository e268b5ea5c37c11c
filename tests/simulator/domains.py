# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a domain, its devices and its scheduling in the simulated host, independent of the release."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .guests import Behaviour

if TYPE_CHECKING:
    from .host import Host
    from .original import Original
    from .sxp import Sxp

EVENTS = ("poweroff", "reboot", "crash")
FRONTEND_NEW, FRONTEND_CONNECTED, FRONTEND_CLOSING = 1, 4, 5


@dataclass
class Device:
    """One configured device; `config` keeps each key's values in the order given."""

    kind: str
    devid: int
    config: dict[str, list[str]]
    uuid: str
    backend: int = 0
    created: float = 0.0
    hotplug: str = ""  # the word that decides what its hotplug script does
    listed: bool = True  # an emulator's disk is configured, but no device of its own
    connected: bool = True
    given_class: str = "disk"  # the part after the colon in dev: disk or cdrom
    leaving: float | None = None  # when its backend will have closed
    unused_uname: str | None = None  # only the configuration has it: xend made no device from it
    bootable: bool = False  # the first disk that the domain was given

    def get(self, key: str) -> str | None:
        """Return the first value of a key."""
        values = self.config.get(key)
        return values[0] if values else None


@dataclass
class Sedf:
    """The sedf parameters as they read back; `share` is the weight of a real-time share, 0 without one."""

    period: int = 100_000_000
    slice: int = 0
    latency: int = 0
    extratime: int = 1
    weight: int = 0


@dataclass(eq=False)
class Domain:
    """A domain, live (with a domid) or only defined (without)."""

    host: Host = field(repr=False)
    name: str
    uuid: str
    domid: int | None = None
    memory: int = 0
    maxmem: int = 0
    vcpus: int = 1
    vcpu_avail: int = 1
    built_vcpus: int | None = None  # those that the hypervisor knows; None: all
    ceiling: int = 0  # the most MiB that the hypervisor lets it have
    weight: int = 256  # of the credit scheduler
    old_weight: float = 1.0  # the meaningless value that the first releases show instead
    cap: int = 0
    on: dict[str, str] = field(default_factory=lambda: {"poweroff": "destroy", "reboot": "restart", "crash": "restart"})
    on_xend: tuple[str, str] = ("ignore", "ignore")
    bootloader: str = ""
    description: str = ""
    localtime: str = ""
    given: frozenset[str] = frozenset()  # fields that the configuration has
    held: tuple[int, float] = (0, 0.0)  # the MiB before the last target was set, and when the guest will have met it
    image: Sxp = None
    devices: list[Device] = field(default_factory=list)
    detached: list[Device] = field(default_factory=list)  # detached devices that stay in the configuration
    next_vif: int = 0
    console_uuid: str = ""
    pins: list[tuple[int, ...] | None] = field(default_factory=list)
    cpus: tuple[int, ...] = ()  # those that the configuration allows its vcpus; empty: it does not say
    sedf: Sedf = field(default_factory=Sedf)
    managed: bool = False
    starts: int = 0
    paused: bool = True
    unpaused_once: bool = False
    down: str = ""  # why it stopped, while it stays: poweroff reboot suspend crash
    dying_until: float | None = None
    zombie: bool = False
    behaviour: Behaviour = field(default_factory=Behaviour)
    plans: list[tuple[float, str]] = field(default_factory=list)  # when the guest ends by itself, and how
    pending: tuple[float, str] | None = None  # the pending step of xend: `reaped` or `finished`
    asked: float | None = None  # when a shutdown was requested
    started: float = 0.0
    started_wall: float = 0.0
    built: bool = True  # by this xend, so that it knows its store_mfn and console_mfn
    restored: bool = False  # from a state file, or received from another host
    previous_restart: float | None = None
    original: Original | None = None  # the domain as a real xend showed it, if it was taken from there
    cpu_before: float = 0.0  # the seconds that it had computed before it was taken from there

    @property
    def live(self) -> bool:
        """Return whether the hypervisor has it and its guest could run."""
        return self.domid is not None and not self.down and self.dying_until is None

    @property
    def unseen(self) -> bool:
        """Return whether xend built it a moment ago and has not looked at it since."""
        unfinished = self.pending is not None and self.pending[1] == "finished"
        return unfinished and self.host.personality.restart_phase == "fresh"

    @property
    def running(self) -> bool:
        """Return whether its guest runs right now."""
        return self.live and not self.paused

    @property
    def state_letters(self) -> str:
        """Return xend's six letters as of now."""
        self.host.settle()
        return self.letters()

    def letters(self) -> str:
        """Return the six letters as last settled: running blocked paused shutdown crashed dying."""
        if self.domid == 0:
            return "r-----"
        if self.down:
            return "----c-" if self.down == "crash" else "---s--"
        idle = self.unpaused_once and not self.behaviour.busy
        letters = "r" if self.running and not idle else "-"
        letters += "b" if idle else "-"
        letters += "p" if self.paused else "-"
        return letters + "--" + ("d" if self.dying_until is not None else "-")

    @property
    def status(self) -> int:
        """Return the number that releases with managed domains show: 0 halted 1 paused 2 running, others when down."""
        if self.down:
            numbers = self.host.personality.status_when_down
            return numbers.get(self.down, numbers.get("", 0))
        if self.domid is None:
            return 0
        return 1 if self.paused else 2

    def pause(self) -> None:
        """Pause the guest; a paused one stays so."""
        with self.host.lock:
            self.paused = True

    def unpause(self) -> None:
        """Let the guest run; requests that it got meanwhile take effect at once."""
        with self.host.lock:
            self.host.unpause(self)

    def power_off(self) -> None:
        """Let the guest power itself off now."""
        self.host.stop(self, "poweroff")

    def reboot(self) -> None:
        """Let the guest reboot itself now."""
        self.host.stop(self, "reboot")

    def crash(self) -> None:
        """Let the guest crash now."""
        self.host.stop(self, "crash")

    def shutdown(self, reason: str = "poweroff") -> None:
        """Request a shutdown from the guest, as op=shutdown does."""
        with self.host.lock:
            self.host.ask(self, reason)

    def destroy(self) -> None:
        """Destroy it and leave no zombie behind; a managed one is halted."""
        with self.host.lock:
            self.host.remove(self, linger=0.0)
            self.dying_until = None
            self.host.forget_released()

    def delete(self) -> None:
        """Destroy it and forget its definition too."""
        with self.host.lock:
            self.managed = False
            self.destroy()
            self.host.discard(self)

    def of_kind(self, *kinds: str) -> list[Device]:
        """Return its devices of these kinds, by id."""
        return sorted((each for each in self.devices if each.kind in kinds), key=lambda each: each.devid)

    def let_go(self, device: Device) -> None:
        """Begin to detach a device, which is gone when its backend has closed."""
        personality, delay = self.host.personality, self.host.device_delay
        waits = personality.device_destroy_waits and not (personality.shadows_failed and not device.connected)
        if delay and not waits:
            device.leaving = self.host.clock.now() + delay
        else:
            self.drop(device)
        if personality.remembers_detached or personality.shows_last_detached:
            self.detached.append(device)

    def drop(self, device: Device) -> None:
        """Forget a device."""
        self.devices = [each for each in self.devices if each is not device]
