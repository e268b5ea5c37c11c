# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Detect the release of a xend from its answers, without a request of its own.

xend does not report its version; the version of the node is that of the hypervisor. But every answer about a domain, also
about a missing one, shows the release as precisely as the collection needs. The fields of the node show it to within a
few releases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Release:
    """How a span of releases differs from the others. The defaults are the behaviour of most releases."""

    span: str
    """The releases, as text for messages."""
    vcpus_in_image: bool = False
    """3.0.0 reads ``vcpus`` in the image section only, 3.0.2 to 3.2 in either place, 3.3 and later at the top level only."""
    deletes_boot_files: bool = False
    """A create with a ``bootloader`` deletes the files named as kernel and ramdisk (trap 2)."""
    shutdown_ends_after: Optional[int] = None
    """The seconds after a shutdown request after which xend destroys a domain that is still up; None for never (trap 14)."""
    keeps_all_ips: bool = False
    """All addresses of a vif are kept, not only the last (trap 25)."""
    stalls_for_memory: bool = False
    """A create that needs too much memory blocks xend for all clients: for hours, if it is far too much (WIRE.md (e))."""
    lists_hide_stopped: bool = True
    """Both lists of domains, the plain and the detailed one, hold only running domains (trap 9)."""
    finds_uuids: bool = True
    """A uuid of the form 8-4-4-4-12 finds a domain in place of a name (trap 23)."""
    manages: bool = True
    """xend can store the definition of a domain that does not run: new, start, delete."""
    shows_maxmem: bool = True
    """maxmem_set changes the maxmem that a domain shows, not only the hypervisor's limit (trap 13)."""
    stores_refused_maxmem: bool = False
    """A maxmem_set that the hypervisor refuses changes the maxmem that a domain shows all the same (WIRE.md (i) 16)."""
    pins: bool = False
    """pincpu pins. In 3.0.2 to 3.3 it unpins and reports success, for any cpumap (trap 21)."""
    changes_media: bool = False
    """device_configure changes the medium in the cdrom of an hvm guest."""
    sets_cap: bool = False
    """domain_sched_credit_set requires the cap. 3.1 and earlier ignore it, and report success."""
    rereads_ip: bool = True
    """A guest whose vif has an address survives a reboot and a restore. 3.0.0 loses it (trap 26)."""
    appends_root: bool = False
    """The image shows root and ip both as keys and at the end of args (WIRE.md (i) 11)."""
    ignores_bootloader: bool = False
    """xend ignores a bootloader if there is a kernel, and does not show it (WIRE.md (e))."""
    rewrites_vcpus: bool = False
    """set_vcpus also changes the shown number of vcpus, so the number that the guest was built with is lost (WIRE.md (i) 10)."""
    reattaches: bool = True
    """A device can take the mac or the dev of a detached one. 3.2 refuses that while the guest lives (trap 27)."""
    keeps_last_device: bool = False
    """A domain shows the last device of a class forever after its detach (trap 30)."""
    destroys_taps_as_vbds: bool = False
    """device_destroy detaches a tap with type ``vbd`` only. 3.4 and later require type ``tap`` (trap 31)."""
    shows_emulated: bool = True
    """A domain shows the emulator's disks, ``ioemu:hda``, and its interfaces, ``(type ioemu)``, among its devices."""
    needs_emulated_vifs: bool = False
    """An hvm guest gets a network card only from a vif with the type ``ioemu``."""
    migrates_to_port: bool = True
    """A migration can use another port of its destination than the default. 3.0.0 ignores the port."""
    reboot_settles_after: int = 0
    """A reboot within this many seconds of the start, in 3.0.3 and earlier of the previous reboot, loses the domain (trap 18)."""


EARLY = Release(
    "3.0.0 to 3.0.3",
    vcpus_in_image=True,
    deletes_boot_files=True,
    shutdown_ends_after=30,
    keeps_all_ips=True,
    stalls_for_memory=True,
    lists_hide_stopped=False,
    finds_uuids=False,
    manages=False,
    shows_maxmem=False,
    rereads_ip=False,
    destroys_taps_as_vbds=True,
    needs_emulated_vifs=True,
    reboot_settles_after=20,
)
R300 = replace(EARLY, span="3.0.0", pins=True, shows_emulated=False, migrates_to_port=False)
R302 = replace(EARLY, span="3.0.2", rereads_ip=True)
R303 = replace(EARLY, span="3.0.3", rereads_ip=True)
R302_TO_303 = replace(EARLY, span="3.0.2 to 3.0.3", rereads_ip=True)
R304 = Release(
    "3.0.4",
    shutdown_ends_after=30,
    stalls_for_memory=True,
    appends_root=True,
    ignores_bootloader=True,
    rewrites_vcpus=True,
    keeps_last_device=True,
    destroys_taps_as_vbds=True,
)
R31 = Release("3.1", shutdown_ends_after=30, stalls_for_memory=True, changes_media=True, destroys_taps_as_vbds=True)
R31_TO_33 = replace(R31, span="3.1 to 3.3", stores_refused_maxmem=True)
R32_TO_33 = Release(
    "3.2 to 3.3",
    stores_refused_maxmem=True,
    changes_media=True,
    sets_cap=True,
    reattaches=False,
    destroys_taps_as_vbds=True,
)
R32_TO_34 = replace(R32_TO_33, span="3.2 to 3.4", reboot_settles_after=60)
LATE = Release("3.4 to 4.4", pins=True, sets_cap=True, reboot_settles_after=60)
R34 = replace(LATE, span="3.4", changes_media=True)
R40 = replace(LATE, span="4.0")
R41_TO_44 = replace(LATE, span="4.1 to 4.4")

