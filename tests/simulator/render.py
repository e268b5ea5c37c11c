# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Printing domains, devices and the node as each release shows them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Callable

from .domains import FRONTEND_CLOSING, FRONTEND_CONNECTED, FRONTEND_NEW
from .images import image, is_hvm
from .original import numbered
from .sxp import Long, head

if TYPE_CHECKING:
    from .domains import Device, Domain
    from .host import Host
    from .original import Item
    from .sxp import Sxp

_CPUS = 4
CPU_SHARE = 0.01
"""The part of a cpu that a guest uses."""
_HVM_CAPABILITIES = "hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64 "
_LONG = 2**63
_DEVICE_ORDER = ("vif", "usb", "tap", "vkbd", "console", "vbd", "vfb", "pci")
_SCRIPTS = "/etc/xen/scripts/"
_PROTOCOL: list[Sxp] = ["protocol", "x86_64-abi"]


def node_sxp(host: Host) -> list[Sxp]:
    """Return (node (k v) ..)."""
    live: dict[str, object] = {"free_memory": host.free_memory, "xen_scheduler": host.scheduler}
    if host.hvm:
        capabilities = dict(host.personality.node)["xen_caps"]
        live["xen_caps"] = f"{str(capabilities).strip()} {_HVM_CAPABILITIES}"
    items = [(key, live.get(key, value)) for key, value in host.personality.node]
    return ["node", *([key, value] for key, value in items)]  # type: ignore[list-item]


def domain_sxp(domain: Domain, *, fresh: bool = False) -> Sxp:
    """Return (domain (k v) ..); `fresh` is the reply to create, which xend has not refreshed yet."""
    items = domain_items(domain, fresh=fresh)
    shown = domain.original.overlaid(items) if domain.original else [item for _key, item in items]
    return ["domain", *shown]


def domain_items(domain: Domain, *, fresh: bool = False) -> list[Item]:
    """Return the fields and devices of a domain, each with its key, without regard to an original."""
    fields: list[Sxp] = []
    devices: list[Item] = []
    place = 0
    for name in domain.host.personality.domain_fields:
        if name == "devices":
            place, devices = len(fields), _devices(domain, fresh=fresh)
            continue
        if name == "cpus_again":
            fields += _cpus_again(domain)
            continue
        value = _FIELDS[name](domain, fresh)
        if value is not None:
            fields.append([name, value])
    items = numbered(fields)
    return [*items[:place], *devices, *items[place:]]


# -- one function per field which needs more than an attribute ---------------------------------------------------------


def _weight(domain: Domain, _fresh: bool) -> Sxp:
    return {"float": domain.old_weight, "fixed": 256, "int": domain.weight}[domain.host.personality.weight]


def _vcpus(domain: Domain, _fresh: bool) -> Sxp:
    return max(domain.vcpus, domain.host.personality.vcpus_shown)


def _vcpu_avail(domain: Domain, _fresh: bool) -> Sxp:
    personality = domain.host.personality
    is_long = domain.restored and personality.restored_vcpu_avail_is_long
    is_long = is_long or (personality.keeps_given and "vcpu_avail" in domain.given)
    return Long(domain.vcpu_avail) if is_long or domain.vcpu_avail >= _LONG else domain.vcpu_avail


def _bootloader(domain: Domain, _fresh: bool) -> Sxp:
    return domain.bootloader if domain.bootloader or domain.host.personality.bootloader_always else None


def _cpus(domain: Domain, _fresh: bool) -> Sxp:
    if domain.host.personality.cpus_of_all:
        return list(domain.cpus) or None
    if not domain.vcpus:
        return None
    if domain.domid == 0:
        return [list(range(_CPUS)) for _vcpu in range(domain.vcpus)]
    return [list(pins or ()) for pins in domain.pins[: domain.vcpus]]


def _cpus_again(domain: Domain) -> list[Sxp]:
    """Return a list of cpus once more for each configuration that was read since xend was started."""
    return [["cpus", list(domain.cpus)]] * (domain.host.configurations if domain.cpus else 0)


def _state(domain: Domain, fresh: bool) -> Sxp:
    if domain.domid is None:
        return None
    if fresh:
        return domain.host.personality.fresh_state
    return domain.letters()


def _shutdown_reason(domain: Domain, fresh: bool) -> Sxp:
    return None if fresh else domain.down or "poweroff"


def _has_run(domain: Domain) -> bool:
    return domain.domid is not None or domain.starts > 0


