# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a create configuration the way each release reads it, with its refusals in its own words."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from .domains import EVENTS, Device, Domain
from .errors import LateError, XendError
from .guests import behaviour, hotplug
from .images import HVM
from .sxp import Sxp, child, child_value, children, head, py2_list, py2_repr, show

if TYPE_CHECKING:
    from .host import Host
    from .personality import Personality

_ACTIONS = {"destroy", "restart", "preserve", "rename-restart"}
_CORE_ACTIONS = {"coredump-destroy", "coredump-restart"}
_OLD_RESTART = {
    "onreboot": ("destroy", "restart", "destroy"),
    "always": ("restart", "restart", "restart"),
    "never": ("destroy", "destroy", "destroy"),
}
_BEYOND_ALL_MACHINES = 4096
_NUMBER = re.compile(r"(0x)?[0-9a-fA-F]+\Z")
_INT = re.compile(r"[ \t\n\v\f\r]*[+-]?[0-9]+[ \t\n\v\f\r]*\Z")
_DISKS = ("vbd", "tap", "tap2")
_HD_MAJORS = (3, 22, 33, 34, 56, 57)
_SD_MAJORS = (8, 65, 66, 67, 68, 69, 70, 71, 128, 129, 130, 131, 132, 133, 134, 135)


def py_int(value: Sxp) -> int:
    """Return Python 2's int() of a parameter, or its refusal."""
    text = value if isinstance(value, str) else show_plain(value)
    if not _INT.match(text):
        msg = f"invalid literal for int() with base 10: {py2_repr(text)}"
        raise XendError(msg)
    return int(text)


def small(number: int) -> int:
    """Refuse a count of cpus beyond all machines before anybody makes a list of so many."""
    if abs(number) > _BEYOND_ALL_MACHINES:
        msg = "(22, 'Invalid argument')"
        raise XendError(msg)
    return number


def py_float(value: Sxp) -> float:
    """Return Python 2's float() of a parameter, or its refusal."""
    text = value if isinstance(value, str) else show_plain(value)
    try:
        return float(text)
    except ValueError:
        msg = f"could not convert string to float: {text}"
        raise XendError(msg) from None


def show_plain(value: Sxp) -> str:
    """Return any value as text."""
    return value if isinstance(value, str) else py2_list(value)


