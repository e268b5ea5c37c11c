# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Convert the output of ``xm list --long``, or a config of xend, to options of xen_domain."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import field_name
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp, SxpError, dumps, loads
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.devices import vfb_option
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.errors import XmError

Options = dict[str, object]

LONGEST = 8_388_608
"""The most characters of a listing. A domain has about two thousand."""

_NUMBERS: dict[str, tuple[str, ...]] = {
    "memory": (),
    "maxmem": (),
    "cpu_weight": ("256", "1.0"),
    "cpu_cap": ("0",),
    "shadow_memory": ("0",),
}
"""Numbers of a domain with an option, and their defaults."""

_WORDS = {"on_xend_start": ("ignore",), "on_xend_stop": ("ignore",), "features": (), "bootloader_args": ()}
"""Texts of a domain with an option, and their defaults."""

_FIELDS = {
    **dict.fromkeys(["description", "restart", "cpu", "vcpu_avail"], ""),
    **dict.fromkeys(["target", "machine_address_size", "suppress_spurious_page_faults", "tsc_mode", "nomigrate"], "0"),
    "s3_integrity": "1",
    "pool_name": "Pool-0",
}
"""Fields without an option, and their defaults."""

_OF_LIFE = frozenset({"uuid", "location", "protocol", "bootable", "VDI"})
"""Fields of a device that xend adds while the domain lives."""

_READ = {
    "vif": frozenset({"mac", "bridge", "ip", "script", "backend", "type", "model", "rate", "vifname"}),
    **dict.fromkeys(("vbd", "tap", "tap2"), frozenset({"uname", "dev", "mode", "backend"})),
}
"""Fields of an interface and of a disk that have an option."""

_ADDED = _OF_LIFE | {"devid", "driver"}
"""Fields that xend adds to an interface or a disk."""

_ANY_SLOT = {"requested_vslot": "0x20", "vdevfn": "0x100"}
"""Values of a PCI device that has no place of its own in the guest, in 3.4, and in 4.0 and later."""

_IN_IMAGE = frozenset(["kernel", "ramdisk", "root", "ip", "args", "loader", "notes", "vcpus", "display", "xauthority"])
"""Fields of an image that have an option, or do not belong to the declaration."""

_OF_EVERY_IMAGE = {
    **dict.fromkeys(["superpages", "nomigrate", "tsc_mode", "vhpt"], "0"),
    **dict.fromkeys(["machine_address_size", "suppress_spurious_page_faults"], "0"),
    "videoram": "4",
}
"""Fields of an image of any type, and their defaults."""


def convert(text: str) -> list[tuple[Options, list[str]]]:
    """Return options and notes for each domain in *text*. Raises XmError, whose message shows no part of the text."""
    if len(text) > LONGEST:
        raise XmError(f"the text has more than {LONGEST} characters")
    try:
        # In one list, so that a listing of several domains is read like that of one.
        trees = loads(f"(\n{text}\n)", alone=True)
    except SxpError as error:
        raise XmError(f"the text is not made of s-expressions as xend prints them: {error.reason}") from None
    found = [tree for tree in trees if isinstance(tree, list)]
    if not found or any(tree[:1] not in (["domain"], ["vm"]) for tree in found):
        raise XmError("the text is not made of domains: each is a list that begins with domain or vm")
    return [_guest(tree) for tree in found]


def _guest(tree: list[Sxp]) -> tuple[Options, list[str]]:
    """Return options and notes for one domain."""
    try:
        domain = Domain.from_sxp(tree)
    except ValueError:
        raise XmError("a domain in the text has no name") from None
    if domain.is_privileged:
        return {}, [f"{domain.name} is the control domain, the host itself: no option is for it"]
    # Reversed, so that the first of two equal keys wins, as in xend (WIRE.md (b)).
    fields = dict(reversed(list(_pairs(tree))))
    notes: list[str] = []
    data = domain.as_dict()
    keys = ("name", "vcpus", "uuid", "on_poweroff", "on_reboot", "on_crash", "bootloader")
    options: Options = {key: data[key] for key in keys if data[key] is not None}
    options |= _plain(fields, notes) | _cpus(domain, fields, notes)
    is_hvm = domain.image is not None and domain.image.type == "hvm"
    if domain.domid is not None and not is_hvm:
        options.pop("shadow_memory", None)  # xend itself needs some for each guest, and shows that
    options |= _localtime(fields)
    options |= _image(domain, fields, notes)
    devices = [item[1] for item in tree[1:] if isinstance(item, list) and item[:1] == ["device"] and len(item) > 1]
    lists = [device for device in devices if isinstance(device, list)]
    options |= {
        key: value
        for key, value in (("vbds", _disks(domain, data["vbds"], notes)), ("vifs", _devices(data["vifs"])))
        if value
    }
    options |= _other_devices(lists, is_hvm=is_hvm, is_alive=tree[0] == "domain")
    notes += [*_without_option(fields), *(note for device in lists for note in _without_equal(device))]
    more = _more(fields, domain)
    if more:
        options["extra_config"] = [*more, *options.get("extra_config", [])]  # type: ignore[misc]
    return options, notes


