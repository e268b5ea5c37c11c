# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations that run in a thread of their own: save, restore, migrate, dump, reset.

State files are kept in memory (`host.state_files`): a path, and the saved domain, or the text of a file that is no
state file. The caller does not hold the host's lock: these functions take it themselves and release it while they
wait for the guest, and then other clients see `migrating-NAME`.

Never recorded, and therefore assumed: the fate of a managed domain (a save halts it, and a restore takes over the
halted definition), the answer for a halted one, a guest that ends in another way while it should suspend (the tool
fails), and everything that a migration to another host does there. Migrations were recorded only from a host to
itself. Here the destination builds the domain at once, paused, and lets it run when the guest has arrived. If the
destination refuses it because of its name or its memory, the tool of the source fails: the source answers as for a
failed save, and keeps the domain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .config import can_be_reread
from .errors import LoudError, SilenceError, XendError
from .sxp import py2_repr

if TYPE_CHECKING:
    from .domains import Domain
    from .host import Host
    from .operations import Params
    from .sxp import Sxp

_SIGNATURE_LENGTH = 16
_ITSELF = ("", "localhost", "127.0.0.1", "::1")
_PORTS = (0, 8002)
_NOT_RUNNING = "Domain is not running"


def save(host: Host, domain: Domain, params: Params) -> Sxp:
    """Write a domain to a file on the server and destroy it."""
    values = params.values.get("file")
    if not values:
        raise SilenceError
    path = values[0]
    with host.lock:
        _check_may_leave(host, domain, "save")
        if not host.file_exists(path):
            msg = f"can't write guest state file {path}: No such file or directory"
            raise XendError(msg)
    saved = _take_away(host, domain)
    if saved is not None:
        with host.lock:
            host.state_files[path] = saved
    return None


def save_at_once(host: Host, domain: Domain, path: str) -> None:
    """Save without a request, also if the guest would not suspend."""
    with host.lock:
        host.state_files[path] = _snapshot(domain, domain.name)
        domain.destroy()


def _check_may_leave(host: Host, domain: Domain, verb: str) -> None:
    if domain.domid == 0 and verb in host.personality.protects_domain0_from:
        msg = f"Cannot {verb} privileged domain 0"
        raise XendError(msg)
    if domain.domid is None or (host.personality.refuses_to_save_paused and not domain.running):
        raise XendError(_NOT_RUNNING)


def _snapshot(domain: Domain, name: str) -> Domain:
    return replace(domain, name=name, devices=[replace(each) for each in domain.devices], plans=[], asked=None, down="")


def _take_away(host: Host, domain: Domain, arrival: Arrival | None = None) -> Domain | None:
    """Suspend and destroy a domain, which has another name meanwhile; None: it failed, and xend does not report it."""
    name = domain.name
    with host.lock:
        leaving = _snapshot(domain, name)
        domain.name = f"migrating-{name}"
        broken = "xc_save" in host.failing
        if not broken:
            host.ask(domain, "suspend")
    if arrival is not None and not broken:
        broken = not arrival.begin(leaving)
    if not broken:
        broken = not _suspended(host, domain)
    if arrival is not None:
        broken = not arrival.end(came=not broken)
    with host.lock:
        domain.name = name
        if broken:
            _stay(domain)
        if broken and host.personality.hides_failed_save:
            return None
        if broken:
            raise LoudError(host.personality.words.save_failed.format(domid=domain.domid))
        saved = _snapshot(domain, name)
        host.remove(domain)
        return saved


def _stay(domain: Domain) -> None:
    """Resume a guest that should suspend, or has suspended."""
    domain.plans = [each for each in domain.plans if each[1] != "suspend"]
    if domain.down == "suspend":
        domain.down = ""


def _suspended(host: Host, domain: Domain) -> bool:
    """Wait until the guest has suspended; return whether it has: it may end in another way, or the server may stop."""
    domid = domain.domid
    while not host.stopping.is_set():
        host.settle()
        with host.lock:
            if domain.down == "suspend":
                return True
            if domain.domid != domid or not domain.live:
                return False
            due = min(domain.plans)[0] if domain.running and domain.plans else None
        host.clock.glance(due, host.stopping)
    raise SilenceError


# -- coming back -------------------------------------------------------------------------------------------------------


def restore(host: Host, params: Params) -> Domain:
    """Build a domain from a state file and let it run."""
    path = params.declared("file")
    with host.lock:
        content = host.state_files.get(path)
        if content is None:
            msg = f"can't read guest state file {path}: No such file or directory"
            raise XendError(msg)
        try:
            return _read_back(host, content)
        except XendError as error:
            raise LoudError(host.personality.words.restore_failed.format(error=error)) from None


