# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Domains carried out of xend, judged by the tools that are to read them: Xen's parser, and libvirt's test driver."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dom0.xend.plugins.module_utils.info.domains import Query, Selection, shown
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import dumps, loads
from ansible_collections.dom0.xend.plugins.plugin_utils.out.guest import read
from ansible_collections.dom0.xend.plugins.plugin_utils.out.libvirt import to_libvirt
from ansible_collections.dom0.xend.plugins.plugin_utils.out.values import NotADomain
from ansible_collections.dom0.xend.plugins.plugin_utils.out.xl import to_xl
from tests.conformance.recordings import DIRECTORY, load
from tests.simulator import Simulator
from tests.support.running import run
from tests.support.toolstacks import NO_LIBVIRT, NO_SCHEMA, NO_XL, XlParser, define, defined, validate

needs_xl = pytest.mark.skipif(bool(NO_XL), reason=NO_XL)
needs_libvirt = pytest.mark.skipif(bool(NO_LIBVIRT), reason=NO_LIBVIRT)
needs_schema = pytest.mark.skipif(bool(NO_SCHEMA), reason=NO_SCHEMA)

RECORDINGS = sorted(path.name.removesuffix(".jsonl.gz") for path in DIRECTORY.glob("*.jsonl.gz"))
_OWN = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
"""What makes two guests differ that are the same to a parser: uuid and mac."""

EVERYTHING = Query(None, Selection(), ("summary", "devices"), sxp=True)

PV = {"name": "web1", "memory": 128, "vcpus": 1, "image": {"type": "linux", "kernel": "/boot/k"}}
HVM = {
    "name": "win1",
    "memory": 512,
    "image": {
        "type": "hvm",
        "kernel": "/usr/lib/xen/boot/hvmloader",
        "options": {"device_model": "/usr/lib/xen/bin/qemu-dm", "boot": "dc", "vnc": 1, "acpi": True, "timer_mode": 2},
    },
}


@cache
def domains(recording: str) -> tuple[dict[str, Any], ...]:
    """Return each domain that a xend described in a recording, as xen_domain_info returns it."""
    found: dict[str, dict[str, Any]] = {}
    for exchange in load(recording):
        if exchange.method == "GET" and "/domain" in exchange.target and "op=" not in exchange.target:
            for tree in _described(exchange.response.body.encode("latin-1").decode("utf-8", "surrogateescape")):
                found.setdefault(_OWN.sub("", dumps(tree)), shown(Domain.from_sxp(tree), {}, EVERYTHING))
    return tuple(found.values())


def _described(body: str) -> list[Any]:
    """Return the domains in a body: it is one, a list of them, or none of the two."""
    try:
        tree = loads(body)
    except ValueError:
        return []
    candidates = [tree] if tree[:1] == ["domain"] else tree
    return [each for each in candidates if isinstance(each, list) and each[:1] == ["domain"]]


def by_shape(texts: list[str]) -> list[str]:
    """Return the texts without those that differ from another in uuid and mac only."""
    return list({_OWN.sub("", text): text for text in texts}.values())


def write(folder: Path, texts: list[str]) -> list[Path]:
    """Write each text to a file."""
    paths = [folder / f"{place}.xml" for place, _text in enumerate(texts)]
    for path, text in zip(paths, texts):
        path.write_text(text, encoding="utf-8")
    return paths


@pytest.fixture(scope="module")
def parser() -> XlParser:
    return XlParser()


# ---- every domain that was recorded


@pytest.mark.parametrize("recording", RECORDINGS)
@needs_xl
def test_xl_reads_every_recorded_domain_and_each_of_its_disks(recording: str, parser: XlParser) -> None:
    for domain in domains(recording):
        config = to_xl(domain).text
        assert parser.string(config, "name") == domain["name"]
        for spec in parser.strings(config, "disk"):
            parser.disk(spec)
        assert len(parser.strings(config, "vif")) == len(domain["vifs"])


