# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""xen_migrate between two simulated hosts: a guest runs on one of them, whatever happens, and never on both."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import Transport
from tests.simulator import PERSONALITIES, Clock, Domain, Fault, ManualClock, Simulator
from tests.support.running import run, use_clock, written
from tests.support.waiting import wait_until

TOP = Path(__file__).resolve().parents[4]
ALL = pytest.mark.parametrize("version", list(PERSONALITIES))
FEW = pytest.mark.parametrize("version", ["3.0.0", "3.1", "4.1"])
UUID = "c0ffee00-0000-4000-8000-00000000beef"


def config(name: str = "web1", memory: int = 64, args: str = "4", uuid: str = UUID, ip: str = "") -> str:
    return (
        f"(vm (name {name}) (memory {memory}) (vcpus 1) (uuid {uuid})"
        f" (image (linux (kernel /srv/xen/img/vmlinuz) (args '{args}')))"
        " (device (vbd (uname phy:vg0/web1) (dev sda1) (mode w)))"
        f" (device (vif (mac 00:16:3e:00:00:01) (bridge xenbr0) {ip})))"
    )


@dataclass
class Pair:
    """Two hosts; web1 runs at the source."""

    source: Simulator
    target: Simulator

    def migrate(self, *, check: bool = False, verify: bool = True, **options: Any) -> dict[str, Any]:
        """Run the module."""
        there = {"destination_url": self.target.unix_url} if verify else {}
        given = {"xend_url": self.source.unix_url, "name": "web1", "destination": "dom0b", **there, **options}
        return run("xen_migrate", check=check, **given)

    def written(self) -> list[str]:
        """Return what was sent to change something, to either."""
        return [*written(self.source), *written(self.target)]

    def places(self) -> list[str]:
        """Return where a guest of that name lives, and how."""
        return [
            f"{where} {'running' if guest.running else 'paused'}"
            for where, sim in (("source", self.source), ("target", self.target))
            for guest in lives(sim)
        ]


def lives(sim: Simulator) -> list[Domain]:
    with sim.host.lock:
        sim.host.settle()
        return [each for each in sim.host.domains if each.domid and not each.zombie and each.name.endswith("web1")]


@contextmanager
def two_hosts(version: str, clock: Clock) -> Iterator[Pair]:
    with Simulator(version, clock=clock, tcp=None) as target, Simulator(version, clock=clock, tcp=None) as source:
        source.knows("dom0b", target)
        yield Pair(source, target)


@pytest.fixture(name="clock")
def _clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    clock = ManualClock()
    use_clock(monkeypatch, clock)
    return clock


@pytest.fixture(name="pair")
def _pair(version: str, clock: ManualClock) -> Iterator[Pair]:
    with two_hosts(version, clock) as pair:
        pair.source.create(config()).unpause()
        pair.target.create(config("other", uuid=UUID.replace("c0ffee", "decade")))
        clock.advance(5)
        yield pair


# ---- that it arrives


@ALL
def test_a_guest_moves_once_and_a_check_predicts_it(pair: Pair) -> None:
    foreseen = pair.migrate(check=True)
    assert pair.written() == []
    assert pair.places() == ["source running"]
    done = pair.migrate()
    assert pair.written() == ["migrate"]
    assert pair.places() == ["target running"]
    again, checked_again = pair.migrate(), pair.migrate(check=True)
    assert pair.written() == ["migrate"]
    assert [each.get("changed") for each in (foreseen, done, again, checked_again)] == [True, True, False, False], done
    assert (foreseen["diff"], foreseen["operations"]) == (done["diff"], done["operations"])
    assert again["diff"]["before"] == again["diff"]["after"] == done["diff"]["after"]
    assert "warnings" not in done


