# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user wants, as the config that xend takes (WIRE.md (e)).

The options of xen_domain and a whole ``config`` both end as one s-expression, and that is read back with the reader
for domains: so both kinds of desired are compared with what exists in one way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.model.domain import MOST_VCPUS, Domain, is_domain_0
from ansible_collections.dom0.xend.plugins.module_utils.model.image import command_line
from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import (
    beginning_without_secrets,
    expression_without_secrets,
    without_secrets,
)
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import RELEASES, Release, span_of, takers, within
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp, SxpError, dumps, loads

STRUCTURED = (
    "memory",
    "maxmem",
    "vcpus",
    "uuid",
    "cpus",
    "bootloader",
    "bootloader_args",
    "on_poweroff",
    "on_reboot",
    "on_crash",
    "image",
    "vbds",
    "vifs",
    "vfbs",
    "pci",
    "extra_config",
)
"""The options that describe a domain; ``config`` stands for all of them."""

UP = ("running", "paused", "restarted")
"""The states in which a domain lives."""

_TOP_LEVEL = (
    "memory",
    "maxmem",
    "uuid",
    "cpus",
    "bootloader",
    "bootloader_args",
    "on_poweroff",
    "on_reboot",
    "on_crash",
)
_PCI = re.compile(r"(?:([0-9a-f]{4}):)?([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9_.:/+-]+")


@dataclass(frozen=True)
class Desired:
    """What a task declares. ``options`` holds those of STRUCTURED that were given, ``config`` a whole config."""

    name: str
    state: str = "running"
    options: dict[str, Any] = field(default_factory=dict)
    config: Optional[list[Sxp]] = None
    force: bool = False
    shutdown_timeout: float = 300
    on_shutdown_timeout: str = "fail"
    on_device_failure: str = "destroy"
    change_vbds: bool = False
    purge_vbds: bool = False
    purge_vifs: bool = False
    recreate: str = "never"
    new_name: Optional[str] = None
    save_file: Optional[str] = None
    restore_file: Optional[str] = None

    @property
    def describes_a_domain(self) -> bool:
        """Tell whether there is enough to create a domain from."""
        return self.config is not None or (
            "memory" in self.options and bool({"image", "bootloader"} & set(self.options))
        )

    def tree(self, release: Optional[Release] = None) -> Sxp:
        """Return the config to send, as that release reads it."""
        if self.config is not None:
            return self.config
        return _tree(self.name, self.options, vcpus_in_image=release is not None and release.vcpus_in_image)

    def declared(self) -> Domain:
        """Return what is desired as a domain; what is not said is None, a list without devices is empty."""
        return Domain.from_sxp(self.tree())


def parse_config(text: str, name: str) -> list[Sxp]:
    """Return the config in *text*, with its name. Raises InvalidRequest where xend would misread it."""
    try:
        tree = loads(text, alone=True)
    except SxpError as error:
        raise InvalidRequest(f"config is not an s-expression that xend reads: {_told(error, text)}") from None
    if not isinstance(tree, list) or not tree or not isinstance(tree[0], str):
        raise InvalidRequest("config must be one list that begins with a word, as in (vm (name web1) (memory 64) ...)")
    names = [item[1:] for item in tree if isinstance(item, list) and item[:1] == ["name"]]
    if not names:
        return [tree[0], ["name", name], *tree[1:]]
    if names[0] != [name]:
        raise InvalidRequest(f"config says {dumps(['name', *names[0]])}, the task says name: {name}. They must agree.")
    return tree


