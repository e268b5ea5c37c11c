# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One method for each operation of xend that the collection uses, with typed errors. All requests go through this client.

WIRE.md (c) describes the operations, their parameters and their replies. A method for a domain that xend does not know
raises NoSuchDomain, except domain(), which returns None.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Optional
from urllib.parse import quote, unquote, urlencode

from ansible_collections.dom0.xend.plugins.module_utils.journal import Journal
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import DOMAIN_0, Domain, is_domain_0
from ansible_collections.dom0.xend.plugins.module_utils.model.node import Node
from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import masked
from ansible_collections.dom0.xend.plugins.module_utils.model.vcpus import Vcpu
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import (
    InvalidRequest,
    NoSuchDomain,
    NotXend,
    UnknownOperation,
    XendRefused,
)
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import Release, sharper, told_by_missing_domain
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp, SxpError, dumps, loads
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import DOUBT, Get, Reply, Way, unreadable

BODY_LIMIT = 10_000
"""Bytes of encoded form that xend accepts as a body; a longer form goes into the query string, which has no limit."""

_DOMAINS = "/xend/domain"


class XendClient:
    """A client for one xend. A read-only client refuses to send anything that changes something.

    ``release`` is the release of xend as detected from its replies, None at first. Callers that send record it in ``journal``.
    """

    def __init__(
        self,
        transport: Way,
        *,
        timeout: float = 30,
        slow_timeout: float = 300,
        read_only: bool = False,
    ) -> None:
        """Take the transport, and how long xend may stay silent, in seconds: for most operations, and for slow ones."""
        self.url = transport.address.url
        self.read_only = read_only
        self.release: Optional[Release] = None
        self.journal = Journal()
        self._transport = transport
        self._timeout = timeout
        self._slow_timeout = slow_timeout

    # ---- what is going to be read

    @contextmanager
    def ahead_of_lists(self, state: str) -> Iterator[None]:
        """Let domains() and names(*state*), called within this context, share one run of a relay if there is a relay.

        An empty state means that names() is not called.
        """
        with self._ahead([(_DOMAINS, _DETAILED), (_DOMAINS, _of_state(state))] if state else []):
            yield

    @contextmanager
    def ahead_of_domains(self, names: Iterable[str]) -> Iterator[None]:
        """Let domain(), called within this context for each of the *names* or uuids, share one run of a relay."""
        with self._ahead(_gets(names)):
            yield

    @contextmanager
    def ahead_of_vcpus(self, names: Iterable[str]) -> Iterator[None]:
        """Let vcpus(), called within this context for each of the *names*, share one run of a relay."""
        with self._ahead(_gets(names, _VCPUS)):
            yield

    @contextmanager
    def _ahead(self, gets: list[Get]) -> Iterator[None]:
        """Announce the reads of this context. Replies that nobody has read at its end are dropped, because they would be outdated."""
        # An announcement replaces the one before it, and drops the replies that nobody has read.
        self._transport.announce(gets)
        try:
            yield
        finally:
            self._transport.announce([])

    # ---- what reads

    def has_file(self, path: str) -> Optional[bool]:
        """Return whether there is a file on the host of xend, None if nothing but xend is reached there."""
        return self._transport.has_file(path)

    def domain(self, name: str) -> Optional[Domain]:
        """Return the domain with exactly this name, None if there is none.

        xend also finds domains by id, and in 3.0.4 and later by uuid (trap 22). A domain found in this way has another name, and
        None is returned for it.
        """
        reply = self._transport.exchange(_path(name), timeout=self._timeout)
        if self._says_no_domain(reply):
            self._confirm_missing(name, reply)
            return None
        domain = self._as_domain(self._expression(reply, "a domain"), reply)
        # Trap 22: xend also finds domains by id and uuid, so the name is compared.
        return domain if domain.name == name else None

    def domain_of_uuid(self, uuid: str) -> Optional[Domain]:
        """Return the domain with a uuid of the form 8-4-4-4-12; None if xend's reply leaves it open whether it exists.

        It is open in 3.0.3 and earlier, in 3.1 to 3.3 after an empty 500, which may be any failure (trap 7), and if another
        domain has the uuid as its name. Raises NoSuchDomain if xend reports that there is none.
        """
        reply = self._transport.exchange(_path(uuid), timeout=self._timeout)
        if self._says_no_domain(reply):
            # Trap 7: an empty 500 may be any failure, so it does not prove that the uuid is unknown.
            if reply.status == 500 or self.release is None or not self.release.finds_uuids:
                return None
            raise NoSuchDomain(f"xend at {self.url} has no domain with the UUID {uuid}", reason=reply.text)
        domain = self._as_domain(self._expression(reply, "a domain"), reply)
        return domain if domain.uuid == uuid else None

    def domains(self) -> list[Sxp]:
        """Return the detailed list, one expression for each domain; 3.0.4 and later list only running ones (trap 9).

        They are not converted to Domain here, so that one that cannot be read does not hide the others.
        """
        reply = self._transport.exchange(_DOMAINS, timeout=self._timeout, query=_DETAILED)
        domains = self._list(reply, "a list of domains")
        if not all(isinstance(item, list) for item in domains):
            raise unreadable(self.url, "a list of domains", reply.text)
        return domains

    def names(self, state: str = "all") -> list[str]:
        """Return the names of all domains, or in 3.0.4 and later of those in a *state*: running, paused or halted.

        xend judges the state by ``status``, not by the state letters (WIRE.md (d)): a domain that is preserved after a shutdown
        or a crash may be among the halted or the running ones.
        """
        reply = self._transport.exchange(_DOMAINS, timeout=self._timeout, query=_of_state(state))
        return [item for item in self._list(reply, "a list of names") if isinstance(item, str)]

    def node(self) -> Node:
        """Return the host as xend describes it."""
        reply = self._transport.exchange("/xend/node", timeout=self._timeout)
        try:
            return Node.from_sxp(self._expression(reply, "a node"))
        except ValueError as error:
            raise unreadable(self.url, "a node", reply.text) from error

    def log(self) -> str:
        """Return xend's log, at most about 1 MiB. It may contain passwords."""
        return self._plain("/xend/node/log", "its log")

    def dmesg(self) -> str:
        """Return the last 32 KiB of the hypervisor's messages."""
        return self._plain("/xend/node/dmesg", "the hypervisor's messages")

    def sedf(self, name: str) -> Sxp:
        """Return the sedf parameters as xend prints them: a list, or in 3.0.0 a text that holds a dictionary."""
        return self._expression(self._ask(_path(name), {"op": "cpu_sedf_get"}, self._timeout), "sedf parameters")

    def credit(self, name: str) -> Sxp:
        """Return the credit parameters as xend prints them: a text that holds a dictionary (3.0.3 and later)."""
        form = {"op": "domain_sched_credit_get"}
        return self._expression(self._ask(_path(name), form, self._timeout), "credit parameters")

    def vcpus(self, name: str) -> tuple[Vcpu, ...]:
        """Return the configured vcpus of a domain (``vcpuinfo``)."""
        reply = self._transport.exchange(_path(name), timeout=self._timeout, query=_VCPUS)
        self._refuse_missing(reply, name, "vcpuinfo")
        tree = self._list(reply, "vcpus")
        if tree[:1] != ["domain"]:
            raise unreadable(self.url, "vcpus", reply.text)
        try:
            return tuple(Vcpu.from_sxp(item) for item in tree if item[:1] == ["vcpu"])
        except ValueError as error:
            raise unreadable(self.url, "vcpus", reply.text) from error

    def devices(self, name: str, kind: str) -> dict[str, dict[str, str]]:
        """Return the devices of a kind, vbd or vif, that are connected or connecting: id -> raw fields."""
        reply = self._ask(_path(name), {"op": "devices", "type": kind}, self._timeout)
        found: dict[str, dict[str, str]] = {}
        for item in self._list(reply, "a list of devices"):
            if isinstance(item, list) and len(item) > 1 and isinstance(item[0], str) and isinstance(item[1], list):
                pairs = [pair for pair in item[1] if isinstance(pair, list) and len(pair) > 1]
                found[item[0]] = {str(pair[0]): str(pair[1]) for pair in pairs}
        return found

    # ---- what changes something

    def create(self, config: Sxp) -> None:
        """Build the domain of *config*. It stays paused, and xend does not wait for its devices (trap 10)."""
        reply = self._write(_DOMAINS, {"op": "create", "config": dumps(config)}, self._slow_timeout)
        # Only a 201 proves a create: another 2xx would come from something that is not xend.
        if reply.status != 201:
            said = f"{reply.status} {reply.reason}: {reply.text}"
            raise unreadable(self.url, "the answer to a create", said, perhaps_done=True)

    def wait_for_devices(self, name: str) -> None:
        """Wait for the devices of a new domain. xend 3.0.3 and earlier serve no other client meanwhile."""
        self._write(_path(name), {"op": "wait_for_devices"}, self._slow_timeout)

    def start(self, name: str) -> None:
        """Start a managed domain, and wait for its devices (3.0.4 and later)."""
        self._write(_path(name), {"op": "start"}, self._slow_timeout)

    def unpause(self, name: str) -> None:
        """Unpause a domain."""
        self._write(_path(name), {"op": "unpause"}, self._timeout)

    def pause(self, name: str) -> None:
        """Pause a domain. One unpause undoes any number of pauses."""
        self._write(_path(name), {"op": "pause"}, self._timeout)

    def shutdown(self, name: str, reason: str) -> None:
        """Request a shutdown, which the guest may ignore. 3.1 and earlier destroy it if it is still up after 30 s (trap 14)."""
        self._write(_path(name), {"op": "shutdown", "reason": reason}, self._timeout)

    def destroy(self, name: str) -> None:
        """End a domain at once."""
        self._write(_path(name), {"op": "destroy"}, self._timeout)

    def delete(self, name: str) -> None:
        """Delete the definition of a halted managed domain (3.0.4 and later)."""
        self._write(_path(name), {"op": "delete"}, self._timeout)

    def new(self, config: Sxp) -> None:
        """Store a definition, without starting it (3.0.4 and later)."""
        self._write(_DOMAINS, {"op": "new", "config": dumps(config)}, self._timeout)

    def restore(self, file: str) -> None:
        """Restore a domain from a file on the xend host. It runs afterwards."""
        self._write(_DOMAINS, {"op": "restore", "file": file}, self._slow_timeout)

    def save(self, name: str, file: str) -> None:
        """Save a domain to a file on the xend host, and end it. 3.1 reports success even if the save failed (trap 21)."""
        self._write(_path(name), {"op": "save", "file": file}, self._slow_timeout)

    def migrate(self, name: str, destination: str, live: bool, port: int = 0) -> None:
        """Migrate a domain to another host; port 0 is xend's default. 3.1 may report success even if it failed.

        The union of all releases' parameters is sent: each release ignores those that it does not know (WIRE.md (c)).
        """
        form = {"op": "migrate", "destination": destination, "live": str(int(live)), "resource": "0", "port": str(port)}
        # -1 is any node. 3.3 and later require node and ssl, 4.0 and later change_home_server (WIRE.md (c)).
        form |= {"node": "-1", "ssl": "0", "change_home_server": "0"}
        self._write(_path(name), form, self._slow_timeout)

    def rename(self, name: str, new_name: str) -> None:
        """Rename a domain."""
        self._write(_path(name), {"op": "rename", "name": new_name}, self._timeout)

    def set_memory(self, name: str, target: int) -> None:
        """Set the target of the guest's memory, in MiB. The guest reaches it gradually."""
        self._write(_path(name), {"op": "mem_target_set", "target": str(target)}, self._timeout)

    def set_maxmem(self, name: str, memory: int) -> None:
        """Set the memory limit of the guest, in MiB. A limit below its memory disables xend 3.1 permanently (trap 21)."""
        self._write(_path(name), {"op": "maxmem_set", "memory": str(memory)}, self._timeout)

    def set_vcpus(self, name: str, vcpus: int) -> None:
        """Set how many of its vcpus the guest may use."""
        self._write(_path(name), {"op": "set_vcpus", "vcpus": str(vcpus)}, self._timeout)

    def pin(self, name: str, vcpu: int, cpus: Iterable[int]) -> None:
        """Pin a vcpu. 3.0.2 to 3.3 would unpin it and report success, for any *cpus* (trap 21)."""
        # Trap 24: no brackets, which 3.4 and later refuse; no ranges, which no release takes.
        cpumap = ",".join(str(cpu) for cpu in sorted(cpus))
        self._write(_path(name), {"op": "pincpu", "vcpu": str(vcpu), "cpumap": cpumap}, self._timeout)

    def attach(self, name: str, device: Sxp) -> None:
        """Attach a device, ``(vbd ...)`` or ``(vif ...)``. xend waits until it is connected."""
        self._write(_path(name), {"op": "device_create", "config": dumps(device)}, self._slow_timeout)

    def change_media(self, name: str, device: Sxp, dev: str) -> None:
        """Put another medium into the cdrom *dev* of an hvm guest, the vbd *device* (3.1 to 3.4)."""
        form = {"op": "device_configure", "config": dumps(device), "dev": dev}
        self._write(_path(name), form, self._slow_timeout)

    def detach(self, name: str, kind: str, dev: str) -> None:
        """Detach a device, by its id or, for a vbd, by its dev. 3.2 and earlier reply before it is gone, later releases wait."""
        # Trap 20: 3.3 and later require force and rm_cfg; earlier releases ignore them.
        form = {"op": "device_destroy", "type": kind, "dev": dev, "force": "0", "rm_cfg": "1"}
        self._write(_path(name), form, self._slow_timeout)

    def set_sedf(self, name: str, parameters: Mapping[str, int]) -> None:
        """Set period, slice and latency (ns), extratime (0 or 1) and weight. xend requires all five.

        xend 3.0.4 and earlier report success even if the hypervisor refused, so the caller reads them back (trap 16).
        """
        form = {"op": "cpu_sedf_set", **{key: str(value) for key, value in parameters.items()}}
        self._write(_path(name), form, self._timeout)

    def set_credit(self, name: str, parameters: Mapping[str, int]) -> None:
        """Set weight and cap: xend 3.2 and later require both. 3.1 and earlier ignore the cap, and report success."""
        form = {"op": "domain_sched_credit_set", **{key: str(value) for key, value in parameters.items()}}
        self._write(_path(name), form, self._timeout)

    # ---- how

    def _write(self, path: str, form: dict[str, str], timeout: float) -> Reply:
        """Send a write. Raises InvalidRequest for an operation that would harm the control domain."""
        if self.read_only:
            raise RuntimeError(f"a read-only client was asked for {form['op']}")
        self._transport.announce([])  # replies that were read ahead may be outdated now
        # Trap 1: the last guard, behind the plan's, whoever calls.
        if form["op"] in _DEADLY and is_domain_0(_name(path)):
            raise InvalidRequest(f"{form['op']} of {DOMAIN_0} is never sent, because it is the host itself")
        return self._ask(path, form, timeout)

    def _ask(self, path: str, form: dict[str, str], timeout: float) -> Reply:
        """Send an operation; return the reply if xend reports success."""
        try:
            encoded = urlencode(form, errors="surrogateescape")
        except UnicodeEncodeError as error:
            raise InvalidRequest(f"{form['op']}: cannot encode {error.object!r}") from error
        # Trap 11: xend refuses a longer body with 413 or a reset, and does not limit the query string.
        if len(encoded) > BODY_LIMIT:
            reply = self._transport.exchange(path, {}, timeout=timeout, query="?" + encoded)
        else:
            reply = self._transport.exchange(path, form, timeout=timeout)
        # The path /xend/domain names no domain, so a 404 or 500 for it does not mean a missing one.
        if path != _DOMAINS:
            self._refuse_missing(reply, _name(path), form["op"])
        self._check(reply, form["op"], posted=True)
        return reply

    def _refuse_missing(self, reply: Reply, name: str, what: str) -> None:
        """Raise NoSuchDomain if *reply* says that there is no such domain."""
        if self._says_no_domain(reply):
            doubt = (
                ", or failed without a reason: it answered an empty 500" if reply.status == 500 else ""
            )  # 3.1 to 3.3
            raise NoSuchDomain(f"xend at {self.url} knows no domain {name!r} to {what}{doubt}", reason=reply.text)

    def _check(self, reply: Reply, what: str, *, posted: bool = False) -> None:
        """Raise XendRefused unless *reply* says that *what* was done. In 3.0.2 and earlier errors have 200 or 202 (trap 4)."""
        reason = _error_in(reply)
        if reason is not None:
            raise XendRefused(f"xend at {self.url} refused {what}: {masked(reason)}", reason=reason)
        if reply.status >= 400:
            said = masked(reply.text) or "no reason given"
            kind = UnknownOperation if reply.status == 501 else XendRefused
            raise kind(f"xend at {self.url} refused {what} ({reply.status} {reply.reason}): {said}", reason=reply.text)
        if reply.text and not reply.content_type.startswith("application/sxp"):
            said = f"{self.url} answered {what} with {reply.content_type or 'plain text'}, which xend never does"
            raise NotXend(f"{said}. {DOUBT}" if posted else said, perhaps_done=posted)

    def _plain(self, path: str, what: str) -> str:
        """Return a reply of plain text, the content type of the log and the hypervisor's messages."""
        reply = self._transport.exchange(path, timeout=self._timeout)
        if reply.status >= 400 or (reply.text and not reply.content_type.startswith("text/plain")):
            self._check(reply, f"to give {what}")
            raise NotXend(f"{self.url} returned {what} as {reply.content_type}, which xend never does")
        return reply.text

    def _says_no_domain(self, reply: Reply) -> bool:
        """Return whether *reply* says that there is no such domain, and learn xend's release from it."""
        release = told_by_missing_domain(reply.status, reply.text)
        if release is not None:
            self.release = sharper(self.release, release)
        return release is not None

    def _confirm_missing(self, name: str, reply: Reply) -> None:
        """Raise XendRefused if a domain with an empty 500 is in the list: 3.1 to 3.3 answer any failure in this way."""
        # Trap 7: a domain that is listed is not missing, and must not be created a second time.
        if reply.status == 500 and name in self.names():
            raise XendRefused(
                f"xend at {self.url} failed to describe the domain {name!r}, which it lists, and gave no reason"
            )

    def _as_domain(self, tree: Sxp, reply: Reply) -> Domain:
        try:
            domain = Domain.from_sxp(tree)
        except ValueError as error:
            raise unreadable(self.url, "a domain", reply.text) from error
        if domain.release is not None:
            self.release = sharper(self.release, domain.release)
        return domain

    def _list(self, reply: Reply, what: str) -> list[Sxp]:
        tree = self._expression(reply, what)
        if not isinstance(tree, list):
            raise unreadable(self.url, what, reply.text)
        return tree

    def _expression(self, reply: Reply, what: str) -> Sxp:
        """Return the expression of a reply. Raises XendRefused for an error, and UnreadableReply for any other text."""
        self._check(reply, f"to give {what}")
        try:
            return loads(reply.text)
        except SxpError as error:
            raise unreadable(self.url, what, reply.text) from error


