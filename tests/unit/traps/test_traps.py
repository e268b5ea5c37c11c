# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The traps of WIRE.md (h), sprung: each test shows what the collection does about one. docs/TRAPS.md lists them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import Transport
from tests.simulator import PERSONALITIES, Domain, Fault, Lags, ManualClock, Simulator
from tests.support.running import run, use_clock, written

TOP = Path(__file__).resolve().parents[3]

ALL = list(PERSONALITIES)
SINCE = {first: ALL[ALL.index(first) :] for first in ALL}
UNTIL = {last: ALL[: ALL.index(last) + 1] for last in ALL}

KERNEL = "/srv/xen/img/vmlinuz"
GUEST: dict[str, Any] = {"memory": 64, "image": {"kernel": KERNEL}}
FILE = "/srv/xen/state/web1.chk"


def on(releases: list[str]) -> pytest.MarkDecorator:
    """Run a test on these releases."""
    return pytest.mark.parametrize("version", releases)


@pytest.fixture(name="clock")
def _clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    clock = ManualClock()
    use_clock(monkeypatch, clock)
    return clock


@pytest.fixture(name="sim")
def _sim(version: str, clock: ManualClock) -> Iterator[Simulator]:
    with Simulator(version, clock=clock, tcp=None) as sim:
        yield sim


def ensure(sim: Simulator, *, name: str = "web1", check: bool = False, **arguments: object) -> dict[str, Any]:
    return run("xen_domain", check=check, xend_url=sim.unix_url, name=name, **arguments)


def info(sim: Simulator, *names: str) -> list[dict[str, Any]]:
    asked: dict[str, Any] = {"name": list(names)} if names else {}
    domains: list[dict[str, Any]] = run("xen_domain_info", xend_url=sim.unix_url, **asked)["domains"]
    return domains


def guest(words: str = "", **more: Any) -> dict[str, Any]:
    """Return the options of a guest that the words in its kernel's arguments drive."""
    return {"memory": 64, "image": {"kernel": KERNEL, "args": words}, **more}


def started(sim: Simulator, clock: ManualClock, words: str = "", **more: Any) -> Domain:
    """Have a guest that has run for a while."""
    result = ensure(sim, **guest(words, **more))
    assert result.get("changed"), result
    clock.advance(5)
    sim.clear_log()
    return sim.domain("web1")


def client(sim: Simulator, **options: Any) -> XendClient:
    return XendClient(Transport(sim.unix_url), **options)


def sent(sim: Simulator, op: str) -> list[dict[str, list[str]]]:
    """Return the parameters of each such request."""
    return [request.params for request in sim.requests if request.op == op]


def operations_of_the_client() -> set[str]:
    """Return every op that the collection can send: nothing but its client sends any."""
    sources = {path: path.read_text() for path in (TOP / "plugins").rglob("*.py")}
    return {op for text in sources.values() for op in re.findall(r'"op": "(\w+)"', text)}


# ---- 1 to 5


@on(ALL)
@pytest.mark.parametrize("state", ["stopped", "absent", "paused", "restarted", "saved"])
@pytest.mark.parametrize("force", [True, False])
def test_trap_01_domain_0_is_never_asked_to_shut_down(sim: Simulator, state: str, force: bool) -> None:
    file: dict[str, Any] = {"save_file": FILE} if state == "saved" else {}
    result = ensure(sim, name="Domain-0", state=state, force=force, **file)
    assert "control domain" in result["msg"]
    assert written(sim) == []


