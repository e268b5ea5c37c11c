# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checks before anything is sent: they refuse what no xend can do, and what would do harm on the release of the host."""

from __future__ import annotations

import re
from typing import Optional

from ansible_collections.dom0.xend.plugins.module_utils.desired.desired import UP, Desired
from ansible_collections.dom0.xend.plugins.module_utils.fields.cpus import cpu_set
from ansible_collections.dom0.xend.plugins.module_utils.fields.disks import classes_of, is_drive
from ansible_collections.dom0.xend.plugins.module_utils.fields.field import possible
from ansible_collections.dom0.xend.plugins.module_utils.fields.interfaces import check_addresses
from ansible_collections.dom0.xend.plugins.module_utils.fields.others import parse_fragment
from ansible_collections.dom0.xend.plugins.module_utils.fields.table import FIELDS, MAC, NAMES
from ansible_collections.dom0.xend.plugins.module_utils.model.devices import number_or_name
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import MOST_VCPUS, Domain, is_domain_0
from ansible_collections.dom0.xend.plugins.module_utils.model.reading import pairs
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import Release, span_of, takers, within
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp

_NAME = re.compile(r"[A-Za-z0-9_.:/+-]+")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NO_DEV_CLASSES = frozenset(within("3.0.0 to 3.0.2"))
"""The releases that refuse a dev with a class, such as hdc:cdrom or sda1:disk (create-vbd-disk, cl-cd, cl-cdin)."""


def check(desired: Desired) -> None:
    """Raise InvalidRequest for options that no xend can carry out. Called before anything is sent."""
    if not desired.name:
        raise InvalidRequest("'' cannot be the name of a domain")
    _check_combinations(desired)
    cpu_set(desired.options.get("cpus", "0"))
    for text in desired.options.get("extra_config", ()):
        parse_fragment(text, NAMES)
    declared = desired.declared()
    for option in ("memory", "maxmem", "vcpus"):
        number = getattr(declared, option)
        if number is not None and number < 1:
            raise InvalidRequest(f"{option} must be 1 or more, not {number}")
    if (declared.vcpus or 1) > MOST_VCPUS:
        raise InvalidRequest(f"vcpus must be {MOST_VCPUS} or less, the maximum of Xen, not {declared.vcpus}")
    if declared.memory and declared.maxmem and declared.maxmem < declared.memory:
        raise InvalidRequest(f"maxmem ({declared.maxmem} MiB) is less than memory ({declared.memory} MiB)")
    if declared.uuid and not _UUID.fullmatch(declared.uuid):
        raise InvalidRequest(f"uuid must have 32 hexadecimal digits, not {declared.uuid!r}")
    if any(is_domain_0(uuid) for uuid in _uuids(desired.tree())):
        raise InvalidRequest(f"uuid {declared.uuid} is the UUID of Domain-0")
    _check_devices(declared)


def _check_devices(declared: Domain) -> None:
    """Raise InvalidRequest for a disk or interface that is malformed or declared twice."""
    _check_unique("vbds: two with dev", [(number_or_name(vbd.dev), vbd.dev) for vbd in declared.vbds or ()])
    _check_unique("vifs: two with mac", [(vif.mac, vif.mac) for vif in declared.vifs or ()])
    for vbd in declared.vbds or ():
        if ":" not in (vbd.uname or "") and (vbd.uname or not is_drive(vbd.dev)):
            raise InvalidRequest(
                f"vbds: uname {vbd.uname!r} of {vbd.dev} must be the location of the disk, such as phy:vg0/disk or "
                f"file:/path. Only a drive, such as hdc:cdrom, can be without it."
            )
    for vbd in declared.vbds or ():
        _check_choice(f"vbds: mode of {vbd.dev}", vbd.mode, ("r", "w", "w!"))
    for vif in declared.vifs or ():
        _check_choice(f"vifs: type of {vif.mac or 'an interface'}", vif.type, ("netfront", "ioemu"))
        if vif.mac and not MAC.fullmatch(vif.mac):
            raise InvalidRequest(f"vifs: {vif.mac!r} is not a MAC address, such as 00:16:3e:00:00:01")


