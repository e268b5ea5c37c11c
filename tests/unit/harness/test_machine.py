# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The harness with tasks that nobody has thought of: hypothesis draws a xend, a guest, and one task after the other.

Beside the guest of the tasks there is another one, which no task is about. After each task:

* the check run has sent nothing;
* it has foretold what the real run did, but for what is documented to show only then;
* ``changed`` is true if and only if something was sent;
* what the diff shows as the state after is what xen_domain_info reads;
* a second run, and a check after it, find nothing to do;
* no guest is lost that was to be kept, no two guests live that are one, and nothing else was touched.

A few tasks are drawn by default, many with HYPOTHESIS_PROFILE=explore.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Optional

import pytest
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import Transport
from tests.simulator import PERSONALITIES, Domain, Fault, Lags, ManualClock, Simulator
from tests.support.foresight import foreseeable, view_of
from tests.support.running import run, use_clock, written

EXPLORES = os.environ.get("HYPOTHESIS_PROFILE") == "explore"
NAMES = ("web1", "web9")
OTHER = "db1"
FILE = "/srv/xen/state/web1.chk"
KERNEL = "/srv/xen/img/vmlinuz"
UP = ("running", "paused", "restarted")
MOST_WRITES = 16
"""More than any of these tasks takes."""

GUESTS = {
    "obeys": "",
    "slow": "rig.shutdown_delay=45",
    "deaf": "rig.ignore_shutdown",
    "crashes": "rig.crash_after=70",
}
"""What a guest is like, and the words in its kernel's arguments that make it so."""


# ---- where a story begins


def config(version: str, words: str, *, name: str = NAMES[0], **events: str) -> str:
    """Return the config of the guest to start from."""
    vcpus = "(vcpus 2)"
    inside, outside = (vcpus, "") if version == "3.0.0" else ("", vcpus)
    ends = "".join(f"({key} {value})" for key, value in events.items())
    return (
        f"(vm (name {name}) (memory 64) (maxmem 128) {outside} {ends}"
        f" (image (linux (kernel {KERNEL}) (args '{words}') {inside}))"
        f" (device (vbd (uname phy:vg0/{name}) (dev sda1) (mode w)))"
        " (device (vif (mac 00:16:3e:00:00:01) (bridge xenbr0))))"
    )


def absent(_sim: Simulator, _words: str) -> None:
    """Start from nothing."""


def running(sim: Simulator, words: str, **events: str) -> None:
    """Start from a guest that runs."""
    sim.create(config(sim.version, words, **events)).unpause()


def paused(sim: Simulator, words: str) -> None:
    """Start from a guest that was paused while it ran."""
    running(sim, words)
    sim.domain(NAMES[0]).pause()


def never_run(sim: Simulator, words: str) -> None:
    """Start from what an interrupted create leaves."""
    sim.create(config(sim.version, words))


def in_a_file(sim: Simulator, words: str) -> None:
    """Start from a guest that was saved."""
    running(sim, words)
    sim.save(NAMES[0], FILE)


def halted(sim: Simulator, words: str) -> None:
    """Start from a definition."""
    sim.define(config(sim.version, words))


def managed(sim: Simulator, words: str) -> None:
    """Start from a guest that runs and that xend keeps a definition of."""
    halted(sim, words)
    with sim.host.lock:
        sim.host.start(sim.domain(NAMES[0]))


def shut_down(sim: Simulator, words: str) -> None:
    """Start from a guest that shut down and was preserved."""
    running(sim, words, on_poweroff="preserve")
    sim.domain(NAMES[0]).power_off()


def crashed(sim: Simulator, words: str) -> None:
    """Start from a guest that crashed and was preserved."""
    running(sim, words, on_crash="preserve")
    sim.domain(NAMES[0]).crash()


STARTS = (absent, running, paused, never_run, in_a_file, shut_down, crashed, managed, halted)
BEGINNINGS = [
    (version, start)
    for version, xend in PERSONALITIES.items()
    for start in STARTS
    if xend.managed or start not in (managed, halted)
]


# ---- what a task asks for