@needs_libvirt
def test_libvirt_defines_every_recorded_domain(tmp_path: Path) -> None:
    texts = by_shape([to_libvirt(domain).text for recording in RECORDINGS for domain in domains(recording)])
    assert len(texts) > 100
    define(write(tmp_path, texts))


@needs_schema
def test_the_schema_takes_the_domains_of_each_recording(tmp_path: Path) -> None:
    latest = [by_shape([to_libvirt(domain).text for domain in domains(recording)])[-1:] for recording in RECORDINGS]
    for path in write(tmp_path, by_shape([text for texts in latest for text in texts])):
        validate(path)


def test_the_recordings_hold_guests_of_each_kind() -> None:
    everything = [domain for recording in RECORDINGS for domain in domains(recording)]
    text = "".join(domain["sxp"] for domain in everything)
    assert len(everything) > 200
    for part in ("(hvm ", "(vmx ", "(vfb ", "(tap ", "hdc:cdrom", "w!", "rate", "vifname", "on_xend_stop shutdown"):
        assert part in text


# ---- what is in a config, and what is in a note


def disks(*vbds: dict[str, Any]) -> tuple[str, list[str]]:
    """Return the config of a guest with those disks, and its notes on disks."""
    done = to_xl({**PV, "vbds": list(vbds)})
    return done.text, [note for note in done.notes if "disk" in note]


@pytest.mark.parametrize(
    ("vbd", "target", "vdev", "kind"),
    [
        ({"uname": "phy:vg0/web1", "dev": "sda1"}, "/dev/vg0/web1", "sda1", "raw"),
        ({"uname": "phy:/dev/vg0/web1", "dev": "/dev/xvda"}, "/dev/vg0/web1", "xvda", "raw"),
        ({"uname": "file:/srv/a, b:c=d.img", "dev": "ioemu:hda"}, "/srv/a, b:c=d.img", "hda", "raw"),
        ({"uname": "tap:aio:/srv/t.img", "dev": "xvdb:disk"}, "/srv/t.img", "xvdb", "raw"),
        ({"uname": "tap:/srv/t.img", "dev": "xvdb"}, "/srv/t.img", "xvdb", "raw"),
        ({"uname": "tap:qcow:/srv/t.qcow", "dev": "xvdb"}, "/srv/t.qcow", "xvdb", "qcow"),
        ({"uname": "tap2:tapdisk:aio:/srv/t.img", "dev": "xvdb"}, "/srv/t.img", "xvdb", "raw"),
        ({"uname": "tap:tapdisk:vhd:/srv/t.vhd", "dev": "xvdb"}, "/srv/t.vhd", "xvdb", "vhd"),
        ({"uname": "file:/srv/a.img", "dev": "0x801"}, "/srv/a.img", "sda1", "raw"),
        ({"uname": "file:/srv/a.img", "dev": "51728"}, "/srv/a.img", "xvdb", "raw"),
        ({"uname": "drbd:r0", "dev": "sda"}, "r0", "sda", "raw"),
        ({"dev": "hdc:cdrom"}, "", "hdc", "empty"),
    ],
)
@needs_xl
def test_a_disk_is_the_same_to_xl(vbd: dict[str, Any], target: str, vdev: str, kind: str, parser: XlParser) -> None:
    config, _notes = disks({**vbd, "mode": "w"})
    (spec,) = parser.strings(config, "disk")
    disk = parser.disk(spec)
    assert (disk.target, disk.vdev, disk.format) == (target, vdev, kind)
    assert disk.cdrom is vbd["dev"].endswith(":cdrom")
    assert disk.writable is not disk.cdrom
    assert disk.script == ("block-drbd" if target == "r0" else "")


