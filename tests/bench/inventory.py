# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast the inventory is: ansible-inventory --list as a whole process, against a floor and against libvirt's inventory.

What counts is the ratio within one run, net of what Ansible takes to read a source that adds nothing. The floor adds
the very same hosts from memory, in the way that ours does; the rest is what asking and reading xend costs. libvirt's
inventory gives other variables of the same guests, and asks its test driver, within its own process: no daemon, no socket.
All of them run on the same Python and the same ansible-core, in turns. Of the domains 5 in a hundred do not run: from
3.0.4 on xend has to be asked for each of these. On a busy machine believe the cpu columns, not the clock's.
"""

from __future__ import annotations

import argparse
import json
import marshal
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from tests.bench import peer
from tests.bench.timing import Command, Cost, in_turns, rewrite

TOP = Path(__file__).resolve().parents[2]
WORK = TOP / ".build" / "bench"

GO_ON = "on_failure: warn\nconnect_timeout: 2\n"
"""The options of the inventory for a fleet of which some are dead."""

OURS, CACHED = "dom0.xend.xen_domains", "the same, from the cache"
EMPTY, FLOOR, STATIC, PEER = "adds nothing", "the floor: from memory", "static YAML", peer.NAME

LEAST = 0.2
"""Seconds; nothing is compared with what takes less."""


@dataclass(frozen=True)
class Case:
    """A fleet, and which inventories are to be measured on it, so many times."""

    title: str
    fleet: str
    xends: int
    domains: int
    rounds: int
    contenders: Sequence[str] = (EMPTY, FLOOR, OURS)
    options: str = ""


CASES = (
    Case("100 domains on one xend, 4.1", "--version 4.1", 1, 100, 3, (EMPTY, FLOOR, OURS, CACHED, STATIC, PEER)),
    Case("1,000 domains on one xend, 3.0.0", "--version 3.0.0", 1, 1000, 3),
    Case("1,000 domains on one xend, 4.1", "--version 4.1", 1, 1000, 3, (EMPTY, FLOOR, OURS, CACHED, PEER)),
    Case("40 xends with 50 domains each, of four releases", "", 40, 50, 3, (EMPTY, FLOOR, OURS, CACHED, PEER)),
    Case("... of which 3 are dead: no connection in 2 s", "--dead 3", 40, 50, 3, (EMPTY, OURS), GO_ON),
    Case("10,000 domains on one xend, 4.1", "--version 4.1", 1, 10_000, 1, (EMPTY, FLOOR, OURS, PEER)),
)


# ---- what is measured


def listing(source: Path) -> Command:
    """Return the command that reads a source and prints all of it."""
    return Command(
        (str(Path(sys.executable).with_name("ansible-inventory")), "-i", str(source), "--list"),
        {
            "ANSIBLE_HOME": str(TOP / ".build" / "ansible_home"),
            "ANSIBLE_COLLECTIONS_PATH": f"{TOP / '.build'}:{peer.HOME}",
            "ANSIBLE_INVENTORY_PLUGINS": str(Path(__file__).with_name("inventory_plugins")),
            "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
            "PYTHONPATH": str(peer.SITE),
        },
    )


@contextmanager
def fleet(case: Case, folder: Path) -> Iterator[str]:
    """Run the case's fleet, in a process of its own; yield the source that names its xends."""
    path = folder / "fleet.xen_domains.yml"
    counts = ("--xends", str(case.xends), "--domains", str(case.domains), "--still", "--tcp", "127.0.0.1:0")
    command = [sys.executable, "-m", "tests.simulator.fleet", *counts, *case.fleet.split(), "--inventory", str(path)]
    with subprocess.Popen(command, cwd=TOP, stdout=subprocess.PIPE, text=True) as process:
        try:
            if not any("are ready" in line for line in process.stdout or ()):
                raise RuntimeError(f"no fleet: {' '.join(command)}")
            yield path.read_text(encoding="utf-8")
        finally:
            process.terminate()


def sources(case: Case, folder: Path, given: str) -> tuple[dict[str, Path], int]:
    """Write what the contenders are to read; return it by their names, and how many hosts there are."""
    ours = rewrite(folder / "ours.xen_domains.yml", given + case.options)
    cache = f"cache: true\ncache_plugin: ansible.builtin.jsonfile\ncache_connection: {folder / 'cache'}\n"
    found = read(ours)
    written = {
        OURS: ours,
        EMPTY: rewrite(folder / "empty.yml", "plugin: bench_empty\n"),
        FLOOR: rewrite(folder / "floor.yml", "plugin: bench_floor\n"),
        CACHED: rewrite(folder / "cached.xen_domains.yml", given + cache),
        STATIC: rewrite(folder / "static.yml", static(found)),
        PEER: folder / "libvirt",
    }
    Path(f"{written[FLOOR]}.marshal").write_bytes(marshal.dumps(from_memory(found)))
    for xend, guests in by_xend(found).items():
        peer.source(written[PEER], xend, guests)
    for name in {FLOOR, CACHED, STATIC} & set(case.contenders):  # and so the cache is filled
        if read(written[name]) != found:
            raise RuntimeError(f"{name} gives another inventory than {OURS}: they cannot be compared")
    return {name: written[name] for name in case.contenders}, len(found["_meta"]["hostvars"])