def _check_choice(what: str, value: Optional[str], choices: tuple[str, ...]) -> None:
    """Raise InvalidRequest for a value that is not a choice. Ansible's own check would refuse null, too, which means unset."""
    if value is not None and value not in choices:
        raise InvalidRequest(f"{what} must be one of {', '.join(choices)}, not {value!r}")


def _uuids(tree: Sxp) -> list[str]:
    """Return all uuids in a config, which may hold several."""
    pairs = [item for item in tree if isinstance(item, list) and item[:1] == ["uuid"]]
    return [value for pair in pairs for value in pair[1:] if isinstance(value, str)]


def _check_combinations(desired: Desired) -> None:
    """Raise InvalidRequest for options that do not go together."""
    unlisted = [kind for kind in ("vbds", "vifs") if getattr(desired, f"purge_{kind}") and kind not in desired.options]
    if unlisted:
        raise InvalidRequest(f"purge_{unlisted[0]} requires the list of what to keep: set {unlisted[0]}, perhaps as []")
    up = desired.state in UP
    if desired.restore_file and not up:
        raise InvalidRequest("restore_file requires state: running, paused or restarted")
    if desired.recreate != "never" and not up:
        raise InvalidRequest("recreate requires state: running, paused or restarted")
    if bool(desired.save_file) != (desired.state == "saved"):
        raise InvalidRequest(
            "state: saved requires save_file, the path of a file on the xend host, and save_file requires state: saved"
        )
    if desired.new_name is not None and desired.config is not None:
        raise InvalidRequest("new_name cannot be used with config, which contains a name itself")
    if desired.restore_file == "":
        raise InvalidRequest("restore_file must be the path of a file on the xend host")
    if desired.new_name is not None and (desired.state in ("absent", "saved") or not _NAME.fullmatch(desired.new_name)):
        raise InvalidRequest(f"new_name {desired.new_name!r} must be a valid name, and the domain must not be absent")
    # Trap 22: a name of digits hides the domain of that id, and 0 is the control domain.
    if desired.new_name is not None and (is_domain_0(desired.new_name) or desired.new_name.isdigit()):
        raise InvalidRequest(f"new_name {desired.new_name!r} conflicts with Domain-0 or with the ID of a domain")


def is_open(desired: Desired, release: Optional[Release]) -> bool:
    """Return whether the possible releases of xend differ in whether they accept what is declared, or in how it is written."""
    names = possible(release)
    # A tap belongs to another class in some releases (WIRE.md (i) 12), so the release must be known.
    disks = [vbd.get("uname") for vbd in desired.options.get("vbds", ())]
    return (
        any(names - set(takers(*part)) and names & set(takers(*part)) for part in _parts(desired, release))
        or any(entry.hangs_on(names) for entry in FIELDS if entry.name in desired.options)
        or bool(names - _NO_DEV_CLASSES and names & _NO_DEV_CLASSES and _devs_with_a_class(desired, release))
        or any(len({classes_of(uname)[name] for name in names}) > 1 for uname in disks)
    )


def _check_known(desired: Desired, release: Release) -> None:
    """Raise InvalidRequest for options that xend does not know: it would refuse the whole config, or ignore them."""
    for entry in FIELDS:
        if entry.name in desired.options and not entry.is_known_to(release):
            raise InvalidRequest(
                f"xend {release.span} does not know {entry.name}, which exists in {entry.known_to} only"
            )
    for kind, name in _parts(desired, release):
        taking = takers(kind, name)
        if not possible(release) & set(taking):
            what = f"a guest of the type {name}" if kind == "image" else f"a device of the class {name}"
            raise InvalidRequest(f"xend {release.span} refuses {what}, which exists in {span_of(taking)} only")
    classed = _devs_with_a_class(desired, release)
    if classed and possible(release) <= _NO_DEV_CLASSES:
        raise InvalidRequest(
            f"xend {release.span} refuses the dev {classed[0]}: only 3.0.3 and later read what follows the colon, and "
            f"have drives that can be empty"
        )


