# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""xen_domain against a xend that takes its time: what is seen on the way is not taken for the end (WIRE.md (i) 2 to 4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from tests.simulator import PERSONALITIES, Lags, ManualClock, Simulator
from tests.support.running import run, use_clock, written

ALL = pytest.mark.parametrize("version", list(PERSONALITIES))
GUEST: dict[str, Any] = {"memory": 64, "image": {"kernel": "/srv/xen/img/vmlinuz"}}
LAGS = Lags(reap=1.5, build=1.5, balloon=3.0)


@pytest.fixture(name="sim")
def _sim(version: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    clock = ManualClock()
    use_clock(monkeypatch, clock)
    with Simulator(version, clock=clock, tcp=None, lags=LAGS) as sim:
        assert not ensure(sim, **GUEST).get("failed")
        clock.advance(5000)
        sim.clear_log()
        yield sim


def ensure(sim: Simulator, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
    return run("xen_domain", check=check, xend_url=sim.unix_url, name="web1", **arguments)


@ALL
@pytest.mark.parametrize("state", ["stopped", "absent"])
def test_a_guest_that_xend_has_not_reaped_yet_is_waited_for(sim: Simulator, state: str) -> None:
    result = ensure(sim, state=state)
    assert not result.get("failed"), result["msg"]
    assert (written(sim), result["shutdown_outcome"]) == (["shutdown"], "clean")


@ALL
def test_a_guest_that_is_replaced_is_down_before_the_new_one_is_made(sim: Simulator) -> None:
    result = ensure(sim, **GUEST, recreate="always")
    assert not result.get("failed"), result["msg"]
    assert written(sim) == ["shutdown", "create", "wait_for_devices", "unpause"]


@ALL
def test_a_guest_that_xend_still_builds_is_not_taken_for_paused(sim: Simulator) -> None:
    result = ensure(sim, state="restarted")
    assert not result.get("failed"), result["msg"]
    assert result["domain"]["state"] == "running"
    assert written(sim) == ["shutdown"]


@ALL
@pytest.mark.parametrize("state", ["running", "stopped", "absent"])
def test_a_guest_that_somebody_else_has_shut_down_is_not_taken_for_preserved(sim: Simulator, state: str) -> None:
    sim.domain("web1").power_off()
    result = ensure(sim, state=state, **GUEST)
    assert not result.get("failed"), result["msg"]
    assert "destroy" not in written(sim)
    assert (result["domain"] or {}).get("state") == ("running" if state == "running" else None)


@ALL
def test_a_guest_that_is_gone_by_the_time_it_is_destroyed_is_gone(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    destroy = XendClient.destroy

    def too_late(client: XendClient, name: str) -> None:
        sim.domain("web1").destroy()
        destroy(client, name)

    monkeypatch.setattr(XendClient, "destroy", too_late)
    result = ensure(sim, state="absent", force=True)
    assert not result.get("failed"), result["msg"]
    assert ensure(sim, state="absent")["changed"] is False
