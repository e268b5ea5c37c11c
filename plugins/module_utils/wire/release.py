# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which xend is this? Told from how it answers, without a question of its own.

xend does not name its version, and the node's is the hypervisor's. But every answer about a domain gives it away,
that there is none included, closely enough for all that the collection does differently. The fields of the node do so
too, to within a release or two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Release:
    """What one span of releases does unlike the others."""

    span: str
    """The releases meant, for people."""
    vcpus_in_image: bool = False
    """3.0.0 reads ``vcpus`` in the image section only, 3.0.2 to 3.2 in either place, 3.3 and later at the top level only."""
    deletes_boot_files: bool = False
    """With a ``bootloader`` in a create, the files named as kernel and ramdisk are deleted."""
    shutdown_ends_after: Optional[int] = None
    """A domain still up so many seconds after a shutdown request is destroyed by xend."""
    keeps_all_ips: bool = False
    """Of several addresses of a vif all are kept, not only the last."""
    stalls_for_memory: bool = False
    """A create that needs more memory than there is keeps xend from serving anybody: for hours, if it is much more."""
    lists_hide_stopped: bool = True
    """Both lists of domains, the plain and the detailed one, hold only what runs."""
    finds_uuids: bool = True
    """A domain is found by its uuid, in the form 8-4-4-4-12, where a name is asked for."""
    manages: bool = True
    """xend can keep a definition of a domain that does not run: new, start, delete."""
    shows_maxmem: bool = True
    """What maxmem_set sets is what a domain shows as its maxmem, not only a limit in the hypervisor."""
    pins: bool = False
    """pincpu pins. In 3.0.2 to 3.3 it unpins, whatever it is given, and reports success."""
    changes_media: bool = False
    """device_configure changes the medium in the cdrom of an hvm guest."""
    sets_cap: bool = False
    """domain_sched_credit_set requires the cap. 3.1 and earlier ignore it, and report success."""
    rereads_ip: bool = True
    """A domain is built again, after a reboot or from a file, with the address of its vif. 3.0.0 loses the guest there."""
    appends_root: bool = False
    """The image shows root and ip both by themselves and at the end of args."""
    ignores_bootloader: bool = False
    """A bootloader beside a kernel is forgotten, and shown nowhere."""
    rewrites_vcpus: bool = False
    """set_vcpus changes what is shown as the number of vcpus, too; how many the guest was built with shows nowhere."""
    reattaches: bool = True
    """A device can take the mac or the dev of one that was detached. 3.2 refuses that while the guest lives."""
    keeps_last_device: bool = False
    """A domain shows the last device of a class for ever after its detach, once it was built again with its backend, too."""
    destroys_taps_as_vbds: bool = False
    """device_destroy takes a tap away as a ``vbd``, and knows none as a ``tap``. 3.4 and later have it the other way round."""
    shows_emulated_disks: bool = True
    """A disk of the emulator, ``ioemu:hda``, is among the devices of a domain."""
    needs_emulated_vifs: bool = False
    """An hvm guest has no network card but one of the type ``ioemu`` that is asked for."""
    migrates_to_port: bool = True
    """A migration can be sent to another port of its destination than the default. 3.0.0 ignores one."""
    reboot_settles_after: int = 0
    """A reboot so many seconds after the start, or in 3.0.3 and earlier after another reboot, loses the domain."""


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
R300 = replace(EARLY, span="3.0.0", pins=True, shows_emulated_disks=False, migrates_to_port=False)
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
R31_TO_33 = replace(R31, span="3.1 to 3.3")
R32_TO_33 = Release("3.2 to 3.3", changes_media=True, sets_cap=True, reattaches=False, destroys_taps_as_vbds=True)
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
"""The releases that were looked at, oldest first, and what each does. One entry for two of them: a domain is printed alike."""

_DEVICE_CLASSES = {
    "tap": "3.0.3 to 4.4",
    "tap2": "4.0 to 4.4",
    "vfb": "3.0.4 to 4.4",
    "vkbd": "3.0.4 to 4.4",
    "usb": "3.0.0 to 3.1",
}
"""The classes of devices that were recorded to be refused as none by some releases, and those that take them."""

_IMAGE_TYPES = {"vmx": "3.0.0", "hvm": "3.0.2 to 4.4"}

_NO_DOMAIN = (
    (404, re.compile(r"No such domain .*", re.DOTALL), EARLY),
    (404, re.compile(r"No domain named .*", re.DOTALL), R304),
    (500, re.compile(r""), R31_TO_33),
    (404, re.compile(r"<Fault 3: .*>", re.DOTALL), LATE),
)


def told_by_missing_domain(status: int, text: str) -> Optional[Release]:
    """Return which release says "no such domain" like this, None if this does not say so at all.

    Not every 404 does: a 3.1 whose configuration was spoilt answers 404 for all its domains (WIRE.md (f) 8).
    """
    return next((rel for code, words, rel in _NO_DOMAIN if code == status and words.fullmatch(text)), None)


def told_by_domain(fields: Mapping[str, object]) -> Release:
    """Return the release that prints a domain with these fields (WIRE.md (d)), the control domain and a halted one too."""
    if "status" not in fields:
        return _early(fields)
    if "bootloader_args" not in fields or "memory_dynamic_max" in fields:
        return R304
    if "pool_name" in fields:
        return R41_TO_44
    if "cpu_weight" in fields:
        return R40 if "cpus" in fields or "description" in fields else R31
    if "cpus" in fields:
        return R34
    return R32_TO_34 if fields.get("vcpus") == "0" else R32_TO_33  # 3.4 has an entry in cpus for each vcpu, or none


def _early(fields: Mapping[str, object]) -> Release:
    """Return which of those without definitions it is."""
    if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{8}){3}", str(fields.get("uuid"))):
        return R300
    if "features" in fields or "shadow_memory" in fields:
        return R303
    return R302 if "ssidref" in fields else R302_TO_303


def sharper(known: Optional[Release], told: Release) -> Release:
    """Return what is *known* of a xend if that is more than it has *told* now, and does not contradict it."""
    return known if known and set(within(known.span)) < set(within(told.span)) else told


def takers(kind: str, name: str) -> tuple[str, ...]:
    """Return the releases that take a device class or an image type, all of them for one that nothing is known of."""
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
    """Return the names of the releases that print a node with just these fields (WIRE.md (d)), none if none does.

    None is what a xend with fields of several releases leaves: that of a distribution, or a point release.
    """
    possible = set(within(_CONFIG_FORMATS.get(fields.get("xend_config_format"), "")))
    for field, spans in _NODE_FIELDS:
        printing = set(within(spans))
        possible &= printing if field in fields else set(RELEASES) - printing
    return tuple(name for name in RELEASES if name in possible)


def within(spans: str) -> tuple[str, ...]:
    """Return the names of the releases in "3.0.0, 3.4 to 4.4", and none for an empty text."""
    names = list(RELEASES)
    found: list[str] = []
    for span in filter(None, spans.split(", ")):
        first, _to, last = span.partition(" to ")
        found += names[names.index(first) : names.index(last or first) + 1]
    return tuple(found)


def span_of(names: Sequence[str]) -> Optional[str]:
    """Return "3.3 to 3.4" for releases that follow each other, None for none."""
    if not names:
        return None
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
