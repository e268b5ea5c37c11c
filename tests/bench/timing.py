# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What commands cost, as whole processes: run in turns, so that what slows the machine down slows all of them."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_LAUNCH = (sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py")))


class CommandFailed(Exception):
    """A command that was to be measured has failed; the message ends in what it said."""


@dataclass(frozen=True)
class Command:
    """A command, and what it needs in its environment besides what there is."""

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)

    def output(self) -> str:
        """Run it, and return what it prints. Raises CommandFailed."""
        return self._run(self.argv, subprocess.PIPE)

    def cost(self) -> Cost:
        """Run it, and return what it costs. Raises CommandFailed."""
        with tempfile.NamedTemporaryFile("r", encoding="ascii") as report:
            self._run([*_LAUNCH, report.name, *self.argv], subprocess.DEVNULL)
            wall, cpu, peak = map(float, report.read().split())
        return Cost(wall, cpu, peak / 1024)

    def _run(self, argv: Sequence[str], out: int) -> str:
        environment = {**os.environ, **self.environment}
        done = subprocess.run(
            argv, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            raise CommandFailed(f"{' '.join(self.argv)} ended with {done.returncode}: {done.stderr[-2000:]}")
        return str(done.stdout)


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock, seconds of a processor, and the most memory at a time, in MiB."""

    wall: float
    cpu: float
    peak: float

    def less(self, other: Cost) -> Cost:
        """Return by how much this is more than another."""
        return Cost(self.wall - other.wall, self.cpu - other.cpu, self.peak - other.peak)


def medians(costs: Sequence[Cost]) -> Cost:
    """Return the median of each kind."""
    return Cost(*(statistics.median(getattr(each, kind) for each in costs) for kind in ("wall", "cpu", "peak")))


def in_turns(commands: Mapping[str, Command], rounds: int) -> dict[str, Cost]:
    """Run all of them, so many times over; return the medians for each."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _round in range(rounds):
        for name, command in commands.items():
            costs[name].append(command.cost())
    return {name: medians(each) for name, each in costs.items()}


def rewrite(path: Path, text: str) -> Path:
    """Write a file, and the folder that it lies in; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
