# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check, real, real, check for the parameters of both schedulers: from each start, each setting, on each release.

The same holds as for xen_domain: a check says what a real run does, in all that it claims; ``changed`` is true if and
only if something was sent; what is shown as the state after is what xend then says; a second run finds nothing to do;
what is refused is refused by both in the same words, before anything is sent.

What is claimed and what is refused is then tried with any parameters at all, against the simulator as the judge.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dom0.xend.plugins.module_utils.schedulers import credit, sedf
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest, XendRefused
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import Transport
from tests.simulator import PERSONALITIES, Simulator
from tests.simulator.domains import Domain, Sedf
from tests.support.running import run, written

VERSIONS = tuple(PERSONALITIES)
MS = 1_000_000


def config(name: str) -> str:
    """Return the config of a domain with two vcpus, for every release."""
    return f"(vm (name {name}) (memory 64) (vcpus 2) (image (linux (kernel /k) (vcpus 2))))"


Start = Callable[[Simulator], Domain]


def fresh(sim: Simulator) -> Domain:
    """Start from a guest that runs, as created."""
    domain = sim.create(config("web1"))
    domain.unpause()
    return domain


def paused(sim: Simulator) -> Domain:
    """Start from a guest that has never run."""
    return sim.create(config("web1"))


def domain_0(sim: Simulator) -> Domain:
    """Start from the control domain."""
    return sim.domain("Domain-0")


def renamed_domain_0(sim: Simulator) -> Domain:
    """Start from the control domain under a name that does not tell."""
    domain = sim.domain("Domain-0")
    domain.name = "host"
    return domain


def halted(sim: Simulator) -> Domain:
    """Start from a managed domain that does not run."""
    return sim.define(config("web1"))


def with_slice(sim: Simulator) -> Domain:
    """Start from a guest with parameters of its own."""
    domain = fresh(sim)
    domain.sedf = Sedf(period=20 * MS, slice=5 * MS, latency=MS, extratime=0)
    return domain


def with_weight(sim: Simulator) -> Domain:
    """Start from one of two guests that share by weight, where the other counts for more."""
    other = sim.create(config("web2"))
    domain = fresh(sim)
    domain.sedf, other.sedf = Sedf(weight=100), Sedf(weight=300)
    sim.host.share_time()
    return domain


def with_cap(sim: Simulator) -> Domain:
    """Start from a guest that was created with a cap."""
    domain = fresh(sim)
    domain.weight, domain.cap = 512, 50
    return domain


SEDF_SETTINGS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "the default": {"period": "100ms", "slice": 0, "extratime": True, "weight": 0},
    "period and slice": {"period": "20ms", "slice": "5ms"},
    "slice": {"slice": "2ms"},
    "tiny": {"period": 20, "slice": 5},
    "long": {"period": "20s", "slice": "5s"},
    "too long a slice": {"period": "20ms", "slice": "30ms"},
    "latency": {"latency": "10ms"},
    "no extratime": {"extratime": False},
    "no extratime, half": {"extratime": False, "period": "20ms", "slice": "10ms"},
    "weight": {"weight": 100},
    "weight, no extratime": {"weight": 200, "extratime": False},
    "no weight": {"weight": 0},
    "times and no weight": {"period": "20ms", "slice": "5ms", "weight": 0},
}
CREDIT_SETTINGS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "the default": {"weight": 256, "cap": 0},
    "weight": {"weight": 512},
    "least weight": {"weight": 1},
    "most weight": {"weight": 65535},
    "cap": {"cap": 50},
    "most cap": {"cap": 200},
    "more cap": {"cap": 201},
    "least cap": {"cap": 1},
    "both": {"weight": 128, "cap": 150},
}


def sedf_refuses(version: str, start: Start, desired: str) -> bool:
    """Tell whether xen_sedf refuses: WIRE.md (g), and what is not done to Domain-0."""
    if start is halted or desired == "too long a slice":
        return True  # there is no such thing
    if start is with_weight and desired in ("period and slice", "slice", "tiny", "long", "no extratime, half"):
        return True  # a riddle: the weight decides about them
    if start in (domain_0, renamed_domain_0) and desired == "weight, no extratime":
        return True  # nobody knows what it would come to
    if version < "3.0.2":
        return False
    has_default_slice = start in (fresh, paused)
    if desired in ("latency", "no extratime"):
        return has_default_slice
    return desired in ("tiny", "long") or (desired == "the default" and not has_default_slice)


