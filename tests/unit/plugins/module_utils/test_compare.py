# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a domain is not as declared: what is changed while it lives, in which order, and what is only told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.dom0.xend.plugins.module_utils.desired.compare import compare
from ansible_collections.dom0.xend.plugins.module_utils.desired.desired import Desired, parse_config
from ansible_collections.dom0.xend.plugins.module_utils.fields import others
from ansible_collections.dom0.xend.plugins.module_utils.fields.table import NAMES
from ansible_collections.dom0.xend.plugins.module_utils.model.devices import Vbd, Vif
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.model.image import Image
from ansible_collections.dom0.xend.plugins.module_utils.operations.devices import Attach, Detach
from ansible_collections.dom0.xend.plugins.module_utils.wire import release
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import dumps

KERNEL = "/boot/vmlinuz"
VBD = Vbd("sda1", "phy:a", "w", "0")
VIF = Vif("00:16:3e:00:00:01", "xenbr0", ("10.0.0.1",), "vif-bridge", "0")
SECOND = Vif("00:16:3e:00:00:02", "xenbr1", None, "vif-bridge", "0")


def found(state: str = "running", **fields: Any) -> Domain:
    """Return a domain with a bit of everything."""
    usual: dict[str, Any] = {
        "memory": 64,
        "maxmem": 128,
        "vcpus": 4,
        "vcpu_avail": 3,
        "on_crash": "restart",
        "uuid": "c0ffee00-0000-0000-0000-00000000beef",
        "image": Image("linux", KERNEL, None, "root=/dev/sda1 4"),
        "vbds": (VBD,),
        "vifs": (VIF, SECOND),
        "release": release.LATE,
    }
    return Domain(name="web1", state=state, **{**usual, **fields})


