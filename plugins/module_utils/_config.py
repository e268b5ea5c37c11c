# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user wants, as the config that xend takes (WIRE.md (e)).

The options of xen_domain and a whole ``config`` both end as one s-expression, and that is read back with the reader
for domains: so both kinds of wish are compared with what exists in one way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils._domain import DOMAIN_0, Domain, command_line
from ansible_collections.dom0.xend.plugins.module_utils._errors import InvalidRequest
from ansible_collections.dom0.xend.plugins.module_utils._release import Release
from ansible_collections.dom0.xend.plugins.module_utils._sxp import Sxp, SxpError, dumps, loads

STRUCTURED = (
    "memory",
    "maxmem",
    "vcpus",
    "uuid",
    "bootloader",
    "on_poweroff",
    "on_reboot",
    "on_crash",
    "image",
    "vbds",
    "vifs",
)
"""The options that describe a domain; ``config`` stands for all of them."""

_TOP_LEVEL = ("memory", "maxmem", "uuid", "bootloader", "on_poweroff", "on_reboot", "on_crash")
_NAME = re.compile(r"[A-Za-z0-9_.:/+-]+")


@dataclass(frozen=True)
class Wish:
    """What a task declares. ``options`` holds those of STRUCTURED that were given, ``config`` a whole config."""

    name: str
    state: str = "running"
    options: dict[str, Any] = field(default_factory=dict)
    config: Optional[list[Sxp]] = None
    force: bool = False
    shutdown_timeout: float = 300
    on_shutdown_timeout: str = "fail"
    on_device_failure: str = "destroy"
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
        """Return what is wished for as a domain; what is not said is None, a list without devices is empty."""
        return Domain.from_sxp(self.tree())


def parse_config(text: str, name: str) -> list[Sxp]:
    """Return the config in *text*, with its name. Raises InvalidRequest where xend would misread it."""
    try:
        tree = loads(text, alone=True)
    except SxpError as error:
        raise InvalidRequest(f"config is not an s-expression that xend reads: {error}") from error
    if not isinstance(tree, list) or not tree or not isinstance(tree[0], str):
        raise InvalidRequest("config must be one list that begins with a word, as in (vm (name web1) (memory 64) ...)")
    names = [item[1:] for item in tree if isinstance(item, list) and item[:1] == ["name"]]
    if not names:
        return [tree[0], ["name", name], *tree[1:]]
    if names[0] != [name]:
        raise InvalidRequest(f"config says {dumps(['name', *names[0]])}, the task says name: {name}. They must agree.")
    return tree


def check(wish: Wish) -> None:
    """Raise InvalidRequest for what no xend could carry out, before anything is sent."""
    if not wish.name:
        raise InvalidRequest("'' cannot be the name of a domain")
    _check_combinations(wish)
    declared = wish.declared()
    for option in ("memory", "maxmem", "vcpus"):
        number = getattr(declared, option)
        if number is not None and number < 1:
            raise InvalidRequest(f"{option} must be 1 or more, not {number}")
    if declared.memory and declared.maxmem and declared.maxmem < declared.memory:
        raise InvalidRequest(f"maxmem ({declared.maxmem} MiB) is less than memory ({declared.memory} MiB)")
    if declared.uuid and not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", declared.uuid):
        raise InvalidRequest(f"uuid must have 32 hexadecimal digits, {declared.uuid!r} has not")
    _check_unique("vbds", "dev", [vbd.dev for vbd in declared.vbds or ()])
    _check_unique("vifs", "mac", [vif.mac for vif in declared.vifs or ()])
    for vbd in declared.vbds or ():
        if ":" not in (vbd.uname or ""):
            raise InvalidRequest(
                f"vbds: uname {vbd.uname!r} of {vbd.dev} must say where the disk is, as phy:vg0/disk or file:/path does"
            )


def _check_combinations(wish: Wish) -> None:
    """Raise InvalidRequest for options that do not go together."""
    unlisted = [kind for kind in ("vbds", "vifs") if getattr(wish, f"purge_{kind}") and kind not in wish.options]
    if unlisted:
        raise InvalidRequest(
            f"purge_{unlisted[0]} needs the list of what is to stay: give {unlisted[0]}, perhaps as []"
        )
    up = wish.state in ("running", "paused", "restarted")
    if wish.restore_file and not up:
        raise InvalidRequest("restore_file goes with state: running, paused or restarted")
    if wish.recreate != "never" and not up:
        raise InvalidRequest("recreate goes with state: running, paused or restarted")
    if bool(wish.save_file) != (wish.state == "saved"):
        raise InvalidRequest("state: saved and save_file, the path of a file on the xend host, need each other")
    if wish.restore_file == "":
        raise InvalidRequest("restore_file must name a file on the xend host")
    if wish.new_name is not None and (wish.state in ("absent", "saved") or not _NAME.fullmatch(wish.new_name)):
        raise InvalidRequest(f"new_name {wish.new_name!r} must be a name that xend takes, for a domain that stays")
    if wish.new_name is not None and (wish.new_name == DOMAIN_0 or wish.new_name.isdigit()):
        raise InvalidRequest(
            f"new_name {wish.new_name!r} would get in the way of the control domain, or of a domain's id"
        )


def check_creation(wish: Wish, release: Optional[Release]) -> None:
    """Raise InvalidRequest where a create would fail, lose something or do harm on that release."""
    if wish.name == DOMAIN_0:
        raise InvalidRequest(f"{DOMAIN_0} is the control domain: it cannot be created")
    if not _NAME.fullmatch(wish.name):
        raise InvalidRequest(
            f"{wish.name!r} cannot be the name of a domain: xend takes letters, digits and the signs _ - . : / + only "
            "(4.0 and later no slash)"
        )
    if not wish.describes_a_domain:
        raise InvalidRequest(
            f"There is no domain {wish.name!r}, and the task does not say enough to create it: give memory and "
            "an image (or a bootloader), or config"
        )
    declared = wish.declared()
    if declared.bootloader and declared.image and (release is None or release.deletes_boot_files):
        raise InvalidRequest(
            f"bootloader together with a kernel is refused: xend {release.span if release else 'up to 3.0.3'} deletes "
            f"the files named as kernel and ramdisk ({declared.image.kernel or declared.image.ramdisk}) once the domain is built. "
            "Leave bootloader out, or leave the image out where xend runs the bootloader itself (3.0.4 and later)."
        )
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
        tree.append(["image", section + (vcpus if vcpus_in_image else [])])
    tree += [["device", vbd_tree(vbd)] for vbd in options.get("vbds", ())]
    tree += [["device", vif_tree(vif)] for vif in options.get("vifs", ())]
    return tree


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