def _pairs(tree: list[Sxp]) -> Iterator[tuple[str, Sxp]]:
    """Yield the fields of a list; one without a value has an empty one."""
    for child in tree[1:]:
        if isinstance(child, list) and child and isinstance(child[0], str) and child[0] != "device":
            yield child[0], child[1] if len(child) > 1 else ""


def _plain(fields: dict[str, Sxp], notes: list[str]) -> Options:
    """Return the values that are a number or a text and differ from the default."""
    found: Options = {}
    for key, usual in _NUMBERS.items():
        value = fields.get(key)
        if not isinstance(value, str) or value in ("", *usual):
            continue
        # 3.0.3 and earlier show a weight as a float, such as 512.0 (WIRE.md (d)).
        if value.removesuffix(".0").isdecimal():
            found[key] = int(value.removesuffix(".0"))
        else:
            notes.append(f"{key} is no whole number of 0 or more, so that it has no equal")
    for key, words in _WORDS.items():
        value = fields.get(key)
        if isinstance(value, str) and value and value not in words:
            found[key] = value
    return found


def _localtime(fields: dict[str, Sxp]) -> Options:
    """Return whether the guest's clock shows local time."""
    return {"localtime": True} if fields.get("localtime") == "1" else {}


def _cpus(domain: Domain, fields: dict[str, Sxp], notes: list[str]) -> Options:
    """Return the CPUs of the host that all vcpus may use."""
    value = fields.get("cpus")
    if isinstance(value, str) and value:
        return {"cpus": value}
    sets = set(domain.cpus or ())
    # The option has one set for all vcpus, so different sets cannot be expressed.
    if len(sets) > 1:
        notes.append("cpus differ from vcpu to vcpu, where the option is for all of them")
        return {}
    cpus = sorted(next(iter(sets), ()))
    if domain.cpus is None and isinstance(value, list) and value:
        notes.append("cpus is a list, one entry for each vcpu, where the option is for all of them")
    return {"cpus": ",".join(map(str, cpus))} if cpus else {}


def _image(domain: Domain, fields: dict[str, Sxp], notes: list[str]) -> Options:
    """Return what the domain boots. The kernel that a bootloader has found is left out."""
    value = fields.get("image")
    section = value if isinstance(value, list) else []
    image = domain.image
    if image is None and not section:
        return {}
    kind = section[0] if section and isinstance(section[0], str) else "linux"
    if kind not in ("linux", "hvm", "vmx"):
        notes.append("the type of the image is none of linux, hvm and vmx, so that it has no equal")
        return {}
    found: Options = {"type": kind}
    # bootloader reads the kernel anew at each start, so the shown one is not declared.
    if image is not None and domain.bootloader and kind == "linux":
        notes.append("kernel, ramdisk and args are left out: the bootloader finds them")
    elif image is not None:
        found |= {key: value for key, value in vars(image).items() if value is not None}
    options = dict(_image_options(section, kind))
    return {"image": {**found, "options": options} if options else found}


def _image_options(section: list[Sxp], kind: str) -> Iterator[tuple[str, object]]:
    """Yield the keys of an image besides kernel, ramdisk and args; for a guest that is not hvm, only those that are set."""
    for key, value in _pairs(section):
        nested = isinstance(value, list) and any(isinstance(item, list) for item in value)
        if key in _IN_IMAGE or value in ("", []) or nested:
            continue
        usual = _OF_EVERY_IMAGE.get(key)
        if value != usual and (kind == "hvm" or usual is not None) and (key, value) != ("rtc_timeoffset", "0"):
            yield field_name(key), value


def _devices(devices: object) -> list[Options]:
    """Return devices without empty values, and without the default backend."""
    found = [
        {key: value for key, value in device.items() if value not in (None, [], False)}
        for device in (devices if isinstance(devices, list) else [])
    ]
    usual = (("backend", "0"), ("type", "netfront"))
    return [{key: value for key, value in device.items() if (key, value) not in usual} for device in found]


