# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tasks cost: ansible-playbook as a whole process, net of a play without a task, beside ansible.builtin.ping.

The same tasks are done by the action plugin, by the module, where the collection has no action plugins, and through OpenSSH
on loopback, where logins are shared. The peer is community.libvirt's virt on
libvirt's test driver. What a face costs to import is told apart, with the bytecode there, and without it as modules are:
Ansible sends them as source. On a busy machine believe the cpu columns, not the clock's.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ansible_collections.dom0.xend.plugins.module_utils.wire.relay import Places, Relay
from ansible_collections.dom0.xend.plugins.module_utils.wire.ssh import Ssh, SshAddress
from tests.bench import peer
from tests.bench.timing import Command, Cost, in_turns, rewrite
from tests.simulator import Simulator
from tests.support.sshd import MISSING, Sshd

TOP = Path(__file__).resolve().parents[2]
WORK = TOP / ".build" / "bench" / "tasks"

TASKS = 50
DOMAINS = 1000
FACES = (
    *(
        "modules.xen_domain",
        "modules.xen_domain_info",
        "modules.xen_node_info",
        "modules.xen_sedf",
        "modules.xen_credit",
    ),
    *("action.xen_domain", "action.xen_domain_info", "inventory.xen_domains"),
)
NOTHING = "a play without a task"

Task = dict[str, Any]


def definition(number: int) -> str:
    """Return a guest as xend takes it."""
    return f"(vm (name web{number}) (memory 64) (vcpus 1) (image (linux (kernel /k))))"


def unchanged(number: int, **more: str) -> Task:
    """Return a task that finds nothing to do."""
    return {"dom0.xend.xen_domain": {"name": f"web{number}", "state": "running", **more}}


def created(number: int, **more: str) -> Task:
    """Return a task that makes sure that a new domain runs."""
    given = {"name": f"new{number}", "memory": 64, "image": {"kernel": "/k"}, "state": "running", **more}
    return {"dom0.xend.xen_domain": given}


def removed(number: int, **more: str) -> Task:
    """Return a task that takes a domain away again."""
    return {"dom0.xend.xen_domain": {"name": f"new{number}", "state": "absent", "force": True, **more}}