def _cpu_time(domain: Domain, fresh: bool) -> Sxp:
    if fresh and domain.host.personality.keeps_given and "cpu_time" in domain.given:
        return 0.0
    if fresh or not _has_run(domain):
        return None
    since = round(domain.host.clock.now() - domain.started, 9) * CPU_SHARE if domain.unpaused_once else 0.0
    return domain.cpu_before + since


def online_vcpus(domain: Domain) -> int:
    """Return how many vcpus the guest has brought up: those it may use, at least one."""
    return max(1, bin(domain.vcpu_avail & ((1 << known_vcpus(domain)) - 1)).count("1"))


def known_vcpus(domain: Domain) -> int:
    """Return how many of its vcpus the hypervisor knows."""
    return domain.vcpus if domain.built_vcpus is None else min(domain.vcpus, domain.built_vcpus)


def _online_vcpus(domain: Domain, fresh: bool) -> Sxp:
    personality = domain.host.personality
    if fresh:
        return {"all": online_vcpus(domain), "one": 1}.get(personality.fresh_vcpus)
    return online_vcpus(domain) if _has_run(domain) or personality.halted_vcpus else None


def _up_time(domain: Domain, _fresh: bool) -> Sxp:
    known = domain.built and not domain.restored
    return _float_text(domain.host.clock.now() - domain.started) if known else None


def _start_time(domain: Domain, _fresh: bool) -> Sxp:
    forgotten = domain.restored and domain.host.personality.restored_forgets_start
    if not domain.built or forgotten or not _has_run(domain):
        return None
    return round(domain.started_wall, 2)


def _float_text(value: float) -> str:
    return f"{value:.12g}"


def _mfn(offset: int) -> Callable[[Domain, bool], Sxp]:
    def mfn(domain: Domain, _fresh: bool) -> Sxp:
        if not domain.built or not _has_run(domain) or (offset > 1 and is_hvm(domain)):
            return None
        number = 1000 + 16 * (domain.domid or 0) + offset
        return Long(number) if is_hvm(domain) and domain.host.personality.fills_hvm_image else number

    return mfn


def _shadow_memory(domain: Domain, _fresh: bool) -> Sxp:
    return (2 if is_hvm(domain) else 1) if domain.starts else 0


def dynamic_memory(domain: Domain) -> tuple[int, int]:
    """Return the memory that a guest has, which is that from before a new target until it has met it, and the most."""
    held, until = domain.held
    if domain.domid is None:
        return domain.memory, domain.ceiling
    if domain.host.clock.now() < until:
        return held, domain.ceiling
    return min(domain.memory, max(domain.ceiling, held)), domain.ceiling


def _description(domain: Domain, _fresh: bool) -> Sxp:
    return None if domain.domid == 0 else domain.description


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
    "vcpus": _vcpus,
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
    "image": lambda domain, fresh: image(domain, fresh=fresh),
    "cpus": _cpus,
    "shadow_memory": _shadow_memory,
    "features": _always(""),
    "localtime": lambda domain, _fresh: None if domain.domid == 0 else domain.localtime or 0,
    "memory_dynamic_min": lambda domain, _fresh: dynamic_memory(domain)[0],
    "memory_dynamic_max": lambda domain, _fresh: dynamic_memory(domain)[1],
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


def _devices(domain: Domain, *, fresh: bool) -> list[Item]:
    shown: list[Item] = []
    others = {each.kind for each in domain.devices} - {*_DEVICE_ORDER}
    for kind in (*_DEVICE_ORDER, *sorted(others)):
        if kind == "console":
            shown += [(("device", kind), each) for each in _console(domain, fresh=fresh)]
        left = domain.of_kind(kind)
        if not left and domain.domid is not None and domain.host.personality.shows_last_detached:
            gone = [each for each in domain.detached if each.kind == kind]
            shown += [(("device", each.uuid), ["device", _as_halted(domain, each)]) for each in gone]
        for each in left:
            if _is_failed(each) and domain.host.personality.shadows_failed:
                shown.append((("device", each.uuid), ["device", _as_halted(domain, domain.of_kind(kind)[0])]))
            elif each.listed:
                shown.append((("device", each.uuid), ["device", _device(domain, each)]))
    return shown


def _console(domain: Domain, *, fresh: bool) -> list[Sxp]:
    """Return the console, which appears by itself once a domain of the later releases was built."""
    if fresh or not domain.host.personality.console or not domain.starts or not domain.console_uuid:
        return []
    console: list[Sxp] = ["console", ["protocol", "vt100"], ["location", 2], ["uuid", domain.console_uuid]]
    if domain.domid is None and domain.starts > 1:
        console.insert(1, ["devid", 0])
    return [["device", console]]


