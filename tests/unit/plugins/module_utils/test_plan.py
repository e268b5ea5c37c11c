# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way from each state to each other, and where a domain is not as declared: no xend is needed for either."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from ansible_collections.dom0.xend.plugins.module_utils.desired.desired import Desired
from ansible_collections.dom0.xend.plugins.module_utils.model.devices import Vbd, Vif
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.model.image import Image
from ansible_collections.dom0.xend.plugins.module_utils.operations.life import Create
from ansible_collections.dom0.xend.plugins.module_utils.plan.planning import SHOWN, drift, plan, view
from ansible_collections.dom0.xend.plugins.module_utils.wire import release
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest

KERNEL = "/boot/vmlinuz"
GUEST: dict[str, Any] = {"memory": 64, "image": {"type": "linux", "kernel": KERNEL}}
REFUSED = "refused"


def found(state: str, **fields: Any) -> Domain:
    """Return a domain in a state, which has run before."""
    usual: dict[str, Any] = {
        "domid": None if state == "halted" else 7,
        "cpu_time": None if state == "halted" else 1.5,
        "memory": 64,
        "on_poweroff": "destroy",
        "image": Image("linux", KERNEL),
        "vbds": (),
        "vifs": (),
    }
    return Domain(name="web1", state=state, **{**usual, **fields})


def planned(current: Optional[Domain], state: str, **desired: Any) -> list[str] | str:
    """Return the ops of a plan, or that it was refused."""
    try:
        operations = plan(current, Desired("web1", state, GUEST, **desired), release.LATE).steps
    except InvalidRequest:
        return REFUSED
    assert all(operation.name == "web1" for operation in operations)
    return [operation.op for operation in operations]


FRESH = found("paused", cpu_time=0.0)
PRESERVED = {"on_poweroff": "preserve"}
RESTARTED = {"on_poweroff": "restart"}
RENAMED = {"on_poweroff": "rename-restart"}


@pytest.mark.parametrize(
    ("current", "running", "paused", "stopped", "absent"),
    [
        (None, ["create", "wait_for_devices", "unpause"], ["create", "wait_for_devices"], [], []),
        (found("running"), [], ["pause"], ["shutdown"], ["shutdown"]),
        (found("paused"), ["unpause"], [], ["unpause", "shutdown"], ["unpause", "shutdown"]),
        (FRESH, ["wait_for_devices", "unpause"], [], ["unpause", "shutdown"], ["unpause", "shutdown"]),
        (found("halted"), ["start"], ["start", "pause"], [], ["delete"]),
        (found("shutdown"), REFUSED, REFUSED, ["destroy"], ["destroy"]),
        (found("crashed"), REFUSED, REFUSED, ["destroy"], ["destroy"]),
        (found("dying"), REFUSED, REFUSED, REFUSED, REFUSED),
        (found("running", **PRESERVED), [], ["pause"], ["shutdown", "destroy"], ["shutdown", "destroy"]),
        (found("paused", **PRESERVED), ["unpause"], [], *[["unpause", "shutdown", "destroy"]] * 2),
        (found("running", **RESTARTED), [], ["pause"], REFUSED, REFUSED),
        (found("running", **RENAMED), [], ["pause"], REFUSED, REFUSED),
        (found("paused", **RESTARTED), ["unpause"], [], REFUSED, REFUSED),
        (found("running", on_poweroff=None), [], ["pause"], ["shutdown"], ["shutdown"]),
        (found("halted", **RESTARTED), ["start"], ["start", "pause"], [], ["delete"]),
        (found("shutdown", **PRESERVED), REFUSED, REFUSED, ["destroy"], ["destroy"]),
    ],
)
def test_there_is_one_way_from_each_state_to_each(
    current: Optional[Domain], running: Any, paused: Any, stopped: Any, absent: Any
) -> None:
    ways = {state: planned(current, state) for state in ("running", "paused", "stopped", "absent")}
    assert ways == {"running": running, "paused": paused, "stopped": stopped, "absent": absent}


