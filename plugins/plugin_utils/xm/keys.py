# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys of xm as data: which release knows which, and what each release adds itself. Recorded from its dry runs."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.dom0.xend.plugins.module_utils.wire.release import RELEASES

NAMES = tuple(RELEASES)
"""The releases, oldest first."""

OLDEST, NEWEST = NAMES[0], NAMES[-1]

Span = tuple[str, str]
"""The first and the last release that knows a key."""


def within(release: str, span: Span) -> bool:
    """Return whether a release is in a span."""
    return NAMES.index(span[0]) <= NAMES.index(release) <= NAMES.index(span[1])


def since(release: str, first: str) -> bool:
    """Return whether a release is *first* or a later one."""
    return within(release, (first, NEWEST))


_ALWAYS = (OLDEST, NEWEST)


def _from(first: str, names: str) -> dict[str, Span]:
    """Return the span from a release to the latest one."""
    return dict.fromkeys(names.split(), (first, NEWEST))


TOP: Mapping[str, tuple[Span, str]] = {
    "cpu": (_ALWAYS, "cpu"),
    "vcpu_avail": (("3.1", "3.4"), "vcpu_avail"),
    "restart": (_ALWAYS, "restart"),
    "ssidref": (("3.0.0", "3.0.2"), "ssidref"),
    "target": (("3.3", NEWEST), "target"),
    "machine_address_size": (("3.3", NEWEST), "machine_address_size"),
    "suppress_spurious_page_faults": (("3.4", NEWEST), "suppress_spurious_page_faults"),
    "s3_integrity": (("3.4", NEWEST), "s3_integrity"),
    "oos": (("4.0", NEWEST), "oos"),
    "description": (("4.0", NEWEST), "description"),
    "tsc_mode": (("4.0", NEWEST), "tsc_mode"),
    "nomigrate": (("4.0", NEWEST), "nomigrate"),
    "pool": (("4.1", NEWEST), "pool_name"),
}
"""Keys that become a field of the domain without an option, and the name of that field."""

SENT_WHEN_ZERO = frozenset({"cpu", "s3_integrity"})
"""Those of TOP that xm sends even if they are 0."""

IMAGE: Mapping[str, Span] = {
    "features": ("3.0.2", "3.0.2"),
    "loader": ("3.3", NEWEST),
    "videoram": ("3.4", NEWEST),
    "vhpt": ("3.2", NEWEST),
    "machine_address_size": ("3.3", NEWEST),
    "suppress_spurious_page_faults": ("3.4", NEWEST),
    **_from("4.0", "superpages tsc_mode nomigrate parallel serial monitor monitor_path"),
}
"""Keys that become a field of every image."""

SENT_AS_IT_IS = frozenset({"videoram", "tsc_mode", "nomigrate"})
"""Those of IMAGE that xm sends even if they are 0."""

HVM: Mapping[str, Span] = {
    "lapic": ("3.0.0", "3.0.0"),
    "audio": ("3.0.2", "3.0.2"),
    **dict.fromkeys(("cdrom", "ne2000"), ("3.0.0", "3.0.2")),
    **_from("3.0.0", "device_model boot fda fdb localtime stdvga isa nographic vnc sdl display"),
    **_from("3.0.2", "pae acpi apic"),
    **_from("3.0.3", "vncdisplay vnclisten vncunused vncconsole usb usbdevice soundhw"),
    **_from("3.0.4", "keymap vncpasswd"),
    **_from("3.1", "rtc_timeoffset"),
    "serial": ("3.0.0", "3.4"),
    "monitor": ("3.1", "3.4"),
    **_from("3.2", "timer_mode guest_os_type"),
    **_from("3.3", "hpet hap opengl"),
    **_from("3.4", "viridian vpt_align pci_msitranslate pci_power_mgmt xen_platform_pci"),
    **_from("4.0", "oos gfx_passthru memory_sharing"),
    **_from("4.4", "nestedhvm"),
}
"""Keys that become a field of the image of an hvm guest. 3.0.0 makes them fields of every image."""

HVM_DEFAULTS: tuple[tuple[str, Span, object], ...] = (
    ("boot", _ALWAYS, "c"),
    ("vncunused", ("3.0.3", NEWEST), 1),
    ("pae", ("3.0.4", NEWEST), 1),
    ("acpi", ("3.0.4", NEWEST), 1),
    ("apic", ("3.0.4", NEWEST), 1),
    ("guest_os_type", ("3.2", NEWEST), "default"),
    ("hap", ("3.3", NEWEST), 1),
    ("timer_mode", ("3.4", NEWEST), 1),
    ("vpt_align", ("3.4", NEWEST), 1),
    ("pci_msitranslate", ("3.4", NEWEST), 1),
    ("xen_platform_pci", ("3.4", NEWEST), 1),
    ("videoram", ("3.4", NEWEST), 4),
    ("oos", ("4.0", NEWEST), 1),
)
"""The values that xm adds for an hvm guest if its file lacks them and they are neither 0 nor empty. They change the machine."""

VIF: Mapping[str, Span] = {
    **_from("3.0.0", "mac bridge ip script type backend vifname"),
    "be_mac": ("3.0.0", "3.0.0"),
    **_from("3.0.2", "rate"),
    **_from("3.0.3", "model"),
    **_from("3.2", "accel policy label"),
}
"""Keys of one vif. xm refuses a file with any other key."""

VFB: Mapping[str, Span] = {
    **_from("3.0.4", "type vncunused vnclisten vncdisplay vncpasswd display xauthority"),
    **_from("3.3", "keymap opengl videoram"),
    **_from("3.4", "vnc sdl"),
    **_from("4.0", "serial monitor"),
}
"""Keys of one vfb. xm refuses a file with any other key."""

OTHERS: Mapping[str, Span] = {
    **_from("3.0.0", "name memory maxmem vcpus cpus cpu_weight builder kernel ramdisk root extra nfs_root nfs_server"),
    **_from("3.0.0", "ip netmask gateway hostname interface dhcp bootloader bootentry on_poweroff on_reboot on_crash"),
    **_from("3.0.0", "blkif netif disk vif pci nics ioports access_control xauthority paused quiet path config"),
    "ssidref": _ALWAYS,
    "tpmif": ("3.0.0", "4.1"),
    "vtpm": ("3.0.0", "4.1"),
    "usb": _ALWAYS,
    "usbport": ("3.0.3", "3.1"),
    **_from("3.0.2", "uuid irq"),
    **_from("3.0.3", "features bootargs shadow_memory localtime"),
    **_from("3.0.4", "cpu_cap on_xend_start on_xend_stop vfb"),
    **_from("3.1", "console_autoconnect"),
    **_from("3.3", "vscsi cpuid cpuid_check"),
    **_from("4.0", "maxvcpus vif2 vusb"),
}
"""Keys with a meaning of their own."""


def is_known(key: str, release: str) -> bool:
    """Return whether xm of that release reads a variable with that name."""
    spans = [table[key] for table in (IMAGE, HVM, OTHERS) if key in table]
    spans += [TOP[key][0]] if key in TOP else []
    return any(within(release, span) for span in spans)


def is_key(key: str) -> bool:
    """Return whether any xm reads a variable with that name."""
    return any(key in table for table in (IMAGE, HVM, OTHERS, TOP))
