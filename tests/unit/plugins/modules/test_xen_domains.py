# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many domains in one task: what is shared, in which order it is done, and what one that fails does to the others."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import XendUnreachable
from tests.simulator import PERSONALITIES, Fault, ManualClock, Simulator
from tests.support.running import run, use_clock, written

ALL = pytest.mark.parametrize("version", list(PERSONALITIES))
SOME = pytest.mark.parametrize("version", ["3.0.0", "3.0.3", "3.2", "4.1"])
GUEST: dict[str, Any] = {"memory": 32, "image": {"kernel": "/srv/xen/img/vmlinuz"}}
DEAF: dict[str, Any] = {"image": {"kernel": "/srv/xen/img/vmlinuz", "args": "rig.ignore_shutdown"}}
WEBS = ["web1", "web2", "web3"]


@pytest.fixture(name="clock")
def _clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    clock = ManualClock()
    use_clock(monkeypatch, clock)
    return clock


@pytest.fixture(name="sim")
def _sim(version: str, clock: ManualClock) -> Iterator[Simulator]:
    with Simulator(version, clock=clock, tcp=None, shutdown_delay=10.0) as sim:
        yield sim


def ensure(sim: Simulator, *domains: Any, check: bool = False, **options: Any) -> dict[str, Any]:
    """Run the module; a name stands for an entry with nothing but the name."""
    entries = [{"name": each} if isinstance(each, str) else each for each in domains]
    return run("xen_domains", check=check, xend_url=sim.unix_url, domains=entries, **options)


def up(sim: Simulator, *domains: Any) -> None:
    """Have guests run that have done so for a while."""
    result = ensure(sim, *domains, defaults=GUEST)
    assert not result.get("failed"), result["msg"]
    clock = sim.host.clock
    assert isinstance(clock, ManualClock)
    clock.advance(100)
    sim.clear_log()


def sent(result: dict[str, Any]) -> list[str]:
    """Return what was sent, as "shutdown web1"."""
    return [f"{operation['op']} {operation['domain']}" for operation in result["operations"]]


