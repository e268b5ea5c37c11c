# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The data of a report: hosts, their guests, and findings. Every text can be shown as it is, and none is a secret."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.model.domain import DOMAIN_0, ZOMBIE_PREFIX
from ansible_collections.dom0.xend.plugins.plugin_utils.out.values import mappings, number, text, texts

PROBLEM, WARNING, NOTE = "problem", "warning", "note"
LEVELS = (PROBLEM, WARNING, NOTE)
"""The levels of a finding, the most important first."""

PASSING_PREFIX = "migrating-"
"""The prefix of the name of a guest while xend saves or migrates it (WIRE.md (f) 7)."""

LIVE = ("running", "paused")
_CLOCKS_DIFFER = 60
"""Seconds by which the clocks of a host and of the controller may differ without a finding."""

_LONGEST_TEXT = 300
_ANSIBLES_WORDS = re.compile(r"^(?:(?:Task|Action) failed: )+")


class NotAReport(ValueError):
    """The input cannot be made into a report. ``str()`` of it is the message for the user."""


@dataclass(frozen=True)
class Finding:
    """A finding about a host, or about a guest on it if ``guest`` is set."""

    level: str
    host: str
    guest: str
    words: str


@dataclass(frozen=True)
class Guest:
    """A domain. Memory is in MiB, times are in seconds. A value that xend does not report is None."""

    name: str
    state: str
    domid: Optional[int]
    uuid: str
    memory: Optional[int]
    maxmem: Optional[int]
    vcpus: Optional[int]
    online_vcpus: Optional[int]
    disks: tuple[str, ...]
    addresses: tuple[str, ...]
    interfaces: tuple[str, ...]
    """The mac of each interface, and its bridge."""
    uptime: Optional[int]
    ahead: bool
    """Whether its start time is in the future, by the clock of its host."""
    on_reboot: str

    @property
    def is_host(self) -> bool:
        """Return whether this is the control domain."""
        return self.domid == 0 or self.name == DOMAIN_0

    @property
    def is_zombie(self) -> bool:
        """Return whether this is a zombie, the remainder of a destroyed guest (trap 17)."""
        return self.name.startswith(ZOMBIE_PREFIX) or self.state == "dying"

    @property
    def is_passing(self) -> bool:
        """Return whether xend is saving or migrating it, or has left it with that name."""
        return self.name.startswith(PASSING_PREFIX)


@dataclass(frozen=True)
class Host:
    """A host. Memory is in MiB. ``failure`` says why the other values are missing; empty for a host that answered."""

    name: str
    failure: str = ""
    kernel: str = ""
    xen: str = ""
    span: str = ""
    releases: tuple[str, ...] = ()
    cpus: Optional[int] = None
    total_memory: Optional[int] = None
    free_memory: Optional[int] = None
    guests: tuple[Guest, ...] = ()
    """All domains, the control domain first."""

    @property
    def own_memory(self) -> int:
        """Return the memory of the control domain."""
        return sum(guest.memory or 0 for guest in self.guests if guest.is_host)

    @property
    def vcpus(self) -> int:
        """Return the number of online vcpus of all guests."""
        live = [guest for guest in self.guests if guest.state in LIVE and not guest.is_host]
        return sum(guest.vcpus or 0 if guest.online_vcpus is None else guest.online_vcpus for guest in live)


# ---- reading what the modules return


def read_host(called: object, given: Mapping[str, Any], now: datetime) -> Host:
    """Return a host, from the results of xen_node_info and xen_domain_info."""
    name = clean(called) or "a host without a name"
    domains, node, xend = given.get("domains"), given.get("node"), given.get("xend")
    if not isinstance(node, Mapping) or not isinstance(domains, (list, tuple)):
        failure = _ANSIBLES_WORDS.sub("", clean(given.get("failure")))
        return Host(name, failure=failure or "It was not asked, as the play had left it out before.")
    xend = xend if isinstance(xend, Mapping) else {}
    guests = [read_guest(domain, now) for domain in mappings(domains)]
    return Host(
        name,
        kernel=clean(node.get("release")),
        xen=clean(node.get("xen_version")),
        span=clean(xend.get("span")),
        releases=tuple(texts(xend.get("releases"))),
        cpus=_count(node.get("nr_cpus")),
        total_memory=_count(node.get("total_memory")),
        free_memory=_count(node.get("free_memory")),
        guests=tuple(sorted(guests, key=lambda guest: (not guest.is_host, by_name(guest.name), guest.uuid))),
    )


