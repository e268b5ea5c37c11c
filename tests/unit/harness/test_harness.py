# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The heart of the tests: check, real, real again, check again, for each state to start from and each to arrive at.

For every pair, on every personality of the simulator:

* check runs send nothing that changes anything;
* the check run says what the real run does: the same changed, the same operations, the same diff, the same domain;
* ``changed`` is true if and only if something was sent;
* what the diff shows as the state after is what xen_domain_info reads;
* a second real run, and a check after it, find nothing to do.

What is refused is refused by both, in the same words, and leaves the domain as it was.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from tests.simulator import PERSONALITIES, ManualClock, Simulator
from tests.support.foresight import foreseeable, view_of
from tests.support.running import passing_time, run, use_clock, written

VERSIONS = tuple(PERSONALITIES)

NAME = "web1"
DESCRIBED: dict[str, Any] = {
    "memory": 128,
    "vcpus": 2,
    "image": {"kernel": "/srv/xen/img/vmlinuz", "root": "/dev/sda1 ro", "args": '4 quote="x y" it=\'s'},
    "vbds": [{"uname": "phy:vg0/web1", "dev": "sda1", "mode": "w!"}, {"uname": "file:/srv/a b.img", "dev": "hda"}],
    "vifs": [{"mac": "00:16:3E:00:00:01", "bridge": "xenbr0", "ip": ["10.0.0.1"]}, {"bridge": "xenbr1"}],
    "on_crash": "preserve",
}


def config(version: str, *, args: str = "", memory: int = 128, **events: str) -> str:
    """Return the config of the domain to start from, with the words that drive its guest."""
    vcpus = "(vcpus 2)"
    inside, outside = (vcpus, "") if version < "3.0.4" else ("", vcpus)
    ends = "".join(f"({key} {value})" for key, value in {"on_crash": "preserve", **events}.items())
    return (
        f"(vm (name {NAME}) (memory {memory}) {outside} {ends}"
        f" (image (linux (kernel /srv/xen/img/vmlinuz) (root '/dev/sda1 ro') (args '{args}') {inside}))"
        " (device (vbd (uname phy:vg0/web1) (dev sda1) (mode 'w!')))"
        " (device (vif (mac 00:16:3e:00:00:01) (bridge xenbr0))))"
    )


def absent(_sim: Simulator) -> None:
    """Start from nothing."""


def running(sim: Simulator, **how: Any) -> None:
    """Start from a guest that has run for a while."""
    sim.create(config(sim.version, **how)).unpause()
    advance(sim, 5)


def running_to_be_preserved(sim: Simulator) -> None:
    """Start from a guest that is preserved once it has shut down."""
    running(sim, on_poweroff="preserve")


def running_to_be_restarted(sim: Simulator) -> None:
    """Start from a guest that xend starts again once it has shut down."""
    running(sim, on_poweroff="restart")


def running_with_less_memory(sim: Simulator) -> None:
    """Start from a guest that is not as declared."""
    running(sim, memory=64)


def paused(sim: Simulator) -> None:
    """Start from a guest that was paused while it ran."""
    running(sim)
    sim.domain(NAME).pause()


def never_run(sim: Simulator) -> None:
    """Start from what an interrupted create leaves."""
    sim.create(config(sim.version))


def shut_down(sim: Simulator) -> None:
    """Start from a guest that shut down and was preserved."""
    running_to_be_preserved(sim)
    sim.domain(NAME).power_off()
    advance(sim, 5)


def crashed(sim: Simulator) -> None:
    """Start from a guest that crashed and was preserved."""
    running(sim)
    sim.domain(NAME).crash()
    advance(sim, 5)


def halted(sim: Simulator) -> None:
    """Start from a managed domain that does not run."""
    sim.define(config(sim.version))


STARTS: dict[str, Callable[[Simulator], None]] = {
    start.__name__: start
    for start in (
        absent,
        running,
        running_to_be_preserved,
        running_to_be_restarted,
        running_with_less_memory,
        paused,
        never_run,
        shut_down,
        crashed,
        halted,
    )
}
ONLY_FROM = {"halted": "3.0.4"}
"""Starts that exist from a release on."""

