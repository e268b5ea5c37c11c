# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is waited for, what is believed, and what the result says was sent, whatever the failure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.dom0.xend.plugins.module_utils.operations import devices, life, settings
from ansible_collections.dom0.xend.plugins.module_utils.operations.base import Operation
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import within
from tests.simulator import PERSONALITIES, Fault, Lags, ManualClock, Simulator
from tests.support.running import run, use_clock, written

ALL = pytest.mark.parametrize("version", list(PERSONALITIES))
GUEST: dict[str, Any] = {"memory": 64, "image": {"kernel": "/srv/xen/img/vmlinuz"}}
VIF = {"mac": "00:16:3e:00:00:01", "bridge": "xenbr0"}


@pytest.fixture(name="clock")
def _clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    clock = ManualClock()
    use_clock(monkeypatch, clock)
    return clock


@pytest.fixture(name="sim")
def _sim(version: str, clock: ManualClock) -> Iterator[Simulator]:
    with Simulator(version, clock=clock, tcp=None, lags=Lags(balloon=5.0)) as sim:
        assert not ensure(sim, **GUEST, vcpus=2, vifs=[VIF]).get("failed")
        clock.advance(5000)
        sim.clear_log()
        yield sim


def ensure(sim: Simulator, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
    return run("xen_domain", check=check, xend_url=sim.unix_url, **{"name": "web1", **arguments})


def ops(result: dict[str, Any]) -> list[str]:
    return [operation["op"] for operation in result["operations"]]


@ALL
def test_less_maxmem_waits_until_the_guest_has_given_the_memory_back(sim: Simulator) -> None:
    raised = ensure(sim, memory=64, maxmem=64, state="running")
    assert not raised.get("failed"), raised["msg"]
    result = ensure(sim, memory=32, maxmem=48)
    assert not result.get("failed"), result["msg"]
    shows_maxmem = sim.version not in ("3.0.0", "3.0.2", "3.0.3")
    assert ops(result) == ["mem_target_set", *(["maxmem_set"] if shows_maxmem else [])]
    assert result["domain"]["maxmem"] == (48 if shows_maxmem else 64)


@pytest.mark.parametrize("version", within("3.0.4 to 4.4"))
def test_a_guest_that_keeps_its_memory_is_reported_and_the_next_run_sees_it(sim: Simulator) -> None:
    sim.host.lags = Lags(balloon=10_000)
    for _run in range(2):
        result = ensure(sim, memory=32, maxmem=48)
        assert result.get("failed"), result
        assert "web1 has not given its memory back within 60 s, so its limit stays" in result["msg"]
        assert "Run the task again later" in result["msg"]
        # 3.2 stores the limit that it refuses (WIRE.md (i) 16): the next run would find nothing to do.
        (shown,) = run("xen_domain_info", xend_url=sim.unix_url, name="web1")["domains"]
        assert (shown["memory"], shown["maxmem"]) == (32, 64)
    resent = ["maxmem_set"] if sim.version in ("3.2", "3.3") else []
    assert ops(result) == resent


MANAGES = "3.0.4 to 4.4"
IDLE: dict[str, tuple[dict[str, Any], str, str]] = {
    "mem_target_set": ({"memory": 32}, "3.0.0 to 4.4", "it shows memory 64"),
    "maxmem_set": ({"maxmem": 96}, MANAGES, "it shows maxmem 64"),
    "set_vcpus": ({"vcpus": 1}, "3.0.0 to 4.4", "it shows 2 vcpus"),
    "pincpu": ({"cpus": "1"}, "3.0.0, 3.4 to 4.4", "it shows vcpu 0 on"),
    "device_create": ({"vbds": [{"uname": "phy:vg0/b", "dev": "sdb"}]}, "3.0.0 to 4.4", "it shows no disk sdb"),
    "device_create ": ({"vifs": [VIF, {"bridge": "xenbr0"}]}, "3.0.0 to 4.4", "it shows 1 interfaces, not 2"),
    "device_create  ": (
        {"vifs": [VIF, {"mac": "00:16:3e:00:00:02", "bridge": "b"}]},
        "3.0.0 to 4.4",
        "it shows no interface 00:16:3e:00:00:02",
    ),
    "device_destroy": ({"vifs": [], "purge_vifs": True}, "3.0.0 to 4.4", "was detached but still exists after"),
    "unpause": ({"name": "still", "state": "running"}, "3.0.0 to 4.4", "is paused now, not running"),
    "pause": ({"state": "paused"}, "3.0.0 to 4.4", "is running now, not paused"),
    "rename": ({"new_name": "web9"}, "3.0.0 to 4.4", "it shows no domain web9"),
    "shutdown": (
        {"state": "stopped", "shutdown_timeout": 30},
        "3.0.0 to 4.4",
        "is still up 30 s after it was asked to shut down",
    ),
    "destroy": ({"state": "stopped", "force": True}, "3.0.0 to 4.4", "was destroyed but still exists after 30 s"),
    "save": (
        {"state": "saved", "save_file": "/srv/w"},
        "3.0.0 to 4.4",
        "is still up, but xend reported that it was saved to /srv/w",
    ),
    "new": ({"name": "web2", "state": "defined", **GUEST}, MANAGES, "it shows no domain web2"),
    "start": ({"name": "kept", "state": "running"}, MANAGES, "is halted now, not running"),
    "delete": ({"name": "kept", "state": "absent"}, MANAGES, "kept is halted after 5 attempts, not absent"),
}
"""What xend is asked for by each operation, the releases that have it, and what is said if it did nothing."""


LEFT = {"kept": "defined", "still": "paused"}
"""The state of further guests that an operation begins with."""

ELSEWHERE = {
    "create": "only a 201 counts, see test_client",
    "restore": "the domain is looked for, see test_a_file_that_holds_another_domain_is_reported",
    "migrate": "see test_xen_migrate",
    "wait_for_devices": "changes nothing",
    "device_configure": "xend shows the medium; no recording has a successful one",
}


def test_every_operation_is_held_to_what_xend_shows_afterwards() -> None:
    kinds = [kind for module in (devices, life, settings) for kind in vars(module).values()]
    names = {kind.op for kind in kinds if isinstance(kind, type) and issubclass(kind, Operation) and kind.op}
    assert names - {"destroy", "shutdown"} <= {op.strip() for op in IDLE} | set(ELSEWHERE)
    assert {op.strip() for op in IDLE} <= names


@pytest.mark.parametrize(
    ("version", "op"), [(version, op) for op, (_options, span, _said) in IDLE.items() for version in within(span)]
)
def test_what_xend_says_and_does_not_do_is_no_success(sim: Simulator, op: str) -> None:
    options, _span, said = IDLE[op]
    if options.get("name") in LEFT:
        assert not ensure(sim, name=options["name"], state=LEFT[options["name"]], **GUEST).get("failed")
    sim.clear_log()
    sim.faults.append(Fault(op.strip(), "status", times=-1, status=200, body="0", content_type="application/sxp"))
    result = ensure(sim, **options)
    assert result.get("failed"), result
    assert said in result["msg"]
    assert result["changed"] is True
    assert set(ops(result)) - {"wait_for_devices"} == {op.strip()}


@ALL
@pytest.mark.parametrize("action", ["drop_after", "drop"])
def test_an_operation_that_may_have_been_carried_out_is_in_the_result(sim: Simulator, action: str) -> None:
    sim.faults.append(Fault("create", action))
    result = ensure(sim, name="web2", **GUEST)
    assert result["failed"]
    assert (result["changed"], ops(result)) == (True, ["create"])
    assert "xend may have carried out the request" in result["msg"]


@ALL
def test_a_device_that_fails_is_called_by_its_name(sim: Simulator) -> None:
    result = ensure(sim, name="web2", **GUEST, vbds=[{"uname": "file:/rigmissing/x.img", "dev": "sdb1"}])
    assert "Device 2065 (vbd) could not be connected" in result["msg"]
    assert "Device 2065 is the disk sdb1, file:/rigmissing/x.img." in result["msg"]
    assert ".. " not in result["msg"]


@ALL
def test_a_file_that_holds_another_domain_is_reported(sim: Simulator, clock: ManualClock) -> None:
    saved = ensure(sim, state="saved", save_file="/srv/web1.save")
    assert not saved.get("failed"), saved["msg"]
    result = ensure(sim, name="web2", state="running", restore_file="/srv/web1.save")
    assert result["failed"]
    assert "/srv/web1.save was restored, and holds web1, not web2" in result["msg"]
    assert (result["changed"], ops(result)) == (True, ["restore"])
    assert clock.now() > 0


@ALL
@pytest.mark.parametrize("check", [True, False])
def test_a_domain_that_is_restored_gets_its_new_name(sim: Simulator, *, check: bool) -> None:
    assert not ensure(sim, state="saved", save_file="/srv/web1.save").get("failed")
    result = ensure(sim, check=check, state="running", restore_file="/srv/web1.save", new_name="web9")
    assert not result.get("failed"), result["msg"]
    assert ops(result) == ["restore", "rename"]
    assert result["domain"]["name"] == "web9"


@ALL
def test_a_wrong_clock_on_the_host_costs_no_guest(sim: Simulator, clock: ManualClock) -> None:
    assert not ensure(sim, name="web2", **GUEST).get("failed")
    sim.domain("web2").started_wall -= 100_000
    began = clock.now()
    result = ensure(sim, name="web2", state="restarted", **GUEST)
    assert not result.get("failed"), result["msg"]
    settles = {"3.0.0": 20, "3.0.2": 20, "3.0.3": 20, "3.4": 60, "4.0": 60, "4.1": 60, "4.4": 60}.get(sim.version, 0)
    assert clock.now() - began >= settles
    assert written(sim)[-1] == "shutdown"


@ALL
@pytest.mark.parametrize(
    "broken",
    [
        {"vbds": [{"uname": "file:/rigmissing/x.img", "dev": "sdb1"}]},
        {"vifs": [VIF, {"mac": "00:16:3e:00:00:02", "bridge": "rigmissing"}]},
    ],
    ids=["disk", "interface"],
)
def test_a_device_that_failed_is_not_taken_for_there_by_the_next_run(sim: Simulator, broken: dict[str, Any]) -> None:
    # 3.2 and earlier show it until its backend has closed, which takes a moment (WIRE.md (i) 9).
    sim.host.device_delay = 3.0
    for _run in range(2):
        result = ensure(sim, **broken)
        assert result.get("failed"), result
        (shown,) = run("xen_domain_info", xend_url=sim.unix_url, name="web1")["domains"]
        assert (shown["vbds"] or [], [vif["mac"] for vif in shown["vifs"]]) == ([], [VIF["mac"]])
