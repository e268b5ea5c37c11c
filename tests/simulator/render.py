# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Printing domains, devices and the node as each release shows them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Callable

from .domains import FRONTEND_CONNECTED, FRONTEND_NEW
from .sxp import Long, child_value, head

if TYPE_CHECKING:
    from .domains import Device, Domain
    from .host import Host
    from .sxp import Sxp

_CPUS = 4
_LONG = 2**63
_NOTES: list[Sxp] = [
    "notes",
    [
        "FEATURES",
        (
            "writable_page_tables|writable_descriptor_tables|auto_translated_physmap|pae_pgdir_above_4gb"
            "|supervisor_mode_kernel"
        ),
    ],
    ["VIRT_BASE", 3221225472],
    ["GUEST_OS", "linux"],
    ["LOADER", "generic"],
    ["SUSPEND_CANCEL", 1],
    ["XEN_VERSION", "xen-3.0"],
]
_DEVICE_ORDER = ("vif", "usb", "tap", "vkbd", "console", "vbd", "vfb", "pci")
_PROTOCOL: list[Sxp] = ["protocol", "x86_64-abi"]


def node_sxp(host: Host) -> list[Sxp]:
    """Return (node (k v) ..)."""
    live: dict[str, object] = {"free_memory": host.free_memory, "xen_scheduler": host.scheduler}
    items = [(key, live.get(key) if value is None else value) for key, value in host.personality.node]
    return ["node", *([key, value] for key, value in items)]  # type: ignore[list-item]


def domain_sxp(domain: Domain, *, fresh: bool = False) -> Sxp:
    """Return (domain (k v) ..); `fresh` is the reply to create, which xend has not refreshed yet."""
    result: list[Sxp] = ["domain"]
    for name in domain.host.personality.domain_fields:
        if name == "devices":
            result += _devices(domain, fresh=fresh)
        else:
            value = _FIELDS[name](domain, fresh)
            if value is not None:
                result.append([name, value])
    return result


# -- one function per field which needs more than an attribute ---------------------------------------------------------


def _weight(domain: Domain, _fresh: bool) -> Sxp:
    return float(domain.weight) if domain.host.personality.weight_is_float else int(domain.weight)


def _vcpu_avail(domain: Domain, _fresh: bool) -> Sxp:
    is_long = domain.restored and domain.host.personality.restored_vcpu_avail_is_long
    return Long(domain.vcpu_avail) if is_long or domain.vcpu_avail >= _LONG else domain.vcpu_avail


def _bootloader(domain: Domain, _fresh: bool) -> Sxp:
    return domain.bootloader if domain.bootloader or domain.host.personality.managed else None


def _cpus(domain: Domain, _fresh: bool) -> Sxp:
    if not domain.vcpus:
        return None
    if domain.domid == 0:
        return [list(range(_CPUS)) for _vcpu in range(domain.vcpus)]
    return [list(pins or ()) for pins in domain.pins[: domain.vcpus]]


def _state(domain: Domain, fresh: bool) -> Sxp:
    if domain.domid is None:
        return None
    if fresh:
        return "------" if domain.host.personality.managed else "??????"
    return domain.letters()


def _shutdown_reason(domain: Domain, fresh: bool) -> Sxp:
    return None if fresh else domain.down or "poweroff"


def _has_run(domain: Domain) -> bool:
    return domain.domid is not None or domain.starts > 0


def _cpu_time(domain: Domain, fresh: bool) -> Sxp:
    if fresh or not _has_run(domain):
        return None
    return round(domain.host.clock.now() - domain.started, 9) * 0.01 if domain.unpaused_once else 0.0


def online_vcpus(domain: Domain) -> int:
    """Return how many vcpus the guest has brought up: those it may use, at least one."""
    return max(1, bin(domain.vcpu_avail & ((1 << domain.vcpus) - 1)).count("1"))


def _online_vcpus(domain: Domain, fresh: bool) -> Sxp:
    if not _has_run(domain) or (fresh and domain.host.personality.managed):
        return None
    return online_vcpus(domain)


