# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What measures commands: it runs them, says what they cost, and does not hide that one has failed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.bench.timing import Command, CommandFailed, Cost, in_turns, medians

NOTHING = Command((sys.executable, "-c", "pass"))


def test_a_command_costs_time_and_memory() -> None:
    waits = Command((sys.executable, "-c", "import time; time.sleep(0.2)")).cost()
    assert waits.wall >= 0.2
    assert waits.wall > waits.cpu > 0


def test_the_memory_of_who_measures_is_not_counted() -> None:
    held = bytearray(b"x" * (200 << 20))
    assert 0 < NOTHING.cost().peak < 100
    assert Command((sys.executable, "-c", "x = b'x' * (200 << 20)")).cost().peak > 200
    assert held


def test_a_command_gets_its_environment_and_what_it_prints_is_returned() -> None:
    command = Command((sys.executable, "-c", "import os; print(os.environ['COLOUR'])"), {"COLOUR": "blue"})
    assert command.output() == "blue\n"


def test_a_command_that_fails_is_an_error_with_what_it_said() -> None:
    fails = Command((sys.executable, "-c", "import sys; sys.exit('out of paper')"))
    for run in (fails.cost, fails.output):
        with pytest.raises(CommandFailed, match="ended with 1: out of paper"):
            run()


def test_commands_are_run_in_turns(tmp_path: Path) -> None:
    log = tmp_path / "log"
    say = "import sys; open(sys.argv[1], 'a').write(sys.argv[2])"
    commands = {word: Command((sys.executable, "-c", say, str(log), word)) for word in ("a", "b")}
    assert set(in_turns(commands, 3)) == {"a", "b"}
    assert log.read_text(encoding="ascii") == "ababab"


def test_the_median_is_taken_of_each_kind() -> None:
    assert medians([Cost(1, 9, 5), Cost(2, 8, 500), Cost(30, 7, 6)]) == Cost(2, 8, 6)
    assert Cost(3, 2, 60).less(Cost(1, 1, 50)) == Cost(2, 1, 10)
