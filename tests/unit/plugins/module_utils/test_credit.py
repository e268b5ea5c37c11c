# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parameters of the credit scheduler: what is read, what is asked for and how often, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dom0.xend.plugins.module_utils.schedulers.credit import Credit, ensure_credit, read, wanted
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import (
    InvalidRequest,
    UnknownOperation,
    UnreadableReply,
    XendNoReply,
    XendRefused,
)
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import within
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import loads
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import Transport
from ansible_collections.dom0.xend.tests.unit.plugins.module_utils.recorded import FILES, replies
from tests.simulator import Fault, Simulator

CONFIG = "(vm (name web1) (memory 64) (vcpus 2) (image (linux (kernel /srv/xen/img/vmlinuz) (vcpus 2))))"
GET, SET = "domain_sched_credit_get", "domain_sched_credit_set"


def client_of(sim: Simulator, *, read_only: bool = False, timeout: float = 20) -> XendClient:
    """Return a client."""
    transport = Transport(sim.unix_url, sleep=lambda _seconds: None)
    return XendClient(transport, timeout=timeout, read_only=read_only)


def ops(sim: Simulator) -> list[str]:
    """Return the operations asked for, "get" for a look at the domain."""
    return [request.op or "get" for request in sim.requests]


# ---- what xend says


@pytest.mark.parametrize(
    "text",
    ["\"{'cap': 50, 'weight': 512}\"", "\"{'weight': 512L, 'cap': 50L}\"", "\"{'weight': 512, 'new': 1, 'cap': 50}\""],
)
def test_parameters_are_read_in_any_order(text: str) -> None:
    assert Credit.from_reply(loads(text)) == Credit(weight=512, cap=50)


@pytest.mark.parametrize(
    "text", ["''", "()", "0", "\"{'weight': 512}\"", "\"{'cap': None, 'weight': 1}\"", "(weight 1)"]
)
def test_what_has_no_parameters_is_not_read_as_some(text: str) -> None:
    with pytest.raises(ValueError, match="not credit parameters"):
        Credit.from_reply(loads(text))


@pytest.mark.parametrize("file", [f"xend-{name}.jsonl" for name in within("3.0.3 to 4.4")])
def test_every_recorded_answer_is_read(file: str) -> None:
    texts = [each.text for each in replies(file) if each.op == GET and each.status == 200]
    assert texts
    for text in texts:
        found = Credit.from_reply(loads(text))
        assert text.strip('"') == str({"cap": found.cap, "weight": found.weight})


def recorded(file: str) -> dict[str, Any]:
    """Return what a recorded xend had after each attempt to set: slug -> its parameters, None where it refused."""
    after = {each.slug: each for each in replies(file) if each.op in (GET, SET)}
    return {
        slug: None if after[slug].text != "0" else Credit.from_reply(loads(after[f"{slug}-get"].text))
        for slug in after
        if after[slug].op == SET
    }


@pytest.mark.parametrize("file", [f"xend-{name}.jsonl" for name in within("3.0.3 to 3.1")])
def test_up_to_3_1_a_cap_was_recorded_to_be_dropped_in_silence(file: str) -> None:
    found = recorded(file)
    assert found["credit-set"] == Credit(weight=512, cap=0)  # a cap of 50 was asked for
    assert found["credit-bigcap"] == found["credit-negcap"] == Credit(weight=256, cap=0)
    assert found["credit-zero-weight"] is found["credit-bigweight"] is found["credit-neg"] is None


@pytest.mark.parametrize("file", [f"xend-{name}.jsonl" for name in within("3.2 to 4.4")])
def test_from_3_2_on_a_cap_was_recorded_to_be_set_within_its_limits(file: str) -> None:
    found = recorded(file)
    assert found["credit-set"] == Credit(weight=512, cap=50)
    assert {slug for slug, after in found.items() if after} == {"credit-set"}
    assert {"credit-weight-only", "credit-bigcap", "credit-negcap", "credit-zero-weight"} <= set(found)


@pytest.mark.parametrize("file", [file for file in FILES if "sedf" not in file])
def test_a_halted_domain_was_recorded_to_have_parameters_from_3_3_on(file: str) -> None:
    found = [each.status for each in replies(file) if each.slug == "man-credit"]
    refusing = {f"xend-{name}.jsonl": [500] for name in within("3.0.4 to 3.2")}
    answering = {f"xend-{name}.jsonl": [200] for name in within("3.3 to 4.4")}
    assert found == {**refusing, **answering}.get(file, [])


