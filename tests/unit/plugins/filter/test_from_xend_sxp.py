# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter from_xend_sxp, judged by listings of three releases and by what xm sends."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("ansible.errors", reason="ansible-test hides the controller's code from the tests of modules")

from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.dom0.xend.plugins.filter.from_xend_sxp import FilterModule, from_xend_sxp
from ansible_collections.dom0.xend.plugins.modules.xen_domain import argument_spec
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.listing import LONGEST
from tests.xm.dryruns import dry_runs, listings

WEB1 = {
    "name": "web1",
    "memory": 256,
    "maxmem": 512,
    "vcpus": 2,
    "on_poweroff": "destroy",
    "on_reboot": "restart",
    "on_crash": "restart",
    "image": {
        "type": "linux",
        "kernel": "/boot/vmlinuz-2.6-xenU",
        "ramdisk": "/boot/initrd-2.6-xenU.img",
        "args": "root=/dev/xvda1 ro 4 console=hvc0",
    },
    "vbds": [
        {"dev": "xvda1", "uname": "phy:vg0/web1-root", "mode": "w"},
        {"dev": "xvda2", "uname": "file:/srv/xen/web1-swap.img", "mode": "w"},
    ],
    "vifs": [{"mac": "00:16:3e:50:00:01", "bridge": "xenbr0", "ip": ["192.0.2.41"], "script": "vif-bridge"}],
}
DB1 = {
    "name": "db1",
    "memory": 512,
    "maxmem": 512,
    "vcpus": 1,
    "cpu_weight": 512,
    "uuid": "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
    "on_poweroff": "destroy",
    "on_reboot": "restart",
    "on_crash": "restart",
    "image": {"type": "linux", "kernel": "/boot/vmlinuz-2.6-xenU", "args": "root=/dev/xvda1 quiet"},
    "vbds": [{"dev": "xvda", "uname": "phy:/dev/vg0/db1", "mode": "w!"}],
    "vifs": [
        {"mac": "00:16:3e:50:00:02", "bridge": "xenbr1", "script": "vif-bridge"},
        {"mac": "00:16:3e:50:00:03", "script": "vif-bridge"},
    ],
}
VNC = {"vfbs": [{"type": "vnc", "vncunused": True}]}
DB1_OF: dict[str, dict[str, Any]] = {"3.0.0": DB1, "3.1": {**DB1, **VNC}, "4.1": {**DB1, **VNC, "cpus": "1"}}


def options_of(text: str) -> dict[str, Any]:
    """Return the options of the only domain in *text*."""
    (found,) = from_xend_sxp(text)
    assert isinstance(found["options"], dict)
    return found["options"]


def test_filter_is_found_by_its_name() -> None:
    assert FilterModule().filters() == {"from_xend_sxp": from_xend_sxp}


@pytest.mark.parametrize("release", DB1_OF)
def test_listing_becomes_options(release: str) -> None:
    control, web1, db1 = from_xend_sxp(listings()[release])
    assert control["options"] == {}
    assert control["notes"] == ["Domain-0 is the control domain, the host itself: no option is for it"]
    assert isinstance(web1["options"], dict)
    assert len(web1["options"].pop("uuid")) == 36
    assert web1 == {"options": WEB1, "notes": []}
    assert db1 == {"options": DB1_OF[release], "notes": []}


def test_hvm_guest_keeps_its_machine_and_no_frame_buffer_of_its_own() -> None:
    found = options_of(
        "(domain (domid 2) (name hvm1) (memory 64) (shadow_memory 2) (localtime 1)"
        " (image (hvm (kernel ) (vnc 1) (boot c) (loader /srv/xen/hvmloader) (vcpus 1) (pci ()) (notes (SUSPEND_CANCEL 1))))"
        " (device (vif (mac 00:16:3E:44:00:01) (type ioemu) (model e1000) (backend 0)))"
        " (device (vbd (dev hda:disk) (uname file:/srv/h.img) (mode w) (backend 0) (VDI )))"
        " (device (vfb (vnc 1) (uuid 32bab70a))) (device (vkbd (backend 0))))"
    )
    assert found == {
        "name": "hvm1",
        "memory": 64,
        "vcpus": 1,
        "shadow_memory": 2,
        "localtime": True,
        "image": {"type": "hvm", "kernel": "/srv/xen/hvmloader", "options": {"vnc": "1", "boot": "c"}},
        "vbds": [{"dev": "hda", "uname": "file:/srv/h.img", "mode": "w"}],
        "vifs": [{"mac": "00:16:3e:44:00:01", "type": "ioemu", "model": "e1000"}],
    }


