# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""xen_credit as Ansible runs it: what it returns, warns of and fails with; the harness tries the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator import Simulator
from tests.support.running import run, written


@pytest.fixture(name="sim")
def _sim(version: str) -> Iterator[Simulator]:
    scheduler = "credit" if version >= "3.0.3" else "sedf"
    with Simulator(version, scheduler=scheduler, tcp=None) as sim:
        sim.create("(vm (name web1) (memory 64) (vcpus 2) (image (linux (kernel /k) (vcpus 2))))").unpause()
        yield sim


def tune(sim: Simulator, *, name: str = "web1", check: bool = False, **arguments: object) -> dict[str, Any]:
    return run("xen_credit", check=check, xend_url=sim.unix_url, name=name, **arguments)


@pytest.mark.parametrize(
    ("version", "given", "sent"),
    [("3.0.3", {"weight": 512}, {"weight": 512}), ("4.1", {"weight": 512, "cap": 50}, {"weight": 512, "cap": 50})],
)
def test_what_is_returned_is_what_was_done(sim: Simulator, given: dict[str, Any], sent: dict[str, int]) -> None:
    result = tune(sim, **given)
    assert result["changed"] is True
    assert result["credit"] == {"weight": 512, "cap": given.get("cap", 0)}
    assert result["operations"] == [{"op": "domain_sched_credit_set", "domain": "web1", **sent}]
    assert result["diff"] == {"before": {"weight": 256, "cap": 0}, "after": result["credit"]}


@pytest.mark.parametrize(
    ("version", "given", "complaint"),
    [
        ("3.0.0", {}, "earlier have no credit scheduler"),
        ("3.0.2", {"weight": 512}, "earlier have no credit scheduler"),
        ("3.0.3", {"cap": 50}, "xend 3.1 and earlier silently ignore a cap"),
        ("3.1", {"weight": 512, "cap": 50}, "xend 3.1 and earlier silently ignore a cap"),
        ("4.1", {"cap": 201}, "cap must be 200 or less for web1"),
        ("4.1", {"cap": -1}, "cap must be a percentage, or 0 for no cap"),
        ("4.1", {"weight": 0}, "weight must be between 1 and 65535"),
        ("4.1", {"name": "nosuch", "weight": 512}, "knows no domain 'nosuch'"),
        ("3.2", {"name": "nosuch", "weight": 512}, "knows no domain 'nosuch'"),
        ("4.1", {"name": "0", "weight": 512}, "has no domain with the name '0'. IDs and UUIDs are not accepted"),
        ("4.1", {"name": "Domain-0", "weight": 1}, "weight must be at least 26 for Domain-0"),
    ],
)
def test_what_cannot_be_is_refused_alike_in_check_and_real_runs(
    sim: Simulator, given: dict[str, Any], complaint: str
) -> None:
    messages = [tune(sim, check=check, **given)["msg"] for check in (True, False)]
    assert complaint in messages[0]
    assert messages[0] == messages[1]
    assert written(sim) == []