def credit_refuses(version: str, start: Start, desired: str) -> bool:
    """Tell whether xen_credit refuses: WIRE.md (g), the recordings of 3.2, and what is not done to Domain-0."""
    if start is halted and version < "3.3":
        return True
    is_domain_0 = start in (domain_0, renamed_domain_0)  # it has four vcpus, the others two
    if version < "3.2" and desired in (
        "most cap",
        "more cap",
        "least cap",
        "both",
        "the default" if start is with_cap else "cap",
    ):
        return True
    return (desired in ("least weight", "least cap")) if is_domain_0 else desired == "more cap"


@dataclass(frozen=True)
class Kind:
    """A scheduler under test."""

    name: str
    since: str
    set_op: str
    starts: tuple[Start, ...]
    settings: Mapping[str, dict[str, Any]]
    refuses: Callable[[str, Start, str], bool]
    requests: int
    """How many a run that changes something takes."""


SEDF = Kind(
    name="sedf",
    since="3.0.0",
    set_op="cpu_sedf_set",
    starts=(fresh, paused, with_slice, with_weight, domain_0, renamed_domain_0, halted),
    settings=SEDF_SETTINGS,
    refuses=sedf_refuses,
    requests=3,
)
CREDIT = Kind(
    name="credit",
    since="3.0.3",
    set_op="domain_sched_credit_set",
    starts=(fresh, paused, with_cap, domain_0, renamed_domain_0, halted),
    settings=CREDIT_SETTINGS,
    refuses=credit_refuses,
    requests=4,
)
FULLY = ("3.0.0", "3.0.3", "4.1")
"""The releases on which every start is tried; the others are spared those that differ in nothing that a release decides."""


def is_tried(kind: Kind, version: str, start: Start) -> bool:
    """Tell whether a start exists on a release, and is worth its time there."""
    if version < kind.since or (start is halted and version < "3.0.4"):
        return False
    return start not in (paused, renamed_domain_0) or version in FULLY or os.environ.get("HARNESS") == "full"


CASES = [
    pytest.param(kind, version, start, desired, id=f"{kind.name} {version}: {start.__name__}, {desired}")
    for kind in (SEDF, CREDIT)
    for version, start, desired in itertools.product(VERSIONS, kind.starts, kind.settings)
    if is_tried(kind, version, start)
]


@pytest.mark.parametrize(("kind", "version", "start", "label"), CASES)
def test_a_check_is_correct_and_a_second_run_finds_nothing_to_do(
    kind: Kind, version: str, start: Start, label: str
) -> None:
    desired = kind.settings[label]
    with Simulator(version, scheduler=kind.name, tcp=None) as sim:
        domain = start(sim)
        parameters = (domain.sedf, domain.weight, domain.cap)

        def tune(*, check: bool, **arguments: Any) -> tuple[dict[str, Any], list[str]]:
            sim.clear_log()
            result = run(f"xen_{kind.name}", check=check, xend_url=sim.unix_url, name=domain.name, **arguments)
            return result, written(sim)

        foreseen, sent = tune(check=True, **desired)
        assert sent == []
        asked = len(sim.requests)
        done, sent = tune(check=False, **desired)
        assert bool(done.get("failed")) == kind.refuses(version, start, label), done.get("msg")
        if done.get("failed"):
            assert (foreseen["failed"], foreseen["msg"]) == (True, done["msg"])
            assert (sent, (domain.sedf, domain.weight, domain.cap)) == ([], parameters)
            return

        assert (asked, len(sim.requests)) == ((kind.requests - 2, kind.requests) if sent else (1, 1))
        assert sent == ([kind.set_op] if done["changed"] else [])
        assert foreseen["changed"] is done["changed"]
        assert foreseen["operations"] == done["operations"]
        assert foreseen["diff"]["before"] == done["diff"]["before"]
        assert foreseen[kind.name] == foreseen["diff"]["after"] == claimed(foreseen[kind.name], done[kind.name])
        assert done[kind.name] == done["diff"]["after"]
        for check in (False, True):
            again, sent = tune(check=check, **desired)
            assert (sent, again["changed"], again["operations"], len(sim.requests)) == ([], False, [], 1)
            assert again["diff"]["before"] == again["diff"]["after"] == done["diff"]["after"]
        assert tune(check=False)[0][kind.name] == done[kind.name]