def _read_back(host: Host, content: Domain | str) -> Domain:
    if isinstance(content, str):
        found = py2_repr(content[:_SIGNATURE_LENGTH])
        whole = len(content) >= _SIGNATURE_LENGTH
        msg = f"not a valid guest state file: {f'found {found}' if whole else 'signature read'}"
        raise XendError(msg)
    return receive(host, content)


def receive(host: Host, saved: Domain) -> Domain:
    """Build a saved domain again on this host; it replaces a halted definition with that name."""
    other = host.find_by_name(saved.name)
    if other is not None and other.domid is not None and not host.personality.restores_twice:
        raise XendError(host.personality.words.name_taken.format(name=saved.name, domid=other.domid))
    host.reserve(saved.memory)
    host.configurations += 1
    domain = replace(
        saved,
        host=host,
        domid=host.take_domid(),
        devices=[replace(each, connected=True) for each in saved.devices],
        paused=False,
        unpaused_once=True,
        restored=True,
        cpu_before=0.0,
        original=saved.original if host.personality == saved.host.personality else None,
        plans=[],
        managed=other is not None and other.domid is None,
    )
    if not can_be_reread(domain):
        raise SilenceError
    if "xc_restore" in host.failing:
        host.domains.append(domain)
        domain.managed = False
        host.remove(domain)
        raise XendError(host.personality.words.restore_tool_failed.format(domid=domain.domid))
    if domain.managed and other is not None:
        host.discard(other)
    host.domains.append(domain)
    return domain


# -- going elsewhere ---------------------------------------------------------------------------------------------------


def migrate(host: Host, domain: Domain, params: Params) -> Sxp:
    """Move a domain to another host that the simulator knows (`host.peers`), or to this one."""
    destination = params.declared("destination")
    numbers = {name: params.number(name) for name in host.personality.migrate_numbers}
    with host.lock:
        _check_may_leave(host, domain, "migrate")
        arrival = Arrival(_reach(host, destination, numbers.get("port", 0)))
    if _take_away(host, domain, arrival) is not None:
        arrival.run()
    return None


@dataclass
class Arrival:
    """A migration at its destination: a paused domain, which runs once the guest has arrived."""

    host: Host
    domain: Domain | None = None
    dies: bool = False
    """Whether the destination cannot read the domain, and does not report it."""

    def begin(self, leaving: Domain) -> bool:
        """Build it; return whether the destination has not refused it."""
        with self.host.lock:
            try:
                self.domain = receive(self.host, leaving)
            except SilenceError:
                self.dies = True
            except XendError:
                return False
            else:
                self.domain.paused = True
        return True

    def end(self, *, came: bool) -> bool:
        """Return whether the guest has arrived and its domain still exists. Removes the domain otherwise."""
        if self.domain is None:
            return came and self.dies
        with self.host.lock:
            came = came and self.domain.live and any(each is self.domain for each in self.host.domains)
            if not came:
                self.domain.destroy()
        return came

    def run(self) -> None:
        """Let it run, after the moment that its release needs."""
        if self.domain is None:
            raise SilenceError
        with self.host.lock:
            seconds = self.host.personality.arrival_seconds
            if seconds:
                self.domain.pending = (self.host.clock.now() + seconds, "arrived")
            else:
                self.domain.paused = False


def _reach(host: Host, destination: str, port: int) -> Host:
    words = host.personality.words
    if destination not in (*_ITSELF, *host.peers):
        msg = f"can't connect: {words.unknown_host}"
        raise XendError(msg)
    if port not in _PORTS:
        msg = f"can't connect: {words.connection_refused}"
        raise XendError(msg)
    return host.peers.get(destination, host)


# -- the rest ----------------------------------------------------------------------------------------------------------


def dump(host: Host, domain: Domain, params: Params) -> Sxp:
    """Pretend to write a core file: the domain does not change, whatever the parameters are."""
    params.declared("file")
    for name in host.personality.dump_numbers:
        params.number(name)
    if domain.domid is None:
        raise XendError(_NOT_RUNNING)
    return None


def reset(host: Host, domain: Domain, _params: Params) -> Sxp:
    """Destroy a domain and build it again under a new id."""
    with host.lock:
        if domain.domid is None:
            raise XendError(_NOT_RUNNING)
        host.rebuild(domain)
    return None


def stay_silent(_host: Host, _domain: Domain, _params: Params) -> Sxp:
    """Never answer."""
    raise SilenceError


def do_nothing(_host: Host, _domain: Domain, _params: Params) -> Sxp:
    """Report success without doing anything."""
    return None


def usb_add(_host: Host, _domain: Domain, _params: Params) -> Sxp:
    """Refuse, as for every guest that is not fully virtualised."""
    msg = "Can't add usb device to a guest with usb disabled in configure file"
    raise XendError(msg)
