# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a domain is not as declared, and what can be done about it while it lives. No I/O.

Each difference ends in one of three ways: an operation that changes it live, or an entry of ``drift`` that says that
it takes a new domain (``recreate``), or that it can be changed live, but not as long as the domain is paused (``live``),
or not without leave (``change_vbds``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Optional, Union

from ansible_collections.dom0.xend.plugins.module_utils.desired.config import (
    Desired,
    check_addresses,
    cpu_set,
    parse_fragment,
    vbd_tree,
    vif_tree,
)
from ansible_collections.dom0.xend.plugins.module_utils.model.devices import Vbd, Vif
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import DOMAIN_0, Domain
from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import MASK, SECRETS
from ansible_collections.dom0.xend.plugins.module_utils.operations.base import Operation
from ansible_collections.dom0.xend.plugins.module_utils.operations.devices import Attach, ChangeMedia, Detach
from ansible_collections.dom0.xend.plugins.module_utils.operations.settings import (
    Pin,
    RaiseLimit,
    SetMaxmem,
    SetMemory,
    SetVcpus,
)
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import printable
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp

Device = Union[Vbd, Vif]

_NEVER_LIVE = ("uuid", "on_poweroff", "on_reboot", "on_crash", "bootloader")
_A_PAIR = 2
_VBD, _VIF = ("uname", "mode"), ("bridge", "ip", "script")


@dataclass
class Comparison:
    """What a desired domain asks of a domain: ``operations`` that make it so, in order, and ``drift`` that they leave."""

    operations: list[Operation] = field(default_factory=list)
    drift: list[dict[str, Any]] = field(default_factory=list)

    def left(self, option: str, declared: object, found: object, takes: str = "recreate") -> None:
        """Note a difference that stays."""
        if option in SECRETS:
            declared = found = MASK
        self.drift.append({"option": option, "declared": declared, "found": found, "takes": takes})


def compare(found: Domain, desired: Desired) -> Comparison:
    """Return what *desired* asks of *found*."""
    result = Comparison()
    if not (desired.options or desired.config):
        return result
    declared = desired.declared()
    if "vcpus" not in desired.options and desired.config is None:
        declared = replace(declared, vcpus=None)  # a config always names it
    check_addresses(declared, found.release)
    for option in _NEVER_LIVE:
        _note(result, option, getattr(declared, option), getattr(found, option))
    if declared.image and found.image:  # xend up to 3.0.4 forgets images when it is restarted: none is no difference
        for key in ("type", "kernel", "ramdisk", "args"):
            _note(result, f"image.{key}", getattr(declared.image, key), getattr(found.image, key))
    _compare_rest(result, found, desired)
    if found.state in ("running", "paused"):
        _compare_memory(result, declared, found)
        _compare_vcpus(result, declared, found)
        _compare_cpus(result, found, desired)
        _compare_vbds(result, declared, found, desired)
        _compare_vifs(result, declared, found, desired)
    elif found.state == "halted":
        _compare_definition(result, declared, found)
    return result


def _note(result: Comparison, option: str, declared: object, found: object, takes: str = "recreate") -> None:
    """Note a difference in what cannot be changed live."""
    if declared is not None and declared != found:
        result.left(option, declared, found, takes)


def _compare_rest(result: Comparison, found: Domain, desired: Desired) -> None:
    """Compare what is only said when a domain is created, as far as it shows at all."""
    shown = [item for item in found.tree if isinstance(item, list) and item] if isinstance(found.tree, list) else []
    classes = [item[1][:1] for item in shown if item[0] == "device" and len(item) > 1 and isinstance(item[1], list)]
    if "vfbs" in desired.options:
        _note(result, "vfbs", len(desired.options["vfbs"]), classes.count(["vfb"]))
    texts = {str(item[0]): printable(item[1]) for item in shown if len(item) > 1 and isinstance(item[1], str)}
    said: dict[str, Sxp] = {"bootloader_args": desired.options.get("bootloader_args") or ""}
    for fragment in map(parse_fragment, desired.options.get("extra_config", ())):
        said[str(fragment[0])] = fragment[1] if len(fragment) == _A_PAIR else ""
    for key, value in said.items():
        if value and isinstance(value, str) and texts.get(key):
            _note(result, key, printable(value), texts[key])


def _compare_memory(result: Comparison, declared: Domain, found: Domain) -> None:
    """Compare memory and maxmem: the limit goes up before the memory, and down after it."""
    maxmem, memory = declared.maxmem, declared.memory
    limit_shows = found.release is None or found.release.shows_maxmem
    if maxmem is not None and maxmem != found.maxmem and not limit_shows:
        result.left("maxmem", maxmem, found.maxmem)
        maxmem = None
    limit = maxmem or found.maxmem or 0
    if maxmem is not None and maxmem > (found.maxmem or 0):
        result.operations.append(SetMaxmem(found.name, maxmem))
    if memory is not None and memory != found.memory:
        if memory > limit:
            result.left("memory", memory, found.memory)
        else:
            if not limit_shows and memory > (found.memory or 0):
                result.operations.append(RaiseLimit(found.name, limit))
            result.operations.append(SetMemory(found.name, memory))
            found = replace(found, memory=memory)
    if maxmem is not None and maxmem < (found.maxmem or 0):
        if maxmem < (found.memory or 0):  # on 3.1 this would spoil xend for all domains
            result.left("maxmem", maxmem, found.maxmem)
        else:
            result.operations.append(SetMaxmem(found.name, maxmem))


def _compare_vcpus(result: Comparison, declared: Domain, found: Domain) -> None:
    """Compare the number of vcpus that the guest may use with that declared; only so many as it was built with."""
    if declared.vcpus is None or declared.vcpus == found.usable_vcpus:
        return
    may_have_more = found.release is not None and found.release.rewrites_vcpus
    if found.vcpus is not None and (declared.vcpus <= found.vcpus or may_have_more):
        result.operations.append(SetVcpus(found.name, declared.vcpus))
    else:
        result.left("vcpus", declared.vcpus, found.usable_vcpus)


def _compare_cpus(result: Comparison, found: Domain, desired: Desired) -> None:
    """Compare the cpus that the vcpus may run on. Up to 3.0.2 a create deals them out, so each has some of them."""
    if "cpus" not in desired.options or found.cpus is None:
        return
    wanted = cpu_set(desired.options["cpus"])
    astray = [vcpu for vcpu, cpus in enumerate(found.cpus) if not cpus or not cpus <= wanted]
    if not astray:
        return
    if found.release is not None and found.release.pins:
        result.operations += [Pin(found.name, vcpu, wanted) for vcpu in astray]
    else:
        result.left("cpus", desired.options["cpus"], [sorted(cpus) for cpus in found.cpus])


def _compare_vbds(result: Comparison, declared: Domain, found: Domain, desired: Desired) -> None:
    """Compare the disks, by their dev."""
    there = {vbd.dev: vbd for vbd in found.vbds or ()}
    for vbd in declared.vbds or ():
        pair = _Pair(f"vbds[{vbd.dev}]", "vbd", vbd, there.pop(vbd.dev, None))
        _settle(result, found, desired, pair)
    for dev in there if desired.purge_vbds else ():
        _purge(result, found, f"vbds[{dev}]", Detach(found.name, "vbd", dev or ""))


def _compare_vifs(result: Comparison, declared: Domain, found: Domain, desired: Desired) -> None:
    """Compare the interfaces, by their mac, or those declared without one by their place among the others."""
    rest = list(found.vifs or ())
    by_mac = {vif.mac: vif for vif in rest if vif.mac}
    for vif in declared.vifs or ():
        if vif.mac in by_mac:
            rest.remove(by_mac[vif.mac])
    for position, vif in enumerate(declared.vifs or ()):
        other = by_mac.get(vif.mac) if vif.mac else (rest.pop(0) if rest else None)
        _settle(result, found, desired, _Pair(f"vifs[{vif.mac or position}]", "vif", vif, other))
    for vif in rest if desired.purge_vifs else ():
        _purge(result, found, f"vifs[{vif.mac}]", Detach(found.name, "vif", vif.mac or ""))


@dataclass(frozen=True)
class _Pair:
    """A device as it is declared, and the one that is there for it, if there is one."""

    option: str
    kind: str
    declared: Device
    found: Optional[Device]

    def differences(self) -> list[tuple[str, Any, Any]]:
        """Return the fields in which what is there is not as declared; none if nothing is there."""
        return _differences(self.declared, self.found, _VBD if self.kind == "vbd" else _VIF)

    def attach(self, name: str) -> Attach:
        """Return how to attach it; what is not declared stays as it is."""
        said = {key: value for key, value in vars(self.declared).items() if value is not None}
        values = {**(vars(self.found) if self.found else {}), **said}
        return Attach(name, vbd_tree(values) if self.kind == "vbd" else vif_tree(values))

    def detach(self, name: str) -> Detach:
        """Return how to detach what is there."""
        values = vars(self.found)
        if self.kind == "vbd":
            return Detach(name, self.kind, values["dev"] or "", vbd_tree(values))
        return Detach(name, self.kind, values["mac"] or "", vif_tree(values))

    @property
    def can_be_attached_again(self) -> bool:
        """Tell whether all that is known of what is there can be said to xend again: bytes that are no text cannot."""
        return not any("\\x" in str(value) for value in vars(self.found).values())


def _differences(declared: Device, found: Optional[Device], keys: tuple[str, ...]) -> list[tuple[str, Any, Any]]:
    """Return the fields in which a device is not as declared; none if it is missing."""
    if found is None:
        return []
    pairs = [(key, getattr(declared, key), getattr(found, key)) for key in keys]
    wanted = "0" if declared.backend == DOMAIN_0 else declared.backend
    if wanted and wanted.isdigit():  # a name cannot be told from an id
        pairs.append(("backend", wanted, found.backend))
    return [(key, said, there) for key, said, there in pairs if said is not None and _plain(said) != _plain(there)]


def _plain(value: object) -> object:
    """Return a uname as the host's scripts take it, for whom phy:/dev/vg0/web1 is phy:vg0/web1; other values as they are."""
    return "phy:" + value[len("phy:/dev/") :] if isinstance(value, str) and value.startswith("phy:/dev/") else value


def _settle(result: Comparison, found: Domain, desired: Desired, pair: _Pair) -> None:
    """Attach a device that is missing, and change one that differs: it is detached, and attached anew."""
    if pair.found is None:
        if desired.config is not None:  # it may say more of a device than is read of it
            result.left(pair.option, "present", "absent")
        else:
            result.operations.append(pair.attach(found.name))
        return
    differing = pair.differences()
    allowed = pair.kind == "vif" or desired.change_vbds
    reattaches = found.release is None or found.release.reattaches
    live = desired.config is None and pair.can_be_attached_again
    if differing and live and _is_cdrom_of_hvm(pair, found):  # which cannot be pulled out, but opened
        live = [key for key, _declared, _now in differing] == ["uname"] and bool(
            found.release and found.release.changes_media
        )
        if live:
            result.operations.append(ChangeMedia(found.name, pair.attach(found.name).device))
            return
    live = live and reattaches
    if differing and live and allowed and found.state != "paused":  # a paused guest cannot let go of a device
        result.operations += [pair.detach(found.name), pair.attach(found.name)]
        return
    takes = "recreate" if not live else "live" if allowed else "change_vbds"
    for name, declared, now in differing:
        result.left(f"{pair.option}.{name}", declared, now, takes)


def _is_cdrom_of_hvm(pair: _Pair, found: Domain) -> bool:
    """Tell whether a device is the cdrom of a guest whose disks are emulated."""
    emulated = found.image is not None and found.image.type in ("hvm", "vmx")
    return emulated and isinstance(pair.declared, Vbd) and (pair.declared.dev or "").endswith(":cdrom")


def _purge(result: Comparison, found: Domain, option: str, detach: Detach) -> None:
    """Detach a device that is not declared."""
    if found.state == "paused":
        result.left(option, "absent", "present", "live")
    else:
        result.operations.append(detach)


def _compare_definition(result: Comparison, declared: Domain, found: Domain) -> None:
    """Compare with the definition of a managed domain that does not run."""
    for option in ("memory", "maxmem", "vcpus"):
        _note(result, option, getattr(declared, option), getattr(found, option), "next_start")
    for entry in result.drift:
        entry["takes"] = "next_start"
    disks = {vbd.dev: vbd for vbd in found.vbds or ()}
    for vbd in declared.vbds or ():
        other = disks.get(vbd.dev)
        if other is None:
            result.left(f"vbds[{vbd.dev}]", "present", "absent", "next_start")
        for name, wanted, now in _differences(vbd, other, _VBD):
            result.left(f"vbds[{vbd.dev}].{name}", wanted, now, "next_start")
