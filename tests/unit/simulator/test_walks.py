# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random walks through the life of a guest: the simulator answers as the table of recorded answers says, and stays sound.

Where a release was not recorded in a state, the nearest release that was decides whether the operation is done or refused.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conformance import answers
from tests.conformance.recordings import Response
from tests.simulator import PERSONALITIES, ManualClock, Simulator

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Callable

    from .conftest import Answer

VERSIONS = list(PERSONALITIES)
TABLE = answers.stored()
NAME = "walker"
PATH = f"/xend/domain/{NAME}"
PARAMETERS: dict[str, dict[str, str]] = {
    "shutdown": {"reason": "poweroff"},
    "sysrq": {"key": "115"},
    "mem_target_set": {"target": "32"},
    "set_vcpus": {"vcpus": "1"},
    "devices": {"type": "vbd"},
}
READING = {"GET", "vcpuinfo", "devices", "cpu_sedf_get", "domain_sched_credit_get", "wait_for_devices"}
GUESTS = ("", "rig.ignore_shutdown", "rig.crash_after=2", "rig.poweroff_after=2")
ENDS = ("destroy", "preserve")
KNOWN_DIFFERENCES: dict[tuple[str, str], set[str]] = {}
"""Operation and state -> releases that differ from their nearest recorded one, and why that is known."""

STEPS = st.one_of(
    st.sampled_from([*answers.IN_ORDER, "create", "new"]).map(lambda name: (name, 0.0)),
    st.sampled_from([0.3, 1.5, 40.0]).map(lambda seconds: ("wait", seconds)),
)


class Walk:
    """One guest on one simulated xend, and what must hold at each step."""

    def __init__(self, simulator: Simulator, ask: Callable[..., Answer], guest: str, end: str) -> None:
        """Take a guest's kernel arguments and what becomes of it when it stops."""
        self.simulator = simulator
        self.ask = ask
        self.config = (
            f"(vm (name {NAME}) (memory 64) (vcpus 1) (on_poweroff {end}) (on_crash {end}) (image (linux (kernel /boot/k)"
            f" (args '{guest}') (vcpus 1))) (device (vbd (uname phy:vg0/w) (dev sda1) (mode w))) (device (vif (bridge xenbr0))))"
        )

    def take_all(self, steps: Iterable[tuple[str, float]]) -> None:
        """Do one step after the other."""
        for step in steps:
            self.take(step)

    def take(self, step: tuple[str, float]) -> None:
        """Do one step."""
        name, seconds = step
        clock = self.simulator.host.clock
        assert isinstance(clock, ManualClock)
        if name == "wait":
            clock.advance(seconds)
        elif name in ("create", "new"):
            if name == "create" or self.simulator.personality.managed:
                self.ask(self.simulator, "/xend/domain", op=name, config=self.config)
        elif name in ("GET", "vcpuinfo") or name in self.simulator.personality.operations:
            self._operate(name)
        self._check_soundness()

    def _operate(self, name: str) -> None:
        state = answers.state_asked_for(self.simulator, PATH)
        before = self.ask(self.simulator, PATH)
        form = {} if name == "GET" else {"op": name, **PARAMETERS.get(name, {})}
        got = self.ask(self.simulator, PATH, patience=2.0, **form)
        said = answers.summary(Response(got.status, body=got.body))
        self._check_table(name, state, said)
        if name in READING or _is_refused(said):
            assert self.ask(self.simulator, PATH) == before, (
                f"{name} in state {state} said {said} and changed the domain"
            )

    def _check_table(self, name: str, state: str, said: str) -> None:
        version = self.simulator.personality.version
        seen = TABLE.get(name, {}).get(state, {})
        if version in seen:
            assert said in seen[version], f"{version}: {name} in state {state}"
            return
        near = nearest(version, seen)
        if near and version not in KNOWN_DIFFERENCES.get((name, state), ()):
            assert _is_refused(said) in {_is_refused(each) for each in seen[near]}, (
                f"{version}: {name} in state {state} says {said}, and {near} was recorded to say {seen[near]}"
            )

    def _check_soundness(self) -> None:
        with self.simulator.host.lock:
            self.simulator.host.settle()
            domains = list(self.simulator.host.domains)
        ids = [each.domid for each in domains if each.domid is not None]
        names = [each.name for each in domains if not each.zombie]
        assert len(ids) == len(set(ids))
        assert len(names) == len(set(names))
        listed = self.ask(self.simulator, "/xend/domain").body.strip("()").split()
        assert set(listed) <= {each.name for each in domains}
        for each in domains:
            status = self.ask(self.simulator, f"/xend/domain/{each.name}").status
            assert status == 200, f"{each.name} is there and cannot be asked for"


def _is_refused(said: str) -> bool:
    return said[:1] in "45" or "xend.err" in said


def nearest(version: str, seen: object) -> str:
    """Return the recorded release that is nearest in the order of releases, the earlier of two; empty if none is."""
    assert isinstance(seen, dict)
    place = VERSIONS.index(version)
    return min(seen, key=lambda each: (abs(VERSIONS.index(each) - place), VERSIONS.index(each)), default="")


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(guest=st.sampled_from(GUESTS), end=st.sampled_from(ENDS), steps=st.lists(STEPS, min_size=10, max_size=40))
def test_a_walk_is_answered_as_recorded(
    version: str, ask: Callable[..., Answer], guest: str, end: str, steps: list[tuple[str, float]]
) -> None:
    with Simulator(version, clock=ManualClock()) as simulator:
        walk = Walk(simulator, ask, guest, end)
        walk.take(("create", 0.0))
        walk.take_all(steps)


BROKEN: dict[str, dict[str, object]] = {
    "3.0.0": {"missing_domain_is_empty": True},
    "3.0.2": {"missing_domain_is_empty": True},
    "3.1": {"missing_domain_is_empty": False},
    "3.2": {"missing_domain_is_empty": False},
    "4.1": {"needs_power": frozenset()},
}
STRAIGHT = ("unpause", "shutdown", "wait", "pause", "destroy", "wait", "GET")


@pytest.mark.parametrize("version", list(BROKEN))
def test_a_walk_notices_a_release_that_answers_otherwise(version: str, ask: Callable[..., Answer]) -> None:
    personality = replace(PERSONALITIES[version], **BROKEN[version])  # type: ignore[arg-type]
    with Simulator(personality, clock=ManualClock()) as simulator:
        walk = Walk(simulator, ask, "", "preserve")
        walk.take(("create", 0.0))
        with pytest.raises(AssertionError, match="in state"):
            walk.take_all((name, 40.0) for name in STRAIGHT)
