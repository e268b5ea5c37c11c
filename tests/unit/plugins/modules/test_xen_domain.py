# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""xen_domain where things go wrong: guests, devices, xend, the network and the task itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator import Fault, ManualClock, Simulator
from tests.support.running import run, use_clock, written

VERSIONS = ("3.0.0", "4.1")
BOTH = pytest.mark.parametrize("version", VERSIONS)

KERNEL = "/srv/xen/img/vmlinuz"
GUEST: dict[str, Any] = {"memory": 64, "image": {"kernel": KERNEL}}


@pytest.fixture(name="sim")
def _sim(version: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    clock = ManualClock()
    use_clock(monkeypatch, clock)
    with Simulator(version, clock=clock, tcp=None) as sim:
        yield sim


def ensure(sim: Simulator, *, name: str = "web1", check: bool = False, **arguments: object) -> dict[str, Any]:
    return run("xen_domain", check=check, xend_url=sim.unix_url, name=name, **arguments)


def guest(words: str = "", **more: Any) -> dict[str, Any]:
    """Return the options of a guest that the words in its kernel's arguments drive."""
    return {"memory": 64, "image": {"kernel": KERNEL, "args": words}, **more}


def started(sim: Simulator, words: str = "", **more: Any) -> None:
    """Have a guest run."""
    assert ensure(sim, **guest(words, **more))["changed"]
    clock = sim.host.clock
    assert isinstance(clock, ManualClock)
    clock.advance(5)
    sim.clear_log()


# ---- guests that do not do as they are told


@BOTH
def test_a_deaf_guest_is_not_destroyed_unless_asked_for(sim: Simulator) -> None:
    started(sim, "rig.ignore_shutdown")
    result = ensure(sim, state="stopped", shutdown_timeout=20)
    assert result["failed"]
    assert "still up 20 s after it was asked to shut down" in result["msg"]
    assert (result["changed"], written(sim)) == (True, ["shutdown"])
    assert sim.domain("web1").running


@pytest.mark.parametrize("version", ["3.0.0"])
def test_it_is_said_that_an_early_xend_is_going_to_destroy_the_guest(sim: Simulator) -> None:
    started(sim, "rig.ignore_shutdown")
    message = ensure(sim, state="absent", shutdown_timeout=20)["msg"]
    assert "xend 3.0.0 itself will destroy it 30 s after the request" in message


@BOTH
def test_a_deaf_guest_is_destroyed_where_that_is_asked_for(sim: Simulator) -> None:
    started(sim, "rig.ignore_shutdown")
    result = ensure(sim, state="absent", shutdown_timeout=20, on_shutdown_timeout="destroy")
    assert (result["shutdown_outcome"], written(sim)) == ("destroyed", ["shutdown", "destroy"])
    assert "web1" not in sim.names()


@pytest.mark.parametrize("version", ["3.0.0"])
def test_an_end_that_xend_forced_is_not_called_clean(sim: Simulator) -> None:
    started(sim, "rig.ignore_shutdown")
    result = ensure(sim, state="stopped")
    assert (result["changed"], result["shutdown_outcome"]) == (True, "forced")


@BOTH
def test_a_slow_guest_goes_down_cleanly_if_xend_lets_it(sim: Simulator) -> None:
    started(sim, "rig.shutdown_delay=25")
    assert ensure(sim, state="stopped")["shutdown_outcome"] == "clean"


@BOTH
def test_a_paused_guest_is_woken_to_hear_the_request(sim: Simulator) -> None:
    started(sim)
    sim.domain("web1").pause()
    result = ensure(sim, state="stopped")
    assert (result["shutdown_outcome"], written(sim)) == ("clean", ["unpause", "shutdown"])


@BOTH
def test_a_guest_that_crashes_at_once_is_not_called_running(sim: Simulator) -> None:
    result = ensure(sim, **guest("rig.crash_after=0", on_crash="preserve"))
    assert result["failed"]
    assert "web1 was brought up and is crashed now" in result["msg"]
    assert [operation["op"] for operation in result["operations"]] == ["create", "wait_for_devices", "unpause"]


@BOTH
def test_a_guest_that_vanishes_at_once_is_not_created_again(sim: Simulator) -> None:
    result = ensure(sim, **guest("rig.poweroff_after=0"))
    assert "is gone now, not running" in result["msg"]
    assert written(sim).count("create") == 1


@BOTH
def test_a_guest_that_reboots_instead_is_reported(sim: Simulator) -> None:
    started(sim, "rig.ignore_shutdown rig.reboot_after=70")
    clock = sim.host.clock
    assert isinstance(clock, ManualClock)
    clock.advance(60)
    result = ensure(sim, state="stopped")
    assert "did not stay down: it runs again, as domid 2" in result["msg"]


# ---- devices that fail


@BOTH
def test_a_domain_whose_devices_fail_is_destroyed_again(sim: Simulator) -> None:
    vbds = [{"uname": "file:/rigmissing", "dev": "sdb1"}]
    result = ensure(sim, **GUEST, vbds=vbds)
    assert "Device 2065 (vbd) could not be connected" in result["msg"]
    assert "was destroyed again" in result["msg"]
    assert written(sim) == ["create", "wait_for_devices", "destroy"]
    assert "web1" not in sim.names()


@BOTH
def test_a_domain_whose_devices_fail_is_kept_where_that_is_asked_for(sim: Simulator) -> None:
    result = ensure(sim, **GUEST, vbds=[{"uname": "file:/rigmissing", "dev": "sdb1"}], on_device_failure="keep")
    assert "is left paused (on_device_failure: keep)" in result["msg"]
    assert sim.domain("web1").state_letters[2] == "p"


@BOTH
def test_a_domain_that_was_there_before_is_not_destroyed_for_its_devices(sim: Simulator) -> None:
    sim.create(f"(vm (name web1) (memory 64) (vcpus 1) (image (linux (kernel {KERNEL}))))")
    sim.faults.append(Fault("wait_for_devices", "refuse", message="no device"))
    result = ensure(sim)
    assert "no device" in result["msg"]
    assert "destroy" not in written(sim)


@BOTH
def test_a_second_failure_does_not_hide_the_first(sim: Simulator) -> None:
    sim.faults.append(Fault("destroy", "refuse", message="not now"))
    result = ensure(sim, **GUEST, vbds=[{"uname": "file:/rigmissing", "dev": "sdb1"}])
    assert "Device 2065 (vbd) could not be connected" in result["msg"]
    assert "could not be destroyed" in result["msg"]
    assert "not now" in result["msg"]


# ---- the control domain


@BOTH
@pytest.mark.parametrize("state", ["paused", "stopped", "absent"])
@pytest.mark.parametrize("force", [True, False])
def test_the_control_domain_is_left_alone(sim: Simulator, state: str, force: bool) -> None:
    result = ensure(sim, name="Domain-0", state=state, force=force)
    assert "is the control domain" in result["msg"]
    assert written(sim) == []


@BOTH
def test_the_control_domain_is_left_alone_under_another_name(sim: Simulator) -> None:
    sim.domain("Domain-0").name = "host"
    result = ensure(sim, name="host", state="absent", force=True)
    assert "is the control domain" in result["msg"]
    assert written(sim) == []


@BOTH
def test_a_missing_control_domain_is_not_created(sim: Simulator) -> None:
    sim.domain("Domain-0").name = "Zombie-Domain-0"
    assert "cannot be created" in ensure(sim, name="Domain-0", **GUEST)["msg"]
    assert written(sim) == []


@BOTH
@pytest.mark.parametrize("name", ["0", "00", "-0"])
def test_no_domain_is_created_that_would_be_taken_for_the_control_domain(sim: Simulator, name: str) -> None:
    assert written(sim) == []
    assert ensure(sim, name=name, **GUEST)["failed"]
    assert written(sim) == []


@pytest.mark.parametrize("version", ["4.1"])
def test_several_addresses_are_refused_for_a_domain_that_lives_too(sim: Simulator) -> None:
    started(sim)
    assert "would keep only the last" in ensure(sim, vifs=[{"ip": ["10.0.0.1", "10.0.0.2"]}])["msg"]
    assert written(sim) == []


@BOTH
def test_the_control_domain_may_be_declared_running(sim: Simulator) -> None:
    assert ensure(sim, name="Domain-0")["changed"] is False


# ---- names


@BOTH
@pytest.mark.parametrize("state", ["stopped", "absent"])
def test_a_number_is_a_name_and_never_another_domains_id(sim: Simulator, state: str) -> None:
    started(sim)
    result = ensure(sim, name="1", state=state, force=True)
    assert (result["changed"], written(sim)) == (False, [])


@BOTH
@pytest.mark.parametrize("name", ["a b", "it's", "(a b)", "a;b", "ü", "100%", "{{ 1 }}", "a\nb", ".", "..", ""])
def test_a_name_that_xend_refuses_is_refused_before_anything_is_sent(sim: Simulator, name: str) -> None:
    result = ensure(sim, name=name, **GUEST)
    assert result["failed"]
    assert "cannot be the name of a domain" in result["msg"]
    assert written(sim) == []


@BOTH
@pytest.mark.parametrize("name", ["nil", "t", "inf", "007", "a.b-c_d", "a:b", "a+b", "None", "-1", "..."[:2] + "a"])
def test_a_strange_but_legal_name_works(sim: Simulator, name: str) -> None:
    assert ensure(sim, name=name, **GUEST)["domain"]["name"] == name
    assert ensure(sim, name=name, **GUEST)["changed"] is False
    assert ensure(sim, name=name, state="absent", force=True)["domain"] is None


# ---- bad tasks


@BOTH
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({}, "does not set enough options to create it"),
        ({"memory": 64}, "does not set enough options to create it"),
        ({**GUEST, "memory": 0}, "memory must be 1 or more, not 0"),
        ({**GUEST, "memory": -5}, "memory must be 1 or more"),
        ({**GUEST, "memory": "lots"}, "lots"),
        ({**GUEST, "maxmem": 32}, "maxmem (32 MiB) is less than memory (64 MiB)"),
        ({**GUEST, "vcpus": 0}, "vcpus must be 1 or more"),
        ({**GUEST, "vcpus": "twenty"}, "twenty"),
        ({**GUEST, "uuid": "c0ffee"}, "uuid must have 32 hexadecimal digits"),
        ({**GUEST, "vbds": [{"uname": "x", "dev": "sda1"}]}, "must be the location of the disk"),
        (
            {**GUEST, "vbds": [{"uname": "phy:x", "dev": "sda1"}, {"uname": "phy:y", "dev": "sda1"}]},
            "two with dev sda1",
        ),
        ({**GUEST, "vifs": [{"mac": "00:16:3E:0:0:1"}, {"mac": "00:16:3e:0:0:1"}]}, "two with mac 00:16:3e:0:0:1"),
        ({"memory": 64, "config": "(vm (name web1))"}, "mutually exclusive"),
        ({"config": "(vm (name web2) (memory 64))"}, "They must be the same"),
        ({"config": "(vm (name web1) (memory 0))"}, "memory must be 1 or more"),
        ({"config": "(vm (name web1)"}, "not an s-expression that xend can read"),
        ({"config": "(vm (name web1)) (vm (name web2))"}, "more text after the end"),
        ({"config": "((name web1) (memory 64))"}, "must be one list that begins with a word"),
        ({"config": "(vm (name web1) (image (linux (args {a}))))"}, "put the whole value in quotes"),
        ({"config": "<html>"}, "not an s-expression"),
        ({"timeout": 0}, "timeout must be more than 0"),
        *(
            ({"state": "absent", "on_shutdown_timeout": "destroy", option: seconds}, f"{option} must be ")
            for option in ("timeout", "connect_timeout", "create_timeout", "shutdown_timeout")
            for seconds in ("inf", "-inf", "nan", "1e20", "1e400", "-5", 3000000)
        ),
        ({"xend_url": "ftp://host"}, "xend_url 'ftp://host' is none of"),
        ({"xend_url": "http://root:secret@host:8000"}, "use xend_username"),
    ],
)
def test_a_task_that_cannot_be_meant_fails_before_anything_is_sent(
    sim: Simulator, arguments: dict[str, Any], complaint: str
) -> None:
    for check in (True, False):
        given: dict[str, Any] = {"xend_url": sim.unix_url, "name": "web1", **arguments}
        result = run("xen_domain", check=check, **given)
        assert result["failed"]
        assert complaint in result["msg"]
        assert "secret" not in result["msg"]
    assert written(sim) == []


