# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task that a signal or its timeout ends says what it has sent: the module in its result, the action plugin to the user."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dom0.xend.plugins.module_utils import journal
from ansible_collections.dom0.xend.plugins.module_utils.journal import Interrupted, interruptible
from ansible_collections.dom0.xend.plugins.plugin_utils import _carrier
from tests.simulator import Fault, Simulator
from tests.support.playing import play
from tests.support.waiting import await_request, wait_until

TOP = Path(__file__).resolve().parents[3]
NAMES = ["web1", "web2"]
STOP = {"xen_domain": {"name": "web1", "state": "stopped"}}
STOP_ALL = {"xen_domains": {"domains": [{"name": name} for name in NAMES], "defaults": {"state": "stopped"}}}
BOTH = pytest.mark.parametrize(("task", "shown"), [(STOP, "web1"), (STOP_ALL, "web1, web2")], ids=["one", "many"])
SIGNALS = pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])

PROGRAM = """
import json, sys
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader()
from tests.support.running import run
print(json.dumps(run(sys.argv[1], **json.loads(sys.argv[2]))))
"""


@pytest.fixture(name="sim")
def _sim() -> Iterator[Simulator]:
    with Simulator("4.1", tcp=None, shutdown_delay=60.0) as sim:
        for name in NAMES:
            sim.create(f"(vm (name {name}) (memory 32) (vcpus 1) (image (linux (kernel /k))))").unpause()
        sim.clear_log()
        yield sim


def wait_for_shutdowns(sim: Simulator, number: int, process: subprocess.Popen[Any]) -> None:
    """Wait until guests were asked to shut down, and the task has looked at them."""

    def looked() -> bool:
        return [request.op for request in sim.requests].count("shutdown") >= number and sim.requests[-1].method == "GET"

    wait_until(looked, "they were not asked", by=process)


def as_module(sim: Simulator, task: dict[str, dict[str, Any]]) -> subprocess.Popen[str]:
    """Start a module in a process of its own."""
    ((module, options),) = task.items()
    command = [sys.executable, "-c", PROGRAM, module, json.dumps({**options, "xend_url": sim.unix_url})]
    return subprocess.Popen(command, cwd=TOP, stdout=subprocess.PIPE, text=True)


def as_play(sim: Simulator, task: dict[str, dict[str, Any]], folder: Path) -> subprocess.Popen[str]:
    """Start ansible-playbook."""
    ((module, options),) = task.items()
    tasks = [{f"dom0.xend.{module}": {**options, "xend_url": sim.unix_url}}]
    (folder / "playbook.yml").write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    command = [str(Path(sys.executable).parent / "ansible-playbook"), str(folder / "playbook.yml")]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@BOTH
@SIGNALS
def test_a_module_answers_a_signal_with_what_it_has_sent(
    sim: Simulator, task: dict[str, dict[str, Any]], shown: str, signum: int
) -> None:
    process = as_module(sim, task)
    wait_for_shutdowns(sim, len(shown.split(", ")), process)
    process.send_signal(signum)
    result = json.loads(process.communicate(timeout=30)[0])
    assert result["failed"]
    assert f"Interrupted by {signal.Signals(signum).name}. Sent before: shutdown of {shown}." in result["msg"]
    assert result["changed"] is True
    assert [each["domain"] for each in result["operations"]] == shown.split(", ")


def test_a_request_that_is_under_way_is_among_what_was_sent(sim: Simulator) -> None:
    sim.faults.append(Fault("create", "hang"))
    process = as_module(sim, {"xen_domain": {"name": "web3", "memory": 32, "image": {"kernel": "/k"}}})
    wait_until(lambda: "web3" in sim.names(), "there is no web3", by=process)
    process.terminate()
    result = json.loads(process.communicate(timeout=30)[0])
    assert "Sent before: create of web3. xend may not have finished the last of them." in result["msg"]
    assert [each["op"] for each in result["operations"]] == ["create"]


def test_nothing_is_said_to_be_sent_where_nothing_was(sim: Simulator) -> None:
    sim.faults.append(Fault("get", "hang"))
    process = as_module(sim, STOP)
    await_request(sim, by=process)
    process.terminate()
    result = json.loads(process.communicate(timeout=30)[0])
    assert result["msg"] == "Interrupted by SIGTERM. Nothing was sent that changes anything."
    assert (result["changed"], result["operations"]) == (False, [])


@BOTH
@SIGNALS
def test_an_action_that_is_interrupted_shows_what_it_has_sent(
    sim: Simulator, tmp_path: Path, task: dict[str, dict[str, Any]], shown: str, signum: int
) -> None:
    process = as_play(sim, task, tmp_path)
    wait_for_shutdowns(sim, len(shown.split(", ")), process)
    process.send_signal(signum)
    output = process.communicate(timeout=30)[0]
    assert process.returncode == (99 if signum == signal.SIGINT else -signal.SIGTERM)
    assert f"Interrupted by {signal.Signals(signum).name}. Sent before: shutdown of {shown}." in output


