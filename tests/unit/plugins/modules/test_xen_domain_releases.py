# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What single releases do unlike the others, and what xen_domain makes of it: WIRE.md (i)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Optional

import pytest

from ansible_collections.dom0.xend.plugins.module_utils.wire.release import within
from tests.simulator import PERSONALITIES, ManualClock, Simulator
from tests.support.running import run, use_clock, written

ALL = pytest.mark.parametrize("version", list(PERSONALITIES))
MAC = "00:16:3e:00:00:01"
GUEST: dict[str, Any] = {"memory": 64, "image": {"kernel": "/srv/xen/img/vmlinuz"}}


@pytest.fixture(name="sim")
def _sim(version: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    clock = ManualClock()
    use_clock(monkeypatch, clock)
    with Simulator(version, clock=clock, tcp=None) as sim:
        yield sim


def ensure(sim: Simulator, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
    return run("xen_domain", check=check, xend_url=sim.unix_url, name="web1", **arguments)


def running(sim: Simulator, **more: Any) -> dict[str, Any]:
    result = ensure(sim, **{**GUEST, **more})
    assert not result.get("failed"), result["msg"]
    sim.clear_log()
    return result


@ALL
@pytest.mark.parametrize("state", ["running", "paused", "stopped", "absent", "restarted"])
@pytest.mark.parametrize("check", [True, False])
def test_a_guest_that_is_being_saved_is_neither_made_again_nor_called_absent(
    sim: Simulator, state: str, check: bool
) -> None:
    running(sim)
    sim.domain("web1").name = "migrating-web1"
    result = ensure(sim, check=check, state=state, **GUEST)
    assert result["failed"]
    assert "xend is saving or migrating web1" in result["msg"]
    assert written(sim) == []


@ALL
@pytest.mark.parametrize("state", ["restarted", "saved"])
@pytest.mark.parametrize("check", [True, False])
def test_a_guest_whose_interface_has_an_ip_is_not_given_to_a_3_0_0_that_would_lose_it(
    sim: Simulator, state: str, check: bool
) -> None:
    running(sim, vifs=[{"mac": MAC, "bridge": "xenbr0", "ip": ["10.0.0.7"]}])
    assert isinstance(sim.host.clock, ManualClock)
    sim.host.clock.advance(5000)
    result = ensure(sim, check=check, state=state, **({"save_file": "/srv/web1.chk"} if state == "saved" else {}))
    if sim.version == "3.0.0":
        assert f"would be lost by a {'reboot' if state == 'restarted' else 'save'}" in result["msg"]
        assert written(sim) == []
    else:
        assert result["changed"], result["msg"]


@ALL
def test_a_guest_that_would_not_survive_its_own_reboot_is_warned_of(
    sim: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    vifs = [{"mac": MAC, "bridge": "xenbr0", "ip": ["10.0.0.7"]}]
    # A name of its own: Ansible says each warning once.
    result = run("xen_domain", xend_url=sim.unix_url, name="warned", vifs=vifs, **GUEST)
    said = f"{result.get('warnings')} {capsys.readouterr().err}"  # beside the controller's code, warnings go to stderr
    assert ("warned does not survive a reboot on xend 3.0.0" in said) == (sim.version == "3.0.0")


@ALL
@pytest.mark.parametrize("root", [None, "/dev/sda1", "/dev/sda1 ro"])
@pytest.mark.parametrize("args", [None, "quiet", "quiet "])
def test_a_command_line_is_no_drift_however_a_release_shows_it(
    sim: Simulator, root: Optional[str], args: Optional[str]
) -> None:
    image = {key: value for key, value in (("root", root), ("args", args)) if value}
    task: dict[str, Any] = {"memory": 64, "image": {**GUEST["image"], **image}, "recreate": "if_needed"}
    assert ensure(sim, **task)["changed"]
    sim.clear_log()
    again = ensure(sim, **task)
    assert (again["changed"], again["drift"], written(sim)) == (False, [], [])


@ALL
def test_vcpus_go_down_and_up_again(sim: Simulator) -> None:
    running(sim, vcpus=2)
    for number in (1, 2):
        assert ensure(sim, vcpus=number)["drift"] == []
        assert ensure(sim, vcpus=number)["changed"] is False
    assert written(sim) == ["set_vcpus", "set_vcpus"]


@ALL
@pytest.mark.parametrize(
    ("option", "devices"),
    [
        ("vifs", [{"mac": MAC, "bridge": "xenbr0"}]),
        ("vbds", [{"uname": "phy:vg0/web1", "dev": "sda1", "mode": "w"}]),
    ],
)
@pytest.mark.parametrize("built_again", [False, True])
def test_the_last_device_that_is_detached_is_gone(
    sim: Simulator, option: str, devices: list[dict[str, str]], built_again: bool
) -> None:
    wanted: dict[str, Any] = {option: devices}
    none: dict[str, Any] = {option: [], f"purge_{option}": True}
    running(sim, **wanted)
    if built_again:  # 3.0.4 reads its own text again, and shows the device with its backend from then on
        clock = sim.host.clock
        assert isinstance(clock, ManualClock)
        clock.advance(100)
        sim.domain("web1").reboot()
        clock.advance(100)
    result = ensure(sim, **none)
    assert (result["changed"], result["domain"][option]) == (True, [])
    assert ensure(sim, **none)["changed"] is False
    sim.clear_log()
    back = ensure(sim, **wanted)
    if sim.version == "3.2":  # which takes no device under that mac or dev while the guest lives
        assert "is already" in back["msg"]
    else:
        assert (written(sim), len(back["domain"][option])) == (["device_create"], 1)


def sent(sim: Simulator, op: str) -> list[str]:
    """Return the config of each request of an operation."""
    return [each.params["config"][0] for each in sim.requests if each.op == op]


@pytest.mark.parametrize("version", within("3.0.4 to 4.4"))
@pytest.mark.parametrize("check", [True, False])
def test_a_definition_that_differs_is_defined_anew_before_it_starts(sim: Simulator, check: bool) -> None:
    vifs = [{"mac": MAC, "bridge": "xenbr0"}]
    assert ensure(sim, state="defined", **GUEST, vifs=vifs)["changed"]
    sim.clear_log()
    vifs[0]["bridge"] = "xenbr7"
    result = ensure(sim, check=check, recreate="if_needed", **GUEST, vifs=vifs)
    assert [operation["op"] for operation in result["operations"]] == ["delete", "new", "start"]
    assert result["domain"]["vifs"][0]["bridge"] == "xenbr7"
    assert written(sim) == ([] if check else ["delete", "new", "start"])


@ALL
def test_what_a_task_does_not_say_of_an_interface_is_sent_again_or_nothing_is_changed(sim: Simulator) -> None:
    inside = "(vcpus 1)" if sim.version in ("3.0.0", "3.0.2", "3.0.3") else ""
    vif = f"(vif (mac {MAC}) (bridge xenbr0) (vifname app9) (rate 10Mb/s))"
    config = f"(vm (name web1) (memory 64) (vcpus 1) (image (linux (kernel /k) {inside})) (device {vif}))"
    sim.create(config).unpause()
    sim.clear_log()
    result = ensure(sim, vifs=[{"mac": MAC, "bridge": "xenbr7"}])
    if sim.version == "3.1":
        (attached,) = sent(sim, "device_create")
        assert "(rate 10Mb/s) (vifname app9)" in attached
        assert "(bridge xenbr7)" in attached
    elif sim.version != "3.0.0":
        # 3.2 takes no second device of a mac; the others show the rate in a form that they do not read.
        assert (written(sim), result["changed"]) == ([], False)
        assert [item["option"] for item in result["drift"]] == [f"vifs[{MAC}].bridge"]


@ALL
def test_booleans_and_lists_of_an_image_are_sent_as_xend_reads_them(sim: Simulator) -> None:
    sim.host.hvm = True
    kind = "vmx" if sim.version == "3.0.0" else "hvm"
    options = {"device_model": "/srv/xen/bin/qemu-dm", "acpi": True, "apic": False, "serial": ["none", "/dev/ttyS1"]}
    running(sim, image={"type": kind, "kernel": "/srv/xen/img/vmlinuz", "options": options})
    ensure(sim, recreate="always", **GUEST | {"image": {"type": kind, "kernel": "/boot/other", "options": options}})
    assert "(acpi 1) (apic 0) (serial (none /dev/ttyS1))" in sent(sim, "create")[0]


@ALL
@pytest.mark.parametrize(
    "drive",
    [
        {"dev": "hdc:cdrom", "mode": "r"},
        {"dev": "hdc:cdrom", "uname": "", "mode": "r"},
        {"dev": "hdc:cdrom", "uname": "file:/srv/cd.iso", "mode": "r"},
        {"dev": "sda1:disk", "uname": "phy:vg0/web1", "mode": "w"},
    ],
)
def test_a_drive_and_an_empty_one_are_declared_where_there_are_some(sim: Simulator, drive: dict[str, str]) -> None:
    foreseen = ensure(sim, check=True, **GUEST, vbds=[drive])
    result = ensure(sim, **GUEST, vbds=[drive])
    if sim.version in ("3.0.0", "3.0.2"):
        assert written(sim) == []
        assert foreseen["msg"] == result["msg"]
        assert f"xend {sim.version} refuses the dev {drive['dev']}: only 3.0.3 and later" in result["msg"]
        return
    sim.clear_log()
    again = ensure(sim, **GUEST, vbds=[drive])
    assert (again["changed"], again["drift"], written(sim)) == (False, [], [])


@pytest.mark.parametrize("version", within("3.0.3 to 4.4"))
def test_a_drive_that_is_to_be_emptied_is_drift(sim: Simulator) -> None:
    running(sim, vbds=[{"dev": "hdc:cdrom", "uname": "file:/srv/cd.iso", "mode": "r"}])
    result = ensure(sim, **GUEST, vbds=[{"dev": "hdc:cdrom", "uname": "", "mode": "r"}])
    assert (result["changed"], written(sim)) == (False, [])
    assert result["drift"] == [
        {"option": "vbds[hdc:cdrom].uname", "declared": "", "found": "file:/srv/cd.iso", "takes": "recreate"}
    ]


@ALL
def test_a_bootloader_takes_arguments_for_the_kernel_that_it_finds(sim: Simulator) -> None:
    task: dict[str, Any] = {"memory": 64, "bootloader": "/usr/bin/pygrub", "image": {"args": "xenfb.video=8"}}
    task["vbds"] = [{"uname": "phy:vg0/web1", "dev": "sda1", "mode": "w"}]
    foreseen, result = ensure(sim, check=True, **task), ensure(sim, **task)
    if sim.version in ("3.0.0", "3.0.2", "3.0.3"):
        assert written(sim) == []
        assert foreseen["msg"] == result["msg"]
        assert "bootloader and a kernel are mutually exclusive here" in result["msg"]
        return
    config = (
        "(vm (name web1) (memory 64) (vcpus 1) (bootloader /usr/bin/pygrub) (image (linux (args 'xenfb.video=8')))"
        " (device (vbd (uname phy:vg0/web1) (dev sda1) (mode w))))"
    )
    assert (foreseen["operations"][0]["config"], sent(sim, "create")) == (config, [config])
    # The simulated host has no pygrub. That xend looks for one shows that it has read the config as meant.
    assert "Bootloader isn't executable" in result["msg"]


@ALL
def test_an_interface_that_fails_is_called_by_its_bridge_and_the_log_is_shown_on_request(sim: Simulator) -> None:
    vifs = [{"mac": MAC, "bridge": "rigmissing"}, {"mac": MAC.replace("01", "02"), "bridge": "xenbr0"}]
    result = ensure(sim, log_lines=5, **GUEST, vifs=vifs)
    assert result["failed"]
    assert f"Device 0 is the interface {MAC}, bridge rigmissing." in result["msg"]
    assert "Device 1" not in result["msg"]
    assert isinstance(result["log"], list)
    assert "log" not in ensure(sim, **GUEST, vifs=vifs)