def parse_fragment(text: str) -> Sxp:
    """Return one entry of extra_config. Raises InvalidRequest for what is none, or what an option is there for."""
    try:
        tree = loads(text, alone=True)
    except SxpError as error:
        shown = beginning_without_secrets(text)
        raise InvalidRequest(
            f"extra_config: {shown!r} is not an s-expression that xend reads: {_told(error, text)}"
        ) from None
    if not isinstance(tree, list) or not tree or not isinstance(tree[0], str):
        shown = expression_without_secrets(text)
        raise InvalidRequest(f"extra_config: {shown!r} must be one list that begins with a word, as in (localtime 1)")
    kind = tree[1][0] if tree[0] == "device" and len(tree) > 1 and isinstance(tree[1], list) and tree[1] else None
    if tree[0] in ("name", "image", *STRUCTURED) or kind in ("vbd", "vif"):
        raise InvalidRequest(f"extra_config: there is an option for {dumps(without_secrets(tree))}")
    return tree


def _told(error: SxpError, text: str) -> SxpError:
    """Return the error with nothing of *text* around it that may be a secret."""
    return SxpError(error.reason, beginning_without_secrets(text), error.position)


def cpu_set(text: str) -> frozenset[int]:
    """Return the cpus in a text like "0-3,^1" (WIRE.md (e)). Raises InvalidRequest."""
    cpus: set[int] = set()
    for part in text.replace(" ", "").split(","):
        match = re.fullmatch(r"(\^?)([0-9]{1,4})(?:-([0-9]{1,4}))?", part)
        if not match:
            raise InvalidRequest(f"cpus: {text!r} is not a list of cpus, such as 0-3,^1")
        some = range(int(match[2]), int(match[3] or match[2]) + 1)
        cpus = cpus - set(some) if match[1] else cpus | set(some)
    if not cpus:
        raise InvalidRequest(f"cpus: {text!r} leaves no cpu")
    return frozenset(cpus)


def check(desired: Desired) -> None:
    """Raise InvalidRequest for what no xend could carry out, before anything is sent."""
    if not desired.name:
        raise InvalidRequest("'' cannot be the name of a domain")
    _check_combinations(desired)
    cpu_set(desired.options.get("cpus", "0"))
    declared = desired.declared()
    for option in ("memory", "maxmem", "vcpus"):
        number = getattr(declared, option)
        if number is not None and number < 1:
            raise InvalidRequest(f"{option} must be 1 or more, not {number}")
    if (declared.vcpus or 1) > MOST_VCPUS:
        raise InvalidRequest(
            f"vcpus must be {MOST_VCPUS} at most, as no Xen has more for a domain, not {declared.vcpus}"
        )
    if declared.memory and declared.maxmem and declared.maxmem < declared.memory:
        raise InvalidRequest(f"maxmem ({declared.maxmem} MiB) is less than memory ({declared.memory} MiB)")
    if declared.uuid and not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", declared.uuid):
        raise InvalidRequest(f"uuid must have 32 hexadecimal digits, {declared.uuid!r} has not")
    if any(is_domain_0(uuid) for uuid in _uuids(desired.tree())):
        raise InvalidRequest(f"uuid {declared.uuid} is that of the control domain, which is the host itself")
    _check_unique("vbds", "dev", [vbd.dev for vbd in declared.vbds or ()])
    _check_unique("vifs", "mac", [vif.mac for vif in declared.vifs or ()])
    for vbd in declared.vbds or ():
        if ":" not in (vbd.uname or ""):
            raise InvalidRequest(
                f"vbds: uname {vbd.uname!r} of {vbd.dev} must say where the disk is, as phy:vg0/disk or file:/path does"
            )


def _uuids(tree: Sxp) -> list[str]:
    """Return all uuids in a config, should it say several."""
    pairs = [item for item in tree if isinstance(item, list) and item[:1] == ["uuid"]]
    return [value for pair in pairs for value in pair[1:] if isinstance(value, str)]


