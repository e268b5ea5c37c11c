# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""xen_sedf: check, real, real, check on each personality, and what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator import Fault, Simulator
from tests.support.running import run, written

VERSIONS = ("3.0.0", "4.1")
BOTH = pytest.mark.parametrize("version", VERSIONS)
MS = 1_000_000
DEFAULTS = {"period": 100 * MS, "slice": 0, "latency": 0, "extratime": True, "weight": 0}


@pytest.fixture(name="sim")
def _sim(version: str) -> Iterator[Simulator]:
    with Simulator(version, scheduler="sedf", tcp=None) as sim:
        vcpus = (
            "(image (linux (kernel /k) (vcpus 1)))" if version == "3.0.0" else "(vcpus 1) (image (linux (kernel /k)))"
        )
        sim.create(f"(vm (name web1) (memory 64) {vcpus})").unpause()
        yield sim


def tune(sim: Simulator, *, name: str = "web1", check: bool = False, **arguments: object) -> dict[str, Any]:
    return run("xen_sedf", check=check, xend_url=sim.unix_url, name=name, **arguments)


@BOTH
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {}),
        ({"period": "100ms"}, {}),
        ({"period": "20ms", "slice": "5ms"}, {"period": 20 * MS, "slice": 5 * MS}),
        ({"period": "20000000", "slice": 5000000}, {"period": 20 * MS, "slice": 5 * MS}),
        ({"period": "0.02s", "slice": "5000 us"}, {"period": 20 * MS, "slice": 5 * MS}),
        ({"slice": "10ms"}, {"slice": 10 * MS}),
        ({"latency": "10ms", "slice": "5ms"}, {"latency": 10 * MS, "slice": 5 * MS}),
        ({"extratime": False, "slice": "50ms"}, {"extratime": False, "slice": 50 * MS}),
    ],
)
def test_a_check_is_correct_and_a_second_run_finds_nothing_to_do(
    sim: Simulator, given: dict[str, Any], expected: dict[str, Any]
) -> None:
    after = {**DEFAULTS, **expected}
    for check, changed in ((True, bool(expected)), (False, bool(expected)), (False, False), (True, False)):
        sim.clear_log()
        result = tune(sim, check=check, **given)
        assert result["changed"] is changed
        assert result["sedf"] == result["diff"]["after"] == after
        assert result["diff"]["before"] == (DEFAULTS if changed else after)
        assert written(sim) == (["cpu_sedf_set"] if changed and not check else [])
        assert len(result["operations"]) == (1 if changed else 0)
        assert len(sim.requests) == (3 if changed and not check else 1)


@BOTH
def test_a_weight_is_set_once_though_the_hypervisor_computes_the_rest(sim: Simulator) -> None:
    first = tune(sim, weight=100)
    assert (first["changed"], first["sedf"]["weight"], first["sedf"]["slice"]) == (True, 100, 95 * MS)
    assert tune(sim, weight=100)["changed"] is False
    assert tune(sim, weight=100, check=True)["changed"] is False


@BOTH
@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"period": "soon"}, "period must be a time like 20ms"),
        ({"slice": "-5ms"}, "slice must be a time like 20ms"),
        ({"latency": "1.5"}, "latency must be a time like 20ms"),
        ({"period": "20ms", "slice": "30ms"}, "slice (30000000 ns) is more than period (20000000 ns)"),
        ({"period": "0"}, "period must not be 0"),
        ({"weight": 40000}, "weight must be between 0 and 32767"),
        ({"weight": -1}, "weight must be between 0 and 32767"),
        ({"weight": 10, "slice": "5ms"}, "weight is mutually exclusive with period and slice"),
        ({"name": "nosuch", "slice": "5ms"}, "knows no domain 'nosuch'"),
        ({"name": "Domain-0", "slice": 0, "extratime": False}, "never runs again"),
    ],
)
def test_what_cannot_be_meant_is_refused_alike_in_check_and_real_runs(
    sim: Simulator, given: dict[str, Any], complaint: str
) -> None:
    messages = [tune(sim, check=check, **given)["msg"] for check in (True, False)]
    assert complaint in messages[0]
    assert messages[0] == messages[1]
    assert written(sim) == []


@BOTH
def test_a_slice_for_a_domain_with_a_weight_asks_for_the_weight_to_be_dropped(sim: Simulator) -> None:
    tune(sim, weight=100)
    assert "set weight: 0 too" in tune(sim, slice="5ms")["msg"]
    assert tune(sim, weight=0, period="20ms", slice="5ms")["sedf"]["slice"] == 5 * MS


@BOTH
def test_milliseconds_meant_and_nanoseconds_said_are_reported_before_they_are_sent(sim: Simulator) -> None:
    result = tune(sim, period="20", slice="5")
    if sim.version == "3.0.0":  # its hypervisor knows no lower limit
        assert result["sedf"]["period"] == 20
    else:
        assert "period must be between 10us and 10s" in result["msg"]
        assert written(sim) == []


@BOTH
def test_the_default_slice_is_not_for_setting_again(sim: Simulator) -> None:
    result = tune(sim, latency="10ms")  # the slice stays 0
    if sim.version == "3.0.0":
        assert result["changed"]
    else:
        assert "Set a slice of 5us or more" in result["msg"]
        assert written(sim) == []


@pytest.mark.parametrize("version", ["3.0.0"])
def test_a_set_without_an_effect_is_noticed(sim: Simulator) -> None:
    sim.faults.append(Fault("cpu_sedf_set", "status", status=200, body="0", content_type="application/sxp"))
    result = tune(sim, slice="5ms")
    assert "the hypervisor did not accept them: slice is 0, not 5000000" in result["msg"]


@pytest.mark.parametrize(
    ("version", "words"), [("3.0.0", "seems to run another scheduler"), ("4.1", "the credit scheduler")]
)
def test_a_host_with_another_scheduler_is_distinguished(version: str, words: str) -> None:
    with Simulator(version, scheduler="credit", tcp=None) as sim:
        result = tune(sim, name="Domain-0")
        assert words in result["msg"]
        assert "Invalid argument" in result["msg"]