OPTIONS: dict[str, dict[str, Any]] = {
    "nothing else": {},
    "described": DESCRIBED,
    "force": {"force": True},
    "described, force": {**DESCRIBED, "force": True},
    "as config": {"config": "CONFIG"},
}
CHANGES: dict[str, dict[str, Any]] = {
    "less memory": {"memory": 32},
    "more memory": {"memory": 256, "maxmem": 512},
    "less memory and maxmem": {"memory": 64, "maxmem": 64},
    "fewer vcpus": {"vcpus": 1},
    "more vcpus": {"vcpus": 4},
    "another disk": {"vbds": [{"uname": "phy:vg0/other", "dev": "sda1", "mode": "w"}]},
    "another disk, with leave": {
        "vbds": [{"uname": "phy:vg0/other", "dev": "sda1", "mode": "w"}],
        "change_vbds": True,
    },
    "one more disk": {"vbds": [{"uname": "phy:vg0/more", "dev": "sdb1", "mode": "r"}]},
    "another bridge": {"vifs": [{"mac": "00:16:3e:00:00:01", "bridge": "xenbr9"}]},
    "no devices": {"vbds": [], "purge_vbds": True, "vifs": [], "purge_vifs": True},
    "only other devices": {
        "vbds": [{"uname": "phy:vg0/only", "dev": "xvda"}],
        "purge_vbds": True,
        "vifs": [{"mac": "00:16:3e:00:00:02"}],
        "purge_vifs": True,
    },
    "replaced if needed": {**DESCRIBED, "on_reboot": "preserve", "recreate": "if_needed"},
    "replaced if needed, by force": {**DESCRIBED, "on_reboot": "preserve", "recreate": "if_needed", "force": True},
}
FILE = {"save_file": "/srv/xen/state/web1.chk"}
ASKED: dict[str, dict[str, dict[str, Any]]] = {
    "running": {**OPTIONS, **CHANGES},
    "paused": {**OPTIONS, **CHANGES},
    "stopped": OPTIONS,
    "absent": OPTIONS,
    "restarted": {"nothing else": {}, "described": DESCRIBED},
    "saved": {"nothing else": FILE, "described": {**DESCRIBED, **FILE}},
    "defined": {"nothing else": {}, "described": DESCRIBED, "as config": {"config": "CONFIG"}},
}
"""The desired_options that are tried with each state."""

PRESERVED = {"shut_down", "crashed"}
UP = {"running", "paused", "restarted"}


def is_refused(version: str, start: str, state: str, desired: dict[str, Any]) -> bool:
    """Tell whether a combination is refused; the reasons are in xen_domain's documentation."""
    described = "config" in desired or {"memory", "image"} <= set(desired)
    if state == "defined" and version < "3.0.4":
        return True  # xend keeps no definitions
    if start == "absent":
        return state in UP | {"defined"} and not described  # there is nothing to create it from
    replaced = "recreate" in desired
    if version == "3.0.0" and state == "restarted" and start not in {"halted", *PRESERVED} and _has_an_ip(desired):
        return True  # it would not survive that
    if start in PRESERVED:
        return state in UP | {"saved"} and not replaced  # a body that was kept to be looked at is not thrown away
    to_be_taken_down = state in ("stopped", "absent") or (replaced and state in UP)
    return start == "running_to_be_restarted" and to_be_taken_down and not desired.get("force")  # it would come back


def _has_an_ip(desired: dict[str, Any]) -> bool:
    return "recreate" not in desired and any(vif.get("ip") for vif in desired.get("vifs", ()))


FULLY = ("3.0.0", "4.1")
"""The releases on which every case is tried; the others are spared those that differ in nothing that a release decides."""

ROTATED = 6
"""Of those that are spared, one in so many is tried all the same, another one on each release."""


def is_tried(version: str, number: int, start: str, label: str) -> bool:
    """Tell whether a case, by its number, exists on a release, and is worth its time there."""
    if version < ONLY_FROM.get(start, ""):
        return False
    if version in FULLY or os.environ.get("HARNESS") == "full" or label in ("nothing else", "described"):
        return True
    by_rotation = (number + VERSIONS.index(version)) % ROTATED == 0
    return by_rotation or (label in CHANGES and start in ("running", "paused", "halted"))


COMBINATIONS = [
    (start, state, label) for start, (state, options) in itertools.product(STARTS, ASKED.items()) for label in options
]
CASES = [
    pytest.param(version, start, state, ASKED[state][label], id=f"{version}: {start} -> {state}, {label}")
    for version in VERSIONS
    for number, (start, state, label) in enumerate(COMBINATIONS)
    if is_tried(version, number, start, label)
]


def advance(sim: Simulator, seconds: float) -> None:
    """Let time pass on the simulated host."""
    clock = sim.host.clock
    assert isinstance(clock, ManualClock)
    clock.advance(seconds)