@BOTH
def test_an_action_whose_task_has_a_timeout_shows_what_it_has_sent(
    sim: Simulator, tmp_path: Path, task: dict[str, dict[str, Any]], shown: str
) -> None:
    ((module, options),) = task.items()
    tasks = [{f"dom0.xend.{module}": {**options, "xend_url": sim.unix_url}, "timeout": 1}]
    played = play(tmp_path, tasks)
    assert played.results[0][0] == "failed"
    assert f"Timed out after 1 second(s). Sent before: shutdown of {shown}." in played.shown


# ---- a signal that comes at the wrong moment


class InFinalizer:
    """Something whose finalizer does a thing: Python drops what that raises."""

    def __init__(self, deed: Callable[[], None]) -> None:
        """Take the thing to do."""
        self.deed = deed

    def __del__(self) -> None:
        """Do it."""
        self.deed()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@SIGNALS
def test_a_signal_in_a_finalizer_still_ends_the_task(signum: int) -> None:
    before = signal.getsignal(signum)
    began = time.monotonic()
    with pytest.raises(Interrupted), interruptible():  # noqa: PT012 - it is raised in the loop
        InFinalizer(lambda: signal.raise_signal(signum))
        signal.raise_signal(signum)  # an impatient user's, which is ignored
        while time.monotonic() - began < 20:
            time.sleep(0.01)
    assert time.monotonic() - began < 20
    assert signal.getsignal(signum) is before


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_bound_that_is_over_in_a_finalizer_still_ends_the_command() -> None:
    with pytest.raises(_carrier._TooLongError), _carrier._bounded(0.1):  # noqa: PT012 - it is raised in the loop
        InFinalizer(lambda: time.sleep(0.3))
        time.sleep(20)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_report_is_not_interrupted_by_a_reminder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "RAISE_AGAIN", 0.01)
    with pytest.raises(Interrupted), interruptible():
        signal.raise_signal(signal.SIGTERM)
    time.sleep(0.1)  # a reminder that came now would end the tests


# ---- who watches sees how it goes


def stop_all(sim: Simulator) -> dict[str, Any]:
    """Return the task that stops both guests."""
    return {"dom0.xend.xen_domains": {**STOP_ALL["xen_domains"], "xend_url": sim.unix_url}}


def stop_quickly(folder: Path, *arguments: str) -> str:
    """Have ansible-playbook stop two guests, one of which takes 11 s; return what it shows."""
    with Simulator("4.1", tcp=None, shutdown_delay=0.0) as sim:
        for name, words in (("web1", ""), ("web2", "(args 'rig.shutdown_delay=11')")):
            sim.create(f"(vm (name {name}) (memory 32) (vcpus 1) (image (linux (kernel /k) {words})))").unpause()
        return play(folder, [stop_all(sim)], arguments=arguments).shown


def test_with_v_each_guest_is_shown_when_it_is_done_and_who_is_waited_for(tmp_path: Path) -> None:
    shown = stop_quickly(tmp_path, "-v").splitlines()
    lines = [line for line in shown if line.startswith(("[localhost] web", "[localhost] waiting"))]
    assert lines[0].startswith("[localhost] web1: changed after ")
    assert lines[1:-1] == ["[localhost] waiting for web2"]
    assert lines[-1].startswith("[localhost] web2: changed after 1")


def test_a_log_is_not_filled_with_such_lines(sim: Simulator, tmp_path: Path) -> None:
    for name in NAMES:
        sim.domain(name).destroy()
    tasks = [stop_all(sim)]
    assert "[localhost] web" not in play(tmp_path, tasks).shown


def test_a_terminal_shows_them(sim: Simulator, tmp_path: Path) -> None:
    for name in NAMES:
        sim.domain(name).destroy()
    master, slave = pty.openpty()
    tasks = [stop_all(sim)]
    (tmp_path / "playbook.yml").write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    command = [str(Path(sys.executable).parent / "ansible-playbook"), str(tmp_path / "playbook.yml")]
    with subprocess.Popen(command, stdout=slave, stderr=slave) as process:
        os.close(slave)
        output = b""
        try:
            while chunk := os.read(master, 4096):
                output += chunk
        except OSError:  # the end of a terminal that nobody has open any more
            pass
        assert process.wait(timeout=30) == 0
    os.close(master)
    assert b"[localhost] web1: ok after 0 s" in output


def test_no_log_keeps_the_lines_back(tmp_path: Path, sim: Simulator) -> None:
    for name in NAMES:
        sim.domain(name).destroy()
    tasks = [{**stop_all(sim), "no_log": True}]
    assert "web1" not in play(tmp_path, tasks, arguments=["-v"]).shown
