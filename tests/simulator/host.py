# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated host: its domains, its memory, its clock, and what happens to the domains over time."""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from . import config as reading
from .clock import Clock, Lags
from .domains import Domain, Sedf
from .errors import LateError, XendError
from .guests import RESPONSE
from .images import is_hvm

if TYPE_CHECKING:
    from .personality import Personality
    from .sxp import Sxp

_TOTAL_MEMORY, _DOM0_MEMORY, _DOM0_MINIMUM, _CPUS = 16384, 512, 196, 4
_XEND_ITSELF = ("poweroff", "halt", "reboot")  # xend itself does these to a guest without drivers
_SHARED_PERIOD, _SHARED_SLICE = 100_000_000, 95_000_000


class Host:
    """The state of the host. Every method expects the caller to hold `lock`."""

    def __init__(  # noqa: PLR0913
        self,
        personality: Personality,
        *,
        scheduler: str | None = None,
        clock: Clock | None = None,
        shutdown_patience: float = 30.0,
        shutdown_delay: float = 1.0,
        restart_seconds: float | None = None,
        hvm: bool = False,
        device_delay: float = 0.0,
        lags: Lags | None = None,
    ) -> None:
        """Boot with Domain-0 alone."""
        self.personality = personality
        self.scheduler = scheduler or personality.scheduler
        self.clock = clock or Clock()
        self.shutdown_patience = shutdown_patience
        self.shutdown_delay = shutdown_delay
        self.restart_seconds = personality.restart_seconds if restart_seconds is None else restart_seconds
        self.hvm = hvm
        self.device_delay = device_delay  # seconds until a backend which was asked to close has done so
        self.lags = lags or Lags()
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self.random = random.Random()  # noqa: S311 - names for test domains, no secrets
        self.next_domid = 1
        self.deleted_files: set[str] = set()
        self.state_files: dict[str, Domain | str] = {}  # path -> the saved domain, or a text that is no state file
        self.poison = ""  # the answer to every request about any domain, once one has spoilt the configuration
        self.failing: set[str] = set()  # of xc_save and xc_restore
        # The number of configurations read so far, with that of Domain-0 and those of rebuilt domains.
        self.configurations = 1
        self.peers: dict[str, Host] = {}  # destinations that a migration reaches, besides this host itself
        self.total_memory = _TOTAL_MEMORY
        self.dmesg = "(XEN) simulated hypervisor console\n(XEN) Xen version (simulated)\n"
        self.log = "[simulator] INFO Xend Daemon started\n"
        self.booted = self.clock.now()
        self.domains: list[Domain] = [self._domain0()]

    def _domain0(self) -> Domain:
        zero = reading.group_uuid("0" * 32, self.personality)
        dom0 = Domain(self, "Domain-0", zero, 0, _DOM0_MEMORY, _DOM0_MEMORY, _CPUS, (1 << _CPUS) - 1)
        dom0.pins = [None] * _CPUS
        dom0.sedf = Sedf(period=20_000_000, slice=15_000_000)
        dom0.paused, dom0.unpaused_once, dom0.built = False, True, False
        dom0.started = self.booted
        dom0.maxmem = dom0.ceiling = self.personality.dom0_maxmem
        return dom0

    # -- making things up ------------------------------------------------------------------------------------------

    def new_uuid(self) -> str:
        """Return a random uuid in this release's form."""
        return reading.group_uuid(f"{self.random.getrandbits(128):032x}", self.personality)

    def new_mac(self) -> str:
        """Return a random mac in xend's range."""
        tail = [self.random.randrange(128), self.random.randrange(256), self.random.randrange(256)]
        return "00:16:3e:" + ":".join(f"{each:02x}" for each in tail)

    def file_exists(self, path: str) -> bool:
        """Return whether the server has this file: any path but those under /nosuch, until xend deletes it."""
        return not path.startswith("/nosuch") and path not in self.deleted_files

    # -- finding ---------------------------------------------------------------------------------------------------

    def find_by_name(self, name: str) -> Domain | None:
        """Return the domain of that name, live ones first."""
        found = [each for each in self.domains if each.name == name]
        return next((each for each in found if each.domid is not None), found[0] if found else None)

    def find(self, key: str) -> Domain | None:
        """Return the domain that a URL means: by name, then by id, then, where xend knows that, by uuid."""
        by_name = self.find_by_name(key)
        if by_name is not None:
            return by_name
        if key.isascii() and key.isdigit():
            return next((each for each in self.domains if each.domid == int(key) and not each.zombie), None)
        if self.personality.uuid_in_url:
            return next((each for each in self.domains if each.uuid == key.lower()), None)
        return None

    def listed(self, state: str = "running") -> list[Domain]:
        """Return the domains that a list shows."""
        if not self.personality.lists_only_running:
            return [each for each in self.domains if each.domid is not None]
        wanted = {"halted": {0}, "paused": {1}, "running": {2}, "suspended": {3}, "crashed": {5}, "unknown": {6}}
        statuses = set(range(7)) if state.lower() == "all" else wanted.get(state.lower(), set())
        return [each for each in self.domains if each.status in statuses and each.dying_until is None]

    # -- memory ----------------------------------------------------------------------------------------------------

    @property
    def free_memory(self) -> int:
        """Return the free memory in MiB."""
        used = sum(each.memory for each in self.domains if each.domid and not each.zombie)
        return max(0, self.total_memory - _DOM0_MEMORY - used)

    def reserve(self, memory: int) -> None:
        """Refuse an amount that would not fit even if Domain-0 shrank to its minimum."""
        unit, factor, overhead = self.personality.memory_unit
        available = self.free_memory + _DOM0_MEMORY - _DOM0_MINIMUM
        if self.personality.shadow_memory_per:
            overhead -= -memory // self.personality.shadow_memory_per
        if memory + overhead > available:
            minimum = _DOM0_MINIMUM * factor
            msg = (
                f"I need {(memory + overhead) * factor} {unit}, but dom0_min_mem is {minimum} and shrinking to"
                f" {minimum} {unit} would leave only {available * factor} {unit} free."
            )
            raise XendError(msg)

    # -- coming into being -----------------------------------------------------------------------------------------

    def create(self, config: Sxp) -> Domain:
        """Build a paused domain from a configuration, as op=create does."""
        self._check_poison()
        try:
            domain = self._read(config)
        except LateError:
            self.take_domid()
            raise
        reading.check_uuid(self, domain)
        if self.personality.checks_hvm_first:
            reading.check_hvm(self, domain)
        domain.domid = self.take_domid()  # which is lost if it is refused from here on
        self._build(domain, config)
        self._delete_bootloader_files(domain)
        self._begin(domain)
        self.domains.append(domain)
        return domain

    def _build(self, domain: Domain, config: Sxp) -> None:
        """Give a domain its image, its memory and its devices, if there is nothing against it."""
        if not self.personality.checks_hvm_first:
            reading.check_hvm(self, domain)
        reading.check_image(self, domain, config)
        if not self.personality.checks_memory:
            reading.check_memory(domain, self.personality)
        self.reserve(domain.memory)
        if not self.personality.devices_before_build:
            reading.read_devices(self, domain, config)
        reading.check_pci(domain, self.personality)

    def _check_poison(self) -> None:
        if self.poison:
            raise XendError(self.poison)

    def define(self, config: Sxp) -> Domain:
        """Store a halted managed domain, as op=new does."""
        self._check_poison()
        domain = self._read(config)
        if not self.personality.devices_before_build:
            reading.read_devices(self, domain, config)
        domain.managed = True
        self.domains.append(domain)
        return domain

    def start(self, domain: Domain) -> None:
        """Build a halted managed domain and let it run, as op=start does."""
        self.reserve(domain.memory)
        domain.domid = self.take_domid()
        self._begin(domain)
        self.unpause(domain)

    def _read(self, config: Sxp) -> Domain:
        self.configurations += 1
        domain = reading.read_config(self, config)
        personality = self.personality
        if isinstance(config, list):
            reading.check_device_types(self, config)
        if personality.create_checks_memory_first:
            reading.check_memory(domain, personality)
        self._name(domain, reading.child_value(config, "name"))
        if personality.checks_memory and not personality.create_checks_memory_first:
            reading.check_memory(domain, personality)
        if personality.devices_before_build:
            reading.read_devices(self, domain, config)
        return domain

    def _name(self, domain: Domain, name: Sxp) -> None:
        if name is None and self.personality.default_name is not None:
            name = self.personality.default_name.format(uuid=domain.uuid)
        reading.check_name(self, name)
        domain.name = reading.show_plain(name)

    def take_domid(self) -> int:
        """Return the next id; none is used twice."""
        self.next_domid += 1
        return self.next_domid - 1

    def _begin(self, domain: Domain) -> None:
        domain.starts += 1
        domain.built_vcpus, domain.held = domain.vcpus, (domain.memory, 0.0)
        domain.restored, domain.cpu_before = False, 0.0
        domain.console_uuid = domain.console_uuid or self.new_uuid()
        domain.paused, domain.unpaused_once, domain.down, domain.asked = True, False, "", None
        domain.plans, domain.pending = [], None
        domain.started, domain.started_wall = self.clock.now(), self.clock.wall()
        for device in domain.devices:
            device.created = self.clock.now()
            device.connected = not device.hotplug

    def _delete_bootloader_files(self, domain: Domain) -> None:
        """Do what the old releases do: take kernel and ramdisk for the client's temporary copies."""
        if domain.bootloader and not self.personality.keeps_bootloader_files:
            files = (reading.child_value(domain.image, key) for key in ("kernel", "ramdisk"))
            self.deleted_files.update(each for each in files if isinstance(each, str))

    # -- living ----------------------------------------------------------------------------------------------------

    def unpause(self, domain: Domain) -> None:
        """Let a guest run; from its first time on it may end by itself."""
        if not domain.live or domain.domid == 0:
            return
        domain.paused = False
        if not domain.unpaused_once:
            domain.unpaused_once = True
            now = self.clock.now()
            domain.plans += [(now + after, end) for end, after in domain.behaviour.spontaneous.items()]
        self.settle()

    def ask(self, domain: Domain, reason: str) -> None:
        """Write a shutdown request for the guest, which reads it when it runs."""
        if not domain.live:
            return
        if reason != "suspend" and domain.asked is None:
            domain.asked = self.clock.now()
        if is_hvm(domain) and self.personality.hvm_stops_at_once and reason in _XEND_ITSELF:
            self._end(domain, RESPONSE[reason], self.clock.now())
            return
        if domain.domid == 0 or domain.behaviour.deaf or reason not in RESPONSE:
            return
        delay = domain.behaviour.shutdown_delay
        wait = 0.0 if domain.paused else self.shutdown_delay if delay is None else delay
        domain.plans.append((self.clock.now() + wait, RESPONSE[reason]))

    def settle(self) -> None:
        """Run all events that are due by now, in order."""
        with self.lock:
            now = self.clock.now()
            self._let_devices_go(now)
            while True:
                due = min((event for event in map(self._next_event, self.domains) if event[0] <= now), default=None)
                if due is None:
                    return
                self._happen(due)

    def _let_devices_go(self, now: float) -> None:
        for domain in self.domains:
            if any(each.leaving is not None for each in domain.devices):
                domain.devices = [each for each in domain.devices if each.leaving is None or each.leaving > now]

    def _next_event(self, domain: Domain) -> tuple[float, int, str, Domain]:
        """Return when something happens to a domain next: (time, tie breaker, what, domain)."""
        at, what = float("inf"), ""
        if domain.dying_until is not None:
            at, what = domain.dying_until, "released"
        elif domain.pending is not None:
            at, what = domain.pending
        elif domain.live:
            if domain.running and domain.plans:
                at, what = min(domain.plans)
            if self.personality.destroys_overdue and domain.asked is not None:
                at, what = min((at, what), (domain.asked + self.shutdown_patience, "overdue"))
        return at, id(domain), what, domain

    def _happen(self, event: tuple[float, int, str, Domain]) -> None:
        at, _tie, what, domain = event
        if what == "released":
            domain.dying_until = None
            self.discard(domain)
        elif what == "overdue":
            self.remove(domain, at=at)
        elif what == "reaped":
            self._reap(domain, domain.down, at)
        elif what == "arrived":
            domain.pending, domain.paused = None, False
        elif what == "finished":
            domain.pending, domain.paused = None, False
            if not domain.unpaused_once:
                self._unpause_at(domain, at)
        else:
            self._end(domain, what, at)

    # -- ending ----------------------------------------------------------------------------------------------------

    def stop(self, domain: Domain, reason: str) -> None:
        """Let a guest end now: poweroff, reboot, crash, halt or suspend."""
        with self.lock:
            if domain.live:
                self._end(domain, reason, self.clock.now())

    def _end(self, domain: Domain, reason: str, at: float) -> None:
        action = domain.on.get(reason, "destroy").replace("coredump-", "")
        if reason == "suspend" or action == "preserve":
            domain.down, domain.asked, domain.plans = reason, None, []
        elif self.lags.reap:
            domain.down, domain.plans, domain.pending = reason, [], (at + self.lags.reap, "reaped")
        else:
            self._reap(domain, reason, at)

    def _reap(self, domain: Domain, reason: str, at: float) -> None:
        """Handle the end of a guest: destroy, preserve or restart the domain."""
        action = domain.on.get(reason, "destroy").replace("coredump-", "")
        domain.pending = None
        if action == "destroy" or self._restarts_too_fast(domain, at):
            self.remove(domain, at=at)
            return
        self._restart(domain, at, reason if action == "rename-restart" else "")

    def _restarts_too_fast(self, domain: Domain, at: float) -> bool:
        guards = {"previous": domain.previous_restart, "start": domain.started}
        since = guards.get(self.personality.restart_guard)
        return since is not None and at - since < self.restart_seconds

    def rebuild(self, domain: Domain) -> None:
        """Destroy a domain and build it again, running."""
        self._restart(domain, self.clock.now(), "")

    def _restart(self, domain: Domain, at: float, dead_reason: str) -> None:
        """Build it again under the same name; the dead one goes, or is renamed and stays."""
        if dead_reason and self.personality.rename_restart != "starts":
            self._rename_dead(domain, dead_reason)
            self.next_domid += self.personality.rename_restart == "loses"
            return
        self.configurations += 1
        fresh = replace(
            domain,
            domid=self.take_domid(),
            devices=[replace(each) for each in domain.devices],
            sedf=Sedf(),
            previous_restart=at,
        )
        if not reading.can_be_reread(domain):
            self.remove(domain, at=at)
            return
        if self.personality.rewrites_devices:
            fresh.devices = [reading.rewritten(each) for each in fresh.devices]
        self._begin(fresh)
        fresh.started = at
        if dead_reason:
            self._rename_dead(domain, dead_reason)
        else:
            domain.managed = False
            self.remove(domain, at=at)
        self.domains.append(fresh)
        if not (self.lags.build and self.personality.restart_phase == "paused"):
            self._unpause_at(fresh, at)
        if self.lags.build:
            fresh.pending = (at + self.lags.build, "finished")

    def _unpause_at(self, domain: Domain, at: float) -> None:
        domain.paused, domain.unpaused_once = False, True
        domain.plans += [(at + after, end) for end, after in domain.behaviour.spontaneous.items()]

    def _rename_dead(self, domain: Domain, reason: str) -> None:
        domain.uuid = self.new_uuid()
        number = 1
        while self.find_by_name(self.personality.renamed_dead.format(name=domain.name, number=number, uuid="")):
            number += 1
        domain.name = self.personality.renamed_dead.format(name=domain.name, number=number, uuid=domain.uuid)
        domain.down, domain.asked, domain.plans, domain.managed = reason, None, [], False
        domain.devices, domain.console_uuid = [], ""

    def remove(self, domain: Domain, linger: float | None = None, at: float | None = None) -> None:
        """Take a domain from the hypervisor: a zombie remains for a moment, a managed one is halted."""
        if domain.zombie or domain.domid is None:
            return
        domain.asked, domain.plans, domain.down, domain.pending = None, [], "", None
        if self.personality.zombies:
            seconds = max(self.personality.zombie_seconds, domain.behaviour.dying) if linger is None else linger
            domain.zombie, domain.devices = True, []
            domain.name = f"Zombie-{domain.name}"
            domain.dying_until = (
                float("inf") if domain.domid == 0 else (self.clock.now() if at is None else at) + seconds
            )
        elif domain.managed:
            domain.domid, domain.paused = None, True
        else:
            self.discard(domain)

    def discard(self, domain: Domain) -> None:
        """Forget a domain altogether."""
        self.domains = [each for each in self.domains if each is not domain]

    def forget_released(self) -> None:
        """Remove the zombies that the hypervisor has released."""
        self.domains = [each for each in self.domains if not (each.zombie and each.dying_until is None)]

    # -- scheduling ------------------------------------------------------------------------------------------------

    def share_time(self) -> None:
        """Give every domain with a real-time weight its part of 95 ms in each 100 ms, as Xen does."""
        weighted = [each for each in self.domains if each.sedf.weight and each.domid is not None]
        total = sum(each.sedf.weight for each in weighted)
        for each in weighted:
            each.sedf.period = _SHARED_PERIOD
            each.sedf.slice = _SHARED_SLICE * each.sedf.weight // total