# ---- what is asked for


@pytest.mark.parametrize(
    ("options", "given"),
    [
        ({}, {}),
        ({"weight": None, "cap": None}, {}),
        ({"weight": 1, "name": "web1"}, {"weight": 1}),
        ({"weight": 65535, "cap": 0}, {"weight": 65535, "cap": 0}),
        ({"cap": 350}, {"cap": 350}),
    ],
)
def test_what_is_given_is_wanted(options: dict[str, Any], given: dict[str, int]) -> None:
    assert wanted(options) == given


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"weight": 0}, "weight must be between 1 and 65535, not 0"),
        ({"weight": 65536}, "weight must be between 1 and 65535, not 65536"),
        ({"weight": -1, "cap": 0}, "weight must be between 1 and 65535, not -1"),
        ({"cap": -1}, "cap must be a percentage, or 0 for no cap, not -1"),
    ],
)
def test_what_no_domain_can_have_is_refused(options: dict[str, int], complaint: str) -> None:
    with pytest.raises(InvalidRequest, match=complaint):
        wanted(options)


# ---- against simulated xends


@pytest.mark.parametrize(
    ("version", "given", "sent"),
    [
        ("3.0.3", {"weight": 512}, {"weight": 512}),
        ("3.1", {"weight": 512, "cap": 0}, {"weight": 512}),
        ("3.2", {"weight": 512}, {"weight": 512, "cap": 0}),
        ("4.1", {"cap": 200}, {"weight": 256, "cap": 200}),
    ],
)
def test_what_a_release_wants_is_sent_once_and_read_back(
    version: str, given: dict[str, int], sent: dict[str, int]
) -> None:
    with Simulator(version, scheduler="credit", tcp=None) as sim:
        sim.create(CONFIG)
        outcome = ensure_credit(client_of(sim), "web1", given)
        assert outcome.before == Credit(256, 0)
        assert outcome.after.as_dict() == {"weight": 256, "cap": 0, **given}
        assert outcome.sent == sent
        assert ops(sim) == [GET, "get", SET, GET]
        assert sim.requests[2].params == {"op": [SET], **{key: [str(value)] for key, value in sent.items()}}


@pytest.mark.parametrize("given", [{}, {"weight": 256}, {"cap": 0}, {"weight": 256, "cap": 0}])
def test_what_is_there_already_takes_one_request(given: dict[str, int]) -> None:
    with Simulator("4.1", scheduler="credit", tcp=None) as sim:
        sim.create(CONFIG)
        assert ensure_credit(client_of(sim), "web1", given).sent is None
        assert ops(sim) == [GET]


@pytest.mark.parametrize("version", ["3.0.3", "3.0.4", "3.1"])
def test_a_cap_that_would_be_dropped_is_refused_with_what_else_to_do(version: str) -> None:
    with Simulator(version, scheduler="credit", tcp=None) as sim:
        sim.create(CONFIG)
        for read_only in (True, False):
            with pytest.raises(InvalidRequest, match=r"cannot be changed.* xm sched-credit"):
                ensure_credit(client_of(sim, read_only=read_only), "web1", {"weight": 512, "cap": 50})
        assert SET not in ops(sim)


def test_a_cap_that_the_vcpus_no_longer_allow_is_reported_though_only_a_weight_is_given() -> None:
    with Simulator("4.1", scheduler="credit", tcp=None) as sim:
        sim.create(CONFIG).cap = 300
        with pytest.raises(
            InvalidRequest, match="cap must be 200 or less for web1, 100 for each of its 2 vcpus, not 300"
        ):
            ensure_credit(client_of(sim), "web1", {"weight": 512})


@pytest.mark.parametrize("version", ["3.0.0", "3.0.2"])
def test_a_release_without_the_scheduler_is_reported_as_such(version: str) -> None:
    with Simulator(version, tcp=None) as sim:
        sim.create(CONFIG)
        with pytest.raises(UnknownOperation, match=r"earlier have no credit scheduler.*dom0.xend.xen_sedf"):
            read(client_of(sim), "web1")
        assert ops(sim) == [GET]