class Plays:
    """Writes playbooks, and returns the commands that run them."""

    def __init__(self, folder: Path, actions_hidden: Path) -> None:
        """Take a folder for them, and a copy of the collection without action plugins."""
        self._folder = folder
        self._hidden = actions_hidden

    def command(self, name: str, tasks: Sequence[Task], *, by_module: bool = False) -> Command:
        """Return the command that runs tasks on the controller."""
        play_ = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": list(tasks)}
        path = rewrite(self._folder / f"{name}.json", json.dumps([play_]))
        collections = self._hidden if by_module else TOP / ".build"
        return Command(
            (str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", str(path)),
            {
                "ANSIBLE_HOME": str(TOP / ".build" / "ansible_home"),
                "ANSIBLE_COLLECTIONS_PATH": f"{collections}:{peer.HOME}",
                "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
                "PYTHONPATH": str(peer.SITE),
            },
        )


def without_actions(folder: Path) -> Path:
    """Return a place of collections where this one has no action plugins, so that Ansible runs the modules."""
    root = folder / "ansible_collections" / "dom0" / "xend"
    (root / "plugins").mkdir(parents=True)
    for path in TOP.glob("plugins/*"):
        if path.name != "action":
            (root / "plugins" / path.name).symlink_to(path)
    for name in ("meta", "galaxy.yml"):
        (root / name).symlink_to(TOP / name)
    return folder


@contextmanager
def xend(version_: str, domains: int) -> Iterator[Simulator]:
    """Run a xend with so many domains, 5 in a hundred of them halted."""
    with Simulator(version_, tcp=None) as sim:
        for number in range(domains):
            if number % 20:
                sim.create(definition(number)).unpause()
            else:
                sim.define(definition(number))
        yield sim


# ---- one request


def request(server: Sshd, sim: Simulator, rounds: int) -> None:
    """Print the milliseconds of one request through ssh with a shared login, and those of ssh itself: medians."""
    server.trust()
    carrier = Ssh(SshAddress.parse(server.url), arguments=server.sharing_arguments)
    relay = Relay(server.url, Places.of_socket(str(sim.unix_path)), carrier)
    empty = ["ssh", *shlex.split(server.sharing_arguments), "-o", f"ControlPath={server.folder}/%C"]
    empty += ["-o", "ControlMaster=auto", "-o", "ControlPersist=20s", "-p", str(server.port), "127.0.0.1", "true"]
    ways: dict[str, Callable[[], object]] = {
        "a request through ssh": lambda: relay.exchange("/xend/node", timeout=30),
        "ssh to `true`": lambda: subprocess.run(empty, check=True, capture_output=True),
    }
    for name, way in ways.items():
        way()  # logs in
        times = []
        for _round in range(10 * rounds):
            start = time.perf_counter()
            way()
            times.append(time.perf_counter() - start)
        print(f"{name:<30}{statistics.median(times) * 1000:>8.0f} ms", flush=True)


# ---- the rows


def plays(plays_: Plays, urls: Mapping[str, Mapping[str, str]], peer_task: Task | None) -> dict[str, Command]:
    """Return what is run, by its row, for each way by which xend is reached: its name, and the options of the connection."""
    commands = {NOTHING: plays_.command("nothing", [])}
    commands[f"{TASKS} x ansible.builtin.ping"] = plays_.command("ping", [{"ansible.builtin.ping": {}}] * TASKS)
    if peer_task:
        commands[f"{TASKS} x community.libvirt.virt"] = plays_.command("virt", [peer_task] * TASKS)
    for way, options in urls.items():
        tag = way.replace(" ", "-")
        running = [number for number in range(DOMAINS) if number % 20][:TASKS]
        same = [unchanged(number, **options) for number in running]
        commands[f"{TASKS} without change, {way}"] = plays_.command(f"same-{tag}", same)
        new = [created(number, **options) for number in range(TASKS)]
        old = [removed(number, **options) for number in range(TASKS)]
        commands[f"{TASKS} creates and {TASKS} removals, {way}"] = plays_.command(f"new-{tag}", [*new, *old])
        listed = {"dom0.xend.xen_domain_info": dict(options)}
        commands[f"xen_domain_info of {DOMAINS:,}, {way}"] = plays_.command(f"info-{tag}", [listed])
        if way == "action plugin":
            commands[f"{TASKS} without change, module"] = plays_.command("same-module", same, by_module=True)
            commands[f"xen_domain_info of {DOMAINS:,}, module"] = plays_.command(
                "info-module", [listed], by_module=True
            )
    return commands


def show(costs: Mapping[str, Cost]) -> None:
    """Print the table."""
    print(f"{'':<50}{'wall s':>8}{'cpu s':>8}{'net wall':>10}{'net cpu':>9}{'MB':>6}")
    for name, cost in costs.items():
        net = cost.less(costs[NOTHING])
        print(f"{name:<50}{cost.wall:>8.2f}{cost.cpu:>8.2f}{net.wall:>10.2f}{net.cpu:>9.2f}{cost.peak:>6.0f}")
    sys.stdout.flush()


def imports(rounds: int) -> None:
    """Print what each face costs to import, in milliseconds of a processor: the best of some rounds."""
    print(f"\n{'import':<30}{'ms':>8}{'ms without bytecode':>22}{'modules':>9}")
    cache = WORK / "bytecode"
    for face in FACES:
        kept, source = (imported(face, environment, rounds) for environment in bytecode(cache))
        print(f"{face:<30}{kept[0]:>8.0f}{source[0]:>22.0f}{kept[1]:>9}", flush=True)


def bytecode(cache: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return the environments where bytecode is kept, and where that of the collection is not."""
    base = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    base["PYTHONPATH"] = str(TOP / ".build")
    return {**base, "PYTHONPYCACHEPREFIX": str(cache)}, {**base, "PYTHONDONTWRITEBYTECODE": "1"}


def imported(face: str, environment: Mapping[str, str], rounds: int) -> tuple[float, int]:
    """Return the milliseconds, and how many modules of Python it loads."""
    code = (
        f"import sys, time; b = len(sys.modules); t = time.process_time(); "
        f"import ansible_collections.dom0.xend.plugins.{face}; print((time.process_time() - t) * 1000, len(sys.modules) - b)"
    )
    found = []
    for _round in range(rounds + 1):  # the first may write bytecode
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        spent, count = done.stdout.split()
        found.append((float(spent), int(count)))
    return min(found)


def libvirt(folder: Path) -> Task:
    """Return the peer's task that finds nothing to do. Raises NotThere."""
    peer.prepare()
    node = rewrite(
        folder / "node.xml",
        "<node><domain type='test'><name>web1</name><memory>65536</memory><os><type>hvm</type></os></domain></node>",
    )
    return {"community.libvirt.virt": {"name": "web1", "state": "running", "uri": f"test://{node}"}}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench tasks", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", metavar="N", type=int, default=3, help="how often each is run; default: 3")
    parser.add_argument("--no-libvirt", action="store_true", help="leave out whom it is compared with")
    options = parser.parse_args(arguments)
    print(f"ansible-playbook: ansible-core {version('ansible-core')}, Python {sys.version.split()[0]}")
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    peer_task = None
    try:
        if options.no_libvirt:
            raise peer.NotThere("--no-libvirt was given")  # noqa: TRY301 - one way to say so
        peer_task = libvirt(WORK)
    except peer.NotThere as error:
        print(f"community.libvirt.virt is not measured: {error}")
    with ExitStack() as stack:
        sim = stack.enter_context(xend("4.1", DOMAINS))
        urls: dict[str, dict[str, str]] = {"action plugin": {"xend_url": sim.unix_url}}
        if MISSING:
            print(f"ssh is not measured: {MISSING}")
        else:
            (WORK / "sshd").mkdir()
            server = stack.enter_context(Sshd(WORK / "sshd"))
            urls["ssh"] = {"xend_url": f"{server.url}{sim.unix_path}", "xend_ssh_args": server.sharing_arguments}
        commands = plays(Plays(WORK, without_actions(WORK / "hidden")), urls, peer_task)
        show(in_turns(commands, options.rounds))
        if not MISSING:
            request(server, sim, options.rounds)
    imports(options.rounds)


if __name__ == "__main__":
    main()