@BOTH
def test_a_bootloader_with_boot_files_is_refused_where_xend_would_delete_them(sim: Simulator) -> None:
    result = ensure(sim, **GUEST, bootloader="/usr/bin/pygrub")
    assert ("deletes the files" in result["msg"]) == (sim.version == "3.0.0")
    assert sim.deleted_files == set()


@BOTH
def test_several_addresses_are_refused_where_xend_keeps_only_the_last(sim: Simulator) -> None:
    result = ensure(sim, **GUEST, vifs=[{"ip": ["10.0.0.1", "10.0.0.2"]}])
    if sim.version == "3.0.0":
        assert result["domain"]["vifs"][0]["ip"] == ["10.0.0.1", "10.0.0.2"]
    else:
        assert "would keep only the last" in result["msg"]
        assert written(sim) == []


@BOTH
def test_xends_own_words_are_passed_on(sim: Simulator) -> None:
    result = ensure(sim, memory=64, image={"kernel": "/nosuch/vmlinuz"})
    words = {"3.0.0": "Kernel image does not exist: /nosuch/vmlinuz", "4.1": "No such file or directory"}
    assert words[sim.version] in result["msg"]
    assert "xend.err" not in result["msg"]
    assert result["changed"] is False


@BOTH
def test_a_domain_larger_than_its_host_is_refused_where_xend_would_stall_and_else_by_xend(sim: Simulator) -> None:
    result = ensure(sim, memory=1_000_000, image={"kernel": KERNEL})
    assert result["failed"]
    if sim.version == "3.0.0":
        assert "the host has only 16384 MiB" in result["msg"]
        assert written(sim) == []
    else:
        assert "I need 1024000000 KiB" in result["msg"]