@ALL
def test_what_is_returned_is_what_runs_at_the_destination(pair: Pair) -> None:
    before = pair.source.domain("web1")
    result = pair.migrate()
    found = run("xen_domain", check=True, xend_url=pair.target.unix_url, name="web1")["domain"]
    volatile = {"cpu_time": None, "state_flags": None}
    assert {**result["domain"], **volatile} == {**found, **volatile}
    assert (found["domid"], found["state"]) == (2, "running")
    assert pair.target.domain("web1").uuid == before.uuid


@ALL
def test_every_release_is_sent_what_it_asks_for(pair: Pair) -> None:
    port = None if pair.source.version == "3.0.0" else 8002
    assert pair.migrate(live=False, port=port)["changed"]
    (request,) = [each for each in pair.source.requests if each.op == "migrate"]
    assert request.status == 200
    assert request.params == {
        "op": ["migrate"],
        "destination": ["dom0b"],
        "live": ["0"],
        "resource": ["0"],
        "port": [str(port or 0)],
        "node": ["-1"],
        "ssl": ["0"],
        "change_home_server": ["0"],
    }


@FEW
def test_without_a_url_the_destination_is_not_asked_and_that_is_said(pair: Pair) -> None:
    foreseen = pair.migrate(check=True, verify=False)
    done = pair.migrate(verify=False)
    assert (foreseen["domain"], done["domain"]) == (None, None)
    assert (foreseen["diff"], done["changed"]) == (done["diff"], True)
    assert pair.target.requests == []
    assert "Give destination_url" in pair.migrate(verify=False)["msg"]


@pytest.mark.parametrize("version", ["3.0.4", "3.2", "4.1"])
def test_a_managed_guest_goes_and_comes_back_to_its_definition(pair: Pair) -> None:
    pair.source.domain("web1").managed = True
    assert pair.migrate()["changed"] is True
    assert pair.source.domain("web1").domid is None
    assert pair.migrate()["changed"] is False
    back = Pair(pair.target, pair.source)
    pair.target.knows("dom0a", pair.source)
    assert back.migrate(destination="dom0a")["changed"] is True
    assert pair.places() == ["source running"]


# ---- that it stays


@ALL
@pytest.mark.parametrize("reason", ["name", "memory", "tool", "host", "port"])
def test_a_migration_that_fails_leaves_the_guest_where_it_is_and_says_so(pair: Pair, reason: str) -> None:
    options: dict[str, Any] = {"verify": False}
    if reason == "name" and pair.target.personality.restores_twice:
        pytest.skip("it takes a second guest of that name")
    elif reason == "name":
        pair.target.create(config(uuid=UUID.replace("c0ffee", "facade")))
    elif reason == "memory":
        pair.source.domain("web1").memory = 400
        pair.target.host.total_memory = 600
    elif reason == "tool":
        pair.target.failing.add("xc_restore")
    elif reason == "host":
        options["destination"] = "nosuch.invalid"
    elif pair.source.version == "3.0.0":
        pytest.skip("it has no port")
    else:
        options["port"] = 1
    names = pair.target.names()
    result = pair.migrate(**options)
    assert result["failed"]
    assert f"web1 is running at {pair.source.unix_url}, as before." in result["msg"]
    hidden = pair.source.personality.hides_failed_save and reason in ("name", "memory", "tool")
    assert ("may report a failed migration as done" in result["msg"]) is hidden
    assert result["changed"] is hidden
    assert written(pair.source) == ["migrate"]
    assert pair.source.domain("web1").running
    assert [each for each in pair.target.names() if not each.startswith("Zombie-")] == names


