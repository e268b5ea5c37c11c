# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook rehearse, run by the real ansible-playbook on simulated xends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Optional

import pytest

from tests.simulator import Simulator
from tests.simulator.live import nearest
from tests.simulator.rehearsal import Copy, ScriptError
from tests.support import waiting
from tests.support.running import written
from tests.support.sshd import MISSING, Sshd

TOP = Path(__file__).resolve().parents[3]
GUEST = "(vm (name {}) (memory 64) (vcpus 1) (image (linux (kernel /boot/k) (root '/dev/sda1 {}'))))"
MARK = "TEST_OF_REHEARSAL"
"""The variable of the environment by which a test finds the processes of its rehearsal."""


def start(folder: Path, site: list[dict[str, Any]], *arguments: str, **xens: str) -> subprocess.Popen[str]:
    """Start the rehearsal of a playbook, on hosts of the group xen_hosts with their xends."""
    variables = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts = {name: {"xend_url": url} for name, url in xens.items()}
    (folder / "xens.yml").write_text(json.dumps({"xen_hosts": {"vars": variables, "hosts": hosts}}))
    (folder / "site.yml").write_text(json.dumps(site))
    kept = {key: value for key, value in os.environ.items() if not key.startswith("XEND_")}
    settings = {"ANSIBLE_NOCOLOR": "1", "COLUMNS": "500", MARK: str(folder)}
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "dom0.xend.rehearse", "-i", "xens.yml"]
    return subprocess.Popen(
        [*command, "-e", "rehearse_playbook=site.yml", *arguments],
        cwd=folder,
        env={**kept, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def rehearse(folder: Path, site: list[dict[str, Any]], *arguments: str, **xens: str) -> tuple[int, str]:
    """Rehearse a playbook to its end; return the exit status and what is shown."""
    with start(folder, site, *arguments, **xens) as process:
        shown, _none = process.communicate(timeout=300)
    return process.returncode, shown


def running(folder: Path, having: str = "") -> list[str]:
    """Return the command of each process of a test's rehearsals that has some text in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            marked = f"{MARK}={folder}".encode() in (process / "environ").read_bytes().split(b"\0")
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        found += [command] if marked and having in command else []
    return found


def wait_until(folder: Path, *, runs: bool, having: str = "", seconds: float = 60) -> None:
    """Wait until there is such a process, or is none."""
    waiting.wait_until(
        lambda: bool(running(folder, having)) is runs, "it runs" if not runs else "it does not run", seconds
    )


def play(*tasks: dict[str, Any], hosts: str = "xen_hosts") -> list[dict[str, Any]]:
    """Return a playbook of one play."""
    return [{"name": "Site", "hosts": hosts, "gather_facts": False, "tasks": list(tasks)}]


def domain(name: str, state: str, when: str = "", **more: Any) -> dict[str, Any]:
    """Return a task that declares a guest."""
    task = {"name": f"Have {name} {state}", "dom0.xend.xen_domain": {"name": name, "state": state, **more}}
    return {**task, "when": f"inventory_hostname == '{when}'"} if when else task


def summary(shown: str) -> list[str]:
    """Return the lines of the summary."""
    shown = shown.partition("TASK [Show what it did to each copy]")[2].partition('"msg": [')[2].partition("]\n}")[0]
    return list(json.loads(f"[{shown}]"))


def test_copies_are_changed_as_the_playbook_says_and_the_xends_are_only_read(tmp_path: Path) -> None:
    with Simulator("3.0.3", tcp=None) as first, Simulator("4.1", tcp=None) as second:
        first.create(GUEST.format("web1", "ro")).unpause()
        second.create(GUEST.format("db1", "ro")).unpause()
        second.create(GUEST.format("migrating-db2", "ro"))
        site = play(
            {"name": "Touch a file", "ansible.builtin.command": f"touch {tmp_path}/touched"},
            {
                "name": "Write a file here",
                "ansible.builtin.copy": {"content": "x", "dest": f"{tmp_path}/touched"},
                "delegate_to": "localhost",
                "vars": {"ansible_connection": "local"},
            },
            domain(
                "web1", "stopped", when="xen1", xend_url=first.unix_url, xend_username="root", xend_password="hunter2"
            ),
            {
                **domain("db1", "absent", when="xen2"),
                "async": 60,
                "poll": 1,
                "environment": {"XEND_URL": second.unix_url},
            },
            domain("web2", "running", when="xen2", memory=64, image={"kernel": "/boot/k"}),
        )
        first.clear_log()
        second.clear_log()
        status, shown = rehearse(tmp_path, site, xen1=first.unix_url, xen2=second.unix_url)
        assert status == 0, shown
        assert written(first) == written(second) == []
        assert first.names() == ["Domain-0", "web1"]
    assert summary(shown) == [
        "xen1, a copy of its xend 3.0.3:",
        "  1. web1: shutdown reason=poweroff",
        "  guests: web1 gone",
        "xen2, a copy of its xend 4.1:",
        "  1. web2: create",
        "  2. web2: wait_for_devices",
        "  3. web2: unpause",
        "  guests: web2 new",
        "  note: migrating-db2 was about to leave: here it stays, under that name",
        "not rehearsed: Touch a file (xen1, xen2)",
        "not rehearsed: Write a file here (xen1, xen2)",
        "not rehearsed: Have db1 absent (xen2)",
    ]
    assert "+++ after: web2" in shown
    assert not (tmp_path / "touched").exists()
    assert running(tmp_path) == []


def test_a_playbook_that_fails_is_shown_and_fails_the_rehearsal(tmp_path: Path) -> None:
    with Simulator("3.2", tcp=None) as xend:
        xend.create(GUEST.format("web1", "ro")).unpause()
        xend.clear_log()
        site = play(
            domain("web1", "paused"),
            {**domain("web1", "running"), "delegate_to": "elsewhere"},
        )
        status, shown = rehearse(tmp_path, site, xen1=xend.unix_url)
        assert written(xend) == []
    assert status == 2, shown
    assert summary(shown) == ["xen1, a copy of its xend 3.2:", "  1. web1: pause", "  guests: web1 changed"]
    assert "there is no copy of the xend of elsewhere in this rehearsal" in shown
    assert "site.yml failed on the copies, with status 2: see above." in shown
    assert running(tmp_path) == []


def test_the_rehearsals_limit_and_check_mode_are_those_of_the_playbook(tmp_path: Path) -> None:
    with Simulator("3.2", tcp=None) as first, Simulator("4.1", tcp=None) as second:
        first.create(GUEST.format("web1", "ro")).unpause()
        site = play(domain("web1", "paused"))
        status, shown = rehearse(
            tmp_path, site, "--check", "--limit", "xen1", xen1=first.unix_url, xen2=second.unix_url
        )
    assert status == 0, shown
    assert summary(shown) == ["xen1, a copy of its xend 3.2:", "  no operations", "  guests: none changed"]
    assert "+++ after: web1" in shown


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_hosts_are_read_through_ansibles_own_connection_and_nothing_else_goes_there(tmp_path: Path) -> None:
    with Simulator("3.4", tcp=None) as xend, Sshd(tmp_path) as sshd:
        xend.create(GUEST.format("web1", "ro")).unpause()
        xend.clear_log()
        variables = {
            "ansible_connection": "ssh",
            "ansible_host": "127.0.0.1",
            "ansible_port": sshd.port,
            "ansible_ssh_common_args": sshd.arguments,
        }
        (tmp_path / "host_vars").mkdir()
        (tmp_path / "host_vars" / "xen1.yml").write_text(json.dumps(variables))
        site = play(
            {"name": "Touch a file", "ansible.builtin.command": f"touch {tmp_path}/touched"}, domain("web1", "paused")
        )
        status, shown = rehearse(tmp_path, site, xen1=xend.unix_url)
        assert status == 0, shown
        assert xend.requests
        assert written(xend) == []
    assert summary(shown)[1:] == [
        "  1. web1: pause",
        "  guests: web1 changed",
        "not rehearsed: Touch a file (xen1)",
    ]
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_rehearsal_leaves_nothing_behind(tmp_path: Path, told: signal.Signals) -> None:
    with Simulator("4.1", tcp=None) as xend:
        xend.create(GUEST.format("web1", "rig.ignore_shutdown")).unpause()
        xend.clear_log()
        site = play(domain("web1", "stopped", shutdown_timeout=250))
        with start(tmp_path, site, xen1=xend.unix_url) as process:
            wait_until(tmp_path, runs=True, having="ansible playbook site.yml")
            process.send_signal(told)
            process.communicate(timeout=60)
        wait_until(tmp_path, runs=False)
        assert written(xend) == []
    assert process.returncode != 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-e", "rehearse_hosts=nobody"], "There is no host to rehearse on."),
        (["-e", "rehearse_playbook="], "Name the playbook to rehearse"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    status, shown = rehearse(tmp_path, play(), *arguments)
    assert status == 2
    assert sentence in shown


def test_a_collection_without_its_simulator_says_so(tmp_path: Path) -> None:
    collection = tmp_path / "collections" / "ansible_collections" / "dom0" / "xend"
    shutil.copytree(TOP / "playbooks", collection / "playbooks")
    for name in ("plugins", "meta", "galaxy.yml"):
        (collection / name).symlink_to(TOP / name)
    (tmp_path / "ansible.cfg").write_text(f"[defaults]\ncollections_path = {tmp_path}/collections\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ANSIBLE_COLLECTIONS_PATH", raising=False)
        status, shown = rehearse(tmp_path, play())
    assert status == 2
    assert "was installed without its simulator, tests/simulator; rehearse from a clone of it." in shown


@pytest.mark.parametrize(
    ("xen", "releases", "release"),
    [
        ("3.0.3-rc1", ["3.0.2", "3.0.3", "3.0.4"], "3.0.3"),
        ("3.4.2", ["3.3", "3.4"], "3.4"),
        ("4.3", ["4.1", "4.4"], "4.1"),
        ("3.0.0", ["3.2", "3.3"], "3.2"),
        ("", ["3.3", "3.4"], "3.3"),
        ("4.1", [], None),
    ],
)
def test_a_copy_is_of_the_release_that_comes_nearest(xen: str, releases: list[str], release: Optional[str]) -> None:
    assert nearest(xen, releases) == release


def test_a_xend_whose_release_is_unknown_has_no_copy_until_it_is_named() -> None:
    node = {"node": {"xen_version": None}, "xend": {"releases": []}, "scheduler": None}
    with pytest.raises(ScriptError, match="xen1: the release of its xend cannot be told"):
        Copy.of("xen1", node, [], "")
    assert Copy.of("xen1", node, [], "3.4").simulator.version == "3.4"
