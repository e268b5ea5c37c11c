# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""Export a guest as a config for xl.

The syntax was tested with xl's own parser. A text is in single quotes, with a backslash before a backslash or a quote, and
an escape for the end of a line. Its numeric escapes, ``\x41`` and ``\101``, do not work in Xen 4.17 and are not used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Optional, Union

from ansible_collections.dom0.xend.plugins.plugin_utils.out.disks import Disk
from ansible_collections.dom0.xend.plugins.plugin_utils.out.guest import Guest, read
from ansible_collections.dom0.xend.plugins.plugin_utils.out.interfaces import Interface
from ansible_collections.dom0.xend.plugins.plugin_utils.out.values import flag, number, shown, text, texts

Value = Union[int, str, "list[str]"]

_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n"})
_TIMER_MODES = (
    "delay_for_missed_ticks",
    "no_delay_for_missed_ticks",
    "no_missed_ticks_pending",
    "one_missed_tick_pending",
)
_TSC_MODES = ("default", "always_emulate", "native", "native_paravirt")


@dataclass(frozen=True)
class XlConfig:
    """A config, and a sentence for each value that it lacks or changes."""

    text: str
    notes: list[str]


def to_xl(domain: object) -> XlConfig:
    """Return a domain as a config for xl. Raises NotADomain."""
    guest = read(domain)
    notes = list(guest.notes)
    settings = [*_settings(guest), *_options(guest, notes), *_devices(guest, notes)]
    lines = [f"{key} = {_written(value)}" for key, value in settings if value not in (None, [], "")]
    return XlConfig("\n".join(lines) + "\n", notes)


def quoted(value: str) -> str:
    """Return a text quoted for xl."""
    return f"'{value.translate(_ESCAPES)}'"


def _written(value: Optional[Value]) -> str:
    """Return a number, a text or a list."""
    if isinstance(value, list):
        return "[\n" + "".join(f"    {quoted(item)},\n" for item in value) + "]"
    return str(value) if isinstance(value, int) else quoted(value or "")


def _settings(guest: Guest) -> Iterator[tuple[str, Optional[Value]]]:
    """Yield the settings that every guest has."""
    yield "name", guest.name
    yield "uuid", guest.uuid
    yield "type", "hvm" if guest.hvm else "pv"
    yield "memory", guest.memory
    yield "maxmem", guest.maxmem if guest.maxmem != guest.memory else None
    # In xl, vcpus are those online at the start, and maxvcpus is the total.
    yield "vcpus", guest.online_vcpus
    yield "maxvcpus", guest.vcpus if guest.vcpus != guest.online_vcpus else None
    yield "cpus", guest.cpus[0] if len(guest.cpus) == 1 else list(guest.cpus)
    yield "cpu_weight", guest.cpu_weight
    yield "cap", guest.cpu_cap
    # The path is that of the old host; xl finds its own pygrub by name.
    pygrub = guest.bootloader and guest.bootloader.rpartition("/")[2] == "pygrub"
    yield "bootloader", "pygrub" if pygrub else guest.bootloader
    yield "bootloader_args", list(guest.bootloader_args)
    yield "kernel", guest.kernel
    yield "ramdisk", guest.ramdisk
    yield "extra", guest.command_line
    yield from guest.actions.items()


# ---- options of the image


def _as_flag(value: object) -> Optional[Value]:
    truth = flag(value)
    return None if truth is None else int(truth)


def _as_mode(*modes: str) -> Callable[[object], Optional[Value]]:
    """Return the name of a mode, which xend stores as a number."""

    def mode(value: object) -> Optional[Value]:
        index = number(value)
        return modes[index] if index is not None and 0 <= index < len(modes) else None

    return mode


def _as_boot(value: object) -> Optional[Value]:
    letters = text(value) or ""
    return letters if set(letters) <= set("acdn") else None


