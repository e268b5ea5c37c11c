# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A recovery is tried once: it never starts another one, and the result says what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator import PERSONALITIES, ManualClock, Simulator
from tests.support.running import run, use_clock, written

MAC = "00:16:3e:00:00:01"
GUEST: dict[str, Any] = {
    "memory": 64,
    "image": {"kernel": "/srv/xen/img/vmlinuz"},
    "vbds": [{"uname": "phy:vg0/web1", "dev": "sda1", "mode": "w"}],
    "vifs": [{"mac": MAC, "bridge": "xenbr0"}],
}
ALL = pytest.mark.parametrize("version", list(PERSONALITIES))


@pytest.fixture(name="sim")
def _sim(version: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    clock = ManualClock()
    use_clock(monkeypatch, clock)
    with Simulator(version, clock=clock, tcp=None) as sim:
        assert run("xen_domain", xend_url=sim.unix_url, name="web1", **GUEST)["changed"]
        sim.clear_log()
        yield sim


def ensure(sim: Simulator, **arguments: Any) -> dict[str, Any]:
    return run("xen_domain", xend_url=sim.unix_url, name="web1", **arguments)


def sent(result: dict[str, Any]) -> list[str]:
    return [each["op"] for each in result["operations"]]


@pytest.mark.parametrize("version", ["3.2"])
@pytest.mark.parametrize(
    "change",
    [
        {"vifs": [{"mac": MAC, "bridge": "xenbr1"}]},
        {"vbds": [{"uname": "phy:vg0/other", "dev": "sda1", "mode": "w"}], "change_vbds": True},
    ],
)
def test_a_xend_that_refuses_each_attach_is_asked_for_the_old_device_once(
    sim: Simulator, change: dict[str, Any]
) -> None:
    result = ensure(sim, **change)
    assert written(sim) == ["device_destroy", "device_create", "device_create"]
    assert (result["failed"], result["changed"], sent(result)) == (True, True, ["device_destroy"])
    assert result["msg"].count("already defined") == 2
    assert "could not be attached again" in result["msg"]
    assert "was attached again" not in result["msg"]


@ALL
def test_a_device_that_was_pulled_out_for_one_that_fails_is_attached_again(sim: Simulator) -> None:
    result = ensure(sim, vifs=[{"mac": MAC, "bridge": "rigmissing"}])
    again = "was attached again" in result["msg"]
    assert written(sim) == ["device_destroy", "device_create", "device_create"]
    assert again != ("could not be attached again" in result["msg"])
    assert sent(result) == (["device_destroy", "device_create"] if again else ["device_destroy"])
    assert (result["failed"], result["changed"]) == (True, True)
    assert again == any(vif.connected and vif.get("bridge") == "xenbr0" for vif in sim.domain("web1").of_kind("vif"))
    assert again == (sim.version != "3.2")