@on(ALL)
@pytest.mark.parametrize("op", ["shutdown", "destroy", "pause", "save", "rename", "delete"])
def test_trap_01_domain_0_is_never_asked_to_shut_down_under_its_id_either(sim: Simulator, op: str) -> None:
    more = {"shutdown": ("poweroff",), "save": (FILE,), "rename": ("other",)}.get(op, ())
    for name in ("Domain-0", "0", "00", " 0", "+0", "-0", "0" * 32, "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(InvalidRequest, match="it is the host itself"):
            getattr(client(sim), op)(name, *more)
    assert sim.requests == []


@on(UNTIL["3.0.3"])
@pytest.mark.parametrize("as_config", [True, False])
@pytest.mark.parametrize("replaced", [True, False])
def test_trap_02_a_bootloader_with_boot_files_is_refused(
    sim: Simulator, clock: ManualClock, as_config: bool, replaced: bool
) -> None:
    desired: dict[str, Any] = {
        "memory": 64,
        "bootloader": "/usr/bin/pygrub",
        "image": {"kernel": KERNEL, "ramdisk": "/r"},
    }
    if as_config:
        desired = {
            "config": f"(vm (memory 64) (bootloader /b) (image (linux (kernel {KERNEL}) (ramdisk /r) (vcpus 1))))"
        }
    if replaced:
        started(sim, clock)
        desired["recreate"] = "always"
    assert "bootloader and a kernel are mutually exclusive here" in ensure(sim, **desired)["msg"]
    assert (written(sim), sim.deleted_files) == ([], set())


@on(SINCE["3.0.4"])
def test_trap_02_a_bootloader_with_boot_files_is_refused_only_where_it_does_harm(sim: Simulator) -> None:
    disk = {"uname": "file:/srv/web1.img", "dev": "sda1"}
    result = ensure(sim, bootloader="/usr/bin/pygrub", vbds=[disk], **GUEST)
    if sim.version == "3.0.4":  # which would forget the bootloader, and not show it
        assert "would forget the bootloader" in result["msg"]
    # The simulator has no bootloader to run.
    assert (written(sim), sim.deleted_files) == ([] if sim.version == "3.0.4" else ["create"], set())


@on(ALL)
def test_trap_03_no_connection_is_kept(sim: Simulator) -> None:
    first, second = client(sim, timeout=10), client(sim, timeout=10)
    for each in (first, second, first):
        assert each.domain("Domain-0") is not None  # an idle connection of the other would keep it waiting for ever


@on(ALL)
@pytest.mark.parametrize("op", ["create", "wait_for_devices", "unpause"])
def test_trap_04_an_error_is_seen_whatever_the_status_is(sim: Simulator, op: str) -> None:
    sim.faults.append(Fault(op, "refuse", message="so it goes"))
    result = ensure(sim, **GUEST)
    assert result["failed"]
    assert "so it goes" in result["msg"]


@on(ALL)
def test_trap_04_a_failed_save_or_restore_is_seen_whatever_the_status_is(sim: Simulator, clock: ManualClock) -> None:
    started(sim, clock)
    sim.failing.add("xc_save")
    message = ensure(sim, state="saved", save_file=FILE)["msg"]
    assert ("the save failed" if sim.personality.hides_failed_save else "refused save") in message
    assert sim.domain("web1").live
    sim.state_files[FILE] = "not a state file"
    assert "refused restore" in ensure(sim, name="web2", restore_file=FILE)["msg"]


@on(ALL)
def test_trap_04_a_failed_migration_is_seen_whatever_the_status_is(sim: Simulator, clock: ManualClock) -> None:
    started(sim, clock)
    result = run("xen_migrate", xend_url=sim.unix_url, name="web1", destination="nosuch.invalid")
    assert "refused migrate: can't connect" in result["msg"]
    assert sim.requests[-2].status == 200
    assert sim.domain("web1").running


@on(ALL)
def test_trap_05_s_expressions_are_asked_for(version: str) -> None:
    with Simulator(version) as sim:
        assert "<html" in requests.get(f"{sim.url}/xend/", timeout=10).text.lower()
        assert [domain["name"] for domain in run("xen_domain_info", xend_url=sim.url)["domains"]] == ["Domain-0"]


# ---- 6 to 10


@on(ALL)
def test_trap_06_an_answer_ends_where_it_says_and_not_with_its_connection(sim: Simulator, clock: ManualClock) -> None:
    started(sim, clock)
    result = ensure(sim, state="paused", timeout=20)  # 3.1 and later leave this connection open
    assert (result["changed"], result["domain"]["state"]) == (True, "paused")


@on(ALL)
def test_trap_07_a_missing_domain_is_reported_in_every_releases_way(sim: Simulator) -> None:
    assert info(sim, "web1") == []
    assert ensure(sim, state="absent")["changed"] is False


@on(["3.1", "3.2", "3.3"])
def test_trap_07_an_empty_500_is_not_taken_for_a_missing_domain(sim: Simulator, clock: ManualClock) -> None:
    started(sim, clock)
    sim.faults.append(Fault("get", "status", status=500))
    assert "failed to describe the domain 'web1', which it lists" in ensure(sim, state="absent")["msg"]
    assert written(sim) == []


@on(ALL)
def test_trap_08_one_expression_is_read_and_an_empty_text_means_not_set(sim: Simulator) -> None:
    started_from = f"(vm (name web1) (memory 64) (vcpus 1) (image (linux (kernel {KERNEL}) (ramdisk '') (vcpus 1))))"
    sim.create(started_from)
    domain = info(sim, "web1")[0]
    assert domain["image"]["ramdisk"] is None
    assert domain["bootloader"] is None


@on(ALL)
def test_trap_09_what_does_not_run_is_listed_too(sim: Simulator) -> None:
    sim.create(f"(vm (name fresh) (memory 64) (vcpus 1) (image (linux (kernel {KERNEL}) (vcpus 1))))")
    expected = {"Domain-0", "fresh"}
    if sim.personality.managed:
        sim.define(f"(vm (name defined) (memory 64) (vcpus 1) (image (linux (kernel {KERNEL}))))")
        expected.add("defined")
    assert {domain["name"] for domain in info(sim)} == expected


@on(ALL)
def test_trap_10_a_domain_is_created_in_three_requests(sim: Simulator) -> None:
    assert ensure(sim, **GUEST)["domain"]["state"] == "running"
    assert written(sim) == ["create", "wait_for_devices", "unpause"]


@on(ALL)
def test_trap_10_what_was_created_and_not_finished_is_finished(sim: Simulator) -> None:
    sim.create(f"(vm (name web1) (memory 64) (vcpus 1) (image (linux (kernel {KERNEL}) (vcpus 1))))")
    ensure(sim, **GUEST)
    assert written(sim) == ["wait_for_devices", "unpause"]


# ---- 11 to 15


@on(ALL)
@pytest.mark.parametrize("length", [9_900, 10_000, 20_000])
def test_trap_11_a_config_of_any_length_arrives_whole(sim: Simulator, length: int) -> None:
    args = "x" * length
    assert ensure(sim, **guest(args))["changed"]
    assert args in info(sim, "web1")[0]["image"]["args"]


@on(ALL)
def test_trap_12_what_old_releases_say_of_live_domains_is_not_believed(sim: Simulator) -> None:
    domain = ensure(sim, **GUEST)["domain"]
    assert (domain["state"], domain["shutdown_reason"]) == ("running", None)


@on(ALL)
@pytest.mark.parametrize("memory", [0, -1])
def test_trap_13_no_memory_is_never_asked_for(sim: Simulator, clock: ManualClock, memory: int) -> None:
    started(sim, clock)
    for result in (ensure(sim, memory=memory), ensure(sim, maxmem=memory)):
        assert "must be 1 or more" in result["msg"]
    assert written(sim) == []


@on(ALL)
def test_trap_13_more_memory_than_maxmem_is_left(sim: Simulator, clock: ManualClock) -> None:
    started(sim, clock)
    assert [entry["option"] for entry in ensure(sim, memory=128)["drift"]] == ["memory"]
    assert written(sim) == []
    assert sim.domain("web1").maxmem == 64


@on(UNTIL["3.0.3"])
def test_trap_13_the_limit_that_the_hypervisor_enforces_is_raised_with_the_memory(
    sim: Simulator, clock: ManualClock
) -> None:
    started(sim, clock, maxmem=256)
    assert ensure(sim, memory=128)["drift"] == []
    assert written(sim) == ["maxmem_set", "mem_target_set"]
    assert sent(sim, "maxmem_set")[0]["memory"] == ["256"]


@on(ALL)
def test_trap_14_a_shutdown_that_xend_forced_is_reported(sim: Simulator, clock: ManualClock) -> None:
    started(sim, clock, "rig.ignore_shutdown")
    result = ensure(sim, state="stopped", shutdown_timeout=100)
    if sim.personality.destroys_overdue:
        assert result["shutdown_outcome"] == "forced"
    else:
        assert "is still up 100 s after it was asked to shut down" in result["msg"]
        assert sim.domain("web1").running


@on(UNTIL["3.1"])
def test_trap_14_a_patience_shorter_than_xends_is_warned_of(sim: Simulator, clock: ManualClock) -> None:
    started(sim, clock, "rig.ignore_shutdown")
    message = ensure(sim, state="stopped", shutdown_timeout=10)["msg"]
    assert "itself will destroy it 30 s after the request" in message


@on(ALL)
@pytest.mark.parametrize(("state", "file"), [("stopped", {}), ("saved", {"save_file": FILE})])
def test_trap_14_a_paused_guest_is_woken_first(
    sim: Simulator, clock: ManualClock, state: str, file: dict[str, Any]
) -> None:
    started(sim, clock).pause()
    assert ensure(sim, state=state, **file)["changed"]
    assert written(sim) == ["unpause", "shutdown" if state == "stopped" else "save"]
    assert sim.names() in (["Domain-0"], ["Domain-0", "Zombie-web1"])


@on(ALL)
def test_trap_15_a_save_has_a_file(sim: Simulator, clock: ManualClock) -> None:
    started(sim, clock)
    for result in (ensure(sim, state="saved"), ensure(sim, state="saved", save_file="")):
        assert "save_file" in result["msg"]
    assert sim.requests == []


@on(ALL)
def test_trap_15_no_answer_is_waited_for_forever(sim: Simulator, clock: ManualClock) -> None:
    started(sim, clock)
    sim.faults.append(Fault("save", "hang"))
    message = ensure(sim, state="saved", save_file=FILE, create_timeout=0.2)["msg"]
    assert "did not answer within 0.2 s" in message
    assert "check before you repeat it" in message


# ---- 16 to 20


@on(ALL)
def test_trap_16_sedf_is_given_in_nanoseconds_all_at_once_and_read_back(version: str) -> None:
    with Simulator(version, scheduler="sedf", tcp=None) as sim:
        sim.create(f"(vm (name web1) (memory 64) (vcpus 1) (image (linux (kernel {KERNEL}) (vcpus 1))))")
        result = run("xen_sedf", xend_url=sim.unix_url, name="web1", period="20ms", slice="5ms")
        given = {key: values[0] for key, values in sent(sim, "cpu_sedf_set")[0].items() if key != "op"}
    assert given == {"period": "20000000", "slice": "5000000", "latency": "0", "extratime": "1", "weight": "0"}
    assert result["sedf"] == {"period": 20000000, "slice": 5000000, "latency": 0, "extratime": True, "weight": 0}


@on(SINCE["3.0.2"])
def test_trap_16_a_setting_that_the_hypervisor_refused_is_no_success(version: str) -> None:
    with Simulator(version, scheduler="sedf", tcp=None) as sim:
        sim.create(f"(vm (name web1) (memory 64) (vcpus 1) (image (linux (kernel {KERNEL}) (vcpus 1))))")
        result = run("xen_sedf", xend_url=sim.unix_url, name="web1", period="20s", slice="5ms")
        assert "period must be between 10us and 10s" in result["msg"]
        assert written(sim) == []  # and what it refuses for another reason:
        sim.faults.append(Fault("cpu_sedf_set", "status", status=200, body="0", content_type="application/sxp"))
        result = run("xen_sedf", xend_url=sim.unix_url, name="web1", period="20ms", slice="5ms")
        assert "the hypervisor did not accept them: period is 100000000, not 20000000" in result["msg"]


@on(UNTIL["3.0.3"])
def test_trap_17_a_zombie_is_left_alone(sim: Simulator, clock: ManualClock) -> None:
    started(sim, clock, "rig.dying=600").destroy()
    ensure(sim, **guest("rig.dying=600"))
    assert ensure(sim, state="absent", force=True)["domain"] is None
    assert "Zombie-web1" in sim.names()
    sim.clear_log()

    assert ensure(sim, state="absent")["changed"] is False
    assert "is dying" in ensure(sim, name="Zombie-web1", state="absent")["msg"]
    assert written(sim) == []
    assert ensure(sim, **GUEST)["domain"]["state"] == "running"


@on(UNTIL["3.0.3"])
def test_trap_17_a_zombie_is_called_dying(sim: Simulator, clock: ManualClock) -> None:
    started(sim, clock, "rig.dying=600")
    ensure(sim, state="absent", force=True)
    assert {domain["name"]: domain["state"] for domain in info(sim)}["Zombie-web1"] == "dying"


@on(ALL)
def test_trap_18_a_reboot_waits_until_it_does_not_cost_the_domain(sim: Simulator) -> None:
    domids = [ensure(sim, **GUEST)["domain"]["domid"]]
    for _time in range(2):
        domids.append(ensure(sim, state="restarted")["domain"]["domid"])
        assert sim.domain("web1").running
    assert len(set(domids)) == 3


@on(ALL)
def test_trap_19_one_task_fits_all_releases(sim: Simulator) -> None:
    domain = ensure(sim, vcpus=2, **GUEST)["domain"]
    assert domain["vcpus"] == 2
    assert "cpu_weight" not in sent(sim, "create")[0]["config"][0]


@on(ALL)
@pytest.mark.parametrize("device_delay", [0, 3])
def test_trap_20_a_device_is_seen_to_go(version: str, clock: ManualClock, device_delay: float) -> None:
    with Simulator(version, clock=clock, tcp=None, device_delay=device_delay) as sim:
        started(sim, clock, vbds=[{"uname": "phy:vg0/web1", "dev": "sda1"}], vifs=[{"mac": "00:16:3e:00:00:01"}])
        result = ensure(sim, vbds=[], vifs=[], purge_vbds=True, purge_vifs=True)
        assert (result["domain"]["vbds"], result["domain"]["vifs"]) == ([], [])
        assert all((given["force"], given["rm_cfg"]) == (["0"], ["1"]) for given in sent(sim, "device_destroy"))


# ---- 21 to 25


@pytest.mark.parametrize("op", ["configure", "vif_limit_set", "reset", "do_get_pauseflag", "dump"])
def test_trap_21_what_never_works_is_never_sent(op: str) -> None:
    sends = operations_of_the_client()
    assert {"create", "destroy", "maxmem_set", "cpu_sedf_set"} <= sends
    assert op not in sends


@on([version for version in UNTIL["3.3"] if version != "3.0.0"])
def test_trap_21_nothing_is_pinned_where_that_would_unpin(sim: Simulator, clock: ManualClock) -> None:
    started(sim, clock, vcpus=2)
    sim.domain("web1").pins = [(1,), (2,)]
    assert [entry["option"] for entry in ensure(sim, cpus="0-1")["drift"]] == ["cpus"]
    assert written(sim) == []
    assert sim.domain("web1").pins == [(1,), (2,)]


@on(["3.1"])
def test_trap_21_a_failed_save_that_is_reported_as_success_is_seen(sim: Simulator, clock: ManualClock) -> None:
    started(sim, clock)
    sim.failing.add("xc_save")
    assert "the save failed" in ensure(sim, state="saved", save_file=FILE)["msg"]
    assert sim.domain("web1").live


@on(ALL)
def test_trap_21_maxmem_is_never_set_below_memory(sim: Simulator, clock: ManualClock) -> None:
    started(sim, clock, maxmem=128)
    result = ensure(sim, maxmem=32)
    assert [entry["option"] for entry in result["drift"]] == ["maxmem"]
    assert written(sim) == []
    assert sim.host.poison == ""


@on(["3.1"])
def test_trap_21_a_spoilt_xend_has_not_lost_its_domains(sim: Simulator, clock: ManualClock) -> None:
    started(sim, clock)
    requests_to_spoil = client(sim)
    with pytest.raises(Exception, match="maxmem_set"):
        requests_to_spoil.set_maxmem("web1", 32)
    sim.clear_log()
    for result in (ensure(sim, state="absent"), ensure(sim, **GUEST)):
        assert "Invalid Configuration" in result["msg"]
    assert written(sim) == []


@on(SINCE["3.0.4"])
def test_trap_21_a_definition_is_started_and_then_paused(sim: Simulator) -> None:
    sim.define(f"(vm (name web1) (memory 64) (vcpus 1) (image (linux (kernel {KERNEL}))))")
    assert ensure(sim, state="paused")["domain"]["state"] == "paused"
    assert written(sim) == ["start", "pause"]


@on(ALL)
@pytest.mark.parametrize("state", ["paused", "stopped", "absent"])
def test_trap_22_a_number_is_a_name_and_no_id(sim: Simulator, clock: ManualClock, state: str) -> None:
    domain = started(sim, clock)
    ensure(sim, name=str(domain.domid), state=state)
    assert written(sim) == []
    assert info(sim, str(domain.domid)) == []


@on(UNTIL["3.0.3"])
@pytest.mark.parametrize("name", ["0", "00"])
def test_trap_22_a_name_that_is_the_control_domains_id_is_not_given(sim: Simulator, name: str) -> None:
    assert ensure(sim, name=name, **GUEST)["failed"]
    assert sim.names() == ["Domain-0"]


@on(UNTIL["3.4"])
def test_trap_22_a_name_with_a_slash_is_reached(sim: Simulator) -> None:
    ensure(sim, name="a/b", **GUEST)
    assert ensure(sim, name="a/b", state="paused")["domain"]["state"] == "paused"
    assert ensure(sim, name="a/b", state="absent", force=True)["domain"] is None


@on(ALL)
@pytest.mark.parametrize("way", ["created", "attached", "as config"])
def test_trap_22_an_exclamation_mark_survives(sim: Simulator, way: str) -> None:
    disks: dict[str, Any] = {"vbds": [{"uname": "phy:vg0/web1", "dev": "sda1", "mode": "w!"}]}
    if way == "as config":
        disk = "(device (vbd (uname phy:vg0/web1) (dev sda1) (mode w!)))"  # unquoted, as a user may write it
        ensure(sim, config=f"(vm (memory 64) (vcpus 1) (image (linux (kernel {KERNEL}) (vcpus 1))) {disk})")
    else:
        ensure(sim, **GUEST, **(disks if way == "created" else {}))
        ensure(sim, **disks)
    assert [vbd["mode"] for vbd in info(sim, "web1")[0]["vbds"]] == ["w!"]


@on(ALL)
def test_trap_23_a_uuid_has_one_form_and_no_change_goes_by_it(sim: Simulator) -> None:
    uuid = "C0FFEE00000040008000-00000000beef"
    ensure(sim, uuid=uuid, **GUEST)
    again = ensure(sim, uuid=uuid, **GUEST)
    assert (again["changed"], again["drift"]) == (False, [])
    assert info(sim, "web1")[0]["uuid"] == "c0ffee00-0000-4000-8000-00000000beef"
    assert not any("beef" in request.path for request in sim.requests)


@on(ALL)
def test_trap_23_a_domain_is_found_by_its_uuid_on_every_release(sim: Simulator) -> None:
    uuid = "c0ffee00-0000-4000-8000-00000000beef"
    ensure(sim, uuid=uuid, **GUEST)
    found = run("xen_domain_info", xend_url=sim.unix_url, uuid=[uuid.upper()])
    assert [domain["name"] for domain in found["domains"]] == ["web1"]


def test_trap_24_sysrq_is_never_sent() -> None:
    assert "sysrq" not in operations_of_the_client()


@on(["3.0.0", *SINCE["3.4"]])
def test_trap_24_a_pin_has_no_brackets(sim: Simulator, clock: ManualClock) -> None:
    started(sim, clock, vcpus=2)
    ensure(sim, cpus="1-2")
    assert [given["cpumap"] for given in sent(sim, "pincpu")] == [["1,2"], ["1,2"]]
    assert sim.domain("web1").pins == [(1, 2), (1, 2)]


@on(ALL)
def test_trap_25_devices_are_compared_in_one_form(sim: Simulator) -> None:
    desired = {
        **GUEST,
        "vbds": [{"uname": "phy:vg0/web1", "dev": "sda1"}, {"uname": "phy:vg0/web2", "dev": "/dev/sdb1", "mode": "w"}],
        "vifs": [{"mac": "00:16:3E:00:00:0A", "bridge": "xenbr0", "ip": ["10.0.0.1"], "script": "vif-bridge"}],
    }
    ensure(sim, **desired)
    again = ensure(sim, **desired)
    assert (again["changed"], again["operations"], again["drift"]) == (False, [], [])


@on(ALL)
def test_trap_25_several_addresses_are_refused_where_all_but_one_would_be_lost(sim: Simulator) -> None:
    result = ensure(sim, **GUEST, vifs=[{"bridge": "xenbr0", "ip": ["10.0.0.1", "10.0.0.2"]}])
    if sim.personality.ip == "last":
        assert "would keep only the last" in result["msg"]
        assert written(sim) == []
    else:
        assert result["domain"]["vifs"][0]["ip"] == ["10.0.0.1", "10.0.0.2"]


@on([version for version, xend in PERSONALITIES.items() if xend.ip == "last"])
def test_trap_25_several_addresses_are_refused_for_a_vif_of_a_living_domain_too(
    sim: Simulator, clock: ManualClock
) -> None:
    started(sim, clock)
    result = ensure(sim, vifs=[{"mac": "00:16:3e:00:00:0a", "ip": ["10.0.0.1", "10.0.0.2"]}])
    assert written(sim) == []
    assert "would keep only the last" in result["msg"]


# ---- 26 to 31

MAC = "00:16:3e:00:00:0a"


@on(["3.0.0"])
@pytest.mark.parametrize("state", ["restarted", "saved"])
def test_trap_26_a_guest_with_an_address_is_not_given_to_a_xend_that_would_lose_it(
    sim: Simulator, clock: ManualClock, state: str
) -> None:
    started(sim, clock, vifs=[{"mac": MAC, "bridge": "xenbr0", "ip": ["10.0.0.7"]}])
    file: dict[str, Any] = {"save_file": FILE} if state == "saved" else {}
    assert "would be lost" in ensure(sim, state=state, **file)["msg"]
    assert written(sim) == []
    assert sim.domain("web1").running


@on(["3.0.0"])
def test_trap_26_a_guest_with_an_address_is_not_sent_elsewhere(sim: Simulator, clock: ManualClock) -> None:
    started(sim, clock, vifs=[{"mac": MAC, "bridge": "xenbr0", "ip": ["10.0.0.7"]}])
    result = run("xen_migrate", xend_url=sim.unix_url, name="web1", destination="dom0b")
    assert "would be lost by a migration" in result["msg"]
    assert written(sim) == []


@on(["3.2", "3.3"])
@pytest.mark.parametrize(
    ("option", "device", "other"),
    [
        ("vifs", {"mac": MAC, "bridge": "xenbr0"}, {"mac": MAC, "bridge": "xenbr1"}),
        ("vbds", {"uname": "phy:vg0/web1", "dev": "sda1"}, {"uname": "phy:vg0/web2", "dev": "sda1"}),
    ],
)
def test_trap_27_nothing_is_detached_that_could_not_be_attached_again(
    sim: Simulator, clock: ManualClock, option: str, device: dict[str, str], other: dict[str, str]
) -> None:
    there: dict[str, Any] = {option: [device]}
    wanted: dict[str, Any] = {option: [other], "change_vbds": True}
    started(sim, clock, **there)
    result = ensure(sim, **wanted)
    assert [entry["takes"] for entry in result["drift"]] == ["recreate"]
    assert written(sim) == []


@on(ALL)
@pytest.mark.parametrize("state", ["running", "stopped", "absent"])
def test_trap_28_a_guest_that_is_being_saved_is_not_made_again(sim: Simulator, clock: ManualClock, state: str) -> None:
    started(sim, clock)
    sim.domain("web1").name = "migrating-web1"
    assert "its name is migrating-web1" in ensure(sim, state=state, **GUEST)["msg"]
    assert written(sim) == []


@on(SINCE["3.0.4"])
def test_trap_29_a_lower_maxmem_that_was_refused_is_not_called_done(version: str, clock: ManualClock) -> None:
    with Simulator(version, clock=clock, tcp=None, lags=Lags(balloon=30)) as sim:
        started(sim, clock, memory=256)
        result = ensure(sim, memory=64, maxmem=64)
        statuses = [request.status for request in sim.requests if request.op == "maxmem_set"]
        assert sim.domain("web1").memory == 64
    assert result.get("failed", False) == (statuses[-1] != 200)


TAP = "(device (tap (uname tap:aio:/srv/web1.img) (dev xvda) (mode w)))"


@on(SINCE["3.0.3"])
def test_trap_31_a_tap_is_one_of_the_disks(sim: Simulator) -> None:
    sim.create(f"(vm (name web1) (memory 64) (vcpus 1) (image (linux (kernel {KERNEL}) (vcpus 1))) {TAP})")
    assert [vbd["uname"] for vbd in info(sim, "web1")[0]["vbds"]] == ["tap:aio:/srv/web1.img"]


@on(ALL)
def test_trap_31_a_tap_in_a_config_is_sent_as_it_is(sim: Simulator) -> None:
    result = ensure(sim, config=f"(vm (memory 64) (vcpus 1) (image (linux (kernel {KERNEL}) (vcpus 1))) {TAP})")
    configs = [given["config"][0] for given in sent(sim, "create")]
    if sim.version in UNTIL["3.0.2"]:  # which have no such class
        assert result["failed"]
        assert configs == []
    else:
        assert [TAP in config for config in configs] == [True]


@on([version for version in SINCE["3.0.3"] if version != "4.0"])  # whose taps want a driver that no recorded host had
def test_trap_31_a_tap_comes_and_goes(sim: Simulator, clock: ManualClock) -> None:
    started(sim, clock)
    tap = {"uname": "tap:aio:/srv/xen/img/data.img", "dev": "xvdb", "mode": "w"}
    attached = ensure(sim, vbds=[tap])
    assert not attached.get("failed"), attached["msg"]
    assert ensure(sim, vbds=[tap])["changed"] is False
    gone = ensure(sim, vbds=[], purge_vbds=True)
    assert not gone.get("failed"), gone["msg"]
    assert "xvdb" not in str(gone["domain"]["vbds"])
    assert written(sim)[-2:] == ["device_create", "device_destroy"]


# ---- the table


def rows() -> list[list[str]]:
    """Return the cells of the table in docs/TRAPS.md."""
    lines = (TOP / "docs" / "TRAPS.md").read_text().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| *\d", line)]


def traps() -> list[str]:
    """Return the numbers of the traps in docs/WIRE.md, section (h)."""
    _before, section = (TOP / "docs" / "WIRE.md").read_text().split("\n## (h) ")
    return re.findall(r"^(\d+)\. ", section.partition("\n## (i) ")[0], re.MULTILINE)


def test_the_table_holds_every_trap_in_order() -> None:
    assert [row[0] for row in rows()] == traps() == [str(number) for number in range(1, 32)]
    assert {len(row) for row in rows()} == {5}
    assert all(all(row) for row in rows())


def test_each_file_named_in_the_table_exists() -> None:
    named = {name for row in rows() for name in re.findall(r"`([^`]+\.py)`", row[3])}
    assert named
    assert {name for name in named if not (TOP / "plugins" / "module_utils" / name).is_file()} == set()


def test_each_test_named_in_the_table_exists_and_each_test_is_named_there() -> None:
    named = {name for row in rows() for name in re.findall(r"`([^`]+)`", row[4])}
    here = {name for name in globals() if name.startswith("test_trap_")}
    assert {name for name in named if "::" not in name} == here
    for name in named - here:
        path, _colons, function = name.partition("::")
        assert re.search(rf"^def {re.escape(function)}\(", (TOP / path).read_text(), re.MULTILINE), name


def test_each_test_is_named_in_the_row_of_its_trap() -> None:
    for row in rows():
        for name in re.findall(r"`test_trap_(\d\d)_", row[4]):
            assert int(name) == int(row[0])