@pytest.mark.parametrize(
    ("vbd", "note"),
    [
        (
            {"uname": "tap:vmdk:/srv/a.vmdk", "dev": "sda"},
            "The disk sda is left out, as nothing here reads the format of",
        ),
        ({"uname": "file:a.img", "dev": "sda"}, "holds no path that a config can say"),
        ({"uname": "file:/srv/a\nb", "dev": "sda"}, r"The disk sda is left out, as 'file:/srv/a\nb' holds no path"),
        ({"uname": "file:/a,", "dev": "sda"}, "holds no path that a config can say"),
        ({"uname": "npiv:1", "dev": "sda"}, "is no place that is known here"),
        ({"uname": "file:/a", "dev": "zz9"}, "The disk 'zz9' is left out, as its name in the guest"),
        ({"uname": "file:/a", "dev": "0x99999"}, "The disk '0x99999' is left out"),
    ],
)
def test_a_disk_that_cannot_be_carried_over_is_left_out_with_a_note(vbd: dict[str, Any], note: str) -> None:
    config, notes = disks(vbd)
    assert "disk =" not in config
    assert [each for each in notes if note in each]


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        (
            {"sedf": {"period": 20000000, "slice": 5000000}},
            "The scheduler sedf is gone from Xen, and with it period 20000000",
        ),
        ({"vbds": [{"uname": "file:/a", "dev": "hdc:cdrom"}]}, "The disk hdc is a drive of the kind :cdrom"),
        ({"vbds": [{"uname": "tap:aio:/a", "dev": "xvda"}]}, "The disk xvda was served by blktap as 'tap:aio:/a'"),
        ({"vifs": [{"script": "vif-route"}]}, "The interface 0 is connected by the script 'vif-route'"),
        ({"vifs": [{"rate": "62500,50000"}]}, "The interface 0 has the rate 62500,50000, bytes and microseconds"),
        ({"vifs": [{"rate": "fast"}]}, "The interface 0 is without its rate 'fast'"),
        ({"vifs": [{"backend": "3"}]}, "The interface 0 is served by the domain '3', which is no lasting name"),
        ({"on_xend_start": "start"}, "xend starts it with the host"),
        ({"features": "pae"}, "Its features 'pae' are left out"),
        ({"image": {"type": "linux", "kernel": "/k", "options": {"superpages": 1}}}, "The option 'superpages'"),
    ],
)
@pytest.mark.parametrize("write_it", [to_xl, to_libvirt])
def test_what_has_no_word_there_is_in_a_note(write_it: Any, changes: dict[str, Any], note: str) -> None:
    notes = write_it({**PV, **changes}).notes
    assert [each for each in notes if note in each]
    assert [each for each in notes if each.count("\n") or not each.endswith(".")] == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [("10Mb/s", (62500, 50000)), ("62500,50000", (62500, 50000)), ("1250KB/s@20ms", (25000, 20000))],
)
@needs_xl
def test_a_rate_is_the_same_to_xl(given: str, expected: tuple[int, int], parser: XlParser) -> None:
    (vif,) = parser.strings(to_xl({**PV, "vifs": [{"rate": given}]}).text, "vif")
    assert parser.rate(vif.partition("rate=")[2]) == expected


@needs_xl
def test_an_hvm_guest_keeps_its_options_and_loses_its_loader(parser: XlParser) -> None:
    done = to_xl(HVM)
    assert {key: parser.string(done.text, key) for key in ("type", "kernel", "boot", "vnc", "acpi", "timer_mode")} == {
        "type": "hvm",
        "kernel": None,
        "boot": "dc",
        "vnc": "1",
        "acpi": "1",
        "timer_mode": "no_missed_ticks_pending",
    }
    assert "The device model '/usr/lib/xen/bin/qemu-dm' is left out, as the new host has its own." in done.notes


def test_an_hvm_guest_without_any_options_keeps_the_screen_that_xl_gives_it() -> None:
    done = to_xl({**HVM, "image": {"type": "hvm"}})
    assert "vnc" not in done.text
    assert [note for note in done.notes if note.startswith("Nothing says what the options of its image are")]