DISKS = st.lists(
    st.sampled_from(
        [
            {"uname": "phy:vg0/web1", "dev": "sda1", "mode": "w"},
            {"uname": "phy:vg0/web1", "dev": "sda1"},
            {"uname": "phy:vg0/other", "dev": "sda1", "mode": "w"},
            {"uname": "file:/srv/more.img", "dev": "sdb1", "mode": "r"},
            {"uname": "file:/srv/more.img", "dev": "xvda", "mode": "w!"},
            {"uname": "phy:vg0/rigmissing", "dev": "sdc1", "mode": "w"},
        ]
    ),
    max_size=3,
    unique_by=lambda vbd: vbd["dev"],
)


def mac_of(vif: Any) -> str:
    """Return by what an interface is told from others."""
    return str(vif.get("mac")).lower()


INTERFACES = st.lists(
    st.sampled_from(
        [
            {"mac": "00:16:3e:00:00:01", "bridge": "xenbr0"},
            {"mac": "00:16:3E:00:00:01", "bridge": "xenbr9"},
            {"mac": "00:16:3e:00:00:02", "bridge": "xenbr0", "ip": ["10.0.0.2"]},
            {"mac": "00:16:3e:00:00:03", "bridge": "rigmissing"},
            {"bridge": "xenbr1"},
        ]
    ),
    max_size=2,
    unique_by=mac_of,
)
ENDS = st.sampled_from(["destroy", "preserve", "restart"])
CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "memory": st.sampled_from([32, 64, 96, 128, 256]),
    "maxmem": st.sampled_from([48, 64, 128, 256]),
    "vcpus": st.sampled_from([1, 2, 4]),
    "vbds": DISKS,
    "vifs": INTERFACES,
    "on_poweroff": ENDS,
    "on_reboot": ENDS,
    "on_crash": ENDS,
}
MANNERS: dict[str, st.SearchStrategy[Any]] = {
    "force": st.just(value=True),
    "on_shutdown_timeout": st.just("destroy"),
    "shutdown_timeout": st.sampled_from([10, 100]),
    "on_device_failure": st.just("keep"),
    "new_name": st.sampled_from([*NAMES, *NAMES, OTHER]),
}
STATES = ("running", "running", "paused", "stopped", "absent", "restarted", "saved", "defined")


@st.composite
def tasks(draw: st.DrawFn, words: str) -> dict[str, Any]:
    """Return the options of a task, but for the name; those that are refused whatever is there are rarely among them."""
    images = st.builds(
        lambda args: {"kernel": KERNEL, **({"args": args} if args else {})},
        st.sampled_from([words, words, f"{words} single".strip()]),
    )
    whole: dict[str, st.SearchStrategy[Any]] = {"memory": CHANGES["memory"], "image": images}
    task = draw(
        st.one_of(
            st.just({}),
            st.fixed_dictionaries({}, optional=CHANGES),
            st.fixed_dictionaries(whole, optional={key: CHANGES[key] for key in CHANGES if key not in whole}),
        )
    )
    task = {"state": draw(st.sampled_from(STATES)), **task, **draw(st.fixed_dictionaries({}, optional=MANNERS))}
    for option in ("purge_vbds", "purge_vifs", "change_vbds"):
        if option.replace("purge_", "") in task or option == "change_vbds":
            task[option] = draw(st.booleans())
    if task["state"] in UP:
        recreate = draw(st.sampled_from([None, None, "if_needed", "always"]))
        task |= {"recreate": recreate} if recreate else {}
        task |= {"restore_file": FILE} if draw(st.booleans()) else {}
    if task["state"] == "saved":
        task |= {"save_file": FILE, "create_timeout": 5}
    if task["state"] in ("absent", "saved"):
        task.pop("new_name", None)
    return task


# ---- what is there


@dataclass(frozen=True)
class Guest:
    """A guest as the host knows it."""

    name: str
    uuid: str
    domid: Optional[int]
    managed: bool
    lives: bool
    halts: bool
    on_poweroff: str


def guest(domain: Domain) -> Guest:
    """Return what is to be compared of a domain."""
    return Guest(
        domain.name,
        domain.uuid,
        domain.domid,
        domain.managed,
        domain.live,
        domain.domid is None,
        domain.on.get("poweroff", "destroy"),
    )


