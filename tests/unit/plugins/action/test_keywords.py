# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keywords of a task, with the real ansible-playbook: an action plugin does with them what the module would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulator import Simulator
from tests.support.playing import play
from tests.support.running import written

GUEST = "(vm (name web1) (memory 64) (vcpus 1) (image (linux (kernel /k))))"
SECRET = "hunter2secret"
LOOK: dict[str, Any] = {"dom0.xend.xen_domain": {"name": "web1", "memory": 64}}


@pytest.fixture(name="sim")
def _sim() -> Iterator[Simulator]:
    with Simulator("4.1", tcp=None) as sim:
        sim.create(GUEST).unpause()
        sim.clear_log()
        yield sim


def test_async_runs_the_module(sim: Simulator, tmp_path: Path) -> None:
    task = {
        "dom0.xend.xen_domain": {"name": "web1", "state": "paused", "xend_url": sim.unix_url},
        "async": 30,
        "poll": 1,
    }
    found = play(tmp_path, [task], arguments=["-vvv"])
    assert "EXEC" in found.shown
    assert found.results[-1][0] == "ok", found.shown
    assert written(sim) == ["pause"]


def test_environment_of_the_task_names_the_xend(sim: Simulator, tmp_path: Path) -> None:
    found = play(tmp_path, [{**LOOK, "environment": {"XEND_URL": "{{ where }}"}}], variables={"where": sim.unix_url})
    assert found.only["domain"]["name"] == "web1"


def test_environment_of_the_task_goes_before_that_of_the_controller(sim: Simulator, tmp_path: Path) -> None:
    task: dict[str, Any] = {**LOOK, "environment": [{"XEND_URL": sim.unix_url}]}
    found = play(tmp_path, [task], environment={"XEND_URL": "unix:///nowhere"})
    assert found.only["domain"]["name"] == "web1"


def test_environment_of_the_controller_is_that_of_localhost(sim: Simulator, tmp_path: Path) -> None:
    found = play(tmp_path, [LOOK], environment={"XEND_URL": sim.unix_url})
    assert found.only["domain"]["name"] == "web1"


def test_defaults_of_the_action_group_are_taken(sim: Simulator, tmp_path: Path) -> None:
    found = play(tmp_path, [LOOK], module_defaults={"group/dom0.xend.xend": {"xend_url": sim.unix_url}})
    assert found.only["domain"]["name"] == "web1"


def test_short_name_is_enough_where_the_collection_is_named(sim: Simulator, tmp_path: Path) -> None:
    tasks: list[dict[str, Any]] = [
        {"xen_domain": {"name": "web1", "xend_url": sim.unix_url}},
        {"xen_domain": {"name": "web1", "nonsense": 1}, "ignore_errors": True},
    ]
    found = play(tmp_path, tasks, collections=["dom0.xend"], arguments=["-vvv"])
    assert [how for how, _result in found.results] == ["ok", "failed"]
    assert "Unsupported parameters for (xen_domain) module: nonsense. " in found.results[1][1]["msg"]
    assert "EXEC" not in found.shown


def test_loop_of_several_domains(sim: Simulator, tmp_path: Path) -> None:
    task = {
        "dom0.xend.xen_credit": {"name": "{{ item.name }}", "weight": "{{ item.weight }}", "xend_url": sim.unix_url},
        "loop": [{"name": "web1", "weight": 512}, {"name": "Domain-0", "weight": 1024}],
    }
    found = play(tmp_path, [task])
    assert [result["credit"]["weight"] for how, result in found.results if how == "item"] == [512, 1024]


@pytest.mark.parametrize("keywords", [{"delegate_to": "localhost"}, {"run_once": True, "delegate_to": "localhost"}])
def test_delegated_task_is_done_in_the_controller(sim: Simulator, tmp_path: Path, keywords: dict[str, Any]) -> None:
    task: dict[str, Any] = {"dom0.xend.xen_domain": {"name": "web1", "xend_url": sim.unix_url}, **keywords}
    found = play(tmp_path, [task], inventory="xen1.invalid\nxen2.invalid\n", arguments=["-vvv"])
    assert {how for how, _result in found.results} == {"ok"}
    assert len(found.results) == (1 if "run_once" in keywords else 2)
    assert "EXEC" not in found.shown


def test_timeout_of_the_task_ends_it(tmp_path: Path) -> None:
    with Simulator("4.1", tcp=None) as sim:
        sim.create(GUEST.replace("/k", "/k) (args rig.ignore_shutdown")).unpause()
        task = {"dom0.xend.xen_domain": {"name": "web1", "state": "stopped", "xend_url": sim.unix_url}, "timeout": 2}
        found = play(tmp_path, [task])
    assert found.results[0][0] == "failed"
    assert "Timed out after 2 second" in found.only["msg"]


def test_check_mode_and_diff_of_the_command_line(sim: Simulator, tmp_path: Path) -> None:
    task = {"dom0.xend.xen_domain": {"name": "web1", "state": "paused", "xend_url": sim.unix_url}}
    found = play(tmp_path, [task], arguments=["--check", "--diff"])
    assert found.only["changed"]
    lines = [line.strip(' ",') for line in found.shown.splitlines()]
    assert {'-    "state": "running', '+    "state": "paused'} <= set(lines), found.shown
    assert written(sim) == []


def test_vaulted_secret_is_used_and_not_shown(sim: Simulator, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("open sesame")

    vault = str(Path(sys.executable).parent / "ansible-vault")
    command = [vault, "encrypt_string", "--vault-password-file", str(tmp_path / "password"), SECRET]
    secret = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (tmp_path / "secret.yml").write_text(f"password: {secret}")
    guest = {"name": "web2", "memory": 64, "image": {"kernel": "/k"}, "vfbs": [{"vncpasswd": "{{ password }}"}]}
    task = {"dom0.xend.xen_domain": {**guest, "xend_url": sim.unix_url}}
    found = play(
        tmp_path,
        [task],
        vars_files=[str(tmp_path / "secret.yml")],
        arguments=["-vvv", "--vault-password-file", str(tmp_path / "password")],
        environment={"ANSIBLE_INJECT_INVOCATION": "true"},
    )
    assert found.only["changed"], found.shown
    assert SECRET in next(request.params["config"][0] for request in sim.requests if request.op == "create")
    assert SECRET not in found.shown + json.dumps(found.only)


def first_on_the_path(folder: Path) -> dict[str, str]:
    """Return an environment in which Python looks into a folder first."""
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH", "")]))}


def test_missing_library_in_the_controller_runs_the_module(sim: Simulator, tmp_path: Path) -> None:
    (tmp_path / "requests.py").write_text(
        "import sys\nif 'ansible.cli' in sys.modules:\n    raise ImportError\n"
        "del sys.modules['requests']\nsys.path.remove(__file__.rpartition('/')[0])\nimport requests\n"
    )
    task = {"dom0.xend.xen_domain": {"name": "web1", "xend_url": sim.unix_url}}

    found = play(tmp_path, [task], arguments=["-vvv"], environment=first_on_the_path(tmp_path))
    assert "EXEC" in found.shown
    assert found.results[0][0] == "ok", found.shown


def test_library_that_is_missing_everywhere_is_asked_for_where_ansible_runs(sim: Simulator, tmp_path: Path) -> None:

    (tmp_path / "sexpdata.py").write_text("raise ImportError\n")
    task = {"dom0.xend.xen_domain": {"name": "web1", "xend_url": sim.unix_url}}
    found = play(tmp_path, [task], environment=first_on_the_path(tmp_path))
    assert found.results[0][0] == "failed"
    assert "pip install requests sexpdata" in found.only["msg"]