def _device(domain: Domain, device: Device) -> Sxp:
    bare = device.leaving is not None and device.kind == "vif" and domain.host.personality.bare_leaving_vif
    if bare:
        return [device.kind, ["backend", device.backend]]
    if domain.domid is None and device.kind in ("vif", "vbd", "tap", "tap2"):
        return _as_halted(domain, device)
    if device.kind == "vif":
        fields = domain.host.personality.vif_fields
    elif device.kind in ("vbd", "tap"):
        fields = domain.host.personality.vbd_fields
    else:
        return _other(domain, device)
    return [device.kind, *_pairs(domain, device, fields)]


def _is_failed(device: Device) -> bool:
    """Return whether it could not be connected and goes."""
    return device.leaving is not None and not device.connected


def _as_halted(domain: Domain, device: Device) -> Sxp:
    """Return a device as it is in the configuration; its id is there once the domain has run."""
    personality = domain.host.personality
    devid: list[Sxp] = [["devid", device.devid]] if domain.starts and personality.halted_devid else []
    if device.kind == "vif":
        return [device.kind, *devid, *_pairs(domain, device, personality.halted_vif_fields)]
    hides_driver = device.kind != "vbd" and not personality.halted_tap_has_driver
    fields = tuple(each for each in personality.halted_disk_fields if not (hides_driver and each == "driver"))
    return [device.kind, *devid, *_pairs(domain, device, fields)]


def _pairs(domain: Domain, device: Device, fields: tuple[str, ...]) -> list[Sxp]:
    pairs: list[Sxp] = []
    for name in fields:
        pairs += _DEVICE_FIELDS[name](domain, device) if name in _DEVICE_FIELDS else _given(device, name)
    return pairs


def _given(device: Device, key: str) -> list[Sxp]:
    """Return a pair as it was given, if it was."""
    values = device.config.get(key)
    return [[key, values[-1]]] if values else []


def _ip(domain: Domain, device: Device) -> list[Sxp]:
    values: list[Sxp] = list(device.config.get("ip") or ())
    if not values:
        return []
    way = domain.host.personality.ip
    if way == "list":
        return [["ip", values]]
    return [["ip", each] for each in (values if way == "each" else values[-1:])]


def _script(domain: Domain, device: Device) -> list[Sxp]:
    folder = domain.host.personality.vif_script_dir
    script = (device.get("script") or "vif-bridge").removeprefix(_SCRIPTS)
    return [["script", script if script.startswith("/") else folder + script]]


def _dev(domain: Domain, device: Device) -> list[Sxp]:
    dev = (device.get("dev") or "").removeprefix("ioemu:")
    if domain.host.personality.dev_has_class and ":" not in dev:
        dev = f"{dev}:{device.given_class}"
    return [["dev", dev]]


def _bootable(_domain: Domain, device: Device) -> list[Sxp]:
    return [["bootable", 1 if device.bootable else 0]]


def _rate(domain: Domain, device: Device) -> list[Sxp]:
    rate = device.get("rate")
    if not rate:
        return []
    return [["rate", _RATE_STYLES[domain.host.personality.rate](rate)]]


_DEVICE_FIELDS: dict[str, Callable[[Domain, Device], list[Sxp]]] = {
    "backend": lambda _domain, device: [["backend", device.backend]],
    "uuid": lambda _domain, device: [["uuid", device.uuid]],
    "mode": lambda _domain, device: [["mode", device.get("mode") or "r"]],
    "protocol": lambda domain, _device: [] if is_hvm(domain) else [_PROTOCOL],
    "driver": lambda _domain, _device: [["driver", "paravirtualised"]],
    "VDI": lambda _domain, _device: [["VDI", ""]],
    "given uname": lambda _domain, device: (
        _given(device, "uname") or ([] if device.unused_uname is None else [["uname", device.unused_uname]])
    ),
    "given dev": lambda _domain, device: _given(device, "dev"),
    "given backend": lambda _domain, device: _given(device, "backend"),
    "given script": lambda _domain, device: _given(device, "script"),
    "ip": _ip,
    "script": _script,
    "dev": _dev,
    "bootable": _bootable,
    "type": lambda _domain, device: _given(device, "type"),
    "type or netfront": lambda _domain, device: _given(device, "type") or [["type", "netfront"]],
    "rate": _rate,
}


