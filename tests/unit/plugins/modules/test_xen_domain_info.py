# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""xen_domain_info: all domains or some of them, what is told of each, and with how many requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp, dumps
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import Transport
from ansible_collections.dom0.xend.tests.unit.plugins.module_utils.raw_server import RawServer, http
from tests.simulator import PERSONALITIES, Fault, Simulator
from tests.support.running import run

VERSIONS = ("3.0.0", "4.1")
BOTH = pytest.mark.parametrize("version", VERSIONS)
EARLY = ("3.0.0", "3.0.3")
LATER = ("3.0.4", "3.1", "3.2", "3.4", "4.1")
EACH = pytest.mark.parametrize("version", [*EARLY, *LATER])
EACH_LATER = pytest.mark.parametrize("version", LATER)
NO_SUCH_DOMAIN = {"3.0.0": "No such domain up", "4.1": "<Fault 3: 'up'>"}


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


@pytest.fixture(name="warnings")
def _warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have what the module warns of in this test only; Ansible adds it up over all that run in one process."""
    said: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, warning: said.append(warning))
    return said


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
    assert "caf\\303\\251 \\377" in found["sxp"]
    json.dumps(found).encode("utf-8")


@pytest.mark.parametrize("version", ["3.0.3"])
def test_a_zombie_that_spoils_the_list_does_not_hide_the_domains(sim: Simulator) -> None:
    sim.faults.append(Fault("detail", "refuse", message="Device 0 not connected"))
    assert states(look(sim)) == {"Domain-0": "running", "up": "running", "still": "paused"}


# ---- which domains


def config(name: str, version: str, more: str = "") -> str:
    inside, outside = ("(vcpus 2)", "") if version == "3.0.0" else ("", "(vcpus 2)")
    return f"""(vm (name {name}) (memory 64) {outside} (on_poweroff preserve) (on_crash preserve) {more}
        (image (linux (kernel /k) {inside})) (device (vbd (uname phy:vg0/{name}) (dev sda1))))"""


def populate(sim: Simulator) -> None:
    """Have a domain in each state that this release has, but for dying, which lasts a moment only."""
    for name in ("web1", "web2", "still", "down", "broken"):
        sim.create(config(name, sim.version))
    for name in ("web1", "web2", "down", "broken"):
        sim.domain(name).unpause()
    sim.domain("down").power_off()
    sim.domain("broken").crash()
    if sim.version not in EARLY:
        sim.define(config("kept", sim.version))


@pytest.fixture(name="full")
def _full(version: str) -> Iterator[Simulator]:
    with Simulator(version, scheduler="sedf", tcp=None) as sim:
        populate(sim)
        yield sim


STATES = {
    "Domain-0": "running",
    "web1": "running",
    "web2": "running",
    "still": "paused",
    "down": "shutdown",
    "broken": "crashed",
    "kept": "halted",
}

SELECTIONS: list[tuple[dict[str, Any], set[str], tuple[int, ...]]] = [
    # what is asked for, what is found, and the requests of 3.0.0, 3.0.3, 3.0.4, 3.1, 3.2, 3.4, 4.1
    ({}, set(STATES), (1, 1, 6, 5, 5, 6, 6)),
    ({"state": ["running"]}, {"Domain-0", "web1", "web2"}, (1, 1, 1, 1, 1, 1, 1)),
    ({"state": ["paused"]}, {"still"}, (1, 1, 3, 3, 3, 3, 3)),
    ({"state": ["halted"]}, {"kept"}, (1, 1, 4, 4, 4, 4, 4)),
    ({"state": ["running", "paused"]}, {"Domain-0", "web1", "web2", "still"}, (1, 1, 3, 3, 3, 3, 3)),
    ({"state": ["crashed"]}, {"broken"}, (1, 1, 6, 5, 5, 6, 6)),
    ({"state": ["shutdown", "dying"]}, {"down"}, (1, 1, 6, 5, 5, 6, 6)),
    ({"pattern": ["web*"]}, {"web1", "web2"}, (1, 1, 2, 2, 2, 2, 2)),
    ({"pattern": ["web*"], "state": ["running"]}, {"web1", "web2"}, (1, 1, 1, 1, 1, 1, 1)),
    ({"pattern": ["web?", "*ll"]}, {"web1", "web2", "still"}, (1, 1, 3, 3, 3, 3, 3)),
    ({"pattern": ["[bk]*"]}, {"broken", "kept"}, (1, 1, 4, 3, 3, 4, 4)),
    ({"pattern": ["WEB*"]}, set(), (1, 1, 2, 2, 2, 2, 2)),
    ({"name": ["web1"]}, {"web1"}, (1,) * 7),
    ({"name": ["still", "web1"], "state": ["running"]}, {"web1"}, (2,) * 7),
    ({"name": ["still", "web1"], "pattern": ["w*"]}, {"web1"}, (1,) * 7),
    ({"uuid": ["of web1"]}, {"web1"}, (2, 2, 1, 1, 1, 1, 1)),
    ({"uuid": ["of web1", "of still"]}, {"web1", "still"}, (2,) * 7),
    ({"uuid": ["of web1", "of still"], "state": ["paused"]}, {"still"}, (2,) * 7),
    ({"uuid": ["of still"], "pattern": ["web*"]}, set(), (2, 2, 1, 1, 1, 1, 1)),
    ({"name": ["still", "web1"], "uuid": ["of web1"]}, {"web1"}, (2,) * 7),
]


@EACH
@pytest.mark.parametrize(("asked", "expected", "requests"), SELECTIONS)
def test_options_select_together_with_as_many_requests_as_that_needs(
    full: Simulator, asked: dict[str, Any], expected: set[str], requests: tuple[int, ...]
) -> None:
    uuids = [full.domain(uuid.split()[-1]).uuid for uuid in asked.get("uuid", ())]
    result = look(full, **{**asked, **({"uuid": uuids} if uuids else {})})
    there = {name for name in expected if name in full.names()}
    assert states(result) == {name: STATES[name] for name in there}
    assert result["missing"] == []
    assert len(full.requests) == requests[[*EARLY, *LATER].index(full.version)]


@BOTH
@pytest.mark.parametrize("option", ["name", "pattern", "state", "uuid"])
def test_an_empty_list_selects_nothing_and_asks_nothing(full: Simulator, option: str) -> None:
    for others in ({}, {"state": ["running"]}, {"name": ["web1"]}):
        result = look(full, **{**others, option: []})
        assert (result["domains"], result["missing"], result["msg"]) == ([], [], "No domains")
    assert full.requests == []


@EACH
def test_names_that_xend_does_not_know_are_missing_and_those_that_do_not_fit_are_not(full: Simulator) -> None:
    result = look(full, name=["nosuch", "still", "web1", "other"], state=["running"], pattern=["*[!r]"])
    assert (states(result), result["missing"]) == ({"web1": "running"}, ["nosuch"])
    assert result["msg"] == "1 domain: 1 running. Not there: nosuch"


@EACH
def test_a_uuid_is_found_in_any_spelling_and_listed_in_the_order_asked_for(full: Simulator) -> None:
    plain = [full.domain(name).uuid.replace("-", "") for name in ("web2", "web1")]
    grouped = "-".join(plain[0][i : i + 8] for i in range(0, 32, 8)).upper()
    odd = f" {plain[1][:3]}-{plain[1][3:]}-"
    result = look(full, uuid=[grouped, odd, plain[0]])
    assert [domain["name"] for domain in result["domains"]] == ["web2", "web1"]
    assert {len(domain["uuid"]) for domain in result["domains"]} == {36}


@EACH
def test_a_uuid_that_no_domain_has_is_missing(full: Simulator) -> None:
    unknown = "C0FFEE00-000000400080-00000000beef"
    result = look(full, uuid=[full.domain("still").uuid, unknown])
    assert states(result) == {"still": "paused"}
    assert result["missing"] == ["c0ffee00-0000-0040-0080-00000000beef"]
    assert len(full.requests) == {"3.1": 7, "3.2": 7}.get(full.version, 2)


@EACH
def test_the_control_domain_is_found_by_its_uuid(full: Simulator) -> None:
    assert states(look(full, uuid=["0" * 32])) == {"Domain-0": "running"}


@EACH
def test_a_domain_that_has_the_uuid_of_another_for_a_name_is_not_taken_for_it(full: Simulator) -> None:
    uuid = "c0ffee00-0000-4000-8000-00000000beef"
    full.create(config(uuid, full.version)).unpause()
    full.create(config("meant", full.version, f"(uuid {uuid})")).unpause()
    assert states(look(full, uuid=[uuid])) == {"meant": "running"}


@pytest.mark.parametrize("version", ["3.2"])
def test_an_empty_500_for_a_uuid_may_be_a_failure_and_the_domain_is_not_missing(full: Simulator) -> None:
    full.faults.append(Fault("get", "status", status=500))
    result = look(full, uuid=[full.domain("web1").uuid])
    assert (states(result), result["missing"]) == ({"web1": "running"}, [])


@pytest.mark.parametrize("version", EARLY)
def test_a_zombie_and_what_was_created_in_its_place_have_the_same_uuid(full: Simulator) -> None:
    uuid = full.domain("web1").uuid
    full.host.remove(full.domain("web1"), linger=60)
    full.create(config("web1", full.version, f"(uuid {uuid})"))
    assert states(look(full, uuid=[uuid])) == {"Zombie-web1": "dying", "web1": "paused"}
    assert states(look(full, state=["dying"])) == {"Zombie-web1": "dying"}


@BOTH
@pytest.mark.parametrize(
    "text",
    ["", "web1", "c0ffee", "g" * 32, "0" * 31, "0" * 33, "{" + "0" * 32 + "}", "0x" + "0" * 30, "\u0660" * 32, "-"],
)
def test_what_is_no_uuid_is_refused_and_nothing_asked(full: Simulator, text: str) -> None:
    result = look(full, uuid=[text])
    assert result["failed"]
    assert f"uuid: {text!r} is not a UUID: it must have 32 hexadecimal digits" in result["msg"]
    assert full.requests == []


@BOTH
def test_a_state_that_does_not_exist_is_refused(full: Simulator) -> None:
    assert "value of state must be one or more of" in look(full, state=["blocked"])["msg"]


@BOTH
@pytest.mark.parametrize("name", ["it's", 'say "x"', "a b", "ü", "%2e%2e", "[", "web*", "*", "../node", "", "web1\n"])
def test_a_hostile_name_is_a_name_that_is_not_there(full: Simulator, name: str) -> None:
    result = look(full, name=[name])
    if name:
        assert (result["domains"], result["missing"]) == ([], [name])
    else:
        assert "cannot be the name of a domain" in result["msg"]


@BOTH
def test_a_name_of_dots_is_refused_as_it_would_be_lost_in_a_url(full: Simulator) -> None:
    assert "'..' cannot be the name of a domain" in look(full, name=[".."])["msg"]
    assert full.requests == []


@BOTH
@pytest.mark.parametrize(
    "pattern", ["[", "]", "[!", "[]", "[a-", "\\", "..", "'", "(?i)web1", "^web1$", "", "**[", "[z-a]"]
)
def test_a_pattern_that_is_odd_matches_nothing_and_breaks_nothing(full: Simulator, pattern: str) -> None:
    assert look(full, pattern=[pattern])["domains"] == []


@BOTH
def test_a_pattern_can_match_a_name_that_no_url_can_hold(full: Simulator) -> None:
    full.create(config("..", full.version)).unpause()
    result = look(full, pattern=["[.]*"], gather=["vcpus"])
    assert [(domain["name"], domain["vcpuinfo"]) for domain in result["domains"]] == [("..", None)]


@BOTH
@pytest.mark.parametrize("stars", [30])
def test_a_pattern_of_many_stars_is_no_burden(full: Simulator, stars: int) -> None:
    full.create(config("a" * 120, full.version)).unpause()
    assert look(full, pattern=["*a" * stars + "b"])["domains"] == []


# ---- a list that is spoilt


@EACH
@pytest.mark.parametrize(
    "body",
    [
        "((domain (domid 0) (name Domain-0)) (domain (name 'torn)))",
        "((domain (domid 0) (name Domain-0)) x (domain (name web1)))",
        "((domain (domid 0) (name Domain-0)) (domain (name {web1})))",
        "((domain (domid 0) (name Domain-0)) (domain (name web1",
        "((domain (" + "(" * 100 + ")" * 100 + ")))",
    ],
)
def test_a_domain_that_spoils_the_list_does_not_empty_the_result(full: Simulator, body: str) -> None:
    full.faults.append(Fault("detail", "status", status=200, body=body, content_type="application/sxp"))
    assert states(look(full)) == {name: STATES[name] for name in full.names()}
    assert len(full.requests) == 2 + len(full.names())


@EACH
def test_only_the_domains_that_are_meant_are_asked_for_when_the_list_is_spoilt(full: Simulator) -> None:
    for asked, expected in (({"pattern": ["web*"]}, {"web1", "web2"}), ({"pattern": ["nosuch"]}, set())):
        full.clear_log()
        body = "((domain (domid 0) (name 'torn)))"
        full.faults.append(Fault("detail", "status", status=200, body=body, content_type="application/sxp"))
        assert set(states(look(full, **asked))) == expected
        assert len(full.requests) == 2 + max(1, len(expected))


@EACH
def test_what_runs_is_still_distinguished_from_the_rest_when_the_list_is_spoilt(full: Simulator) -> None:
    full.faults.append(
        Fault("detail", "status", status=200, body="((domain (a 'torn)))", content_type="application/sxp")
    )
    assert set(states(look(full, state=["running"]))) == {"Domain-0", "web1", "web2"}


@EACH
def test_the_domain_that_spoils_the_list_becomes_a_warning(full: Simulator, warnings: list[str]) -> None:
    spoilt: dict[str, Any] = {
        "status": 200,
        "body": "((domain (domid 0) (name 'torn)))",
        "content_type": "application/sxp",
    }
    full.faults.append(Fault("detail", "status", **spoilt))
    full.faults.append(Fault("get", "status", **{**spoilt, "body": "(domain (name 'torn))"}))
    result = look(full)
    assert len(result["domains"]) == len(full.names()) - 1
    (warning,) = warnings
    assert warning.startswith("domain 'Domain-0' cannot be read: ")
    assert "(domain (name 'torn))" in warning


@EACH
def test_a_list_is_an_error_if_no_domain_can_be_read_at_all(full: Simulator) -> None:
    spoilt: dict[str, Any] = {
        "status": 200,
        "body": "((domain (name 'torn)))",
        "content_type": "application/sxp",
        "times": -1,
    }
    full.faults += [Fault("detail", "status", **spoilt), Fault("get", "status", **{**spoilt, "body": "(domain)"})]
    result = look(full)
    assert result["failed"]
    assert "((domain (name 'torn)))" in result["msg"]


@EACH
@pytest.mark.parametrize(
    "body", ["It works", "((domain", "(domain (name x", "{}", "\x00((domain (", "((vm (name 'torn)))"]
)
def test_a_list_that_is_none_is_an_error_that_shows_its_beginning(full: Simulator, body: str) -> None:
    full.faults.append(Fault("detail", "status", status=200, body=body, content_type="application/sxp"))
    result = look(full)
    assert result["failed"]
    assert repr(body) in result["msg"]
    assert len(full.requests) == 1


# ---- what is told


ALWAYS = {"name", "state", "domid", "uuid"}


@BOTH
@pytest.mark.parametrize(
    ("gather", "keys"),
    [
        ([], set()),
        (["devices"], {"vbds", "vifs", "vfbs", "pci"}),
        (["sedf", "vcpus"], {"sedf", "vcpuinfo"}),
        (["credit"], {"credit"}),
    ],
)
def test_only_what_is_gathered_is_reported(full: Simulator, gather: list[str], keys: set[str]) -> None:
    (found,) = look(full, name=["web1"], gather=gather)["domains"]
    assert set(found) == ALWAYS | keys


@BOTH
def test_the_summary_and_the_devices_are_listed_by_default(full: Simulator) -> None:
    (found,) = look(full, name=["web1"])["domains"]
    (summary,) = look(full, name=["web1"], gather=["summary"])["domains"]
    assert set(found) == set(summary) | {"vbds", "vifs", "vfbs", "pci", "not_declarable"}
    assert {"memory", "vcpus", "image", "state_flags"} <= set(summary)
    assert len(full.requests) == 2


VCPU = {"online": True, "blocked": True, "running": False}


@EACH
def test_vcpus_are_described_with_a_request_for_each_domain(full: Simulator, warnings: list[str]) -> None:
    full.domain("web1").pins = [(1,), None]
    (found,) = look(full, name=["web1"], gather=["vcpus"])["domains"]
    assert [{key: vcpu[key] for key in VCPU} for vcpu in found["vcpuinfo"]] == [VCPU, VCPU]
    assert [vcpu["number"] for vcpu in found["vcpuinfo"]] == [0, 1]
    assert all(isinstance(vcpu["cpu_time"], float) and isinstance(vcpu["cpu"], int) for vcpu in found["vcpuinfo"])
    anywhere = None if full.version.startswith("3.0") else [0, 1, 2, 3]
    assert [vcpu["cpumap"] for vcpu in found["vcpuinfo"]] == [[1], anywhere]
    assert (len(full.requests), warnings) == (2, [])


@EACH
def test_the_control_domain_has_vcpus_and_parameters_too(version: str) -> None:
    with Simulator(version, scheduler="sedf", tcp=None) as sim:
        (found,) = look(sim, name=["Domain-0"], gather=["vcpus", "sedf"])["domains"]
    assert found["vcpuinfo"][0]["running"] is True
    assert found["sedf"]["slice"] == 15_000_000


@EACH_LATER
def test_a_halted_domain_has_vcpus_that_are_down(full: Simulator, warnings: list[str]) -> None:
    (found,) = look(full, name=["kept"], gather=["vcpus"])["domains"]
    down: dict[str, Any] = {
        "online": False,
        "blocked": False,
        "running": False,
        "cpu_time": 0.0,
        "cpu": None,
        "cpumap": None,
    }
    if full.version in ("3.0.4", "3.1"):  # which refuse to tell
        assert found["vcpuinfo"] is None
        assert len(warnings) == 1
        assert "vcpuinfo is null for kept" in warnings[0]
        return
    assert found["vcpuinfo"] == [{"number": 0, **down}, {"number": 1, **down}]
    assert (found["domid"], warnings) == (None, [])


@EACH
def test_the_parameters_of_sedf_cost_a_request_for_each_domain_that_is_up(version: str, warnings: list[str]) -> None:
    with Simulator(version, scheduler="sedf", tcp=None) as sim:
        populate(sim)
        result = look(sim, state=["running", "halted", "paused", "shutdown"], gather=["sedf"])
        listed = len(sim.requests)
        sedf = {domain["name"]: domain["sedf"] for domain in result["domains"]}
        assert sum(request.op == "cpu_sedf_get" for request in sim.requests) == 5
        sim.clear_log()
        look(sim, state=["running", "halted", "paused", "shutdown"])
        assert listed == len(sim.requests) + 5
    assert sedf["web1"] == {"period": 10**8, "slice": 0, "latency": 0, "extratime": True, "weight": 0}
    if version in EARLY:
        assert warnings == []
    else:
        assert sedf["kept"] is None
        assert warnings == ["sedf is null for kept: a halted domain has no sedf parameters"]


@EACH
def test_the_parameters_of_credit_are_reported_where_there_are_any(version: str, warnings: list[str]) -> None:
    with Simulator(version, scheduler="sedf" if version == "3.0.0" else "credit", tcp=None) as sim:
        populate(sim)
        sim.define(config("kept2", version)) if version in LATER else None
        result = look(sim, gather=["credit"])
        asked = sum(request.op == "domain_sched_credit_get" for request in sim.requests)
    credit = {domain["name"]: domain["credit"] for domain in result["domains"]}
    if version == "3.0.0":
        assert (set(credit.values()), asked) == ({None}, 1)
        assert "earlier have no credit scheduler" in warnings[0]
    else:
        assert credit["web1"] == {"weight": 256, "cap": 0}
    refuses_halted = version in ("3.0.4", "3.1", "3.2")
    if version in LATER:
        assert credit["kept"] == credit["kept2"] == (None if refuses_halted else credit["web1"])
        assert asked == (7 if refuses_halted else 8)
    assert len(warnings) == (version == "3.0.0" or refuses_halted)
    if refuses_halted:
        assert warnings[0].startswith("credit is null for kept and 1 more: kept is halted")


@EACH
def test_a_host_with_another_scheduler_is_asked_once_and_warned_of_once(version: str, warnings: list[str]) -> None:
    with Simulator(version, scheduler="credit", tcp=None) as sim:
        populate(sim)
        result = look(sim, gather=["sedf"])
        assert sum(request.op == "cpu_sedf_get" for request in sim.requests) == 1
    assert {domain["sedf"] for domain in result["domains"]} == {None}
    (warning,) = warnings
    others = len(result["domains"]) - 1
    assert warning.startswith(f"sedf is null for Domain-0 and {others} more: The host of xend at ")
    assert "the credit scheduler" in warning or "seems to run another scheduler" in warning


@BOTH
def test_a_domain_that_goes_away_meanwhile_is_left_out_silently(full: Simulator, warnings: list[str]) -> None:
    for op in ("get", "cpu_sedf_get"):
        full.faults += [Fault(each, "status", status=404, body=NO_SUCH_DOMAIN[full.version]) for each in (op, "get")]
        result = look(full, pattern=["web*"], state=["running"], gather=["vcpus" if op == "get" else "sedf"])
        assert len(result["domains"]) == 1
        assert result["missing"] == []
    assert warnings == []


@pytest.mark.parametrize("version", ["3.0.3"])
def test_a_name_that_goes_away_meanwhile_is_missing(full: Simulator) -> None:
    gone: dict[str, Any] = {"status": 404, "body": "No such domain web1"}
    full.faults += [
        Fault("get", "delay"),
        Fault("cpu_sedf_get", "status", **gone),
        Fault("get", "status", **gone),
    ]
    result = look(full, name=["web1"], gather=["sedf"])
    assert (result["domains"], result["missing"]) == ([], ["web1"])


@pytest.mark.parametrize("version", ["3.2"])
def test_an_empty_500_does_not_make_a_domain_go_away(full: Simulator, warnings: list[str]) -> None:
    full.faults.append(Fault("cpu_sedf_get", "status", status=500))
    result = look(full, pattern=["web*"], state=["running"], gather=["sedf"])
    assert [domain["sedf"] is None for domain in result["domains"]] == [True, False]
    assert "or failed without a reason" in warnings[0]


@BOTH
@pytest.mark.parametrize("body", ["(domain (vcpu (number x)))", "x", "(domain", "()", "(vm)"])
def test_an_answer_that_cannot_be_read_costs_one_domain_its_vcpus(
    full: Simulator, body: str, warnings: list[str]
) -> None:
    full.faults.append(Fault("get", "status", status=200, body=body, content_type="application/sxp"))
    result = look(full, pattern=["web*"], state=["running"], gather=["vcpus"])
    assert [domain["vcpuinfo"] is None for domain in result["domains"]] == [True, False]
    (warning,) = warnings
    assert repr(body) in warning


@BOTH
def test_a_xend_that_stops_answering_meanwhile_is_an_error(full: Simulator) -> None:
    full.faults.append(Fault("get", "drop", times=-1))
    assert "closed the connection" in look(full, state=["running"], gather=["vcpus"])["msg"]


@pytest.mark.parametrize("version", EARLY)
def test_what_is_dying_is_not_asked_for_more(full: Simulator, warnings: list[str]) -> None:
    full.host.remove(full.domain("web1"), linger=60)
    result = look(full, pattern=["Zombie-*"], gather=["vcpus"])
    assert [(domain["state"], domain["vcpuinfo"]) for domain in result["domains"]] == [("dying", None)]
    assert warnings == ["vcpuinfo is null for Zombie-web1: a dying domain is not asked"]


@EACH
def test_the_message_counts_the_domains_by_state(full: Simulator) -> None:
    halted = "" if full.version in EARLY else ", 1 halted"
    number = 6 if full.version in EARLY else 7
    assert look(full)["msg"] == f"{number} domains: 3 running, 1 paused, 1 shutdown, 1 crashed{halted}"


def keys_of(value: object) -> Iterator[str]:
    """Yield every key of every dictionary in a result."""
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys_of(item)
    yield from value if isinstance(value, dict) else ()


def with_field(tree: Sxp, name: str) -> Sxp:
    """Return a tree in which each list of fields has one more, called *name*."""
    if not isinstance(tree, list):
        return tree
    more: list[Sxp] = [[name, "secret"]] if any(isinstance(item, list) for item in tree) else []
    return [*(with_field(item, name) for item in tree), *more]


@pytest.mark.parametrize("own", ["__ansible_type", "__ansible_vault", "__ansible_unsafe"])
@pytest.mark.parametrize("version", list(PERSONALITIES))
def test_a_field_with_a_name_that_ansible_uses_itself_does_no_harm_anywhere(sim: Simulator, own: str) -> None:
    client = XendClient(Transport(sim.unix_url))
    domain = client.domain("up")
    assert domain is not None
    whole = dumps(with_field(domain.tree, own))
    assert whole.count(own) >= 3
    with RawServer(http(body=whole.encode()), http(body=b"(vcpus)"), http(body=b"()")) as server:
        result = run("xen_domain_info", xend_url=server.url, name="up")
    assert result["domains"], result
    assert [key for key in keys_of(result) if key.startswith("__ansible")] == []