def read_guest(domain: Mapping[str, Any], now: datetime) -> Guest:
    """Return a guest."""
    state = clean(domain.get("state")) or "unknown"
    age = _age(domain.get("start_time"), now) if state in LIVE else None
    vifs = mappings(domain.get("vifs"))
    return Guest(
        name=clean(domain.get("name")),
        state=state,
        domid=number(domain.get("domid")),
        uuid=clean(domain.get("uuid")),
        memory=_count(domain.get("memory")),
        maxmem=_count(domain.get("maxmem")),
        vcpus=_count(domain.get("vcpus")),
        online_vcpus=_count(domain.get("online_vcpus")),
        disks=tuple(_disk(vbd) for vbd in mappings(domain.get("vbds"))),
        addresses=tuple(clean(address) for vif in vifs for address in texts(vif.get("ip"))),
        interfaces=tuple(filter(None, (_words(vif.get("mac"), vif.get("bridge")) for vif in vifs))),
        # A start a little in the future is a difference of clocks, not a finding.
        uptime=None if age is None or age < -_CLOCKS_DIFFER else max(age, 0),
        ahead=age is not None and age < -_CLOCKS_DIFFER,
        on_reboot=clean(domain.get("on_reboot")),
    )


def read_time(given: object) -> datetime:
    """Return a time, from a text such as 2026-11-26T08:00:00Z. Raises NotAReport for other texts."""
    try:
        return datetime.strptime(str(given), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise NotAReport(f"time has to be like 2026-11-26T08:00:00Z, in UTC, and not {clean(given)!r}") from None


def clean(value: object) -> str:
    r"""Return a value as a text to show: on one line, shortened, with ``\uHHHH`` for characters that are invisible or change
    the writing direction.
    """
    words = text(value) or ""
    words = words if len(words) <= _LONGEST_TEXT else f"{words[:_LONGEST_TEXT]}..."
    if words.isascii() and words.isprintable():
        return words
    return "".join(_visible(letter) for letter in words)


def _visible(letter: str) -> str:
    """Return a character, or its number if it is invisible."""
    if letter in "\n\t":
        return " "
    # Control, format, surrogate, private, unassigned, and line and paragraph separators.
    hidden = unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    return f"\\u{ord(letter):04x}" if hidden else letter


def by_name(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return the sort key of a name: web2 comes before web10."""
    # 18 digits at most: int() of a very long text of digits takes long.
    parts = re.findall(r"[0-9]{1,18}|[^0-9]+", name.lower())
    return tuple((0, int(part), part) if part.isascii() and part.isdigit() else (1, 0, part) for part in parts)


def _count(value: object) -> Optional[int]:
    """Return a number if it can be a count, None for other values."""
    found = number(value)
    return found if found is not None and found >= 0 else None


def _age(start: object, now: datetime) -> Optional[int]:
    """Return the seconds since a time, None for no time."""
    try:
        seconds = float(str(start))
    except ValueError:
        return None
    return int(now.timestamp() - seconds) if 0 < seconds < 10**11 else None


def _disk(vbd: Mapping[str, Any]) -> str:
    """Return a disk in a line: ``sda1 phy:vg0/web1 w``."""
    return _words(vbd.get("dev"), vbd.get("uname"), vbd.get("mode"))


def _words(*values: object) -> str:
    """Return the texts among values, in a line."""
    return " ".join(filter(None, map(clean, values)))
