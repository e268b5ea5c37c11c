# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Convert a config file of xm to options of xen_domain."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from ansible_collections.dom0.xend.plugins.module_utils.desired.checks import check, check_creation
from ansible_collections.dom0.xend.plugins.module_utils.desired.desired import Desired
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import RELEASES
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp, dumps
from ansible_collections.dom0.xend.plugins.plugin_utils.xm import devices, image, pci, peripherals
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.errors import XmError
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.guest import Guest
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.keys import NAMES
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.program import read

Options = dict[str, object]

_EVENTS = ("destroy", "restart", "preserve", "rename-restart")
_WORDS = {
    "on_poweroff": ("3.0.0", _EVENTS),
    "on_reboot": ("3.0.0", _EVENTS),
    "on_crash": ("3.0.0", (*_EVENTS, "coredump-destroy", "coredump-restart")),
    "on_xend_start": ("3.0.4", ("ignore", "start")),
    "on_xend_stop": ("3.0.4", ("ignore", "shutdown", "suspend")),
}
"""Keys with a choice of words: the first release, and the words."""

_NUMBERS = {"maxmem": "3.0.0", "shadow_memory": "3.0.3", "cpu_weight": "3.0.0", "cpu_cap": "3.0.4"}
"""Keys with a number that have an option, and their first release."""

_SENT_WHEN_ZERO = ("cpu_weight", "cpu_cap")


def convert(
    text: str, release: str, *, host: Mapping[str, str], variables: Mapping[str, str], file: str = ""
) -> tuple[Options, list[str]]:
    """Return the options of xen_domain that correspond to *text* for xm of that release, and notes on the rest.

    *host* is what is known of os.uname(), *variables* are those of xm's command line, *file* is the name of the file. Raises
    XmError for a file that xm refuses, or that exceeds a limit.
    """
    if release not in NAMES:
        raise XmError(f"release must be one of {', '.join(NAMES)}")
    guest = Guest(read(text, host, variables), release)
    options = _options(guest, file)
    guest.note_ignored(is_hvm=image.is_hvm(guest))
    guest.note_unsure()
    return options, [*guest.notes(), *_refusal(guest.release, options)]


def _refusal(release: str, options: Options) -> list[str]:
    """Return why xen_domain would not create such a domain, an empty text if it would."""
    if "name" not in options:
        return []
    desired = Desired(str(options["name"]), options={key: value for key, value in options.items() if key != "name"})
    try:
        check(desired)
        check_creation(desired, RELEASES[release])
    except InvalidRequest as error:
        return [f"xen_domain refuses to create this: {error}"]
    return []


def _options(guest: Guest, file: str) -> Options:
    """Return all options of a guest."""
    # First, because xm refuses the whole file for a wrong cpuid.
    image.check_cpuid(guest)
    found = {**_name(guest, file), **_memory(guest)}
    vcpus, available = _vcpus(guest)
    found |= {} if vcpus is None else {"vcpus": vcpus}
    found |= _numbers(guest) | _cpus(guest) | _words(guest) | _texts(guest)
    found |= _devices(guest)
    functions = pci.functions(guest)
    expressions: list[Sxp] = [["vcpu_avail", available]] if available else []
    expressions += peripherals.fields(guest) + peripherals.devices(guest)
    # The option holds only addresses. With any option of a device, all are sent as one expression.
    addresses = pci.as_options(functions, guest.release, named=guest.since("3.0.4"))
    if addresses:
        found["pci"] = addresses
    elif functions:
        expressions += pci.as_expressions(functions, guest)
    frame_buffers, others = devices.vfbs(guest)
    found |= {"vfbs": frame_buffers} if frame_buffers else {}
    check = guest.get("cpuid_check") if guest.since("3.3") and not guest.set("cpuid") else None
    if isinstance(check, list) and check:
        expressions.append(["cpuid_check", list(guest.entries("cpuid_check"))])
    found |= _boot(guest, functions, vcpus)
    expressions += others
    return {**found, "extra_config": list(map(dumps, expressions))} if expressions else found


def _name(guest: Guest, file: str) -> Options:
    """Return the name, which is that of the file if the file sets none."""
    name = guest.text("name")
    if guest.is_unknown("name"):
        return {}
    if not name and not file:
        guest.note_line(0, "The file says no name, and xm takes that of the file: say which with file")
        return {}
    return {"name": name or posixpath.basename(file)}


def _memory(guest: Guest) -> Options:
    """Return the memory in MiB, 128 if the file sets none."""
    if guest.is_unknown("memory"):
        # Read all the same, so that the unknown value is noted.
        guest.get("memory")
        return {}
    if guest.get("memory") is None:
        return {"memory": 128}
    memory = guest.number("memory")
    if memory:
        return {"memory": memory}
    if memory == 0:
        guest.note("memory", "is 0, so that xm says nothing of it")
    return {}