def _check_combinations(desired: Desired) -> None:
    """Raise InvalidRequest for options that do not go together."""
    unlisted = [kind for kind in ("vbds", "vifs") if getattr(desired, f"purge_{kind}") and kind not in desired.options]
    if unlisted:
        raise InvalidRequest(
            f"purge_{unlisted[0]} needs the list of what is to stay: give {unlisted[0]}, perhaps as []"
        )
    up = desired.state in UP
    if desired.restore_file and not up:
        raise InvalidRequest("restore_file goes with state: running, paused or restarted")
    if desired.recreate != "never" and not up:
        raise InvalidRequest("recreate goes with state: running, paused or restarted")
    if bool(desired.save_file) != (desired.state == "saved"):
        raise InvalidRequest("state: saved and save_file, the path of a file on the xend host, need each other")
    if desired.new_name is not None and desired.config is not None:
        raise InvalidRequest("new_name goes with options, not with a config: that says a name itself")
    if desired.restore_file == "":
        raise InvalidRequest("restore_file must name a file on the xend host")
    if desired.new_name is not None and (desired.state in ("absent", "saved") or not _NAME.fullmatch(desired.new_name)):
        raise InvalidRequest(f"new_name {desired.new_name!r} must be a name that xend takes, for a domain that stays")
    if desired.new_name is not None and (is_domain_0(desired.new_name) or desired.new_name.isdigit()):
        raise InvalidRequest(
            f"new_name {desired.new_name!r} would get in the way of the control domain, or of a domain's id"
        )


def is_open(desired: Desired, release: Optional[Release]) -> bool:
    """Tell whether some of the releases that xend may be take what the desired is made of, and some do not."""
    possible = set(within(release.span)) if release else set(RELEASES)
    return any(possible - set(takers(*part)) and possible & set(takers(*part)) for part in _parts(desired))


def _check_parts(desired: Desired, release: Optional[Release]) -> None:
    """Raise InvalidRequest for a kind of device or guest that xend does not know, so that it would refuse the whole."""
    for kind, name in _parts(desired) if release else ():
        taking = takers(kind, name)
        if release and not set(within(release.span)) & set(taking):
            what = f"a guest of the type {name}" if kind == "image" else f"a device of the class {name}"
            raise InvalidRequest(f"xend {release.span} refuses {what}, which exists in {span_of(taking)} only")


def _parts(desired: Desired) -> list[tuple[str, str]]:
    """Return the device classes and the image type of a desired domain, as ("device", "tap")."""
    tree = desired.tree()
    sections = [item for item in tree if isinstance(item, list) and len(item) > 1] if isinstance(tree, list) else []
    return [
        (str(key), section[0])
        for key, section in ((item[0], item[1]) for item in sections)
        if key in ("device", "image") and isinstance(section, list) and section and isinstance(section[0], str)
    ]


def check_creation(desired: Desired, release: Optional[Release]) -> None:
    """Raise InvalidRequest where a create would fail, lose something or do harm on that release."""
    if is_domain_0(desired.name):
        raise InvalidRequest(f"{desired.name} is the control domain, by its name or its id: it cannot be created")
    if not _NAME.fullmatch(desired.name):
        raise InvalidRequest(
            f"{desired.name!r} cannot be the name of a domain: xend takes letters, digits and the signs _ - . : / + only "
            "(4.0 and later no slash)"
        )
    if not desired.describes_a_domain:
        raise InvalidRequest(
            f"There is no domain {desired.name!r}, and the task does not say enough to create it: give memory and "
            "an image (or a bootloader), or config"
        )
    declared = desired.declared()
    if declared.bootloader and declared.image and (release is None or release.deletes_boot_files):
        raise InvalidRequest(
            f"bootloader together with a kernel is refused: xend {release.span if release else 'up to 3.0.3'} deletes "
            f"the files named as kernel and ramdisk ({declared.image.kernel or declared.image.ramdisk}) once the domain is built. "
            "Leave bootloader out, or leave the image out where xend runs the bootloader itself (3.0.4 and later)."
        )
    if desired.options.get("pci") and (release is None or release.vcpus_in_image):
        raise InvalidRequest(
            "pci is refused up to 3.0.3, as 3.0.0 wants (device (pci (bus B) (dev D) (func F))), and 3.0.2 on what this "
            "option makes: say it as extra_config"
        )
    _check_parts(desired, release)
    check_addresses(declared, release)


