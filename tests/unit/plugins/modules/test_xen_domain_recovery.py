# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What xen_domain does after a refusal that leaves less than before: one attempt to bring it back, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.dom0.xend.plugins.module_utils.operations.devices import Detach
from tests.simulator import Fault, ManualClock, Simulator
from tests.support.running import run, use_clock, written

ALL = pytest.mark.parametrize("version", ["3.0.0", "3.0.2", "3.0.4", "3.1", "4.1", "4.4"])
MAC = "00:16:3e:00:00:01"
TAKEN = {
    "vifs": f'Invalid Configuration: The mac "{MAC}" is already defined',
    "vbds": 'Invalid Configuration: The device "sda1" is already defined',
}
OLD = {"vifs": [{"mac": MAC, "bridge": "xenbr0"}], "vbds": [{"uname": "phy:vg0/web1", "dev": "sda1", "mode": "w"}]}
NEW = {"vifs": [{"mac": MAC, "bridge": "xenbr1"}], "vbds": [{"uname": "phy:vg0/web2", "dev": "sda1", "mode": "w"}]}
FAILING = {
    "vifs": [{"mac": MAC, "bridge": "rigmissing"}],
    "vbds": [{"uname": "file:/rigmissing", "dev": "sda1", "mode": "w"}],
}
BOTH_KINDS = pytest.mark.parametrize("kind", ["vifs", "vbds"])


