# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parameters of the sedf scheduler: durations, what is asked for, and that it was really taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dom0.xend.plugins.module_utils.schedulers.sedf import (
    MAX_WEIGHT,
    Sedf,
    ensure_sedf,
    judge,
    nanoseconds,
    read,
    target,
    wanted,
)
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import (
    InvalidRequest,
    NoSuchDomain,
    UnreadableReply,
    XendNoReply,
    XendRefused,
)
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import loads
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import Transport
from ansible_collections.dom0.xend.tests.unit.plugins.module_utils.recorded import FILES, replies
from tests.simulator import Fault, Simulator

MS = 1_000_000
DEFAULT = Sedf(period=100 * MS, slice=0, latency=0, extratime=True, weight=0)
CONFIG = "(vm (name web1) (memory 64) (vcpus 1) (image (linux (kernel /srv/xen/img/vmlinuz) (vcpus 1))))"


# ---- durations


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("20000000", 20 * MS),
        ("20ms", 20 * MS),
        ("20 ms", 20 * MS),
        (" 20ms ", 20 * MS),
        ("500us", 500_000),
        ("7ns", 7),
        ("1s", 1000 * MS),
        ("0.5s", 500 * MS),
        ("0.000000001s", 1),
        ("1.50ms", 1_500_000),
        ("1.0", 1),
        ("0ms", 0),
        ("007ms", 7 * MS),
        ("999999999999s", 999_999_999_999_000_000_000),
    ],
)
def test_a_duration_is_nanoseconds(text: str, number: int) -> None:
    assert nanoseconds(text, "period") == number


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "ms", "20 m", "20m", "20sec", "20 MS", "-20ms", "+20ms", "1e6", "20ms 1s", "20,5ms", ".5s", "5.s", "0x10",
        "1_000", "inf", "nan", "0.5", "0.5ns", "0.0001us", "1.0000000001s", "20  ms", "20ms\0", "None", "True",
    ],
)  # fmt: skip
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="period must be a time like 20ms"):
        nanoseconds(text, "period")


@given(st.integers(0, 10**18), st.sampled_from([("ns", 1), ("us", 10**3), ("ms", 10**6), ("s", 10**9)]), st.booleans())
def test_a_duration_is_the_same_in_every_unit(number: int, unit: tuple[str, int], blank: bool) -> None:
    word, factor = unit
    gap = " " if blank else ""
    assert nanoseconds(f"{number}{gap}{word}", "period") == number * factor
    assert nanoseconds(f"{number // factor}.{number % factor:0{len(str(factor)) - 1}d}{gap}{word}", "x") == number or (
        factor == 1
    )


@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    try:
        number = nanoseconds(text, "period")
    except InvalidRequest:
        return
    assert number >= 0


# ---- what is asked for


@pytest.mark.parametrize(
    ("options", "given"),
    [
        ({}, {}),
        ({"period": None, "weight": None}, {}),
        ({"period": "20ms", "slice": "5ms"}, {"period": 20 * MS, "slice": 5 * MS}),
        ({"latency": "0", "extratime": False}, {"latency": 0, "extratime": False}),
        ({"weight": 0, "period": "20ms"}, {"weight": 0, "period": 20 * MS}),
        ({"weight": MAX_WEIGHT}, {"weight": MAX_WEIGHT}),
        ({"name": "web1", "period": "1"}, {"period": 1}),
    ],
)
def test_what_is_given_is_wanted(options: dict[str, Any], given: dict[str, Any]) -> None:
    assert wanted(options) == given


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"weight": -1}, "weight must be between 0 and 32767"),
        ({"period": f"{2**63}"}, r"period must be less than 2\*\*63 nanoseconds"),
        ({"latency": "999999999999s"}, r"latency must be less than 2\*\*63 nanoseconds"),
        ({"weight": 32768}, "weight must be between 0 and 32767"),
        ({"weight": 1, "period": "20ms"}, "weight is mutually exclusive with period and slice"),
        ({"weight": 1, "slice": "0"}, "weight is mutually exclusive with period and slice"),
        ({"slice": "5 minutes"}, "slice must be a time"),
        ({"latency": "-1"}, "latency must be a time"),
    ],
)
def test_what_cannot_be_meant_is_refused(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidRequest, match=complaint):
        wanted(options)


