# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listing domains as the inventory does it: only those that xend lists, and what is not asked for a selection.

The tests of xen_domain_info show the rest, with the requests of each release.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.dom0.xend.plugins.module_utils.info.listing import Listing, Selection, list_domains
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import Transport
from tests.simulator import Fault, Simulator

TORN = "((domain (domid 0) (name 'torn)))"


@pytest.fixture(name="sim", params=["3.0.0", "3.0.4", "3.2", "4.1"])
def _sim(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    with Simulator(request.param, tcp=None) as sim:
        for name in ("up", "still", "broken"):
            vcpus = "(image (linux (kernel /k) (vcpus 1)))" if sim.version == "3.0.0" else "(image (linux (kernel /k)))"
            sim.create(f"(vm (name {name}) (memory 64) (vcpus 1) (on_crash preserve) {vcpus})")
        for name in ("up", "broken"):
            sim.domain(name).unpause()
        sim.domain("broken").crash()
        yield sim


def listed(sim: Simulator, *, only_running: bool = False) -> Listing:
    return list_domains(XendClient(Transport(sim.unix_url)), only_running=only_running)


def names(listing: Listing) -> set[str]:
    return {domain.name for domain in listing.domains}


SHOWN = {
    "3.0.0": {"Domain-0", "up", "still", "broken"},
    "3.0.4": {"Domain-0", "up"},
    "3.2": {"Domain-0", "up", "broken"},
    "4.1": {"Domain-0", "up"},
}
"""What each release lists: 3.1 and 3.2 count what has crashed as running, and up to 3.0.3 nothing is hidden."""


def test_only_what_xend_lists_takes_one_request(sim: Simulator) -> None:
    listing = listed(sim, only_running=True)
    assert (names(listing), listing.unreadable) == (SHOWN[sim.version], [])
    assert len(sim.requests) == 1


def test_a_spoilt_list_is_gone_around_with_what_xend_lists_only(sim: Simulator) -> None:
    sim.faults.append(Fault("detail", "status", status=200, body=TORN, content_type="application/sxp"))
    listing = listed(sim, only_running=True)
    assert (names(listing), listing.unreadable) == (SHOWN[sim.version], [])
    assert len(sim.requests) == 2 + len(SHOWN[sim.version])


def test_a_spoilt_domain_is_one_complaint_among_the_others(sim: Simulator) -> None:
    for op, body in (("detail", TORN), ("get", "(domain (name 'torn))")):
        sim.faults.append(Fault(op, "status", status=200, body=body, content_type="application/sxp"))
    listing = listed(sim)
    assert names(listing) == {"up", "still", "broken"}
    assert len(listing.unreadable) == 1


@pytest.mark.parametrize(
    ("states", "hidden"),
    [
        (None, "all"),
        (["running"], ""),
        (["running", "paused"], "paused"),
        (["halted"], "halted"),
        (["halted", "paused"], "all"),
        (["crashed"], "all"),
        (["shutdown"], "all"),
        (["dying", "running"], "all"),
        ([], ""),
    ],
)
def test_what_a_list_may_hide_is_looked_for_in_as_few_states_as_are_sure_to_hold_it(
    states: list[str], hidden: str
) -> None:
    assert Selection(states=states).hidden == hidden