REFUSED: dict[str, tuple[Callable[[Pair], object], dict[str, Any], str]] = {
    "Domain-0": (lambda _pair: None, {"name": "Domain-0"}, "control domain"),
    "the id of Domain-0": (lambda _pair: None, {"name": "0"}, "control domain"),
    "paused": (lambda pair: pair.source.domain("web1").pause(), {}, "web1 is paused, and a guest must run"),
    "preserved": (lambda pair: _preserve(pair.source), {}, "web1 is crashed at"),
    "missing": (lambda _pair: None, {"name": "web9"}, "There is no domain web9 at"),
    "localhost": (lambda _pair: None, {"destination": "localhost"}, "is the host that has web1"),
    "nothing": (lambda _pair: None, {"destination": " "}, "must be the name or the address"),
    "a port": (lambda _pair: None, {"port": 70000}, "between 1 and 65535"),
    "seconds": (lambda _pair: None, {"migrate_timeout": 0}, "migrate_timeout must be more than 0"),
    "the name there": (lambda pair: pair.target.create(config()), {}, "There is a domain web1 at"),
    "leaving there": (lambda pair: pair.target.create(config("migrating-web1")), {}, "just now"),
    "too large": (lambda pair: _grow(pair.source), {}, "web1 has 20000 MiB, and dom0b has 16384 MiB in all"),
}


def _grow(sim: Simulator) -> None:
    sim.domain("web1").memory = 20000


def _preserve(sim: Simulator) -> None:
    sim.domain("web1").on["crash"] = "preserve"
    sim.domain("web1").crash()


@FEW
@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("case", REFUSED)
def test_what_must_not_or_cannot_be_is_refused_before_anything_is_sent(pair: Pair, case: str, check: bool) -> None:
    arrange, options, words = REFUSED[case]
    arrange(pair)
    result = pair.migrate(check=check, **options)
    assert result["failed"]
    assert words in result["msg"]
    assert result.get("operations", []) == pair.written() == []


@FEW
def test_the_source_is_no_destination_by_whatever_name(pair: Pair) -> None:
    by_node = run("xen_node_info", xend_url=pair.source.unix_url)["node"]["host"]
    assert "is the host that has web1" in pair.migrate(destination=by_node)["msg"]
    assert "is the xend that web1 is to leave" in pair.migrate(destination_url=pair.source.unix_url)["msg"]
    assert pair.written() == []
    pair.source.knows("alias", pair.source)
    result = pair.migrate(destination="alias", verify=False)
    assert "the host that it came from" in result["msg"]
    assert f"at {pair.source.unix_url}, as domid 2." in result["msg"]
    pair.source.host.settle()
    assert pair.source.domain("web1").domid == 2


@pytest.mark.parametrize("version", ["3.0.0"])
def test_a_port_is_refused_where_it_would_be_ignored(pair: Pair) -> None:
    assert "leave out port" in pair.migrate(port=8003)["msg"]
    assert pair.written() == []


@pytest.mark.parametrize("version", ["4.1"])
def test_another_guest_that_runs_there_is_not_taken_for_a_halted_one_here(pair: Pair) -> None:
    pair.source.domain("web1").managed = True
    pair.source.domain("web1").destroy()
    pair.target.create(config(uuid=UUID.replace("c0ffee", "facade"))).unpause()
    assert "has another domain of that name" in pair.migrate()["msg"]


@FEW
def test_a_guest_that_is_paused_there_has_arrived_with_a_warning(pair: Pair) -> None:
    pair.migrate()
    pair.target.domain("web1").pause()
    result = pair.migrate()
    assert (result["changed"], result["domain"]["state"]) == (False, "paused")


# ---- on the way


def sent_by_another(pair: Pair) -> threading.Thread:
    """Have somebody else migrate the guest; return when it is on its way."""
    client = XendClient(Transport(pair.source.unix_url))
    thread = threading.Thread(target=client.migrate, args=("web1", "dom0b", True))
    thread.start()
    wait_until(lambda: "migrating-web1" in pair.source.names(), "it is not on its way")
    return thread