def _up_time(domain: Domain, _fresh: bool) -> Sxp:
    known = domain.built and not domain.restored
    return _float_text(domain.host.clock.now() - domain.started) if known else None


def _start_time(domain: Domain, _fresh: bool) -> Sxp:
    forgotten = domain.restored and not domain.host.personality.managed
    if not domain.built or forgotten or not _has_run(domain):
        return None
    return round(domain.started_wall, 2)


def _float_text(value: float) -> str:
    return f"{value:.12g}"


def _mfn(offset: int) -> Callable[[Domain, bool], Sxp]:
    def mfn(domain: Domain, _fresh: bool) -> Sxp:
        if not domain.built or not _has_run(domain) or (offset > 1 and head(domain.image) == "vmx"):
            return None
        return 1000 + 16 * (domain.domid or 0) + offset

    return mfn


def _shadow_memory(domain: Domain, _fresh: bool) -> Sxp:
    return 1 if domain.starts else 0


def _description(domain: Domain, _fresh: bool) -> Sxp:
    return None if domain.domid == 0 else ""


def _image(domain: Domain, _fresh: bool) -> Sxp:
    if not domain.host.personality.managed:
        return domain.image
    if domain.domid == 0:
        return ["linux", ["kernel", ""], ["superpages", 0], ["nomigrate", 0], ["tsc_mode", 0]]
    items: list[Sxp] = [head(domain.image) or "linux"]
    for key in ("kernel", "ramdisk"):
        value = child_value(domain.image, key)
        if value is not None:
            items.append([key, value])
    arguments = _kernel_arguments(domain.image)
    if arguments:
        items.append(["args", arguments])
    started = domain.starts > 0
    items.append(["superpages", 0])
    if started:
        items.append(["pci", []])
    items += [["nomigrate", 0], ["tsc_mode", 0]]
    if any(each.kind == "vfb" for each in domain.devices):
        items.append(["device_model", "/srv/xen/bin/qemu-dm"])
    return [*items, _NOTES] if started else items


def _kernel_arguments(image: Sxp) -> str:
    """Return root, ip and args as one line, the way 3.1 and later show them."""
    parts = []
    for key, prefix in (("root", "root="), ("ip", "ip="), ("args", "")):
        value = child_value(image, key)
        if isinstance(value, str) and value:
            parts.append(prefix + value)
    return " ".join(parts)


def _always(value: Sxp) -> Callable[[Domain, bool], Sxp]:
    return lambda _domain, _fresh: value


def _attribute(name: str) -> Callable[[Domain, bool], Sxp]:
    return lambda domain, _fresh: getattr(domain, name)


def _on(event: str) -> Callable[[Domain, bool], Sxp]:
    return lambda domain, _fresh: domain.on[event]


_FIELDS: dict[str, Callable[[Domain, bool], Sxp]] = {
    "domid": _attribute("domid"),
    "uuid": _attribute("uuid"),
    "ssidref": _always(0),
    "vcpus": _attribute("vcpus"),
    "vcpu_avail": _vcpu_avail,
    "cpu_weight": _weight,
    "cpu_cap": _attribute("cap"),
    "pool_name": _always("Pool-0"),
    "memory": _attribute("memory"),
    "maxmem": _attribute("maxmem"),
    "bootloader": _bootloader,
    "bootloader_args": _always(""),
    "name": _attribute("name"),
    "description": _description,
    "on_poweroff": _on("poweroff"),
    "on_reboot": _on("reboot"),
    "on_crash": _on("crash"),
    "on_xend_start": lambda domain, _fresh: domain.on_xend[0],
    "on_xend_stop": lambda domain, _fresh: domain.on_xend[1],
    "image": _image,
    "cpus": _cpus,
    "shadow_memory": _shadow_memory,
    "features": _always(""),
    "status": _attribute("status"),
    "state": _state,
    "shutdown_reason": _shutdown_reason,
    "cpu_time": _cpu_time,
    "online_vcpus": _online_vcpus,
    "up_time": _up_time,
    "start_time": _start_time,
    "store_mfn": _mfn(1),
    "console_mfn": _mfn(2),
}


# -- devices -----------------------------------------------------------------------------------------------------------


