# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""xen_domain_info: all domains, some of them, with the fewest requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator import Fault, Simulator
from tests.support.running import run

VERSIONS = ("3.0.0", "4.1")
BOTH = pytest.mark.parametrize("version", VERSIONS)


@pytest.fixture(name="sim")
def _sim(version: str) -> Iterator[Simulator]:
    with Simulator(version, tcp=None) as sim:
        for name in ("up", "still"):
            inside, outside = ("(vcpus 1)", "") if version == "3.0.0" else ("", "(vcpus 1)")
            sim.create(f"(vm (name {name}) (memory 64) {outside} (image (linux (kernel /k) {inside})))")
        sim.domain("up").unpause()
        yield sim


def look(sim: Simulator, **arguments: Any) -> dict[str, Any]:
    return run("xen_domain_info", xend_url=sim.unix_url, **arguments)


def states(result: dict[str, Any]) -> dict[str, str]:
    return {domain["name"]: domain["state"] for domain in result["domains"]}


@BOTH
def test_all_domains_are_found_also_those_that_the_list_hides(sim: Simulator) -> None:
    assert states(look(sim)) == {"Domain-0": "running", "up": "running", "still": "paused"}
    assert len(sim.requests) == {"3.0.0": 1, "4.1": 3}[sim.version]


@pytest.mark.parametrize("version", ["4.1"])
def test_a_halted_domain_is_found_too(sim: Simulator) -> None:
    sim.define("(vm (name kept) (memory 64) (vcpus 1) (image (linux (kernel /k))))")
    assert states(look(sim))["kept"] == "halted"


@BOTH
def test_named_domains_cost_a_request_each_and_unknown_ones_are_left_out(sim: Simulator) -> None:
    assert states(look(sim, name=["still", "nosuch", "still"])) == {"still": "paused"}
    assert len(sim.requests) == 2


@BOTH
def test_unknown_names_give_an_empty_list(sim: Simulator) -> None:
    assert look(sim, name=["nosuch"])["domains"] == []
    assert look(sim, name=[])["domains"] == []


@BOTH
def test_what_is_returned_can_be_declared_again(sim: Simulator) -> None:
    (found,) = look(sim, name=["up"])["domains"]
    keys = (
        "name",
        "memory",
        "maxmem",
        "vcpus",
        "uuid",
        "on_poweroff",
        "on_reboot",
        "on_crash",
        "image",
        "vbds",
        "vifs",
    )
    again = run("xen_domain", xend_url=sim.unix_url, **{key: found[key] for key in keys})
    assert (again["changed"], again["drift"]) == (False, [])


@BOTH
def test_the_expression_is_returned_on_request_only(sim: Simulator) -> None:
    assert "sxp" not in look(sim, name=["up"])["domains"][0]
    assert look(sim, name=["up"], sxp=True)["domains"][0]["sxp"].startswith("(domain (domid 1) ")


@BOTH
@pytest.mark.parametrize("body", ["(domain)", "0", "((domain", "\x00\x01", "((a))", "", "<p>"])
def test_a_listing_that_is_none_is_an_error_that_shows_it(sim: Simulator, body: str) -> None:
    sim.faults.append(Fault("detail", "status", status=200, body=body, content_type="application/sxp"))
    result = look(sim)
    assert result["failed"]
    assert sim.unix_url in result["msg"]


@BOTH
def test_bytes_that_are_no_utf_8_are_shown_so_that_ansible_can_read_them(sim: Simulator) -> None:
    vcpus = ("", "(vcpus 1)")[sim.version == "3.0.0"], ("(vcpus 1)", "")[sim.version == "3.0.0"]
    sim.create(
        f"(vm (name odd) (memory 64) {vcpus[1]} (image (linux (kernel /k) (args 'caf\\xc3\\xa9 \\xff') {vcpus[0]})))"
    )
    (found,) = look(sim, name=["odd"], sxp=True)["domains"]
    assert found["image"]["args"] == "café \\xff"
    assert "caf\\xc3\\xa9 \\xff" in found["sxp"]
    json.dumps(found).encode("utf-8")


@pytest.mark.parametrize("version", ["3.0.3"])
def test_a_zombie_that_spoils_the_list_does_not_hide_the_domains(sim: Simulator) -> None:
    sim.faults.append(Fault("detail", "refuse", message="Device 0 not connected"))
    assert states(look(sim)) == {"Domain-0": "running", "up": "running", "still": "paused"}
