# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only the real ansible shows: warnings, defaults of the action group, the environment, a missing library."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.simulator import Simulator

GUEST = "(vm (name web1) (memory 64) (image (linux (kernel /k) (vcpus 1))))"


def ansible(tmp_path: Path, task: dict[str, Any], *, xend_url: str, group_defaults: bool = False) -> str:
    """Run a playbook of one task, with the xend in the environment or in the defaults of the action group."""
    play: dict[str, Any] = {"hosts": "localhost", "gather_facts": False, "tasks": [task]}
    environment = {key: value for key, value in os.environ.items() if not key.startswith("XEND_")}
    if group_defaults:
        play["module_defaults"] = {"group/dom0.xend.xend": {"xend_url": xend_url}}
    else:
        environment["XEND_URL"] = xend_url
    playbook = tmp_path / "playbook.yml"
    playbook.write_text(json.dumps([play]))
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "-v", str(playbook)]
    environment |= {"ANSIBLE_NOCOLOR": "1", "COLUMNS": "500"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    return done.stdout + done.stderr


@pytest.mark.parametrize("group_defaults", [True, False])
def test_drift_is_shown_as_a_warning(tmp_path: Path, group_defaults: bool) -> None:
    with Simulator("3.0.0", tcp=None) as sim:
        sim.create(GUEST).unpause()
        task = {"dom0.xend.xen_domain": {"name": "web1", "memory": 128}}
        shown = ansible(tmp_path, task, xend_url=sim.unix_url, group_defaults=group_defaults)
    assert "[WARNING]: web1: memory is 64, not 128 as declared" in shown
    assert "changed=0" in shown


@pytest.mark.parametrize(
    ("scheduler", "parameters", "words"),
    [
        ("credit", {"cap": 50}, "Domain-0 has a cap, 50 percent of one CPU"),
        ("sedf", {"slice": "1ms"}, "Domain-0 is guaranteed less than 10 percent of the time"),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_what_slows_down_domain_0_is_shown_as_a_warning(
    tmp_path: Path, scheduler: str, parameters: dict[str, Any], words: str, *, check: bool
) -> None:
    with Simulator("4.1", scheduler=scheduler, tcp=None) as sim:
        task = {f"dom0.xend.xen_{scheduler}": {"name": "Domain-0", **parameters}, "check_mode": check}
        shown = ansible(tmp_path, task, xend_url=sim.unix_url)
    assert f"[WARNING]: {words}" in shown
    assert "changed=1" in shown


def test_a_password_is_shown_by_no_verbosity(tmp_path: Path) -> None:
    with Simulator("3.0.0", tcp=None) as sim:
        task = {
            "dom0.xend.xen_domain_info": {"xend_url": sim.unix_url, "xend_username": "me", "xend_password": "hunter2"}
        }
        shown = ansible(tmp_path, task, xend_url=sim.unix_url)
    assert "ok=1" in shown
    assert "hunter2" not in shown


@pytest.mark.parametrize("library", ["requests", "sexpdata"])
def test_a_missing_library_is_named(library: str) -> None:
    program = (
        f"import sys; sys.modules['{library}'] = None\n"
        "from ansible.module_utils.testing import patch_module_args\n"
        "from ansible_collections.dom0.xend.plugins.modules import xen_domain_info\n"
        "with patch_module_args({}): xen_domain_info.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    result = json.loads(done.stdout)
    assert result["failed"]
    assert f"Failed to import the required Python library ({library})" in result["msg"]


STORIES = Path(__file__).parents[3] / "extensions" / "molecule"


@pytest.mark.parametrize("story", sorted(STORIES.glob("*/converge.yml")), ids=lambda path: path.parent.name)
def test_a_story_without_a_xend_to_tell_it_on_does_not_pass(story: Path) -> None:
    # As molecule runs it in extensions/, where it does not read config.yml and so has no inventory.
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,", str(story)]
    environment = {**os.environ, "COLUMNS": "500"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2, done.stdout
    assert "molecule was not started in the folder that holds galaxy.yml" in done.stdout + done.stderr