@FEW
def test_a_guest_on_its_way_is_waited_for(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock(still=True)
    with two_hosts(version, clock) as pair:
        pair.source.create(config()).unpause()
        thread = sent_by_another(pair)
        wait_until(lambda: pair.places() == ["source running", "target paused"], "it is elsewhere")
        use_clock(monkeypatch, clock)  # now it is our waiting by which the guest comes to suspend itself
        result = pair.migrate()
        thread.join()
        assert (result.get("changed"), result.get("operations")) == (False, []), result
        assert (pair.places(), pair.written()) == (["target running"], ["migrate"])


@FEW
@pytest.mark.parametrize("check", [True, False])
def test_a_guest_that_never_arrives_is_not_waited_for_forever(
    version: str, check: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock(still=True)
    with two_hosts(version, clock) as pair:
        pair.source.create(config(args="rig.ignore_shutdown")).unpause()
        first = pair.migrate(migrate_timeout=0.2)
        assert "web1 is on its way: its name is migrating-web1" in first["msg"]
        assert first["changed"] is True
        use_clock(monkeypatch, clock)
        again = pair.migrate(check=check, migrate_timeout=60)
        assert "was not done within 60 s" in again["msg"]
        assert (clock.now(), pair.written()) == (60, ["migrate"])


@FEW
def test_an_answer_that_is_lost_is_no_reason_to_send_again(pair: Pair) -> None:
    pair.source.faults.append(Fault("migrate", "drop_after"))
    result = pair.migrate()
    assert result.get("changed") is True, result
    assert (pair.written(), pair.places()) == (["migrate"], ["target running"])


@FEW
def test_a_request_that_is_lost_is_not_sent_again_by_itself(pair: Pair) -> None:
    pair.source.faults.append(Fault("migrate", "drop"))
    result = pair.migrate()
    assert "web1 is running at" in result["msg"]
    assert (pair.written(), pair.places()) == (["migrate"], ["source running"])
    assert pair.migrate()["changed"] is True
    assert pair.places() == ["target running"]


@FEW
def test_a_destination_that_falls_silent_is_said(pair: Pair) -> None:
    pair.target.stop()
    result = pair.migrate(connect_timeout=1)
    assert "Cannot connect" in result["msg"]
    assert pair.places() == ["source running"]


# ---- killed

PROGRAM = """
import json, sys
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader()
from tests.support.running import run
run("xen_migrate", **json.loads(sys.argv[1]))
"""


@pytest.mark.parametrize("version", ["3.0.0", "3.0.4", "4.1"])
def test_after_a_run_that_was_killed_the_next_one_finds_the_guest(version: str) -> None:
    """Killed at each of its requests, which is carried out all the same: at one of them the guest is on its way."""
    with two_hosts(version, Clock()) as pair:
        _quick_guest(pair)
        assert pair.migrate()["changed"]
        count = len(pair.source.requests)
    for fatal in range(1, count + 1):
        with two_hosts(version, Clock()) as pair:
            _quick_guest(pair)
            _kill_at(pair, fatal)
            result = pair.migrate()
            assert not result.get("failed"), (fatal, result)
            assert (pair.places(), pair.written()) == (["target running"], ["migrate"])
    assert count > 3


def _quick_guest(pair: Pair) -> None:
    pair.source.create(config(args="rig.shutdown_delay=0.2")).unpause()


def _kill_at(pair: Pair, fatal: int) -> None:
    """Kill a run as soon as the source has got that many requests."""
    given = {"xend_url": pair.source.unix_url, "destination_url": pair.target.unix_url, "destination": "dom0b"}
    command = [sys.executable, "-c", PROGRAM, json.dumps({**given, "name": "web1"})]
    process = subprocess.Popen(command, cwd=TOP, stdout=subprocess.DEVNULL)
    while len(pair.source.requests) < fatal and process.poll() is None:
        time.sleep(0.001)
    process.kill()
    process.wait()


# ---- secrets


@pytest.mark.parametrize("version", ["4.1"])
def test_the_password_for_the_destination_is_not_shown(pair: Pair) -> None:
    result = pair.migrate(destination_username="me", destination_password="hunter2secret")
    assert "hunter2secret" not in json.dumps(result)
    refused = pair.migrate(destination_url="http://me:hunter2secret@dom0b")
    assert refused["failed"]
    assert "hunter2secret" not in json.dumps(refused)