def _disks(domain: Domain, disks: object, notes: list[str]) -> list[Options]:
    """Return the disks. A disk of the emulator keeps its prefix ``ioemu:``."""
    found = _devices(disks)
    for disk, vbd in zip(found, domain.vbds or (), strict=True):
        if vbd.emulated:
            disk["dev"] = f"ioemu:{vbd.dev}"
        if disk.get("mode", "r") not in ("r", "w", "w!"):
            del disk["mode"]
            notes.append(f"{disk.get('dev')} has a mode that is none of r, w and w!: the mode is left out")
    return found


def _without_option(fields: dict[str, Sxp]) -> Iterator[str]:
    """Yield a note for each field of a domain and of its image that is left out."""
    image = fields.get("image")
    section = dict(_pairs(image)) if isinstance(image, list) else {}
    if fields.get("ssidref") not in (None, "", "0"):
        yield "ssidref has no equal, and is left out"
    for key in ("cpuid", "cpuid_check"):
        if fields.get(key) or section.get(key):
            yield f"{key} has no equal, and is left out"
    if section.get("features") and isinstance(image, list) and image[:1] == ["linux"]:
        yield "features of the image has no equal, and is left out"


def _without_equal(device: list[Sxp]) -> Iterator[str]:
    """Yield a note for each field of an interface or a disk that is left out."""
    kind = device[0] if isinstance(device[0], str) else ""
    fields = dict(_pairs(device)) if kind in _READ else {}
    name = fields.get("mac") or fields.get("dev")
    for key, value in fields.items():
        # 3.0.0 shows the addresses of an interface as a list.
        is_read = key in _READ[kind] and (key == "ip" or not isinstance(value, list))
        if value and not is_read and key not in _ADDED:
            yield f"{key} of {kind} {name} has no equal, and is left out"


def _other_devices(devices: list[list[Sxp]], *, is_hvm: bool, is_alive: bool) -> Options:
    """Return frame buffers and PCI devices as options, and devices without an option as expressions."""
    options: Options = {}
    frame_buffers: list[Options] = []
    others: list[Sxp] = []
    for device in devices:
        kind = device[0] if isinstance(device[0], str) else ""
        # A vfb of a paravirtualised guest comes with a keyboard; xend adds those of an hvm guest itself.
        if kind == "vfb" and not is_hvm:
            option = vfb_option(
                {key: value for key, value in _pairs(device) if isinstance(value, str) and key not in _OF_LIFE}
            )
            others += [["vkbd"], _declared(device, is_alive=is_alive)] if option is None else []
            frame_buffers += [] if option is None else [option]
        elif kind == "pci":
            addresses = _pci(device)
            others += [] if addresses else [_declared(device, is_alive=is_alive)]
            options |= {"pci": addresses} if addresses else {}
        elif kind not in ("vbd", "tap", "tap2", "vif", "console", "vkbd", "vfb"):
            others.append(_declared(device, is_alive=is_alive))
    options |= {"vfbs": frame_buffers} if frame_buffers else {}
    return options | ({"extra_config": [dumps(["device", device]) for device in others]} if others else {})


def _declared(device: list[Sxp], *, is_alive: bool) -> Sxp:
    """Return a device without the fields that xend adds while the domain lives."""
    added = [[key] for key in (_OF_LIFE if is_alive else ())]
    return [
        device[0],
        *(
            item
            for item in device[1:]
            if item != ["backend", "0"] and not (isinstance(item, list) and item[:1] in added)
        ),
    ]


def _pci(device: list[Sxp]) -> list[str]:
    """Return the addresses of PCI devices, an empty list if one of them has more than an address."""
    found = []
    for item in device[1:]:
        fields = dict(_pairs(item)) if isinstance(item, list) and item[:1] == ["dev"] else {}
        if "opts" in fields or any(fields.get(key, usual) != usual for key, usual in _ANY_SLOT.items()):
            return []
        try:
            numbers = [int(str(fields[key]), 16) for key in ("domain", "bus", "slot", "func")]
        except (KeyError, ValueError):
            # Other items, such as (backend 0) and (uuid U), are no devices.
            if isinstance(item, list) and item[:1] != ["dev"]:
                continue
            return []
        found.append("{:04x}:{:02x}:{:02x}.{:x}".format(*numbers))
    return found


def _more(fields: dict[str, Sxp], domain: Domain) -> list[str]:
    """Return the fields of a domain without an option, as expressions, if they differ from the default."""
    found = []
    # At most 4096 bits: the number of vcpus is text from outside.
    all_vcpus = str((1 << min(domain.vcpus or 0, 4096)) - 1)
    for key, usual in _FIELDS.items():
        value = fields.get(key)
        if isinstance(value, str) and value and value not in (usual, all_vcpus if key == "vcpu_avail" else usual):
            found.append(dumps([key, value]))
    return found