@pytest.fixture(name="sim")
def _sim(version: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    clock = ManualClock()
    use_clock(monkeypatch, clock)
    with Simulator(version, clock=clock, tcp=None) as sim:
        yield sim


class Case:
    """One case: what is asked for, and the runs of it."""

    def __init__(self, sim: Simulator, state: str, desired: dict[str, Any]) -> None:
        self.sim = sim
        self.arguments = {"xend_url": sim.unix_url, "name": NAME, "state": state, **desired}
        if desired.get("config"):
            self.arguments["config"] = config(sim.version)

    def run(self, *, check: bool) -> tuple[dict[str, Any], list[str]]:
        """Run the module; return its result, and what it sent."""
        self.sim.clear_log()
        with passing_time(self.sim.host.clock) if self.arguments["state"] == "saved" else nullcontext():
            result = run("xen_domain", check=check, **self.arguments)
        return result, written(self.sim)

    def read_back(self) -> list[dict[str, Any]]:
        """Return what xen_domain_info says of the domain."""
        domains: list[dict[str, Any]] = run("xen_domain_info", xend_url=self.sim.unix_url, name=[NAME])["domains"]
        return domains


STATES = ("running", "paused", "shutdown", "crashed", "halted")


@pytest.mark.parametrize(("version", "start", "state", "desired"), CASES)
def test_a_check_is_correct_and_a_second_run_finds_nothing_to_do(
    sim: Simulator, start: str, state: str, desired: dict[str, Any]
) -> None:
    STARTS[start](sim)
    case = Case(sim, state, desired)
    names = sim.names()

    foreseen, sent = case.run(check=True)
    assert sent == []
    done, sent = case.run(check=False)

    assert bool(done.get("failed")) == is_refused(sim.version, start, state, desired), done.get("msg")
    if done.get("failed"):
        assert (foreseen["failed"], foreseen["msg"]) == (True, done["msg"])
        assert sent == []
        assert sim.names() == names
        return

    assert foreseen["changed"] == done["changed"] == bool(sent)
    assert [operation["op"] for operation in done["operations"]] == sent
    assert foreseen["operations"] == done["operations"]
    assert foreseen.get("shutdown_outcome") == done.get("shutdown_outcome")
    assert foreseen["drift"] == done["drift"]
    assert foreseeable(foreseen["domain"]) == foreseeable(done["domain"])
    assert foreseen["diff"]["before"] == done["diff"]["before"]
    assert foreseeable(foreseen["diff"]["after"]) == foreseeable(done["diff"]["after"])
    _assert_read_back(case, done)

    if state == "restarted":
        return  # it changes something each time
    for check in (False, True):
        again, sent = case.run(check=check)
        assert sent == []
        assert again["changed"] is False
        assert again["operations"] == []
        assert again["diff"]["before"] == again["diff"]["after"] == done["diff"]["after"]


def _assert_read_back(case: Case, done: dict[str, Any]) -> None:
    """Assert that the domain is as the result says."""
    found = case.read_back()
    state = case.arguments["state"]
    if not found:
        assert state in ("stopped", "absent", "saved")
        assert done["diff"]["after"] == {"state": "absent"}
        assert done["domain"] is None
        return
    assert found[0]["state"] in {"stopped": ("halted",), "saved": ("halted",), "restarted": ("running",)}.get(
        state, (state,) if state != "defined" else tuple(STATES)
    )
    assert {key: found[0][key] for key in done["diff"]["after"] if key not in ("image", "vbds", "vifs")} == {
        key: value for key, value in done["diff"]["after"].items() if key not in ("image", "vbds", "vifs")
    }
    assert done["diff"]["after"] == view_of(case.sim, NAME)


@pytest.mark.parametrize("version", ["4.1"])
@pytest.mark.parametrize(("state", "then"), [("stopped", []), ("absent", ["delete"])])
def test_that_a_running_domain_is_managed_shows_only_once_it_is_down(
    sim: Simulator, state: str, then: list[str]
) -> None:
    sim.define(config(sim.version))
    Case(sim, "running", {}).run(check=False)
    advance(sim, 5)
    case = Case(sim, state, {})

    foreseen, sent = case.run(check=True)
    assert sent == []
    done, sent = case.run(check=False)

    assert [operation["op"] for operation in foreseen["operations"]] == ["shutdown"]
    assert sent == ["shutdown", *then]
    assert (done["domain"] or {}).get("state") == (None if then else "halted")
    assert case.run(check=False)[1] == case.run(check=True)[1] == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("start", "state", "desired", "most"),
    [
        ("running", "running", OPTIONS["as config"], 1),
        ("absent", "absent", OPTIONS["as config"], 2),  # it may be there under another name, while it is saved
        ("absent", "running", DESCRIBED, 6),
    ],
)
def test_no_more_requests_are_sent_than_needed(
    sim: Simulator, start: str, state: str, desired: dict[str, Any], most: int
) -> None:
    STARTS[start](sim)
    Case(sim, state, desired).run(check=False)
    says_nothing = start == "absent" and sim.version in ("3.1", "3.2", "3.3")  # but 500: the names are asked for, too
    assert len(sim.requests) == most + (2 if says_nothing else 0)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_cannot_be_changed_live_is_said_and_left(sim: Simulator) -> None:
    running_with_less_memory(sim)
    result, sent = Case(sim, "running", {"memory": 128, "on_reboot": "destroy"}).run(check=False)
    assert sent == []
    assert result["drift"] == [
        {"option": "memory", "declared": 128, "found": 64, "takes": "recreate"},
        {"option": "on_reboot", "declared": "destroy", "found": "restart", "takes": "recreate"},
    ]