PYGRUB = {**PV, "bootloader": "/usr/bin/pygrub", "bootloader_args": "--entry 1", "image": {"args": "quiet"}}
FULL = {
    **PV,
    "maxmem": 256,
    "vcpus": 4,
    "vcpu_avail": 3,
    "cpus": [[0, 1, 2], [0, 1, 2], [5], [5]],
    "cpu_weight": 512,
    "cpu_cap": 50,
    "pci": ["0000:03:00.1", "04:00.0"],
    "localtime": "1",
    "extra_config": ["(on_xend_stop shutdown)"],
    "on_crash": "rename-restart",
    "on_poweroff": "coredump-restart",
    "vbds": [
        {"uname": "phy:vg0/a", "dev": "sda1", "mode": "w!", "backend": "storage"},
        {"uname": "tap:vhd:/b", "dev": "xvdb"},
        {"uname": "nbd:b", "dev": "xvdc"},
        {"dev": "hdc:cdrom"},
    ],
    "vifs": [
        {
            "mac": "00:16:3E:00:00:01",
            "bridge": "br0",
            "ip": ["10.0.0.1/24", "fe80::1"],
            "script": "vif-foo",
            "vifname": "app9",
            "rate": "10Mb/s",
        }
    ],
    "vfbs": [{"type": "vnc", "vnclisten": "0.0.0.0", "vncdisplay": 3, "vncpasswd": "hunter2"}, {"type": "sdl"}],
}


@needs_xl
def test_pygrub_stays_the_bootloader(parser: XlParser) -> None:
    config = to_xl(PYGRUB).text
    assert (parser.string(config, "bootloader"), parser.strings(config, "bootloader_args")) == (
        "pygrub",
        ["--entry", "1"],
    )
    assert (parser.string(config, "extra"), parser.string(config, "kernel")) == ("quiet", None)


@needs_xl
def test_pci_cpus_and_screen_are_the_same_to_xl(parser: XlParser) -> None:
    config = to_xl(FULL).text
    assert parser.strings(config, "pci") == ["0000:03:00.1", "0000:04:00.0"]
    for address in parser.strings(config, "pci"):
        parser.pci(address)
    assert parser.strings(config, "cpus") == ["0-2", "0-2", "5", "5"]
    keys = ("vcpus", "maxvcpus", "cpu_weight", "cap", "localtime", "vnclisten", "vncdisplay", "vncpasswd")
    assert [parser.string(config, key) for key in keys] == ["2", "4", "512", "50", "1", "0.0.0.0", "3", "hunter2"]


@pytest.mark.parametrize("domain", [PV, HVM, PYGRUB, FULL], ids=["pv", "hvm", "pygrub", "full"])
@needs_libvirt
@needs_schema
def test_libvirt_takes_each_kind_of_guest(domain: dict[str, Any], tmp_path: Path) -> None:
    (path,) = write(tmp_path, [to_libvirt(domain).text])
    define([path])
    validate(path)


@needs_libvirt
def test_what_libvirt_has_of_a_guest_is_what_it_was(tmp_path: Path) -> None:
    (path,) = write(tmp_path, [to_libvirt(FULL).text])
    there = ET.fromstring(defined(path, "web1"))  # noqa: S314 - written by virsh
    assert [each.attrib for each in there.findall("cputune/vcpupin")] == [
        {"vcpu": "0", "cpuset": "0-2"},
        {"vcpu": "1", "cpuset": "0-2"},
        {"vcpu": "2", "cpuset": "5"},
        {"vcpu": "3", "cpuset": "5"},
    ]
    assert [each.attrib["dev"] for each in there.findall("devices/disk/target")] == ["sda1", "xvdb", "hdc"]
    assert there.find("devices/interface/mac[@address='00:16:3e:00:00:01']") is not None
    assert there.find("devices/graphics[@port='5903'][@listen='0.0.0.0']") is not None
    assert there.findtext("memory") == str(256 * 1024)


# ---- the words of an s-expression