WEIGHTED = Sedf(100 * MS, 40 * MS, 0, extratime=False, weight=3)
DOMAIN_0 = Sedf(20 * MS, 15 * MS, 0, extratime=True, weight=0, domid=0)


@pytest.mark.parametrize(
    ("current", "given", "asked"),
    [
        (DEFAULT, {}, DEFAULT),
        (DEFAULT, {"slice": 20 * MS}, Sedf(100 * MS, 20 * MS, 0, extratime=True, weight=0)),
        (DEFAULT, {"period": 10 * MS, "slice": 10 * MS}, Sedf(10 * MS, 10 * MS, 0, extratime=True, weight=0)),
        (DEFAULT, {"weight": 2}, Sedf(100 * MS, None, 0, extratime=True, weight=2)),
        (DOMAIN_0, {"weight": 2}, Sedf(100 * MS, None, 0, extratime=True, weight=2)),
        (WEIGHTED, {"weight": 5}, Sedf(100 * MS, None, 0, extratime=False, weight=5)),
        (WEIGHTED, {"latency": 1}, Sedf(100 * MS, None, 1, extratime=False, weight=3)),
        (WEIGHTED, {"latency": 0, "weight": 3}, WEIGHTED),
        (WEIGHTED, {"weight": 0}, Sedf(100 * MS, 40 * MS, 0, extratime=False, weight=0)),
        (WEIGHTED, {"weight": 0, "slice": 1}, Sedf(100 * MS, 1, 0, extratime=False, weight=0)),
    ],
)
def test_what_is_not_given_stays(current: Sedf, given: dict[str, Any], asked: Sedf) -> None:
    assert target(current, given, "web1") == asked


def judged(current: Sedf, given: dict[str, Any], name: str = "web1") -> None:
    judge(target(current, given, name), name)


@pytest.mark.parametrize("given", [{"slice": MS}, {"period": 50 * MS}, {"slice": 40 * MS}])
def test_times_for_a_domain_with_a_weight_are_a_riddle(given: dict[str, int]) -> None:
    with pytest.raises(InvalidRequest, match="set weight: 0 too"):
        target(WEIGHTED, given, "web1")


SHORT, LONG = "period must be between 10us and 10s", "slice must be 5us or more"


@pytest.mark.parametrize(
    ("current", "given", "early", "later"),
    [
        (DEFAULT, {"period": 0}, "period must not be 0", "period must not be 0"),
        (DEFAULT, {"slice": 200 * MS}, "is more than period", "is more than period"),
        (DOMAIN_0, {"period": 10 * MS}, "is more than period", "is more than period"),
        (Sedf(-1, 0, 0, extratime=True, weight=0), {"latency": 1}, "period must not be -1", "period must not be -1"),
        (
            Sedf(MS, 0, 0, extratime=True, weight=65535),
            {"latency": 1},
            "set a weight too",
            "set a weight too",
        ),
        (DEFAULT, {"period": 9_999, "slice": 5_000}, None, SHORT),
        (DEFAULT, {"period": 10_000, "slice": 5_000}, None, None),
        (DEFAULT, {"period": 10_000 * MS, "slice": 5_000}, None, None),
        (DEFAULT, {"period": 10_000 * MS + 1, "slice": 5_000}, None, SHORT),
        (DEFAULT, {"slice": 4_999}, None, LONG),
        (DEFAULT, {"latency": 1}, None, LONG),
        (DEFAULT, {"extratime": False}, None, LONG),
        (DEFAULT, {"extratime": False, "slice": 5_000}, None, None),
        (DEFAULT, {"weight": 1}, None, None),
        (WEIGHTED, {"weight": 0}, None, None),
    ],
)
@pytest.mark.parametrize("has_limits", [False, True])
def test_what_the_hypervisor_of_the_release_would_refuse_is_refused(
    current: Sedf, given: dict[str, Any], early: str | None, later: str | None, *, has_limits: bool
) -> None:
    current = replace(current, has_limits=has_limits, domid=7)
    complaint = later if has_limits else early
    if complaint is None:
        judged(current, given)
    else:
        with pytest.raises(InvalidRequest, match=complaint):
            judged(current, given)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"slice": 0, "extratime": False}, "never runs again, and neither does the host"),
        ({"slice": 2 * MS - 1, "extratime": False}, "less than 10 percent of the CPU time"),
        ({"slice": 2 * MS, "extratime": False}, None),
        ({"period": 1500 * MS, "slice": 400 * MS, "extratime": False}, "stops for more than a second"),
        ({"period": 1500 * MS, "slice": 500 * MS, "extratime": False}, None),
        ({"period": 1500 * MS, "slice": 400 * MS}, None),
        ({"weight": 1000, "extratime": False}, "depends on the weights of all guests"),
        ({"weight": 1}, None),
        ({"slice": 5_000}, None),
    ],
)
@pytest.mark.parametrize("name", ["Domain-0", "host"])
@pytest.mark.parametrize("has_limits", [False, True])
def test_domain_0_keeps_the_time_to_serve_its_host_under_whatever_name(
    given: dict[str, Any], complaint: str | None, name: str, *, has_limits: bool
) -> None:
    current = replace(DOMAIN_0, has_limits=has_limits)
    if complaint is None:
        judged(current, given, name)
    else:
        with pytest.raises(InvalidRequest, match=complaint):
            judged(current, given, name)