RELEASES = {
    "3.0.0": R300,
    "3.0.2": R302,
    "3.0.3": R303,
    "3.0.4": R304,
    "3.1": R31,
    "3.2": R32_TO_33,
    "3.3": R32_TO_33,
    "3.4": R34,
    "4.0": R40,
    "4.1": R41_TO_44,
    "4.4": R41_TO_44,
}
"""The recorded releases, oldest first. Two of them share one entry if they print domains in the same way."""

_DEVICE_CLASSES = {
    "tap": "3.0.3 to 4.4",
    "tap2": "4.0 to 4.4",
    "vfb": "3.0.4 to 4.4",
    "vkbd": "3.0.4 to 4.4",
    "usb": "3.0.0 to 3.1",
}
"""The device classes that some recorded releases refuse as unknown, and the releases that accept them."""

_IMAGE_TYPES = {"vmx": "3.0.0", "hvm": "3.0.2 to 4.4"}

_NO_DOMAIN = (
    (404, re.compile(r"No such domain .*", re.DOTALL), EARLY),
    (404, re.compile(r"No domain named .*", re.DOTALL), R304),
    (500, re.compile(r""), R31_TO_33),
    (404, re.compile(r"<Fault 3: .*>", re.DOTALL), LATE),
)


def told_by_missing_domain(status: int, text: str) -> Optional[Release]:
    """Return the release that answers "no such domain" in this way, None if this is no such answer.

    A 404 may mean something else: a 3.1 that a bad maxmem_set has disabled answers 404 for all domains (WIRE.md (f) 8).
    """
    return next((rel for code, words, rel in _NO_DOMAIN if code == status and words.fullmatch(text)), None)


def told_by_domain(fields: Mapping[str, object]) -> Release:
    """Return the release that prints a domain with these fields (WIRE.md (d)), also for Domain-0 and for a halted domain."""
    # Only releases with managed domains print a status (3.0.4 and later).
    if "status" not in fields:
        return _early(fields)
    # bootloader_args came with 3.1, and only 3.0.4 has the dynamic limits.
    if "bootloader_args" not in fields or "memory_dynamic_max" in fields:
        return R304
    # pool_name came with 4.1.
    if "pool_name" in fields:
        return R41_TO_44
    # cpu_weight is absent in 3.2 to 3.4.
    if "cpu_weight" in fields:
        return R40 if "cpus" in fields or "description" in fields else R31
    if "cpus" in fields:
        return R34
    return R32_TO_34 if fields.get("vcpus") == "0" else R32_TO_33  # 3.4 has an entry in cpus for each vcpu, or none


_UUID_OF_300 = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{8}){3}")


def _early(fields: Mapping[str, object]) -> Release:
    """Return the release among those without definitions, 3.0.3 and earlier."""
    # Of these, only 3.0.0 groups the digits as 8-8-8-8 (trap 23).
    if _UUID_OF_300.fullmatch(str(fields.get("uuid"))):
        return R300
    if "features" in fields or "shadow_memory" in fields:
        return R303
    return R302 if "ssidref" in fields else R302_TO_303


def sharper(known: Optional[Release], told: Release) -> Release:
    """Return the more precise of the *known* release and the one *told* by a new answer; the new one if they contradict."""
    return known if known and set(within(known.span)) < set(within(told.span)) else told


def takers(kind: str, name: str) -> tuple[str, ...]:
    """Return the releases that accept a device class or an image type; all of them for an unknown one."""
    spans = {"device": _DEVICE_CLASSES, "image": _IMAGE_TYPES}[kind]
    return within(spans[name]) if name in spans else tuple(RELEASES)


_NODE_FIELDS = (
    ("sockets_per_node", "3.0.0 to 3.1"),
    ("xen_pagesize", "3.0.3 to 4.4"),
    ("xend_config_format", "3.0.3 to 4.4"),
    ("xen_scheduler", "3.1 to 4.4"),
    ("node_to_cpu", "3.2 to 4.0"),
    ("virt_caps", "3.3 to 4.4"),
    ("node_to_memory", "3.3 to 4.0"),
    ("node_to_dma32_mem", "4.0"),
    ("max_node_id", "4.0"),
    ("xen_commandline", "4.0 to 4.4"),
    ("free_cpus", "4.1 to 4.4"),
    ("cpu_topology", "4.1 to 4.4"),
    ("numa_info", "4.1 to 4.4"),
)
_CONFIG_FORMATS = {"2": "3.0.3", "3": "3.0.4", "4": "3.1 to 4.4", None: "3.0.0 to 3.0.2"}


def told_by_node(fields: Mapping[str, Optional[str]]) -> tuple[str, ...]:
    """Return the names of the releases that print a node with exactly these fields (WIRE.md (d)).

    The result is empty for a node with fields of several releases, such as that of a distribution or a point release.
    """
    possible = set(within(_CONFIG_FORMATS.get(fields.get("xend_config_format"), "")))
    for field, spans in _NODE_FIELDS:
        printing = set(within(spans))
        possible &= printing if field in fields else set(RELEASES) - printing
    return tuple(name for name in RELEASES if name in possible)


def within(spans: str) -> tuple[str, ...]:
    """Return the names of the releases in a text such as "3.0.0, 3.4 to 4.4"; none for an empty text."""
    names = list(RELEASES)
    found: list[str] = []
    for span in filter(None, spans.split(", ")):
        first, _to, last = span.partition(" to ")
        found += names[names.index(first) : names.index(last or first) + 1]
    return tuple(found)


def span_of(names: Sequence[str]) -> Optional[str]:
    """Return the span of consecutive releases, such as "3.3 to 3.4"; None for no release."""
    if not names:
        return None
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