_EVERYWHERE: Mapping[str, Callable[[object], Optional[Value]]] = {"localtime": _as_flag, "rtc_timeoffset": number}
_HVM: Mapping[str, Callable[[object], Optional[Value]]] = {
    **dict.fromkeys(("acpi", "apic", "hap", "hpet", "nx", "pae", "stdvga", "usb", "viridian", "vpt_align"), _as_flag),
    "xen_platform_pci": _as_flag,
    "boot": _as_boot,
    "serial": texts,
    "soundhw": text,
    "timer_mode": _as_mode(*_TIMER_MODES),
    "tsc_mode": _as_mode(*_TSC_MODES),
    "usbdevice": texts,
    "videoram": number,
}
_SCREEN = ("vnc", "sdl", "vncdisplay", "vncunused", "vnclisten", "vncpasswd", "keymap", "display", "xauthority")
"""Options that graphics covers."""


def _options(guest: Guest, notes: list[str]) -> Iterator[tuple[str, Optional[Value]]]:
    """Yield the options with the same name in xl."""
    known = {**_EVERYWHERE, **(_HVM if guest.hvm else {})}
    for key, given in sorted(guest.options.items()):
        value = known[key](given) if key in known else None
        # localtime and rtc_timeoffset of 0 are the defaults, so they are written only if they are set.
        if value is not None and (key not in _EVERYWHERE or value):
            yield key, value
        elif key not in _SCREEN and value is None:
            notes.extend(option_note(key, given))


def option_note(key: str, given: object) -> Iterable[str]:
    """Yield a sentence for an option of an image that is left out, unless it has its default value.

    The value may be a password, so only that of device_model is shown.
    """
    if key == "device_model":
        yield f"The device model {shown(text(given) or '')} is left out, as the new host has its own."
    elif flag(given) is not False and given not in ("", None, [], [[]]):
        yield f"The option {shown(str(key))} of its image is left out, as there is no word for it."


# ---- devices


def _devices(guest: Guest, notes: list[str]) -> Iterator[tuple[str, Optional[Value]]]:
    """Yield disks, interfaces, PCI devices and the screen."""
    yield "disk", [_disk(disk, notes) for disk in guest.disks]
    yield (
        "vif",
        [_vif(f"The interface {place}", vif, notes, hvm=guest.hvm) for place, vif in enumerate(guest.interfaces)],
    )
    yield "pci", ["{:04x}:{:02x}:{:02x}.{:x}".format(*address) for address in guest.pci]
    yield from _graphics(guest)


def _disk(disk: Disk, notes: list[str]) -> str:
    """Return a disk. Its target is last, because only there it may contain commas."""
    if disk.shared:
        notes.append(f"The disk {disk.name} has the mode w!, for which xl has no word: it is w.")
    words = [
        f"format={disk.format}",
        f"vdev={disk.name}",
        f"access={'rw' if disk.writable else 'ro'}",
        *(["devtype=cdrom"] if disk.cdrom else []),
        *([f"backend={disk.backend}"] if disk.backend else []),
        *([f"script=block-{disk.script}"] if disk.script else []),
        *([f"target={disk.path}"] if disk.path else []),
    ]
    return ", ".join(words)


def _vif(what: str, vif: Interface, notes: list[str], *, hvm: bool) -> str:
    """Return an interface."""
    if not vif.bridge and not vif.script:
        notes.append(f"{what} names no bridge, so that xl takes xenbr0.")
    emulated = hvm and vif.emulated is not None
    words = {
        "mac": vif.mac,
        "bridge": vif.bridge,
        "type": ("ioemu" if vif.emulated else "vif") if emulated else None,
        "model": vif.model if hvm and vif.emulated is not False else None,
        "vifname": vif.vifname,
        "script": vif.script,
        "ip": " ".join(vif.addresses),
        "backend": vif.backend,
        "rate": f"{vif.rate.per_second}B/s@{vif.rate.interval}us" if vif.rate else None,
    }
    return ",".join(f"{key}={value}" for key, value in words.items() if value)


def _graphics(guest: Guest) -> Iterator[tuple[str, Any]]:
    """Yield the screen. xl uses the same keys for paravirtualised and hvm guests."""
    screen = guest.graphics
    if screen is None:
        if guest.hvm and guest.options:
            yield "vnc", 0
        return
    yield "vnc", int(not screen.sdl)
    yield "sdl", int(screen.sdl)
    if not screen.sdl:
        yield "vnclisten", screen.listen
        yield "vncdisplay", screen.display
        yield "vncunused", int(screen.display is None)
        yield "vncpasswd", screen.password
    yield "keymap", screen.keymap