@BOTH
def test_as_many_vcpus_as_wished_or_xends_reason_why_not(sim: Simulator) -> None:
    assert ensure(sim, **GUEST, vcpus=20)["domain"]["vcpus"] == 20
    result = ensure(sim, name="web2", **GUEST, vcpus=64)
    assert "Invalid argument" in result["msg"]


# ---- what is sent


@BOTH
def test_a_config_too_long_for_a_body_arrives_whole(sim: Simulator) -> None:
    args = " ".join(f"option{number}='{{}}'" for number in range(1500))
    assert ensure(sim, memory=64, image={"kernel": KERNEL, "args": args})["domain"]["image"]["args"] == args


@BOTH
def test_a_mode_with_an_exclamation_mark_is_quoted_on_the_way(sim: Simulator) -> None:
    config = f"(vm (name web1) (memory 64) (vcpus 1) (image (linux (kernel {KERNEL}))) (device (vbd (uname phy:x) (dev sda1) (mode w!))))"
    assert ensure(sim, config=config)["domain"]["vbds"][0]["mode"] == "w!"
    (create,) = [request for request in sim.requests if request.op == "create"]
    assert "(mode 'w!')" in create.params["config"][0]


@BOTH
def test_a_config_without_a_name_gets_it(sim: Simulator) -> None:
    config = f"(vm (memory 64) (vcpus 1) (image (linux (kernel {KERNEL}))))"
    assert ensure(sim, config=config)["domain"]["name"] == "web1"