def device_number(dev: str) -> int | None:
    """Return Linux' device number of a disk name (sda1, hda, xvdb2, 0x801), None if it has none."""
    if re.match(r"0x[0-9a-fA-F]+\Z|[0-9]+\Z", dev):
        return int(dev, 0)
    match = re.match(r"(?:/dev/)?(sd|hd|xvd)([a-z])([0-9]*)\Z", dev)
    if not match:
        return None
    disk, partition = ord(match.group(2)) - ord("a"), int(match.group(3) or 0)
    if match.group(1) == "hd":
        return _HD_MAJORS[min(disk // 2, 5)] * 256 + disk % 2 * 64 + partition
    major, minor = (202, disk * 16) if match.group(1) == "xvd" else (_SD_MAJORS[disk // 16], disk % 16 * 16)
    return major * 256 + minor + partition


def read_uuid(value: Sxp, personality: Personality) -> str | None:
    """Return 32 hex digits grouped as this release shows them."""
    if not isinstance(value, str):
        return None
    digits = value.replace("-", "").lower()
    return group_uuid(digits, personality)


def group_uuid(digits: str, personality: Personality) -> str:
    """Put the dashes where this release has them."""
    groups, start = [], 0
    for length in personality.uuid_groups:
        groups.append(digits[start : start + length])
        start += length
    return "-".join(groups)


def read_config(host: Host, config: Sxp) -> Domain:
    """Return the domain that a configuration describes, not yet built; raise XendError as this release would."""
    personality = host.personality
    domain = _read_common(host, config)
    _read_events(domain, config, personality)
    return domain


def _read_common(host: Host, config: Sxp) -> Domain:
    personality = host.personality
    image = child_value(config, "image")
    name = child_value(config, "name")
    domain = Domain(
        host,
        name=show_plain(name) if name is not None else "",
        uuid=read_uuid(child_value(config, "uuid"), personality) or host.new_uuid(),
        image=image,
        memory=_read_memory(config, personality),
        vcpus=_read_vcpus(config, image, personality),
        weight=_read_weight(config, personality),
        old_weight=_read_old_weight(config, personality),
        cap=_read_cap(config, personality),
        bootloader=show_plain(child_value(config, "bootloader") or ""),
        behaviour=behaviour(show(image, personality.dialect)),
    )
    domain.description = show_plain(child_value(config, "description") or "")
    domain.localtime = show_plain(child_value(config, "localtime") or child_value(image, "localtime") or "")
    domain.given = frozenset(key for key in map(head, config if isinstance(config, list) else ()) if key)
    domain.vcpu_avail = (1 << max(domain.vcpus, 0)) - 1
    domain.maxmem = py_int(child_value(config, "maxmem") or str(domain.memory))
    domain.ceiling = domain.maxmem
    domain.pins = _read_pins(config, domain.vcpus, personality)
    domain.cpus = _cpus_allowed(child_value(config, "cpu"), child_value(config, "cpus"))
    domain.on_xend = tuple(  # type: ignore[assignment]
        show_plain(child_value(config, f"on_xend_{when}") or "ignore") for when in ("start", "stop")
    )
    return domain


def _read_vcpus(config: Sxp, image: Sxp, personality: Personality) -> int:
    value = child_value(image, "vcpus") if personality.vcpus_in != "top" else None
    if personality.vcpus_in != "image":
        value = child_value(config, "vcpus") or value
    if personality.vcpus_word_is_one and not _INT.match(show_plain(value or "1")):
        return 1
    if config == [] or (value is None and personality.vcpus_in != "top"):
        return 1
    if personality.vcpus_in == "top" and (not isinstance(value, str) or not _INT.match(value)):
        msg = "'vcpus'"
        raise XendError(msg)
    return small(py_int(value))


def _read_memory(config: Sxp, personality: Personality) -> int:
    value = child_value(config, "memory") or "0"
    if personality.memory_word_is_zero and not _INT.match(show_plain(value)):
        return 0
    return py_int(value)


def _read_cap(config: Sxp, personality: Personality) -> int:
    return 0 if personality.weight == "fixed" else py_int(child_value(config, "cpu_cap") or "0")


def _read_old_weight(config: Sxp, personality: Personality) -> float:
    value = child_value(config, "cpu_weight")
    return py_float(value) if value is not None and personality.weight == "float" else 1.0


def _read_weight(config: Sxp, personality: Personality) -> int:
    value = child_value(config, "cpu_weight")
    return py_int(value) if value is not None and personality.weight == "int" else 256


def _read_pins(config: Sxp, vcpus: int, personality: Personality) -> list[tuple[int, ...] | None]:
    cpu, cpus = child_value(config, "cpu"), child_value(config, "cpus")
    if isinstance(cpus, list) and personality.cpus_as_shown:
        return _pins_as_shown(cpus, vcpus)
    if isinstance(cpus, list):
        msg = "'list' object has no attribute 'split'"
        raise XendError(msg)
    allowed = _cpus_allowed(cpu, cpus)
    if not allowed:
        return [None] * max(vcpus, 0)
    if personality.cpus_dealt_out:
        return [(allowed[each % len(allowed)],) for each in range(vcpus)]
    return [allowed] * vcpus


def _cpus_allowed(cpu: Sxp, cpus: Sxp) -> tuple[int, ...]:
    """Return the cpus that are given as a text or as one number, none if there are none."""
    if isinstance(cpus, str) and cpus:
        return _cpu_list(cpus)
    return (py_int(cpu),) if cpu is not None and py_int(cpu) >= 0 else ()


def _pins_as_shown(cpus: list[Sxp], vcpus: int) -> list[tuple[int, ...] | None]:
    """Read the list that a domain shows: for each vcpu those it may use, none for all."""
    pins = [tuple(py_int(cpu) for cpu in each) or None for each in cpus if isinstance(each, list)]
    return (pins + [None] * max(vcpus, 0))[: max(vcpus, 0)]


def _cpu_list(text: str) -> tuple[int, ...]:
    """Read a list with ranges and negations, such as 0-3,^1."""
    chosen: list[int] = []
    for part in text.split(","):
        word = part.strip()
        if word.startswith("^"):
            chosen = [each for each in chosen if each != py_int(word[1:])]
        elif "-" in word:
            low, _dash, high = word.partition("-")
            chosen += range(small(py_int(low)), small(py_int(high)) + 1)
        else:
            chosen.append(py_int(word))
    return tuple(chosen)


def _read_events(domain: Domain, config: Sxp, personality: Personality) -> None:
    old = child_value(config, "restart")
    defaults = _OLD_RESTART.get(show_plain(old)) if old is not None else None
    if personality.refuses_restart_never and old == "never":
        raise XendError(personality.words.bad_event.format(event="shutdown", key="restart", value="never"))
    allowed = _ACTIONS | _CORE_ACTIONS if personality.core_actions else _ACTIONS
    for index, event in enumerate(EVENTS):
        value = child_value(config, f"on_{event}")
        if value is None:
            if defaults:
                domain.on[event] = defaults[index]
        elif value in allowed:
            domain.on[event] = str(value)
        else:
            shown = {"poweroff": "shutdown"}.get(event, event)
            raise XendError(personality.words.bad_event.format(key=f"on_{event}", value=show_plain(value), event=shown))


def _check_name_given(host: Host, name: Sxp) -> None:
    if name is None and host.personality.default_name is None:
        raise XendError(host.personality.words.name_required)


def check_name(host: Host, name: Sxp, own: Domain | None = None) -> None:
    """Refuse a name that this release does not take."""
    personality = host.personality
    _check_name_given(host, name)
    if name == "":
        raise XendError(personality.words.name_missing)
    if not isinstance(name, str) or not re.match(f"[{personality.name_characters}]+\\Z", name):
        raise XendError(personality.words.name_invalid)
    by_name = personality.name_may_be_id or own is not None
    other = host.find_by_name(name) if by_name else host.find(name)
    if other is not None and other is not own:
        _refuse_taken(personality, name, other, own)


def check_uuid(host: Host, domain: Domain) -> None:
    """Refuse the uuid of a living domain, or forget that domain, as the release does."""
    other = next((each for each in host.domains if each.uuid == domain.uuid and each.domid is not None), None)
    if other is not None and host.personality.uuid_twice == "hides":
        host.discard(other)
    if other is not None and host.personality.uuid_twice == "refused":
        raise XendError(host.personality.words.name_taken.format(name=domain.name, domid=other.domid))


def _refuse_taken(personality: Personality, name: str, other: Domain, own: Domain | None) -> None:
    words = personality.words
    if other.domid is None:
        msg = f"VM name '{name}' already exists"
        raise XendError(msg)
    if own is not None:
        raise XendError(words.rename_taken.format(name=name, own=own.domid, domid=other.domid))
    raise XendError(words.name_taken.format(name=name, domid=other.domid))


def check_memory(domain: Domain, personality: Personality) -> None:
    """Refuse an amount of memory that this release does not take."""
    if not personality.static_memory_rules:
        domain.maxmem = max(domain.maxmem, domain.memory)
        if domain.memory <= 0:
            raise XendError(personality.words.no_memory.format(memory=domain.memory))
        return
    limits = (
        (domain.memory < 0, "memory_static_min must be less than or equal to memory_static_max"),
        (domain.memory == 0, "memory_dynamic_max must be greater than zero"),
        (domain.memory > domain.maxmem, "memory_dynamic_max must be less than or equal to memory_static_max"),
    )
    for broken, text in limits:
        if broken:
            msg = f"Invalid Configuration: {text}"
            raise XendError(msg)


def check_hvm(host: Host, domain: Domain) -> None:
    """Refuse a fully virtualised guest that this host or its configuration does not allow."""
    words, image = host.personality.words, domain.image
    if head(image) not in HVM:
        return
    if words.hvm_refused and not host.hvm:
        raise XendError(words.hvm_refused)
    if words.vncpasswd_required and child_value(image, "vnc") == "1" and child(image, "vncpasswd") is None:
        raise XendError(words.vncpasswd_required)


def check_image(host: Host, domain: Domain, config: Sxp) -> None:
    """Refuse what cannot be booted: unknown image types, missing files, a bootloader that fails."""
    image = domain.image
    kind, kernel, ramdisk = head(image), child_value(image, "kernel"), child_value(image, "ramdisk")
    _check_image_given(host.personality, domain)
    _check_bootloader(host.personality, domain, kernel, config)
    if kind not in host.personality.image_types:
        msg = f"unknown image type: {kind}"
        raise XendError(msg)
    if not isinstance(kernel, str):
        msg = "coercing to Unicode: need string or buffer, NoneType found"
        raise XendError(msg)
    if isinstance(ramdisk, str) and ramdisk and not host.file_exists(ramdisk):
        msg = f"Kernel ramdisk does not exist: {ramdisk}"
        raise XendError(msg)
    if not host.file_exists(kernel):
        raise XendError(host.personality.words.kernel_missing.format(kernel=kernel))
    if domain.behaviour.build_fails or not 0 <= domain.vcpus <= _MAX_VCPUS:
        msg = "(22, 'Invalid argument')"
        raise XendError(msg)


_MAX_VCPUS = 32


def _check_image_given(personality: Personality, domain: Domain) -> None:
    boots = personality.bootloader_runs != "never" and domain.bootloader
    if personality.image_required and domain.image is None and not boots:
        raise XendError(personality.words.image_required)


def _check_bootloader(personality: Personality, domain: Domain, kernel: Sxp, config: Sxp) -> None:
    """Run a bootloader if xend itself does: the default one if there is no kernel, either."""
    wanted = {
        "never": False,
        "without image": domain.image is None,
        "without kernel": kernel is None,
        "always": bool(domain.bootloader) or kernel is None,
    }
    if not wanted[personality.bootloader_runs]:
        return
    if not any(head(each[1] if len(each) > 1 else None) in ("vbd", "tap") for each in children(config, "device")):
        raise XendError(personality.words.no_boot_disk)
    msg = "Bootloader isn't executable"
    raise XendError(msg)


def check_pci(domain: Domain, personality: Personality) -> None:
    """Refuse a pci device if xend checks that pciback owns it, which is not the case on this host."""
    for device in domain.of_kind("pci"):
        for key in personality.pci_keys:
            if not _NUMBER.match(device.get(key) or ""):
                msg = f"pci: Invalid config setting {key}: {device.get(key)}"
                raise XendError(msg)
    for device in domain.devices if personality.words.pci_refused else ():
        if device.kind == "pci":
            address = device.get("address") or "0000:00:00.0"
            raise XendError(personality.words.pci_refused.format(address=address))


def _pci_address(config: Sxp) -> list[str]:
    """Return the address of a (pci (dev (domain D) (bus B) (slot S) (func F))) as the kernel writes it."""
    dev = child(config, "dev")
    words = [show_plain(child_value(dev, key) or "0") for key in ("domain", "bus", "slot", "func")]
    if not all(_NUMBER.match(word) for word in words):
        return []
    domain, bus, slot, func = (int(word, 16) for word in words)
    return [f"{domain:04x}:{bus:02x}:{slot:02x}.{func}"]


def read_devices(host: Host, domain: Domain, config: Sxp) -> None:
    """Add every (device ..) of a configuration to the domain, and the screen that xend adds by itself."""
    for wrapper in children(config, "device"):
        device = wrapper[1] if len(wrapper) > 1 else None
        if head(device) == "console" and host.personality.console:  # the one that a domain has anyway
            domain.console_uuid = show_plain(child_value(device, "uuid") or "")
        else:
            add_device(host, domain, device)
    wants_screen = head(domain.image) in HVM and child_value(domain.image, "vnc") == "1"
    if wants_screen and host.personality.fills_hvm_image and not domain.of_kind("vfb"):
        add_device(host, domain, ["vfb", ["type", "vnc"]])


def check_device_types(host: Host, config: Sxp) -> None:
    """Refuse unknown classes before anything is built."""
    for wrapper in children(config, "device"):
        check_device_type(host, wrapper[1] if len(wrapper) > 1 else None)


def check_device_type(host: Host, config: Sxp) -> str:
    """Return the class of a device."""
    kind = head(config)
    if kind is None or kind not in host.personality.create_classes:
        shown = py2_list(config) if config is not None else "None"
        raise XendError(host.personality.words.create_device_type.format(kind=kind, config=shown))
    return kind


def add_device(host: Host, domain: Domain, config: Sxp) -> Device:
    """Add one bare device expression to the domain; raise XendError as this release would."""
    kind = check_device_type(host, config)
    device = Device(kind, 0, _read_pairs(config, host.personality.extra_atoms), host.new_uuid())
    device.created = host.clock.now()
    _check_detached(host, domain, device)
    if kind in _DISKS:
        _place_disk(host, domain, device)
    else:
        device.devid = _next_id(domain, kind)
    if kind == "pci" and host.personality.words.pci_unread:
        raise XendError(host.personality.words.pci_unread)
    if kind == "pci":
        device.config["address"] = _pci_address(config)
    device.backend = _find_backend(host, device)
    device.uuid = device.get("uuid") or device.uuid
    if kind == "vif" and device.get("type") == "ioemu":
        device.listed = host.personality.lists_emulated_nics
    if kind == "tap2" and host.personality.words.tap2_refused:
        params = (device.get("uname") or "").partition(":")[2]
        target = params.partition(":")[2]
        raise LateError(host.personality.words.tap2_refused.format(params=params, target=target))
    if kind == "vif" and not device.get("mac"):
        device.config["mac"] = [host.new_mac()]
    device.hotplug = hotplug(*(device.get(key) or "" for key in ("uname", "bridge", "script")))
    device.connected = not device.hotplug
    domain.devices.append(device)
    return device


def _check_detached(host: Host, domain: Domain, device: Device) -> None:
    """Refuse a mac, dev or file that a detached or failed device still holds (WIRE.md (i) 7 and 9)."""
    words = host.personality.words
    for other in domain.detached if host.personality.remembers_detached else ():
        if device.kind == "vif" and other.kind == "vif" and device.get("mac") == other.get("mac"):
            raise XendError(words.already_used.format(what="mac", value=device.get("mac"), how="defined"))
        if device.kind in _DISKS and other.kind in _DISKS:
            if device.get("uname") == other.get("uname"):
                file = (device.get("uname") or "").partition(":")[2]
                path = file if file.startswith("/") else f"/dev/{file}"
                raise XendError(words.already_used.format(what="file", value=path, how="used"))
            if device.get("dev") == other.get("dev"):
                raise XendError(words.dev_taken.format(dev=device.get("dev"), devid=""))


def rewritten(device: Device) -> Device:
    """Return a device whose configuration has what a living domain shows of it."""
    config = {**device.config, "backend": [str(device.backend)]}
    if device.kind in _DISKS and ":" not in (device.get("dev") or ":"):
        config["dev"] = [f"{device.get('dev')}:{device.given_class}"]
    if device.kind == "vif":
        config["script"] = [device.get("script") or "vif-bridge"]
    return replace(device, config=config)


def can_be_reread(domain: Domain) -> bool:
    """Return whether xend can build a domain again from what it has written down of it itself."""
    return domain.host.personality.rereads_ip or not any(each.config.get("ip") for each in domain.devices)


def _read_pairs(config: Sxp, extra_atoms: str) -> dict[str, list[str]]:
    """Keep each key's values; what an extra word does to one, or to all of them, depends on the release."""
    pairs: dict[str, list[str]] = {}
    for item in config[1:] if isinstance(config, list) else ():
        key = head(item)
        if key is None or not isinstance(item, list) or len(item) < 2:
            continue
        if len(item) > 2 and extra_atoms == "ends":
            break
        if len(item) == 2 or extra_atoms == "cut":
            pairs.setdefault(key, []).append(show_plain(item[1]))
    return pairs


def _next_id(domain: Domain, kind: str) -> int:
    if kind != "vif":
        return len([each for each in domain.devices if each.kind == kind])
    domain.next_vif += 1
    return domain.next_vif - 1


def _find_backend(host: Host, device: Device) -> int:
    name = device.get("backend") or "0"
    backend = host.find(name)
    if backend is None or backend.domid is None:
        msg = f"Cannot configure device for unknown backend {name}"
        raise LateError(msg)
    return backend.domid


def _place_disk(host: Host, domain: Domain, device: Device) -> None:
    """Find a disk's device number, or refuse it with the text of the Python error in xend."""
    for check in host.personality.disk_checks:
        _DISK_CHECKS[check](device, host.personality)
    uname, dev = device.get("uname"), device.get("dev") or ""
    words = host.personality.words
    if uname is not None and ":" not in uname:
        device.unused_uname = device.config.pop("uname")[-1]  # xend makes no device from it
    if dev.startswith("ioemu:"):
        device.listed = host.personality.lists_emulated_disks
        dev = dev[len("ioemu:") :]
    device.devid = _disk_number(dev, device, host.personality)
    if any(other.devid == device.devid and other.kind in _DISKS for other in domain.devices):
        raise XendError(words.dev_taken.format(dev=dev, devid=device.devid))
    device.bootable = not any(other.kind in _DISKS for other in domain.devices)


def _check_uname(device: Device, personality: Personality) -> None:
    uname, words = device.get("uname"), personality.words
    if personality.dev_has_class and (device.get("dev") or "").endswith(":cdrom"):
        return
    if uname is None and words.uname_required:
        raise LateError(words.uname_required)
    if uname is not None and ":" not in uname and words.uname_split:
        raise LateError(words.uname_split)


def _check_dev(device: Device, personality: Personality) -> None:
    if device.get("dev") is None:
        raise XendError(personality.words.dev_required)


def _check_number(device: Device, personality: Personality) -> None:
    _disk_number((device.get("dev") or "").removeprefix("ioemu:"), device, personality)


_DISK_CHECKS = {"uname": _check_uname, "dev": _check_dev, "number": _check_number}


def _disk_number(dev: str, device: Device, personality: Personality) -> int:
    name = dev
    if personality.dev_has_class:
        name, _colon, given_class = dev.partition(":")
        device.given_class = given_class or "disk"
    elif ":" in dev:
        rest = dev.lstrip("/dev").lstrip("shxvdabcefgijklmnopqrtuwyz")
        msg = f"invalid literal for int() with base 10: {py2_repr(rest)}"
        raise XendError(msg)
    number = device_number(name)
    if number is None:
        raise LateError(personality.words.dev_unknown.format(dev=name))
    return number