def check_addresses(declared: Domain, release: Optional[Release]) -> None:
    """Raise InvalidRequest for several addresses of a vif where xend would keep only the last, and be asked for ever."""
    if any(len(vif.ip or ()) > 1 for vif in declared.vifs or ()) and not (release and release.keeps_all_ips):
        raise InvalidRequest("A vif with several ip addresses is refused: this xend would keep only the last of them")


def check_definition(release: Optional[Release]) -> None:
    """Raise InvalidRequest where xend keeps no definitions."""
    if release is not None and not release.manages:
        raise InvalidRequest(
            f"xend {release.span} keeps no definitions of domains: state: defined exists from 3.0.4 on"
        )


def _check_unique(option: str, key: str, values: list[Optional[str]]) -> None:
    """Raise for two devices that would be one."""
    given = [value for value in values if value]
    twice = next((value for value in given if given.count(value) > 1), None)
    if twice:
        raise InvalidRequest(f"{option}: two with {key} {twice}")


def _tree(name: str, options: dict[str, Any], *, vcpus_in_image: bool) -> Sxp:
    """Write the structured options as a config."""
    vcpus: list[Sxp] = [["vcpus", str(options.get("vcpus", 1))]]
    tree: list[Sxp] = ["vm", ["name", name]]
    tree += [[key, str(options[key])] for key in _TOP_LEVEL if key in options]
    image = options.get("image")
    if image is None or not vcpus_in_image:
        tree += vcpus
    if image is not None:
        section: list[Sxp] = [image["type"], *_given(image, ("kernel", "ramdisk"))]
        args = command_line(image.get("root"), image.get("args"))
        section += [["args", args]] if args else []
        section += [[str(key), str(value)] for key, value in (image.get("options") or {}).items()]
        tree.append(["image", section + (vcpus if vcpus_in_image else [])])
    tree += [["device", vbd_tree(vbd)] for vbd in options.get("vbds", ())]
    tree += [["device", vif_tree(vif)] for vif in options.get("vifs", ())]
    if options.get("vfbs"):
        tree.append(["device", ["vkbd"]])
    tree += [["device", ["vfb", *_numbered(vfb)]] for vfb in options.get("vfbs", ())]
    if options.get("pci"):
        tree.append(["device", ["pci", *map(_pci_tree, options["pci"])]])
    return [*tree, *map(parse_fragment, options.get("extra_config", ()))]


def _numbered(values: Mapping[str, Any]) -> list[Sxp]:
    """Return those values that are given, as (key value), truth as 1 and 0."""
    given = {
        key: int(value) if isinstance(value, bool) else value for key, value in values.items() if value is not None
    }
    return [[key, str(value)] for key, value in given.items()]


def _pci_tree(address: str) -> Sxp:
    """Return a PCI device as xend takes it from 3.0.2 on. Raises InvalidRequest."""
    match = _PCI.fullmatch(address)
    if not match:
        raise InvalidRequest(f"pci: {address!r} is not the address of a device, such as 0000:00:03.0")
    parts = zip(("domain", "bus", "slot", "func"), (match[1] or "0", *match.groups()[1:]))
    fields: list[Sxp] = [[key, f"0x{int(value, 16):x}"] for key, value in parts]
    return ["dev", *fields]


def vbd_tree(vbd: Mapping[str, Any]) -> Sxp:
    """Return a disk as xend takes it."""
    return ["vbd", *_given(vbd, ("uname", "dev", "mode", "backend"))]


def vif_tree(vif: Mapping[str, Any]) -> Sxp:
    """Return an interface as xend takes it."""
    addresses: list[Sxp] = [["ip", address] for address in vif.get("ip") or ()]
    return ["vif", *_given(vif, ("mac", "bridge", "script", "backend")), *addresses]


def _given(values: Mapping[str, Any], keys: tuple[str, ...]) -> list[Sxp]:
    """Return those of *keys* that have a value, as (key value)."""
    return [[key, str(values[key])] for key in keys if values.get(key)]
