# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""xen_node_info: the host, what its xend may be and can do, with the fewest requests, and never more than is proven."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from ansible_collections.dom0.xend.plugins.module_utils.info.host import _BEHAVIOUR, _OPERATIONS, xend
from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import MASK
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import RELEASES, within
from ansible_collections.dom0.xend.plugins.modules import xen_node_info
from ansible_collections.dom0.xend.tests.unit.plugins.module_utils.raw_server import RawServer, http
from ansible_collections.dom0.xend.tests.unit.plugins.module_utils.recorded import replies, reply
from tests.simulator import PERSONALITIES, Fault, Simulator
from tests.support.running import run, written

ALL = list(PERSONALITIES)
EACH = pytest.mark.parametrize("version", ALL)
SOME = pytest.mark.parametrize("version", ["3.0.0", "4.1"])
TOLD = dict(
    zip(ALL, ("3.0.0", "3.0.2", "3.0.3", "3.0.4", "3.1", "3.2", "3.3", "3.4", "4.0", "4.1 to 4.4", "4.1 to 4.4"))
)
AMBIGUOUS = {"3.0.0", "3.0.2", "3.3", "3.4"}


@pytest.fixture(name="sim")
def _sim(version: str) -> Iterator[Simulator]:
    with Simulator(version, tcp=None) as sim:
        yield sim


def look(sim: Simulator, **arguments: Any) -> dict[str, Any]:
    result = run("xen_node_info", xend_url=sim.unix_url, **arguments)
    assert written(sim) == []
    assert not result.get("changed")
    return result


# ---- the host


@EACH
def test_the_node_is_described_with_one_request(sim: Simulator) -> None:
    result = look(sim)
    assert (result["node"]["total_memory"], result["node"]["nr_cpus"]) == (16384, 4)
    assert result["node"]["xen_version"].startswith(sim.version)
    assert "log" not in result
    assert "dmesg" not in result
    assert len(sim.requests) == 1


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (
            "(node (host d0) (nr_cpus 4) (sockets_per_node 1) (free_memory 5) (total_memory 9))",
            "d0: xend 3.0.0 to 3.0.2, 4 cpus, 5 of 9 MiB free",
        ),
        ("(node (host d0) (free_memory 5) (xen_commandline x) (node_to_memory x))", "d0: xend"),
        ("(node (nr_cpus 4) (total_memory 9))", "xend, 4 cpus"),
    ],
)
def test_a_line_shows_what_is_known(body: str, line: str) -> None:
    with RawServer(http(body=body.encode())) as server:
        assert run("xen_node_info", xend_url=server.url)["msg"] == line


@pytest.mark.parametrize("own", ["__ansible_type", "__ansible_vault", "__ansible_unsafe"])
def test_a_field_with_a_name_that_ansible_uses_itself_does_no_harm(own: str) -> None:
    with RawServer(http(body=f"(node (host d0) (nr_cpus 4) ({own} secret))".encode())) as server:
        result = run("xen_node_info", xend_url=server.url)
    assert result["node"]["more"] == {f"xend{own}": "secret"}


@SOME
def test_a_check_run_is_a_run(sim: Simulator) -> None:
    assert look(sim, check=True, gather=["release", "scheduler"]) == look(sim, gather=["release", "scheduler"])


def contents(returned: dict[str, Any]) -> set[str]:
    return set(returned["contains"])


@EACH
def test_the_documentation_names_all_that_is_returned(sim: Simulator) -> None:
    documented = yaml.safe_load(xen_node_info.RETURN)
    result = look(sim, log_lines=1, dmesg_lines=1)
    assert set(documented) == set(result) - {"changed", "invocation"}
    assert contents(documented["node"]) == set(result["node"])
    assert contents(documented["xend"]) == set(result["xend"])
    assert contents(documented["xend"]["contains"]["behaviour"]) == set(result["xend"]["behaviour"])


# ---- which release


@EACH
def test_the_release_is_identified_as_closely_as_the_answers_prove(sim: Simulator) -> None:
    assert sim.version in look(sim)["xend"]["releases"]
    sim.clear_log()
    assert look(sim, gather=["release"])["xend"]["span"] == TOLD[sim.version]
    assert len(sim.requests) == (2 if sim.version in AMBIGUOUS else 1)


@pytest.mark.parametrize(
    ("version", "span"), [("3.0.0", "3.0.0 to 3.0.2"), ("3.0.3", "3.0.3"), ("3.0.4", "3.0.4"), ("3.4", "3.4")]
)
def test_a_control_domain_of_another_name_shows_what_its_absence_does(sim: Simulator, span: str) -> None:
    sim.domain("Domain-0").name = "dom0"
    assert look(sim, gather=["release"])["xend"]["span"] == span