CONFIG = """(vm (name web1) (memory 64) (vcpus 1) (bootloader /usr/bin/pygrub) (cpu_weight 300) (cpus 0-1)
    (image (linux (kernel /k) (localtime 1)))
    (device (tap (uname tap:aio:/a.img) (dev xvda) (mode w)))
    (device (vfb (type vnc) (vncpasswd hunter2)))
    (device (pci (dev (domain 0x0) (bus 0x3) (slot 0x1f) (func 0x2)))))"""


@needs_xl
def test_a_whole_config_is_read(parser: XlParser) -> None:
    config = to_xl({"name": "web1", "config": CONFIG}).text
    assert [parser.string(config, key) for key in ("memory", "bootloader", "cpu_weight", "cpus", "localtime")] == [
        "64",
        "pygrub",
        "300",
        "0-1",
        "1",
    ]
    assert parser.string(config, "vncpasswd") == "hunter2"
    assert parser.strings(config, "pci") == ["0000:03:1f.2"]


def test_what_a_field_says_counts_more_than_the_expression() -> None:
    assert "memory = 96\n" in to_xl({"name": "web1", "memory": 96, "config": CONFIG}).text


def test_the_pci_device_of_3_0_0_is_read() -> None:
    extra = ["(device (pci (bus 3) (dev 1f) (func 2)))"]
    assert "'0000:03:1f.2'" in to_xl({**PV, "extra_config": extra}).text


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"vifs": [{"mac": "01:16:3e:00:00:01"}]}, "The interface 0 is without its mac '01:16:3e:00:00:01'"),
        ({"vifs": [{"ip": ["10.0.0.1/99"]}]}, "The interface 0 is without its ip '10.0.0.1/99', which is no address"),
        ({"vifs": [{"model": "e1000,script=/x"}]}, "The interface 0 is without its model"),
        ({"vifs": [{"bridge": "a,script=/x"}]}, "The interface 0 is without its bridge"),
        ({"vifs": [{"script": "/x,y"}]}, "The interface 0 is without its script"),
        ({"cpus": "^1"}, "It is pinned to no cpus, as '^1' is no list of them"),
        ({"cpus": "3-1"}, "It is pinned to no cpus, as '3-1' is no list of them"),
        ({"pci": ["0000:ff:3f.0"]}, "The PCI device '0000:ff:3f.0' is left out"),
        ({"memory": 0, "maxmem": 256}, "Its memory is 0 MiB by xend"),
        ({"vcpus": 0}, "It has 0 vcpus by xend, so that it gets one"),
        ({"on_crash": "explode"}, "Its on_crash is 'explode', which is unknown here, so that it gets restart"),
    ],
)
@needs_libvirt
def test_what_libvirt_would_refuse_is_in_a_note_instead(changes: dict[str, Any], note: str, tmp_path: Path) -> None:
    done = to_libvirt({**PV, **changes})
    assert [each for each in done.notes if note in each]
    define(write(tmp_path, [done.text]))


# ---- passwords


@pytest.mark.parametrize("write_it", [to_xl, to_libvirt])
@pytest.mark.parametrize(
    "domain", [FULL, {"name": "web1", "config": CONFIG}, {**HVM, "vfbs": [{"vncpasswd": "hunter2"}]}]
)
def test_a_password_is_in_the_text_and_in_no_note(write_it: Any, domain: dict[str, Any]) -> None:
    done = write_it(domain)
    assert "hunter2" not in " ".join(done.notes)
    assert "hunter2" in done.text


@pytest.mark.parametrize("write_it", [to_xl, to_libvirt])
def test_a_screen_whose_password_is_hidden_listens_on_the_host_itself(write_it: Any) -> None:
    done = write_it({**PV, "vfbs": [{"vnclisten": "0.0.0.0", "vncpasswd": "********"}]})
    assert "0.0.0.0" not in done.text
    assert "127.0.0.1" in done.text
    assert "***" not in done.text
    assert [note for note in done.notes if note.startswith("The VNC password is hidden")]


