# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is waited for, what is believed, and what the result says was sent, whatever the failure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
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
        assert not ensure(sim, **GUEST, vifs=[VIF]).get("failed")
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


@pytest.mark.parametrize("version", ["4.1"])
@pytest.mark.parametrize(
    ("method", "options", "shown"),
    [
        ("set_memory", {"memory": 32}, "memory 64"),
        ("attach", {"vifs": [VIF, {"mac": "00:16:3e:00:00:02", "bridge": "xenbr0"}]}, "no interface 00:16:3e:00:00:02"),
        ("attach", {"vbds": [{"uname": "phy:vg0/b", "dev": "sdb"}]}, "no disk sdb"),
    ],
)
def test_what_xend_says_and_does_not_do_is_no_success(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, method: str, options: dict[str, Any], shown: str
) -> None:
    monkeypatch.setattr(XendClient, method, lambda *_args: None)
    result = ensure(sim, **options)
    assert result["failed"]
    assert shown in result["msg"]
    assert (result["changed"], len(result["operations"])) == (True, 1)


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
def test_a_disk_that_failed_is_not_taken_for_there_by_the_next_run(sim: Simulator) -> None:
    disk = {"uname": "file:/rigmissing/x.img", "dev": "sdb1"}
    first = ensure(sim, vbds=[disk])
    assert first["failed"], first
    second = ensure(sim, vbds=[disk])
    assert second["failed"], second