def _devices(domain: Domain, *, fresh: bool) -> list[Sxp]:
    managed = domain.host.personality.managed
    shown: list[Sxp] = []
    for kind in _DEVICE_ORDER:
        if kind == "console":
            shown += _console(domain, fresh=fresh)
        for each in domain.of_kind(kind):
            if each.broken:
                break  # xend stumbles over it and shows none of its kind from there on
            if each.listed:
                shown.append(["device", _device(domain, each, managed=managed)])
    return shown


def _console(domain: Domain, *, fresh: bool) -> list[Sxp]:
    """Return the console, which appears by itself once a domain of the later releases was built."""
    if fresh or not domain.host.personality.managed or not domain.starts:
        return []
    console: list[Sxp] = ["console", ["protocol", "vt100"], ["location", 2], ["uuid", domain.console_uuid]]
    if domain.domid is None and domain.starts > 1:
        console.insert(1, ["devid", 0])
    return [["device", console]]


def _device(domain: Domain, device: Device, *, managed: bool) -> Sxp:
    if not managed:
        return _OLD_DEVICES.get(device.kind, _old_other)(device)
    if device.shell:
        return _old_other(device)
    if device.kind == "vif":
        return _vif(domain, device)
    if device.kind in ("vbd", "tap"):
        return _vbd(domain, device)
    return _other(device)


def _old_vbd(device: Device) -> Sxp:
    pairs: list[Sxp] = [["backend", device.backend], ["dev", device.get("dev")], ["uname", device.get("uname")]]
    return ["vbd", *pairs, ["mode", device.get("mode") or "r"]]


def _old_vif(device: Device) -> Sxp:
    pairs: list[Sxp] = [["backend", device.backend], ["script", device.get("script") or "vif-bridge"]]
    if device.config.get("ip"):
        pairs.append(["ip", list(device.config["ip"])])
    pairs += [[key, device.get(key)] for key in ("bridge", "mac") if device.get(key)]
    return ["vif", *pairs]


def _old_other(device: Device) -> Sxp:
    return [device.kind, ["backend", device.backend]]


_OLD_DEVICES: dict[str, Callable[[Device], Sxp]] = {"vbd": _old_vbd, "vif": _old_vif}


def _vif(domain: Domain, device: Device) -> Sxp:
    live = domain.domid is not None
    pairs: list[Sxp] = []
    for key in ("bridge", "mac", "vifname", "ip", "type"):
        values = device.config.get(key)
        if values:
            pairs.append([key, values[-1]])
    if device.get("rate"):
        pairs.append(["rate", _rate(device.get("rate") or "")])
    if live:
        pairs += [["script", _script(domain.host, device)], ["backend", device.backend]]
    elif device.get("script"):
        pairs.append(["script", device.get("script")])
    return ["vif", *pairs, *_halted_id(domain, device), ["uuid", device.uuid]]


def _halted_id(domain: Domain, device: Device) -> list[Sxp]:
    return [["devid", device.devid]] if domain.domid is None and domain.starts else []


def _script(host: Host, device: Device) -> str:
    script = device.get("script") or "vif-bridge"
    return script if script.startswith("/") else host.personality.vif_script_dir + script


def _vbd(domain: Domain, device: Device) -> Sxp:
    disks = [each for each in domain.devices if each.kind in ("vbd", "tap")]
    dev = device.get("dev") or ""
    first: list[Sxp] = [["uuid", device.uuid], ["bootable", 1 if disks and disks[0] is device else 0]]
    last: list[Sxp] = [["uname", device.get("uname")], ["mode", device.get("mode") or "r"]]
    if domain.domid is None:
        between: list[Sxp] = [*_halted_id(domain, device), ["driver", "paravirtualised"], ["dev", dev]]
        return [device.kind, *first, *between, *last]
    shown = dev if ":" in dev else f"{dev}:{device.given_class}"
    return [device.kind, _PROTOCOL, *first, ["dev", shown], *last, ["backend", device.backend], ["VDI", ""]]