def _parts(desired: Desired, release: Optional[Release]) -> list[tuple[str, str]]:
    """Return the device classes and the image type of what is declared, as ("device", "tap")."""
    tree = desired.tree(release)
    sections = [item for item in tree if isinstance(item, list) and len(item) > 1] if isinstance(tree, list) else []
    return [
        (str(key), section[0])
        for key, section in ((item[0], item[1]) for item in sections)
        if key in ("device", "image") and isinstance(section, list) and section and isinstance(section[0], str)
    ]


def _devs_with_a_class(desired: Desired, release: Optional[Release]) -> list[str]:
    """Return each dev that names a class after a colon. ``ioemu:`` before it is no class."""
    tree = desired.tree(release)
    entries = [item[1] for item in tree if isinstance(item, list) and item[:1] == ["device"] and len(item) > 1]
    devs = [value for entry in entries for key, value in pairs(entry) if key == "dev" and isinstance(value, str)]
    return [dev for dev in devs if ":" in dev.removeprefix("ioemu:")]


def check_creation(desired: Desired, release: Optional[Release]) -> None:
    """Raise InvalidRequest if a create would fail, lose something or do harm on that release."""
    if is_domain_0(desired.name):
        raise InvalidRequest(f"{desired.name} is the name or the ID of Domain-0: it cannot be created")
    if not _NAME.fullmatch(desired.name):
        raise InvalidRequest(
            f"{desired.name!r} cannot be the name of a domain: xend accepts only letters, digits and _ - . : / + "
            f"(no slash on 4.0 and later)"
        )
    if not desired.describes_a_domain:
        raise InvalidRequest(
            f"There is no domain {desired.name!r}, and the task does not set enough options to create it: set "
            f"memory and an image with a kernel (or a bootloader), or config"
        )
    declared = desired.declared()
    # Trap 2: xend deletes these files on the host. An unknown release is treated as one that does.
    if declared.bootloader and declared.image and (release is None or release.deletes_boot_files):
        raise InvalidRequest(
            f"bootloader and a kernel are mutually exclusive here: xend "
            f"{release.span if release else '3.0.3 and earlier'} deletes the files named as kernel and ramdisk "
            f"({declared.image.kernel or declared.image.ramdisk}) after it builds the domain. "
            "Remove bootloader, or on xend 3.0.4 and later, which run the bootloader themselves, remove the image."
        )
    # 3.0.4 runs the bootloader only where the image names no kernel (WIRE.md (e)).
    if declared.bootloader and declared.image and declared.image.kernel and release and release.ignores_bootloader:
        raise InvalidRequest(
            f"bootloader and a kernel are mutually exclusive here: xend {release.span} would forget the bootloader. "
            f"Remove one of them."
        )
    if desired.options.get("pci") and (release is None or release.vcpus_in_image):
        raise InvalidRequest(
            "pci is refused on xend 3.0.3 and earlier. Use extra_config: 3.0.0 takes (device (pci (bus B) (dev D) "
            "(func F))), and 3.0.2 and 3.0.3 take the form that this option creates on later releases"
        )
    if release is not None:
        _check_known(desired, release)
    check_addresses(declared, release)


def check_definition(release: Optional[Release]) -> None:
    """Raise InvalidRequest if xend stores no definitions (3.0.3 and earlier)."""
    if release is not None and not release.manages:
        raise InvalidRequest(
            f"xend {release.span} does not keep definitions of domains: state: defined requires xend 3.0.4 or later"
        )


def _check_unique(what: str, devices: list[tuple[Optional[str], Optional[str]]]) -> None:
    """Raise InvalidRequest if two devices are the same one. Each pair is the identity of a device, and its name for the message."""
    seen: dict[str, Optional[str]] = {}
    for key, called in devices:
        if key in seen:
            both = called if seen[key] == called else f"{seen[key]}, which is also {called}"
            raise InvalidRequest(f"{what} {both}")
        if key:
            seen[key] = called