# ---- what xend says


@pytest.mark.parametrize(
    "text",
    [
        "\"{'latency': 0L, 'domain': 1, 'period': 100000000L, 'weight': 0, 'slice': 0L, 'extratime': 1}\"",
        "(sedf (domain 7) (period '100000000') (slice '0') (latency '0') (extratime 1) (weight 0))",
        "(sedf (domid 7) (period 100000000) (slice 0) (latency 0) (extratime 1) (weight 0))",
        "(sedf (domid 7) (period 100000000) (slice 0) (latency 0) (extratime 3) (weight 0) (new (x y)))",
    ],
)
def test_parameters_are_read_from_every_release(text: str) -> None:
    found = Sedf.from_reply(loads(text))
    assert found == DEFAULT
    assert found.domid in (1, 7)
    assert found.has_limits is text.startswith("(")


@pytest.mark.parametrize(
    "text",
    [
        "''",
        "()",
        "0",
        "(sedf)",
        "(sedf (period 1))",
        "(sedf (period x) (slice 0) (latency 0) (extratime 1) (weight 0))",
        "(sedf (period (1)) (slice 0) (latency 0) (extratime 1) (weight 0))",
        "(sedf (period ) (slice 0) (latency 0) (extratime 1) (weight 0))",
        "\"{'period': 1L}\"",
        "\"{'period': None, 'slice': 0, 'latency': 0, 'extratime': 1, 'weight': 0}\"",
    ],
)
def test_what_has_no_parameters_is_not_read_as_some(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Sedf.from_reply(loads(text))


@pytest.mark.parametrize("file", [file for file in FILES if "sedf" in file or file == "xend-3.0.0.jsonl"])
def test_every_recorded_answer_is_read(file: str) -> None:
    texts = [
        each.text
        for each in replies(file)
        if each.op == "cpu_sedf_get" and each.status == 200 and "period" in each.text
    ]
    assert texts
    for text in texts:
        assert f"{Sedf.from_reply(loads(text)).slice}" in text


# ---- against simulated xends


@pytest.fixture(name="sim", params=["3.0.0", "4.1"])
def _sim(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    with Simulator(str(request.param), scheduler="sedf", tcp=None) as sim:
        sim.create(CONFIG)
        yield sim


def client_of(sim: Simulator, *, read_only: bool = False) -> XendClient:
    """Return a client."""
    return XendClient(Transport(sim.unix_url, sleep=lambda _seconds: None), timeout=20, read_only=read_only)


def ops(sim: Simulator) -> list[str]:
    """Return the operations asked for."""
    return [request.op for request in sim.requests]


def test_all_five_are_sent_once_and_read_back(sim: Simulator) -> None:
    outcome = ensure_sedf(client_of(sim), "web1", {"slice": 20 * MS})
    assert outcome.sent is not None
    assert outcome.before == DEFAULT
    assert outcome.after == Sedf(100 * MS, 20 * MS, 0, extratime=True, weight=0)
    assert outcome.sent == {"period": 100 * MS, "slice": 20 * MS, "latency": 0, "extratime": 1, "weight": 0}
    assert ops(sim) == ["cpu_sedf_get", "cpu_sedf_set", "cpu_sedf_get"]
    assert sim.requests[1].params == {
        "op": ["cpu_sedf_set"],
        **{key: [str(value)] for key, value in outcome.sent.items()},
    }


def test_what_is_there_already_is_not_sent(sim: Simulator) -> None:
    outcome = ensure_sedf(client_of(sim), "web1", {"period": 100 * MS, "extratime": True, "weight": 0})
    assert outcome.sent is None
    assert ops(sim) == ["cpu_sedf_get"]


def test_a_read_only_client_foresees(sim: Simulator) -> None:
    outcome = ensure_sedf(client_of(sim, read_only=True), "web1", {"slice": 20 * MS})
    assert outcome.after.slice == 20 * MS
    assert ops(sim) == ["cpu_sedf_get"]


def test_a_weight_is_read_back_as_a_weight(sim: Simulator) -> None:
    assert ensure_sedf(client_of(sim), "web1", {"weight": 4}).after.weight == 4
    assert ensure_sedf(client_of(sim), "web1", {"weight": 4}).sent is None


def test_what_the_hypervisor_did_not_take_is_an_error_whatever_xend_says(sim: Simulator) -> None:
    sim.faults.append(Fault("cpu_sedf_set", "status", status=200, body="0", content_type="application/sxp"))
    with pytest.raises(XendRefused, match="but the hypervisor did not accept them: slice is 0, not 20000000"):
        ensure_sedf(client_of(sim), "web1", {"slice": 20 * MS})


def test_a_refusal_is_reported_with_the_rules(sim: Simulator) -> None:
    sim.faults.append(Fault("cpu_sedf_set", "refuse", message="(22, 'Invalid argument')"))
    with pytest.raises(XendRefused, match="Without a weight, the slice must not be longer"):
        ensure_sedf(client_of(sim), "web1", {"slice": 20 * MS})


@pytest.mark.parametrize("kind", ["drop", "drop_after", "hang"])
def test_a_set_without_a_reply_is_not_sent_again(sim: Simulator, kind: str) -> None:
    sim.faults.append(Fault("cpu_sedf_set", kind))
    client = XendClient(Transport(sim.unix_url, sleep=lambda _seconds: None), timeout=0.5)
    with pytest.raises(XendNoReply):
        ensure_sedf(client, "web1", {"slice": 20 * MS})
    assert ops(sim) == ["cpu_sedf_get", "cpu_sedf_set"]


def test_no_domain_is_reported_as_such(sim: Simulator) -> None:
    with pytest.raises(NoSuchDomain):
        ensure_sedf(client_of(sim), "nosuch", {"slice": 1})


@pytest.mark.parametrize("text", ["(sedf)", "''", "(sedf (period (1)) (slice 0) (latency 0) (extratime 1) (weight 0))"])
def test_an_answer_without_parameters_is_reported_as_unreadable(sim: Simulator, text: str) -> None:
    sim.faults.append(Fault("cpu_sedf_get", "status", status=200, body=text, content_type="application/sxp"))
    with pytest.raises(UnreadableReply, match="cannot be read as sedf parameters"):
        read(client_of(sim), "web1")


@pytest.mark.parametrize(
    ("version", "words"), [("3.0.0", "seems to run another scheduler"), ("4.1", "the credit scheduler")]
)
def test_another_scheduler_is_named_where_xend_names_it(version: str, words: str) -> None:
    with Simulator(version, scheduler="credit", tcp=None) as sim:
        sim.create(CONFIG)
        with pytest.raises(XendRefused, match=words):
            read(client_of(sim), "web1")