def _vcpus(guest: Guest) -> tuple[int | None, str]:
    """Return the number of vcpus, and the online ones as bits, if xm sends them."""
    if guest.is_unknown("vcpus") or (guest.since("4.0") and guest.is_unknown("maxvcpus")):
        guest.get("vcpus")
        guest.get("maxvcpus")
        return None, ""
    given = guest.get("vcpus")
    vcpus = 1 if given is None else guest.number("vcpus")
    # vcpus is the number online at the start, and maxvcpus the total, if the file sets it.
    most = guest.number("maxvcpus") if guest.since("4.0") else None
    if not most:
        return vcpus or None, ""
    if not isinstance(given, int) and given is not None:
        guest.refuse("vcpus", "is no number, which xm refuses beside maxvcpus")
    return most, str((1 << min(vcpus or 0, 4096)) - 1)


def _numbers(guest: Guest) -> Options:
    """Return the options that are numbers."""
    found: Options = {}
    for key, first in _NUMBERS.items():
        number = guest.number(key) if guest.since(first) else None
        if number is not None and (number or key in _SENT_WHEN_ZERO):
            found[key] = number
    return found


def _cpus(guest: Guest) -> Options:
    """Return the CPUs of the host that the guest may use."""
    value = guest.get("cpus")
    if isinstance(value, list):
        guest.note("cpus", "is a list, one entry for each vcpu, where the option is for all of them")
        return {}
    if value == "":
        guest.note("cpus", "is empty, so that it has no equal")
        return {}
    return {} if value is None else {"cpus": str(value)}


def _words(guest: Guest) -> Options:
    """Return the options for events of the guest."""
    found: Options = {}
    for key, (first, words) in _WORDS.items():
        value = guest.text(key) if guest.since(first) else None
        if value in words:
            found[key] = value
        elif value:
            guest.note(key, f"is none of {', '.join(words)}, so that it has no equal")
    return found


def _texts(guest: Guest) -> Options:
    """Return the options that are texts, and the clock."""
    found: Options = {}
    for key, first in (("uuid", "3.0.2"), ("features", "3.0.3")):
        value = guest.text(key) if guest.since(first) else None
        if value:
            found[key] = value
        elif value == "" and key == "uuid":
            guest.note(key, "is empty, so that it has no equal")
    if guest.since("3.0.3") and guest.set("localtime"):
        found["localtime"] = True
        if guest.scalar("localtime") not in (1, "1"):
            guest.note("localtime", "is neither 0 nor 1, and is sent as 1")
    return found


def _devices(guest: Guest) -> Options:
    """Return disks and interfaces."""
    found = {"vbds": devices.vbds(guest), "vifs": devices.vifs(guest)}
    if (
        guest.text("builder") in ("hvm", "vmx")
        and not guest.since("3.0.4")
        and any("type" not in vif for vif in found["vifs"])
    ):
        guest.note_line(0, "An interface without a type is sent as one of the type ioemu, as the guest has no other")
    return {key: value for key, value in found.items() if value}


def _boot(guest: Guest, functions: list[pci.Function], vcpus: int | None) -> Options:
    """Return the image and the bootloader. Raises XmError for what xm refuses."""
    bootloader = guest.text("bootloader")
    if bootloader:
        return _with_bootloader(guest, bootloader, functions, vcpus)
    # xm 3.3 and later accept loader in place of kernel.
    boots = guest.text("kernel") or (guest.since("3.3") and guest.text("loader"))
    known = not guest.is_unknown("kernel") and not guest.is_unknown("bootloader")
    if known and not boots and not guest.since("3.1"):
        raise XmError(f"the file names no kernel and no bootloader, which xm {guest.release} refuses")
    found = image.image(guest, functions, vcpus)
    return {} if found is None else {"image": found}


def _with_bootloader(guest: Guest, bootloader: str, functions: list[pci.Function], vcpus: int | None) -> Options:
    """Return the options of a guest with a bootloader, which finds the kernel."""
    if guest.since("3.1"):
        found: Options = {"bootloader": "/usr/bin/pygrub" if bootloader == "pygrub" else bootloader}
        quiet = "" if guest.set("console_autoconnect") else "-q"
        args = guest.text("bootargs") if guest.get("bootargs") is not None else quiet
        unsure = guest.is_unknown("bootargs") or (args == quiet and guest.is_unknown("console_autoconnect"))
        picture = image.image(guest, functions, vcpus)
        return {**found, **({} if unsure else {"bootloader_args": args}), **({"image": picture} if picture else {})}
    # In 3.0.4 and earlier xm itself runs the bootloader, on the first disk.
    disks = guest.entries("disk")
    if not bootloader.startswith("/"):
        guest.refuse("bootloader", f"is no path, which xm {guest.release} refuses")
    if not disks and not guest.is_unknown("disk"):
        guest.refuse("bootloader", f"needs a disk, and xm {guest.release} refuses a file without one")
    if disks and not guest.since("3.0.3") and disks[0].split(",")[0].count(":") > 1:
        guest.refuse("disk", f"begins with one that xm {guest.release} cannot give to a bootloader")
    guest.note("bootloader", f"is run by xm {guest.release} itself, and only the disk tells which kernel it finds")
    found = {"bootloader": bootloader}
    entry = f"--entry={guest.text('bootentry')}" if guest.since("3.0.3") and guest.set("bootentry") else ""
    args = (guest.text("bootargs") if guest.since("3.0.3") else None) or entry
    return {**found, "bootloader_args": args} if args else found