@pytest.mark.parametrize("write_it", [to_xl, to_libvirt])
@pytest.mark.parametrize("sxp", [True, False])
@pytest.mark.parametrize("version", ["3.0.4", "3.2", "3.4", "4.1"])
def test_what_xen_domain_info_hides_opens_no_screen(version: str, sxp: bool, write_it: Any) -> None:
    with Simulator(version, tcp=None) as sim:
        screen = "(device (vfb (type vnc) (vncpasswd hunter2) (vnclisten 0.0.0.0) (keymap de)))"
        sim.create(f"(vm (name web1) (memory 64) (vcpus 1) (image (linux (kernel /k))) {screen})").unpause()
        (domain,) = run("xen_domain_info", xend_url=sim.unix_url, name=["web1"], sxp=sxp)["domains"]
    done = write_it(domain)
    assert "0.0.0.0" not in done.text
    assert "127.0.0.1" in done.text
    assert [note for note in done.notes if note.startswith("The VNC password is hidden")]
    assert ("de" in re.findall(r"keymap ?= ?.(\w+)", done.text)) is sxp


@pytest.mark.parametrize("write_it", [to_xl, to_libvirt])
def test_a_config_keeps_what_it_boots(write_it: Any) -> None:
    config = "(vm (name w1) (memory 64) (vcpus 1) (image (linux (kernel /k) (ramdisk /r) (root /dev/xvda1) (args quiet) (x 1))))"
    done = write_it({"name": "w1", "config": config})
    assert all(word in done.text for word in ("/k", "/r", "root=/dev/xvda1 quiet"))
    assert not [note for note in done.notes if note.startswith("Nothing says")]


@pytest.mark.parametrize("mode", ["rw", "W"])
def test_a_mode_that_writes_by_another_name_is_named(mode: str) -> None:
    done = to_libvirt({**PV, "vbds": [{"uname": "phy:vg0/web1", "dev": "sda1", "mode": mode}]})
    assert "<readonly" not in done.text
    assert f"The mode '{mode}' of the disk sda1 is none of r, w and w!: it is writable now." in done.notes


@pytest.mark.parametrize(("kind", "left_out"), [("vnc", False), ("sdl", True)])
def test_a_keymap_is_carried_over_or_named(kind: str, left_out: bool) -> None:
    options = {kind: 1, "keymap": "de"}
    done = to_libvirt({"name": "win1", "memory": 512, "image": {"type": "hvm", "options": options}})
    assert ('keymap="de"' in done.text) is not left_out
    assert bool([note for note in done.notes if "keymap" in note]) is left_out


# ---- what is no domain


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("web1", "a domain is a dictionary, and not a str"),
        ({}, "a domain has a name, and this one has none"),
        ({"name": "web1"}, "'web1': nothing says how much memory it has"),
        ({"name": "web1", "config": "(vm (name"}, "'web1': its s-expression cannot be read: the text ends too early"),
        ({"name": "web1", "config": "vm"}, "'web1': its s-expression is a word, and not a list"),
    ],
)
@pytest.mark.parametrize("write_it", [to_xl, to_libvirt])
def test_what_is_no_domain_is_refused_in_one_sentence(write_it: Any, given: object, complaint: str) -> None:
    with pytest.raises(NotADomain) as caught:
        write_it(given)
    assert str(caught.value).startswith(complaint)


# ---- hostile names and paths

ODD = st.text(st.sampled_from("a/'\"\\\n\r\t #;,=:[]{}<>&%$`-.ä€\x01\x7f\x85\u2028😀"), min_size=1, max_size=12)
ANY = st.one_of(ODD, st.text(min_size=1, max_size=20))
LEAF = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), ANY, st.just("1"), st.just("w"))
VALUE = st.one_of(LEAF, st.lists(LEAF, max_size=3), st.dictionaries(ANY, LEAF, max_size=3))
KEYS = (
    "uuid",
    "maxmem",
    "vcpus",
    "vcpu_avail",
    "cpus",
    "bootloader",
    "bootloader_args",
    "on_crash",
    "pci",
    "vbds",
    "credit",
)
UNAME = st.builds("{}{}".format, st.sampled_from(["phy:", "file:/", "tap:aio:/", "tap:qcow:/", "drbd:", ""]), ANY)
DISK = st.fixed_dictionaries(
    {"dev": st.one_of(st.sampled_from(["sda1", "hdc:cdrom", "xvda"]), ANY), "uname": UNAME},
    optional={"mode": st.sampled_from(["r", "w", "w!"]), "backend": ANY},
)
VIF = st.dictionaries(st.sampled_from(["mac", "bridge", "ip", "script", "type", "model", "vifname", "rate"]), VALUE)