def _other(domain: Domain, device: Device) -> Sxp:
    if device.kind != "vfb" and domain.host.personality.others == "backend":
        return [device.kind, ["backend", device.backend]]
    pairs: list[Sxp] = [[key, value] for key, values in device.config.items() for value in values[-1:]]
    if device.kind == "vfb":
        kind = None if domain.host.personality.shows_vfb_type else device.get("type")
        hidden = ("type", "backend") if kind else ("backend",)
        pairs = [pair for pair in pairs if isinstance(pair, list) and pair[0] not in hidden]
        pairs += [[kind, 1]] if kind else []
        pairs += [["uuid", device.uuid]] if domain.host.personality.vfb_has_uuid else []
    return [device.kind, *pairs]


_RATE = re.compile(r"([0-9]+)([KMG]?)([Bb])/s(?:@([0-9]+)(m?s|us)?)?\Z")
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}
_MICROSECONDS = {"us": 1, "ms": 10**3, "s": 10**6, None: 10**3}


def _per_second(match: re.Match[str]) -> int:
    return int(match.group(1)) * _UNITS[match.group(2)] // (8 if match.group(3) == "b" else 1)


def _rate_in_kib(text: str) -> str:
    """Return a rate in thousands of bytes per second, and its interval; what is no rate stays as it is."""
    match = _RATE.match(text)
    return f"{_per_second(match) // 1000}KB/s@{match.group(4) or 50}{match.group(5) or 'ms'}" if match else text


def _rate_in_bytes(text: str) -> str:
    """Return a rate as bytes per interval and the interval in microseconds; what is no rate stays as it is."""
    match = _RATE.match(text)
    if not match:
        return text
    interval = int(match.group(4) or 50) * _MICROSECONDS[match.group(5)]
    return f"{_per_second(match) * interval // 10**6},{interval}"


_RATE_STYLES: dict[str, Callable[[str], str]] = {"kib": _rate_in_kib, "given": str, "bytes": _rate_in_bytes}


def frontends(domain: Domain, kind: str) -> Sxp:
    """Return what op=devices shows of one class."""
    personality = domain.host.personality
    as_paused = domain.paused and personality.paused_lists_config
    if personality.managed and (domain.domid is None or as_paused):
        shown = [each for each in domain.devices if each.kind == kind]
        knows = personality.devid_when_new or (domain.starts and personality.halted_devid)
        return [
            [each.devid if knows else number, _as_halted(domain, each) if as_paused else _device(domain, each)]
            for number, each in enumerate(shown)
        ]
    if domain.domid in (0, None):
        return []
    if kind == "console":
        return [[0, _frontend(domain, "console", 0, [])]]
    wanted = ("vbd", "tap") if kind in ("vbd", "tap", "tap2") else (kind,)
    if not personality.managed and wanted[0] not in ("vbd", "vif"):
        return []
    shown = [
        each for each in domain.of_kind(*wanted) if each.listed and (personality.lists_failed or not _is_failed(each))
    ]
    return [[each.devid, _disk_or_net(domain, each)] for each in shown]


def _state_of(domain: Domain, device: Device | None) -> int:
    if device is not None and device.leaving is not None:
        return FRONTEND_CLOSING if device.connected else FRONTEND_NEW
    return FRONTEND_CONNECTED if domain.unpaused_once else FRONTEND_NEW


def _disk_or_net(domain: Domain, device: Device) -> Sxp:
    if device.kind == "vif":
        extra: list[Sxp] = [["handle", device.devid], ["mac", device.get("mac")]]
        return _frontend(domain, "vif", device.devid, extra, device)
    extra = [["virtual-device", device.devid]]
    if "device-type" in domain.host.personality.frontend_has:
        extra.append(["device-type", device.given_class])
    return _frontend(domain, device.kind, device.devid, extra, device)


def _frontend(domain: Domain, kind: str, devid: int, extra: list[Sxp], device: Device | None = None) -> Sxp:
    """Return the entries under a frontend's directory in the store, sorted as the store sorts them."""
    entries: list[Sxp] = [
        ["backend", f"/local/domain/0/backend/{kind}/{domain.domid}/{devid}"],
        ["backend-id", 0],
        ["state", _state_of(domain, device)],
        *extra,
    ]
    if "protocol" in domain.host.personality.frontend_has and not is_hvm(domain):
        entries.append(_PROTOCOL)
    return sorted(entries, key=lambda entry: head(entry) or "")


def vcpu_info(domain: Domain) -> Sxp:
    """Return (domain (domid) (name) (vcpu_count) (vcpu ..) ..)."""
    vcpus: list[Sxp] = [_vcpu(domain, number) for number in range(known_vcpus(domain))]
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
