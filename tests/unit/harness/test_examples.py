# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the documentation of the plugins shows works as it stands, and a check of the README's play sends nothing.

They are run by the real ansible. Only the addresses of xends are replaced, by those of simulators. The release is 3.2:
the others make a reboot wait in real time, and it has a scheduler of one's choice.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.simulator import Simulator
from tests.support.running import written

TOP = Path(__file__).resolve().parents[3]
README = (TOP / "README.md").read_text()
XENDS = re.compile(r"http://localhost:800\d|unix:///var/lib/xend/xend-socket")
"""The addresses that the documentation uses."""

WEB1 = """(vm (name web1) (memory 128) (vcpus 1) (image (linux (kernel /boot/vmlinuz)))
    (device (vif (mac 00:16:3e:00:00:01) (bridge xenbr0) (ip 10.0.0.1))))"""


@contextmanager
def xend(for_what: str = "") -> Iterator[Simulator]:
    """Have a xend whose guests are quick to go down, with the scheduler that a module, or a line with one, sets."""
    scheduler = "credit" if "xen_credit" in for_what else "sedf"
    with Simulator("3.2", scheduler=scheduler, shutdown_delay=0.1, hvm=True) as sim:
        yield sim


def run_web1(sim: Simulator) -> None:
    """Ensure that web1 runs, whatever became of it before."""
    if "web1" in sim.names():
        sim.domain("web1").destroy()
    sim.create(WEB1).unpause()
    sim.clear_log()


def examples(path: str) -> str:
    """Return the text of EXAMPLES in a plugin."""
    tree = ast.parse((TOP / "plugins" / path).read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "EXAMPLES":
            return str(ast.literal_eval(node.value))
    raise AssertionError(f"{path} has no EXAMPLES")


def readme_blocks(with_word: str) -> str:
    """Return the one yaml block of the README with that word."""
    (block,) = (text for text in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if with_word in text)
    return str(block)


def at(sim: Simulator, text: str, *others: Simulator) -> str:
    """Return the text with the addresses of simulators: the first for the first that is named, and so on."""
    sims = iter((sim, *others))
    urls: dict[str, str] = {}
    for url in XENDS.findall(text):
        if url not in urls:
            urls[url] = next(sims).url
    return XENDS.sub(lambda found: urls[found[0]], text)


def ansible(folder: Path, *command: str, xend_url: str | None = None) -> str:
    """Run a command of ansible there; return what it shows. It must succeed."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("XEND_")}
    environment |= {"ANSIBLE_NOCOLOR": "1", "COLUMNS": "500", "HOME": str(folder)}
    environment |= {"XEND_URL": xend_url} if xend_url else {}
    words = [str(Path(sys.executable).parent / command[0]), *command[1:]]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def play(folder: Path, tasks: list[dict[str, Any]], *, xend_url: str) -> str:
    """Run tasks as a playbook."""
    playbook = folder / "playbook.yml"
    playbook.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    return ansible(folder, "ansible-playbook", str(playbook), xend_url=xend_url)


# ---- the plugins


@pytest.mark.parametrize("module", sorted(path.stem for path in (TOP / "plugins" / "modules").glob("[!_]*.py")))
def test_the_examples_of_a_module_work_one_after_the_other(module: str, tmp_path: Path) -> None:
    with xend(module) as sim, xend() as other:
        if module != "xen_domain":
            run_web1(sim)
        sim.knows("dom0b.example.org", other)
        other.knows("dom0a.example.org", sim)
        tasks = yaml.safe_load(at(sim, examples(f"modules/{module}.py"), other))
        shown = play(tmp_path, tasks, xend_url=sim.unix_url)
        left = sim.names()
    assert f"ok={len(tasks)} " in shown
    assert "[WARNING]: web" not in shown  # of drift
    assert all(f"dom0.xend.{module}" in task or "ansible.builtin.assert" in task for task in tasks)
    if module in ("xen_credit", "xen_sedf"):  # each but the last, which only looks
        assert f"changed={len(tasks) - 1} " in shown
    if module == "xen_migrate":
        assert f"changed={len(tasks)} " in shown
        assert left == ["Domain-0", "web1"]
    if module == "xen_domain":  # each changes something, and what was web1 and web2 is gone in the end
        assert f"changed={len(tasks)} " in shown
        assert left == ["Domain-0", "win1"]


INVENTORIES = [
    text for text in examples("inventory/xen_domains.py").split("---\n") if "ssh://" not in text and text.strip()
]
"""All but that whose hosts are reached by OpenSSH, which the tests of the inventory try with a real sshd."""


@pytest.mark.parametrize("number", range(4))
def test_the_examples_of_the_inventory_list_the_domains(number: int, tmp_path: Path) -> None:
    assert len(INVENTORIES) == 4
    with xend() as sim, xend() as other:
        run_web1(sim)
        (tmp_path / "guests.xen_domains.yml").write_text(at(sim, INVENTORIES[number], other))
        listed = json.loads(
            ansible(tmp_path, "ansible-inventory", "-i", "guests.xen_domains.yml", "--list", xend_url=sim.url)
        )
    (host,) = listed["state_running"]["hosts"]
    variables = listed["_meta"]["hostvars"][host]
    assert (host, variables["xen_memory"]) == ("web1.rack1" if number == 2 else "web1", 128)
    if number == 1:
        assert "10.0.0.1" in str(variables["ansible_host"])  # some releases of ansible mark it as data
    if number == 2:
        assert listed["_meta"]["hostvars"][host]["xen_node"]
    if number == 3:
        assert listed["web"]["hosts"] == listed["bridge_xenbr0"]["hosts"] == ["web1"]
        assert list((tmp_path / ".ansible" / "xen_domains").iterdir())


# ---- the README


def test_the_play_in_the_readme_works_and_a_check_of_it_sends_nothing(tmp_path: Path) -> None:
    with xend() as sim:
        (tmp_path / "site.yml").write_text(readme_blocks("hosts: xen_hosts"))
        here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        (tmp_path / "hosts.json").write_text(json.dumps({"xen_hosts": {"hosts": {"xen1": here}}}))
        for options, changed, sent in (
            (["--check", "--diff"], 1, []),
            ([], 1, ["create", "wait_for_devices", "unpause"]),
            ([], 0, []),
        ):
            sim.clear_log()
            command = ("ansible-playbook", "-i", "hosts.json", "site.yml", *options)
            shown = ansible(tmp_path, *command, xend_url=sim.unix_url)
            assert f"changed={changed} " in shown
            assert written(sim) == sent
        assert sim.domain("web1").running