@pytest.mark.parametrize("version", ["3.3"])
def test_answers_that_contradict_each_other_prove_nothing(sim: Simulator) -> None:
    body = reply("xend-4.1.jsonl", "dom0-after").text
    sim.faults.append(Fault("get", "status", status=200, body=body, content_type="application/sxp"))
    found = look(sim, gather=["release"])["xend"]
    assert (found["releases"], found["span"]) == ([], None)


def test_a_xend_of_mixed_releases_is_none_of_them_and_does_what_all_do() -> None:
    found = xend((), "credit")
    assert (found["releases"], found["span"]) == ([], None)
    assert {"create", "pause", "destroy"} <= set(found["operations"])
    assert {"new", "pincpu", "domain_sched_credit_get"} & set(found["operations"]) == set()
    assert found["behaviour"]["manages"] is None


# ---- what it can do


def recorded_to_work(file: str) -> set[str]:
    """Return the operations that this xend carried out at least once."""
    return {
        each.op
        for each in replies(file)
        if each.method == "POST" and each.op and each.status < 400 and not each.text.startswith("(xend.err")
    }


UNUSABLE = {"x", "reboot", "do_set_pauseflag"}
"""What was answered without an error and does nothing, or nothing for a user."""


@EACH
def test_the_operations_are_those_that_were_recorded_to_work(version: str) -> None:
    files = [f"xend-{version}.jsonl", *(["xend-4.1-restart.jsonl"] if version == "4.1" else [])]
    works = set().union(*map(recorded_to_work, files)) - UNUSABLE
    unpins = {"pincpu"} if version in within("3.0.2 to 3.3") else set()
    of_hvm = {"device_configure"} if version in within("3.1 to 3.4") else set()  # the guests of that scenario are none
    assert (
        set(xend([version], "sedf" if version in within("3.0.0 to 3.0.2") else "credit")["operations"])
        == works - unpins | of_hvm
    )


@pytest.mark.parametrize(("version", "file"), [("3.0.3", "xend-3.0.3-sedf.jsonl"), ("4.1", "xend-4.1-sedf.jsonl")])
def test_under_sedf_its_operations_work_and_no_others(version: str, file: str) -> None:
    of_schedulers = {name for name, _spans, needs in _OPERATIONS if needs}
    assert set(xend([version], "sedf")["operations"]) & of_schedulers == recorded_to_work(file) & of_schedulers


@EACH
def test_no_operation_is_named_that_the_simulated_release_does_not_know(version: str) -> None:
    known = PERSONALITIES[version]
    names = known.operations | known.directory_operations | {"clear"}
    for scheduler in ("sedf", "credit", "credit2", None):
        assert (
            set(xend([version], scheduler)["operations"]) <= names - set(known.always_fails) or scheduler == "credit2"
        )


def test_the_operations_are_in_order_and_named_once() -> None:
    names = [name for name, _spans, _needs in _OPERATIONS]
    assert names == sorted(set(names))


@EACH
def test_an_operation_is_named_only_if_it_works_on_all_that_xend_may_be(sim: Simulator) -> None:
    found = look(sim)
    each = [set(xend([name], found["scheduler"])["operations"]) for name in found["xend"]["releases"]]
    assert set(found["xend"]["operations"]) == set.intersection(*each)


@EACH
def test_the_behaviour_is_that_of_the_release_or_not_known(sim: Simulator) -> None:
    found = look(sim)["xend"]["behaviour"]
    assert set(found) == set(_BEHAVIOUR)
    for key, value in found.items():
        assert value in (None, getattr(RELEASES[sim.version], key) or 0)
    assert None not in look(sim, gather=["release"])["xend"]["behaviour"].values()


# ---- the scheduler


@pytest.mark.parametrize("scheduler", ["sedf", "credit", "bvt"])
@EACH
def test_the_scheduler_is_named_by_xend_or_asked_for(version: str, scheduler: str) -> None:
    with Simulator(version, scheduler=scheduler, tcp=None) as sim:
        named = ALL.index(version) >= ALL.index("3.1")
        assert look(sim)["scheduler"] == (scheduler if named else None)
        assert len(sim.requests) == 1
        sim.clear_log()
        early = version in ("3.0.0", "3.0.2")
        provable = scheduler == "sedf" or (scheduler == "credit" and not early)
        assert look(sim, gather=["scheduler"])["scheduler"] == (scheduler if named or provable else None)
        asked = (
            ["cpu_sedf_get"] if early else ["domain_sched_credit_get", "cpu_sedf_get"][: 2 - (scheduler == "credit")]
        )
        assert [request.op for request in sim.requests if request.method == "POST"] == ([] if named else asked)