def read(source: Path) -> dict[str, Any]:
    """Return what Ansible has read; that a text is no template, which only our inventory says, is left out."""

    def plain(given: dict[str, Any]) -> Any:
        return given.get("__ansible_unsafe", given)

    found: dict[str, Any] = json.loads(listing(source).output(), object_hook=plain)
    return found


def groups(found: dict[str, Any]) -> dict[str, list[str]]:
    """Return the hosts of each group, empty ones too."""
    names = [name for name in found["all"]["children"] if name != "ungrouped"]
    return {name: found.get(name, {}).get("hosts", []) for name in names}


def from_memory(found: dict[str, Any]) -> tuple[list[str], list[tuple[str, list[str], dict[str, Any]]]]:
    """Return what the floor adds: groups, and hosts with their groups and variables, all in the order of ours."""
    members = groups(found)
    of_host: dict[str, list[str]] = {}
    for group in sorted(members, key=lambda name: not name.startswith("xend_")):
        for host in members[group]:
            of_host.setdefault(host, []).append(group)
    variables = found["_meta"]["hostvars"]
    return list(members), [(host, its_groups, variables[host]) for host, its_groups in of_host.items()]


def static(found: dict[str, Any]) -> str:
    """Return the same inventory as a file of Ansible's own kind."""
    children: dict[str, Any] = {
        group: {"hosts": {host: {} for host in hosts}} for group, hosts in groups(found).items()
    }
    whole = {"all": {"hosts": found["_meta"]["hostvars"], "children": children}}
    text: str = yaml.dump(whole, Dumper=yaml.CSafeDumper, sort_keys=False)
    return text


def by_xend(found: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the guests of each xend, with their variables."""
    xends: dict[str, dict[str, dict[str, Any]]] = {}
    for host, variables in found["_meta"]["hostvars"].items():
        xends.setdefault(variables["xen_xend"], {})[host] = variables
    return xends


# ---- the table

_HEADER = (
    f"{'':<27}{'':>7}{'':>7} {'net of nothing':>15} {'x the floor':>13} {'x libvirt':>13} {'':>6} {'net MB per':>10}\n"
    f"{'':<27}{'wall s':>7}{'cpu s':>7} {'wall':>8}{'cpu':>7} {'wall':>7}{'cpu':>6} {'wall':>7}{'cpu':>6} {'MB':>6}"
    f" {'1,000':>10}"
)


def ratio(seconds: float, base: float) -> str:
    """Return how often *base* goes into it; nothing is said of less than the noise."""
    return f"{seconds / base:.2f}" if base >= LEAST else "-"


def row(name: str, costs: dict[str, Cost], hosts: int) -> str:
    """Return a line of the table."""
    cost = costs[name]
    line = f"{name:<27}{cost.wall:>7.2f}{cost.cpu:>7.2f}"
    if name == EMPTY:
        return f"{line} {'':>15} {'':>13} {'':>13} {cost.peak:>6.0f}"
    net = {each: costs[each].less(costs[EMPTY]) for each in costs}
    line += f" {net[name].wall:>8.2f}{net[name].cpu:>7.2f}"
    for other in (FLOOR, PEER):
        base = net.get(other, Cost(0, 0, 0))
        line += f" {ratio(net[name].wall, base.wall):>7}{ratio(net[name].cpu, base.cpu):>6}"
    return f"{line} {cost.peak:>6.0f} {net[name].peak * 1000 / hosts:>10.1f}"


def measure(case: Case, without: frozenset[str], rounds: int) -> None:
    """Measure a case and print its part of the table."""
    folder = WORK / "inventory"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with fleet(case, folder) as given:
        paths, hosts = sources(case, folder, given)
        commands = {name: listing(path) for name, path in paths.items() if name not in without}
        costs = in_turns(commands, rounds)
    print(f"\n{case.title}; {f'the median of {rounds}' if rounds > 1 else 'once'}\n{_HEADER}")
    for name in costs:
        print(row(name, costs, hosts))
    for name in without & set(case.contenders):
        print(f"{name:<27}not measured")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench inventory", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", metavar="N", type=int, help="how often each is run; default: each case has its own")
    parser.add_argument("--no-libvirt", action="store_true", help="leave out whom it is compared with")
    options = parser.parse_args(arguments)
    print(f"ansible-inventory --list: ansible-core {version('ansible-core')}, Python {sys.version.split()[0]}")
    without: frozenset[str] = frozenset()
    try:
        if options.no_libvirt:
            raise peer.NotThere("--no-libvirt was given")  # noqa: TRY301 - one way to say so
        peer.prepare()
    except peer.NotThere as error:
        without = frozenset({PEER})
        print(f"{PEER} is not measured: {error}")
    for case in CASES:
        measure(case, without, options.rounds or case.rounds)


if __name__ == "__main__":
    main()