def claimed(foreseen: Mapping[str, Any], done: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was done, without what a check does not claim: the slice that goes with a weight, and nothing else."""
    unknown = {key for key, value in foreseen.items() if value is None}
    assert unknown <= ({"slice"} if foreseen.get("weight") else set())
    assert None not in done.values()
    return {key: None if key in unknown else value for key, value in done.items()}


# ---- any parameters at all


@pytest.fixture(name="sims", scope="module")
def _sims() -> Iterator[dict[tuple[str, str], Simulator]]:
    kinds = [(version, kind) for kind in (SEDF, CREDIT) for version in VERSIONS if version >= kind.since]
    sims = {(kind.name, version): Simulator(version, scheduler=kind.name, tcp=None) for version, kind in kinds}
    for sim in sims.values():
        sim.start()
        fresh(sim)
    yield sims
    for sim in sims.values():
        sim.stop()


def client_of(sim: Simulator, *, read_only: bool = False) -> XendClient:
    """Return a client."""
    return XendClient(Transport(sim.unix_url), timeout=20, read_only=read_only)


TIMES = st.one_of(
    st.integers(0, 20 * 10**9),
    st.sampled_from([0, 1, 4_999, 5_000, 9_999, 10_000, 10**10, 10**10 + 1, 2**63 - 1, 2**63, 10**20]),
)
WEIGHTS = st.one_of(st.integers(-5, 70_000), st.sampled_from([0, 1, 256, 32767, 32768, 65535, 65536]))
SEDF_STARTS = st.builds(
    Sedf,
    period=st.integers(10_000, 10**10),
    slice=st.integers(0, 10_000),
    latency=st.integers(0, 10**9),
    extratime=st.integers(0, 1),
    weight=st.sampled_from([0, 0, 7]),
)
SEDF_OPTIONS = st.fixed_dictionaries(
    {}, optional={"period": TIMES, "slice": TIMES, "latency": TIMES, "extratime": st.booleans(), "weight": WEIGHTS}
)


@given(st.sampled_from(VERSIONS), SEDF_STARTS, SEDF_OPTIONS)
def test_sedf_parameters_are_taken_if_and_only_if_the_hypervisor_takes_them(
    sims: dict[tuple[str, str], Simulator], version: str, start: Sedf, options: dict[str, Any]
) -> None:
    sim = sims["sedf", version]
    domain = sim.domain("web1")

    def reset() -> None:
        domain.sedf = replace(start)
        sim.host.share_time()

    reset()
    before = sedf.read(client_of(sim), "web1").as_dict()
    try:
        foreseen = sedf.ensure_sedf(client_of(sim, read_only=True), "web1", sedf.wanted(options))
    except InvalidRequest:
        reset()
        times_with_weight = options.get("weight", start.weight) and {"period", "slice"} & set(options)
        assert times_with_weight or not takes(
            lambda: client_of(sim).set_sedf("web1", {key: int(value) for key, value in {**before, **options}.items()}),
            lambda: sedf.read(client_of(sim), "web1").as_dict(),
            options,
        )
        return
    done = sedf.ensure_sedf(client_of(sim), "web1", sedf.wanted(options))
    assert claimed(foreseen.after.as_dict(), done.after.as_dict()) == foreseen.after.as_dict()
    assert (foreseen.before, foreseen.sent, foreseen.warnings) == (done.before, done.sent, done.warnings)
    assert done.after == sedf.read(client_of(sim), "web1")
    assert {key: getattr(done.after, key) for key in options} == options


CREDIT_OPTIONS = st.fixed_dictionaries(
    {}, optional={"weight": WEIGHTS, "cap": st.one_of(st.integers(-5, 400), st.sampled_from([0, 200, 201, 10**20]))}
)


@given(
    st.sampled_from([version for version in VERSIONS if version >= CREDIT.since]),
    st.integers(1, 65535),
    st.integers(0, 250),
    CREDIT_OPTIONS,
)
def test_credit_parameters_are_taken_if_and_only_if_xend_takes_them(
    sims: dict[tuple[str, str], Simulator], version: str, weight: int, cap: int, options: dict[str, Any]
) -> None:
    sim = sims["credit", version]
    domain = sim.domain("web1")
    cap = min(cap, 200) if version < "3.2" else cap  # what becomes of another one there, nobody has seen
    domain.weight, domain.cap = weight, cap
    before = {"weight": weight, "cap": cap}
    try:
        foreseen = credit.ensure_credit(client_of(sim, read_only=True), "web1", credit.wanted(options))
    except InvalidRequest:
        assert not takes(
            lambda: client_of(sim).set_credit("web1", {**before, **options}),
            lambda: credit.read(client_of(sim), "web1").as_dict(),
            options,
        )
        return
    done = credit.ensure_credit(client_of(sim), "web1", credit.wanted(options))
    assert foreseen == done
    assert done.after.as_dict() == {**before, **options}
    assert done.after == credit.read(client_of(sim), "web1")


def takes(send: Callable[[], None], read: Callable[[], dict[str, Any]], options: Mapping[str, Any]) -> bool:
    """Tell whether xend takes parameters that are sent as they were given, and keeps them."""
    try:
        send()
    except XendRefused:
        return False
    found = read()
    return {key: found[key] for key in options} == options