_DETAILED = "?detail=1"
_VCPUS = "?op=vcpuinfo"


def _of_state(state: str) -> str:
    """Return the query for the names of domains that are in a state."""
    return f"?state={state}"


def _gets(names: Iterable[str], query: str = "") -> list[Get]:
    """Return a GET for each of the domains, except for names that cannot be sent in a URL."""
    gets: list[Get] = []
    for name in names:
        with suppress(InvalidRequest):
            gets.append((_path(name), query))
    return gets


_DEADLY = {"shutdown", "destroy", "pause", "delete", "save", "migrate", "rename"}


def _path(name: str) -> str:
    """Return the path of a domain. Raises InvalidRequest for a name of dots, which would mean a parent directory in a URL."""
    if not name.strip("."):
        raise InvalidRequest(f"{name!r} cannot be the name of a domain: it cannot be used in a URL")
    try:
        return f"{_DOMAINS}/{quote(name, safe='', errors='surrogateescape')}"
    except UnicodeEncodeError as error:
        raise InvalidRequest(f"{name!r} cannot be the name of a domain: it cannot be encoded") from error


def _name(path: str) -> str:
    """Return the domain's name in a path."""
    return unquote(path[len(_DOMAINS) + 1 :])


def _error_in(reply: Reply) -> Optional[str]:
    """Return xend's own words if *reply* is ``(xend.err WORDS)``, whatever its status; otherwise None."""
    if not reply.text.startswith("(xend.err"):
        return None
    try:
        tree = loads(reply.text)
    except SxpError:
        return reply.text
    words = tree[1:] if isinstance(tree, list) else []
    return " ".join(word for word in words if isinstance(word, str)) or "no reason given"
