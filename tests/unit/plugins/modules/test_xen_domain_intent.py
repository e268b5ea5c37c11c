# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""xen_domain decides once whether a domain is kept or replaced; how far it has got never changes that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator import ManualClock, Simulator
from tests.support.running import run, use_clock, written

MANAGED = pytest.mark.parametrize("version", ["3.0.4", "3.1", "3.2", "3.3", "3.4", "4.0", "4.1", "4.4"])
ALL = pytest.mark.parametrize("version", ["3.0.0", "3.0.2", "3.0.3", *MANAGED.args[1]])
KERNEL = "/srv/xen/img/vmlinuz"
DEFINITION = (
    "(vm (name web1) (memory 64) (maxmem 64) (vcpus 1) (on_poweroff {on_poweroff}) (image (linux (kernel {kernel}) (args '{args}')))"
    " (device (vbd (uname phy:vg0/web1) (dev sda1) (mode w))) (device (vbd (uname phy:vg0/data) (dev sdb1) (mode w))))"
)


@pytest.fixture(name="sim")
def _sim(version: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    clock = ManualClock()
    use_clock(monkeypatch, clock)
    with Simulator(version, clock=clock, tcp=None) as sim:
        yield sim


def ensure(sim: Simulator, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
    return run("xen_domain", check=check, xend_url=sim.unix_url, name="web1", **arguments)


def managed(sim: Simulator, *, args: str = "", on_poweroff: str = "destroy") -> str:
    """Have a managed guest that runs, and return its uuid."""
    config = DEFINITION.format(kernel=KERNEL, args=args, on_poweroff=on_poweroff)
    domain = sim.define(config)
    with sim.host.lock:
        sim.host.start(domain)
    sim.clear_log()
    return domain.uuid


def disks(sim: Simulator, name: str = "web1") -> int:
    return len(sim.domain(name).of_kind("vbd"))


@MANAGED
def test_a_deaf_managed_guest_is_stopped_and_its_definition_stays_as_it_is(sim: Simulator) -> None:
    managed(sim, args="rig.ignore_shutdown", on_poweroff="preserve")
    image = {"kernel": KERNEL, "args": "rig.ignore_shutdown"}
    task: dict[str, Any] = {"state": "stopped", "memory": 64, "image": image, "shutdown_timeout": 40}
    result = ensure(sim, on_shutdown_timeout="destroy", **task)
    assert written(sim) in (["shutdown", "destroy"], ["shutdown"])  # 3.1 and earlier destroy it themselves after 30 s
    assert not result.get("failed"), result["msg"]
    assert result["domain"]["state"] == "halted"
    assert disks(sim) == 2
    sim.clear_log()
    assert not ensure(sim, **task)["changed"]
    assert written(sim) == []


@MANAGED
def test_a_deaf_managed_guest_becomes_absent_with_its_definition(sim: Simulator) -> None:
    managed(sim, args="rig.ignore_shutdown", on_poweroff="preserve")
    result = ensure(sim, state="absent", shutdown_timeout=40, on_shutdown_timeout="destroy")
    assert not result.get("failed"), result["msg"]
    assert [op for op in written(sim) if op != "destroy"] == ["shutdown", "delete"]
    assert "web1" not in sim.names()


@MANAGED
def test_a_managed_guest_that_gets_a_name_and_is_stopped_does_not_boot(sim: Simulator) -> None:
    uuid = managed(sim)
    foretold = ensure(sim, check=True, state="stopped", new_name="web2", memory=64, image={"kernel": KERNEL})
    result = ensure(sim, state="stopped", new_name="web2", memory=64, image={"kernel": KERNEL})
    assert written(sim) == ["rename", "shutdown"]
    assert [each["op"] for each in foretold["operations"]] == ["rename", "shutdown"]
    assert result["changed"]
    assert (sim.domain("web2").uuid, disks(sim, "web2")) == (uuid, 2)
    assert not sim.domain("web2").live
    sim.clear_log()
    assert not ensure(sim, state="stopped", new_name="web2")["changed"]
    assert written(sim) == []


@ALL
def test_a_guest_that_gets_a_name_and_is_stopped_goes_down_once(sim: Simulator) -> None:
    sim.create(DEFINITION.format(kernel=KERNEL, args="", on_poweroff="destroy")).unpause()
    sim.clear_log()
    result = ensure(sim, state="stopped", new_name="web2")
    assert written(sim) == ["rename", "shutdown"]
    assert (result["changed"], result["shutdown_outcome"]) == (True, "clean")
    assert sim.names() == ["Domain-0"] or sim.names()[-1].startswith("Zombie-")
