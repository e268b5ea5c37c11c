# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Export a guest as domain XML for libvirt's Xen driver."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

from ansible_collections.dom0.xend.plugins.plugin_utils.out.disks import Disk
from ansible_collections.dom0.xend.plugins.plugin_utils.out.guest import Guest, read
from ansible_collections.dom0.xend.plugins.plugin_utils.out.interfaces import Interface
from ansible_collections.dom0.xend.plugins.plugin_utils.out.values import flag, number, shown, text, texts
from ansible_collections.dom0.xend.plugins.plugin_utils.out.xl import option_note

_BOOT = {"a": "fd", "c": "hd", "d": "cdrom", "n": "network"}
_FEATURES = ("acpi", "apic", "pae")
_QUIET = {
    "timer_mode": "1",
    "vpt_align": "1",
    "xen_platform_pci": "1",
    "vnc": None,
    "sdl": None,
    "vncdisplay": None,
    "vncunused": None,
    "vnclisten": None,
    "vncpasswd": None,
    "display": None,
    "xauthority": None,
    "keymap": None,
}
"""Options that need no note if they have this value. None means that graphics covers the option."""

_FORMATS = {"vhd": "vpc"}
_LARGEST_RATE = 4294967


@dataclass(frozen=True)
class LibvirtXml:
    """The XML of a domain, and a sentence for each value that it lacks or changes."""

    text: str
    notes: list[str]


def to_libvirt(domain: object) -> LibvirtXml:
    """Return a domain as XML for libvirt. Raises NotADomain."""
    guest = read(domain)
    notes = list(guest.notes)
    root = ET.Element("domain", type="xen")
    _basics(root, guest, notes)
    _boot(root, guest, notes)
    _features(root, guest)
    for key, action in guest.actions.items():
        _add(root, key, _action(key, action, notes))
    devices = _add(root, "devices")
    for disk in guest.disks:
        _disk(devices, disk, notes, hvm=guest.hvm)
    for place, interface in enumerate(guest.interfaces):
        _interface(devices, f"The interface {place}", interface, notes, hvm=guest.hvm)
    _rest(devices, guest, notes)
    ET.indent(root)
    return LibvirtXml(ET.tostring(root, encoding="unicode") + "\n", notes)


def _add(parent: ET.Element, tag: str, content: object = None, **attributes: object) -> ET.Element:
    """Add a child, with those attributes that are not None."""
    child = ET.SubElement(parent, tag, {key: str(value) for key, value in attributes.items() if value is not None})
    child.text = None if content is None else str(content)
    return child


def _basics(root: ET.Element, guest: Guest, notes: list[str]) -> None:
    """Add name, uuid, memory and cpus."""
    name = guest.name.replace("/", "_").replace("\n", "_").strip() or "_"
    if name != guest.name:
        notes.append(f"Its name is {shown(name)} for libvirt, which takes no slash, and no blank at either end.")
    _add(root, "name", name)
    if guest.uuid:
        _add(root, "uuid", guest.uuid)
    # In libvirt, memory is the maximum and currentMemory is what the guest has at the start.
    _add(root, "memory", guest.maxmem, unit="MiB")
    _add(root, "currentMemory", guest.memory, unit="MiB")
    online = guest.online_vcpus if guest.online_vcpus != guest.vcpus else None
    _add(root, "vcpu", guest.vcpus, cpuset=guest.cpus[0] if len(guest.cpus) == 1 else None, current=online)
    pinned = [(vcpu, cpus) for vcpu, cpus in enumerate(guest.cpus) if cpus != "all"] if len(guest.cpus) > 1 else []
    if pinned:
        tune = _add(root, "cputune")
        # vcpupin only for vcpus that exist: xend may show more pins than vcpus.
        for vcpu, cpus in pinned[: guest.vcpus]:
            _add(tune, "vcpupin", vcpu=vcpu, cpuset=cpus)
    if guest.cpu_weight or guest.cpu_cap:
        given = f"--weight {guest.cpu_weight or 256} --cap {guest.cpu_cap or 0}"
        notes.append(f"Its weight and cap are not part of the XML: set them with virsh schedinfo {given}.")