@pytest.mark.parametrize("text", ["(weight 1)", "''", "\"{'weight': 1}\""])
def test_an_answer_without_parameters_is_reported_as_unreadable(text: str) -> None:
    with Simulator("4.1", scheduler="credit", tcp=None) as sim:
        sim.create(CONFIG)
        sim.faults.append(Fault(GET, "status", status=200, body=text, content_type="application/sxp"))
        with pytest.raises(UnreadableReply, match="cannot be read as credit parameters"):
            read(client_of(sim), "web1")


@pytest.mark.parametrize("kind", ["drop", "drop_after", "hang"])
def test_a_set_without_a_reply_is_not_sent_again(kind: str) -> None:
    with Simulator("4.1", scheduler="credit", tcp=None) as sim:
        sim.create(CONFIG)
        sim.faults.append(Fault(SET, kind))
        with pytest.raises(XendNoReply):
            ensure_credit(client_of(sim, timeout=0.5), "web1", {"weight": 512})
        assert ops(sim) == [GET, "get", SET]


def test_an_error_in_a_good_answer_is_an_error() -> None:
    with Simulator("3.0.3", scheduler="credit", tcp=None) as sim:
        sim.create(CONFIG)
        body = "(xend.err \"(22, 'Invalid argument')\")"
        sim.faults.append(Fault(SET, "status", status=200, body=body, content_type="application/sxp"))
        with pytest.raises(XendRefused, match=r"Invalid argument.*The weight is between 1 and 65535") as caught:
            ensure_credit(client_of(sim), "web1", {"weight": 512})
        assert caught.value.reason == "(22, 'Invalid argument')"


def test_what_was_not_taken_is_an_error_whatever_xend_says() -> None:
    with Simulator("4.1", scheduler="credit", tcp=None) as sim:
        sim.create(CONFIG)
        sim.faults.append(Fault(SET, "status", status=200, body="0", content_type="application/sxp"))
        with pytest.raises(XendRefused, match="did not accept them: weight is 256, not 512, cap is 0, not 50"):
            ensure_credit(client_of(sim), "web1", {"weight": 512, "cap": 50})


# ---- Domain-0, which works for all guests


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"weight": 1}, "weight must be at least 26 for Domain-0"),
        ({"weight": 25}, "weight must be at least 26 for Domain-0"),
        ({"cap": 1}, "cap must be at least 10 for Domain-0, or 0 for no cap"),
        ({"cap": 9, "weight": 512}, "cap must be at least 10 for Domain-0, or 0 for no cap"),
    ],
)
@pytest.mark.parametrize("name", ["Domain-0", "host"])
def test_domain_0_is_not_starved_under_whatever_name(given: dict[str, int], complaint: str, name: str) -> None:
    with Simulator("4.1", scheduler="credit", tcp=None) as sim:
        sim.domain("Domain-0").name = name
        with pytest.raises(InvalidRequest, match=complaint):
            ensure_credit(client_of(sim), name, given)
        assert SET not in ops(sim)


@pytest.mark.parametrize(
    ("given", "warnings"),
    [
        ({"weight": 26}, ["a weight of 26, less than the default of a guest"]),
        (
            {"weight": 255, "cap": 10},
            ["a weight of 255, less than the default of a guest", "a cap, 10 percent of one CPU"],
        ),
        ({"cap": 400}, ["a cap, 400 percent of one CPU"]),
        ({"weight": 1024}, []),
    ],
)
def test_what_slows_the_guests_down_is_done_to_domain_0_with_a_warning(
    given: dict[str, int], warnings: list[str]
) -> None:
    with Simulator("4.1", scheduler="credit", tcp=None) as sim:
        outcome = ensure_credit(client_of(sim), "Domain-0", given)
        assert len(outcome.warnings) == len(warnings)
        assert all(words in warning for words, warning in zip(warnings, outcome.warnings))


def test_domain_0_can_be_brought_back_from_too_little_step_by_step() -> None:
    with Simulator("4.1", scheduler="credit", tcp=None) as sim:
        domain_0 = sim.domain("Domain-0")
        domain_0.weight, domain_0.cap = 1, 1
        ensure_credit(client_of(sim), "Domain-0", {"cap": 0})
        ensure_credit(client_of(sim), "Domain-0", {"weight": 256})
        assert (domain_0.weight, domain_0.cap) == (256, 0)