def by_name(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what came of each domain."""
    return {domain["name"]: domain for domain in result["domains"]}


# ---- what is shared


@pytest.mark.parametrize("version", ["3.0.0", "3.0.3", "4.1"])
def test_fifty_guests_that_take_10_s_each_are_down_within_15_s(version: str) -> None:
    names = [f"web{number}" for number in range(50)]
    with Simulator(version, tcp=None, shutdown_delay=10.0) as sim:
        assert not ensure(sim, *names, defaults=GUEST).get("failed")
        sim.clear_log()
        began = time.monotonic()
        result = ensure(sim, *names, defaults={"state": "stopped"})
        took = time.monotonic() - began
        reads = Counter(request.method for request in sim.requests)["GET"]
        assert not set(names) & set(sim.names())
    assert not result.get("failed"), result["msg"]
    assert sent(result) == [f"shutdown {name}" for name in names]
    assert {domain["shutdown_outcome"] for domain in result["domains"]} == {"clean"}
    assert took <= 15
    assert reads <= 5 * took


@ALL
def test_what_changes_nothing_takes_one_request_for_all_that_run(sim: Simulator) -> None:
    up(sim, *WEBS)
    result = ensure(sim, *WEBS, defaults=GUEST)
    assert result["changed"] is False
    assert len(sim.requests) == 1


@ALL
def test_domains_that_are_missing_take_two_requests_at_most(sim: Simulator) -> None:
    result = ensure(sim, *WEBS, defaults={"state": "absent"})
    assert (result["changed"], [domain["domain"] for domain in result["domains"]]) == (False, [None] * 3)
    assert len(sim.requests) <= 2


@pytest.mark.parametrize("version", ["4.1"])
def test_one_domain_alone_is_asked_for_by_its_name(sim: Simulator) -> None:
    up(sim, *WEBS)
    assert ensure(sim, "web2", defaults=GUEST)["changed"] is False
    assert [request.path for request in sim.requests] == ["/xend/domain/web2"]


@pytest.mark.parametrize("version", ["3.0.4", "4.1"])
def test_a_halted_domain_is_asked_for_by_its_name(sim: Simulator) -> None:
    up(sim, "web1", "web3")
    sim.define("(vm (name web2) (memory 32) (vcpus 1) (image (linux (kernel /srv/xen/img/vmlinuz))))")
    result = ensure(sim, *WEBS)
    assert sent(result) == ["start web2"]
    assert [domain["domain"]["state"] for domain in result["domains"]] == ["running"] * 3


@ALL
@pytest.mark.parametrize("fault", ["refuse", "truncate"])
def test_a_list_that_is_of_no_use_is_done_without(sim: Simulator, fault: str) -> None:
    up(sim, *WEBS)
    if fault == "refuse":
        sim.faults.append(Fault("detail", "refuse", times=-1, message="a zombie spoils it"))
        result = ensure(sim, *WEBS, defaults={"state": "stopped"})
        assert sent(result) == [f"shutdown {name}" for name in WEBS]
        assert not result.get("failed"), result["msg"]
    else:
        sim.faults.append(Fault("detail", "truncate", times=-1))
        result = ensure(sim, *WEBS, defaults={"state": "stopped"})
        assert result["failed"]
        assert written(sim) == []


@SOME
def test_a_xend_that_is_not_there_is_one_failure(version: str) -> None:
    with Simulator(version, tcp=None) as sim:
        gone = sim.unix_url
    result = run("xen_domains", xend_url=gone, domains=[{"name": "web1"}, {"name": "web2"}], connect_timeout=0.2)
    assert result["failed"]
    assert "domains" not in result
    assert result["msg"].count("web1") == 0


@pytest.mark.parametrize("version", ["4.1"])
def test_a_xend_that_goes_away_is_not_tried_for_each_domain(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def refuse(_client: XendClient, name: str) -> None:
        tried.append(name)
        raise XendUnreachable("xend is not there")

    up(sim, *WEBS)
    monkeypatch.setattr(XendClient, "pause", refuse)
    result = ensure(sim, *WEBS, defaults={"state": "paused"})
    assert result["msg"] == "3 of 3 domains failed. web1, web2, web3: xend is not there."
    assert [domain["failed"] for domain in result["domains"]] == [True] * 3
    assert tried == ["web1"]


# ---- check mode is the real run


MANY: list[dict[str, Any]] = [
    {"name": "web1", "state": "absent"},
    {"name": "web2", "state": "paused"},
    {"name": "web3", "memory": 16},
    {"name": "web4", "after": ["web1"]},
    {"name": "web5", "state": "stopped"},
]


@ALL
def test_check_mode_says_what_the_real_run_does_and_both_are_at_rest_afterwards(sim: Simulator) -> None:
    up(sim, *WEBS, "web5")
    checked = ensure(sim, *MANY, defaults=GUEST, check=True)
    assert written(sim) == []
    real = ensure(sim, *MANY, defaults=GUEST)
    assert not real.get("failed"), real["msg"]
    assert sorted(sent(checked)) == sorted(sent(real))
    assert written(sim) == [operation["op"] for operation in real["operations"]]
    for foreseen, found in zip(checked["domains"], real["domains"]):
        assert set(foreseen) == set(found)
        for key in ("name", "changed", "failed", "operations", "drift", "shutdown_outcome"):
            assert foreseen.get(key) == found.get(key)
    sim.clear_log()
    for check in (False, True):
        again = ensure(sim, *MANY, defaults=GUEST, check=check)
        assert (again["changed"], again["operations"], again["diff"]) == (False, [], [])
    assert written(sim) == []


@SOME
def test_the_diff_has_what_changed(sim: Simulator) -> None:
    up(sim, *WEBS)
    result = ensure(sim, *WEBS[:2], {"name": "web3", "state": "paused"}, defaults=GUEST)
    (diff,) = result["diff"]
    assert (diff["before_header"], diff["before"]["state"], diff["after"]["state"]) == ("web3", "running", "paused")


# ---- order


@SOME
def test_after_is_waited_for(sim: Simulator) -> None:
    up(sim, *WEBS)
    entries = [{"name": "web1", "after": ["web2", "web3"]}, {"name": "web2", "after": "web3"}, {"name": "web3"}]
    result = ensure(sim, *entries, defaults={"state": "stopped"})
    assert sent(result) == ["shutdown web3", "shutdown web2", "shutdown web1"]
    assert [domain["name"] for domain in result["domains"]] == WEBS


@SOME
def test_waits_are_shared_unless_serial_says_otherwise(sim: Simulator, clock: ManualClock) -> None:
    names = [f"web{number}" for number in range(6)]
    for serial, least, most in ((0, 10, 15), (2, 30, 45), (1, 60, 90)):
        up(sim, *names)
        began = clock.now()
        assert ensure(sim, *names, defaults={"state": "stopped"}, serial=serial)["changed"]
        assert least <= clock.now() - began <= most


@SOME
def test_each_domain_has_its_own_times(sim: Simulator, clock: ManualClock) -> None:
    up(sim, {"name": "web1", **DEAF}, {"name": "web2", **DEAF}, "web3")
    entries = [
        {"name": "web1", "shutdown_timeout": 5, "on_shutdown_timeout": "destroy"},
        {"name": "web2", "shutdown_timeout": 15, "on_shutdown_timeout": "destroy"},
        {"name": "web3"},
    ]
    began = clock.now()
    result = ensure(sim, *entries, defaults={"state": "stopped"})
    assert sent(result) == [*(f"shutdown {name}" for name in WEBS), "destroy web1", "destroy web2"]
    outcomes = [domain["shutdown_outcome"] for domain in result["domains"]]
    assert outcomes == ["destroyed", "destroyed", "clean"]
    assert clock.now() - began < 20


@SOME
def test_defaults_are_merged_key_by_key(sim: Simulator) -> None:
    entries = ["web1", {"name": "web2", "image": {"args": "console=xvc0"}, "vcpus": None}]
    up(sim, *entries)
    defaults = {**GUEST, "vcpus": 1}
    result = ensure(sim, *entries, defaults=defaults)
    assert result["changed"] is False
    images = [domain["domain"]["image"] for domain in result["domains"]]
    assert [image["kernel"] for image in images] == ["/srv/xen/img/vmlinuz"] * 2
    assert "console=xvc0" in images[1]["args"]


# ---- what fails


@SOME
def test_one_that_fails_hides_no_other_and_keeps_back_those_that_come_after_it(sim: Simulator) -> None:
    up(sim, {"name": "web1", **DEAF}, "web2", "web3", "web4", "web5")
    entries = ["web1", "web2", {"name": "web3", "after": ["web1"]}, {"name": "web4", "after": ["web3"]}, "web5"]
    result = ensure(sim, *entries, defaults={"state": "stopped", "shutdown_timeout": 15})
    assert (result["failed"], result["changed"]) == (True, True)
    assert sent(result) == ["shutdown web1", "shutdown web2", "shutdown web5"]
    assert result["msg"].startswith(
        "1 of 5 domains failed. web1: web1 is still up 15 s after it was asked to shut down."
    )
    assert "web3 was skipped: it comes after web1, which failed." in result["msg"]
    assert "web4 was skipped: it comes after web3, which was skipped." in result["msg"]
    found = by_name(result)
    assert [found[name]["failed"] for name in found] == [True, False, False, False, False]
    assert [found[name].get("skipped", False) for name in found] == [False, False, True, True, False]
    assert found["web1"]["operations"] == [{"op": "shutdown", "domain": "web1", "reason": "poweroff"}]
    assert found["web5"]["domain"] is None


@SOME
@pytest.mark.parametrize(("max_fail", "begun"), [(0, 1), (1, 2), (None, 4)])
def test_max_fail_says_when_to_stop(sim: Simulator, max_fail: int | None, begun: int) -> None:
    names = [*WEBS, "web4"]
    sim.faults.append(Fault("create", "refuse", times=-1, message="no room"))
    limit: dict[str, Any] = {} if max_fail is None else {"max_fail": max_fail}
    result = ensure(sim, *names, defaults=GUEST, serial=1, **limit)
    assert [domain["failed"] for domain in result["domains"]] == [True] * begun + [False] * (4 - begun)
    assert [domain.get("skipped", False) for domain in result["domains"]] == [False] * begun + [True] * (4 - begun)
    assert result["msg"].count("no room") == 1
    assert f"{', '.join(names[:begun])}: " in result["msg"]
    assert max_fail is None or f"max_fail is {max_fail}" in result["msg"]


@pytest.mark.parametrize("version", ["4.1"])
def test_drift_may_fail_a_domain_and_warns_of_another(sim: Simulator) -> None:
    up(sim, "web1", "web2")
    entries = [{"name": "web1", "on_crash": "preserve", "on_drift": "fail"}, {"name": "web2", "after": ["web1"]}]
    result = ensure(sim, *entries)
    assert "web1: on_crash is 'restart'" in result["msg"]
    assert by_name(result)["web1"]["drift"]
    assert by_name(result)["web2"]["skipped"]


@pytest.mark.parametrize("version", ["4.1"])
def test_the_log_is_that_of_the_domain_that_failed(sim: Simulator) -> None:
    sim.faults.append(Fault("create", "refuse", message="no room"))
    result = ensure(sim, "web1", {"name": "web2", "memory": 32}, defaults={**GUEST, "log_lines": 3})
    assert [len(domain.get("log", ())) > 0 for domain in result["domains"]] == [True, False]


# ---- bad lists


@pytest.mark.parametrize("version", ["4.1"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"domains": ["web1", "web1"]}, "More than one guest is to have the name web1."),
        ({"domains": ["web1", {"name": "web2", "new_name": "web1"}]}, "More than one guest is to have the name web1."),
        ({"domains": [{"memory": 64}]}, "domains[0] has no name."),
        ({"domains": ["web1", {"name": ""}]}, "domains[1] has no name."),
        ({"domains": ["web1", 7]}, "domains[1] must be a dictionary, not int"),
        ({"domains": {"web1": {}}}, "domains"),
        ({"domains": ["web1"], "defaults": 7}, "defaults must be a dictionary, not int"),
        ({"domains": ["web1"], "defaults": {"uuid": "1"}}, "defaults holds uuid, which belongs to one domain only."),
        ({"domains": [{"name": "web1", "after": ["web9"]}]}, "web1 comes after web9, which is not in domains."),
        ({"domains": [{"name": "web1", "after": ["web1"]}]}, "No order is possible: web1 comes after web1."),
        (
            {"domains": [{"name": "web1", "after": ["web2"]}, {"name": "web2", "after": ["web1"]}]},
            "No order is possible: web1 comes after web2, which comes after web1.",
        ),
        (
            {"domains": WEBS[:2], "defaults": {"state": "saved"}},
            "web1: state: saved requires save_file, the path of a file on the xend host, and save_file requires state: saved.",
        ),
        (
            {
                "domains": [
                    {"name": "web1", "state": "saved", "save_file": "/srv/a.chk"},
                    {"name": "web2", "state": "saved", "save_file": "/srv//a.chk"},
                ]
            },
            "web1 and web2 both use the file /srv/a.chk.",
        ),
        ({"domains": [{"name": "web1", "xend_url": "x"}]}, "web1: xend_url"),
        ({"domains": [{"name": "web1", "state": "flying"}]}, "web1: value of state must be one of: running"),
        ({"domains": [{"name": "web1", "vbds": [3]}]}, "web1: vbds[0] must be a dictionary, not int."),
        ({"domains": [{"name": "web1", "shutdown_timeout": -1}]}, "web1: shutdown_timeout must be between 0 and "),
        ({"domains": [{"name": "web1", "create_timeout": 0}]}, "web1: create_timeout must be more than 0 seconds"),
        ({"domains": ["web1"], "serial": -1}, "serial must be 0 or more, not -1"),
        ({"domains": ["web1"], "max_fail": -1}, "max_fail must be 0 or more, not -1"),
    ],
)
def test_a_wrong_list_is_refused_before_anything_is_sent(sim: Simulator, options: dict[str, Any], said: str) -> None:
    domains = options["domains"]
    if isinstance(domains, list):
        domains = [{"name": each} if isinstance(each, str) else each for each in domains]
    result = run("xen_domains", xend_url=sim.unix_url, **{**options, "domains": domains})
    assert result["failed"]
    assert said in result["msg"]
    assert sim.requests == []


@pytest.mark.parametrize("version", ["4.1"])
def test_no_domains_are_nothing_to_do(sim: Simulator) -> None:
    result = ensure(sim)
    assert (result["changed"], result["domains"], sim.requests) == (False, [], [])


# ---- states that pass


@ALL
@pytest.mark.parametrize("state", ["restarted", "saved", "absent", "paused"])
def test_several_reach_each_state(sim: Simulator, state: str) -> None:
    up(sim, *WEBS)
    own = [{"name": name, **({"save_file": f"/srv/{name}.chk"} if state == "saved" else {})} for name in WEBS]
    result = ensure(sim, *own, defaults={"state": state})
    assert not result.get("failed"), result["msg"]
    alone = [run("xen_domain", check=True, xend_url=sim.unix_url, state=state, **entry) for entry in own]
    if state != "restarted":
        assert [each["changed"] for each in alone] == [False] * 3
    found = [domain["domain"] and domain["domain"]["state"] for domain in result["domains"]]
    assert found == [{"restarted": "running", "paused": "paused"}.get(state)] * 3