def _boot(root: ET.Element, guest: Guest, notes: list[str]) -> None:
    """Add the boot options."""
    if guest.bootloader:
        # libvirt requires an absolute path.
        absolute = guest.bootloader if guest.bootloader.startswith("/") else f"/usr/bin/{guest.bootloader}"
        _add(root, "bootloader", absolute)
        if guest.bootloader_args:
            _add(root, "bootloader_args", " ".join(guest.bootloader_args))
    system = _add(root, "os")
    _add(system, "type", "hvm" if guest.hvm else "linux")
    for tag, path in (("kernel", guest.kernel), ("initrd", guest.ramdisk)):
        if path and _is_path(path):
            _add(system, tag, path)
        elif path:
            notes.append(f"The file {shown(path)} is left out, as libvirt takes whole paths of one line only.")
    if guest.command_line:
        _add(system, "cmdline", guest.command_line)
    # dict.fromkeys removes a letter given twice, which would be a device given twice.
    for letter in dict.fromkeys(text(guest.options.get("boot")) or "" if guest.hvm else ""):
        if letter in _BOOT:
            _add(system, "boot", dev=_BOOT[letter])


def _is_path(path: str) -> bool:
    """Return whether libvirt's schema accepts a path."""
    return path.startswith("/") and "\n" not in path


def _features(root: ET.Element, guest: Guest) -> None:
    """Add the features of an hvm guest, and the clock."""
    named = [key for key in _FEATURES if guest.hvm and flag(guest.options.get(key))]
    if named:
        features = _add(root, "features")
        for key in named:
            _add(features, key)
    offset = number(guest.options.get("rtc_timeoffset"))
    if flag(guest.options.get("localtime")):
        clock = _add(root, "clock", offset="localtime")
    elif offset:
        clock = _add(root, "clock", offset="variable", adjustment=offset, basis="utc")
    else:
        clock = _add(root, "clock", offset="utc")
    if guest.hvm and flag(guest.options.get("hpet")) is not None:
        _add(clock, "timer", name="hpet", present="yes" if flag(guest.options["hpet"]) else "no")


def _action(key: str, action: str, notes: list[str]) -> str:
    """Return the action of an event. libvirt supports core dumps only for a crash."""
    if key != "on_crash" and action.startswith("coredump-"):
        plain = action[len("coredump-") :]
        notes.append(f"Its {key} is {plain} here, as libvirt dumps core of a guest that crashed only.")
        return plain
    return action


def _disk(devices: ET.Element, disk: Disk, notes: list[str], *, hvm: bool) -> None:
    """Add a disk."""
    if disk.script:
        notes.append(f"The disk {disk.name} is left out, as libvirt has no word for the script block-{disk.script}.")
        return
    kind = "block" if disk.block else "file"
    element = _add(devices, "disk", type=kind, device="cdrom" if disk.cdrom else "disk")
    if disk.path:
        # The Xen driver has phy for block devices, and qemu with a format for files.
        driver = {"name": "phy"} if disk.block else {"name": "qemu", "type": _FORMATS.get(disk.format, disk.format)}
        _add(element, "driver", **driver)
        _add(element, "source", **{"dev" if disk.block else "file": disk.path})
    if disk.backend:
        _add(element, "backenddomain", name=disk.backend)
    # Only an hvm guest sees ide and scsi disks; for a paravirtualised one the bus is always xen.
    bus = {"hd": "ide", "sd": "scsi"}.get(disk.name[:2], "xen") if hvm else "xen"
    _add(element, "target", dev=disk.name, bus=bus)
    if not disk.writable:
        _add(element, "readonly")
    if disk.shared:
        _add(element, "shareable")