def _other(device: Device) -> Sxp:
    pairs: list[Sxp] = [[key, value] for key, values in device.config.items() for value in values[-1:]]
    if device.kind == "vfb":
        kind = device.get("type")
        pairs = [pair for pair in pairs if isinstance(pair, list) and pair[0] not in ("type", "backend")]
        pairs += [[kind, 1]] if kind else []
        pairs.append(["uuid", device.uuid])
    return [device.kind, *pairs]


_RATE = re.compile(r"([0-9]+)([KMG]?)([Bb])/s(?:@([0-9]+)(m?s|us)?)?\Z")
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}
_MICROSECONDS = {"us": 1, "ms": 10**3, "s": 10**6, None: 10**3}


def _rate(text: str) -> str:
    """Return a rate as bytes per interval and the interval in microseconds; what is no rate stays as it is."""
    match = _RATE.match(text)
    if not match:
        return text
    per_second = int(match.group(1)) * _UNITS[match.group(2)] // (8 if match.group(3) == "b" else 1)
    interval = int(match.group(4) or 50) * _MICROSECONDS[match.group(5)]
    return f"{per_second * interval // 10**6},{interval}"


def frontends(domain: Domain, kind: str) -> Sxp:
    """Return what op=devices shows of one class."""
    managed = domain.host.personality.managed
    if managed and domain.domid is None:
        shown = [each for each in domain.devices if each.kind == kind]
        return [[each.devid, _device(domain, each, managed=True)] for each in shown]
    if domain.domid in (0, None):
        return []
    if kind == "console":
        return [[0, _frontend(domain, "console", 0, [])]]
    wanted = ("vbd", "tap") if kind in ("vbd", "tap", "tap2") else (kind,)
    if not managed and kind not in ("vbd", "vif"):
        return []
    shown = [each for each in domain.of_kind(*wanted) if each.listed and not each.broken and not each.shell]
    return [[each.devid, _disk_or_net(domain, each)] for each in shown]


def _disk_or_net(domain: Domain, device: Device) -> Sxp:
    if device.kind == "vif":
        return _frontend(domain, "vif", device.devid, [["handle", device.devid], ["mac", device.get("mac")]])
    extra: list[Sxp] = [["virtual-device", device.devid]]
    if domain.host.personality.managed:
        extra.append(["device-type", device.given_class])
    return _frontend(domain, "vbd", device.devid, extra)


def _frontend(domain: Domain, kind: str, devid: int, extra: list[Sxp]) -> Sxp:
    """Return the entries under a frontend's directory in the store, sorted as the store sorts them."""
    state = FRONTEND_CONNECTED if domain.unpaused_once else FRONTEND_NEW
    entries: list[Sxp] = [
        ["backend", f"/local/domain/0/backend/{kind}/{domain.domid}/{devid}"],
        ["backend-id", 0],
        ["state", state],
        *extra,
    ]
    if domain.host.personality.managed:
        entries.append(_PROTOCOL)
    return sorted(entries, key=lambda entry: head(entry) or "")


def vcpu_info(domain: Domain) -> Sxp:
    """Return (domain (domid) (name) (vcpu_count) (vcpu ..) ..)."""
    vcpus: list[Sxp] = [_vcpu(domain, number) for number in range(domain.vcpus)]
    return ["domain", ["domid", domain.domid], ["name", domain.name], ["vcpu_count", domain.vcpus], *vcpus]


def _vcpu(domain: Domain, number: int) -> Sxp:
    live, busy = domain.domid is not None, domain.domid == 0 or domain.behaviour.busy
    ran = live and domain.unpaused_once
    every = list(range(domain.host.personality.cpumap_width if live else 64))
    pinned = domain.pins[number] if number < len(domain.pins) else None
    cpu = ((domain.domid or 0) + number) % _CPUS if pinned is None else pinned[0] % _CPUS
    return [
        "vcpu",
        ["number", number],
        ["online", 1 if live and number < online_vcpus(domain) else 0],
        ["blocked", 1 if ran and not busy else 0],
        ["running", 1 if ran and busy else 0],
        ["cpu_time", _cpu_time(domain, fresh=False) or 0.0],
        ["cpu", cpu if live else -1],
        ["cpumap", list(pinned) if pinned is not None else every],  # type: ignore[list-item]
    ]