@pytest.mark.parametrize("version", ["4.1"])
def test_a_password_in_a_config_is_never_shown(sim: Simulator) -> None:
    config = (
        f"(vm (memory 64) (vcpus 1) (image (linux (kernel {KERNEL}))) (device (vfb (type vnc) (vncpasswd hunter2))))"
    )
    for check in (True, False):
        result = run(
            "xen_domain",
            check=check,
            xend_url=sim.unix_url,
            name="web1",
            config=config,
        )
        assert result["changed"]
        assert "hunter2" not in str(result)
    shown = run("xen_domain_info", xend_url=sim.unix_url, name=["web1"], sxp=True)
    assert "hunter2" not in str(shown)


@pytest.mark.parametrize("version", ["4.1"])
def test_a_password_among_the_options_of_an_image_is_never_shown(sim: Simulator) -> None:
    image = {"type": "hvm", "kernel": KERNEL, "options": {"device_model": KERNEL, "vnc": 1, "vncpasswd": "hunter2"}}
    result = run("xen_domain", check=True, xend_url=sim.unix_url, name="web1", memory=64, vcpus=1, image=image)
    assert result["changed"]
    assert "hunter2" not in str(result)


# ---- a xend that does not answer as it should


@BOTH
@pytest.mark.parametrize("op", ["create", "wait_for_devices", "unpause"])
def test_a_request_that_is_not_answered_is_not_repeated_and_the_next_run_reaches_the_goal(
    sim: Simulator, op: str
) -> None:
    sim.faults.append(Fault(op, "drop_after"))
    result = ensure(sim, **GUEST)
    assert "xend may have carried out the request" in result["msg"]
    assert written(sim).count(op) == 1
    sim.clear_log()
    again = ensure(sim, **GUEST)
    assert again["domain"]["state"] == "running"
    assert "create" not in written(sim)
    assert ensure(sim, **GUEST)["changed"] is False


@BOTH
def test_a_lost_create_is_created_by_the_next_run(sim: Simulator) -> None:
    sim.faults.append(Fault("create", "drop"))
    assert ensure(sim, **GUEST)["failed"]
    assert ensure(sim, **GUEST)["domain"]["state"] == "running"


@BOTH
@pytest.mark.parametrize(
    ("kind", "complaint"),
    [
        ("drop", "closed the connection"),
        ("truncate", "broke off"),
        ("html", "answered HTML"),
        ("status", "a proxy in front of it cannot reach xend"),
    ],
)
def test_a_broken_answer_is_never_taken_for_no_domain(sim: Simulator, kind: str, complaint: str) -> None:
    started(sim)
    sim.faults.append(Fault("get", kind, times=-1))
    result = ensure(sim, state="absent")
    assert result["failed"]
    assert complaint in result["msg"]
    assert written(sim) == []


def test_a_dead_host_is_reported_with_what_to_check() -> None:
    result = run("xen_domain", xend_url="http://127.0.0.1:1", name="web1")
    assert "Cannot connect to xend at http://127.0.0.1:1: Connection refused" in result["msg"]
    assert "xend-http-server" in result["msg"]


def test_a_missing_socket_is_reported_with_what_to_check() -> None:
    result = run("xen_domain", xend_url="unix:///nosuch/xend-socket", name="web1")
    assert "No such file or directory" in result["msg"]
    assert "xend-unix-server" in result["msg"]