@pytest.mark.parametrize("version", ["3.0.0", "3.0.3"])
def test_a_control_domain_of_another_name_leaves_the_scheduler_unknown(sim: Simulator) -> None:
    sim.domain("Domain-0").name = "dom0"
    assert look(sim, gather=["scheduler"])["scheduler"] is None


# ---- the logs


@SOME
def test_the_ends_of_the_logs_are_returned_on_request_for_a_request_each(sim: Simulator) -> None:
    sim.host.log = "".join(f"line {number}\n" for number in range(100))
    sim.host.dmesg = "(XEN) one\n(XEN) two\n"
    result = look(sim, log_lines=2, dmesg_lines=1)
    assert (result["log"], result["dmesg"]) == (["line 98", "line 99"], ["(XEN) two"])
    assert [request.path for request in sim.requests] == ["/xend/node", "/xend/node/log", "/xend/node/dmesg"]


@SOME
def test_no_password_in_a_log_is_returned(sim: Simulator) -> None:
    sim.host.log = (
        "[2026-11-23 08:02:48 xend.XendDomainInfo] DEBUG (XendDomainInfo:86) XendDomainInfo.create(['vm', ['name', 'w'], "
        "['device', ['vfb', ['vncpasswd', 's3cret one'], ['type', 'vnc']]]])\n"
        "[2026-11-23 08:02:49 xend] DEBUG (DevController:110) writing {'vncpasswd': \"s3cret't\", 'vnc': '1'} to /local\n"
        "[2026-11-23 08:02:50 xend] INFO (SrvDomain:77) (vm (device (vfb (vncpasswd s3cret))))\n"
    )
    result = look(sim, log_lines=50)
    assert "s3cret" not in str(result)
    assert [line.count(MASK) for line in result["log"]] == [1, 1, 1]
    assert "['type', 'vnc']" in result["log"][0]
    assert "'vnc': '1'" in result["log"][1]


@SOME
def test_a_log_of_a_mebibyte_is_no_trouble(sim: Simulator) -> None:
    sim.host.log = "[2026-11-23 08:02:48 xend] INFO (SrvServer:112) 'vncpasswd'\n" * 18_000
    assert len(look(sim, log_lines=100_000)["log"]) == 18_000


@SOME
def test_an_empty_ring_has_no_lines(sim: Simulator) -> None:
    sim.host.dmesg = ""
    assert look(sim, dmesg_lines=5)["dmesg"] == []


@SOME
@pytest.mark.parametrize("option", ["log_lines", "dmesg_lines"])
def test_less_than_no_lines_are_refused_and_nothing_is_asked(sim: Simulator, option: str) -> None:
    result = look(sim, **{option: -1})
    assert result["failed"]
    assert f"{option} must be 0 or more" in result["msg"]
    assert sim.requests == []


# ---- what is no answer


@SOME
@pytest.mark.parametrize(
    "body",
    ["(domain (name x))", "(node)", "0", "(node (nr_cpus", "\x00\x01", "((node))", "", "<p>", "(" * 99, "it works"],
)
def test_a_node_that_is_none_is_an_error_that_names_xend(sim: Simulator, body: str) -> None:
    sim.faults.append(Fault("node", "status", status=200, body=body, content_type="application/sxp"))
    result = look(sim)
    assert result["failed"]
    assert sim.unix_url in result["msg"]


@SOME
@pytest.mark.parametrize("kind", ["html", "truncate", "refuse", "drop"])
def test_trouble_is_an_error(sim: Simulator, kind: str) -> None:
    sim.faults.append(Fault("node", kind, times=-1))
    assert look(sim)["failed"]


def test_numbers_that_are_none_are_kept_as_text() -> None:
    body = b"(node (nr_cpus many) (total_memory 1" + b"0" * 5000 + b") (xen_caps 'a b') (new thing))"
    with RawServer(http(body=body)) as server:
        result = run("xen_node_info", xend_url=server.url)
    assert (result["node"]["nr_cpus"], result["node"]["total_memory"], result["node"]["xen_caps"]) == (
        None,
        None,
        ["a", "b"],
    )
    assert result["node"]["more"] == {"nr_cpus": "many", "total_memory": "1" + "0" * 5000, "new": "thing"}
    assert result["xend"]["releases"] == []