def test_kernel_that_a_bootloader_found_is_left_to_it() -> None:
    (found,) = from_xend_sxp(
        "(domain (name b1) (bootloader /usr/bin/pygrub) (image (linux (kernel /var/run/boot_kernel.x))))"
    )
    assert found["options"] == {"name": "b1", "bootloader": "/usr/bin/pygrub", "image": {"type": "linux"}}
    assert found["notes"] == ["kernel, ramdisk and args are left out: the bootloader finds them"]


def test_what_no_option_is_for_stays_an_expression() -> None:
    found = options_of(
        "(domain (name e1) (vcpus 4) (vcpu_avail 3) (pool_name rt) (device (irq (irq 3) (uuid 1)))"
        " (device (pci (dev (domain 0x0) (bus 0x1) (slot 0x05) (func 0x0) (vdevfn 0x100) (key 01:05.0)))))"
    )
    assert found["extra_config"] == ["(vcpu_avail 3)", "(pool_name rt)", "(device (irq (irq 3)))"]
    assert found["pci"] == ["0000:01:05.0"]


def test_what_xm_sends_becomes_options_that_xen_domain_takes() -> None:
    validator = ArgumentSpecValidator(argument_spec())
    sent = {text for run in dry_runs() for text in (xm.get("sxp") for xm in run.xm.values()) if text}
    assert len(sent) > 700
    for text in sent:
        found = options_of(text.replace("<random-mac>", "00:16:3e:00:00:01"))
        assert not validator.validate(found).error_messages, text


def test_drive_of_an_emulator_keeps_its_word() -> None:
    found = options_of("(vm (name d1) (device (vbd (dev ioemu:hda) (uname phy:a) (mode rw))))")
    assert found["vbds"] == [{"dev": "ioemu:hda", "uname": "phy:a"}]


def test_cpus_that_differ_are_noted() -> None:
    (found,) = from_xend_sxp("(domain (name c1) (vcpus 2) (cpus ((0) (1))))")
    assert found["notes"] == ["cpus differ from vcpu to vcpu, where the option is for all of them"]


def test_password_is_an_option_and_nowhere_else() -> None:
    text = "(domain (name p1) (device (vfb (type vnc) (vncpasswd geheim))))"
    assert options_of(text)["vfbs"] == [{"type": "vnc", "vncpasswd": "geheim"}]
    for broken in (
        text[:-1],
        text.replace("vnc)", "vnc) <"),
        text.replace("name", "title"),
        text.replace("(domain", "(host"),
    ):
        with pytest.raises(AnsibleFilterError) as caught:
            from_xend_sxp(broken)
        assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "web1", "<html></html>", "(" * 100_000, ")", "()", "((a))", "# (domain)", "(domain)", "(domain (name ))"],
)
def test_other_text_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(AnsibleFilterError, match="from_xend_sxp: ") as caught:
        from_xend_sxp(text)
    assert len(str(caught.value)) < 200


def test_text_that_is_none_or_endless_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="the text of s-expressions is needed"):
        from_xend_sxp(None)
    with pytest.raises(AnsibleFilterError, match=f"more than {LONGEST} characters"):
        from_xend_sxp(" " * (LONGEST + 1))


def test_a_field_with_a_name_that_ansible_uses_itself_is_renamed() -> None:
    found = options_of("(vm (name d1) (image (hvm (kernel /k) (__ansible_type x))))")
    assert found["image"]["options"] == {"xend__ansible_type": "x"}


def test_a_field_that_has_no_option_is_named() -> None:
    (found,) = from_xend_sxp(
        "(vm (name d1) (ssidref 4) (image (linux (kernel /k) (features pae)))"
        " (device (vif (mac 00:16:3e:00:00:01) (be_mac 00:16:3e:00:00:02) (backend (blkif))))"
        " (device (vbd (dev sda) (uname phy:a) (mode w) (label x))))"
    )
    assert found["notes"] == [
        "ssidref has no equal, and is left out",
        "features of the image has no equal, and is left out",
        "be_mac of vif 00:16:3e:00:00:01 has no equal, and is left out",
        "backend of vif 00:16:3e:00:00:01 has no equal, and is left out",
        "label of vbd sda has no equal, and is left out",
    ]


def test_a_pci_device_keeps_its_slot() -> None:
    device = "(pci (dev (domain 0x0) (bus 0x1) (slot 0x05) (func 0x0) (vdevfn 0x30)))"
    assert options_of(f"(vm (name d1) (device {device}))")["extra_config"] == [f"(device {device})"]


def test_a_device_that_does_not_live_keeps_its_uuid() -> None:
    device = "(vtpm (backend 1) (uuid 1-2))"
    assert options_of(f"(vm (name d1) (device {device}))")["extra_config"] == [f"(device {device})"]
    assert options_of(f"(domain (name d1) (device {device}))")["extra_config"] == ["(device (vtpm (backend 1)))"]