@pytest.fixture(name="sim")
def _sim(version: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    clock = ManualClock()
    use_clock(monkeypatch, clock)
    with Simulator(version, clock=clock, tcp=None) as sim:
        yield sim


def ensure(sim: Simulator, **arguments: Any) -> dict[str, Any]:
    return run("xen_domain", xend_url=sim.unix_url, **{"name": "web1", "change_vbds": True, **arguments})


def running(sim: Simulator) -> None:
    """Have a guest with a disk and an interface run."""
    assert ensure(sim, memory=64, image={"kernel": "/srv/xen/img/vmlinuz"}, **OLD)["changed"]
    sim.clear_log()


def refuse(sim: Simulator, op: str, *messages: str) -> None:
    """Have the next requests of an operation refused, the last message for ever."""
    sim.faults += [Fault(op, "refuse", message=message) for message in messages[:-1]]
    sim.faults.append(Fault(op, "refuse", times=-1, message=messages[-1]))


def ops(result: dict[str, Any]) -> list[str]:
    return [operation["op"] for operation in result["operations"]]


@ALL
@BOTH_KINDS
def test_a_device_that_is_refused_forever_is_attached_again_once_at_most(sim: Simulator, kind: str) -> None:
    running(sim)
    refuse(sim, "device_create", TAKEN[kind])
    result = ensure(sim, **{kind: NEW[kind]})
    assert (result["failed"], result["changed"], ops(result)) == (True, True, ["device_destroy"])
    assert written(sim) == ["device_destroy", "device_create", "device_create"]
    assert "is detached, and was not attached again" in result["msg"]
    assert "was attached again" not in result["msg"]
    assert result["msg"].count(" again") == 1


@ALL
@BOTH_KINDS
def test_a_device_comes_back_whose_successor_is_refused(sim: Simulator, kind: str) -> None:
    running(sim)
    sim.faults.append(Fault("device_create", "refuse", message="not like this"))
    result = ensure(sim, **{kind: NEW[kind]})
    assert ops(result) == ["device_destroy", "device_create"]
    assert written(sim) == ["device_destroy", "device_create", "device_create"]
    assert "not like this" in result["msg"]
    assert "was attached again" in result["msg"]
    assert result["msg"].count(" again") == 1
    assert ensure(sim, **{kind: OLD[kind]})["changed"] is False


@ALL
@BOTH_KINDS
def test_a_device_is_attached_again_only_where_its_successor_is_gone(sim: Simulator, kind: str) -> None:
    running(sim)
    result = ensure(sim, **{kind: FAILING[kind]})
    assert written(sim).count("device_destroy") == 1
    assert written(sim).count("device_create") <= 2
    assert "could not be connected" in result["msg"]
    assert result["msg"].count(" again") == 1
    assert ("was attached again" in result["msg"]) == (ops(result) == ["device_destroy", "device_create"])


@ALL
@pytest.mark.parametrize(("looks", "comes_back"), [(10, True), (10_000, False)])
def test_a_device_that_failed_is_waited_for_and_not_forever(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, looks: int, comes_back: bool
) -> None:
    running(sim)
    answers = iter([True] + [False] * looks)
    monkeypatch.setattr(Detach, "settled", lambda *_args: (next(answers, True), None))
    sim.faults.append(Fault("device_create", "refuse", message="not like this"))
    began = sim.host.clock.now()
    result = ensure(sim, vifs=NEW["vifs"])
    assert sim.host.clock.now() - began < 60
    assert written(sim) == ["device_destroy"] + ["device_create"] * (2 if comes_back else 1)
    assert ("was attached again" in result["msg"]) is comes_back
    assert ("the vif that failed still exists after 30 s" in result["msg"]) is not comes_back
    assert result["msg"].count(" again") == 1


@pytest.mark.parametrize("version", ["4.1"])
def test_an_unanswered_second_attach_is_told_and_not_repeated(sim: Simulator) -> None:
    running(sim)
    sim.faults += [Fault("device_create", "refuse", message="not like this"), Fault("device_create", "drop_after")]
    result = ensure(sim, vifs=NEW["vifs"])
    assert written(sim) == ["device_destroy", "device_create", "device_create"]
    assert "xend may have carried out the request" in result["msg"]


@ALL
def test_a_domain_that_cannot_be_destroyed_again_is_asked_to_go_once(sim: Simulator) -> None:
    refuse(sim, "wait_for_devices", "no device")
    refuse(sim, "destroy", "not now")
    result = ensure(sim, memory=64, image={"kernel": "/srv/xen/img/vmlinuz"})
    assert written(sim) == ["create", "wait_for_devices", "destroy"]
    assert (result["changed"], ops(result)) == (True, ["create"])


@pytest.mark.parametrize("version", ["3.0.4", "4.1"])
@pytest.mark.parametrize("messages", [("not like this",), ("not like this", "nor so")])
def test_a_definition_is_brought_back_once_at_most_and_the_result_says_so(
    sim: Simulator, messages: tuple[str, ...]
) -> None:
    desired = {"memory": 64, "image": {"kernel": "/srv/xen/img/vmlinuz"}, "state": "defined"}
    ensure(sim, **desired)
    sim.clear_log()
    sim.faults += [Fault("new", "refuse", message=message) for message in messages]
    result = ensure(sim, **{**desired, "memory": 128})
    assert written(sim) == ["delete", "new", "new"]
    back = len(messages) == 1
    assert ops(result) == (["delete", "new"] if back else ["delete"])
    assert ("was brought back" in result["msg"], "could not be restored" in result["msg"]) == (back, not back)
    assert "(name web1)" in result["removed_config"]


@pytest.mark.parametrize("version", ["3.2", "3.3"])
@BOTH_KINDS
def test_nothing_is_detached_where_nothing_could_take_its_place(sim: Simulator, kind: str) -> None:
    running(sim)
    result = ensure(sim, **{kind: NEW[kind]})
    assert (result["changed"], written(sim)) == (False, [])
    assert [entry["takes"] for entry in result["drift"]] == ["recreate"]


@pytest.mark.parametrize("version", ["3.2"])
def test_what_to_do_is_said_where_xend_keeps_the_place_of_a_device_that_failed(sim: Simulator) -> None:
    running(sim)
    other = "00:16:3e:00:00:02"
    assert "could not be connected" in ensure(sim, vifs=[*OLD["vifs"], {"mac": other, "bridge": "rigmissing"}])["msg"]
    later = ensure(sim, vifs=[*OLD["vifs"], {"mac": other, "bridge": "xenbr0"}])
    assert "already defined" in later["msg"]
    assert "Stop the guest and start it to free them" in later["msg"]
    assert ensure(sim, state="stopped")["changed"]
    assert ensure(sim, memory=64, image={"kernel": "/k"}, vifs=[{"mac": other, "bridge": "xenbr0"}])["changed"]