class Wire:
    """Looks at the host after each request: never do two guests live that are one."""

    def __init__(self, sim: Simulator, patches: pytest.MonkeyPatch) -> None:
        """Put it between the modules and the simulator."""
        real = Transport.exchange

        def exchange(*given: Any, **named: Any) -> Any:
            try:
                return real(*given, **named)
            finally:
                with sim.host.lock:
                    sim.host.settle()
                    lives = [each.name for each in sim.host.domains if each.live and each.domid and each.name != OTHER]
                assert len(lives) <= 1, lives

        patches.setattr(Transport, "exchange", exchange)


class World(RuleBasedStateMachine):
    """One xend with one guest, and one task after the other."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.patches = pytest.MonkeyPatch()
        self.clock = ManualClock()
        self.name = NAMES[0]

    @initialize(
        beginning=st.sampled_from(BEGINNINGS),
        character=st.sampled_from(["obeys", *GUESTS]),
        lags=st.builds(Lags, st.sampled_from([0, 3]), st.sampled_from([0, 2]), st.sampled_from([0, 5])),
        device_delay=st.sampled_from([0, 3]),
    )
    def begin(
        self, beginning: tuple[str, Callable[..., None]], character: str, lags: Lags, device_delay: float
    ) -> None:
        version, start = beginning
        self.character, self.words = character, GUESTS[character]
        self.lags = lags
        use_clock(self.patches, self.clock)
        self.sim = Simulator(version, clock=self.clock, tcp=None, lags=lags, device_delay=device_delay)
        self.sim.start()
        self.sim.create(config(version, "", name=OTHER)).unpause()
        start(self.sim, self.words)
        self.clock.advance(20)
        Wire(self.sim, self.patches)
        self.untouched = self.others()

    def teardown(self) -> None:
        """Stop the xend."""
        if hasattr(self, "sim"):
            self.sim.stop()
        self.patches.undo()

    # -- what happens by itself

    @rule(seconds=st.sampled_from([1, 25, 100]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(how=st.sampled_from(["power_off", "crash", "reboot"]))
    def the_guest_ends(self, how: str) -> None:
        domain = self.domain()
        if domain and domain.running:
            getattr(domain, how)()

    # -- tasks

    @rule(data=st.data())
    def a_task(self, data: st.DataObject) -> None:
        self.tell(data.draw(tasks(self.words)))

    @rule(
        data=st.data(),
        op=st.sampled_from(
            ["create", "wait_for_devices", "unpause", "device_create", "mem_target_set", "start", "new", "rename"]
        ),
    )
    def a_task_of_which_xend_refuses_something(self, data: st.DataObject, op: str) -> None:
        self.sim.faults.append(Fault(op, "refuse"))
        try:
            self.tell(data.draw(tasks(self.words)))
        finally:
            self.sim.faults.clear()

    def tell(self, task: dict[str, Any]) -> None:
        """Check, do, and do it again; assert what has to be true of it."""
        if task["state"] == "saved" and self.character == "deaf":
            return  # xend would wait for ever
        if task["state"] == "saved":
            self.clock.advance(5)  # so that xend has finished with it: while it is answering, nobody moves the clock
        foreseen = self.foresee(task)  # first: it waits until xend has seen to a guest that has just gone down
        before, known = self.find(), repr(self.domain())
        if before is None and task.get("new_name") == OTHER:
            return  # which says that the other one is the guest
        at = self.clock.now()
        done, sent = self.run(task, check=False)
        self.assert_safe(task, before, done, sent)
        if done.get("failed"):
            self.assert_failed_for_a_reason(task, before, foreseen, done, sent, known)
        else:
            event(f"done: {task['state']}")
            self.assert_foretold(before, foreseen, done, sent, waited=self.clock.now() > at)
            self.assert_read_back(task, done)
            self.assert_as_declared(task, done)
            self.assert_nothing_is_left_to_do(task, done)
        self.name = self.known_name()
        assert self.others() == self.untouched

    def run(self, task: dict[str, Any], *, check: bool) -> tuple[dict[str, Any], list[str]]:
        """Run the module; return its result, and what it sent. What was sent again was too early."""
        self.sim.clear_log()
        result = run("xen_domain", check=check, xend_url=self.sim.unix_url, name=self.name, **task)
        ops = written(self.sim)
        sent = [op for before, op in zip(["", *ops], ops) if (before, op) != ("maxmem_set", "maxmem_set")]
        return result, sent

    def foresee(self, task: dict[str, Any]) -> dict[str, Any]:
        """Return the result of a check run, of one for which nothing has happened meanwhile."""
        for _time in range(5):
            at = self.clock.now()
            foreseen, sent = self.run(task, check=True)
            assert sent == []
            if self.clock.now() == at:
                break
        return foreseen

    # -- what has to be true

    def assert_failed_for_a_reason(
        self,
        task: dict[str, Any],
        before: Optional[Guest],
        foreseen: dict[str, Any],
        done: dict[str, Any],
        sent: list[str],
        known: str,
    ) -> None:
        """Assert that a check fails likewise where nothing was sent, and that there is a reason where something was."""
        if not sent:
            event("refused")
            assert (foreseen.get("failed"), foreseen.get("msg")) == (True, done["msg"])
            assert self.find() == before
            return
        event("failed on the way")
        assert not foreseen.get("failed"), (foreseen, done)
        operations = [operation["op"] for operation in done["operations"]]
        assert done["changed"] == bool(operations)
        reasons = {
            "is still up": self.character in ("slow", "deaf", "crashes"),
            "could not be connected": "rigmissing" in f"{task} {known}",
            "Stop the guest and start it": self.sim.version == "3.2",  # what failed to attach stays in its way
            "simulated failure": True,
            "asked to reboot, but has not": self.character != "obeys",
            "and holds": True,  # another guest, as it was renamed since
            "refused restore": True,  # there is no such file
            "refused rename": task.get("new_name") == OTHER,
            "and is crashed now": self.character == "crashes",
            "and is gone now": self.character == "crashes",
            "did not stay down": self.character
            in ("slow", "crashes"),  # an earlier request to reboot is still answered
            "refused save": self.character == "crashes",
        }
        assert any(holds and words in done["msg"] for words, holds in reasons.items()), (done["msg"], sent)

    def assert_foretold(
        self, before: Optional[Guest], foreseen: dict[str, Any], done: dict[str, Any], sent: list[str], *, waited: bool
    ) -> None:
        """Assert that the check has said what was done, but for what nobody could know."""
        assert not foreseen.get("failed"), foreseen
        assert foreseen["changed"] == done["changed"] == bool(sent)
        assert [operation["op"] for operation in done["operations"]] == sent
        assert len(sent) <= MOST_WRITES
        assert foreseen["diff"]["before"] == done["diff"]["before"]
        ends = {"shutdown", "destroy", "save"} & set(sent)
        if "restore" in sent or (before and before.managed and ends):
            return  # only what is restored, or down, shows what it is
        if waited and self.character == "crashes":
            return
        if self.character in ("slow", "deaf") and ends:
            assert [op for op in self.ops(foreseen) if op != "destroy"] == [op for op in sent if op != "destroy"]
            return
        assert foreseen["operations"] == done["operations"]
        assert foreseen.get("shutdown_outcome") == done.get("shutdown_outcome")
        assert foreseen["drift"] == done["drift"]
        assert foreseeable(foreseen["domain"]) == foreseeable(done["domain"])
        assert foreseeable(foreseen["diff"]["after"]) == foreseeable(done["diff"]["after"])

    def assert_read_back(self, task: dict[str, Any], done: dict[str, Any]) -> None:
        """Assert that the domain is as the result says."""
        if done["domain"] is None:
            assert task["state"] in ("stopped", "absent", "saved")
            assert done["diff"]["after"] == {"state": "absent"}
            assert view_of(self.sim, self.name) is None
            return
        shown, told = view_of(self.sim, done["domain"]["name"]), done["diff"]["after"]
        if self.sim.version == "3.0.4" and shown:  # which shows the last device of a class after its detach, too
            has = {each.kind for each in self.sim.domain(shown["name"]).devices}
            gone = {option for option, kind in (("vbds", "vbd"), ("vifs", "vif")) if not has & {kind, "tap"}}
            shown = {key: [] if key in gone & {*task} else value for key, value in shown.items()}
        assert told == shown

    def assert_as_declared(self, task: dict[str, Any], done: dict[str, Any]) -> None:
        """Assert that the domain has what was declared, but for what the result calls drift."""
        domain = done["domain"]
        if domain is None or task["state"] not in (*UP, "defined"):
            return
        assert domain["name"] == task.get("new_name", self.name)
        differs = {re.split(r"[.\[]", entry["option"])[0] for entry in done["drift"]}
        if task["state"] == "defined" and domain["state"] == "halted" and "image" in task:
            assert differs == set()
        if "memory" in set(task) - differs:
            assert domain["memory"] == task["memory"]
        if "vcpus" in set(task) - differs:  # vcpu_avail has a bit for each that the guest may use
            assert bin(domain["vcpu_avail"] & ((1 << domain["vcpus"]) - 1)).count("1") == task["vcpus"]
        for option, key in (("vbds", "uname"), ("vifs", "mac")):
            if option not in differs:
                shown = {str(each[key]).lower() for each in domain[option]}
                assert {str(each[key]).lower() for each in task.get(option, ()) if key in each} <= shown

    def assert_nothing_is_left_to_do(self, task: dict[str, Any], done: dict[str, Any]) -> None:
        """Assert that another run changes nothing."""
        if task["state"] == "restarted" or task.get("recreate") == "always":
            return  # which change something each time
        for check in (False, True):
            at = self.clock.now()
            again, sent = self.run(task, check=check)
            if self.character == "crashes" and self.clock.now() > at:
                return
            assert not again.get("failed"), again
            assert (sent, again["changed"], again["operations"]) == ([], False, [])
            assert again["diff"]["before"] == again["diff"]["after"] == done["diff"]["after"]
            assert again["drift"] == done["drift"]

    def assert_safe(self, task: dict[str, Any], before: Optional[Guest], done: dict[str, Any], sent: list[str]) -> None:
        """Assert that no guest and no definition is lost that was to be kept."""
        if before is None:
            return
        after = self.find()
        stays = task["state"] in (*UP, "defined") and task.get("recreate") is None
        if before.lives and stays and task["state"] != "restarted" and self.character != "crashes":
            assert after is not None
            assert (after.domid, after.lives) == (before.domid, True)
        if before.lives and task.get("recreate") is None and task["state"] == "restarted" and self.character == "obeys":
            assert after is not None
            assert (after.uuid, after.lives) == (before.uuid, True)
        killed = task.get("force") or task.get("on_shutdown_timeout") or before.on_poweroff == "preserve"
        if before.lives and not killed and self.character != "crashes":
            assert "destroy" not in sent or "create" in sent[: sent.index("destroy")]
        if before.lives and not {"shutdown", "destroy", "save"} & set(sent) and self.character != "crashes":
            assert after is not None
            assert (after.domid, after.lives) == (before.domid, True)
        if before.managed and task["state"] not in ("absent", "defined"):
            assert after is not None
            assert (after.uuid, after.managed) == (before.uuid, True)
        if before.lives and "create" in sent and after and after.domid == before.domid:
            raise AssertionError("it was created, and not replaced")
        if before.lives and "create" in sent:
            assert "removed_config" in done

    # -- looking

    @staticmethod
    def ops(result: dict[str, Any]) -> list[str]:
        """Return what a result says was sent."""
        return [operation["op"] for operation in result["operations"]]

    def others(self) -> list[str]:
        """Return what no task is about, as the host knows it."""
        return [repr(self.sim.domain(name)) for name in ("Domain-0", OTHER)]

    def known_name(self) -> str:
        """Return what the guest is called now."""
        return next((name for name in (self.name, *NAMES) if name in self.sim.names()), self.name)

    def domain(self) -> Optional[Domain]:
        """Return the guest."""
        name = next((name for name in (self.name, *NAMES) if name in self.sim.names()), None)
        return self.sim.domain(name) if name else None

    def find(self) -> Optional[Guest]:
        """Return the guest as it is now."""
        domain = self.domain()
        return guest(domain) if domain else None


TestWorld = World.TestCase
TestWorld.settings = settings(
    max_examples=2000 if EXPLORES else 60,
    stateful_step_count=12 if EXPLORES else 8,
    suppress_health_check=list(HealthCheck),
)


def test_each_start_is_tried_on_each_release_that_has_it() -> None:
    assert {version for version, _start in BEGINNINGS} == set(PERSONALITIES)