def asked(domain: Domain, options: dict[str, Any], **desired: Any) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the operations in short, and the drift."""
    result = compare(domain, Desired("web1", options=options, **{"change_vbds": True, **desired}))
    shown = [operation.as_dict() for operation in result.operations]
    assert all(each.pop("domain") == "web1" for each in shown)
    return [" ".join(map(str, each.values())) for each in shown], [tuple(entry.values()) for entry in result.drift]


def image(**more: str) -> dict[str, Any]:
    """Return the option for the image."""
    return {"image": {"type": "linux", "kernel": KERNEL, **more}}


def vbds(*disks: dict[str, str]) -> dict[str, Any]:
    """Return the option for disks."""
    return {"vbds": [{"uname": "phy:a", "dev": "sda1", **disk} for disk in disks]}


def vifs(*interfaces: dict[str, Any]) -> dict[str, Any]:
    """Return the option for interfaces."""
    return {"vifs": list(interfaces)}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"memory": 64},
        {"memory": 64, "maxmem": 128, "vcpus": 2, "on_crash": "restart"},
        {"uuid": "C0FFEE00-00000000-00000000-0000BEEF"},
        image(root="/dev/sda1", args="4"),
        image(args="root=/dev/sda1 4"),
        {"vbds": []},
        {"vifs": []},
        vbds({}),
        vbds({"mode": "w", "backend": "0"}),
        vbds({"dev": "sda1:disk", "backend": "Domain-0"}),
        vbds({"backend": "storage"}),
        vifs({}),
        vifs({}, {}),
        vifs({"mac": "00:16:3E:00:00:02"}, {"bridge": "xenbr0"}),
        vifs({"mac": VIF.mac, "bridge": "xenbr0", "ip": ["10.0.0.1"], "script": "/etc/xen/scripts/vif-bridge"}),
    ],
)
@pytest.mark.parametrize("state", ["running", "paused"])
def test_a_domain_that_is_as_declared_is_left_alone(state: str, options: dict[str, Any]) -> None:
    assert asked(found(state), options) == ([], [])


@pytest.mark.parametrize(
    ("options", "operations"),
    [
        ({"memory": 32}, ["mem_target_set 32"]),
        ({"memory": 128}, ["mem_target_set 128"]),
        ({"maxmem": 256}, ["maxmem_set 256"]),
        ({"maxmem": 96}, ["maxmem_set 96"]),
        ({"memory": 200, "maxmem": 256}, ["maxmem_set 256", "mem_target_set 200"]),
        ({"memory": 32, "maxmem": 48}, ["mem_target_set 32", "maxmem_set 48"]),
        ({"memory": 100, "maxmem": 100}, ["mem_target_set 100", "maxmem_set 100"]),
        ({"vcpus": 1}, ["set_vcpus 1"]),
        ({"vcpus": 4}, ["set_vcpus 4"]),
        (
            {"vbds": [{"uname": "phy:b", "dev": "sdb", "mode": "w!"}]},
            ["device_create (vbd (uname phy:b) (dev sdb) (mode 'w!'))"],
        ),
        (vifs({"mac": "00:16:3e:00:00:09", "bridge": "b"}), ["device_create (vif (mac 00:16:3e:00:00:09) (bridge b))"]),
        (vifs({}, {}, {"bridge": "b"}), ["device_create (vif (bridge b))"]),
    ],
)
def test_what_can_change_live_is_changed(options: dict[str, Any], operations: list[str]) -> None:
    assert asked(found(), options) == (operations, [])
    assert asked(found("paused"), options) == (operations, [])


@pytest.mark.parametrize(
    ("options", "drift"),
    [
        ({"memory": 129}, ("memory", 129, 64)),
        ({"maxmem": 63}, ("maxmem", 63, 128)),
        ({"vcpus": 5}, ("vcpus", 5, 2)),
        ({"on_crash": "preserve"}, ("on_crash", "preserve", "restart")),
        ({"bootloader": "/b"}, ("bootloader", "/b", None)),
        ({"uuid": "0" * 32}, ("uuid", "00000000-0000-0000-0000-000000000000", "c0ffee00-0000-0000-0000-00000000beef")),
        (image(args="root=/dev/sda1 5"), ("image.args", "root=/dev/sda1 5", "root=/dev/sda1 4")),
        (image(args="root=/dev/sda1 4", ramdisk="/r"), ("image.ramdisk", "/r", None)),
        ({"image": {"type": "linux", "kernel": "/k"}}, ("image.kernel", "/k", KERNEL)),
    ],
)
@pytest.mark.parametrize("state", ["running", "paused"])
def test_what_cannot_change_live_is_reported(state: str, options: dict[str, Any], drift: tuple[Any, ...]) -> None:
    assert asked(found(state), options) == ([], [(*drift, "recreate")])


def test_an_image_that_xend_forgot_is_no_drift() -> None:
    assert asked(found(image=None), {"image": {"type": "linux", "kernel": "/other"}}) == ([], [])


def test_up_to_3_0_3_the_limit_is_raised_but_does_not_show() -> None:
    early = found(release=release.R300)
    assert asked(early, {"memory": 100}) == (["maxmem_set 128", "mem_target_set 100"], [])
    assert asked(early, {"maxmem": 256}) == ([], [("maxmem", 256, 128, "recreate")])


@pytest.mark.parametrize("release", [release.R300, release.R31, release.LATE])
@pytest.mark.parametrize("memory", [1, 32, 64, 96, 128, 200, None])
@pytest.mark.parametrize("maxmem", [1, 32, 64, 96, 128, 200, None])
def test_the_limit_is_never_set_below_the_memory(release: release.Release, memory: int, maxmem: int) -> None:
    options = {key: value for key, value in (("memory", memory), ("maxmem", maxmem)) if value}
    if memory and maxmem and maxmem < memory:
        return  # refused before
    now = {"mem_target_set": 64, "maxmem_set": 128}
    for operation in asked(found(release=release), options)[0]:
        op, value = operation.split()
        now[op] = int(value)
        assert now["mem_target_set"] <= now["maxmem_set"]


# ---- devices that differ


@pytest.mark.parametrize(
    ("options", "detached", "attached"),
    [
        (vbds({"mode": "w!"}), "device_destroy vbd sda1", Vbd("sda1", "phy:a", "w!", "0")),
        (
            vbds({"uname": "phy:b", "mode": "w", "backend": "0"}),
            "device_destroy vbd sda1",
            Vbd("sda1", "phy:b", "w", "0"),
        ),
    ],
)
def test_a_disk_that_differs_is_exchanged(options: dict[str, Any], detached: str, attached: Vbd) -> None:
    result = compare(found(), Desired("web1", options=options, change_vbds=True))
    assert asked(found(), options)[0][0] == detached
    assert attached_to(result.operations[1]).vbds == (attached,)


def attached_to(operation: Any) -> Domain:
    """Return a domain that has nothing but what the operation attaches."""
    assert isinstance(operation, Attach)
    domain = operation.project(Domain("web1"))
    assert domain is not None
    return domain


@pytest.mark.parametrize(
    ("options", "attached"),
    [
        (vbds({"uname": "phy:b"}), Vbd("sda1", "phy:b", "w", "0")),
        (vifs({"bridge": "b"}), Vif(VIF.mac, "b", VIF.ip, "vif-bridge", "0")),
        (vifs({"mac": VIF.mac, "script": "vif-nat"}), Vif(VIF.mac, "xenbr0", VIF.ip, "vif-nat", "0")),
    ],
)
def test_what_a_task_does_not_say_of_a_device_stays_as_it_is(options: dict[str, Any], attached: Any) -> None:
    operation = compare(found(), Desired("web1", options=options, change_vbds=True)).operations[-1]
    domain = attached_to(operation)
    assert (*(domain.vbds or ()), *(domain.vifs or ())) == (attached,)


@pytest.mark.parametrize(
    ("options", "drift"),
    [
        (vbds({"mode": "w!"}), ("vbds[sda1].mode", "w!", "w")),
        (vbds({"backend": "3"}), ("vbds[sda1].backend", "3", "0")),
        (vifs({"bridge": "b"}), ("vifs[0].bridge", "b", "xenbr0")),
        (vifs({"mac": SECOND.mac, "script": "vif-nat"}), ("vifs[00:16:3e:00:00:02].script", "vif-nat", "vif-bridge")),
    ],
)
def test_a_paused_guest_cannot_let_go_of_a_device(options: dict[str, Any], drift: tuple[Any, ...]) -> None:
    assert asked(found("paused"), options) == ([], [(*drift, "live")])


# ---- devices that are not declared


@pytest.mark.parametrize("options", [{"vbds": []}, {"vifs": []}, {"memory": 64}])
def test_a_device_that_is_not_declared_stays(options: dict[str, Any]) -> None:
    assert asked(found(), options) == ([], [])


def test_a_device_that_is_not_declared_goes_where_the_task_says_so() -> None:
    assert asked(found(), {"vbds": []}, purge_vbds=True) == (["device_destroy vbd sda1"], [])
    assert asked(found(), vifs({"mac": SECOND.mac}), purge_vifs=True) == ([f"device_destroy vif {VIF.mac}"], [])
    assert asked(found(), vifs({}, {}), purge_vifs=True) == ([], [])
    assert asked(found("paused"), {"vbds": []}, purge_vbds=True) == ([], [("vbds[sda1]", "absent", "present", "live")])


def test_only_the_kind_of_device_that_is_purged_goes() -> None:
    assert asked(found(), {"vbds": [], "vifs": []}, purge_vbds=True) == (["device_destroy vbd sda1"], [])


# ---- definitions, and what does not live


def test_a_definition_takes_effect_at_its_next_start() -> None:
    options = {"memory": 32, "vcpus": 5, "on_crash": "preserve", **vbds({"mode": "w!"}, {"dev": "sdb"})}
    operations, drift = asked(found("halted"), options)
    assert operations == []
    assert [entry[0] for entry in drift] == ["memory", "vcpus", "on_crash", "vbds[sda1].mode", "vbds[sdb]"]
    assert {entry[-1] for entry in drift} == {"next_start"}


@pytest.mark.parametrize("state", ["shutdown", "crashed", "dying", "halted"])
def test_nothing_is_changed_in_what_does_not_live(state: str) -> None:
    everything = {"memory": 32, "maxmem": 48, "vcpus": 1, **vbds({"dev": "sdb"}), **vifs({"bridge": "b"})}
    assert asked(found(state), everything, purge_vbds=True, purge_vifs=True)[0] == []


# ---- a whole config


def test_a_config_is_compared_as_the_options_are() -> None:
    config = parse_config("(vm (memory 100) (vcpus 2) (device (vbd (uname phy:a) (dev sda1) (mode w))))", "web1")
    assert asked(found(), {}, config=config) == (["mem_target_set 100"], [])


def test_a_config_declares_its_vcpus_only_if_it_names_them() -> None:
    assert asked(found(), {}, config=parse_config("(vm (memory 64))", "web1")) == ([], [])


@pytest.mark.parametrize(
    "device",
    [
        "(tap (dev xvda) (uname tap:aio:/x))",
        "(vif (mac 00:16:3e:00:00:09) (bridge b) (type ioemu) (model e1000))",
    ],
)
def test_a_device_of_a_config_is_not_attached_as_another_one(device: str) -> None:
    result = compare(found(), Desired("web1", config=parse_config(f"(vm (device {device}))", "web1")))
    assert [dumps(operation.device) for operation in result.operations if isinstance(operation, Attach)] in (
        [],
        [device],
    )


# ---- what cannot be compared


def test_what_no_xend_shows_as_it_was_given_is_no_drift() -> None:
    options = {"extra_config": ["(pool_name p1)"], "shadow_memory": 8, "localtime": True, "cpu_weight": 2}
    domain = found(tree=["domain", ["pool_name", "Pool-0"], ["shadow_memory", "1"], ["cpu_weight", "256"]])
    result = compare(domain, Desired("web1", options=options))
    assert (result.operations, result.drift) == ([], [])
    assert sorted(result.not_compared) == ["cpu_weight", "extra_config", "localtime", "shadow_memory"]


@pytest.mark.parametrize(
    "told", [release.R300, release.R303, release.R304, release.R31, release.R40, release.R41_TO_44]
)
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("cpu_cap", "050"), ("ssidref", "5"), ("vcpu_avail", "1"), ("pool_name", "p1"), ("shadow_memory", "8"),
        ("localtime", "1"), ("cpu_weight", "2"), ("description", "web"), ("device", "(vtpm (backend 0))"),
    ],
)  # fmt: skip
def test_an_entry_that_does_not_come_back_as_given_replaces_no_guest_and_is_named(
    told: release.Release, key: str, value: str
) -> None:
    shown = found(release=told, tree=["domain", ["shadow_memory", "1"], ["cpu_weight", "256"], ["vcpu_avail", "3"]])
    option = compare(shown, Desired("web1", options={"extra_config": [f"({key} {value})"]}, recreate="if_needed"))
    assert (option.operations, option.drift) == ([], [])
    assert "extra_config" in option.not_compared
    config = compare(shown, Desired("web1", config=parse_config(f"(vm (memory 64) ({key} {value}))", "web1")))
    assert (config.operations, config.drift) == ([], [])
    assert [part.removeprefix("config.") for part in config.not_compared] == ["device vtpm" if key == "device" else key]


def test_the_entries_that_an_option_declares_are_those_of_the_table() -> None:
    assert others._OF_OPTIONS - {"name", "device"} == set(NAMES) - {"vbds", "vifs", "vfbs", "pci", "extra_config"}


def test_the_screens_and_pci_devices_of_a_config_are_compared() -> None:
    config = "(vm (memory 64) (device (vkbd)) (device (vfb (type vnc))) (device (pci (dev (bus 0x1) (slot 0x2) (func 0x0)))))"
    result = compare(found(tree=["domain"]), Desired("web1", config=parse_config(config, "web1")))
    assert ([entry["option"] for entry in result.drift], result.not_compared) == (["vfbs"], ["pci"])


def test_a_rate_is_compared_only_where_it_is_shown_as_it_was_given() -> None:
    vif = Vif(VIF.mac, "xenbr0", None, "vif-bridge", "0", rate="62500,50000")
    options = vifs({"rate": "10Mb/s"})
    late = compare(found(vifs=(vif,)), Desired("web1", options=options))
    assert (late.operations, late.drift, late.not_compared) == ([], [], ["vifs[0].rate"])
    shown = found(vifs=(replace(vif, rate="5Mb/s"),), release=release.R31)
    assert [each.split()[0] for each in asked(shown, options)[0]] == ["device_destroy", "device_create"]


def test_what_cannot_be_said_again_is_not_taken_away() -> None:
    vif = Vif(VIF.mac, "xenbr0", None, "vif-bridge", "0", rate="62500,50000")
    operations, drift = asked(found(vifs=(vif,)), vifs({"bridge": "xenbr7"}))
    assert operations == []
    assert drift == [("vifs[0].bridge", "xenbr7", "xenbr0", "recreate")]


def test_what_is_not_declared_of_an_interface_is_sent_again() -> None:
    vif = Vif(VIF.mac, "xenbr0", None, "vif-bridge", "0", type="ioemu", model="e1000", vifname="app9")
    options = vifs({"bridge": "xenbr7"})
    attach = compare(found(vifs=(vif,)), Desired("web1", options=options)).operations[-1]
    assert isinstance(attach, Attach)
    assert "(type ioemu) (model e1000) (vifname app9)" in dumps(attach.device)


@pytest.mark.parametrize("spelling", ["/dev/sda1", "0x801", "2049", "sda1:disk"])
def test_a_disk_is_identified_by_its_number_in_any_spelling(spelling: str) -> None:
    assert asked(found(), vbds({"dev": spelling}), purge_vbds=True) == ([], [])


@pytest.mark.parametrize("option", ["vbds", "vifs"])
def test_a_definition_with_too_many_devices_is_drift_where_they_are_purged(option: str) -> None:
    operations, drift = asked(found("halted"), {option: []}, **{f"purge_{option}": True})
    assert operations == []
    assert {(entry[1], entry[2], entry[3]) for entry in drift} == {("absent", "present", "next_start")}


def test_the_interfaces_and_cpus_of_a_definition_are_compared() -> None:
    domain = found("halted", cpus=(frozenset({0}), frozenset({0})))
    operations, drift = asked(domain, {"cpus": "1", **vifs({"bridge": "xenbr7"}, {"mac": "00:16:3e:00:00:09"})})
    assert operations == []
    assert [entry[0] for entry in drift] == ["cpus", "vifs[0].bridge", "vifs[00:16:3e:00:00:09]"]
    assert {entry[-1] for entry in drift} == {"next_start"}


@pytest.mark.parametrize(
    ("told", "uname", "kind", "destroyed"),
    [
        (release.R304, "tap:aio:/x", "tap", "vbd"), (release.R34, "tap:aio:/x", "tap", "tap"),
        (release.R40, "tap:aio:/x", "tap2", "tap2"), (release.R41_TO_44, "tap:aio:/x", "tap", "tap"),
        (release.R41_TO_44, "tap2:aio:/x", "tap2", "tap2"), (release.R34, "tap2:aio:/x", "vbd", "vbd"),
        (release.R302, "tap:aio:/x", "vbd", "vbd"),
    ],
)  # fmt: skip
def test_a_tap_has_the_class_that_its_release_knows(
    told: release.Release, uname: str, kind: str, destroyed: str
) -> None:
    attach = compare(found(release=told), Desired("web1", options={"vbds": [{"uname": uname, "dev": "xvdb"}]}))
    assert [dumps(each.device)[1:].split()[0] for each in attach.operations if isinstance(each, Attach)] == [kind]
    there = found(release=told, vbds=(Vbd("xvdb", uname, "r", "0", device_class=kind),))
    detach = compare(there, Desired("web1", options={"vbds": []}, purge_vbds=True)).operations[0]
    assert isinstance(detach, Detach)
    assert (detach.listed_as, detach.destroyed_as) == (kind, destroyed)