def _interface(devices: ET.Element, what: str, vif: Interface, notes: list[str], *, hvm: bool) -> None:
    """Add an interface."""
    if not vif.bridge:
        notes.append(f"{what} names no bridge, and is on xenbr0 here.")
    element = _add(devices, "interface", type="bridge")
    if vif.mac:
        _add(element, "mac", address=vif.mac)
    _add(element, "source", bridge=vif.bridge or "xenbr0")
    if vif.addresses:
        # libvirt's Xen driver keeps one address.
        address, _slash, prefix = vif.addresses[0].partition("/")
        _add(element, "ip", address=address, family="ipv6" if ":" in address else "ipv4", prefix=prefix or None)
    notes.extend(
        f"{what} is without its ip {address}, as one is all that it has here." for address in vif.addresses[1:]
    )
    if vif.script:
        _add(element, "script", path=vif.script)
    if vif.backend:
        _add(element, "backenddomain", name=vif.backend)
    if vif.vifname:
        _add(element, "target", dev=vif.vifname)
    if hvm and (vif.model or vif.emulated is False):
        _add(element, "model", type="netfront" if vif.emulated is False else vif.model)
    _bandwidth(element, what, vif, notes)


def _bandwidth(element: ET.Element, what: str, vif: Interface, notes: list[str]) -> None:
    """Add the rate limit of an interface, in whole kilobytes per second."""
    if vif.rate is None:
        return
    # At least 1: a rate of 0 would mean no limit.
    average = min(max(1, vif.rate.per_second // 1000), _LARGEST_RATE)
    _add(_add(element, "bandwidth"), "outbound", average=average)
    notes.append(f"{what} may send {average} kB/s: libvirt keeps the rate only, and not the interval of it.")


def _rest(devices: ET.Element, guest: Guest, notes: list[str]) -> None:
    """Add console, screen and PCI devices, and a note for each option that is left out."""
    if guest.hvm:
        _serial(devices, guest, notes)
    else:
        _add(_add(devices, "console", type="pty"), "target", type="xen")
    # A USB tablet is an input device in libvirt; other USB devices get a note.
    tablet = "tablet" in texts(guest.options.get("usbdevice"))
    if guest.hvm and tablet:
        _add(devices, "input", type="tablet", bus="usb")
    _graphics(devices, guest, notes)
    for domain, bus, slot, function in guest.pci:
        device = _add(devices, "hostdev", mode="subsystem", type="pci", managed="yes")
        source = _add(device, "source")
        numbers = {"domain": domain, "bus": bus, "slot": slot, "function": function}
        _add(source, "address", **{key: f"0x{value:x}" for key, value in numbers.items()})
    carried = {*_FEATURES, "boot", "hpet", "serial"} if guest.hvm else set()
    carried |= {"localtime", "rtc_timeoffset", *(["usbdevice", "usb"] if guest.hvm and tablet else [])}
    for key, given in sorted(guest.options.items()):
        if key not in carried and not (key in _QUIET and _QUIET[key] in (None, text(given))):
            notes.extend(option_note(key, given))


def _serial(devices: ET.Element, guest: Guest, notes: list[str]) -> None:
    """Add the serial ports of an hvm guest that are terminals."""
    for given in texts(guest.options.get("serial")):
        if given == "pty":
            _add(devices, "serial", type="pty")
        elif given != "none":
            notes.append(f"The serial port {shown(given)} is left out, as only a pty is known here.")


def _graphics(devices: ET.Element, guest: Guest, notes: list[str]) -> None:
    """Add the screen."""
    screen = guest.graphics
    if screen is None:
        return
    if screen.sdl:
        if screen.keymap:
            notes.append(f"The keymap {shown(screen.keymap)} of its screen is left out, as an SDL screen has none.")
        _add(devices, "graphics", type="sdl")
        return
    # A VNC display is the port minus 5900.
    port = -1 if screen.display is None else 5900 + screen.display
    auto = "yes" if screen.display is None else "no"
    _add(
        devices,
        "graphics",
        type="vnc",
        port=port,
        autoport=auto,
        listen=screen.listen,
        passwd=screen.password,
        keymap=screen.keymap,
    )