def visible(text: str) -> str:
    r"""Return a text as it is carried over: what no file could hold is written as ``\xHH``."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]", lambda found: f"\\x{ord(found[0]):02x}", text)


@given(name=ANY, kernel=ANY, args=ANY, vbds=st.lists(DISK, max_size=3))
@needs_xl
def test_xl_reads_what_was_written_whatever_it_is(name: str, kernel: str, args: str, vbds: list[Any]) -> None:
    parser = XlParser()
    domain = {"name": name, "memory": 64, "image": {"kernel": kernel, "args": args}, "vbds": vbds}
    config = to_xl(domain).text
    assert [parser.string(config, key) for key in ("name", "kernel", "extra")] == list(
        map(visible, (name, kernel, args))
    )
    targets = [parser.disk(spec).target for spec in parser.strings(config, "disk")]
    assert targets == [disk.path for disk in read(domain).disks]


@given(
    values=st.dictionaries(st.sampled_from(KEYS), VALUE),
    vifs=st.lists(VIF, max_size=2),
    options=st.dictionaries(ANY, VALUE, max_size=3),
)
@needs_xl
def test_whatever_a_domain_is_made_of_it_is_read_or_refused(values: Any, vifs: Any, options: Any) -> None:
    parser = XlParser()
    image = {"type": "hvm", "options": {**options, "vnc": 1}}
    config = to_xl({"name": "web1", "memory": 64, "image": image, "vifs": vifs, **values}).text
    assert parser.string(config, "name") == "web1"
    for vif in parser.strings(config, "vif"):
        assert all(part.count("=") >= 1 for part in vif.split(",") if vif)


@given(
    name=ANY,
    args=ANY,
    vbds=st.lists(DISK, max_size=3),
    vifs=st.lists(VIF, max_size=2),
    values=st.dictionaries(st.sampled_from(KEYS), VALUE),
)
def test_what_is_written_for_libvirt_is_xml_whatever_it_is(
    name: str, args: str, vbds: Any, vifs: Any, values: Any
) -> None:
    domain = {"name": name, "memory": 64, "image": {"kernel": "/k", "args": args}, "vbds": vbds, "vifs": vifs, **values}
    root = ET.fromstring(to_libvirt(domain).text)  # noqa: S314 - written by us, a moment ago
    assert root.findtext("os/cmdline") == visible(args) or values.get("bootloader")
    assert "/" not in (root.findtext("name") or "/")


NASTY = [
    "a'b",
    'a"b',
    "a\\b",
    "a\nb",
    "-rf",
    "..",
    "a/b",
    " a ",
    "ä€😀",
    "<a>&amp;]]>",
    "\x01\x7f",
    "a\u2028b",
    "%s{{x}}",
    "a\tb",
]


@needs_libvirt
def test_libvirt_defines_guests_with_hostile_names_and_paths(tmp_path: Path) -> None:
    texts = [
        to_libvirt(
            {
                "name": nasty,
                "memory": 64,
                "image": {"kernel": f"/boot/{nasty}", "args": nasty},
                "vbds": [{"uname": f"file:/srv/{nasty.strip()}", "dev": "sda"}],
                "vfbs": [{"vncpasswd": nasty}],
            }
        ).text
        for nasty in NASTY
    ]
    define(write(tmp_path, texts))