@pytest.mark.parametrize("state", ["stopped", "absent"])
@pytest.mark.parametrize("more", [{}, PRESERVED, RESTARTED, RENAMED])
@pytest.mark.parametrize("current", ["running", "paused", "shutdown", "crashed"])
def test_force_destroys_without_asking(current: str, more: dict[str, Any], state: str) -> None:
    assert planned(found(current, **more), state, force=True) == ["destroy"]


@pytest.mark.parametrize(
    ("current", "state", "ops"),
    [(None, "absent", []), (found("halted"), "absent", ["delete"]), (found("halted"), "stopped", [])],
)
def test_force_destroys_only_what_is_up(current: Optional[Domain], state: str, ops: list[str]) -> None:
    assert planned(current, state, force=True) == ops


@pytest.mark.parametrize("state", ["running", "paused"])
@pytest.mark.parametrize("current", ["running", "paused", "halted"])
def test_force_has_no_part_in_bringing_up(current: str, state: str) -> None:
    assert planned(found(current), state, force=True) == planned(found(current), state)


@pytest.mark.parametrize("state", ["paused", "stopped", "absent"])
@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("now", ["running", "paused", "shutdown", "crashed", "dying", "halted"])
@pytest.mark.parametrize(("name", "domid"), [("Domain-0", 0), ("host", 0), ("Domain-0", None), ("Domain-0", 5)])
def test_the_control_domain_is_never_taken_down(
    name: str, domid: Optional[int], now: str, state: str, *, force: bool
) -> None:
    current = Domain(name=name, state=now, domid=domid)
    with pytest.raises(InvalidRequest, match="control domain"):
        plan(current, Desired(name, state, force=force), release.EARLY)


def test_the_control_domain_runs() -> None:
    assert plan(Domain(name="Domain-0", state="running", domid=0), Desired("Domain-0"), release.EARLY).steps == []


@pytest.mark.parametrize(("release", "inside"), [(release.EARLY, True), (release.LATE, False), (None, False)])
def test_a_create_has_the_config_for_the_release(release: Optional[release.Release], *, inside: bool) -> None:
    create = plan(None, Desired("web1", options=GUEST), release).steps[0]
    assert isinstance(create, Create)
    assert isinstance(create.config, list)
    assert (["vcpus", "1"] not in create.config) is inside


@pytest.mark.parametrize("state", ["running", "paused"])
def test_what_is_not_described_is_not_created(state: str) -> None:
    with pytest.raises(InvalidRequest, match="does not set enough"):
        plan(None, Desired("web1", state), release.LATE)


@pytest.mark.parametrize("state", ["stopped", "absent"])
def test_what_is_not_there_needs_no_description_to_be_away(state: str) -> None:
    assert plan(None, Desired("web1", state), release.LATE).steps == []


# ---- drift


def test_nothing_drifts_from_a_domain_that_is_not_there() -> None:
    assert drift(None, Desired("web1", options=GUEST)) == []


def test_nothing_drifts_from_a_task_that_declares_nothing() -> None:
    assert drift(found("running"), Desired("web1")) == []


# ---- what a diff shows


VBD = Vbd("sda1", "phy:a", "w", "0")
VIF = Vif("00:16:3e:00:00:01", "xenbr0", ("10.0.0.1",), "vif-bridge", "0")


def test_a_diff_shows_what_can_be_declared_and_nothing_that_changes_by_itself() -> None:
    shown = view(found("running", vbds=(VBD,), vifs=(VIF,), start_time=1.0, state_flags="-b----", uuid="x"))
    assert set(shown) <= set(SHOWN)
    assert shown == {
        "name": "web1",
        "state": "running",
        "memory": 64,
        "on_poweroff": "destroy",
        "image": {"type": "linux", "kernel": KERNEL},
        "vbds": [{"dev": "sda1", "uname": "phy:a", "mode": "w", "backend": "0"}],
        "vifs": [
            {
                "mac": "00:16:3e:00:00:01",
                "bridge": "xenbr0",
                "ip": ["10.0.0.1"],
                "script": "vif-bridge",
                "backend": "0",
            }
        ],
    }


def test_a_diff_shows_the_absence_of_a_domain() -> None:
    assert view(None)["state"] == "absent"
